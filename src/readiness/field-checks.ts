// What is checked of each field by itself: one row a check.
import type { ReadinessRecord } from './report.ts'
import type { RuleId } from './rules.ts'
import type { Fault } from './tally.ts'
import { hasControl, hasUsernameFault, isAlias, isE164, isEmail, isIsoDate, isUsernameTooLong } from './text-forms.ts'
import * as lists from './vocabularies.ts'

type Condition = (record: ReadinessRecord) => boolean

interface Row {
  readonly rule: RuleId
  /** `users.email`; of a field, `sourcedId`, or `metadata.` and a name. */
  readonly fields: readonly string[]
  /** Whether a value that is there is wrong; without it, a blank one is. Of a list, each text is asked. */
  readonly fails?: (text: string, record: ReadinessRecord) => boolean
  readonly when?: Condition
}

export interface Check {
  readonly fault: Fault & { readonly field: string }
  /** Undefined when a blank value is what is wrong. */
  readonly fails: ((text: string, record: ReadinessRecord) => boolean) | undefined
  readonly when: Condition | undefined
}

export const FLAGS = 'microsoft.userFlags'

export const roleOf = ({ fields }: ReadinessRecord): string => (typeof fields.role === 'string' ? fields.role : '')
export const isContact: Condition = (record) => lists.CONTACT_ROLES.has(roleOf(record))
const isAccount: Condition = (record) => !isContact(record)

const notIn = (codes: ReadonlySet<string>) => (text: string) => !codes.has(text) && !codes.has(text.toLowerCase())
const longerThan = (most: number) => (text: string) => text.length > most
const not = (test: (text: string) => boolean) => (text: string) => !test(text)
/** A missing zero is repaired: `1` is `01`. */
const isNoGrade = (text: string) => notIn(lists.GRADES)(text) && notIn(lists.GRADES)(`0${text}`)
const isNoSubject = (text: string) => !/^\d+$/.test(text) && notIn(lists.SUBJECTS)(text)
const hasUnknownFlag = (text: string) => text.split(',').some((flag) => notIn(lists.USER_FLAGS)(flag.trim()))

const SESSION = ['academicSessions.startDate', 'academicSessions.endDate']
const IDS = ['academicSessions', 'orgs', 'courses', 'classes', 'users'].map((name) => `${name}.sourcedId`)
const NAMES = ['users.givenName', 'users.familyName']

