// Cuts the examples out of a mapping file's text: they are the larger half of it, and only the nearest layer's are used.
import { entryOf, type MapNode, type Node } from './tree.ts'

export interface CutText {
  readonly text: string
  /** The lines of the keys whose values were cut, counted from 1 in the whole text. */
  readonly keyLines: ReadonlySet<number>
  /** The offset in the whole text of an offset in the cut one. */
  readonly offsetOf: (offset: number) => number
}

const KEY = ' examples:'
const REST_OF_LINE = /[ \t]*(?:#.*)?\r?\n/y
const FIRST_ITEM = /(?: *(?:#.*)?\r?\n)* *- /y

/**
 * The text without the blocks that seem to be values of `examples:`. What only seems so (a line of a text, a key that stands
 * elsewhere) is found by `withoutCut`. Undefined when there is nothing to cut.
 */
export function cutExamples(text: string): CutText | undefined {
  let kept = ''
  const cuts: { readonly at: number; readonly removed: number }[] = []
  const keyLines = new Set<number>()
  let from = 0
  let line = 1
  let counted = 0
  for (let key = text.indexOf(KEY); key >= 0; key = text.indexOf(KEY, Math.max(key + 1, from))) {
    const lineStart = text.lastIndexOf('\n', key) + 1
    const start = endOf(REST_OF_LINE, text, key + KEY.length)
    if (start < 0 || text.slice(lineStart, key).trim() !== '' || endOf(FIRST_ITEM, text, start) < 0) continue
    for (; counted < lineStart; counted = text.indexOf('\n', counted) + 1) line++
    const end = endOfBlock(text, start, key + 1 - lineStart)
    kept += text.slice(from, start)
    cuts.push({ at: kept.length, removed: end - start })
    keyLines.add(line)
    from = end
  }
  if (cuts.length === 0) return undefined
  const offsetOf = (offset: number) =>
    cuts.reduce((sum, { at, removed }) => (at <= offset ? sum + removed : sum), offset)
  return { text: kept + text.slice(from), keyLines, offsetOf }
}

function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start
  return pattern.test(text) ? pattern.lastIndex : -1
}

/** Where the first line begins that stands no further in than the key, and is no item, no comment and not empty. */
function endOfBlock(text: string, start: number, indent: number): number {
  let lineStart = start
  while (lineStart < text.length) {
    let at = lineStart
    while (text[at] === ' ') at++
    const isItem = at - lineStart === indent && text[at] === '-' && text[at + 1] === ' '
    if (at - lineStart <= indent && !isItem && !EMPTY_BEGINS.has(text[at] ?? '')) return lineStart
    const lineEnd = text.indexOf('\n', at)
    lineStart = lineEnd < 0 ? text.length : lineEnd + 1
  }
  return text.length
}

const EMPTY_BEGINS: ReadonlySet<string> = new Set(['', '\r', '\n', '#'])

/** The tree without the cut keys; undefined when one of them is not the `examples` of a rule, so that its value is missing. */
export function withoutCut(root: MapNode, { keyLines }: CutText): MapNode | undefined {
  let found = 0
  const inRule = (rule: Node): Node => {
    const examples = rule.kind === 'map' ? entryOf(rule, 'examples') : undefined
    if (rule.kind !== 'map' || examples === undefined || !keyLines.has(examples.key.place.line)) return rule
    found++
    return { ...rule, entries: rule.entries.filter((entry) => entry !== examples) }
  }
  const entries = root.entries.map((entry) =>
    entry.name === 'entities'
      ? { ...entry, value: mapValues(entry.value, (collection) => mapValues(collection, inRule)) }
      : entry,
  )
  return found === keyLines.size ? { ...root, entries } : undefined
}

/** The node with each of its values changed; what is no map stays. */
export function mapValues(node: Node, change: (value: Node) => Node): Node {
  if (node.kind !== 'map') return node
  return { ...node, entries: node.entries.map((entry) => ({ ...entry, value: change(entry.value) })) }
}
