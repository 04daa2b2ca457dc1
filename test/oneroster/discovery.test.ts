import { describe, expect, test } from 'vitest'
import { discoveryDocument, isDiscovery } from '../../src/oneroster/discovery.ts'
import { MODEL } from '../../src/oneroster/model.ts'
import { operationsOf } from '../../src/oneroster/operations.ts'
import { SERVICES, type Service, V1P1 } from '../../src/oneroster/services.ts'
import { OPERATIONS, type Operation } from '../conformance/operations.ts'
import { openApi } from '../support/open-api.ts'

const PUBLIC_URL = 'https://roster.example.org/prefix'
const V1P2: readonly Service[] = SERVICES.filter(({ version }) => version === 'v1p2')

/** As a consumer reads it, off the wire. */
const read = (service: Service) => openApi.parse(JSON.parse(JSON.stringify(discoveryDocument(service, PUBLIC_URL))))

describe.each(V1P2.map((service) => [service.base, service, read(service)] as const))(
  '%s',
  (base, service, document) => {
    const readings = Object.entries(document.paths).map(([path, { get }]) => ({ path, ...get }))
    /** What the standard says of the service, from the conformance tests' own table. */
    const standard = new Map<string, Operation>(
      OPERATIONS.filter(({ version, method }) => version === 'v1p2' && method === 'GET').map((one) => [one.name, one]),
    )

    test('names every operation that can be read and no other', () => {
      const served = operationsOf(service).filter(({ isWriteOnly }) => !isWriteOnly)
      expect(readings.map(({ operationId }) => operationId).sort()).toEqual(served.map(({ name }) => name).sort())
    })

    test.each(readings.map((one) => [one.operationId, one] as const))('%s is as the standard has it', (name, one) => {
      const { path, statuses, scopes } = standard.get(name) ?? {}
      expect(one.path).toBe(`/${path}`)
      expect(Object.keys(one.responses).sort()).toEqual([...(statuses ?? []).map(String), 'default'])
      expect(one.security.map(({ OAuth2CC }) => [...OAuth2CC].sort())).toEqual([[...(scopes ?? [])].sort()])
    })

    test.each(readings.map((one) => [one.operationId, one] as const))('%s tells its parameters', (_name, one) => {
      const inPath = [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const named = (where: string) =>
        one.parameters.filter((parameter) => parameter.in === where).map(({ name }) => name)
      const isSingle = one.path.endsWith('/{sourcedId}')
      expect(named('path')).toEqual(inPath)
      expect(named('query')).toEqual(isSingle ? ['fields'] : ['limit', 'offset', 'sort', 'orderBy', 'filter', 'fields'])
      expect(Object.keys(one.responses['200']?.headers ?? {})).toEqual(isSingle ? [] : ['X-Total-Count', 'Link'])
    })

    test('tells where it answers and where its tokens come from', () => {
      expect(document.servers.map(({ url }) => url)).toEqual([`${PUBLIC_URL}${base}`])
      const { tokenUrl, scopes } = document.components.securitySchemes.OAuth2CC.flows.clientCredentials
      expect(tokenUrl).toBe(`${PUBLIC_URL}/oauth/token`)
      const asked = readings.flatMap(({ security }) => security.flatMap(({ OAuth2CC }) => OAuth2CC))
      expect(Object.keys(scopes).sort()).toEqual([...new Set(asked)].sort())
    })

    test('every reference resolves, and every component is referred to', () => {
      const text = JSON.stringify(document)
      const referred = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)].map(
        ([, kind, name]) => `${kind}/${name}`,
      )
      const { schemas, responses } = document.components
      const there = [
        ...Object.keys(schemas).map((name) => `schemas/${name}`),
        ...Object.keys(responses).map((name) => `responses/${name}`),
      ]
      expect(new Set(referred)).toEqual(new Set(there))
      expect(text.match(/"\$ref"/g)).toHaveLength(referred.length)
    })

    test('every tag that is used is declared', () => {
      const used = new Set(readings.flatMap(({ tags }) => tags))
      expect(document.tags.map(({ name }) => name)).toEqual([...used])
    })

    test('closes its objects, and demands only what it describes', () => {
      for (const [name, { properties, required = [], additionalProperties }] of Object.entries(
        document.components.schemas,
      )) {
        const isOpen = name === 'MetadataDType' || name === 'CredentialDType'
        expect([name, additionalProperties]).toEqual([name, isOpen])
        expect(Object.keys(properties)).toEqual(expect.arrayContaining(required))
      }
    })
  },
)

