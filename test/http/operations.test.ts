// The 41 operations on a whole district: each list against what the drained collections say it must hold.
import { describe, expect, test } from 'vitest'
import type { Entity } from '../../fixtures/expected.ts'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { BASE } from '../support/known.ts'
import { drain } from '../support/roster.ts'
import { bearer, openSyncedBridge, readList, request, statusOf, textAt, textsAt } from './support.ts'

const district = createDistrict({ students: 120, seed: 11, today: '2026-11-18' })
const bridge = await openSyncedBridge({ district, mapping: withGradingPeriods() })
const roster = await drain(bridge)
const token = await bridge.token()

const recordsOf = (collection: string): readonly Entity[] => [...(roster[collection]?.values() ?? [])]
const sessions = recordsOf('academicSessions')
const orgs = recordsOf('orgs')
const courses = recordsOf('courses')
const classes = recordsOf('classes')
const users = recordsOf('users')
const enrollments = recordsOf('enrollments')
const demographics = recordsOf('demographics')

const has = (field: string, value: string) => (record: Entity) => textsAt(record, field).includes(value)
const usedTerms = new Set(classes.flatMap((one) => textsAt(one, 'terms')))
const schools = orgs.filter(has('type', 'school'))
const students = users.filter(has('role', 'student'))
const teachers = users.filter(has('role', 'teacher'))
const gradingPeriods = sessions.filter(has('type', 'gradingPeriod'))
const terms = sessions.filter(
  (one) => ['term', 'semester'].includes(textAt(one, 'type') ?? '') || usedTerms.has(one.sourcedId),
)

interface TopLevel {
  readonly path: string
  readonly key: string
  readonly singular: string
  readonly records: readonly Entity[]
  /** The collection of which the path shows a part; left out where it shows the whole. */
  readonly of?: readonly Entity[]
}

const TOP: readonly TopLevel[] = [
  { path: 'academicSessions', key: 'academicSessions', singular: 'academicSession', records: sessions },
  { path: 'terms', key: 'academicSessions', singular: 'academicSession', records: terms, of: sessions },
  {
    path: 'gradingPeriods',
    key: 'academicSessions',
    singular: 'academicSession',
    records: gradingPeriods,
    of: sessions,
  },
  { path: 'orgs', key: 'orgs', singular: 'org', records: orgs },
  { path: 'schools', key: 'orgs', singular: 'org', records: schools, of: orgs },
  { path: 'courses', key: 'courses', singular: 'course', records: courses },
  { path: 'classes', key: 'classes', singular: 'class', records: classes },
  { path: 'users', key: 'users', singular: 'user', records: users },
  { path: 'students', key: 'users', singular: 'user', records: students, of: users },
  { path: 'teachers', key: 'users', singular: 'user', records: teachers, of: users },
  { path: 'enrollments', key: 'enrollments', singular: 'enrollment', records: enrollments },
  { path: 'demographics', key: 'demographics', singular: 'demographics', records: demographics },
]

const idsOf = (records: readonly Entity[]) => records.map(({ sourcedId }) => sourcedId).sort()
const NOBODY = 'none'
const enrolled = (role: string, classId: string) =>
  new Set(
    enrollments
      .filter(has('class', classId))
      .filter(has('role', role))
      .map((one) => textAt(one, 'user')),
  )
const classesOf = (userId: string, role?: string) => {
  const found = enrollments.filter(has('user', userId)).filter((one) => role === undefined || has('role', role)(one))
  const ids = new Set(found.map((one) => textAt(one, 'class')))
  return classes.filter(({ sourcedId }) => ids.has(sourcedId))
}
const people = (role: string) => (classId: string) => {
  const ids = enrolled(role, classId)
  return users.filter(({ sourcedId }) => ids.has(sourcedId))
}
/** PowerSchool's own word for whose term it is; OneRoster's sessions do not tell. */
const schoolOfTerm = new Map(
  district.db
    .prepare('select t.dcid, s.dcid as school from terms t join schools s on s.school_number = t.schoolid')
    .all()
    .map((row) => [`trm${row.dcid}`, `sch${row.school}`]),
)

