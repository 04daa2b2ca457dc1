// School Data Sync's older endpoints and what its engineers ask when they look into something.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createRandom } from '../../fixtures/powerschool/random.ts'
import { openSyncedBridge } from '../http/support.ts'
import { liveOn } from './district-life.ts'
import { linksAt, recordOf, recordsOf, totalOf } from './read.ts'
import { startSds } from './sds.ts'
import { type Get, idsOf, readPages, readSchool, readSchools } from './sds-old.ts'
import { serve } from './wire.ts'

const bridge = await openSyncedBridge({ district: createDistrict({ students: 250, seed: 32, today: '2026-11-18' }) })
const wire = await serve(bridge)
const BEGINNING = '2020-01-01T01:00:00.000Z'

/** As the requests of a run: with a token of its own, since the last one's has ended. */
const connect = async (): Promise<Get> => (await startSds(wire)).get

async function readDistrict(get: Get, since?: string) {
  const schools = await readSchools(get)
  return Promise.all(schools.map((school) => readSchool(get, school, since)))
}

describe('a run', () => {
  test('school by school holds what the whole collections hold', async () => {
    const get = await connect()
    const parts = await readDistrict(get)
    const whole = await (await startSds(wire)).fullPull()
    const all = (...members: readonly (keyof Omit<(typeof parts)[number], 'school'>)[]) => [
      ...new Set(parts.flatMap((part) => members.flatMap((member) => idsOf(part[member])))),
    ]
    expect(all('classes').sort()).toEqual([...whole.classes.keys()].sort())
    expect(all('students', 'teachers').sort()).toEqual([...whole.users.keys()].sort())
    expect(all('studentEnrollments', 'teacherEnrollments').sort()).toEqual([...whole.enrollments.keys()].sort())
    for (const { school, classes, studentEnrollments } of parts) {
      const own = new Set(idsOf(classes))
      expect(classes.map((record) => linksAt(record, 'school')[0]?.sourcedId)).toEqual(
        classes.map(() => school.sourcedId),
      )
      for (const record of studentEnrollments) expect(own.has(linksAt(record, 'class')[0]?.sourcedId ?? '')).toBe(true)
    }
  })

  test('since the beginning is the same, with what has left', async () => {
    const get = await connect()
    const parts = await readDistrict(get, BEGINNING)
    const whole = await readDistrict(get)
    for (const [place, part] of parts.entries()) {
      for (const member of ['classes', 'students', 'teachers', 'studentEnrollments', 'teacherEnrollments'] as const) {
        const active = part[member].filter(({ status }) => status === 'active')
        expect(idsOf(active)).toEqual(idsOf(whole[place]?.[member] ?? []))
      }
    }
  })

  test('since the last one holds what each school gained and lost', async () => {
    const before = await readDistrict(await connect())
    const since = new Date(bridge.clock.now).toISOString()
    bridge.clock.now += 12 * 3_600_000
    liveOn(bridge.district, createRandom(5))
    await bridge.syncNow()
    bridge.clock.now += 60_000
    const get = await connect()
    const deltas = await readDistrict(get, since)
    const after = await readDistrict(get)
    for (const [place, delta] of deltas.entries()) {
      for (const member of ['classes', 'studentEnrollments', 'teacherEnrollments'] as const) {
        const held = new Map(before[place]?.[member].map((record) => [record.sourcedId, record]))
        for (const record of delta[member]) {
          if (record.status === 'active') held.set(record.sourcedId, record)
          else held.delete(record.sourcedId)
        }
        expect(idsOf([...held.values()])).toEqual(idsOf(after[place]?.[member] ?? []))
      }
    }
    const gone = deltas
      .flatMap(({ studentEnrollments }) => studentEnrollments)
      .filter(({ status }) => status !== 'active')
    expect(gone.length).toBeGreaterThan(0)
    // Early versions had the status in front, and so saw no deletions.
    const early = await get(`/enrollments?filter=status='active' AND role='student' AND dateLastModified>'${since}'`)
    expect(recordsOf(early, 'enrollments').filter(({ status }) => status !== 'active')).toEqual([])
    const all = await get(`/enrollments?filter=role='student' AND dateLastModified>'${since}'&limit=10000`)
    expect(totalOf(early) + gone.length).toBe(totalOf(all))
  })

  test('reads the sessions of a year, and none of another', async () => {
    const get = await connect()
    const sessions = "/academicSessions?filter=schoolYear='2027' AND status='active'"
    expect((await readPages(get, sessions, { key: 'academicSessions', limit: 100 })).length).toBeGreaterThan(3)
    const none = await get("/academicSessions?filter=schoolYear='2019' AND status='active'")
    expect(recordsOf(none, 'academicSessions')).toEqual([])
  })
})

