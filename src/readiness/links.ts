// The references between records: who refers to what, what is not delivered in the end, and what a reference tells of its target.
import { isContact, roleOf } from './field-checks.ts'
import type { ReadinessRecord } from './report.ts'
import type { RuleId } from './rules.ts'
import type { Fault } from './tally.ts'
import { RELATION_ROLES } from './vocabularies.ts'

/** The collections that others refer to. */
export const TARGETS = ['academicSessions', 'orgs', 'courses', 'classes', 'users'] as const
export type Target = (typeof TARGETS)[number]

/** Bits on the ids of every target. */
export const DELIVERED = 1
/** Bits on classes. */
export const HAS_STUDENT = 2
export const HAS_TEACHER = 4
/** Bits on users. */
export const IS_STUDENT = 2
export const IS_CONTACT = 4
export const IS_RELATION = 8
export const IN_CLASS = 16
export const IS_AGENT = 32
export const HAS_USERNAME = 64
export const HAS_AT = 128

/** A field whose value is the target's id, a reference, or a list of references. */
export interface Link {
  /** Its place among all links. */
  readonly kind: number
  readonly fault: Fault & { readonly field: string }
  readonly to: Target
  readonly when: ((record: ReadinessRecord) => boolean) | undefined
  /** What the reference tells of its target, as bits. */
  readonly marks: ((record: ReadinessRecord) => number) | undefined
}

interface Row {
  readonly rule: RuleId
  readonly collection: string
  readonly field: string
  readonly to: Target
  readonly when?: (record: ReadinessRecord) => boolean
  readonly marks?: (record: ReadinessRecord) => number
}

const isStudent = (record: ReadinessRecord) => roleOf(record) === 'student'

const ROWS: readonly Row[] = [
  { rule: 'reference-dropped', collection: 'academicSessions', field: 'parent', to: 'academicSessions' },
  { rule: 'reference-dropped', collection: 'orgs', field: 'parent', to: 'orgs' },
  { rule: 'reference-dropped', collection: 'courses', field: 'org', to: 'orgs' },
  { rule: 'reference-dropped', collection: 'courses', field: 'schoolYear', to: 'academicSessions' },
  { rule: 'reference-dropped', collection: 'classes', field: 'course', to: 'courses' },
  { rule: 'reference-missing', collection: 'classes', field: 'school', to: 'orgs' },
  { rule: 'reference-dropped', collection: 'classes', field: 'terms', to: 'academicSessions' },
  { rule: 'reference-dropped', collection: 'users', field: 'orgs', to: 'orgs' },
  // School Data Sync takes contacts from the agents of students, and drops those the other way round.
  {
    rule: 'reference-dropped',
    collection: 'users',
    field: 'agents',
    to: 'users',
    when: isStudent,
    marks: () => IS_AGENT,
  },
  { rule: 'reference-missing', collection: 'enrollments', field: 'class', to: 'classes', marks: rolesInClass },
  { rule: 'reference-missing', collection: 'enrollments', field: 'user', to: 'users', marks: () => IN_CLASS },
  { rule: 'reference-dropped', collection: 'enrollments', field: 'school', to: 'orgs' },
  { rule: 'reference-missing', collection: 'demographics', field: 'sourcedId', to: 'users' },
]

function rolesInClass(record: ReadinessRecord): number {
  const role = roleOf(record)
  if (role === 'student') return HAS_STUDENT
  return role === 'teacher' ? HAS_TEACHER : 0
}

/** Every kind of reference, by its number. */
export const LINKS: readonly Link[] = ROWS.map(({ rule, collection, field, to, when, marks }, kind) => ({
  kind,
  fault: { rule, collection, field },
  to,
  when,
  marks,
}))

/** The bits of a user that the record itself tells. */
export function marksOfUser(record: ReadinessRecord): number {
  const { username } = record.fields
  const name = typeof username === 'string' ? username : ''
  return (
    (isStudent(record) ? IS_STUDENT : 0) |
    (isContact(record) ? IS_CONTACT : 0) |
    (RELATION_ROLES.has(roleOf(record)) ? IS_RELATION : 0) |
    (name === '' ? 0 : HAS_USERNAME) |
    (name.includes('@') ? HAS_AT : 0)
  )
}
