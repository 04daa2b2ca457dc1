// Each rule of the readiness check: what it finds, and what it lets pass.
import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import type { ReadinessRecord } from '../../src/readiness/report.ts'
import { RULES } from '../../src/readiness/rules.ts'
import { type Change, changed, check, copy, GOOD, to, told } from './roster.ts'

type Case = readonly [collection: string, sourcedId: string, change: Change, ...told: readonly string[]]

const fields = (values: Readonly<Record<string, unknown>>): Change => ({ fields: values })
const long = (length: number) => 'x'.repeat(length)
const flags = (value: unknown): Change => ({ metadata: { 'microsoft.userFlags': value } })
const STUDENT = 'users.student stu7'
const STAFF = 'users.teacher stf40'
const CONTACT = 'users.contact con51'
const TERM = 'academicSessions.term trm2'
const YEAR = 'academicSessions.term trm1'

const BLANK: readonly Case[] = [
  ['academicSessions', 'trm2', fields({ title: undefined }), `error field-missing academicSessions.title ${TERM}`],
  ['academicSessions', 'trm2', fields({ type: '' }), `error field-missing academicSessions.type ${TERM}`],
  ['academicSessions', 'trm2', fields({ schoolYear: null }), `error field-missing academicSessions.schoolYear ${TERM}`],
  ['academicSessions', 'trm2', fields({ startDate: '' }), `error field-missing academicSessions.startDate ${TERM}`],
  ['academicSessions', 'trm2', fields({ endDate: '' }), `error field-missing academicSessions.endDate ${TERM}`],
  ['orgs', 'sch3', fields({ name: '' }), 'error field-missing orgs.name orgs.school sch3'],
  ['orgs', 'sch3', fields({ type: '' }), 'error field-missing orgs.type orgs.school sch3'],
  ['orgs', 'sch3', fields({ identifier: '' }), 'warning field-expected orgs.identifier orgs.school sch3'],
  ['courses', 'crs5', fields({ title: '' }), 'error field-missing courses.title courses.course crs5'],
  ['courses', 'crs5', fields({ org: undefined }), 'warning field-expected courses.org courses.course crs5'],
  ['classes', 'sec8', fields({ title: '' }), 'error field-missing classes.title classes.section sec8'],
  ['classes', 'sec8', fields({ school: undefined }), 'error field-missing classes.school classes.section sec8'],
  ['classes', 'sec8', fields({ terms: [] }), 'warning field-expected classes.terms classes.section sec8'],
  ['users', 'stu7', fields({ username: '' }), `error field-missing users.username ${STUDENT}`],
  ['users', 'stu7', fields({ orgs: [] }), `error field-missing users.orgs ${STUDENT}`],
  ['users', 'stu7', fields({ identifier: '' }), `warning field-expected users.identifier ${STUDENT}`],
  ['users', 'stu7', fields({ givenName: '' }), `warning name-missing users.givenName ${STUDENT}`],
  ['users', 'stf40', fields({ familyName: '' }), `warning name-missing users.familyName ${STAFF}`],
  ['users', 'stu7', fields({ email: '', phone: '', grades: [] })],
  ['users', 'con51', fields({ givenName: '' }), `error contact-incomplete users.givenName ${CONTACT}`],
  ['users', 'con51', fields({ familyName: '' }), `error contact-incomplete users.familyName ${CONTACT}`],
  ['users', 'con51', fields({ email: '' }), `error contact-incomplete users.email ${CONTACT}`],
  ['users', 'con51', fields({ sms: '' })],
  [
    'enrollments',
    'sec8t40',
    fields({ school: undefined }),
    'warning field-expected enrollments.school enrollments.teacher sec8t40',
  ],
  [
    'enrollments',
    'cc1',
    fields({ user: undefined }),
    'error field-missing enrollments.user enrollments.student cc1',
    `warning student-without-class users ${STUDENT}`,
  ],
]

