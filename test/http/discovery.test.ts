// What a consumer makes of the discovery documents: where to ask, with which token, and what the answers look like.
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { PUBLIC_URL } from '../support/known.ts'
import { type OpenApi, openApi } from '../support/open-api.ts'
import { bearer, openSharedBridge, openSyncedBridge, request } from './support.ts'

const district = createDistrict({ students: 60, seed: 5, today: '2026-11-18' })
const bridge = await openSyncedBridge({ district })
const unsynced = await openSharedBridge({ district })
const token = await bridge.token()

const ROSTERING = '/ims/oneroster/rostering/v1p2'
const OFFICIAL = `${ROSTERING}/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json`
const SERVICES = [
  ['rostering', OFFICIAL],
  ['gradebook', '/ims/oneroster/gradebook/v1p2/discovery/onerosterv1p2gradebookservice_openapi3_v1p0.json'],
  ['resources', '/ims/oneroster/resources/v1p2/discovery/onerosterv1p2resourcesservice_openapi3_v1p0.json'],
] as const

async function discover(path: string): Promise<OpenApi> {
  return openApi.parse(await (await request(bridge, path)).json())
}

/** The path below the public address. */
const below = (url: string) => url.slice(PUBLIC_URL.length)

describe.each(SERVICES)('the document of %s', (service, path) => {
  test('is served to anybody, and may be kept', async () => {
    const answer = await request(bridge, path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=3600')
  })

  test('is the same before the first snapshot, and under its other names', async () => {
    const text = await (await request(bridge, path)).text()
    expect(await (await request(unsynced, path)).text()).toBe(text)
    const alias = path.replace(/onerosterv1p2\w+_openapi3/, `imsorv1p2_${service}_openapi3`)
    expect(await (await request(bridge, alias)).text()).toBe(text)
    expect(await (await request(bridge, `/${path.toUpperCase()}`)).text()).toBe(text)
  })

  test('answers HEAD without a body', async () => {
    const answer = await request(bridge, path, { method: 'HEAD' })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('')
  })

  test('names paths that all answer, in the shape that it tells of them', async () => {
    const { servers, paths, components } = await discover(path)
    const base = below(servers[0]?.url ?? '')
    for (const [template, { get }] of Object.entries(paths)) {
      const address = `${base}${template.replaceAll(/\{\w+\}/g, 'nobody')}`
      const answer = await request(bridge, address, { headers: bearer(token) })
      expect([template, [200, 404].includes(answer.status)]).toEqual([template, true])
      const wrapper = answer.status === 200 ? get.responses[200].content['application/json'].schema.$ref : undefined
      const body = await answer.json()
      expect([template, faultsOf(body, components, wrapper ?? '#/components/schemas/imsx_StatusInfoDType')]).toEqual([
        template,
        [],
      ])
      if (answer.status === 404) expect(body).toMatchObject({ imsx_description: 'Unknown Object.' })
    }
  })
})

describe('a consumer that knows only the document', () => {
  test('gets a token where it says, with the scopes that it says', async () => {
    const { components } = await discover(OFFICIAL)
    const { tokenUrl, scopes } = components.securitySchemes.OAuth2CC.flows.clientCredentials
    expect(below(tokenUrl)).toBe('/oauth/token')
    const narrow = await bridge.token(Object.keys(scopes).join(' '))
    expect((await request(bridge, `${ROSTERING}/users`, { headers: bearer(narrow) })).status).toBe(200)
  })

  test.each(['academicSessions', 'orgs', 'courses', 'classes', 'users', 'enrollments', 'demographics'])(
    'finds every record of %s in the shape that it says',
    async (collection) => {
      const { paths, components } = await discover(OFFICIAL)
      const told = paths[`/${collection}`]?.get.responses[200].content['application/json'].schema.$ref ?? ''
      const answer = await request(bridge, `${ROSTERING}/${collection}?limit=10000`, { headers: bearer(token) })
      const body = z.record(z.string(), z.array(z.unknown())).parse(await answer.json())
      expect(body[collection]?.length).toBeGreaterThan(0)
      expect(faultsOf(body, components, told)).toEqual([])
    },
  )

  test('can tell a record that does not fit', async () => {
    const { components } = await discover(OFFICIAL)
    const org = { sourcedId: 'o1', status: 'active', dateLastModified: '2026-11-18T18:00:00.000Z', name: 'North' }
    const whole = { ...org, type: 'school', identifier: '100' }
    const faults = (record: object) => faultsOf({ org: record }, components, '#/components/schemas/SingleOrgDType')
    expect(faults(whole)).toEqual([])
    expect(faults({ ...whole, type: 'ext:campus' })).toEqual([])
    expect(faults({ ...whole, type: 'campus' })).not.toEqual([])
    expect(faults({ ...whole, colour: 'red' })).not.toEqual([])
    expect(faults(org)).not.toEqual([])
  })
})

describe('what is no document', () => {
  test('an unknown file is an unknown path: 401 to strangers, 404 to consumers', async () => {
    const path = `${ROSTERING}/discovery/openapi.json`
    expect((await request(bridge, path)).status).toBe(401)
    expect((await request(bridge, path, { headers: bearer(token) })).status).toBe(404)
  })

  test('v1.1 has none', async () => {
    const path = OFFICIAL.replace(ROSTERING, '/ims/oneroster/v1p1')
    expect((await request(bridge, path)).status).toBe(401)
    expect((await request(bridge, path, { headers: bearer(token) })).status).toBe(404)
  })

  test.each(['POST', 'PUT', 'DELETE'])('%s is not supported', async (method) => {
    const answer = await request(bridge, OFFICIAL, { method })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET, HEAD')
    expect(await answer.json()).toMatchObject({ imsx_codeMajor: 'unsupported' })
  })
})

/** Where a body differs from a schema of the document, read as JSON Schema by another's hand. */
function faultsOf(body: unknown, { schemas }: OpenApi['components'], reference: string): readonly string[] {
  const written = JSON.stringify({ $ref: reference, $defs: schemas }).replaceAll('#/components/schemas/', '#/$defs/')
  const read = z.fromJSONSchema(JSON.parse(written)).safeParse(body)
  return read.success ? [] : read.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`)
}
