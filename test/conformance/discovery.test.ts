// The discovery documents: OpenAPI 3.0 of this very server, which name every operation that it answers.
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { openSyncedBridge, request } from '../http/support.ts'
import type { TestBridge } from '../support/bridge.ts'
import { PUBLIC_URL } from '../support/known.ts'
import { ask } from './ask.ts'
import { BASES, type Entity, type Service, serviceOf } from './entities.ts'
import { hasRecords, isNested, READS } from './operations.ts'
import { openRichBridge } from './rich-bridge.ts'
import { wordsOf } from './status-payloads.ts'
import { schemasFor } from './validate.ts'

const bridge = await openSyncedBridge({ district: createSmallDistrict() })

const FILES: readonly (readonly [Service, string])[] = [
  ['rostering', 'onerosterv1p2rostersservice_openapi3_v1p0.json'],
  ['gradebook', 'onerosterv1p2gradebookservice_openapi3_v1p0.json'],
  ['resources', 'onerosterv1p2resourcesservice_openapi3_v1p0.json'],
]

// OpenAPI 3.0.3, section 4.7, as far as a discovery document uses it.
const text = z.string().min(1)
const reference = z.strictObject({ $ref: z.string().regex(/^#\/components\/\w+\/[\w.-]+$/) })
const schema = z.looseObject({
  properties: z.record(text, z.unknown()).optional(),
  required: z.array(text).min(1).optional(),
})
const media = z.looseObject({ schema })
const header = z.looseObject({ schema })
const response = z.union([
  reference,
  z.looseObject({
    description: text,
    headers: z.record(text, z.union([reference, header])).optional(),
    content: z.record(z.literal('application/json'), media).optional(),
  }),
])
const parameter = z.union([
  reference,
  z.looseObject({ name: text, in: z.enum(['path', 'query', 'header']), required: z.boolean().optional(), schema }),
])
const operation = z.looseObject({
  operationId: text,
  parameters: z.array(parameter).optional(),
  requestBody: z.looseObject({ content: z.record(text, media) }).optional(),
  responses: z.record(z.string().regex(/^([1-5]\d\d|default)$/), response),
  security: z.array(z.record(text, z.array(z.url()))).optional(),
})
const document = z.looseObject({
  openapi: z.string().regex(/^3\.0\.\d$/),
  info: z.looseObject({ title: text, version: text }),
  servers: z.array(z.looseObject({ url: z.url() })).min(1),
  paths: z.record(
    z.string().regex(/^\/[\w{}/]+$/),
    z.strictObject({
      get: operation.optional(),
      put: operation.optional(),
      post: operation.optional(),
      delete: operation.optional(),
    }),
  ),
  components: z.looseObject({
    schemas: z.record(text, schema),
    securitySchemes: z.record(
      text,
      z.looseObject({
        type: z.literal('oauth2'),
        flows: z.looseObject({
          clientCredentials: z.looseObject({ tokenUrl: z.url(), scopes: z.record(z.url(), text) }),
        }),
      }),
    ),
  }),
})
type Document = z.infer<typeof document>
type DocumentOperation = z.infer<typeof operation>

/** Without a token: whoever looks for the service has none yet. */
async function fetchDocument(from: TestBridge, service: Service, file: string): Promise<Document> {
  const answer = await request(from, `${BASES.v1p2[service]}/discovery/${file}`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
  const read = document.safeParse(await answer.json())
  if (!read.success) throw new Error(wordsOf(read.error).slice(0, 10).join('\n'))
  return read.data
}

describe.each(FILES)('%s: %s', async (service, file) => {
  const found = await fetchDocument(bridge, service, file).catch((error: unknown) => error)
  // What cannot be written yet is not promised.
  const ours = READS.filter((one) => one.version === 'v1p2' && one.service === service)
  const operationsOf = ({ paths }: Document) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, one]) => (one ? [{ path, method: method.toUpperCase(), one }] : [])),
    )
  const read = (): Document => {
    if (found instanceof Error) throw found
    // Otherwise it is what fetchDocument answered.
    return found as Document
  }

  test('names this server, its token endpoint and the scopes of the service', () => {
    const { servers, components } = read()
    expect(servers.map(({ url }) => url)).toEqual([`${PUBLIC_URL}${BASES.v1p2[service]}`])
    const [flow] = Object.values(components.securitySchemes).map(({ flows }) => flows.clientCredentials)
    expect(flow?.tokenUrl).toBe(`${PUBLIC_URL}/oauth/token`)
    const wanted = new Set(ours.flatMap(({ scopes }) => scopes))
    expect([...wanted].filter((scope) => !Object.hasOwn(flow?.scopes ?? {}, scope))).toEqual([])
  })

  test.each(ours)('lists $name as $method /$path', ({ name, method, path, statuses, scopes, answers, key }) => {
    const entry = operationsOf(read()).find((one) => one.path === `/${path}` && one.method === method)
    expect(entry?.one.operationId).toBe(name)
    const { responses, security, parameters } = entry?.one ?? ({ responses: {} } as DocumentOperation)
    expect(statuses.filter((status) => !Object.hasOwn(responses, String(status)))).toEqual([])
    const open = (security ?? []).flatMap((one) => Object.values(one).flat())
    expect([...open].sort()).toEqual([...scopes].sort())
    const named = (parameters ?? []).flatMap((one) => ('name' in one ? [one] : []))
    const inPath = named.filter((one) => one.in === 'path')
    expect(inPath.map((one) => one.name).sort()).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, one]) => one).sort())
    expect(inPath.every((one) => one.required === true)).toBe(true)
    const inQuery = named.filter((one) => one.in === 'query').map((one) => one.name)
    const all = ['fields', 'filter', 'limit', 'offset', 'orderBy', 'sort']
    expect([...inQuery].sort()).toEqual(answers === 'list' ? all : ['fields'])
    const schemas = Object.entries(read().components.schemas)
    const wrapper = JSON.stringify(responses['200']).match(/schemas\/(\w+)/)?.[1]
    const found = schemas.find(([id]) => id === wrapper)?.[1]
    expect(Object.keys(found?.properties ?? {})).toEqual([key])
  })

  test('lists nothing else, each id once, and every reference leads somewhere', () => {
    const whole = read()
    const listed = operationsOf(whole).map(({ path, method }) => `${method} ${path}`)
    expect([...listed].sort()).toEqual(ours.map(({ path, method }) => `${method} /${path}`).sort())
    const ids = operationsOf(whole).map(({ one }) => one.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const references = [...JSON.stringify(whole).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '')
    expect(references.filter((path) => at(whole, path.split('/')) === undefined)).toEqual([])
  })
})

