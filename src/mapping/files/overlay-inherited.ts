// The word `inherited`: hands a formula that replaces a value the value that it replaces.
import type { Report } from '../diagnostic.ts'
import type { Node, ScalarNode } from './tree.ts'

/** Of nodes, counting what is inherited once for every place that names it. It bounds what layers can make of each other. */
const MAX_WEIGHT = 20_000
const ALONE = /^=\s*inherited\s*$/
const WORD = /\binherited\b/g

/**
 * The nodes of `upper` with `lower` for the word: a value that is nothing but `=inherited` becomes the value that is
 * replaced, whatever it is (in a list: the members of a list); any other formula with the word is given it along.
 */
export function inheriting(upper: Node, lower: Node | undefined, report: Report): Node {
  if (lower === undefined || !mentions(upper)) return upper
  const node = replaceIn(upper, lower)
  if (weigh(node) <= MAX_WEIGHT) return node
  report(upper.place, 'extends', 'with what it inherits this grows too large. Write `inherited` fewer times.')
  return lower
}

function mentions(node: Node): boolean {
  if (node.kind === 'list') return node.items.some(mentions)
  if (node.kind === 'map') return node.entries.some(({ value }) => mentions(value))
  return isMention(node)
}

const isMention = ({ text }: ScalarNode) => text.startsWith('=') && text.search(WORD) >= 0

function replaceIn(node: Node, lower: Node): Node {
  if (node.kind === 'list') return { ...node, items: node.items.flatMap((item) => replaceItem(item, lower)) }
  if (node.kind === 'map') {
    return { ...node, entries: node.entries.map((entry) => ({ ...entry, value: replaceIn(entry.value, lower) })) }
  }
  if (ALONE.test(node.text)) return lower
  return isMention(node) ? { ...node, inherited: lower } : node
}

function replaceItem(item: Node, lower: Node): Node | readonly Node[] {
  const isOpened = item.kind === 'scalar' && ALONE.test(item.text) && lower.kind === 'list'
  return isOpened ? lower.items : replaceIn(item, lower)
}

/** Stops counting above the bound, so that it takes no longer than what it allows. */
function weigh(node: Node, budget = MAX_WEIGHT): number {
  if (node.kind === 'scalar') {
    if (node.inherited === undefined) return 1
    const times = node.text.match(WORD)?.length ?? 0
    return 1 + times * weigh(node.inherited, budget)
  }
  let weight = 1
  for (const part of node.kind === 'list' ? node.items : node.entries.map(({ value }) => value)) {
    weight += weigh(part, budget - weight)
    if (weight > budget) break
  }
  return weight
}
