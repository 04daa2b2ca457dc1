// Refusals: who may not, what is not there, what is not ready, and what went wrong.
import { describe, expect, test } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { addClient, type NewClient, removeClient } from '../../src/auth/clients.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { BASE, CONSUMER, SEALING_KEY } from '../support/known.ts'
import { bearer, openSharedBridge, openSyncedBridge, request, statusOf } from './support.ts'

const SCOPE = 'https://purl.imsglobal.org/spec/or/v1p1/scope/'
const CORE = ['/users', '/users/stu100001', '/students', '/orgs', '/schools/sch3', '/terms', '/enrollments']
const NESTED = ['/schools/sch3/students', '/classes/sec50001/teachers', '/schools/sch3/classes/sec50001/enrollments']
const DEMOGRAPHICS = ['/demographics', '/demographics/stu100001']
const KEYS = ['imsx_codeMajor', 'imsx_severity', 'imsx_messageRefIdentifier', 'imsx_description', 'imsx_codeMinor']

const bridge = await openSyncedBridge({ district: createSmallDistrict() })
const token = await bridge.token()

/** Checks an error's status, shape and words, and that it tells nothing of our insides. */
async function expectFailure(answer: Response, status: number, codes: Readonly<Record<string, string>>): Promise<void> {
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(answer.headers.has('x-total-count')).toBe(false)
  const info = await statusOf(answer)
  expect(info).toMatchObject({ imsx_codeMajor: 'failure', imsx_severity: 'error', ...codes })
  expect(Object.keys(info).filter((key) => key !== 'imsx_operationRefIdentifier')).toEqual(KEYS)
  expect(Object.values(info).join(' ')).not.toMatch(/sqlite|records_|node:|\.ts\b|\bat .*:\d+|select /i)
}

async function tokenOf(
  bridge: TestBridge,
  wanted: Pick<NewClient, 'scopes' | 'schools'>,
): Promise<{ readonly id: string; readonly token: string }> {
  const added = await addClient(
    { name: 'another', ...wanted },
    { sql: bridge.sql, now: () => bridge.clock.now, sealingKey: SEALING_KEY },
  )
  if (!added.ok) throw new Error(added.messages.join(' '))
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: added.client.id,
    client_secret: added.secret,
  })
  const answer = await request(bridge, '/oauth/token', { method: 'POST', body })
  return { id: added.client.id, token: ((await answer.json()) as { access_token: string }).access_token }
}

describe('401 without a good token', async () => {
  const stranger = await (
    await openSyncedBridge({ district: createSmallDistrict(), signingKey: new Uint8Array(32).fill(8) })
  ).token()
  const [head, claims, signature] = token.split('.')

  test.each([
    ['no header', undefined],
    ['another scheme', `Basic ${btoa(`${CONSUMER.id}:${CONSUMER.secret}`)}`],
    ['the scheme alone', 'Bearer'],
    ['an empty token', 'Bearer  '],
    ['two tokens', `Bearer ${token} ${token}`],
    ['what is no token', 'Bearer abc'],
    ['a token without its signature', `Bearer ${head}.${claims}.`],
    ['a token with other claims', `Bearer ${head}.${claims?.slice(0, -4)}AAAA.${signature}`],
    ["another bridge's token", `Bearer ${stranger}`],
    ['the client secret', `Bearer ${CONSUMER.secret}`],
    ['a very long token', `Bearer ${'a'.repeat(20_000)}`],
  ])('%s', async (_, authorization) => {
    for (const path of ['/users', '/users/stu100001', '/nothing', '', `/users?access_token=${token}`]) {
      const answer = await request(bridge, `${BASE}${path}`, { headers: authorization ? { authorization } : {} })
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="[^"]+", error="invalid_token"/)
      await expectFailure(answer, 401, { imsx_codeMinor: 'unauthorized' })
    }
  })

  test('a token whose hour has passed, or whose consumer is gone', async () => {
    const own = await openSyncedBridge({ district: createSmallDistrict() })
    const { id, token: other } = await tokenOf(own, { scopes: ['roster.readonly'] })
    const ask = () => request(own, `${BASE}/users`, { headers: bearer(other) })
    expect((await ask()).status).toBe(200)
    own.clock.now += 3_599_999
    expect((await ask()).status).toBe(200)
    own.clock.now += 1
    await expectFailure(await ask(), 401, { imsx_description: expect.stringContaining('expired') })
    own.clock.now -= 3_600_000
    expect((await ask()).status).toBe(200)
    removeClient(id, { sql: own.sql })
    await expectFailure(await ask(), 401, { imsx_description: expect.stringContaining('no longer') })
  })

  test.each(['bearer', 'BEARER', 'Bearer '])('but the scheme may be written "%s"', async (scheme) => {
    const headers = { authorization: `${scheme} ${token}` }
    expect((await request(bridge, `${BASE}/users`, { headers })).status).toBe(200)
  })
})