const LISTS: readonly Case[] = [
  ['orgs', 'sch3', fields({ type: 'kindergarten' }), 'error org-type-unknown orgs.type orgs.school sch3'],
  ['orgs', 'sch3', fields({ type: 'ACADEMICTRUST' })],
  ['users', 'stf40', fields({ role: 'wizard' }), `error user-role-unknown users.role ${STAFF}`],
  ['users', 'stf40', fields({ role: 'officeStaff' })],
  ['users', 'stf40', fields({ role: 'aide' })],
  [
    'enrollments',
    'sec8t40',
    fields({ role: 'guardian' }),
    'error enrollment-role-unknown enrollments.role enrollments.teacher sec8t40',
    'warning class-without-teacher classes classes.section sec8',
  ],
  [
    'academicSessions',
    'trm2',
    fields({ type: 'trimester' }),
    `error session-type-unknown academicSessions.type ${TERM}`,
  ],
  ['academicSessions', 'trm2', fields({ type: 'gradingPeriod' })],
  ['users', 'stu7', fields({ grades: ['09', 'Grade 9'] }), `warning grade-unknown users.grades ${STUDENT}`],
  ['users', 'stu7', fields({ grades: ['0', '15'] }), `warning grade-unknown users.grades ${STUDENT}`],
  ['users', 'stu7', fields({ grades: ['PS1', 'adulteducation', 9] })],
  ['courses', 'crs5', fields({ grades: ['none'] }), 'warning grade-unknown courses.grades courses.course crs5'],
  [
    'demographics',
    'stu7',
    fields({ sex: 'unspecified' }),
    'warning sex-unknown demographics.sex demographics.student stu7',
  ],
  ['demographics', 'stu7', fields({ sex: 'notSelected' })],
  ['courses', 'crs5', fields({ subjects: ['MATH'] }), 'warning subject-unknown courses.subjects courses.course crs5'],
  ['users', 'stu7', flags('freeLunch,gifted'), `warning flag-unknown users.metadata.microsoft.userFlags ${STUDENT}`],
  ['users', 'stu7', flags(['504', 'IEP'])],
  ['users', 'stf40', flags('504'), `warning flag-of-others users.metadata.microsoft.userFlags ${STAFF}`],
]

const FORMS: readonly Case[] = [
  ['users', 'stu7', fields({ username: 'ada li' }), `warning username-form users.username ${STUDENT}`],
  ['users', 'stu7', fields({ username: 'ada(li)' }), `warning username-form users.username ${STUDENT}`],
  ['users', 'stu7', fields({ username: 'zoë' }), `warning username-form users.username ${STUDENT}`],
  ['users', 'stu7', fields({ username: 'a@b@c' }), `warning username-form users.username ${STUDENT}`],
  ['users', 'stu7', fields({ username: "o'brien-li_1.x" })],
  ['users', 'con51', fields({ username: 'sue li' })],
  ['users', 'stu7', fields({ username: long(63) })],
  ['users', 'stu7', fields({ username: long(64) }), `warning username-long users.username ${STUDENT}`],
  ['users', 'stu7', fields({ username: `${long(63)}@${long(47)}` })],
  ['users', 'stu7', fields({ username: `${long(64)}@x` }), `warning username-long users.username ${STUDENT}`],
  ['users', 'stu7', fields({ username: `x@${long(48)}` }), `warning username-long users.username ${STUDENT}`],
  ['users', 'stu7', fields({ username: '.ada' }), `warning username-dot users.username ${STUDENT}`],
  ['users', 'stu7', fields({ email: 'ada.li' }), `warning email-form users.email ${STUDENT}`],
  ['users', 'stu7', fields({ email: 'ada..li@example.org' }), `warning email-form users.email ${STUDENT}`],
  ['users', 'stu7', fields({ email: 'ada@exam ple.org' }), `warning email-form users.email ${STUDENT}`],
  ['users', 'stu7', fields({ email: '"ada li"@[192.0.2.1]' })],
  ['users', 'con51', fields({ email: 'none' }), `error contact-email-form users.email ${CONTACT}`],
  ['users', 'stu7', fields({ email: 'Ada.Li@example.org' }), `warning email-case users.email ${STUDENT}`],
  ['users', 'stu7', fields({ phone: '480-555-0101' }), `warning phone-form users.phone ${STUDENT}`],
  ['users', 'stu7', fields({ phone: '+04805550101' }), `warning phone-form users.phone ${STUDENT}`],
  ['users', 'con51', fields({ sms: '+1234567890123456' }), `warning phone-form users.sms ${CONTACT}`],
  ['users', 'stu7', fields({ givenName: long(64) })],
  ['users', 'stu7', fields({ givenName: long(65) }), `warning name-long users.givenName ${STUDENT}`],
  ['classes', 'sec8', fields({ title: long(256) })],
  ['classes', 'sec8', fields({ title: long(257) }), 'warning title-long classes.title classes.section sec8'],
  ['orgs', 'sch3', fields({ name: 'Oak\nElementary' }), 'warning text-control orgs.name orgs.school sch3'],
  ['users', 'stu7', fields({ familyName: 'Li\u0085' }), `warning text-control users.familyName ${STUDENT}`],
  [
    'courses',
    'crs5',
    fields({ subjects: ['science', '\t1'] }),
    'warning subject-unknown courses.subjects courses.course crs5',
    'warning text-control courses.subjects courses.course crs5',
  ],
]

