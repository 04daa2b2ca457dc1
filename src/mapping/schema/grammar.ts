// The grammar of the language: each kind of map with its keys. The reader, the editors' schema and the reference use this table.
import type { Kind } from './grammar-kind.ts'
import { RULE_KINDS } from './grammar-rule.ts'
import { FILE_KINDS, SOURCE_KINDS } from './grammar-source.ts'
import { LOOKUP_KINDS, VALUE_KINDS } from './grammar-value.ts'

export const GRAMMAR = { ...FILE_KINDS, ...SOURCE_KINDS, ...RULE_KINDS, ...LOOKUP_KINDS, ...VALUE_KINDS } as const

export type KindName = keyof typeof GRAMMAR
/** The keys that the grammar gives a map of this kind. */
export type KeyOf<K extends KindName> = K extends KindName ? keyof (typeof GRAMMAR)[K]['keys'] & string : never

export const kindOf = (name: KindName): Kind => GRAMMAR[name]

// The entries of the table have its own names.
const KEYS = new Map<KindName, readonly string[]>(
  Object.entries(GRAMMAR).map(([name, kind]) => [name as KindName, Object.keys(kind.keys)]),
)

/** In the order of the grammar, which is the order in which messages name them. */
export const keysOf = (name: KindName): readonly string[] => KEYS.get(name) ?? []

export const isKeyOf = <K extends KindName>(kind: K, name: string): name is KeyOf<K> => keysOf(kind).includes(name)

/** A map with one of these keys is a whole value, or a whole lookup. */
export const MARKS: ReadonlySet<string> = new Set(Object.values<Kind>(GRAMMAR).flatMap(({ marks }) => marks ?? []))
