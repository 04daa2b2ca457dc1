// Consumers that are narrowed to schools: whatever they ask, they read their schools, and deltas tell what came and went.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { createRandom } from '../../fixtures/powerschool/random.ts'
import { openSyncedBridge } from '../http/support.ts'
import { addConsumer, visibleIds } from './consumers.ts'
import { liveOn } from './district-life.ts'
import { LIBRARIES, signingClient } from './oauth1.ts'
import { type Entity, jsonOf, linksAt, linksIn, recordsOf, totalOf } from './read.ts'
import { applyDelta, inOrder, type SdsData, startSds } from './sds.ts'
import { SDS_RESOURCES } from './sds-contract.ts'
import { bearer, type Credentials, fetchToken } from './tokens.ts'
import { serve } from './wire.ts'

const bridge = await openSyncedBridge({ district: createDistrict({ students: 240, seed: 37, today: '2026-11-18' }) })
const wire = await serve(bridge)
const schools = [...(await (await startSds(wire)).fullPull()).orgs.values()].filter(({ type }) => type === 'school')
const [first, second, third] = schools.map(({ sourcedId }) => sourcedId)
const numberOf = new Map(schools.map(({ sourcedId, identifier }) => [sourcedId, String(identifier)]))

const one = await addConsumer(wire, { name: 'one school', schools: [first ?? ''] })
const two = await addConsumer(wire, {
  name: 'two schools',
  schools: [second, third].map((id) => numberOf.get(id ?? '') ?? ''),
})
const CONSUMERS: readonly (readonly [string, Credentials, ReadonlySet<string>])[] = [
  ['one school by its id', one, new Set([first ?? ''])],
  ['two schools by their numbers', two, new Set([second ?? '', third ?? ''])],
]
await sync()

async function sync(): Promise<void> {
  bridge.clock.now += 3_600_000
  const { status } = await bridge.syncNow()
  if (status !== 'success') throw new Error(`the sync ended as ${status}`)
  bridge.clock.now += 3_600_000
}

const pull = async (credentials?: Credentials) =>
  (await startSds(wire, credentials === undefined ? {} : { credentials })).fullPull()
const reader = async (credentials: Credentials, base = '/ims/oneroster/v1p1') => {
  const token = await fetchToken(wire, { credentials })
  return (path: string) => wire.send(`${wire.publicUrl}${base}${path}`, { headers: bearer(token) })
}
const idsOf = (data: SdsData) =>
  Object.fromEntries(SDS_RESOURCES.map((resource) => [resource, [...data[resource].keys()].sort()]))

/** The lists of each collection's kind, and the collection that they show. */
const LISTS = [
  ...SDS_RESOURCES.map((resource) => [resource, resource] as const),
  ['schools', 'orgs'],
  ['students', 'users'],
  ['teachers', 'users'],
  ['terms', 'academicSessions'],
  ['gradingPeriods', 'academicSessions'],
] as const

const NESTED = [
  ...['classes', 'students', 'teachers', 'enrollments', 'courses', 'terms'].map(
    (list) => ['orgs', 'schools', list] as const,
  ),
  ['academicSessions', 'terms', 'classes'],
  ['academicSessions', 'terms', 'gradingPeriods'],
  ['courses', 'courses', 'classes'],
  ['users', 'students', 'classes'],
  ['users', 'teachers', 'classes'],
  ['users', 'users', 'classes'],
  ['classes', 'classes', 'students'],
  ['classes', 'classes', 'teachers'],
] as const

const listOf = (text: string): readonly Entity[] => (Object.values(JSON.parse(text))[0] ?? []) as readonly Entity[]