const ROWS: readonly Row[] = [
  {
    rule: 'field-missing',
    fields: [
      ...['academicSessions.title', 'academicSessions.type', 'academicSessions.schoolYear', ...SESSION],
      ...['orgs.name', 'orgs.type', 'courses.title', 'classes.title', 'classes.school'],
      ...['users.username', 'users.role', 'users.orgs'],
      ...['enrollments.class', 'enrollments.user', 'enrollments.role'],
    ],
  },
  {
    rule: 'field-expected',
    fields: ['orgs.identifier', 'users.identifier', 'classes.terms', 'courses.org', 'enrollments.school'],
  },
  { rule: 'name-missing', fields: NAMES, when: isAccount },
  { rule: 'contact-incomplete', fields: [...NAMES, 'users.email'], when: isContact },
  { rule: 'org-type-unknown', fields: ['orgs.type'], fails: notIn(lists.ORG_TYPES) },
  { rule: 'user-role-unknown', fields: ['users.role'], fails: notIn(lists.USER_ROLES) },
  { rule: 'enrollment-role-unknown', fields: ['enrollments.role'], fails: notIn(lists.ENROLLMENT_ROLES) },
  { rule: 'session-type-unknown', fields: ['academicSessions.type'], fails: notIn(lists.SESSION_TYPES) },
  { rule: 'grade-unknown', fields: ['users.grades', 'courses.grades'], fails: isNoGrade },
  { rule: 'sex-unknown', fields: ['demographics.sex'], fails: notIn(lists.SEXES) },
  { rule: 'subject-unknown', fields: ['courses.subjects'], fails: isNoSubject },
  { rule: 'flag-unknown', fields: [`users.metadata.${FLAGS}`], fails: hasUnknownFlag },
  {
    rule: 'flag-of-others',
    fields: [`users.metadata.${FLAGS}`],
    fails: () => true,
    when: (record) => roleOf(record) !== 'student',
  },
  { rule: 'id-short', fields: IDS, fails: (text) => text.length < 3 },
  { rule: 'class-id-form', fields: ['classes.sourcedId'], fails: not(isAlias) },
  { rule: 'id-underscore', fields: ['users.sourcedId'], fails: (text) => text.includes('_') },
  { rule: 'username-form', fields: ['users.username'], fails: hasUsernameFault, when: isAccount },
  { rule: 'username-long', fields: ['users.username'], fails: isUsernameTooLong, when: isAccount },
  { rule: 'username-dot', fields: ['users.username'], fails: (text) => text.startsWith('.'), when: isAccount },
  { rule: 'email-form', fields: ['users.email'], fails: not(isEmail), when: isAccount },
  { rule: 'contact-email-form', fields: ['users.email'], fails: not(isEmail), when: isContact },
  { rule: 'email-case', fields: ['users.email'], fails: (text) => text !== text.toLowerCase() },
  { rule: 'phone-form', fields: ['users.phone', 'users.sms'], fails: not(isE164) },
  { rule: 'name-long', fields: NAMES, fails: longerThan(64) },
  { rule: 'title-long', fields: ['orgs.name', 'courses.title', 'classes.title'], fails: longerThan(256) },
  {
    rule: 'text-control',
    fields: [
      // Those of ids of classes, usernames and addresses are told by the rules of their form.
      ...['academicSessions.sourcedId', 'orgs.sourcedId', 'courses.sourcedId', 'users.sourcedId'],
      ...['academicSessions.title', 'orgs.name', 'orgs.identifier', 'courses.title', 'courses.courseCode'],
      ...['courses.subjects', 'classes.title', 'classes.classCode', 'classes.location'],
      ...[...NAMES, 'users.middleName', 'users.identifier'],
      'demographics.cityOfBirth',
    ],
    fails: hasControl,
  },
  { rule: 'session-date-form', fields: SESSION, fails: not(isIsoDate) },
  {
    rule: 'date-form',
    fields: ['enrollments.beginDate', 'enrollments.endDate', 'demographics.birthDate'],
    fails: not(isIsoDate),
  },
  { rule: 'session-order', fields: ['academicSessions.endDate'], fails: endsBefore('startDate') },
  { rule: 'enrollment-order', fields: ['enrollments.endDate'], fails: endsBefore('beginDate') },
  { rule: 'school-year-form', fields: ['academicSessions.schoolYear'], fails: not(isYear) },
  { rule: 'school-year-end', fields: ['academicSessions.schoolYear'], fails: isOfAnotherYear },
]

/** Whether the end, which is the first day after, is not later than the beginning. What is no date is another rule's. */
function endsBefore(begin: string): (text: string, record: ReadinessRecord) => boolean {
  return (end, { fields }) => {
    const from = fields[begin]
    // Texts of dates are in the order of the dates; nearly always that is all there is to ask.
    return typeof from === 'string' && end <= from && isIsoDate(from) && isIsoDate(end)
  }
}

function isYear(text: string): boolean {
  return /^\d{4}$/.test(text)
}

/** A session may end in the year before: the first semester of 2026-27 is of 2027. The year itself may not. */
function isOfAnotherYear(schoolYear: string, { fields: { type, endDate } }: ReadinessRecord): boolean {
  if (!isYear(schoolYear) || typeof endDate !== 'string' || !isIsoDate(endDate)) return false
  // The end is the first day after: what ends on January 1 ends in the year before.
  const endYear = Number(endDate.slice(0, 4)) - (endDate.slice(5, 10) === '01-01' ? 1 : 0)
  const ahead = Number(schoolYear) - endYear
  return type === 'schoolYear' ? ahead !== 0 : ahead !== 0 && ahead !== 1
}

/** Every check with each field that it looks at. */
export const FIELD_CHECKS: readonly Check[] = ROWS.flatMap(({ rule, fields, fails, when }) =>
  fields.map((path) => {
    const dot = path.indexOf('.')
    return { fault: { rule, collection: path.slice(0, dot), field: path.slice(dot + 1) }, fails, when }
  }),
)
