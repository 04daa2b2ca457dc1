// The JSON Schema (draft-07) of mapping files for editors, made from the grammar, the target model and the functions.

import type { TargetModel } from '../check/target.ts'
import { type KindName, keysOf } from '../schema/grammar.ts'
import { has, kindSchema } from './json-schema-kind.ts'
import { anyOf, described, FORMULA, mapOf, orNull, PARTS, refTo, type Schema } from './json-schema-parts.ts'
import { type Definitions, valueSchema } from './json-schema-value.ts'
import type { SettingDoc } from './setting-docs.ts'

/**
 * One schema for the default mapping's files and for layers: it refuses nothing that the checker takes, but nonsense that a layer
 * writes into a rule which one below has switched off, and which the checker does not read. What only the checker
 * can know (columns, types of formulas, what stands in the layers below) it leaves open. `settings` are those of the default
 * mapping, for the editor to show.
 */
export function mappingSchema(target: TargetModel, settings: readonly SettingDoc[] = []): Schema {
  const definitions: Definitions = { schemas: new Map(Object.entries(PARTS)), names: new Map() }
  const { schemas } = definitions
  valueSchema(undefined, 'value', 'whole', definitions)
  valueSchema(undefined, 'value', 'merged', definitions)
  for (const name of MERGED) schemas.set(name, kindSchema(name, { merging: 'merged' }))
  for (const name of WHOLE) schemas.set(name, kindSchema(name, { merging: 'whole' }))
  schemas.set('lookup', lookupSchema())
  for (const collection of Object.keys(target)) {
    schemas.set(`rule-${collection}`, ruleSchema(collection, target, definitions))
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A mapping from PowerSchool to OneRoster',
    ...kindSchema('file', { merging: 'whole', keys: sections(target, settings) }),
    definitions: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

const MERGED = ['source', 'rest', 'powerquery', 'argument', 'table'] as const satisfies KindName[]
const WHOLE = ['setting', 'example', 'given', 'ref', 'refs', 'inverse'] as const satisfies KindName[]

function sections(target: TargetModel, settings: readonly SettingDoc[]): Record<string, Schema> {
  const named = (schema: Schema) => mapOf(orNull(schema), { isNamed: true })
  const collections = Object.keys(target).map((collection) => [collection, orNull(named(refTo(`rule-${collection}`)))])
  return {
    settings: {
      ...named(SETTING),
      properties: Object.fromEntries(settings.map((doc) => [doc.name, settingSchema(doc)])),
    },
    sources: named(refTo('source')),
    tables: named(refTo('table')),
    entities: {
      type: 'object',
      properties: Object.fromEntries(collections),
      additionalProperties: orNull(named(OFF)),
    },
  }
}

const SETTING = anyOf(refTo('plain'), refTo('setting'))

/** The words are offered, not asked for: a layer may give the setting others. */
const settingSchema = ({ value, oneOf, note, above }: SettingDoc): Schema =>
  described(
    [...above, ...(note === undefined ? [] : [note]), `In the default mapping: \`${value}\``].join('\n'),
    orNull(oneOf ? anyOf({ enum: oneOf }, SETTING) : SETTING),
  )

/** Of a rule that is switched off only the keys are read. */
const OFF: Schema = {
  type: 'object',
  properties: { enabled: { const: false } },
  required: ['enabled'],
  propertyNames: { enum: keysOf('rule') },
}

function ruleSchema(collection: string, target: TargetModel, definitions: Definitions): Schema {
  const value = (path: string, field: TargetModel[string]['fields'][string]) =>
    described(
      describeField(`${collection}.${path}`, field),
      valueSchema(field, `${collection}.${path}`, 'merged', definitions),
    )
  const fields = Object.entries(target[collection]?.fields ?? {}).map(([name, field]) => [name, value(name, field)])
  const rule = kindSchema('rule', {
    merging: 'merged',
    keys: {
      id: valueSchema({ type: 'text' }, 'text', 'merged', definitions),
      fields: { type: 'object', properties: Object.fromEntries(fields), additionalProperties: false },
    },
  })
  // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
  return { if: { ...OFF, propertyNames: {} }, then: OFF, else: rule }
}

function describeField(path: string, { type, many, required, to }: TargetModel[string]['fields'][string]): string {
  const what = to === undefined ? type : `${type} to ${to}`
  return `\`${path}\`: ${many ? `a list, each ${what}` : what}${required ? ', required' : ''}`
}

/** Without `in` or `all` it changes keys of the lookup below. */
function lookupSchema(): Schema {
  const whole = kindSchema('lookup', { merging: 'whole' })
  const ofList = { properties: { all: FORMULA }, required: ['all'], not: anyOf(has('key'), has('match')) }
  const ofRows = { properties: { all: refTo('word') }, ...anyOf(has('key'), has('match')) }
  return {
    if: { anyOf: [has('in'), has('all')] },
    // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
    then: { allOf: [whole, { anyOf: [ofList, ofRows] }] },
    else: kindSchema('lookup', { merging: 'merged' }),
  }
}