describe('403 by scope', () => {
  test.each([
    ['roster-core.readonly', CORE, [...NESTED, ...DEMOGRAPHICS]],
    ['roster.readonly', [...CORE, ...NESTED], DEMOGRAPHICS],
    ['roster-demographics.readonly', DEMOGRAPHICS, [...CORE, ...NESTED]],
    ['gradebook.readonly', [], [...CORE, ...NESTED, ...DEMOGRAPHICS]],
    ['v1p2/roster.readonly', [], [...CORE, ...NESTED, ...DEMOGRAPHICS]],
  ])('%s opens %o and not %o', async (scope, open, shut) => {
    const headers = bearer((await tokenOf(bridge, { scopes: [scope] })).token)
    for (const path of open) expect((await request(bridge, `${BASE}${path}`, { headers })).status, path).toBe(200)
    for (const path of shut) {
      const answer = await request(bridge, `${BASE}${path}`, { headers })
      expect(answer.headers.get('www-authenticate')).toMatch(/error="insufficient_scope", scope="https:[^"]+"$/)
      await expectFailure(answer, 403, {
        imsx_codeMinor: 'forbidden',
        imsx_description: expect.stringContaining(SCOPE),
      })
    }
  })

  test('a token may be asked for with fewer scopes than its consumer holds', async () => {
    const narrow = await bridge.token(`${SCOPE}roster-core.readonly`)
    const answer = await request(bridge, `${BASE}/demographics`, { headers: bearer(narrow) })
    await expectFailure(answer, 403, { imsx_codeMinor: 'forbidden' })
  })

  test('is decided before the query is read and the record looked for', async () => {
    const headers = bearer(await bridge.token(`${SCOPE}roster-core.readonly`))
    for (const path of ['/demographics?limit=x', '/demographics/none', '/schools/none/students?filter=x']) {
      expect((await request(bridge, `${BASE}${path}`, { headers })).status).toBe(403)
    }
  })
})

test.each(['/users/none', '/users/%20', '/classes/stu100001', '/nothing', '/users/x/y', '/lineItems/x', '/'])(
  '404 at %s',
  async (path) => {
    await expectFailure(await bridge.get(path), 404, { imsx_codeMinor: 'unknown object' })
  },
)

describe('405 with Allow', () => {
  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s', async (method) => {
    for (const path of ['/users', '/users/stu100001', '/schools/sch3/students']) {
      const body = method === 'OPTIONS' || method === 'DELETE' ? null : '{"user":{}}'
      const answer = await request(bridge, `${BASE}${path}`, { method, headers: bearer(token), body })
      expect(answer.headers.get('allow')).toBe('GET, HEAD')
      await expectFailure(answer, 405, { imsx_codeMajor: 'unsupported', imsx_codeMinor: 'invalid data' })
    }
  })
})

describe('HEAD answers as GET would, without a body', () => {
  test.each([
    '/users?limit=2',
    '/users/stu100001',
    '/schools/sch3/students',
    '/users/none',
    '/nothing',
    '/users?limit=0',
    '/users?filter=x',
  ])('%s', async (path) => {
    const [head, get] = await Promise.all(
      ['HEAD', 'GET'].map((method) => request(bridge, `${BASE}${path}`, { method, headers: bearer(token) })),
    )
    expect([head?.status, [...(head?.headers ?? [])]]).toEqual([get?.status, [...(get?.headers ?? [])]])
    expect(await head?.text()).toBe('')
  })
})

describe('before the first snapshot', async () => {
  const waiting = await openSharedBridge({ district: createSmallDistrict() })

  test.each([...CORE, ...NESTED, ...DEMOGRAPHICS, '/nothing', '', '/users?limit=x'])('503 at %s', async (path) => {
    for (const headers of [{}, bearer(await waiting.token())]) {
      for (const method of ['GET', 'POST']) {
        const answer = await request(waiting, `${BASE}${path}`, { method, headers })
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
        await expectFailure(answer, 503, { imsx_codeMinor: 'server_busy' })
      }
    }
  })

  test('also after a sync that failed, until one succeeds', async () => {
    const own = await openTestBridge({ district: createSmallDistrict() })
    own.powerSchool.settings.v1Level = 'NONE'
    expect((await own.syncNow()).status).toBe('error')
    await expectFailure(await own.get('/users'), 503, { imsx_codeMinor: 'server_busy' })
    expect((await request(own, '/readyz')).status).toBe(503)
    own.powerSchool.settings.v1Level = 'READ'
    await own.syncNow()
    expect((await own.get('/users')).status).toBe(200)
    expect((await request(own, '/readyz')).status).toBe(200)
  })
})