describe('odd but harmless requests', () => {
  test.each([
    '/schools/1000000/classes',
    '/schools/1000000/enrollments',
    "/schools/1000000/students?limit=100&filter=status='active'",
    "/classes?filter=title='norecords'",
    "/students?filter=username='norecords'",
    "/teachers?filter=username='norecords'",
    "/users?filter=status='norecords'",
  ])('%s is an empty list', async (path) => {
    const answer = await (await connect())(path)
    expect([recordsOf(answer, 'classes', 'enrollments', 'users'), totalOf(answer)]).toEqual([[], 0])
  })

  test.each([
    ['/teachers?limit =100&offset=0', '/teachers?limit=100&offset=0'],
    ['//students?limit=100', '/students?limit=100'],
    ['/schools/?limit=100', '/schools?limit=100'],
    ["/users?filter=status='active'&offset=0&limit=50", "/users?offset=0&limit=50&filter=status='active'"],
    ['/users?filter=status%3D%27active%27&limit=50', "/users?limit=50&filter=status='active'"],
    ['/users?filter=status=’active’&limit=50', "/users?limit=50&filter=status='active'"],
    [
      "/enrollments?filter=role='student'+AND+status='active'",
      "/enrollments?filter=role='student' AND status='active'",
    ],
    ['/Users?limit=50&unknown=1&$top=5&_=1700000000', '/users?limit=50'],
  ])('%s answers as %s', async (odd, usual) => {
    const get = await connect()
    expect((await get(odd)).text).toBe((await get(usual)).text)
  })

  test('lineItems and lineitems, categories and results are empty lists', async () => {
    const get = await connect()
    const [one] = recordsOf(await get('/classes?limit=1'), 'classes')
    const paths = ['/lineItems', '/lineitems', '/categories', '/results', `/classes/${one?.sourcedId}/lineitems`]
    for (const path of [...paths, `/classes/${one?.sourcedId}/lineItems/x1/results`]) {
      const answer = await get(path)
      expect([recordsOf(answer, 'lineItems', 'categories', 'results'), totalOf(answer)]).toEqual([[], 0])
    }
  })
})

describe('single records', () => {
  test.each([
    ['/schools', 'orgs', 'org'],
    ['/classes', 'classes', 'class'],
    ['/students', 'users', 'user'],
    ['/teachers', 'users', 'user'],
    ['/academicSessions', 'academicSessions', 'academicSession'],
    ['/terms', 'academicSessions', 'academicSession'],
  ])('%s/{id} is the record of the list, with X-Total-Count 1', async (path, plural, singular) => {
    const get = await connect()
    for (const record of recordsOf(await get(`${path}?limit=5`), plural)) {
      const answer = await get(`${path}/${record.sourcedId}`)
      expect([recordOf(answer, singular), totalOf(answer)]).toEqual([record, 1])
    }
  })

  test('the term that a class names first is read back through /terms', async () => {
    const get = await connect()
    for (const record of recordsOf(await get('/classes?limit=100'), 'classes')) {
      const [term] = linksAt(record, 'terms')
      expect(recordOf(await get(`/terms/${term?.sourcedId}`), 'academicSession')).toMatchObject({ status: 'active' })
    }
  })

  test("a student's username takes a domain, so none has an @", async () => {
    const students = await readPages(await connect(), "/students?filter=status='active'", { key: 'users', limit: 5000 })
    expect(students.filter(({ username }) => String(username).includes('@'))).toEqual([])
  })
})

describe("an engineer's look-ups", () => {
  test('go from a class to its people and back, and to the person by name, username and address', async () => {
    const get = await connect()
    const [taught] = recordsOf(await get("/enrollments?filter=role='teacher'&limit=1"), 'enrollments')
    const classId = taught && linksAt(taught, 'class')[0]?.sourcedId
    for (const role of ['students', 'teachers']) {
      const people = recordsOf(await get(`/classes/${classId}/${role}?limit=5000`), 'users')
      expect(people.length).toBeGreaterThan(0)
      for (const { sourcedId, givenName, familyName, username } of people) {
        const theirs = recordsOf(await get(`/${role}/${sourcedId}/classes?limit=5000`), 'classes')
        expect(idsOf(theirs)).toContain(classId)
        for (const filter of [
          `givenName='${givenName}' AND familyName='${familyName}'`,
          `username='${username}' OR email~'${username}'`,
        ]) {
          expect(idsOf(recordsOf(await get(`/users?limit=100&filter=${filter}`), 'users'))).toContain(sourcedId)
        }
      }
    }
  })
})
