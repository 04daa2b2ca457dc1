// Tells a layer that took something away what needs it, at the place where it did.
import type { Place, Report } from '../diagnostic.ts'
import type { MappingFile } from './load.ts'

/**
 * A report that moves a fault about something missing to the layer that removed it, when that layer lies above the text that
 * asks for it: the file below is right, and not the author's to change.
 */
export function blameLayers(
  removed: ReadonlyMap<string, Place>,
  layers: readonly MappingFile[],
  report: Report,
): Report {
  const height = ({ file }: Place) => layers.findLastIndex(({ path }) => path === file)
  return (place, code, message, missing = []) => {
    const path = missing.find((name) => removed.has(name)) ?? ''
    const cause = removed.get(path)
    if (cause === undefined || height(cause) <= height(place)) report(place, code, message)
    else {
      const { file, line, column } = place
      const name = path.slice(path.indexOf('.') + 1)
      const what = `\`${name}\` is taken away here, and ${file}:${line}:${column} needs it`
      report(cause, code, `${what}. Replace or remove that too, or leave this in.`)
    }
  }
}
