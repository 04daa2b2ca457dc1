// The one table of what OneRoster serves: fields, types, vocabularies and links of both versions, and what filters need.

export type Version = 'v1p1' | 'v1p2'

/** The rostering collections, which the store keeps. */
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

/** What the bridge serves but has no records of yet. */
export const EMPTY_COLLECTIONS = [
  'resources',
  'categories',
  'lineItems',
  'results',
  'scoreScales',
  'assessmentLineItems',
  'assessmentResults',
] as const

export type EmptyCollection = (typeof EMPTY_COLLECTIONS)[number]

/** Any collection that a path may speak of. */
export type Entity = Collection | EmptyCollection

export function isStored(entity: Entity): entity is Collection {
  const stored: readonly string[] = COLLECTIONS
  return stored.includes(entity)
}

/** How `=` and the range predicates compare a text: as it stands, or with case and composition folded away. */
export type Comparison = 'exact' | 'folded'

/** Which of a field's columns get an index. `folded` only where the field is compared so. */
export type Index = 'plain' | 'folded'

interface Common {
  /** What the bridge insists on, of a mapping too. */
  readonly required?: boolean
  readonly index?: readonly Index[]
  /** The one version that has the field. */
  readonly only?: Version
  /** Made by the presenter out of other fields; no mapping fills it. */
  readonly isDerived?: boolean
}

export interface TextField extends Common {
  readonly type: 'text'
  readonly compare: Comparison
  readonly many?: boolean
  /** Of a group's member: v1.2 demands it. */
  readonly isRequiredInV1p2?: boolean
}

export interface TokenField extends Common {
  readonly type: 'token'
  /** The v1.1 tokens. */
  readonly vocabulary: readonly string[]
  /** Tokens that only v1.2 knows; v1.1 leaves the field out. */
  readonly addedInV1p2?: readonly string[]
  /** v1.1 token → what v1.2 calls it. */
  readonly inV1p2?: Readonly<Record<string, string>>
}

export interface ValueField extends Common {
  readonly type: 'date' | 'boolean' | 'number'
}

/** A link. Its `type` word is the singular of the collection it leads to, and its path is that collection's name. */
export interface ReferenceField extends Common {
  readonly type: 'reference'
  readonly to: Entity
  readonly many?: boolean
}

/** A list of small objects of texts, such as userIds. */
export interface GroupField extends Common {
  readonly type: 'group'
  readonly many: true
  readonly members: Readonly<Record<string, TextField>>
}

/** The roles of a v1.2 user: one primary role in each of the orgs. Their links are kept as those of `orgs`. */
export interface RolesField extends Common {
  readonly type: 'roles'
  readonly many: true
  readonly isDerived: true
}

export type Field = TextField | TokenField | ValueField | ReferenceField | GroupField | RolesField

export interface CollectionModel {
  /** Wrapper key of a single object, and the `type` word of a link to it. The plural key is the collection's name. */
  readonly singular: string
  /** Every field but sourcedId, status, dateLastModified and metadata, in the order in which it is written. */
  readonly fields: Readonly<Record<string, Field>>
  /** Fields of the standard that the bridge never fills: known to filters and selections, and always missing. */
  readonly unfilled?: Readonly<Partial<Record<Version, readonly string[]>>>
}

const TEXT = { type: 'text', compare: 'folded' } as const
const CODE = { type: 'text', compare: 'exact' } as const
const CODES = { ...CODE, many: true } as const
const DATE = { type: 'date' } as const
const BOOLEAN = { type: 'boolean' } as const
const NUMBER = { type: 'number' } as const
const V1P1 = { only: 'v1p1' } as const
const V1P2 = { only: 'v1p2' } as const
const DERIVED = { ...V1P2, isDerived: true } as const

const SCORES = ['exempt', 'fully graded', 'not submitted', 'partially graded', 'submitted'] as const
/** What v1.2 added to every kind of result. */
const V1P2_RESULT = {
  textScore: { ...TEXT, ...V1P2 },
  scoreScale: { type: 'reference', to: 'scoreScales', ...V1P2 },
  inProgress: { ...BOOLEAN, ...V1P2 },
  incomplete: { ...BOOLEAN, ...V1P2 },
  late: { ...BOOLEAN, ...V1P2 },
  missing: { ...BOOLEAN, ...V1P2 },
} as const

