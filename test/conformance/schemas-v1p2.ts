// The objects of OneRoster 1.2's three services, as strictly as their readers read them.
import * as z from 'zod'
import {
  base,
  date,
  type EntitySchemas,
  extensible,
  flagOf,
  grade,
  type LinkTo,
  links,
  linkTo,
  many,
  moment,
  residence,
  schoolYear,
  score,
  text,
} from './parts.ts'

const USER_ROLES = [
  ...(['aide', 'counselor', 'districtAdministrator', 'guardian', 'parent', 'principal', 'proctor'] as const),
  ...(['relative', 'siteAdministrator', 'student', 'systemAdministrator', 'teacher'] as const),
] as const
const RESOURCE_ROLES = [
  ...(['administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher'] as const),
] as const
const SCORE_STATUSES = ['exempt', 'fully graded', 'not submitted', 'partially graded', 'submitted'] as const

const flag = flagOf(false)
/** The document's pattern for local tokens begins with a slash that nobody means. */
const source = z.enum(['case', 'unknown'])
const objectives = many(z.strictObject({ source, learningObjectiveIds: many(text) })).optional()
const objectiveScores = many(
  z.strictObject({
    source,
    learningObjectiveResults: many(
      z.strictObject({ learningObjectiveId: text, score: score.optional(), textScore: text.optional() }),
    ),
  }),
).optional()

/** By entity. No password, of a user or of a profile's credential, is ever sent: neither is a member here. */
export function schemasV1p2({ publicUrl }: { readonly publicUrl: string }): EntitySchemas {
  const link = linkTo('v1p2', publicUrl)
  return { ...rostering(link), ...gradebook(link), resource: resource() }
}

function rostering(link: LinkTo): EntitySchemas {
  return {
    academicSession: z.strictObject({
      ...base,
      title: text,
      startDate: date,
      endDate: date,
      type: extensible(['gradingPeriod', 'semester', 'schoolYear', 'term']),
      parent: link('academicSession').optional(),
      children: links(link('academicSession')).optional(),
      schoolYear,
    }),
    org: z.strictObject({
      ...base,
      name: text,
      type: extensible(['department', 'district', 'local', 'national', 'school', 'state']),
      identifier: text,
      parent: link('org').optional(),
      children: links(link('org')).optional(),
    }),
    course: z.strictObject({
      ...base,
      title: text,
      schoolYear: link('academicSession').optional(),
      courseCode: text,
      grades: many(grade).optional(),
      subjects: many(text).optional(),
      org: link('org').optional(),
      subjectCodes: many(text).optional(),
      resources: links(link('resource')).optional(),
    }),
    class: z.strictObject({
      ...base,
      title: text,
      classCode: text.optional(),
      classType: extensible(['homeroom', 'scheduled']).optional(),
      location: text.optional(),
      grades: many(grade).optional(),
      subjects: many(text).optional(),
      course: link('course'),
      school: link('org'),
      terms: links(link('academicSession')),
      subjectCodes: many(text).optional(),
      periods: many(text).optional(),
      resources: links(link('resource')).optional(),
    }),
    user: user(link),
    enrollment: z.strictObject({
      ...base,
      user: link('user'),
      class: link('class'),
      school: link('org'),
      role: extensible(['administrator', 'proctor', 'student', 'teacher']),
      primary: flag.optional(),
      beginDate: date.optional(),
      endDate: date.optional(),
    }),
    demographics: z.strictObject({
      ...base,
      birthDate: date.optional(),
      sex: extensible(['male', 'female', 'unspecified', 'other']).optional(),
      americanIndianOrAlaskaNative: flag.optional(),
      asian: flag.optional(),
      blackOrAfricanAmerican: flag.optional(),
      nativeHawaiianOrOtherPacificIslander: flag.optional(),
      white: flag.optional(),
      demographicRaceTwoOrMoreRaces: flag.optional(),
      hispanicOrLatinoEthnicity: flag.optional(),
      countryOfBirthCode: text.optional(),
      stateOfBirthAbbreviation: text.optional(),
      cityOfBirth: text.optional(),
      publicSchoolResidenceStatus: residence.optional(),
    }),
  }
}