const DATES: readonly Case[] = [
  [
    'academicSessions',
    'trm2',
    fields({ startDate: '8/15/2026' }),
    `error session-date-form academicSessions.startDate ${TERM}`,
  ],
  [
    'academicSessions',
    'trm2',
    fields({ endDate: '2027-02-29' }),
    `error session-date-form academicSessions.endDate ${TERM}`,
  ],
  [
    'academicSessions',
    'trm2',
    fields({ endDate: '2026-08-15' }),
    `error session-order academicSessions.endDate ${TERM}`,
  ],
  ['academicSessions', 'trm2', fields({ endDate: '2026-08-16' })],
  [
    'academicSessions',
    'trm2',
    fields({ schoolYear: '26-27' }),
    `error school-year-form academicSessions.schoolYear ${TERM}`,
  ],
  [
    'academicSessions',
    'trm2',
    fields({ schoolYear: '2028' }),
    `warning school-year-end academicSessions.schoolYear ${TERM}`,
  ],
  // Its last day is December 31, 2026.
  ['academicSessions', 'trm2', fields({ schoolYear: '2026' })],
  [
    'academicSessions',
    'trm1',
    fields({ schoolYear: '2026' }),
    `warning school-year-end academicSessions.schoolYear ${YEAR}`,
  ],
  ['academicSessions', 'trm1', fields({ endDate: '2028-01-01' })],
  [
    'enrollments',
    'cc1',
    fields({ beginDate: '2026-13-01' }),
    'warning date-form enrollments.beginDate enrollments.student cc1',
  ],
  [
    'enrollments',
    'cc1',
    fields({ endDate: '2026-08-14' }),
    'warning enrollment-order enrollments.endDate enrollments.student cc1',
  ],
  ['enrollments', 'cc1', fields({ beginDate: undefined, endDate: undefined })],
  [
    'demographics',
    'stu7',
    fields({ birthDate: '20160229' }),
    'warning date-form demographics.birthDate demographics.student stu7',
  ],
  ['demographics', 'stu7', fields({ birthDate: '2016-02-29T00:00:00Z' })],
]

const REFERENCES: readonly Case[] = [
  [
    'academicSessions',
    'trm2',
    fields({ parent: to('trm9') }),
    `warning reference-dropped academicSessions.parent ${TERM}`,
  ],
  ['orgs', 'sch3', fields({ parent: to('dist1') }), 'warning reference-dropped orgs.parent orgs.school sch3'],
  ['courses', 'crs5', fields({ org: to('sch9') }), 'warning reference-dropped courses.org courses.course crs5'],
  [
    'courses',
    'crs5',
    fields({ schoolYear: to('sch3') }),
    'warning reference-dropped courses.schoolYear courses.course crs5',
  ],
  ['classes', 'sec8', fields({ course: to('crs6') }), 'warning reference-dropped classes.course classes.section sec8'],
  ['classes', 'sec8', fields({ school: to('sch9') }), 'error reference-missing classes.school classes.section sec8'],
  [
    'classes',
    'sec8',
    fields({ terms: [to('trm2'), to('trm9')] }),
    'warning reference-dropped classes.terms classes.section sec8',
  ],
  ['users', 'stu7', fields({ orgs: [to('sch3'), to('sch9')] }), `warning reference-dropped users.orgs ${STUDENT}`],
  [
    'users',
    'stu7',
    fields({ agents: [to('con52')] }),
    `warning contact-unlinked users.agents ${CONTACT}`,
    `warning reference-dropped users.agents ${STUDENT}`,
  ],
  // School Data Sync does not look at that direction.
  ['users', 'con51', fields({ agents: [to('stu999')] })],
  ['users', 'stu7', fields({ agents: [to('con51'), to('stf40')] }), `warning agent-role users.role ${STAFF}`],
  [
    'enrollments',
    'cc1',
    fields({ class: to('sec9') }),
    'error reference-missing enrollments.class enrollments.student cc1',
    'warning class-without-students classes classes.section sec8',
  ],
  [
    'enrollments',
    'cc1',
    fields({ user: to('stu8') }),
    'error reference-missing enrollments.user enrollments.student cc1',
    `warning student-without-class users ${STUDENT}`,
  ],
  [
    'enrollments',
    'cc1',
    fields({ school: to('sch9') }),
    'warning reference-dropped enrollments.school enrollments.student cc1',
  ],
  [
    'demographics',
    'stu7',
    { sourcedId: 'stu8' },
    'error reference-missing demographics.sourcedId demographics.student stu8',
  ],
]

