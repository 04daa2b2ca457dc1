// What an operator sets for a consumer, as its client meets it: switches, limits on its pace, expiry, a new secret.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { openSyncedBridge } from '../http/support.ts'
import { ADMIN_TOKEN } from '../support/known.ts'
import { addConsumer } from './consumers.ts'
import { LIBRARIES, signingClient } from './oauth1.ts'
import { type Entity, jsonOf, recordsOf, totalOf } from './read.ts'
import { basic, bearer, type Credentials, fetchToken, TOKEN_REQUESTS } from './tokens.ts'
import { serve } from './wire.ts'

const bridge = await openSyncedBridge({ district: createDistrict({ students: 150, seed: 39, today: '2026-11-18' }) })
const wire = await serve(bridge)
const now = () => bridge.clock.now
const ROOT = `${wire.publicUrl}/ims/oneroster/v1p1`

const admin = (path: string, method: string, body: object) =>
  wire.send(`${wire.publicUrl}/admin/consumers/${path}`, {
    method,
    headers: { ...bearer(ADMIN_TOKEN), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const readerOf = async (credentials?: Credentials, headers: Readonly<Record<string, string>> = {}) => {
  const token = await fetchToken(wire, credentials === undefined ? {} : { credentials })
  return (path: string, more: Readonly<Record<string, string>> = {}) =>
    wire.send(`${ROOT}${path}`, { headers: { ...bearer(token), ...headers, ...more } })
}
const tokenStatus = async (credentials: Credentials) =>
  (await wire.send(`${wire.publicUrl}/oauth/token`, TOKEN_REQUESTS.header(credentials))).status

describe('native booleans', () => {
  const asNative = (record: Entity) =>
    Object.fromEntries(
      Object.entries(record).map(([name, value]) => [
        name,
        value === 'true' ? true : value === 'false' ? false : value,
      ]),
    )

  test.each(['', 'gzip'])('replace the texts, and nothing else (%s)', async (encoding) => {
    const credentials = await addConsumer(wire, { name: 'native', switches: ['nativeBooleans'] })
    const usual = await readerOf()
    const native = await readerOf(credentials, { 'accept-encoding': encoding })
    for (const list of ['users', 'enrollments', 'demographics', 'orgs']) {
      for (const query of [
        '?limit=10000',
        '?limit=20&offset=15&sort=dateLastModified',
        "?filter=status='active'&limit=30",
      ]) {
        const texts = recordsOf(await usual(`/${list}${query}`), list)
        const booleans = recordsOf(await native(`/${list}${query}`), list)
        expect(booleans).toEqual(texts.map(asNative))
      }
    }
    const [user] = recordsOf(await native('/users?limit=1&fields=sourcedId,enabledUser'), 'users')
    expect(user?.enabledUser).toBe(true)
    expect(jsonOf(await native(`/users/${user?.sourcedId}`))).toMatchObject({ user: { enabledUser: true } })
    // They are found as before.
    expect(totalOf(await native("/users?filter=enabledUser='true'"))).toBe(
      totalOf(await usual("/users?filter=enabledUser='true'")),
    )
  })

  test('switched on later are seen by a client that asks with its old tag', async () => {
    const credentials = await addConsumer(wire, { name: 'later' })
    const get = await readerOf(credentials)
    const before = await get('/users?limit=5')
    const tag = String(before.headers.etag)
    expect((await get('/users?limit=5', { 'if-none-match': tag })).status).toBe(304)
    expect((await admin(credentials.id, 'PATCH', { switches: ['nativeBooleans'] })).status).toBe(200)
    const after = await get('/users?limit=5', { 'if-none-match': tag })
    expect([after.status, recordsOf(after, 'users')[0]?.enabledUser]).toEqual([200, true])
  })
})

test('an unknown parent is 404 to those who want it so', async () => {
  const usual = await readerOf()
  const strict = await readerOf(await addConsumer(wire, { name: 'strict', switches: ['unknownParents404'] }))
  for (const path of [
    '/schools/none/classes',
    '/classes/none/students',
    '/teachers/none/classes',
    '/terms/none/classes',
  ]) {
    expect([(await usual(path)).status, (await strict(path)).status]).toEqual([200, 404])
  }
  const [school] = recordsOf(await strict('/schools?limit=1'), 'orgs')
  expect((await strict(`/schools/${school?.sourcedId}/classes`)).status).toBe(200)
})

test('signatures can be refused, all of them or those with SHA-1', async () => {
  const statuses = async (switches: readonly string[]) => {
    const credentials = await addConsumer(wire, { name: `without ${switches}`, switches })
    const signers = [LIBRARIES.sds, LIBRARIES.python].map((library) =>
      signingClient(wire, library, { now, credentials }),
    )
    const [sha1, sha256] = await Promise.all(signers.map(async ({ get }) => (await get('/orgs')).status))
    return [sha1 === 200, sha256 === 200, await tokenStatus(credentials)]
  }
  expect(await statuses([])).toEqual([true, true, 200])
  expect(await statuses(['noHmacSha1'])).toEqual([false, true, 200])
  expect(await statuses(['noOAuth1'])).toEqual([false, false, 200])
})

test('a client that is too fast waits as long as it is told, and gets everything', async () => {
  const credentials = await addConsumer(wire, { name: 'slow', requestsPerMinute: 4 })
  const get = await readerOf(credentials)
  const found: Entity[] = []
  let waits = 0
  for (let total = 1; found.length < total; ) {
    const answer = await get(`/users?limit=10&offset=${found.length}`)
    if (answer.status === 429) {
      const seconds = Number(answer.headers['retry-after'])
      expect(Number.isInteger(seconds) && seconds > 0 && seconds <= 60).toBe(true)
      bridge.clock.now += seconds * 1000
      waits += 1
      expect(waits).toBeLessThan(100)
      continue
    }
    total = totalOf(answer)
    found.push(...recordsOf(answer, 'users'))
  }
  expect(waits).toBeGreaterThan(3)
  expect(new Set(found.map(({ sourcedId }) => sourcedId)).size).toBe(totalOf(await (await readerOf())('/users')))
})

test('a new secret and the old one are both good while they overlap, by token and by signature', async () => {
  const old = await addConsumer(wire, { name: 'rotated' })
  const earlier = await readerOf(old)
  const { secret } = jsonOf(await admin(`${old.id}/rotate`, 'POST', { overlapSeconds: 3600 }))
  const fresh = { id: old.id, secret: String(secret) }
  const both = async () =>
    Promise.all(
      [old, fresh].map(async (credentials) => {
        const signed = await signingClient(wire, LIBRARIES.php, { now, credentials }).get('/orgs')
        return [await tokenStatus(credentials), signed.status]
      }),
    )
  expect(await both()).toEqual([
    [200, 200],
    [200, 200],
  ])
  expect((await earlier('/orgs')).status).toBe(200)
  bridge.clock.now += 3_601_000
  expect(await both()).toEqual([
    [401, 401],
    [200, 200],
  ])
})

test('an expired consumer gets no token, and its token and signature open nothing', async () => {
  const expiresAt = new Date(now() + 600_000).toISOString()
  const credentials = await addConsumer(wire, { name: 'expiring', expiresAt })
  const get = await readerOf(credentials)
  expect((await get('/orgs')).status).toBe(200)
  bridge.clock.now += 601_000
  const signed = await signingClient(wire, LIBRARIES.php, { now, credentials }).get('/orgs')
  expect([await tokenStatus(credentials), (await get('/orgs')).status, signed.status]).toEqual([401, 401, 401])
})

test('credentials with colons and letters that forms encode work raw and encoded', async () => {
  const odd = { ...(await addConsumer(wire, { name: 'odd' })) }
  const raw = await wire.send(`${wire.publicUrl}/oauth/token`, {
    method: 'POST',
    headers: { authorization: basic(odd) },
    body: 'grant_type=client_credentials',
  })
  const encoded = await wire.send(`${wire.publicUrl}/oauth/token`, TOKEN_REQUESTS.encodedHeader(odd))
  expect([raw.status, encoded.status]).toEqual([200, 200])
})
