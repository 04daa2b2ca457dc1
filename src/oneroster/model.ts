// The one table of the rostering collections: their fields, types, vocabularies, links, and what filters need of them.

export const COLLECTIONS = [
  'academicSessions',
  'orgs',
  'courses',
  'classes',
  'users',
  'enrollments',
  'demographics',
] as const

export type Collection = (typeof COLLECTIONS)[number]

/** How `=` and the range predicates compare a text: as it stands, or with case and composition folded away. */
export type Comparison = 'exact' | 'folded'

/** Which of a field's columns get an index. `folded` only where the field is compared so. */
export type Index = 'plain' | 'folded'

interface Common {
  readonly required?: boolean
  readonly index?: readonly Index[]
}

export interface TextField extends Common {
  readonly type: 'text'
  readonly compare: Comparison
  readonly many?: boolean
}

export interface TokenField extends Common {
  readonly type: 'token'
  /** The v1.1 tokens. */
  readonly vocabulary: readonly string[]
  /** Tokens that only v1.2 knows. */
  readonly addedInV1p2?: readonly string[]
}

export interface ValueField extends Common {
  readonly type: 'date' | 'boolean' | 'number'
}

/** A link. Its `type` word is the singular of the collection it leads to, and its path is that collection's name. */
export interface ReferenceField extends Common {
  readonly type: 'reference'
  readonly to: Collection
  readonly many?: boolean
}

/** A list of small objects of texts, such as userIds. */
export interface GroupField extends Common {
  readonly type: 'group'
  readonly many: true
  readonly members: Readonly<Record<string, TextField>>
}

export type Field = TextField | TokenField | ValueField | ReferenceField | GroupField

export interface CollectionModel {
  /** Wrapper key of a single object, and the `type` word of a link to it. The plural key is the collection's name. */
  readonly singular: string
  /** Every field but sourcedId, status, dateLastModified and metadata, in the order in which it is written. */
  readonly fields: Readonly<Record<string, Field>>
}

const TEXT = { type: 'text', compare: 'folded' } as const
const CODE = { type: 'text', compare: 'exact' } as const
const CODES = { ...CODE, many: true } as const
const DATE = { type: 'date' } as const
const BOOLEAN = { type: 'boolean' } as const

/** The seven rostering collections (v1.1, section 4 of the specification). `required` is what the bridge insists on. */
export const MODEL: Readonly<Record<Collection, CollectionModel>> = {
  academicSessions: {
    singular: 'academicSession',
    fields: {
      title: { ...TEXT, required: true },
      startDate: { ...DATE, required: true },
      endDate: { ...DATE, required: true },
      type: { type: 'token', vocabulary: ['gradingPeriod', 'semester', 'schoolYear', 'term'], required: true },
      parent: { type: 'reference', to: 'academicSessions', index: ['plain'] },
      children: { type: 'reference', to: 'academicSessions', many: true },
      schoolYear: { ...CODE, required: true },
    },
  },
  orgs: {
    singular: 'org',
    fields: {
      name: { ...TEXT, required: true },
      type: {
        type: 'token',
        vocabulary: ['department', 'district', 'local', 'national', 'school', 'state'],
        required: true,
      },
      identifier: { ...CODE, required: true },
      parent: { type: 'reference', to: 'orgs' },
      children: { type: 'reference', to: 'orgs', many: true },
    },
  },
  courses: {
    singular: 'course',
    fields: {
      title: { ...TEXT, required: true },
      schoolYear: { type: 'reference', to: 'academicSessions' },
      courseCode: { ...TEXT, required: true, index: ['folded'] },
      grades: CODES,
      subjects: { ...TEXT, many: true },
      org: { type: 'reference', to: 'orgs', required: true },
      subjectCodes: CODES,
    },
  },
  classes: {
    singular: 'class',
    fields: {
      title: { ...TEXT, required: true, index: ['folded'] },
      classCode: { ...TEXT, index: ['folded'] },
      classType: { type: 'token', vocabulary: ['homeroom', 'scheduled'] },
      location: TEXT,
      grades: CODES,
      subjects: { ...TEXT, many: true },
      course: { type: 'reference', to: 'courses', required: true, index: ['plain'] },
      school: { type: 'reference', to: 'orgs', required: true, index: ['plain'] },
      terms: { type: 'reference', to: 'academicSessions', many: true, required: true },
      subjectCodes: CODES,
      periods: CODES,
    },
  },
  users: {
    singular: 'user',
    fields: {
      username: { ...TEXT, required: true, index: ['folded'] },
      userIds: { type: 'group', many: true, members: { type: CODE, identifier: { ...CODE, required: true } } },
      enabledUser: { ...BOOLEAN, required: true },
      givenName: { ...TEXT, required: true },
      familyName: { ...TEXT, required: true, index: ['plain', 'folded'] },
      middleName: TEXT,
      role: {
        type: 'token',
        vocabulary: ['administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher'],
        required: true,
        index: ['plain'],
      },
      identifier: { ...CODE, index: ['plain'] },
      email: { ...TEXT, index: ['folded'] },
      sms: CODE,
      phone: CODE,
      agents: { type: 'reference', to: 'users', many: true },
      orgs: { type: 'reference', to: 'orgs', many: true, required: true },
      grades: CODES,
    },
  },
  enrollments: {
    singular: 'enrollment',
    fields: {
      user: { type: 'reference', to: 'users', required: true, index: ['plain'] },
      class: { type: 'reference', to: 'classes', required: true, index: ['plain'] },
      school: { type: 'reference', to: 'orgs', required: true, index: ['plain'] },
      // No index: nine in ten are `student`, so it could only serve the rare roles, and costs every insert.
      role: {
        type: 'token',
        vocabulary: ['administrator', 'proctor', 'student', 'teacher', 'aide'],
        required: true,
      },
      primary: BOOLEAN,
      beginDate: DATE,
      endDate: DATE,
    },
  },
  demographics: {
    singular: 'demographics',
    fields: {
      birthDate: DATE,
      sex: { type: 'token', vocabulary: ['male', 'female'], addedInV1p2: ['unspecified', 'other'] },
      americanIndianOrAlaskaNative: BOOLEAN,
      asian: BOOLEAN,
      blackOrAfricanAmerican: BOOLEAN,
      nativeHawaiianOrOtherPacificIslander: BOOLEAN,
      white: BOOLEAN,
      demographicRaceTwoOrMoreRaces: BOOLEAN,
      hispanicOrLatinoEthnicity: BOOLEAN,
      countryOfBirthCode: CODE,
      stateOfBirthAbbreviation: CODE,
      cityOfBirth: TEXT,
      publicSchoolResidenceStatus: CODE,
    },
  },
}

/** The field of that exact (case-sensitive) name, or nothing. */
export function fieldOf(collection: Collection, name: string): Field | undefined {
  const { fields } = MODEL[collection]
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}