/** Path with `*` for the parent, key, the parents to ask for, and what each must hold. */
const BELOW: readonly (readonly [string, string, readonly Entity[], (id: string) => Entity[]])[] = [
  [
    'schools/*/courses',
    'courses',
    orgs,
    (id) =>
      courses.filter((one) => classes.some((other) => has('school', id)(other) && has('course', one.sourcedId)(other))),
  ],
  ['schools/*/enrollments', 'enrollments', orgs, (id) => enrollments.filter(has('school', id))],
  ['schools/*/students', 'users', orgs, (id) => students.filter(has('orgs', id))],
  ['schools/*/teachers', 'users', orgs, (id) => teachers.filter(has('orgs', id))],
  ['schools/*/terms', 'academicSessions', orgs, (id) => terms.filter((one) => schoolOfTerm.get(one.sourcedId) === id)],
  ['schools/*/classes', 'classes', orgs, (id) => classes.filter(has('school', id))],
  ['terms/*/classes', 'classes', sessions, (id) => classes.filter(has('terms', id))],
  ['terms/*/gradingPeriods', 'academicSessions', sessions, (id) => gradingPeriods.filter(has('parent', id))],
  ['courses/*/classes', 'classes', courses, (id) => classes.filter(has('course', id))],
  ['students/*/classes', 'classes', users, (id) => classesOf(id, 'student')],
  ['teachers/*/classes', 'classes', users, (id) => classesOf(id, 'teacher')],
  ['users/*/classes', 'classes', users, (id) => classesOf(id)],
  ['classes/*/students', 'users', classes, people('student')],
  ['classes/*/teachers', 'users', classes, people('teacher')],
]

const IN_SCHOOL: readonly (readonly [string, string, (classId: string) => Entity[]])[] = [
  ['enrollments', 'enrollments', (id) => enrollments.filter(has('class', id))],
  ['students', 'users', people('student')],
  ['teachers', 'users', people('teacher')],
]

describe.each(TOP)('/$path', ({ path, key, singular, records, of }) => {
  test(`answers ${key}: all of them, and their number on every page`, async () => {
    const whole = await readList(bridge, `/${path}`, { limit: '10000' })
    expect(whole.status).toBe(200)
    expect(whole.keys).toEqual([key])
    expect([...whole.ids].sort()).toEqual(idsOf(records))
    expect(whole.ids).not.toEqual([])
    const page = await readList(bridge, `/${path}`, { limit: '1', offset: '1' })
    expect([whole.total, page.total, page.records.length]).toEqual([records.length, records.length, 1])
  })

  test(`answers each ${singular} by its id as the list shows it, and no other of its collection`, async () => {
    const { records: shown } = await readList(bridge, `/${path}`, { limit: '10000' })
    for (const record of shown.slice(0, 40)) {
      const answer = await bridge.get(`/${path}/${record.sourcedId}`)
      expect([answer.status, answer.headers.get('x-total-count')]).toEqual([200, '1'])
      expect(await answer.json()).toEqual({ [singular]: record })
    }
    const ids = new Set(idsOf(records))
    const others = (of ?? []).map(({ sourcedId }) => sourcedId).filter((id) => !ids.has(id))
    expect(others.length > 0).toBe(of !== undefined)
    for (const id of [NOBODY, ...others]) {
      const answer = await bridge.get(`/${path}/${id}`)
      expect(answer.status, id).toBe(404)
      expect(await statusOf(answer)).toMatchObject({ imsx_codeMinor: 'unknown object' })
    }
  })
})

