// Makes the editors' schema of a kind of map from the grammar.
import { type KindName, kindOf } from '../schema/grammar.ts'
import type { KeyGrammar, Takes } from '../schema/grammar-kind.ts'
import {
  anyOf,
  described,
  FORMULA,
  INHERITED,
  listOf,
  mapOf,
  orNull,
  pairOf,
  refTo,
  type Schema,
  wordOf,
} from './json-schema-parts.ts'

/**
 * `merged`: layers merge such maps key by key, so a file may leave keys out, or remove them by `null`. `whole`: it is replaced
 * as it is.
 */
export type Merging = 'merged' | 'whole'

export interface KindOptions {
  readonly merging: Merging
  /** The schema of what a key takes, where the target model says more than the grammar. */
  readonly keys?: Readonly<Record<string, Schema>>
}

/** A closed map: the keys of the kind and, where it has them, free ones. */
export function kindSchema(name: KindName, options: KindOptions): Schema {
  const { doc, keys, others, anyOf: needed = [], apart = [] } = kindOf(name)
  const isMerged = options.merging === 'merged'
  const required = Object.entries(keys).flatMap(([key, grammar]) => (grammar.required ? [key] : []))
  const rules = [
    ...needed.map((names) => anyOf(...names.map(has))),
    ...apart.map((names) => ({ not: { required: names } })),
  ]
  return {
    description: doc,
    type: 'object',
    properties: kindProperties(name, options),
    additionalProperties: others ? keySchema('', others, options) : false,
    ...(!isMerged && required.length > 0 && { required }),
    ...(!isMerged && rules.length > 0 && { allOf: rules }),
  }
}

export function kindProperties(name: KindName, options: KindOptions): Readonly<Record<string, Schema>> {
  const entries = Object.entries(kindOf(name).keys)
  return Object.fromEntries(entries.map(([key, grammar]) => [key, keySchema(key, grammar, options)]))
}

function keySchema(key: string, grammar: KeyGrammar, { merging, keys = {} }: KindOptions): Schema {
  const schema = keys[key] ?? takesSchema(grammar.takes, merging)
  // The reader takes an empty `key:` for none.
  return described(grammar.doc, merging === 'merged' || key === 'key' ? orNull(schema) : schema)
}

export const has = (key: string): Schema => ({ required: [key] })

/** What a key takes. Maps inside of a merged map are merged, too. */
export function takesSchema(takes: Takes, merging: Merging): Schema {
  if (typeof takes === 'string') return NAMED[takes](merging)
  if ('oneOf' in takes) return wordOf(takes.oneOf)
  if ('kind' in takes) return layered(refTo(takes.kind), merging)
  if ('pair' in takes) return layered(pairOf(takesSchema(takes.pair, merging)), merging)
  if ('either' in takes) return anyOf(...takes.either.map((option) => takesSchema(option, merging)))
  if ('listOf' in takes) return anyOf(listOf(takesSchema(takes.listOf, 'whole')), INHERITED)
  const schema = takesSchema(takes.mapOf, merging)
  const map = mapOf(merging === 'merged' ? orNull(schema) : schema, { isNamed: takes.isNamed === true })
  return layered(map, merging)
}

/** A layer may put what it inherits in a map's place. */
const layered = (schema: Schema, merging: Merging) => (merging === 'merged' ? anyOf(schema, INHERITED) : schema)

const NAMED: Readonly<Record<Extract<Takes, string>, (merging: Merging) => Schema>> = {
  word: () => refTo('word'),
  words: () => refTo('words'),
  formula: () => FORMULA,
  formulas: () => refTo('formulas'),
  value: (merging) => refTo(merging === 'merged' ? 'layered-value' : 'value'),
  switch: () => anyOf({ type: 'boolean' }, INHERITED),
  data: () => ({}),
  columns: () => refTo('columns'),
  plain: () => refTo('plain'),
  fields: (merging) => mapOf(refTo(merging === 'merged' ? 'layered-value' : 'value')),
}