describe.each(CONSUMERS)('a consumer of %s', (_, credentials, own) => {
  test('reads what belongs to them, all of it and nothing else', async () => {
    const expected = visibleIds(await pull(), own)
    const seen = await pull(credentials)
    expect(idsOf(seen)).toEqual(
      Object.fromEntries(SDS_RESOURCES.map((resource) => [resource, [...expected[resource]].sort()])),
    )
    expect(seen.users.size).toBeLessThan((await pull()).users.size)
  })

  test('finds behind every link a record that it may read', async () => {
    const seen = await pull(credentials)
    const get = await reader(credentials)
    const collections = {
      org: 'orgs',
      user: 'users',
      class: 'classes',
      course: 'courses',
      academicSession: 'academicSessions',
    }
    for (const resource of SDS_RESOURCES) {
      for (const record of seen[resource].values()) {
        for (const { sourcedId, type } of linksIn(record)) {
          const led = seen[collections[type as keyof typeof collections] as keyof SdsData]
          expect(led.has(sourcedId), `${resource}/${record.sourcedId} → ${type}/${sourcedId}`).toBe(true)
        }
      }
      const [any] = seen[resource].values()
      expect((await get(`/${resource}/${any?.sourcedId}`)).status).toBe(200)
    }
  })

  test('finds nothing of the others by their ids, nor counts them', async () => {
    const seen = await pull(credentials)
    const whole = await pull()
    const get = await reader(credentials)
    const random = createRandom(4)
    for (const resource of SDS_RESOURCES) {
      const others = [...whole[resource].keys()].filter((id) => !seen[resource].has(id))
      for (let tries = 0; tries < 5 && others.length > 0; tries += 1) {
        const id = random.pick(others)
        expect((await get(`/${resource}/${id}`)).status).toBe(404)
        const found = await get(`/${resource}?filter=sourcedId='${id}'`)
        expect([recordsOf(found, resource), totalOf(found)]).toEqual([[], 0])
      }
    }
  })

  test('stays inside through every nested path, in both versions', async () => {
    const seen = await pull(credentials)
    const whole = await pull()
    const random = createRandom(6)
    for (const base of ['/ims/oneroster/v1p1', '/ims/oneroster/rostering/v1p2']) {
      const get = await reader(credentials, base)
      for (const [parents, path, list] of NESTED) {
        const ids = [...whole[parents].keys()]
        for (let tries = 0; tries < 6; tries += 1) {
          const id = random.pick(ids)
          const answer = await get(`/${path}/${id}/${list}?limit=10000`)
          expect(answer.status, `/${path}/${id}/${list}`).toBe(200)
          const records = listOf(answer.text)
          if (!seen[parents].has(id)) expect(records, `/${path}/${id}/${list}`).toEqual([])
          expect([records.length, strangers(seen, answer.text)]).toEqual([totalOf(answer), []])
        }
      }
    }
  })

  test('stays inside whatever the filter, the sort and the version', async () => {
    const seen = await pull(credentials)
    for (const base of ['/ims/oneroster/v1p1', '/ims/oneroster/rostering/v1p2']) {
      const get = await reader(credentials, base)
      for (const [list] of LISTS) {
        for (const query of [
          '',
          "?filter=status='active' OR sourcedId!='x'",
          "?filter=sourcedId='x' OR status='active' OR status='tobedeleted'",
          "?filter=dateLastModified>'2020-01-01'&limit=10000",
          '?sort=dateLastModified&orderBy=desc&limit=10000',
          '?limit=1&offset=3',
          '?fields=sourcedId&limit=10000',
        ]) {
          const answer = await get(`/${list}${query}`)
          expect(answer.status, `/${list}${query}`).toBe(200)
          expect(strangers(seen, answer.text), `/${list}${query}`).toEqual([])
        }
      }
    }
  })

  test('learns nothing by filters over links that lead out', async () => {
    const seen = await pull(credentials)
    const whole = await pull()
    const random = createRandom(9)
    const strange = (resource: keyof SdsData) =>
      random.pick([...whole[resource].keys()].filter((id) => !seen[resource].has(id)))
    const v1p1 = await reader(credentials)
    const v1p2 = await reader(credentials, '/ims/oneroster/rostering/v1p2')
    const cases = [
      [v1p1, 'users', 'orgs.sourcedId', strange('orgs')],
      [v1p2, 'users', 'roles.org.sourcedId', strange('orgs')],
      [v1p2, 'users', 'primaryOrg.sourcedId', strange('orgs')],
      [v1p1, 'orgs', 'children.sourcedId', strange('orgs')],
      [v1p1, 'classes', 'school.sourcedId', strange('orgs')],
      [v1p1, 'academicSessions', 'children.sourcedId', strange('academicSessions')],
      [v1p1, 'academicSessions', 'parent.sourcedId', strange('academicSessions')],
      [v1p2, 'enrollments', 'user.sourcedId', strange('users')],
      [v1p1, 'enrollments', 'class.sourcedId', strange('classes')],
    ] as const
    for (const [get, list, field, id] of cases) {
      const found = await get(`/${list}?filter=${field}='${id}' OR dateLastModified>'2020-01-01' AND ${field}='${id}'`)
      expect([field, found.status, totalOf(found)]).toEqual([field, 200, 0])
      const others = await get(`/${list}?filter=${field}!='${id}' AND status='active'`)
      expect([field, totalOf(others)]).toEqual([field, seen[list].size])
    }
  })

  test('has totals and pages that are its own', async () => {
    const seen = await pull(credentials)
    const get = await reader(credentials)
    for (const resource of SDS_RESOURCES) {
      const { size } = seen[resource]
      const page = await get(`/${resource}?limit=7&offset=${Math.max(0, size - 7)}`)
      expect([recordsOf(page, resource).length, totalOf(page)]).toEqual([Math.min(7, size), size])
      expect(String(page.headers.link)).not.toContain('rel="next"')
    }
  })

  test('reads the same by OAuth 1.0a', async () => {
    const client = signingClient(wire, LIBRARIES.python, { now: () => bridge.clock.now, credentials })
    const answer = await client.get('/users', { limit: '10000', offset: '0' })
    const byId = Object.fromEntries((await pull(credentials)).users)
    expect(Object.fromEntries(recordsOf(answer, 'users').map((user) => [user.sourcedId, user]))).toEqual(byId)
  })
})

