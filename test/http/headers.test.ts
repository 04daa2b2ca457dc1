// What stands in the headers of an answer: counts, validators, compression, and how long it may be kept.
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import type { TestBridge } from '../support/bridge.ts'
import { CONSUMER } from '../support/known.ts'
import { bearer, openSyncedBridge, request } from './support.ts'

const TODAY = '2025-10-15'
const bridge = await openSyncedBridge({ district: createDistrict({ students: 120, seed: 11, today: TODAY }) })
const V1P1 = '/ims/oneroster/v1p1'
const V1P2 = '/ims/oneroster/rostering/v1p2'

async function tagOf(path: string, { get }: Pick<TestBridge, 'get'> = bridge): Promise<string> {
  return (await get(path)).headers.get('etag') ?? ''
}

describe.each([V1P1, V1P2])('an answer of %s', (base) => {
  test.each([
    ['/users?limit=7', '7'],
    ['/users?limit=10000', undefined],
    ['/users?offset=1000000', '0'],
    ["/users?filter=status='norecords'", '0'],
    ['/schools/sch3/students?limit=3', '3'],
  ])('%s counts the rows of the page in X-Count', async (path, expected) => {
    const answer = await bridge.get(base + path)
    const { users } = (await answer.json()) as { users: unknown[] }
    expect(answer.headers.get('x-count')).toBe(expected ?? String(users.length))
    expect(answer.headers.get('x-count')).toBe(String(users.length))
  })

  test('of one record has X-Count and X-Total-Count 1', async () => {
    const answer = await bridge.get(`${base}/schools/sch3`)
    expect([answer.headers.get('x-count'), answer.headers.get('x-total-count')]).toEqual(['1', '1'])
  })

  test('may be kept by its consumer alone, which asks whether it still holds', async () => {
    for (const path of ['/users', '/schools/sch3']) {
      const { headers } = await bridge.get(base + path)
      expect(headers.get('cache-control')).toBe('private, no-cache')
      expect(headers.get('vary')).toBe('Authorization, Accept-Encoding')
      expect(headers.get('etag')).toMatch(/^W\/"[a-z0-9]+"$/)
    }
    const refused = await bridge.get(`${base}/users?limit=x`)
    expect([refused.headers.get('cache-control'), refused.headers.get('etag')]).toEqual(['no-store', null])
  })
})

describe('a conditional request', () => {
  test.each(['/users?limit=5', '/schools/sch3', '/users?fields=sourcedId', "/enrollments?filter=role='teacher'"])(
    '%s is answered 304, without a body, while nothing was published',
    async (path) => {
      const tag = await tagOf(path)
      for (const given of [tag, tag.replace('W/', ''), `"other", ${tag}`, '*']) {
        const answer = await bridge.get(path, { 'if-none-match': given })
        expect([answer.status, await answer.text()]).toEqual([304, ''])
        expect(answer.headers.get('etag')).toBe(tag)
        expect(answer.headers.get('cache-control')).toBe('private, no-cache')
      }
      expect((await bridge.get(path, { 'if-none-match': '"other"' })).status).toBe(200)
    },
  )

  test('is answered anew after a publish that changed anything', async () => {
    const district = createDistrict({ students: 20, seed: 12, today: TODAY })
    const own = await openSyncedBridge({ district })
    const tag = await tagOf('/users', own)
    own.clock.now += 60_000
    await own.syncNow()
    expect((await own.get('/users', { 'if-none-match': tag })).status).toBe(304)
    district.db.exec(`update students set first_name = 'Changed' where dcid =
      (select min(dcid) from students where enroll_status = 0)`)
    await own.syncNow()
    const answer = await own.get('/users', { 'if-none-match': tag })
    expect([answer.status, answer.headers.get('etag') === tag]).toEqual([200, false])
  })

  test('does not spare the question whether one may ask', async () => {
    const tag = await tagOf('/users')
    const headers = { 'if-none-match': tag }
    expect((await request(bridge, `${V1P1}/users`, { headers })).status).toBe(401)
    expect((await bridge.get('/users?limit=0', headers)).status).toBe(400)
    expect((await bridge.get('/users/none', { 'if-none-match': '*' })).status).toBe(404)
  })
})