function user(link: LinkTo) {
  const role = z.strictObject({
    roleType: z.enum(['primary', 'secondary']),
    role: extensible(USER_ROLES),
    org: link('org'),
    userProfile: z.url().optional(),
    beginDate: date.optional(),
    endDate: date.optional(),
  })
  const credential = z.strictObject({ type: text, username: text })
  const profile = z.strictObject({
    profileId: z.url(),
    profileType: text,
    vendorId: text,
    applicationId: text.optional(),
    description: text.optional(),
    credentials: many(credential).optional(),
  })
  return z.strictObject({
    ...base,
    userMasterIdentifier: text.optional(),
    username: text.optional(),
    userIds: many(z.strictObject({ type: text, identifier: text })).optional(),
    enabledUser: flag,
    givenName: text,
    familyName: text,
    middleName: text.optional(),
    preferredFirstName: text.optional(),
    preferredMiddleName: text.optional(),
    preferredLastName: text.optional(),
    pronouns: text.optional(),
    roles: many(role).refine(hasOnePrimaryByOrg, 'an org has not exactly one primary role'),
    userProfiles: many(profile).optional(),
    primaryOrg: link('org').optional(),
    identifier: text.optional(),
    email: text.optional(),
    sms: text.optional(),
    phone: text.optional(),
    agents: links(link('user')).optional(),
    grades: many(grade).optional(),
    resources: links(link('resource')).optional(),
  })
}

function hasOnePrimaryByOrg(roles: readonly { readonly roleType: string; readonly org: unknown }[]): boolean {
  const orgs = roles.map(({ org }) => JSON.stringify(org))
  const primaries = roles.flatMap(({ roleType, org }) => (roleType === 'primary' ? [JSON.stringify(org)] : []))
  return new Set(primaries).size === primaries.length && new Set(orgs).size === primaries.length
}

function resource() {
  return z.strictObject({
    ...base,
    title: text.optional(),
    roles: many(extensible(RESOURCE_ROLES)).optional(),
    importance: z.enum(['primary', 'secondary']).optional(),
    vendorResourceId: text,
    vendorId: text.optional(),
    applicationId: text.optional(),
  })
}

function gradebook(link: LinkTo): EntitySchemas {
  const outcome = {
    student: link('user'),
    scoreStatus: extensible(SCORE_STATUSES),
    score: score.optional(),
    textScore: text.optional(),
    scoreDate: date,
    scoreScale: link('scoreScale').optional(),
    comment: text.optional(),
    learningObjectiveSet: objectiveScores,
    inProgress: flag.optional(),
    incomplete: flag.optional(),
    late: flag.optional(),
    missing: flag.optional(),
  }
  const item = {
    title: text,
    description: text.optional(),
    scoreScale: link('scoreScale').optional(),
    resultValueMin: score.optional(),
    resultValueMax: score.optional(),
    learningObjectiveSet: objectives,
  }
  return {
    category: z.strictObject({ ...base, title: text, weight: z.number().optional() }),
    lineItem: z.strictObject({
      ...base,
      ...item,
      assignDate: moment,
      dueDate: moment,
      class: link('class'),
      school: link('org'),
      category: link('category'),
      gradingPeriod: link('academicSession').optional(),
      academicSession: link('academicSession').optional(),
    }),
    result: z.strictObject({ ...base, ...outcome, lineItem: link('lineItem'), class: link('class').optional() }),
    scoreScale: z.strictObject({
      ...base,
      title: text,
      type: text,
      course: link('course').optional(),
      class: link('class'),
      scoreScaleValue: many(z.strictObject({ itemValueLHS: text, itemValueRHS: text })),
    }),
    assessmentLineItem: z.strictObject({
      ...base,
      ...item,
      class: link('class').optional(),
      parentAssessmentLineItem: link('assessmentLineItem').optional(),
    }),
    assessmentResult: z.strictObject({
      ...base,
      ...outcome,
      assessmentLineItem: link('assessmentLineItem'),
      scorePercentile: z.number().optional(),
    }),
  }
}
