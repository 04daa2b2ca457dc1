// A rule of PowerSchool's that a plugin would breach, and the words in which that is told.
import type { PluginColumn } from './plugin.ts'

export interface Breach {
  /** What is wrong, with the value that was found; never an address. */
  readonly message: string
  readonly remedy: string
}

export const MEND_MAPPING = 'Mend the source in the mapping; `npm run bridge -- mapping check` helps.'

export function nameOf({ table, column }: PluginColumn): string {
  return `${table}.${column}`
}

export function duplicatesOf(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, at) => names.indexOf(name) < at))]
}

export function quote(text: string): string {
  return JSON.stringify(text)
}