describe('a schema', () => {
  const [rostering, gradebook, resources] = V1P2.map((service) => read(service).components.schemas)

  test('of a user has what v1.2 has, in its shapes', () => {
    const { properties = {}, required } = rostering?.UserDType ?? {}
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['roles', 'primaryOrg', 'pronouns', 'userProfiles']))
    expect(Object.keys(properties)).not.toContain('role')
    expect(Object.keys(properties)).not.toContain('orgs')
    expect(required).toEqual([
      ...['sourcedId', 'status', 'dateLastModified'],
      ...['enabledUser', 'givenName', 'familyName', 'roles'],
    ])
    expect(properties.enabledUser).toEqual({ type: 'string', enum: ['true', 'false'] })
    expect(properties.roles).toMatchObject({ type: 'array', minItems: 1 })
    expect(properties.agents).toMatchObject({ type: 'array', minItems: 0 })
  })

  test('lets a district add words where the standard does, and only there', () => {
    const extensible = { anyOf: [{ enum: expect.any(Array) }, { pattern: expect.stringContaining('ext:') }] }
    expect(rostering?.EnrollmentDType?.properties.role).toMatchObject(extensible)
    expect(JSON.stringify(rostering?.EnrollmentDType?.properties.role)).not.toContain('aide')
    expect(resources?.ResourceDType?.properties.importance).toEqual({ type: 'string', enum: ['primary', 'secondary'] })
    expect(rostering?.OrgDType?.properties.status).toEqual({ type: 'string', enum: ['active', 'tobedeleted'] })
  })

  test('of a list demands nothing, that of a single object its key', () => {
    expect(gradebook?.CategoriesSetDType).not.toHaveProperty('required')
    expect(gradebook?.SingleCategoryDType?.required).toEqual([MODEL.categories.singular])
  })

  test('of a moment is not that of a day', () => {
    expect(gradebook?.LineItemDType?.properties.dueDate).toEqual({ type: 'string', format: 'date-time' })
    expect(gradebook?.ResultDType?.properties.scoreDate).toEqual({ type: 'string', format: 'date' })
  })
})

describe('the address', () => {
  const [rostering = V1P1, gradebook = V1P1] = V1P2

  test.each([
    ['/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json', true],
    ['/discovery/imsorv1p2_rostering_openapi3_v1p0.json', true],
    ['//Discovery/OneRosterV1p2RostersService_OpenAPI3_v1p0.JSON/', true],
    ['/discovery/onerosterv1p2gradebookservice_openapi3_v1p0.json', false],
    ['/discovery', false],
    ['/discovery/', false],
    ['/discovery/more/onerosterv1p2rostersservice_openapi3_v1p0.json', false],
    ['/onerosterv1p2rostersservice_openapi3_v1p0.json', false],
    ['/users', false],
    ['', false],
  ])('%j below rostering: %s', (path, expected) => {
    expect(isDiscovery(rostering, path)).toBe(expected)
  })

  test('of a service is not that of another, and v1.1 has none', () => {
    expect(isDiscovery(gradebook, '/discovery/imsorv1p2_gradebook_openapi3_v1p0.json')).toBe(true)
    expect(isDiscovery(gradebook, '/discovery/imsorv1p2_rostering_openapi3_v1p0.json')).toBe(false)
    expect(isDiscovery(V1P1, '/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json')).toBe(false)
  })
})
