// The structure of an OpenAPI 3.0 document, as far as the discovery documents use it and a reader of them relies on it.
import * as z from 'zod'

const text = z.string().min(1)
const componentName = z.string().regex(/^[a-zA-Z0-9._-]+$/)
const reference = z.strictObject({ $ref: z.string().startsWith('#/components/') })

/** A schema object; a reference has nothing beside it (3.0.0, Reference Object). */
const schema: z.ZodType = z.lazy(() =>
  z.union([
    reference,
    z.strictObject({
      type: z.literal('string'),
      format: z.enum(['uri', 'date', 'date-time']).optional(),
      pattern: text.optional(),
      enum: z.array(text).min(1).optional(),
      default: text.optional(),
    }),
    z.strictObject({ type: z.literal('number'), format: z.literal('float') }),
    z.strictObject({
      type: z.literal('integer'),
      format: z.literal('int32').optional(),
      default: z.int().optional(),
      minimum: z.int().optional(),
    }),
    z.strictObject({ type: z.literal('array'), minItems: z.int().optional(), items: schema }),
    z.strictObject({ anyOf: z.array(schema).min(2) }),
    objectSchema,
  ]),
)

const objectSchema = z.strictObject({
  type: z.literal('object'),
  properties: z.record(text, schema),
  required: z.array(text).min(1).optional(),
  additionalProperties: z.boolean(),
})

const parameter = z.strictObject({
  name: text,
  in: z.enum(['path', 'query']),
  required: z.boolean(),
  description: text,
  schema,
  style: z.enum(['simple', 'form']),
  explode: z.boolean().optional(),
  allowEmptyValue: z.boolean().optional(),
})

const response = z.strictObject({
  description: text,
  headers: z.record(text, z.strictObject({ description: text, schema })).optional(),
  content: z.strictObject({ 'application/json': z.strictObject({ schema: reference }) }),
})

const operation = z.strictObject({
  operationId: text,
  summary: text,
  tags: z.array(text).min(1),
  parameters: z
    .array(parameter)
    .refine((all) => all.every((one) => one.required === (one.in === 'path')), 'a path parameter is not required')
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'a parameter comes twice'),
  security: z.array(z.strictObject({ OAuth2CC: z.array(z.url()).min(1) })).min(1),
  responses: z
    .record(z.string().regex(/^(?:[1-5]\d\d|default)$/), z.union([reference, response]))
    .transform(({ 200: ok, ...failures }) => ({ ...failures, 200: response.parse(ok) })),
})

export const openApi = z.strictObject({
  openapi: z.literal('3.0.0'),
  info: z.strictObject({ title: text, version: text, description: text }),
  servers: z.array(z.strictObject({ url: z.url(), description: text })).length(1),
  tags: z.array(z.strictObject({ name: text })),
  paths: z.record(z.string().startsWith('/'), z.strictObject({ get: operation })),
  components: z.strictObject({
    securitySchemes: z.strictObject({
      OAuth2CC: z.strictObject({
        type: z.literal('oauth2'),
        description: text,
        flows: z.strictObject({
          clientCredentials: z.strictObject({ tokenUrl: z.url(), scopes: z.record(z.url(), text) }),
        }),
      }),
    }),
    responses: z.record(componentName, response),
    schemas: z.record(componentName, objectSchema),
  }),
})

export type OpenApi = z.infer<typeof openApi>
