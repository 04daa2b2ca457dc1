// What School Data Sync insists on in every record, as its own collection of requests checks it.
import type { Entity, Json } from './read.ts'

/** In the order in which the collection asks. */
export const SDS_RESOURCES = [
  'academicSessions',
  'orgs',
  'users',
  'classes',
  'enrollments',
  'courses',
  'demographics',
] as const
export type SdsResource = (typeof SDS_RESOURCES)[number]

/** What is wrong with a value, in words; undefined when nothing is. */
type Check = (value: unknown) => string | undefined

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const text: Check = (value) => (isText(value) ? undefined : 'is no text or empty')
const oneOf =
  (...tokens: readonly string[]): Check =>
  (value) =>
    tokens.includes(String(value)) ? undefined : `is none of ${tokens.join(', ')}`
const like =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `is not like ${pattern}`
const link =
  (...types: readonly string[]): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null) return 'is no link'
    // An object, as just seen.
    const { sourcedId, type } = value as Json
    return text(sourcedId) ?? (types.length === 0 ? undefined : oneOf(...types)(type))
  }
const links =
  (...types: readonly string[]): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0
      ? value.map(link(...types)).find((fault) => fault !== undefined)
      : 'is no list with a link in it'
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value)

/** Strictly three digits of a second, and UTC. */
const STAMP = like(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const DAY = like(/^\d{4}-\d\d-\d\d$/)
const ORG_TYPES = ['department', 'school', 'district', 'local', 'state', 'national'] as const
const SESSION_TYPES = ['gradingPeriod', 'semester', 'schoolYear', 'term'] as const
const ROLES = ['administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher'] as const
const BASE = { sourcedId: text, status: oneOf('active', 'tobedeleted'), dateLastModified: STAMP }
const FLAGS = ['freeLunch', 'homeless', 'giftedOrTalented', '504', 'ELL', 'LEP', 'IEP', '']

const CHECKS: Readonly<Record<SdsResource, Readonly<Record<string, Check>>>> = {
  academicSessions: {
    ...BASE,
    title: text,
    type: oneOf(...SESSION_TYPES),
    schoolYear: like(/^\d{4}$/),
    startDate: DAY,
    endDate: DAY,
  },
  orgs: { ...BASE, name: text, type: oneOf(...ORG_TYPES), identifier: text },
  users: {
    ...BASE,
    username: text,
    givenName: text,
    identifier: text,
    role: oneOf(...ROLES),
    orgs: links(...ORG_TYPES, 'org'),
    agents: optional(links('user')),
    metadata: optional((value) => {
      const flags = (value as Json)['microsoft.userFlags']
      return flags === undefined ||
        String(flags)
          .split(',')
          .every((flag) => FLAGS.includes(flag.trim()))
        ? undefined
        : 'holds user flags that are not known'
    }),
  },
  classes: {
    ...BASE,
    title: text,
    school: link(...ORG_TYPES, 'org'),
    terms: links('academicSession', ...SESSION_TYPES),
  },
  enrollments: {
    ...BASE,
    role: oneOf(...ROLES),
    school: link(...ORG_TYPES, 'org'),
    class: link('class'),
    user: link('user'),
  },
  courses: { ...BASE, title: text, org: link() },
  demographics: BASE,
}

/** Every fault of a record, in words. */
export function faultsOf(resource: SdsResource, record: Entity): readonly string[] {
  return Object.entries(CHECKS[resource]).flatMap(([field, check]) => {
    const fault = check(record[field])
    return fault === undefined
      ? []
      : [`${resource}/${record.sourcedId}: ${field} ${fault} (${JSON.stringify(record[field])})`]
  })
}