const tables = { BLANK, LISTS, FORMS, DATES, REFERENCES }

describe.each(Object.entries(tables))('%s', (_, cases) => {
  const titled = cases.map((each) => ({ each, title: JSON.stringify(each.slice(0, 3)) }))
  test.each(titled)('$title', ({ each: [collection, sourcedId, change, ...expected] }) => {
    expect(told(check(changed(collection, sourcedId, change)))).toEqual(expected)
  })
})

describe('ids', () => {
  /** The good roster with a record under another id, and every reference to it changed likewise. */
  const renamed = (from: string, name: string): ReadinessRecord[] =>
    JSON.parse(JSON.stringify(GOOD).replaceAll(JSON.stringify(from), JSON.stringify(name)))

  test.each([
    ['sec8', 'Math-8', 'error class-id-form classes.sourcedId classes.section Math-8'],
    ['sec8', 'séc8', 'error class-id-form classes.sourcedId classes.section séc8'],
    ['sec8', long(65), `error class-id-form classes.sourcedId classes.section ${long(65)}`],
    ['sec8', long(64), undefined],
    ['stu7', 'stu_7', 'warning id-underscore users.sourcedId users.student stu_7'],
    ['crs5', 'cr', 'warning id-short courses.sourcedId courses.course cr'],
    ['sch3', '103', undefined],
    ['trm2', 'trm\u00072', 'warning text-control academicSessions.sourcedId academicSessions.term trm\u00072'],
  ])('%j as %j', (from, name, finding) => {
    expect(told(check(renamed(from, name)))).toEqual(finding === undefined ? [] : [finding])
  })

  it('may be any text, and come back as they were', () => {
    for (const name of ['100%', 'ключ', '%00e9', 'ééé', '😀😀😀']) {
      const records = renamed('dist9', name).filter((record) => record.sourcedId !== name)
      const keys = new Set(check(records).findings.flatMap((finding) => finding.keys))
      expect(keys).toEqual(new Set(['sch3', 'crs5']))
      const unlinked = check(renamed('con51', name).map((r) => ({ ...r, fields: { ...r.fields, agents: [] } })))
      expect(told(unlinked).at(0)).toBe(`warning contact-unlinked users.agents users.contact ${name}`)
    }
    // Each looks like the other's escape.
    const mixed = changed('orgs', 'sch3', fields({ parent: to('%00e9%00e9%00e9') }))
    const other = copy('dist9', { sourcedId: 'ééé' })
    expect(told(check([...mixed, other]))).toEqual(['warning reference-dropped orgs.parent orgs.school sch3'])
  })

  it('are of one kind for all users, and compared with case', () => {
    const twin = copy('stf40', {
      sourcedId: 'stu7',
      fields: { username: 'b', email: 'b@example.org', identifier: 'b' },
    })
    expect(told(check([...GOOD, twin]))).toContain('error id-repeated users.sourcedId users.teacher stu7')
    const other = { ...twin, sourcedId: 'STU7' }
    expect(told(check([...GOOD, other]))).toEqual([])
  })
})

