// The words of OpenAPI 3.0 schemas in which the discovery documents are written.
export type Json = { readonly [key: string]: unknown }

export const ref = (component: string): Json => ({ $ref: `#/components/${component}` })
export const schemaRef = (name: string): Json => ref(`schemas/${name}`)

export const STRING = { type: 'string' } as const
export const URI = { type: 'string', format: 'uri' } as const
export const DATE = { type: 'string', format: 'date' } as const
export const MOMENT = { type: 'string', format: 'date-time' } as const
export const NUMBER = { type: 'number', format: 'float' } as const
/** v1.2 writes booleans as text. */
export const FLAG = { type: 'string', enum: ['true', 'false'] } as const

export const oneOf = (words: readonly string[]): Json => ({ type: 'string', enum: words })

/** The words of the standard, and whatever a district adds to them under `ext:`. */
export const extensible = (words: readonly string[]): Json => ({
  anyOf: [oneOf(words), { type: 'string', pattern: '^ext:[a-zA-Z0-9.\\-_]+$' }],
})

export const listOf = (items: Json, minItems = 0): Json => ({ type: 'array', minItems, items })

/** An object of these members and no other. */
export const closed = (properties: Json, required: readonly string[] = Object.keys(properties)): Json => ({
  type: 'object',
  properties,
  // OpenAPI 3.0 knows no empty list of required members.
  ...(required.length === 0 ? {} : { required }),
  additionalProperties: false,
})

export const open = (properties: Json, required: readonly string[] = []): Json => ({
  ...closed(properties, required),
  additionalProperties: true,
})
