// A small roster that School Data Sync would take without a word, and what becomes of it with a change.
import { openReadiness } from '../../src/readiness/readiness.ts'
import type { Finding, ReadinessRecord, ReadinessReport } from '../../src/readiness/report.ts'

export const to = (sourcedId: string) => ({ sourcedId })

const record = (rule: string, sourcedId: string, fields: ReadinessRecord['fields']): ReadinessRecord => ({
  collection: rule.slice(0, rule.indexOf('.')),
  rule,
  sourcedId,
  fields,
})

/** By sourcedId. Every record is good. */
export const GOOD: readonly ReadinessRecord[] = [
  record('academicSessions.term', 'trm1', {
    title: '2026-27',
    type: 'schoolYear',
    schoolYear: '2027',
    startDate: '2026-08-15',
    endDate: '2027-06-11',
  }),
  record('academicSessions.term', 'trm2', {
    title: 'S1',
    type: 'semester',
    schoolYear: '2027',
    startDate: '2026-08-15',
    endDate: '2027-01-01',
    parent: to('trm1'),
  }),
  record('orgs.district', 'dist9', { name: 'Example Unified', type: 'district', identifier: '9' }),
  record('orgs.school', 'sch3', { name: 'Oak Elementary', type: 'school', identifier: '103', parent: to('dist9') }),
  record('courses.course', 'crs5', {
    title: 'Algebra',
    courseCode: 'MA100',
    org: to('dist9'),
    schoolYear: to('trm1'),
    subjects: ['Mathematics', '14'],
    grades: ['09'],
  }),
  record('classes.section', 'sec8', {
    title: 'Algebra - 2',
    school: to('sch3'),
    course: to('crs5'),
    terms: [to('trm2')],
  }),
  {
    ...record('users.student', 'stu7', {
      username: 'ada.li',
      role: 'student',
      givenName: 'Ada',
      familyName: 'Li',
      identifier: '1007',
      email: 'ada.li@example.org',
      phone: '+14805550101',
      grades: ['1', 'kg'],
      orgs: [to('sch3')],
      agents: [to('con51')],
    }),
    metadata: { 'microsoft.userFlags': 'freeLunch, ell' },
  },
  record('users.teacher', 'stf40', {
    username: 'kim.ro',
    role: 'teacher',
    givenName: 'Kim',
    familyName: 'Ro',
    identifier: 'T40',
    email: 'kim.ro@example.org',
    orgs: [to('sch3')],
  }),
  record('users.contact', 'con51', {
    username: 'sue@example.org',
    role: 'parent',
    givenName: 'Sue',
    familyName: 'Li',
    identifier: '51',
    email: 'sue@example.org',
    sms: '+14805550142',
    orgs: [to('sch3')],
    agents: [to('stu7')],
  }),
  record('enrollments.student', 'cc1', {
    role: 'student',
    user: to('stu7'),
    class: to('sec8'),
    school: to('sch3'),
    beginDate: '2026-08-15',
    endDate: '2027-01-01',
  }),
  record('enrollments.teacher', 'sec8t40', {
    role: 'teacher',
    user: to('stf40'),
    class: to('sec8'),
    school: to('sch3'),
  }),
  record('demographics.student', 'stu7', { sex: 'female', birthDate: '2016-02-29' }),
]

/** A blank field is given as undefined. */
export interface Change {
  readonly fields?: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly sourcedId?: string
}

/** The good roster with one record changed. */
export function changed(collection: string, sourcedId: string, change: Change): ReadinessRecord[] {
  const known = GOOD.some((good) => good.collection === collection && good.sourcedId === sourcedId)
  if (!known) throw new Error(`${collection} has no ${sourcedId}`)
  return GOOD.map((good) =>
    good.collection === collection && good.sourcedId === sourcedId
      ? { ...good, ...change, fields: { ...good.fields, ...change.fields } }
      : good,
  )
}

/** A copy of a good record under another id. */
export function copy(sourcedId: string, change: Change & { readonly sourcedId: string }): ReadinessRecord {
  const good = GOOD.find((each) => each.sourcedId === sourcedId)
  if (good === undefined) throw new Error(`there is no ${sourcedId}`)
  return { ...good, ...change, fields: { ...good.fields, ...change.fields } }
}

export function check(records: Iterable<ReadinessRecord>, keptKeys?: number): ReadinessReport {
  const readiness = openReadiness(keptKeys === undefined ? {} : { keptKeys })
  for (const each of records) readiness.see(each)
  return readiness.report()
}

/** `error id-short users.sourcedId users.student: stu7`, as short as a test can read. */
export function told({ findings }: ReadinessReport): string[] {
  return findings.map(tell)
}

function tell({ severity, rule, collection, field, mappingRule, keys }: Finding): string {
  const place = field === undefined ? collection : `${collection}.${field}`
  return [severity, rule, place, ...(mappingRule === undefined ? [] : [mappingRule]), ...keys].join(' ')
}