/** Records of an answer that were never in the consumer's pull nor can be tombstones of it, and links that lead out. */
function strangers(seen: SdsData, text: string): string[] {
  const known = new Set(SDS_RESOURCES.flatMap((resource) => [...seen[resource].keys()]))
  return listOf(text)
    .filter(({ status }) => status !== 'tobedeleted')
    .flatMap((record) => [record.sourcedId, ...linksIn(record).map(({ sourcedId }) => sourcedId)])
    .filter((id) => !known.has(id))
}

// Behind the others, because from here on records leave a view and stay there as tombstones.
describe.each(CONSUMERS)('over several syncs a consumer of %s', (_, credentials, own) => {
  test('follows its schools by deltas alone', async () => {
    let held = await pull(credentials)
    const random = createRandom(11)
    for (let run = 0; run < 4; run += 1) {
      const since = new Date(bridge.clock.now).toISOString()
      liveOn(bridge.district, random)
      await sync()
      const sds = await startSds(wire, { credentials })
      const delta = await sds.deltaPull(since, run % 2 === 0 ? 'total' : 'link')
      held = applyDelta(held, delta)
      expect(inOrder(held)).toEqual(inOrder(await sds.fullPull()))
      const expected = visibleIds(await pull(), own)
      expect(idsOf(held).users).toEqual([...expected.users].sort())
      expect(idsOf(held).enrollments).toEqual([...expected.enrollments].sort())
    }
  })
})

test('a student who moves is gone from the one school and new in the other', async () => {
  // A guest at another school belongs there already.
  const ownOnly = [...(await pull()).users.values()].find(
    (user) => user.role === 'student' && linksAt(user, 'orgs').every(({ sourcedId }) => sourcedId === first),
  )
  const id = ownOnly?.sourcedId ?? ''
  const since = new Date(bridge.clock.now).toISOString()
  transferStudent(bridge.district, Number(id.slice(3)), Number(numberOf.get(second ?? '')))
  await sync()
  const gone = await (await startSds(wire, { credentials: one })).deltaPull(since, 'total')
  const come = await (await startSds(wire, { credentials: two })).deltaPull(since, 'total')
  expect(gone.users).toContainEqual(expect.objectContaining({ sourcedId: id, status: 'tobedeleted' }))
  expect(come.users).toContainEqual(expect.objectContaining({ sourcedId: id, status: 'active' }))
  expect(linksAt(come.users.find(({ sourcedId }) => sourcedId === id) ?? {}, 'orgs')).toMatchObject([
    { sourcedId: second },
  ])
  expect(gone.enrollments.filter((record) => linksAt(record, 'user')[0]?.sourcedId === id)).toEqual(
    gone.enrollments
      .filter((record) => linksAt(record, 'user')[0]?.sourcedId === id)
      .map((record) => expect.objectContaining({ sourcedId: record.sourcedId, status: 'tobedeleted' })),
  )
  // To the whole district the student was never gone.
  const whole = await (await startSds(wire)).deltaPull(since, 'total')
  expect(whole.users).toContainEqual(expect.objectContaining({ sourcedId: id, status: 'active' }))
  const get = await reader(one)
  expect(jsonOf(await get(`/users/${id}`))).toMatchObject({ user: { status: 'tobedeleted' } })
  // An enrollment that the school kept of the student leads nowhere outside either.
  expect(recordsOf(await get(`/enrollments?filter=user.sourcedId='${id}'`), 'enrollments')).toEqual([])
})

test('a consumer without demographics reads none, and the rest as before', async () => {
  const credentials = await addConsumer(wire, { name: 'no demographics', withheld: ['demographics'] })
  const get = await reader(credentials)
  const answer = await get('/demographics?limit=10')
  expect([403, 404]).toContain(answer.status)
  expect(totalOf(await get('/users'))).toBe((await pull()).users.size)
})