/** Every collection (v1.1: section 4 of the specification; v1.2: the data model of the three services). */
export const MODEL: Readonly<Record<Entity, CollectionModel>> = {
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
    unfilled: { v1p1: ['resources'], v1p2: ['resources'] },
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
    unfilled: { v1p1: ['resources'], v1p2: ['resources'] },
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
    unfilled: { v1p1: ['password'], v1p2: ['password', 'userProfiles', 'resources'] },
    fields: {
      username: { ...TEXT, required: true, index: ['folded'] },
      userMasterIdentifier: { ...CODE, ...V1P2 },
      userIds: {
        type: 'group',
        many: true,
        members: { type: { ...CODE, isRequiredInV1p2: true }, identifier: { ...CODE, required: true } },
      },
      enabledUser: { ...BOOLEAN, required: true },
      givenName: { ...TEXT, required: true },
      familyName: { ...TEXT, required: true, index: ['plain', 'folded'] },
      middleName: TEXT,
      preferredFirstName: { ...TEXT, ...V1P2 },
      preferredMiddleName: { ...TEXT, ...V1P2 },
      preferredLastName: { ...TEXT, ...V1P2 },
      pronouns: { ...TEXT, ...V1P2 },
      roles: { type: 'roles', many: true, ...DERIVED },
      role: {
        type: 'token',
        vocabulary: ['administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher'],
        required: true,
        index: ['plain'],
        ...V1P1,
      },
      identifier: { ...CODE, index: ['plain'] },
      email: { ...TEXT, index: ['folded'] },
      sms: CODE,
      phone: CODE,
      agents: { type: 'reference', to: 'users', many: true },
      orgs: { type: 'reference', to: 'orgs', many: true, required: true, ...V1P1 },
      primaryOrg: { type: 'reference', to: 'orgs', ...DERIVED },
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
        inV1p2: { aide: 'ext:aide' },
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
  resources: {
    singular: 'resource',
    fields: {
      vendorResourceId: CODE,
      title: TEXT,
      roles: CODES,
      importance: { type: 'token', vocabulary: ['primary', 'secondary'] },
      vendorId: CODE,
      applicationId: CODE,
    },
  },
  categories: { singular: 'category', fields: { title: TEXT, weight: { ...NUMBER, ...V1P2 } } },
  lineItems: {
    singular: 'lineItem',
    unfilled: { v1p2: ['learningObjectiveSet'] },
    fields: {
      title: TEXT,
      description: TEXT,
      assignDate: DATE,
      dueDate: DATE,
      class: { type: 'reference', to: 'classes' },
      school: { type: 'reference', to: 'orgs', ...V1P2 },
      category: { type: 'reference', to: 'categories' },
      gradingPeriod: { type: 'reference', to: 'academicSessions' },
      academicSession: { type: 'reference', to: 'academicSessions', ...V1P2 },
      scoreScale: { type: 'reference', to: 'scoreScales', ...V1P2 },
      resultValueMin: NUMBER,
      resultValueMax: NUMBER,
    },
  },
  results: {
    singular: 'result',
    unfilled: { v1p2: ['learningObjectiveSet'] },
    fields: {
      lineItem: { type: 'reference', to: 'lineItems' },
      student: { type: 'reference', to: 'users' },
      class: { type: 'reference', to: 'classes', ...V1P2 },
      scoreStatus: { type: 'token', vocabulary: SCORES },
      score: NUMBER,
      scoreDate: DATE,
      comment: TEXT,
      ...V1P2_RESULT,
    },
  },
  scoreScales: {
    singular: 'scoreScale',
    fields: {
      title: TEXT,
      type: CODE,
      class: { type: 'reference', to: 'classes' },
      course: { type: 'reference', to: 'courses' },
      scoreScaleValue: { type: 'group', many: true, members: { itemValueLHS: CODE, itemValueRHS: CODE } },
    },
  },
  assessmentLineItems: {
    singular: 'assessmentLineItem',
    unfilled: { v1p2: ['learningObjectiveSet'] },
    fields: {
      title: TEXT,
      description: TEXT,
      class: { type: 'reference', to: 'classes' },
      parentAssessmentLineItem: { type: 'reference', to: 'assessmentLineItems' },
      scoreScale: { type: 'reference', to: 'scoreScales' },
      resultValueMin: NUMBER,
      resultValueMax: NUMBER,
    },
  },
  assessmentResults: {
    singular: 'assessmentResult',
    unfilled: { v1p2: ['learningObjectiveSet'] },
    fields: {
      assessmentLineItem: { type: 'reference', to: 'assessmentLineItems' },
      student: { type: 'reference', to: 'users' },
      score: NUMBER,
      scoreDate: DATE,
      scorePercentile: NUMBER,
      scoreStatus: { type: 'token', vocabulary: SCORES },
      comment: TEXT,
      ...V1P2_RESULT,
    },
  },
}

/** The fields that a version has, by name, in the order in which they are written. */
export function fieldsOf(entity: Entity, version: Version): readonly (readonly [name: string, field: Field])[] {
  return FIELDS[version].get(entity) ?? []
}

/** The field of that exact (case-sensitive) name, or nothing when the version has none. */
export function fieldOf(entity: Entity, name: string, version: Version): Field | undefined {
  const { fields } = MODEL[entity]
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  return field?.only === undefined || field.only === version ? field : undefined
}

const FIELDS: Readonly<Record<Version, ReadonlyMap<string, readonly (readonly [string, Field])[]>>> = {
  v1p1: fieldsByEntity('v1p1'),
  v1p2: fieldsByEntity('v1p2'),
}

function fieldsByEntity(version: Version) {
  return new Map(
    Object.entries(MODEL).map(([entity, { fields }]) => [
      entity,
      Object.entries(fields).filter(([, { only }]) => only === undefined || only === version),
    ]),
  )
}
