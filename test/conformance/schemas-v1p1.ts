// The objects of OneRoster 1.1, as strictly as its readers read them.
import * as z from 'zod'
import {
  base,
  date,
  type EntitySchemas,
  flagOf,
  grade,
  links,
  linkTo,
  many,
  moment,
  residence,
  schoolYear,
  score,
  text,
} from './parts.ts'

const ROLES = ['administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher'] as const

export interface V1p1Options {
  readonly publicUrl: string
  /** For a consumer whose switch asks for native booleans. */
  readonly nativeBooleans: boolean
}

/** By entity. A password is no member of a user: the bridge never sends one. */
export function schemasV1p1({ publicUrl, nativeBooleans }: V1p1Options): EntitySchemas {
  const link = linkTo('v1p1', publicUrl)
  const flag = flagOf(nativeBooleans)
  return {
    academicSession: z.strictObject({
      ...base,
      title: text,
      startDate: date,
      endDate: date,
      type: z.enum(['gradingPeriod', 'semester', 'schoolYear', 'term']),
      parent: link('academicSession').optional(),
      children: links(link('academicSession')).optional(),
      schoolYear,
    }),
    org: z.strictObject({
      ...base,
      name: text,
      type: z.enum(['department', 'district', 'local', 'national', 'school', 'state']),
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
      classType: z.enum(['homeroom', 'scheduled']).optional(),
      location: text.optional(),
      grades: many(grade).optional(),
      subjects: many(text).optional(),
      // Strict readers refuse a class without its course or its terms, though the document asks for neither.
      course: link('course'),
      school: link('org'),
      terms: links(link('academicSession')),
      subjectCodes: many(text).optional(),
      periods: many(text).optional(),
      resources: links(link('resource')).optional(),
    }),
    user: z.strictObject({
      ...base,
      username: text,
      userIds: many(z.strictObject({ type: text, identifier: text })).optional(),
      enabledUser: flag,
      givenName: text,
      familyName: text,
      middleName: text.optional(),
      role: z.enum(ROLES),
      identifier: text.optional(),
      email: text.optional(),
      sms: text.optional(),
      phone: text.optional(),
      agents: links(link('user')).optional(),
      orgs: links(link('org')),
      grades: many(grade).optional(),
    }),
    enrollment: z.strictObject({
      ...base,
      user: link('user'),
      class: link('class'),
      school: link('org'),
      // Of the document's eight, what the final text and School Data Sync agree on.
      role: z.enum(['administrator', 'aide', 'proctor', 'student', 'teacher']),
      primary: flag.optional(),
      beginDate: date.optional(),
      endDate: date.optional(),
    }),
    demographics: z.strictObject({
      ...base,
      birthDate: date.optional(),
      sex: z.enum(['male', 'female']).optional(),
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
    resource: z.strictObject({
      ...base,
      title: text.optional(),
      roles: many(z.enum(ROLES)).optional(),
      importance: z.enum(['primary', 'secondary']).optional(),
      vendorResourceId: text,
      vendorId: text.optional(),
      applicationId: text.optional(),
    }),
    category: z.strictObject({ ...base, title: text }),
    lineItem: z.strictObject({
      ...base,
      title: text,
      description: text.optional(),
      assignDate: moment,
      dueDate: moment,
      class: link('class'),
      category: link('category'),
      gradingPeriod: link('academicSession'),
      resultValueMin: score,
      resultValueMax: score,
    }),
    result: z.strictObject({
      ...base,
      lineItem: link('lineItem'),
      student: link('user'),
      scoreStatus: z.enum(['exempt', 'fully graded', 'not submitted', 'partially graded', 'submitted']),
      // Left out where a status is told without one: a zero would be false.
      score: score.optional(),
      scoreDate: date,
      comment: text.optional(),
    }),
  }
}
