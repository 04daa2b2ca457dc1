// Bulk readers of other vendors, each by its own loop: whatever the loop, they must end, and with the same district.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createRandom } from '../../fixtures/powerschool/random.ts'
import { openSyncedBridge } from '../http/support.ts'
import { BASE } from '../support/known.ts'
import { CLASSLINK_ENDPOINTS, pullByCount, pullExactly } from './classlink.ts'
import { runPipeline } from './data-factory.ts'
import { liveOn } from './district-life.ts'
import { type Reader, synchronise } from './moodle.ts'
import { LIBRARIES, signingClient } from './oauth1.ts'
import { type Entity, linksAt, recordsOf, totalOf } from './read.ts'
import { startSds } from './sds.ts'
import { readByLinks } from './strict-reader.ts'
import { startTci } from './tci.ts'
import { bearer, fetchToken, TOKEN_REQUESTS } from './tokens.ts'
import { serve } from './wire.ts'

const bridge = await openSyncedBridge({ district: createDistrict({ students: 180, seed: 34, today: '2026-11-18' }) })
const wire = await serve(bridge)
// Tombstones must not disturb any loop.
bridge.clock.now += 60_000
liveOn(bridge.district, createRandom(3))
await bridge.syncNow()
const now = () => bridge.clock.now
const expected = await (await startSds(wire)).fullPull()

const byId = (records: readonly Entity[]) =>
  Object.fromEntries(records.map((record) => [record.sourcedId, record] as const))
const whole = (collection: string) => byId([...(expected[collection as keyof typeof expected] ?? new Map()).values()])

describe('a loop until exactly X-Total-Count records', () => {
  test.each([10_000, 50, 1])('ends, with pages of %i', async (pageSize) => {
    for (const library of [LIBRARIES.ruby, LIBRARIES.node]) {
      const client = signingClient(wire, library, { now })
      for (const endpoint of pageSize === 1 ? ['orgs', 'courses'] : CLASSLINK_ENDPOINTS) {
        const data = await pullExactly(client, endpoint, pageSize)
        expect([data.length, byId(data)]).toEqual([Object.keys(whole(endpoint)).length, whole(endpoint)])
      }
    }
  })

  test('adds up by X-Count too', async () => {
    const client = signingClient(wire, LIBRARIES.python, { now })
    for (const endpoint of CLASSLINK_ENDPOINTS) {
      expect(await pullByCount(client, endpoint, 37)).toBe(Object.keys(whole(endpoint)).length)
    }
  })
})

describe("Microsoft's pipeline", () => {
  test.each([100, 5000])('copies every list at once, by %i', async (limit) => {
    const copied = await runPipeline(wire, CLASSLINK_ENDPOINTS, limit)
    for (const endpoint of CLASSLINK_ENDPOINTS) expect(byId(copied[endpoint] ?? [])).toEqual(whole(endpoint))
  })
})

describe('a reader that asks until a page is empty', () => {
  test.each([5000, 25])('with an empty token request, by %i', async (pageLimit) => {
    const tci = await startTci(wire, { pageLimit })
    for (const endpoint of CLASSLINK_ENDPOINTS) expect(byId(await tci.all(endpoint))).toEqual(whole(endpoint))
    const people = [...(await tci.all('students', 'users')), ...(await tci.all('teachers', 'users'))]
    expect(byId(people)).toEqual(whole('users'))
    expect((await tci.classrooms()).length).toBe(expected.classes.size)
    const enrollments = await tci.enrollments()
    expect(Object.keys(enrollments).sort()).toEqual(['student', 'teacher'])
  })

  test('proves itself by one teacher when it signs', async () => {
    const answer = await signingClient(wire, LIBRARIES.faraday, { now }).get('/teachers', { limit: '1' })
    expect(recordsOf(answer, 'users')).toHaveLength(1)
  })
})

