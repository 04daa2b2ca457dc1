// Filters through the front door: each against a plain condition over the drained records.
import { describe, expect, test } from 'vitest'
import type { Entity } from '../../fixtures/expected.ts'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { openSyncedBridge, readList, readWhole, statusOf, textAt, textsAt } from './support.ts'

const district = createDistrict({ students: 150, seed: 14, today: '2026-11-18' })
// Values that a careless parser splits, cuts or folds. The first students are active.
renameStudent(district, 100001, 'Siân AND Zoë', "O'Brien")
renameStudent(district, 100002, "d' OR e", 'Núñezal (née Marsh)')
renameStudent(district, 100003, 'A+B', 'x=y~z>1 & 50%')
renameStudent(district, 100004, 'Łucja', 'ŁUKASIEWSKI')
const bridge = await openSyncedBridge({ district })
const published = textAt((await readWhole(bridge, '/orgs'))[0] ?? { sourcedId: '' }, 'dateLastModified') ?? ''

const collections = new Map<string, readonly Entity[]>()
for (const path of ['/users', '/classes', '/enrollments', '/academicSessions', '/demographics', '/orgs', '/courses']) {
  collections.set(path, await readWhole(bridge, path))
}
const birthDate = textAt(collections.get('/demographics')?.[0] ?? { sourcedId: '' }, 'birthDate') ?? ''

type Condition = (record: Entity) => boolean
const fold = (text: string | undefined) => text?.normalize('NFC').toLowerCase()
const at = (field: string, holds: (value: string) => boolean): Condition => {
  return (record) => {
    const value = textAt(record, field)
    return value !== undefined && holds(value)
  }
}
/** Text fields are compared without case. */
const folded = (field: string, holds: (value: string) => boolean) => at(field, (value) => holds(fold(value) ?? ''))
const is = (field: string, value: string) => at(field, (found) => found === value)
const not =
  (condition: Condition): Condition =>
  (record) =>
    !condition(record)
const all: Condition = () => true
const none: Condition = () => false

const someGrade = (holds: (grades: readonly string[]) => boolean): Condition => {
  return (record) => holds(textsAt(record, 'grades'))
}