describe('values that several users have', () => {
  const kim = { username: 'k', email: 'k@example.org', identifier: 'k' }
  test.each([
    ['username', 'ADA.LI', 'error'],
    ['email', 'ADA.LI@example.org', 'warning'],
    ['identifier', '1007', 'warning'],
  ])('%s: all who have it are named, case ignored', (field, value, severity) => {
    const twins = ['stf41', 'stf42'].map((sourcedId, nth) =>
      copy('stf40', {
        sourcedId,
        fields: { username: `k${nth}`, email: `k${nth}@example.org`, identifier: `k${nth}`, [field]: value },
      }),
    )
    const { findings } = check([...GOOD, ...twins])
    const repeated = findings.filter(({ rule }) => rule === `${field}-repeated`)
    expect(repeated.map(({ mappingRule, keys, count }) => [mappingRule, keys, count])).toEqual([
      ['users.teacher', ['stf41', 'stf42'], 2],
      ['users.student', ['stu7'], 1],
    ])
    expect(repeated.every((finding) => finding.severity === severity)).toBe(true)
  })

  it('are no matter for contacts', () => {
    const parents = copy('con51', { sourcedId: 'con52', fields: { email: 'kim.ro@example.org', identifier: '1007' } })
    const linked = changed('users', 'stu7', fields({ agents: [to('con51'), to('con52')] }))
    expect(told(check([...linked, parents]))).toEqual([])
  })

  it('are different when blank', () => {
    const blank = copy('stf40', { sourcedId: 'stf41', fields: { ...kim, email: '' } })
    const other = copy('stf40', { sourcedId: 'stf42', fields: { ...kim, username: 'l', identifier: 'l', email: '' } })
    expect(told(check([...GOOD, blank, other]))).toEqual([])
  })
})

describe('usernames with and without @', () => {
  const teacher = (sourcedId: string, username: string) =>
    copy('stf40', { sourcedId, fields: { username, email: undefined, identifier: sourcedId } })

  it('in one group are told with the smaller part of it', () => {
    const { findings } = check([...GOOD, teacher('stf41', 'a@example.org'), teacher('stf42', 'b')])
    expect(findings).toMatchObject([{ rule: 'username-mixed', severity: 'warning', count: 1, keys: ['stf41'] }])
    expect(findings[0]?.what).toMatch(/^1 of 3 usernames of staff hold an @\. /)
  })

  it('may differ between staff and students, who have a rule each', () => {
    const all = changed('users', 'stf40', fields({ username: 'kim@example.org' }))
    expect(told(check([...all, teacher('stf41', 'a@example.org')]))).toEqual([])
  })
})

describe('the roster as a whole', () => {
  test.each(['academicSessions', 'orgs', 'users', 'classes', 'enrollments'])('without %s', (collection) => {
    const rest = GOOD.filter((record) => record.collection !== collection)
    expect(told(check(rest))).toContain(`error collection-empty ${collection}`)
  })

  it('does without courses and demographics', () => {
    const rest = GOOD.filter(({ collection }) => collection !== 'courses' && collection !== 'demographics')
    expect(told(check(rest))).toEqual(['warning reference-dropped classes.course classes.section sec8'])
  })

  it('with more than 50,000 users', () => {
    const users = (count: number) =>
      Array.from({ length: count }, (_, nth) =>
        copy('con51', {
          sourcedId: `con${nth + 100}`,
          fields: { role: 'administrator', username: `u${nth}`, email: '' },
        }),
      ).map((user, nth) => ({ ...user, fields: { ...user.fields, identifier: `i${nth}` } }))
    const most = 50_000 - 3
    expect(told(check([...GOOD, ...users(most)]))).toEqual([])
    expect(told(check([...GOOD, ...users(most + 1)]))).toEqual(['warning users-many users'])
  })

  it('that is good has nothing to tell', () => {
    expect(check(GOOD)).toEqual({
      records: { academicSessions: 2, orgs: 2, courses: 1, classes: 1, users: 3, enrollments: 2, demographics: 1 },
      findings: [],
      errors: 0,
      warnings: 0,
      isReady: true,
    })
  })
})

test('every rule has a case here', () => {
  const text = readFileSync(import.meta.filename, 'utf8')
  const repeated = /^(username|email|identifier)-repeated$/
  expect(Object.keys(RULES).filter((rule) => !repeated.test(rule) && !text.includes(rule))).toEqual([])
})
