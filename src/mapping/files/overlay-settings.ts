// A layer's settings are of the kind that they have below, and keep what is declared there: the rules below read them as that.

import { takenWord } from '../check/setting-words.ts'
import type { Report } from '../diagnostic.ts'
import { isFormula } from '../schema/schema-reader.ts'
import { inheriting } from './overlay-inherited.ts'
import { entryOf, type ListNode, type MapEntry, type MapNode, type Node, type ScalarNode } from './tree.ts'

/**
 * The layer with settings as they go over those below. One of another kind is reported where it stands and left out: what is below
 * stays in its place. A value alone over a setting that says what it takes (`is`, `one_of`) becomes the `is` of that.
 */
export function withFittingSettings(upper: MapNode, lower: MapNode, report: Report): MapNode {
  const below = entryOf(lower, 'settings')?.value
  const fit = (entry: MapEntry): readonly MapEntry[] => {
    const replaced = below?.kind === 'map' ? entryOf(below, entry.name)?.value : undefined
    if (replaced === undefined || isNothing(entry.value)) return [entry]
    if (!hasKindOf(entry, replaced, report)) return []
    return [replaced.kind === 'map' ? { ...entry, value: overDeclared(entry, replaced, report) } : entry]
  }
  const entries = upper.entries.map((entry) =>
    entry.name === 'settings' && entry.value.kind === 'map'
      ? { ...entry, value: { ...entry.value, entries: entry.value.entries.flatMap(fit) } }
      : entry,
  )
  return { ...upper, entries }
}

/** A map replaces the declaration, and remembers which words it takes away. */
function overDeclared({ value }: MapEntry, lower: MapNode, report: Report): MapNode {
  const over = (entry: MapEntry, by: Node): MapEntry => ({ ...entry, value: inheriting(by, entry.value, report) })
  if (value.kind !== 'map') {
    const entries = lower.entries.map((entry) => (entry.name === 'is' ? over(entry, value) : entry))
    return { ...lower, entries }
  }
  const entries = value.entries.map((entry) => {
    const below = entryOf(lower, entry.name)
    return below ? { ...over(below, entry.value), key: entry.key } : entry
  })
  const kept = new Set(wordsOf(entries))
  const lost = wordsOf(lower.entries).filter((word) => !kept.has(word))
  const removed = new Map(lost.map((word) => [takenWord(word), value.place]))
  return { ...value, entries, ...(kept.size > 0 && lost.length > 0 && { removed }) }
}

function wordsOf(entries: readonly MapEntry[]): string[] {
  const list = entries.find(({ name }) => name === 'one_of')?.value
  return list?.kind === 'list' ? list.items.flatMap((item) => (item.kind === 'scalar' ? item.text : [])) : []
}

/** Whether the value is text where text is below, and so on; else it is reported. Words of a `one_of` are told by their list. */
function hasKindOf({ key, value }: MapEntry, replaced: Node, report: Report): boolean {
  if (replaced.kind === 'map' && entryOf(replaced, 'one_of')) return true
  const [below, above] = [plainOf(replaced), plainOf(value)]
  if (below?.kind === 'list' && above?.kind === 'list') return hasMembersOf(key, above, below, report)
  if (below?.kind === 'list' && above !== undefined && isPlain(above)) {
    report(above.place, 'type', `\`settings.${key.text}\` is a list. Write \`[${above.text}]\`.`)
    return false
  }
  if (above?.kind === 'list' && below !== undefined && isPlain(below)) {
    const { is } = WANTED[kindOf(below)]
    report(above.place, 'type', `\`settings.${key.text}\` is ${is}, not a list. Write it without the brackets.`)
    return false
  }
  const wanted = below && isPlain(below) ? kindOf(below) : undefined
  if (wanted === undefined || above === undefined || !isPlain(above) || kindOf(above) === wanted) return true
  const { is, hint } = WANTED[wanted]
  report(above.place, 'type', `\`settings.${key.text}\` is ${is}, not \`${above.text}\`. ${hint}`)
  return false
}

/** An empty list says nothing of its members: the formulas that compare them do. */
function hasMembersOf(key: ScalarNode, above: ListNode, below: ListNode, report: Report): boolean {
  const [first] = below.items
  const wanted = first && isPlain(first) ? kindOf(first) : undefined
  const strange = above.items.find((item) => isPlain(item) && kindOf(item) !== wanted)
  if (wanted === undefined || strange === undefined) return true
  const members = above.items.map((item) => (isPlain(item) ? WANTED[wanted].write(item) : '…'))
  const { many, how } = WANTED[wanted]
  report(strange.place, 'type', `\`settings.${key.text}\` holds ${many}: write [${members.join(', ')}], ${how}`)
  return false
}

const plainOf = (node: Node): Node | undefined => (node.kind === 'map' ? entryOf(node, 'is')?.value : node)

/** Null removes. */
const isNothing = (node: Node) => node.kind === 'scalar' && node.value === null

const isPlain = (node: Node): node is ScalarNode => node.kind === 'scalar' && !isNothing(node) && !isFormula(node)

type Kind = keyof typeof WANTED

const WANTED = {
  boolean: {
    is: 'true or false',
    hint: 'Write true or false, without quotes.',
    many: 'true and false',
    how: 'without quotes',
    write: ({ text }: ScalarNode) => (['true', 'false'].includes(text) ? text : '…'),
  },
  number: {
    is: 'a number',
    hint: 'Write digits, without quotes.',
    many: 'numbers',
    how: 'without quotes',
    write: ({ text }: ScalarNode) => (/^-?\d+(?:\.\d+)?$/.test(text) ? text : '…'),
  },
  text: {
    is: 'text',
    hint: 'Put it in quotes.',
    many: 'texts',
    how: 'with quotes',
    write: ({ text }: ScalarNode) => JSON.stringify(text),
  },
} as const

function kindOf({ quoted, value }: ScalarNode): Kind {
  if (quoted || typeof value === 'string') return 'text'
  return typeof value === 'boolean' ? 'boolean' : 'number'
}