describe('a reader that stops at a short page', () => {
  const readers: readonly [string, () => Promise<Reader>][] = [
    ['OAuth 1.0a', async () => signingClient(wire, LIBRARIES.moodle, { now })],
    [
      'OAuth 2',
      async () => {
        const scopes = ['roster-core.readonly', 'roster.readonly'].map(
          (name) => `https://purl.imsglobal.org/spec/or/v1p1/scope/${name}`,
        )
        const token = await fetchToken(wire, { form: 'encodedHeader', scope: scopes.join(' ') })
        return {
          get: (path, query = {}) => {
            const written = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
            return wire.send(`${wire.publicUrl}${BASE}${path}?${written.join('&')}`, { headers: bearer(token) })
          },
        }
      },
    ],
  ]

  test.each(readers)('synchronises its schools by %s, all and since a day', async (_, open) => {
    const reader = await open()
    const schools = recordsOf(await reader.get('/schools', {}), 'orgs').map(({ sourcedId }) => sourcedId)
    const chosen = schools.slice(0, 2)
    const { users, schools: read } = await synchronise(reader, chosen)
    const names = users.map(({ familyName, sourcedId }) => [familyName, sourcedId])
    const isOfChosen = (record: Entity, field: string) =>
      linksAt(record, field).some(({ sourcedId }) => chosen.includes(sourcedId))
    expect(byId(users)).toEqual(byId([...expected.users.values()].filter((user) => isOfChosen(user, 'orgs'))))
    expect(names).toEqual(
      [...names].sort(([a = '', x = ''], [b = '', y = '']) => (`${a}\0${x}` < `${b}\0${y}` ? -1 : 1)),
    )
    const enrollments = [...expected.enrollments.values()].filter((record) => isOfChosen(record, 'school'))
    expect(byId(read.flatMap((part) => part.enrollments))).toEqual(byId(enrollments))
    for (const { classes, terms } of read) {
      expect(classes.length).toBeGreaterThan(0)
      const own = new Set(terms.map(({ sourcedId }) => sourcedId))
      expect(
        classes.flatMap((taught) => linksAt(taught, 'terms')).filter(({ sourcedId }) => !own.has(sourcedId)),
      ).toEqual([])
    }

    const since = await synchronise(reader, chosen, '2020-01-01')
    expect(byId(since.users.filter(({ status }) => status === 'active'))).toEqual(byId(users))
    const later = await synchronise(reader, chosen, '2030-01-01')
    expect([later.users, later.schools.flatMap(({ classes }) => classes)]).toEqual([[], []])
  })
})

describe('a strict reader that follows Link', () => {
  const root = `${wire.publicUrl}${BASE}`

  test.each([
    ...CLASSLINK_ENDPOINTS.map((endpoint) => `${endpoint}?limit=45`),
    ...CLASSLINK_ENDPOINTS.map((endpoint) => `${endpoint}?limit=10000&filter=dateLastModified>='2020-01-01'`),
    "users?limit=20&filter=role='student' OR role='teacher'&sort=familyName&orderBy=desc",
    'users?limit=33&filter=familyName>\'A, "B" <c>\'',
    'enrollments?limit=50&offset=7',
  ])('reads %s', async (path) => {
    const token = await fetchToken(wire)
    const items = await readByLinks(wire, { token, root, path }).catch((error: Error) => error.message)
    const first = await wire.send(`${root}/${path}`, { headers: bearer(token) })
    const offset = Number(/offset=(\d+)/.exec(path)?.[1] ?? 0)
    if (offset === 0) expect(items).toHaveLength(totalOf(first))
    else expect(items).toMatch(`ends after ${totalOf(first) - offset} of ${totalOf(first)}`)
  })
})

describe('tokens', () => {
  test.each(Object.keys(TOKEN_REQUESTS) as (keyof typeof TOKEN_REQUESTS)[])(
    'asked for as %s open the roster',
    async (form) => {
      for (const path of ['/oauth/token', '/token', '/oauth2/token']) {
        const token = await fetchToken(wire, { form, path })
        const answer = await wire.send(`${wire.publicUrl}${BASE}/orgs`, { headers: bearer(token) })
        expect(answer.status).toBe(200)
      }
    },
  )

  test('of several threads are all good', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => fetchToken(wire)))
    for (const token of tokens) {
      expect((await wire.send(`${wire.publicUrl}${BASE}/users?limit=1`, { headers: bearer(token) })).status).toBe(200)
    }
  })
})
