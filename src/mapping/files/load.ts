// Reads the text of one mapping file into the positioned tree, once, with or without its examples.
import { LineCounter, parseDocument, type YAMLError } from 'yaml'
import type { Place, Report } from '../diagnostic.ts'
import { cutExamples, withoutCut } from './cut-examples.ts'
import { readNode } from './read-node.ts'
import type { Source } from './scalar.ts'
import type { MapNode } from './tree.ts'
import { STACK_OVERFLOW, TOO_DEEP, yamlMessage } from './yaml-message.ts'

export interface MappingFile {
  readonly path: string
  readonly text: string
}

/** In UTF-8 bytes. */
const MAX_FILE_BYTES = 256 * 1024

interface Loaded {
  readonly root: MapNode | undefined
  readonly faults: readonly Parameters<Report>[]
}

/** A file is read once, whoever asks: the search for layers, the check, the examples of each layer. */
const loadedFiles = new WeakMap<MappingFile, ReturnType<typeof knownOf>>()

/**
 * The tree of a file, or undefined when it cannot be read; all faults go to `report`. Never throws. Without `examples` those of
 * rules may be left out, and what is wrong in them is then not looked for.
 */
export function loadFile(file: MappingFile, report: Report, { examples = true } = {}): MapNode | undefined {
  const { root, faults } = examples ? wholeOf(file) : withoutExamplesOf(file)
  for (const fault of faults) report(...fault)
  return root
}

/** What is known of a file; a file is never changed. */
function knownOf(file: MappingFile): { whole?: Loaded; cut?: Loaded | undefined } {
  const known = loadedFiles.get(file) ?? {}
  loadedFiles.set(file, known)
  return known
}

function wholeOf(file: MappingFile): Loaded {
  const known = knownOf(file)
  known.whole ??= readWhole(file)
  return known.whole
}

function withoutExamplesOf(file: MappingFile): Loaded {
  const known = knownOf(file)
  if (!known.whole) known.cut ??= readCut(file)
  return known.cut ?? wholeOf(file)
}

/** The file without its examples, which take more than half of the time; undefined when it is better read whole. */
function readCut(file: MappingFile): Loaded | undefined {
  if (file.text.length > MAX_FILE_BYTES) return undefined
  const cut = cutExamples(file.text)
  if (cut === undefined) return undefined
  const { root, faults } = readText(file, cut.text, cut.offsetOf)
  const rest = root && faults.length === 0 ? withoutCut(root, cut) : undefined
  return rest && { root: rest, faults }
}

function readWhole(file: MappingFile): Loaded {
  const bytes = file.text.length * 3 > MAX_FILE_BYTES ? new TextEncoder().encode(file.text).length : 0
  if (bytes <= MAX_FILE_BYTES) return readText(file, file.text, (offset) => offset)
  const start: Place = { file: file.path, line: 1, column: 1 }
  const message = `the file has ${bytes} bytes, at most ${MAX_FILE_BYTES} are read. Split it.`
  return { root: undefined, faults: [[start, 'yaml', message]] }
}

/** `offsetOf` leads from an offset in the text to one in the file. */
function readText(file: MappingFile, text: string, offsetOf: (offset: number) => number): Loaded {
  const faults: Parameters<Report>[] = []
  const report: Report = (...fault) => faults.push(fault)
  try {
    return { root: readDocument({ text, placeOf: placesIn(file, offsetOf) }, report), faults }
  } catch (error) {
    // The YAML parser recurses: a file of nothing but brackets overflows the stack.
    if (!(error instanceof RangeError)) throw error
    return { root: undefined, faults: [[{ file: file.path, line: 1, column: 1 }, 'yaml', TOO_DEEP]] }
  }
}

function placesIn({ path, text }: MappingFile, offsetOf: (offset: number) => number): Source['placeOf'] {
  const counter = new LineCounter()
  counter.addNewLine(0)
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) counter.addNewLine(at + 1)
  return (offset) => {
    const { line, col } = counter.linePos(offsetOf(offset))
    return { file: path, line, column: col }
  }
}

function readDocument(source: Source, report: Report): MapNode | undefined {
  const document = parseDocument(source.text, {
    schema: 'core',
    version: '1.2',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
  })
  const [error] = document.errors
  if (error) {
    // Only the first: what the parser says after it is mostly about the same slip.
    // Where the stack overflows depends on the machine.
    const offset = error.message.startsWith(STACK_OVERFLOW) ? 0 : error.pos[0]
    report(source.placeOf(offset), 'yaml', messageFor(error, source.text, offset))
    return undefined
  }
  const root = document.contents === null ? undefined : readNode(document.contents, { source, report, depth: 0 })
  if (root?.kind === 'map') return root
  const start = root?.place ?? source.placeOf(0)
  report(start, 'shape', 'a mapping file is a map of `settings`, `sources`, `tables`, `entities`')
  return undefined
}

/** What the parser says, in an author's words. */
function messageFor({ code, message }: YAMLError, text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const lineEnd = text.indexOf('\n', offset)
  return yamlMessage({ code, message, line: text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd) })
}
