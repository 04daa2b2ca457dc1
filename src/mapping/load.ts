// Reads the text of one mapping file into the positioned tree, and refuses what mappings do not use of YAML.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node as YamlNode } from 'yaml'
import type { Place, Report } from './diagnostic.ts'
import { type Source, scalarNode } from './scalar.ts'
import type { ListNode, MapEntry, MapNode, Node, ScalarNode } from './tree.ts'

export interface MappingFile {
  readonly path: string
  readonly text: string
}

/** In UTF-8 bytes. */
const MAX_FILE_BYTES = 256 * 1024
const MAX_DEPTH = 40
const STACK_OVERFLOW = 'Maximum call stack'
const CORE_TAG = 'tag:yaml.org,2002:'

/** The tree of a file, or undefined when it cannot be read; all faults go to `report`. Never throws. */
export function loadFile(file: MappingFile, report: Report): MapNode | undefined {
  const start: Place = { file: file.path, line: 1, column: 1 }
  const bytes = new TextEncoder().encode(file.text).length
  if (bytes > MAX_FILE_BYTES) {
    report(start, 'yaml', `the file has ${bytes} bytes, at most ${MAX_FILE_BYTES} are read. Split it.`)
    return undefined
  }
  try {
    return readDocument(file, report)
  } catch (error) {
    // The YAML parser recurses: a file of nothing but brackets overflows the stack.
    if (!(error instanceof RangeError)) throw error
    report(start, 'yaml', 'the file is nested too deeply')
    return undefined
  }
}

function readDocument(file: MappingFile, report: Report): MapNode | undefined {
  const counter = new LineCounter()
  const document = parseDocument(file.text, {
    schema: 'core',
    version: '1.2',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: counter,
  })
  const source: Source = {
    text: file.text,
    placeOf: (offset) => {
      const { line, col } = counter.linePos(offset)
      return { file: file.path, line, column: col }
    },
  }
  const [error] = document.errors
  if (error) {
    // Only the first: what the parser says after it is mostly about the same slip.
    // Where the stack overflows depends on the machine.
    const offset = error.message.startsWith(STACK_OVERFLOW) ? 0 : error.pos[0]
    report(source.placeOf(offset), 'yaml', yamlMessage(error.code, error.message, source.text, offset))
    return undefined
  }
  const root = document.contents === null ? undefined : readNode(document.contents, { source, report, depth: 0 })
  if (root?.kind === 'map') return root
  const start = root?.place ?? source.placeOf(0)
  report(start, 'shape', 'a mapping file is a map of `settings`, `sources`, `tables`, `entities`')
  return undefined
}

/** What the parser says, in an author's words where the cause is a formula. */
function yamlMessage(code: string, message: string, text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const lineEnd = text.indexOf('\n', offset)
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd)
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && /[:-]\s+=/.test(line)) {
    return "`: ` inside a plain value starts a map. Put the whole formula in '…' quotes."
  }
  if (message.startsWith(STACK_OVERFLOW)) return 'the file is nested too deeply'
  if (code === 'TAB_AS_INDENT') return 'indent with blanks, not with tabs'
  if (code === 'MULTIPLE_DOCS') return 'one file is one document: remove the `---`'
  if (code === 'UNEXPECTED_TOKEN' && /:\s+["']=/.test(line)) {
    return `text follows the closing quote. Put the whole formula in '…' quotes, or begin it with = and not with a quote.`
  }
  return message.charAt(0).toLowerCase() + message.slice(1)
}

interface Reading {
  readonly source: Source
  readonly report: Report
  readonly depth: number
}

function readNode(node: YamlNode, reading: Reading): Node | undefined {
  const { source, report, depth } = reading
  const place = source.placeOf(node.range?.[0] ?? 0)
  if (isAlias(node)) {
    report(place, 'yaml', `aliases (\`*${node.source}\`) are not used in mappings. Write the value out.`)
    return undefined
  }
  if (node.anchor) report(place, 'yaml', `anchors (\`&${node.anchor}\`) are not used in mappings. Remove it.`)
  if (node.tag)
    report(place, 'yaml', `tags (\`${node.tag.replace(CORE_TAG, '!!')}\`) are not used in mappings. Remove it.`)
  if (depth > MAX_DEPTH) {
    report(place, 'yaml', 'the file is nested too deeply')
    return undefined
  }
  const inside = { source, report, depth: depth + 1 }
  if (isMap<YamlNode, YamlNode | null>(node)) return readMap(node, place, inside)
  if (isSeq<YamlNode>(node)) return readList(node, place, inside)
  return isScalar(node) ? scalarNode(node, source) : undefined
}

function readMap(
  node: { readonly flow?: boolean; readonly items: readonly { key: YamlNode; value: YamlNode | null }[] },
  place: Place,
  reading: Reading,
): MapNode {
  const entries: MapEntry[] = []
  const seen = new Map<string, Place>()
  let cut = false
  for (const item of node.items) {
    const key = isScalar(item.key) ? scalarNode(item.key, reading.source) : undefined
    if (key === undefined) {
      reading.report(reading.source.placeOf(item.key.range?.[0] ?? 0), 'yaml', 'a key must be a plain word')
      continue
    }
    // What follows a formula that a comma cut is a part of it: one message is enough.
    if (cut && item.value === null) continue
    if (key.text === '<<' && !key.quoted) {
      reading.report(key.place, 'yaml', 'merge keys (`<<`) are not used in mappings. Write the keys out.')
      continue
    }
    const value = item.value === null ? missingValue(key) : readNode(item.value, reading)
    cut = isCut(value)
    const first = seen.get(key.text)
    if (first !== undefined) {
      reading.report(key.place, 'duplicate', `\`${key.text}\` stands here twice, first in line ${first.line}`)
      continue
    }
    seen.set(key.text, key.place)
    if (value !== undefined) entries.push({ key, name: key.text, value })
  }
  return { kind: 'map', place, entries }
}

function readList(node: { readonly items: readonly YamlNode[] }, place: Place, reading: Reading): ListNode {
  const items: Node[] = []
  let cut = false
  for (const item of node.items) {
    const value = readNode(item, reading)
    if (value === undefined || (cut && value.kind === 'scalar' && !value.text.startsWith('='))) continue
    cut = isCut(value)
    items.push(value)
  }
  return { kind: 'list', place, items }
}

const isCut = (node: Node | undefined) => node?.kind === 'scalar' && node.cut === 'comma'

const missingValue = (key: ScalarNode): ScalarNode => ({ ...key, value: null, text: '', quoted: false })