describe('the shapes it tells', async () => {
  const rich = await openRichBridge()

  test.each(FILES)('%s: are those of the official documents', async (service, file) => {
    const { components } = await fetchDocument(rich, service, file)
    const official = Object.entries(schemasFor({ version: 'v1p2' }, { publicUrl: PUBLIC_URL }))
    // Its keys are entities; Object.entries forgets it.
    for (const [entity, { shape }] of official.filter(([name]) => serviceOf(name as Entity) === service)) {
      const told = components.schemas[`${entity.charAt(0).toUpperCase()}${entity.slice(1)}DType`]
      // The standard has a password, which is never sent.
      const members = Object.keys(told?.properties ?? {}).filter((name) => name !== 'password')
      expect([entity, ...members.sort()]).toEqual([entity, ...Object.keys(shape).sort()])
      const required = Object.keys(shape).filter((name) => !(shape[name] instanceof z.ZodOptional))
      expect([entity, ...[...(told?.required ?? [])].sort()]).toEqual([entity, ...required.sort()])
    }
  })

  test.each(READS.filter((one) => one.version === 'v1p2' && one.answers === 'list' && !isNested(one)))(
    '$service: $name answers in them',
    async (operation) => {
      const file = FILES.find(([service]) => service === operation.service)?.[1] ?? ''
      const { components, paths } = await fetchDocument(rich, operation.service, file)
      const id = JSON.stringify(paths[`/${operation.path}`]?.get?.responses['200']).match(/schemas\/(\w+)/)?.[1]
      const whole = { $ref: `#/$defs/${id}`, $defs: components.schemas }
      const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/')
      const { body } = await ask(rich, operation, { query: 'limit=10000' })
      const read = z.fromJSONSchema(JSON.parse(text)).safeParse(body)
      expect(read.success ? [] : wordsOf(read.error).slice(0, 5)).toEqual([])
      const spoilt = JSON.parse(JSON.stringify(body).replaceAll('"status":"active"', '"status":true'))
      const isNoticed = !z.fromJSONSchema(JSON.parse(text)).safeParse(spoilt).success
      expect(isNoticed).toBe(hasRecords(operation))
    },
  )
})

test('an unknown document is 404', async () => {
  const answer = await request(bridge, `${BASES.v1p2.rostering}/discovery/nothing.json`)
  expect([401, 404]).toContain(answer.status)
})

function at(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value
  const member = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  return at(member, rest)
}
