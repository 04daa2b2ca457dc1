// What is set for a consumer, as the consumer meets it: switches, what is withheld, limits, expiry, and schools.
import { describe, expect, test } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import type { TestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN, BASE } from '../support/known.ts'
import { asList, bearer, openSyncedBridge, request, statusOf, textAt, textsAt } from './support.ts'

const V1P2 = '/ims/oneroster/rostering/v1p2'

/** A consumer that was made by the admin API, and how it reads. */
async function consumerOf(bridge: TestBridge, wanted: object) {
  const made = await request(bridge, '/admin/consumers', {
    method: 'POST',
    headers: { ...bearer(ADMIN_TOKEN), 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'a consumer', ...wanted }),
  })
  expect(made.status).toBe(201)
  const { id, secret } = (await made.json()) as { id: string; secret: string }
  const tokenAnswer = () =>
    request(bridge, '/oauth/token', {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
  const { access_token: token } = (await (await tokenAnswer()).json()) as { access_token: string }
  return {
    id,
    secret,
    tokenAnswer,
    get: (path: string, headers: Readonly<Record<string, string>> = {}) =>
      request(bridge, path.startsWith('/ims') ? path : BASE + path, { headers: { ...bearer(token), ...headers } }),
  }
}

const bridge = await openSyncedBridge({ district: createSmallDistrict() })

describe('a consumer without a word', () => {
  test('reads all of both versions, and the empty gradebook and resources', async () => {
    const { get } = await consumerOf(bridge, {})
    for (const path of [
      '/users',
      '/demographics',
      '/schools/sch3/students',
      '/lineItems',
      '/resources',
      `${V1P2}/users`,
      `${V1P2}/demographics`,
      `${V1P2}/schools/sch3/students`,
      '/ims/oneroster/gradebook/v1p2/assessmentResults',
      '/ims/oneroster/resources/v1p2/resources',
    ]) {
      expect((await get(path)).status, path).toBe(200)
    }
  })

  test('gets booleans as texts, and empty lists below unknown parents', async () => {
    const { get } = await consumerOf(bridge, {})
    const { records } = await asList(await get('/users'))
    expect(new Set(records.map(({ enabledUser }) => enabledUser))).toEqual(new Set(['true']))
    const list = await asList(await get('/schools/none/classes'))
    expect([list.status, list.total, list.records]).toEqual([200, 0, []])
  })
})

describe('switches', () => {
  test('nativeBooleans turns the booleans of 1.1, and nothing else', async () => {
    const { get } = await consumerOf(bridge, { switches: ['nativeBooleans'] })
    const plain = await consumerOf(bridge, {})
    for (const path of [
      '/users?limit=1000',
      '/enrollments?limit=1000',
      '/demographics?limit=1000',
      '/users/stu100001',
    ]) {
      const native = JSON.stringify(await (await get(path)).json())
      const texts = JSON.stringify(await (await plain.get(path)).json())
      expect(native).not.toBe(texts)
      expect(native.replaceAll(/:(true|false)/g, ':"$1"')).toBe(texts)
    }
    const v1p2 = await (await get(`${V1P2}/users`)).text()
    expect(v1p2).toContain('"enabledUser":"true"')
    const list = await asList(await get("/enrollments?filter=primary='true'&fields=primary"))
    expect(list.records[0]).toEqual({ primary: true })
  })

  test('nativeBooleans has an entity tag of its own', async () => {
    const { get } = await consumerOf(bridge, { switches: ['nativeBooleans'] })
    const tag = (await bridge.get('/users')).headers.get('etag') ?? ''
    expect((await get('/users', { 'if-none-match': tag })).status).toBe(200)
  })

  test('unknownParents404 asks for the parents, each of its own sort', async () => {
    const { get } = await consumerOf(bridge, { switches: ['unknownParents404'] })
    for (const path of [
      '/schools/none/classes',
      '/schools/sch3/classes/none/students',
      '/students/none/classes',
      '/teachers/stu100001/classes',
      '/classes/none/lineItems',
      '/classes/sec50001/lineItems/none/results',
    ]) {
      const answer = await get(path)
      expect(answer.status, path).toBe(404)
      expect(await statusOf(answer)).toMatchObject({ imsx_codeMinor: 'unknown object' })
    }
    for (const path of ['/schools/sch3/classes', '/students/stu100001/classes', '/classes/sec50001/lineItems']) {
      expect((await get(path)).status, path).toBe(200)
    }
  })
})

test('demographics that are withheld are refused in both versions', async () => {
  const { get } = await consumerOf(bridge, { withheld: ['demographics'] })
  for (const path of ['/demographics', '/demographics/stu100001', `${V1P2}/demographics`]) {
    expect((await get(path)).status, path).toBe(403)
  }
  expect((await get('/users')).status).toBe(200)
})

test('more requests than the limit get 429 and when to come again, and others are not held up', async () => {
  const own = await openSyncedBridge({ district: createSmallDistrict() })
  const { get } = await consumerOf(own, { requestsPerMinute: 3 })
  const other = await consumerOf(own, {})
  for (let count = 0; count < 3; count += 1) expect((await get('/orgs')).status).toBe(200)
  const refused = await get('/orgs')
  expect(refused.status).toBe(429)
  expect(await statusOf(refused)).toMatchObject({ imsx_codeMinor: 'server_busy' })
  const seconds = Number(refused.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect((await other.get('/orgs')).status).toBe(200)
  own.clock.now += seconds * 1000
  expect((await get('/orgs')).status).toBe(200)
})

test('an expired consumer gets no token, and its token opens nothing', async () => {
  const own = await openSyncedBridge({ district: createSmallDistrict() })
  const expiresAt = new Date(own.clock.now + 60_000).toISOString()
  const { get, tokenAnswer } = await consumerOf(own, { expiresAt })
  expect((await get('/orgs')).status).toBe(200)
  own.clock.now += 60_001
  expect((await get('/orgs')).status).toBe(401)
  expect((await tokenAnswer()).status).toBe(401)
})

describe('a consumer that is narrowed to a school', () => {
  test('reads nothing but its part, from its first request on', async () => {
    const own = await openSyncedBridge({ district: createSmallDistrict() })
    const { get } = await consumerOf(own, { schools: ['200'] })
    const list = await asList(await get('/schools'))
    expect([list.status, list.ids, list.total]).toEqual([200, ['sch4'], 1])
    expect((await get('/schools/sch3')).status).toBe(404)
    for (const path of ['/schools/sch3/students', '/schools/sch3/classes', '/schools/sch3/enrollments']) {
      expect((await asList(await get(path))).total, path).toBe(0)
    }
    const everything = await asList(
      await get(`/enrollments?filter=${encodeURIComponent("role='student' OR role!='x'")}`),
    )
    expect(new Set(everything.records.map((record) => textAt(record, 'school')))).toEqual(new Set(['sch4']))
    const [district] = (await asList(await get("/orgs?filter=type='district'"))).records
    expect(district && textsAt(district, 'children')).toEqual(['sch4'])
  })

  test('has an entity tag of its own', async () => {
    const own = await openSyncedBridge({ district: createSmallDistrict() })
    const { get } = await consumerOf(own, { schools: ['200'] })
    const tag = (await own.get('/users')).headers.get('etag') ?? ''
    expect((await get('/users', { 'if-none-match': tag })).status).toBe(200)
  })
})