describe.each(BELOW)('/%s', (path, key, parents, expected) => {
  test('answers what belongs to each parent, and nothing for an unknown one', async () => {
    let found = 0
    for (const { sourcedId } of parents) {
      const whole = await readList(bridge, `/${path.replace('*', sourcedId)}`, { limit: '10000' })
      expect([whole.status, ...whole.keys]).toEqual([200, key])
      expect([...whole.ids].sort(), sourcedId).toEqual(idsOf(expected(sourcedId)))
      expect(whole.total).toBe(whole.ids.length)
      found += whole.total
    }
    expect(found).toBeGreaterThan(0)
    const unknown = await readList(bridge, `/${path.replace('*', NOBODY)}`)
    expect([unknown.status, unknown.total, unknown.body]).toEqual([200, 0, { [key]: [] }])
  })
})

describe.each(IN_SCHOOL)('/schools/*/classes/*/%s', (path, key, expected) => {
  test('answers what belongs to the class, at its own school only', async () => {
    for (const one of classes) {
      for (const school of [...idsOf(orgs), NOBODY]) {
        const list = await readList(bridge, `/schools/${school}/classes/${one.sourcedId}/${path}`, { limit: '10000' })
        const isHere = textAt(one, 'school') === school
        expect([list.status, ...list.keys]).toEqual([200, key])
        expect([...list.ids].sort(), school).toEqual(isHere ? idsOf(expected(one.sourcedId)) : [])
        expect(list.total).toBe(list.ids.length)
      }
    }
    const school = textAt(classes[0] ?? { sourcedId: '' }, 'school')
    expect(await readList(bridge, `/schools/${school}/classes/${NOBODY}/${path}`)).toMatchObject({
      status: 200,
      body: { [key]: [] },
    })
  })
})

test('these are the 41 of the standard', () => {
  expect(TOP.length * 2 + BELOW.length + IN_SCHOOL.length).toBe(41)
  const named = bridge.logged.map((line) => JSON.parse(line) as { event: string; operation?: string })
  expect(new Set(named.filter(({ event }) => event === 'request').map(({ operation }) => operation)).size).toBe(41)
})

describe('a path is found', () => {
  test.each([
    ['in any case', '/IMS/OneRoster/V1P1/AcademicSessions', 'academicSessions'],
    ['with doubled slashes', '//ims//oneroster///v1p1//orgs', 'orgs'],
    ['with a slash at its end', `${BASE}/schools/`, 'schools'],
    ['with both before a query', `${BASE}/users//?limit=100`, 'users'],
    ['with encoded letters in its words', `${BASE}/%63ourses`, 'courses'],
    ['with an encoded id', `${BASE}/Schools/%73ch%33/Classes/`, 'schools/sch3/classes'],
    ['with doubled slashes around the ids', `${BASE}//schools//sch3//classes//`, 'schools/sch3/classes'],
  ])('%s', async (_, path, canonical) => {
    const answer = await request(bridge, path, { headers: bearer(token) })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe(await (await bridge.get(`/${canonical}`)).text())
  })

  test.each([
    ['an id in another case', '/schools/SCH3'],
    ['an id with an encoded slash', '/schools/sch3%2Fclasses'],
    ['an id with a blank after it', '/schools/sch3%20'],
    ['broken percent-encoding', '/schools/%E4'],
    ['an unknown word', '/classrooms'],
    ['one word too many', '/schools/sch3/classes/x'],
    ['nothing below the base', ''],
  ])('but %s is not', async (_, path) => {
    const answer = await request(bridge, `${BASE}${path}`, { headers: bearer(token) })
    expect(answer.status).toBe(404)
    expect(await statusOf(answer)).toMatchObject({ imsx_codeMinor: 'unknown object' })
  })
})

/** The default mapping, where terms of portion 4 are grading periods. */
function withGradingPeriods() {
  const files = readMappingFiles()
  const changed = files.map(({ path, text }) => ({
    path,
    text: text.replace('2: semester\n', '$&    4: gradingPeriod\n'),
  }))
  if (changed.every(({ text }, index) => text === files[index]?.text)) throw new Error('no table of term types')
  return loadMapping(changed)
}