/** All and none are told, so that no other row is empty by accident. */
const CASES: readonly (readonly [path: string, filter: string, condition: Condition])[] = [
  // Text: without case, any letters.
  ['/users', "givenName='siân and zoë'", folded('givenName', (name) => name === 'siân and zoë')],
  ['/users', "familyName!='DUNMOOR'", not(folded('familyName', (name) => name === 'dunmoor'))],
  ['/users', "familyName>'m'", folded('familyName', (name) => name > 'm')],
  ['/users', "familyName>='o''brien'", folded('familyName', (name) => name >= "o'brien")],
  ['/users', "familyName<'C'", folded('familyName', (name) => name < 'c')],
  ['/users', "familyName<'łukasiewski'", folded('familyName', (name) => name < 'łukasiewski')],
  ['/users', "familyName~'AR'", folded('familyName', (name) => name.includes('ar'))],
  ['/users', "givenName='łucja'", is('givenName', 'Łucja')],
  ['/users', "email~'@EXAMPLE.ORG'", folded('email', (email) => email.includes('@example.org'))],
  ['/users', "middleName!='Lee'", not(is('middleName', 'Lee'))],
  ['/users', "middleName>=''", (record) => textAt(record, 'middleName') !== undefined],
  ['/classes', "title~'english'", folded('title', (title) => title.includes('english'))],
  ['/courses', "courseCode='eng101'", is('courseCode', 'ENG101')],
  // Identifiers, tokens and references: exact, but `~` is without case.
  ['/users', "identifier<'400020'", at('identifier', (id) => id < '400020')],
  ['/users', "sourcedId~'STF'", at('sourcedId', (id) => id.startsWith('stf'))],
  ['/users', "sourcedId='STF100054'", none],
  ['/users', "role='teacher'", is('role', 'teacher')],
  ['/users', "role='Teacher'", none],
  ['/users', "role~'TEACH'", is('role', 'teacher')],
  ['/users', "role!='student'", not(is('role', 'student'))],
  ['/users', "role='jester'", none],
  ['/classes', "school.sourcedId='sch3'", is('school', 'sch3')],
  ['/classes', "school='sch3'", is('school', 'sch3')],
  ['/classes', "school.sourcedId!='sch3'", not(is('school', 'sch3'))],
  ['/orgs', "parent.sourcedId='distEX4207'", is('parent', 'distEX4207')],
  ['/orgs', "parent.sourcedId!='distEX4207'", not(is('parent', 'distEX4207'))],
  // Dates.
  ['/enrollments', "beginDate>'2026-08-20'", at('beginDate', (date) => date > '2026-08-20')],
  ['/enrollments', "beginDate<='2026-08-07'", at('beginDate', (date) => date <= '2026-08-07')],
  ['/enrollments', "beginDate='2026-08-07T00:00:00.000Z'", is('beginDate', '2026-08-07')],
  ['/enrollments', "beginDate>='2026-08-07T00:00:01Z'", at('beginDate', (date) => date > '2026-08-07')],
  ['/demographics', "birthDate<'2012-01-01'", at('birthDate', (date) => date < '2012-01-01')],
  ['/demographics', `birthDate!='${birthDate}'`, not(is('birthDate', birthDate))],
  ['/academicSessions', "endDate~'2027-'", at('endDate', (date) => date.includes('2027-'))],
  ['/academicSessions', "schoolYear='2027'", all],
  // Times: one publish, so all or none.
  ['/users', "dateLastModified>'2020-01-01'", all],
  ['/users', `dateLastModified>'${published}'`, none],
  ['/users', `dateLastModified='${published.replace('Z', '+00:00')}'`, all],
  ['/users', "dateLastModified<='2026-11-18T20:00:00.001+02:00'", all],
  ['/users', "dateLastModified<'2026-11-18T20:00:00.001+02:00'", none],
  // Booleans, by token and in any case.
  ['/enrollments', "primary='true'", is('primary', 'true')],
  ['/enrollments', "primary!='TRUE'", not(is('primary', 'true'))],
  ['/users', "enabledUser='false'", none],
  ['/demographics', "asian='true'", is('asian', 'true')],
  ['/demographics', "asian!='true'", not(is('asian', 'true'))],
  // Lists: `=` all of them, `~` any of them, `!=` not all of them.
  ['/users', "grades='09'", someGrade((grades) => grades.includes('09'))],
  ['/users', "grades~'09,10'", someGrade((grades) => grades.includes('09') || grades.includes('10'))],
  ['/users', "grades='09,10'", none],
  ['/users', "grades!='09'", someGrade((grades) => !grades.includes('09'))],
  ['/users', "grades>='11'", someGrade((grades) => grades.some((grade) => grade >= '11'))],
  ['/users', "orgs.sourcedId='sch3'", (one) => textsAt(one, 'orgs').includes('sch3')],
  ['/users', "orgs='sch4, sch3'", (one) => ['sch3', 'sch4'].every((id) => textsAt(one, 'orgs').includes(id))],
  ['/users', "orgs.sourcedId~'sch3,sch4'", (one) => ['sch3', 'sch4'].some((id) => textsAt(one, 'orgs').includes(id))],
  ['/users', "orgs.sourcedId!='sch3'", (one) => !textsAt(one, 'orgs').includes('sch3')],
  ['/users', "userIds.identifier='400003'", (one) => textsAt(one, 'userIds', 'identifier').includes('400003')],
  ['/users', "userIds.type='LocalId,StateId'", (one) => textsAt(one, 'userIds', 'type').length === 2],
  ['/classes', "periods='1'", (one) => textsAt(one, 'periods').includes('1')],
  ['/academicSessions', "children!='x'", all],
  // AND binds tighter than OR, wherever it stands.
  [
    '/users',
    "role='teacher' AND orgs='sch3'",
    (one) => is('role', 'teacher')(one) && textsAt(one, 'orgs').includes('sch3'),
  ],
  [
    '/users',
    "role='teacher' OR grades='09' AND familyName>'m'",
    (one) =>
      is('role', 'teacher')(one) ||
      (textsAt(one, 'grades').includes('09') && folded('familyName', (name) => name > 'm')(one)),
  ],
  [
    '/users',
    "familyName>'m' AND grades='09' OR role='teacher'",
    (one) =>
      is('role', 'teacher')(one) ||
      (textsAt(one, 'grades').includes('09') && folded('familyName', (name) => name > 'm')(one)),
  ],
  [
    '/enrollments',
    "role='teacher' AND school='sch3' OR role='teacher' AND school='sch4' OR user='stu100001'",
    (one) =>
      (is('role', 'teacher')(one) && ['sch3', 'sch4'].includes(textAt(one, 'school') ?? '')) ||
      is('user', 'stu100001')(one),
  ],
  // Quotes, connectives and predicates inside a value.
  ['/users', "familyName='O'Brien'", is('familyName', "O'Brien")],
  ['/users', "familyName='O''Brien'", is('familyName', "O'Brien")],
  ['/users', 'familyName=‘O’Brien’', none],
  ['/users', 'familyName=‘Núñezal (née Marsh)’', is('familyName', 'Núñezal (née Marsh)')],
  ['/users', "givenName='Siân AND Zoë' AND familyName='O'Brien'", is('familyName', "O'Brien")],
  ['/users', "givenName='A+B'", is('givenName', 'A+B')],
  ['/users', "familyName='x=y~z>1 & 50%'", is('givenName', 'A+B')],
  // Blanks around a predicate are forgiven.
  ['/users', "  role = 'teacher'  ", is('role', 'teacher')],
]

