// Makes the editors' schema of a value from the field that it fills: its constants, its list, and the maps with words of their own.

import type { TargetField } from '../check/target.ts'
import { type GRAMMAR, type KindName, MARKS } from '../schema/grammar.ts'
import { has, kindProperties, kindSchema, type Merging } from './json-schema-kind.ts'
import { anyOf, CONSTANT, FORMULA, listOf, mapOf, NULL, orNull, refTo, type Schema } from './json-schema-parts.ts'

/** The definitions that were made, by name, and the name of each field's. */
export interface Definitions {
  readonly schemas: Map<string, Schema>
  readonly names: Map<string, string>
}

/** Undefined for metadata, which takes anything. */
type Slot = TargetField | undefined

/** The schema of a value in this slot; `path` names its definition: `users.role`. Equal fields share one. */
export function valueSchema(slot: Slot, path: string, merging: Merging, definitions: Definitions): Schema {
  const name = merging === 'merged' ? `layered-${path}` : path
  const making = { slot, path, merging, definitions }
  return define([slot ?? null, merging], name, definitions, () => anyOf(FORMULA, ...formsOf(making)))
}

/** The definition is made once for all that is the same. */
function define(same: unknown, name: string, { schemas, names }: Definitions, make: () => Schema): Schema {
  const key = JSON.stringify(same)
  const known = names.get(key)
  if (known !== undefined) return refTo(known)
  // Before it is there it may be named inside of itself.
  names.set(key, name)
  schemas.set(name, {})
  schemas.set(name, make())
  return refTo(name)
}

interface Making {
  readonly slot: Slot
  readonly path: string
  readonly merging: Merging
  readonly definitions: Definitions
}

function formsOf(making: Making): Schema[] {
  const { slot, path, merging, definitions } = making
  const forms: Schema[] = []
  if (slot === undefined || !slot.many) forms.push(...constantsOf(slot), ...groupsOf(making))
  if (slot === undefined || (slot.type === 'reference' && !slot.many)) forms.push(refTo('ref'))
  if (slot === undefined || slot.many) forms.push(...listsOf(slot, path, definitions))
  forms.push(chooseSchema(slot, path, definitions, 'value'))
  if (merging === 'merged') forms.push(NULL, ...partsOf(making))
  return forms
}

/** The forms that give a list. */
function listsOf(slot: Slot, path: string, definitions: Definitions): Schema[] {
  const links = slot === undefined || slot.type === 'reference' ? [refTo('refs'), refTo('inverse')] : []
  return [listOf(itemSchema(slot, path, definitions)), eachSchema(slot, path, definitions), ...links]
}

/** An item of this slot's list: a member, or a list whose members become members of it. */
function itemSchema(slot: Slot, path: string, definitions: Definitions): Schema {
  if (slot === undefined) return valueSchema(slot, path, 'whole', definitions)
  return define([slot, 'items'], `${path}-items`, definitions, () =>
    anyOf(
      memberSchema(slot, path, 'whole', definitions),
      ...listsOf(slot, path, definitions),
      chooseSchema(slot, path, definitions, 'item'),
    ),
  )
}

/** One member of this slot's list. */
function memberSchema(slot: Slot, path: string, merging: Merging, definitions: Definitions): Schema {
  if (!slot?.many) return valueSchema(slot, path, merging, definitions)
  const { many: _, ...member } = slot
  return valueSchema(member, `${path}-item`, merging, definitions)
}

/** Words that YAML reads as numbers are compared as they are written. */
function constantsOf(slot: Slot): Schema[] {
  if (slot?.type === 'reference' || slot?.type === 'group') return []
  if (slot === undefined) return [CONSTANT]
  if (slot.type !== 'text') return [CONSTANTS[slot.type]]
  const { vocabulary } = slot
  if (vocabulary === undefined) return [CONSTANT]
  const hasNumbers = vocabulary.some((token) => /^[\d.+-]/.test(token))
  return [{ enum: vocabulary }, ...(hasNumbers ? [{ type: 'number' }] : [])]
}

const CONSTANTS: Readonly<Record<'boolean' | 'integer' | 'number' | 'date', Schema>> = {
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  date: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
}

const NO_MARK: Schema = { not: anyOf(...[...MARKS].filter((mark) => mark !== 'in' && mark !== 'all').map(has)) }

function groupsOf({ slot, path, merging, definitions }: Making): Schema[] {
  const isMerged = merging === 'merged'
  const layered = (schema: Schema) => (isMerged ? orNull(schema) : schema)
  if (slot === undefined) {
    return [{ ...mapOf(layered(valueSchema(undefined, path, merging, definitions))), ...NO_MARK }]
  }
  if (slot.type !== 'group') return []
  const members = Object.entries(slot.members ?? {})
  const required = members.flatMap(([name, field]) => (field.required ? [name] : []))
  const properties = members.map(([name, field]) => [
    name,
    layered(valueSchema(field, `${path}.${name}`, merging, definitions)),
  ])
  return [
    {
      type: 'object',
      properties: Object.fromEntries(properties),
      additionalProperties: slot.members === undefined,
      ...(!isMerged && required.length > 0 && { required }),
    },
  ]
}

/** Keys of a value that stands below, without the word that would replace it: `org: { key: =other_id }`. */
function partsOf({ slot, path, definitions }: Making): Schema[] {
  if (slot === undefined) return []
  const isReference = slot.type === 'reference'
  const kinds: KindName[] = [
    ...(isReference ? (['ref', 'inverse'] as const) : []),
    ...(slot.many ? (['each'] as const) : []),
  ]
  const value = slot.many
    ? anyOf(memberSchema(slot, path, 'merged', definitions), itemSchema(slot, path, definitions))
    : memberSchema(slot, path, 'merged', definitions)
  const entries = kinds.flatMap((name) => Object.entries(kindProperties(name, { merging: 'merged', keys: { value } })))
  const own = entries.filter(([key]) => !MARKS.has(key))
  return [{ type: 'object', properties: Object.fromEntries(own), additionalProperties: false }]
}

function eachSchema(slot: Slot, path: string, definitions: Definitions): Schema {
  return define([slot ?? null, 'each'], `${path}-each`, definitions, () =>
    kindSchema('each', { merging: 'whole', keys: { value: itemSchema(slot, path, definitions) } }),
  )
}

/** What its cases give is what it stands for: the value, or an item of the list. */
function chooseSchema(slot: Slot, path: string, definitions: Definitions, of: 'value' | 'item'): Schema {
  const name = of === 'item' ? `${path}-items-choose` : `${path}-choose`
  return define([slot ?? null, 'choose', of], name, definitions, () => {
    const value = of === 'item' ? itemSchema(slot, path, definitions) : valueSchema(slot, path, 'whole', definitions)
    const cases = kindSchema('case', { merging: 'whole', keys: { [THEN]: value, else: value } })
    return kindSchema('choose', { merging: 'whole', keys: { choose: { ...listOf(cases), minItems: 1 } } })
  })
}

const THEN = 'then' satisfies keyof typeof GRAMMAR.case.keys
