// Follows `extends` from a layer down to the default mapping.

import { suggest } from '../check/suggest.ts'
import { type Diagnostic, type Report, sortDiagnostics } from '../diagnostic.ts'
import { readWord } from '../schema/schema-reader.ts'
import { loadFile, type MappingFile } from './load.ts'
import { entryOf, type ScalarNode } from './tree.ts'

/** The text of a file, undefined when there is none, or why one cannot be read. */
export type ReadText = (path: string) => string | undefined | Unreadable

export interface Unreadable {
  /** `EACCES` */
  readonly why: string
}

export interface Layers {
  /** The lowest first. With diagnostics only those that were found. */
  readonly layers: readonly MappingFile[]
  /** What keeps the layers from being applied. */
  readonly diagnostics: readonly Diagnostic[]
  /** Every path that was looked at, the nearest first, also where no file was. */
  readonly tried?: readonly string[]
}

export const NO_LAYERS: Layers = { layers: [], diagnostics: [] }

/** Far more than a state, a vendor and a district. */
const MAX_LAYERS = 10
const DEFAULT = 'default'

interface Search {
  readonly read: ReadText
  readonly report: Report
  /** The nearest first. */
  readonly found: MappingFile[]
  readonly tried: string[]
}

/**
 * The layer at `path` and those that it extends. A path after `extends` begins at the folder of the file that says it. Every
 * layer says what it extends: there is no mapping of one's own but on the default one.
 */
export function findLayers(path: string, read: ReadText): Layers {
  const diagnostics: Diagnostic[] = []
  const report: Report = ({ file, line, column }, code, message) =>
    diagnostics.push({ file, line, column, code, message })
  const found: MappingFile[] = []
  const tried: string[] = []
  openLayer(path, undefined, { read, report, found, tried })
  return { layers: found.toReversed(), diagnostics: sortDiagnostics(diagnostics), tried }
}

/** `said` is the text that names the file; the setting or the command line has no place. */
function openLayer(path: string, said: ScalarNode | undefined, search: Search): void {
  const { read, report, found, tried } = search
  tried.push(path)
  const text = read(path)
  if (text === undefined) {
    const message = said
      ? `there is no file \`${path}\`. \`extends\` names \`${DEFAULT}\` or a file, its path beginning at this file's folder.${hintFor(said.text)}`
      : 'there is no such file. The setting MAPPING, or --mapping, takes the path of a layer.'
    report(said?.place ?? { file: path, line: 1, column: 1 }, 'extends', message)
    return
  }
  if (typeof text === 'object') {
    const message = `the file \`${path}\` cannot be read (${text.why}). Name another, or let the user of the bridge read it.`
    report(said?.place ?? { file: path, line: 1, column: 1 }, 'extends', message)
    return
  }
  const file = { path, text }
  found.push(file)
  const word = readExtends(file, report)
  if (word === undefined || word.text === DEFAULT) return
  const below = pathFrom(path, word.text)
  const ring = found.findIndex((layer) => layer.path === below)
  if (ring >= 0) {
    const names = [...found.slice(ring).map((layer) => layer.path), below].map((name) => `\`${name}\``)
    report(word.place, 'cycle', `${names.join(' extends ')}. The lowest layer extends \`${DEFAULT}\`.`)
  } else if (found.length === MAX_LAYERS) {
    report(
      word.place,
      'extends',
      `there are more than ${MAX_LAYERS} layers over each other. Put some of them together.`,
    )
  } else openLayer(below, word, search)
}

/** `defualt` is no file, it is a slip. */
const hintFor = (word: string) => {
  const hint = suggest(word, [DEFAULT])
  return hint.startsWith(' Did') ? hint : ''
}

function readExtends(file: MappingFile, report: Report): ScalarNode | undefined {
  const root = loadFile(file, report)
  if (root === undefined) return undefined
  const entry = entryOf(root, 'extends')
  if (entry) return readWord(entry.value, '`extends`', report)
  const message = `a layer says what it changes: write \`extends: ${DEFAULT}\`, or the path of another layer, in its first line`
  report(root.place, 'extends', message)
  return undefined
}

/** The path that `target` means in the file `from`. */
function pathFrom(from: string, target: string): string {
  if (/^(?:[A-Za-z]:)?[\\/]/.test(target)) return target
  const parts = from.split(/[\\/]/).slice(0, -1)
  for (const part of target.split(/[\\/]/)) {
    const last = parts[parts.length - 1]
    if (part === '.') continue
    if (part === '..' && last !== undefined && !['', '.', '..'].includes(last)) parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}