describe('filter', () => {
  test.each(CASES)('%s %s', async (path, filter, condition) => {
    const records = collections.get(path) ?? []
    const expected = records.filter(condition)
    expect((await readWhole(bridge, path, { filter })).map(({ sourcedId }) => sourcedId)).toEqual(
      expected.map(({ sourcedId }) => sourcedId),
    )
    const isTold = condition === all || condition === none
    expect(isTold || (expected.length > 0 && expected.length < records.length)).toBe(true)
  })

  test.each([
    "/users?filter=givenName='Si%C3%A2n%20AND+Zo%C3%AB'",
    '/users?filter=givenName%3D%27Si%C3%A2n+AND%20Zo%C3%AB%27',
    '/users?filter=givenName=%27Siân AND Zoë%27',
    '/users?limit=5&filter=familyName%3D%27O%27Brien%27&offset=0',
    "/users?filter=familyName='O'Brien'&stray=1&filters=x",
    "/users?filter%20=familyName='O''Brien'",
  ])('is read raw or encoded: %s', async (path) => {
    const answer = await bridge.get(path)
    expect(answer.status).toBe(200)
    expect(((await answer.json()) as { users: Entity[] }).users.map(({ sourcedId }) => sourcedId)).toEqual([
      'stu100001',
    ])
  })

  test.each(["dateLastModified>='2026-11-18T20:00:00+02:00'", "dateLastModified>='2026-11-18 20:00:00+02:00'"])(
    'takes a plus that was not encoded for the offset it was: %s',
    async (filter) => {
      const answer = await bridge.get(`/orgs?filter=${filter}`)
      expect(answer.headers.get('x-total-count')).toBe('5')
    },
  )

  test('narrows nested lists and subtypes as well', async () => {
    const filter = "familyName>'m'"
    const later = folded('familyName', (name) => name > 'm')
    for (const path of ['/students', '/teachers', '/schools/sch3/students', '/schools/sch3/teachers']) {
      const whole = await readWhole(bridge, path)
      expect(await readWhole(bridge, path, { filter })).toEqual(whole.filter(later))
    }
    const leak = await readWhole(bridge, '/schools/sch3/classes', { filter: "school='sch4' OR title>=''" })
    expect(leak).toEqual(await readWhole(bridge, '/schools/sch3/classes'))
  })

  test('is ignored where it is empty, and on a single record', async () => {
    expect((await readList(bridge, '/users', { filter: '' })).total).toBe(collections.get('/users')?.length)
    expect((await bridge.get('/users/stu100001?filter=nonsense')).status).toBe(200)
  })
})

describe('a filter is refused, and what is wrong with it named', () => {
  test.each([
    ['an unknown field', "shoeSize='44'", 'shoeSize'],
    ['a field in another case', "familyname='x'", 'Did you mean familyName?'],
    ['a field of another collection', "title='x'", 'title'],
    ['a part that a field has not', "role.name='x'", 'role.name'],
    ['the link itself', "orgs.name='x'", 'orgs.sourcedId'],
    ['a group without its part', "userIds='x'", 'userIds.identifier'],
    ['a date that is none', "dateLastModified>'abc'", 'dateLastModified'],
    ['a day that is none', "dateLastModified>'2026-02-30'", 'dateLastModified'],
    ['a boolean that is none', "enabledUser='yes'", 'enabledUser'],
    ['no quotes', 'role=student', 'quotes'],
    ['double quotes', 'role="student"', 'quotes'],
    ['an open quote', "role='student", 'closing quote'],
    ['a lower-case and', "role='student' and givenName='x'", 'capital letters'],
    ['brackets', "(role='student')", 'field name'],
    ['an unknown predicate', "role=='student'", 'quotes'],
    ['nothing after AND', "role='student' AND ", 'filter ends'],
    ['thirty-one comparisons', Array(31).fill("role!='x'").join(' AND '), '30'],
  ])('%s', async (_, filter, words) => {
    for (const path of ['/users', '/schools/sch3/students']) {
      const { status, body } = await readList(bridge, path, { filter })
      expect(status).toBe(400)
      expect(body).toEqual({
        statusInfoSet: [expect.objectContaining({ imsx_codeMinor: 'invalid_filter_field', imsx_severity: 'error' })],
      })
      expect(JSON.stringify(body)).toContain(words)
    }
  })

  test.each([
    ['two filters', "filter=role='student'&filter=role='teacher'", 'filter'],
    ['two limits', 'limit=5&limit=6', 'limit'],
    ['two orders', 'sort=role&sort=email', 'sort'],
    ['broken encoding', "filter=role='%E4'", 'percent-encoding'],
    ['a query too long', `filter=familyName='${'x'.repeat(8200)}'`, '8192'],
  ])('%s', async (_, query, words) => {
    const answer = await bridge.get(`/users?${query}`)
    expect(answer.status).toBe(400)
    expect(await statusOf(answer)).toMatchObject({
      imsx_codeMinor: 'invalid data',
      imsx_description: expect.stringContaining(words),
    })
  })
})
