// The positioned tree that a mapping file becomes before anything is known about its meaning.
import type { Place } from '../diagnostic.ts'

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly place: Place
  readonly value: string | number | boolean | null
  /** What the author wrote, without quotes: `01` stays `01`. */
  readonly text: string
  readonly quoted: boolean
  /** The YAML rule that ended a plain value in the middle of a formula, when one did. */
  readonly cut?: 'comma' | 'comment'
  /** Where the character at `offset` of `text` stands in the file. */
  readonly placeAt: (offset: number) => Place
  /** What the layers below have where this formula stands, for the word `inherited` in it. */
  readonly inherited?: Node
}

export interface MapEntry {
  readonly key: ScalarNode
  readonly name: string
  readonly value: Node
}

export interface MapNode {
  readonly kind: 'map'
  readonly place: Place
  readonly entries: readonly MapEntry[]
  /** Keys that a layer took away, and where it says `null`. */
  readonly removed?: ReadonlyMap<string, Place>
}

export interface ListNode {
  readonly kind: 'list'
  readonly place: Place
  readonly items: readonly Node[]
}

export type Node = ScalarNode | MapNode | ListNode

export const entryOf = (node: MapNode, name: string): MapEntry | undefined =>
  node.entries.find((entry) => entry.name === name)

/** Plain data, for examples: numbers as written, so that a text column keeps `0123`. */
export function plainData(node: Node): unknown {
  if (node.kind === 'list') return node.items.map(plainData)
  if (node.kind === 'map') return Object.fromEntries(node.entries.map((entry) => [entry.name, plainData(entry.value)]))
  return typeof node.value === 'number' ? node.text : node.value
}

/** Plain data, numbers as numbers. */
export function typedData(node: Node): unknown {
  if (node.kind === 'list') return node.items.map(typedData)
  if (node.kind === 'map') return Object.fromEntries(node.entries.map((entry) => [entry.name, typedData(entry.value)]))
  return node.value
}