describe('gzip', () => {
  const PATHS = [
    '/users',
    '/users?limit=10000',
    '/users?limit=33&offset=17',
    '/enrollments?limit=10000&offset=5',
    "/enrollments?limit=10000&filter=role='student'&sort=beginDate&orderBy=desc",
    '/users?limit=500&fields=sourcedId,familyName',
    '/schools/sch3/enrollments?limit=10000',
    '/users?offset=100000',
    '/orgs?sort=nonsense',
  ]

  test.each([...PATHS.map((path) => V1P1 + path), `${V1P2}/users?limit=10000`, `${V1P2}/enrollments?limit=777`])(
    '%s is the plain answer, compressed',
    async (path) => {
      const plain = await bridge.get(path, { 'accept-encoding': 'identity' })
      const packed = await bridge.get(path, { 'accept-encoding': 'br;q=1, gzip;q=0.8' })
      expect(plain.headers.get('content-encoding')).toBeNull()
      const bytes = Buffer.from(await packed.arrayBuffer())
      const text = packed.headers.get('content-encoding') === 'gzip' ? gunzipSync(bytes).toString() : bytes.toString()
      expect(text).toBe(await plain.text())
      for (const name of ['x-total-count', 'x-count', 'link', 'etag', 'content-type']) {
        expect(packed.headers.get(name), name).toBe(plain.headers.get(name))
      }
    },
  )

  test.each([
    [undefined, null],
    ['identity', null],
    ['gzip;q=0', null],
    ['*;q=0', null],
    ['br', null],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['deflate, gzip;q=1.0, *;q=0.5', 'gzip'],
    ['*', 'gzip'],
    ['x-gzip', 'gzip'],
    [';;,q=,gzip;q=x', 'gzip'],
  ])('Accept-Encoding %s gives %s', async (accepted, encoding) => {
    const answer = await bridge.get('/users', accepted === undefined ? {} : { 'accept-encoding': accepted })
    expect(answer.headers.get('content-encoding')).toBe(encoding)
  })

  test('is not spent on an answer of a few hundred bytes', async () => {
    const answer = await bridge.get('/schools/sch3', { 'accept-encoding': 'gzip' })
    expect(answer.headers.get('content-encoding')).toBeNull()
  })
})

test('HEAD tells what GET would, without a body', async () => {
  const headers = bearer(await bridge.token())
  for (const path of ['/users?limit=5', '/schools/sch3', '/users?fields=sourcedId', '/users/none', '/users?limit=x']) {
    const got = await request(bridge, V1P1 + path, { headers })
    const head = await request(bridge, V1P1 + path, {
      method: 'HEAD',
      headers: { ...headers, 'accept-encoding': 'gzip' },
    })
    expect([head.status, await head.text()]).toEqual([got.status, ''])
    for (const name of ['x-total-count', 'x-count', 'link', 'etag']) {
      expect(head.headers.get(name), name).toBe(got.headers.get(name))
    }
  }
})

test('the log tells who fetched what and how much, and no value of a filter', async () => {
  const before = bridge.logged.length
  await bridge.get(`/users?limit=3&filter=${encodeURIComponent("familyName='Unheard-of' OR role='student'")}`)
  const line = bridge.logged.slice(before).find((text) => text.includes('"event":"request"')) ?? ''
  expect(JSON.parse(line)).toMatchObject({
    consumer: 'test-consumer',
    operation: 'getAllUsers',
    query: 'limit=3 offset=0 filter=familyName=? OR role=?',
    status: 200,
    rows: 3,
    bytes: expect.any(Number),
    ms: expect.any(Number),
  })
  expect(line).not.toContain('Unheard-of')
})

test('a refusal names the line of the log that tells of it', async () => {
  const answer = await bridge.get('/users?limit=x')
  const { statusInfoSet } = (await answer.json()) as { statusInfoSet: { imsx_messageRefIdentifier: string }[] }
  const line = bridge.logged.at(-1) ?? ''
  expect(JSON.parse(line)).toMatchObject({
    event: 'request',
    id: statusInfoSet[0]?.imsx_messageRefIdentifier,
    status: 400,
  })
})

test.each(['//oauth/token', '/oauth/token/', '/OAuth/Token', '/oauth//token', '/token/', '/OAUTH2/TOKEN'])(
  'a token is had at %s too',
  async (path) => {
    const answer = await request(bridge, path, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${CONSUMER.id}:${CONSUMER.secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    expect(answer.status).toBe(200)
  },
)
