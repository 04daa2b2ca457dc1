// Google Classroom's roster reads, over the three services of OneRoster 1.2 and over a 1.1 base.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { openSyncedBridge } from '../http/support.ts'
import { GENERATIONS, startClassroom } from './google-classroom.ts'
import { type Entity, type Json, jsonOf, linksAt, linksIn, recordsOf, totalOf } from './read.ts'
import { startSds } from './sds.ts'
import { bearer, fetchToken } from './tokens.ts'
import { serve } from './wire.ts'

const bridge = await openSyncedBridge({ district: createDistrict({ students: 160, seed: 35, today: '2026-11-18' }) })
const wire = await serve(bridge)
const ids = (records: Iterable<Entity>) => [...records].map(({ sourcedId }) => sourcedId).sort()
const expected = await (await startSds(wire)).fullPull()

const teaching = [...expected.enrollments.values()].filter(({ role }) => role === 'teacher')
const emails = [...expected.users.values()]
  .filter((user) => teaching.some((one) => linksAt(one, 'user')[0]?.sourcedId === user.sourcedId))
  .flatMap(({ email }) => (typeof email === 'string' ? [email] : []))

describe.each(Object.keys(GENERATIONS) as (keyof typeof GENERATIONS)[])('over %s', (version) => {
  test('a teacher is found by the address, with classes, people, and a gradebook that is still empty', async () => {
    const classroom = await startClassroom(wire, version)
    expect(emails.length).toBeGreaterThan(5)
    for (const email of emails.slice(0, 4)) {
      const { teacher, classes } = await classroom.connectTeacher(email)
      expect(teacher).toMatchObject({ email, status: 'active' })
      const own = teaching.filter((one) => linksAt(one, 'user')[0]?.sourcedId === teacher.sourcedId)
      expect(ids(classes.map(({ taught }) => taught))).toEqual(
        own.map((one) => linksAt(one, 'class')[0]?.sourcedId).sort(),
      )
      for (const { taught, students, teachers, categories, lineItems, gradingPeriods } of classes) {
        const members = [...expected.enrollments.values()].filter(
          (one) => linksAt(one, 'class')[0]?.sourcedId === taught.sourcedId,
        )
        const withRole = (role: string) =>
          members
            .filter((one) => one.role === role)
            .map((one) => linksAt(one, 'user')[0]?.sourcedId)
            .sort()
        expect([ids(students), ids(teachers)]).toEqual([withRole('student'), withRole('teacher')])
        expect([categories, lineItems]).toEqual([[], []])
        for (const period of gradingPeriods) expect(period.type).toBe('gradingPeriod')
      }
    }
  })

  test('the whole roster is the same district', async () => {
    const classroom = await startClassroom(wire, version)
    for (const list of ['orgs', 'academicSessions', 'courses', 'classes', 'users', 'enrollments'] as const) {
      expect(ids(await classroom.importAll(list))).toEqual(ids(expected[list].values()))
    }
    const people = [
      ...(await classroom.importAll('students', 'users')),
      ...(await classroom.importAll('teachers', 'users')),
    ]
    expect(ids(people)).toEqual(ids(expected.users.values()))
    const schools = await classroom.importAll('schools', 'orgs')
    expect(schools.map(({ type }) => type)).toEqual(schools.map(() => 'school'))
  })

  test('a class is found by its id, and an address that nobody has finds nobody', async () => {
    const classroom = await startClassroom(wire, version)
    const [id = ''] = ids(expected.classes.values())
    const found = await classroom.roster(`/classes?filter=sourcedId='${id}'&limit=10000`)
    expect([ids(recordsOf(found, 'classes')), totalOf(found)]).toEqual([[id], 1])
    const nobody = await classroom.roster("/teachers?filter=email='nobody@example.org'&limit=10000")
    expect([recordsOf(nobody, 'users'), totalOf(nobody)]).toEqual([[], 0])
  })

  test('every link leads back into the same generation and answers', async () => {
    const classroom = await startClassroom(wire, version)
    const { base, roster } = GENERATIONS[version]
    const root = `${wire.publicUrl}${base}${roster}/`
    for (const list of ['orgs', 'academicSessions', 'courses', 'classes', 'users', 'enrollments'] as const) {
      const answer = await classroom.roster(`/${list}?limit=10000`)
      const links = linksIn(recordsOf(answer, list))
      expect(links.filter(({ href }) => !href.startsWith(root))).toEqual([])
      for (const { href, sourcedId } of links.slice(0, 8)) {
        const [record] = Object.values(jsonOf(await classroom.roster(`/${href.slice(root.length)}`)))
        expect(record).toMatchObject({ sourcedId })
      }
    }
  })

  test('demographics stay closed to a token without their scope', async () => {
    const classroom = await startClassroom(wire, version)
    expect((await classroom.roster('/demographics?limit=1')).status).toBe(403)
  })

  test('writing is not possible yet, and says so', async () => {
    const classroom = await startClassroom(wire, version)
    const [id = ''] = ids(expected.classes.values())
    expect((await classroom.gradebook('/lineItems/none')).status).toBe(404)
    expect(recordsOf(await classroom.gradebook(`/classes/${id}/results?limit=10000`), 'results')).toEqual([])
  })
})

describe('over 1.2 alone', () => {
  test('a person has roles, each with one org, and one primary for each org', async () => {
    const classroom = await startClassroom(wire, '1.2')
    for (const user of await classroom.importAll('users')) {
      const { sourcedId, role, orgs, roles } = user
      expect([role, orgs]).toEqual([undefined, undefined])
      const list = roles as readonly (Json & { readonly org: Entity })[]
      expect(list.length, sourcedId).toBeGreaterThan(0)
      const places = [...new Set(list.map(({ org }) => org.sourcedId))]
      const primaries = list.filter(({ roleType }) => roleType === 'primary').map(({ org }) => org.sourcedId)
      expect(primaries.sort(), sourcedId).toEqual(places.sort())
      const held = expected.users.get(sourcedId)
      expect(places).toEqual(
        linksAt(held ?? {}, 'orgs')
          .map((org) => org.sourcedId)
          .sort(),
      )
    }
  })

  test('a token for 1.1 does not open 1.2, nor the other way round', async () => {
    const old = await startClassroom(wire, '1.1')
    const current = await startClassroom(wire, '1.2')
    expect([(await old.roster('/orgs')).status, (await current.roster('/orgs')).status]).toEqual([200, 200])
    for (const [version, path] of [
      ['1.1', '/ims/oneroster/rostering/v1p2/orgs'],
      ['1.2', '/ims/oneroster/v1p1/orgs'],
    ] as const) {
      const token = await fetchToken(wire, { scope: GENERATIONS[version].scopes.join(' ') })
      const answer = await wire.send(`${wire.publicUrl}${path}`, { headers: bearer(token) })
      expect(answer.status).toBe(403)
    }
  })
})
