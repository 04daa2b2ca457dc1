// A setting of a layer that does not fit the formulas below it: its author is told, and not who wrote the formula.
import type { Place } from '../diagnostic.ts'
import type { Expression } from '../formula/expression.ts'
import { describeType, memberType, type StaticType } from '../functions/static-type.ts'
import type { Scope } from './scope.ts'
import { settingName } from './setting-words.ts'

export interface MisfitSetting {
  readonly place: Place
  readonly name: string
  readonly value: unknown
}

/** The setting that this expression names, when a layer above the formula, which stands at `at`, gives its value. */
export function settingAbove(expression: Expression | undefined, at: Place, scope: Scope): MisfitSetting | undefined {
  const name = settingName(expression, scope)
  const setting = name === undefined ? undefined : scope.tree.settings.get(name)
  if (name === undefined || setting?.over === undefined || setting.over.includes(at.file)) return undefined
  return { name, place: setting.place, value: setting.value }
}

/** What such a setting should be, compared with a value of this type. */
export function misfit({ name, value }: MisfitSetting, wanted: StaticType, isList: boolean, at: Place): string {
  const where = `(${at.file}:${at.line} compares ${isList ? 'them' : 'it'})`
  const kind = memberType(wanted).kind
  const [what, hint] = WANTED[kind === 'integer' ? 'number' : kind] ?? [describeType(wanted), '']
  const values = (Array.isArray(value) ? value : [value]).map((one) => rewritten(one, kind))
  const write = isList ? `[${values.join(', ')}]` : values.join('')
  return `\`settings.${name}\` holds ${what}: write ${write}${hint} ${where}`
}

const WANTED: Readonly<Record<string, readonly [string, string]>> = {
  number: ['numbers', ', without quotes'],
  text: ['texts', ', with quotes'],
}

function rewritten(value: unknown, kind: string): string {
  const text = String(value)
  if (kind === 'text') return JSON.stringify(text)
  return /^-?\d+(?:\.\d+)?$/.test(text) ? String(Number(text)) : '…'
}
