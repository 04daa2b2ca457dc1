// The small pieces of the editors' schema: texts, formulas, what a layer may write in their place.
import { FUNCTIONS } from '../functions.ts'
import { SCALAR_TYPES } from '../shape.ts'

export type Schema = Readonly<Record<string, unknown>>

export const refTo = (definition: string): Schema => ({ $ref: `#/definitions/${definition}` })

export const anyOf = (...options: readonly Schema[]): Schema => ({ anyOf: options })

/** In draft-07 nothing counts beside a `$ref`. */
export const described = (description: string, schema: Schema): Schema =>
  '$ref' in schema ? { description, allOf: [schema] } : { description, ...schema }

export const NULL: Schema = { type: 'null' }

/** In a layer `null` removes. */
export const orNull = (schema: Schema): Schema => anyOf(schema, NULL)

export const FORMULA = refTo('formula')
export const INHERITED = refTo('inherited')
export const CONSTANT = refTo('constant')

/** Names that formulas use. */
const NAMES: Schema = { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }

export const mapOf = (schema: Schema, { isNamed = false } = {}): Schema => ({
  type: 'object',
  additionalProperties: schema,
  ...(isNamed && { propertyNames: NAMES }),
})

export const listOf = (schema: Schema): Schema => ({ type: 'array', items: schema })

const isOr = (one: Schema, more: Schema): Schema => anyOf(one, more, INHERITED)

/** One of these words, or what a layer inherits. */
export const wordOf = (words: readonly string[]): Schema => anyOf({ enum: words }, INHERITED)

/** One entry; in a layer one more may be taken away for it. */
export const pairOf = (schema: Schema): Schema => ({
  ...mapOf(orNull(schema)),
  if: { additionalProperties: { not: NULL } },
  // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
  then: { maxProperties: 1 },
})

const functionLines = () => Object.values(FUNCTIONS).map(({ signature, doc }) => `- \`${signature}\` ${doc}`)

/** What the other definitions are made of. */
export const PARTS: Readonly<Record<string, Schema>> = {
  inherited: {
    description: 'What the layers below have here.',
    type: 'string',
    pattern: '^=\\s*inherited\\s*$',
  },
  formula: {
    description: [
      'A formula: it begins with `=`. Columns, lookups, `settings.name`, texts in double quotes; `&` joins texts.',
      'In a layer `inherited` is the value that is replaced. Functions:',
      '',
      ...functionLines(),
    ].join('\n'),
    type: 'string',
    pattern: '^=',
  },
  constant: { type: ['string', 'number', 'boolean'], pattern: '^(?!=)' },
  word: anyOf(CONSTANT, INHERITED),
  words: isOr(CONSTANT, listOf(refTo('word'))),
  formulas: anyOf(FORMULA, listOf(FORMULA)),
  plain: anyOf(CONSTANT, NULL, INHERITED, listOf(anyOf(CONSTANT, NULL, INHERITED))),
  columns: {
    type: 'object',
    propertyNames: NAMES,
    additionalProperties: orNull(refTo('column')),
  },
  column: {
    description: 'The type of a column; a group of columns `{ … }`; a list `[text]` or `[{ … }]`.',
    anyOf: [
      wordOf(SCALAR_TYPES),
      refTo('columns'),
      { type: 'array', minItems: 1, maxItems: 1, items: refTo('column') },
    ],
  },
}
