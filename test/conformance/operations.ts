// Every operation of OneRoster 1.1 and 1.2 as the official documents list them: the tests' own table, taken from no code.
import { BASES, type Entity, PLURALS, type Service, serviceOf, type Version } from './entities.ts'

export type Method = 'GET' | 'PUT' | 'DELETE' | 'POST'

export interface Operation {
  readonly version: Version
  readonly service: Service
  /** The operation's id in the documents. */
  readonly name: string
  readonly method: Method
  /** Below the service's base, with the parameters' names of 1.2. */
  readonly path: string
  readonly entity: Entity
  readonly answers: 'list' | 'single' | 'nothing' | 'pairs'
  /** The key under which the answer's data stand; blank when it has none. */
  readonly key: string
  /** The statuses that the documents list. */
  readonly statuses: readonly number[]
  /** Scopes as URLs; any one of them opens it. */
  readonly scopes: readonly string[]
}

/** What no document lists and the bridge adds: an unchanged answer, a method that a path has not, and no snapshot yet. */
export const ADDED_STATUSES: readonly number[] = [304, 405, 503]

const LIST = [200, 400, 401, 403, 422, 429, 500]
const SINGLE = [200, 400, 401, 403, 404, 422, 429, 500]
const WRITE_ERRORS = [401, 403, 404, 422, 429, 500]
const WRITE_STATUSES: Readonly<Record<Version, Readonly<Record<Exclude<Method, 'GET'>, readonly number[]>>>> = {
  // Where the 1.1 document lists 200 alone, the specification's tables know 201 and 204 as well.
  v1p1: { PUT: [200, 201, 400, ...WRITE_ERRORS], DELETE: [204, ...WRITE_ERRORS], POST: [] },
  v1p2: { PUT: [201, ...WRITE_ERRORS], DELETE: [204, ...WRITE_ERRORS], POST: [201, ...WRITE_ERRORS] },
}

type Access =
  | 'core'
  | 'roster'
  | 'demographics'
  | 'resource'
  | 'resourceCore'
  | 'gradebook'
  | 'gradebookCore'
  | 'assessment'

/** In 1.1 `roster.readonly` includes the core. */
const READ_SCOPES: Readonly<Record<Version, Readonly<Record<Access, readonly string[]>>>> = {
  v1p1: {
    core: ['roster-core.readonly', 'roster.readonly'],
    roster: ['roster.readonly'],
    demographics: ['roster-demographics.readonly'],
    resource: ['resource.readonly'],
    resourceCore: ['resource.readonly'],
    gradebook: ['gradebook.readonly'],
    gradebookCore: ['gradebook.readonly'],
    assessment: [],
  },
  v1p2: {
    core: ['roster-core.readonly', 'roster.readonly'],
    roster: ['roster.readonly'],
    demographics: ['roster-demographics.readonly'],
    resource: ['resource.readonly'],
    resourceCore: ['resource.readonly', 'resource-core.readonly'],
    gradebook: ['gradebook.readonly'],
    gradebookCore: ['gradebook.readonly', 'gradebook-core.readonly'],
    assessment: ['assessment.readonly'],
  },
}

export function scopeUrls(version: Version, names: readonly string[]): readonly string[] {
  return names.map((name) => `https://purl.imsglobal.org/spec/or/${version}/scope/${name}`)
}

/** Every scope that opens a reading operation of the version. */
export function readScopes(version: Version): readonly string[] {
  return scopeUrls(version, [...new Set(Object.values(READ_SCOPES[version]).flat())])
}

/** A path that ends in a parameter reads one object; every other reads a list. */
type Read = readonly [name: string, path: string, entity: Entity, access: Access]

/** Table 3.1a of 1.1; the same in 1.2. */
const ROSTERING: readonly Read[] = [
  ['getAllAcademicSessions', 'academicSessions', 'academicSession', 'core'],
  ['getAcademicSession', 'academicSessions/{sourcedId}', 'academicSession', 'core'],
  ['getAllClasses', 'classes', 'class', 'core'],
  ['getClass', 'classes/{sourcedId}', 'class', 'core'],
  ['getAllCourses', 'courses', 'course', 'core'],
  ['getCourse', 'courses/{sourcedId}', 'course', 'core'],
  ['getAllGradingPeriods', 'gradingPeriods', 'academicSession', 'core'],
  ['getGradingPeriod', 'gradingPeriods/{sourcedId}', 'academicSession', 'core'],
  ['getAllDemographics', 'demographics', 'demographics', 'demographics'],
  ['getDemographics', 'demographics/{sourcedId}', 'demographics', 'demographics'],
  ['getAllEnrollments', 'enrollments', 'enrollment', 'core'],
  ['getEnrollment', 'enrollments/{sourcedId}', 'enrollment', 'core'],
  ['getAllOrgs', 'orgs', 'org', 'core'],
  ['getOrg', 'orgs/{sourcedId}', 'org', 'core'],
  ['getAllSchools', 'schools', 'org', 'core'],
  ['getSchool', 'schools/{sourcedId}', 'org', 'core'],
  ['getAllStudents', 'students', 'user', 'core'],
  ['getStudent', 'students/{sourcedId}', 'user', 'core'],
  ['getAllTeachers', 'teachers', 'user', 'core'],
  ['getTeacher', 'teachers/{sourcedId}', 'user', 'core'],
  ['getAllTerms', 'terms', 'academicSession', 'core'],
  ['getTerm', 'terms/{sourcedId}', 'academicSession', 'core'],
  ['getAllUsers', 'users', 'user', 'core'],
  ['getUser', 'users/{sourcedId}', 'user', 'core'],
  ['getCoursesForSchool', 'schools/{schoolSourcedId}/courses', 'course', 'roster'],
  [
    'getEnrollmentsForClassInSchool',
    'schools/{schoolSourcedId}/classes/{classSourcedId}/enrollments',
    'enrollment',
    'roster',
  ],
  ['getStudentsForClassInSchool', 'schools/{schoolSourcedId}/classes/{classSourcedId}/students', 'user', 'roster'],
  ['getTeachersForClassInSchool', 'schools/{schoolSourcedId}/classes/{classSourcedId}/teachers', 'user', 'roster'],
  ['getEnrollmentsForSchool', 'schools/{schoolSourcedId}/enrollments', 'enrollment', 'roster'],
  ['getStudentsForSchool', 'schools/{schoolSourcedId}/students', 'user', 'roster'],
  ['getTeachersForSchool', 'schools/{schoolSourcedId}/teachers', 'user', 'roster'],
  ['getTermsForSchool', 'schools/{schoolSourcedId}/terms', 'academicSession', 'roster'],
  ['getClassesForTerm', 'terms/{termSourcedId}/classes', 'class', 'roster'],
  ['getGradingPeriodsForTerm', 'terms/{termSourcedId}/gradingPeriods', 'academicSession', 'roster'],
  ['getClassesForCourse', 'courses/{courseSourcedId}/classes', 'class', 'roster'],
  ['getClassesForStudent', 'students/{studentSourcedId}/classes', 'class', 'roster'],
  ['getClassesForTeacher', 'teachers/{teacherSourcedId}/classes', 'class', 'roster'],
  ['getClassesForSchool', 'schools/{schoolSourcedId}/classes', 'class', 'roster'],
  ['getClassesForUser', 'users/{userSourcedId}/classes', 'class', 'roster'],
  ['getStudentsForClass', 'classes/{classSourcedId}/students', 'user', 'roster'],
  ['getTeachersForClass', 'classes/{classSourcedId}/teachers', 'user', 'roster'],
]

/** Table 3.1b of 1.1. */
const RESOURCES: readonly Read[] = [
  ['getAllResources', 'resources', 'resource', 'resourceCore'],
  ['getResource', 'resources/{sourcedId}', 'resource', 'resourceCore'],
  ['getResourcesForClass', 'classes/{classSourcedId}/resources', 'resource', 'resource'],
  ['getResourcesForCourse', 'courses/{courseSourcedId}/resources', 'resource', 'resource'],
]
const RESOURCES_OF_V1P2: readonly Read[] = [
  ['getResourcesForUser', 'users/{userSourcedId}/resources', 'resource', 'resource'],
]

/** Table 3.1c of 1.1. */
const GRADEBOOK: readonly Read[] = [
  ['getAllCategories', 'categories', 'category', 'gradebookCore'],
  ['getCategory', 'categories/{sourcedId}', 'category', 'gradebookCore'],
  ['getAllLineItems', 'lineItems', 'lineItem', 'gradebookCore'],
  ['getLineItem', 'lineItems/{sourcedId}', 'lineItem', 'gradebookCore'],
  ['getAllResults', 'results', 'result', 'gradebookCore'],
  ['getResult', 'results/{sourcedId}', 'result', 'gradebookCore'],
  ['getLineItemsForClass', 'classes/{classSourcedId}/lineItems', 'lineItem', 'gradebook'],
  ['getResultsForClass', 'classes/{classSourcedId}/results', 'result', 'gradebook'],
  [
    'getResultsForLineItemForClass',
    'classes/{classSourcedId}/lineItems/{lineItemSourcedId}/results',
    'result',
    'gradebook',
  ],
  [
    'getResultsForStudentForClass',
    'classes/{classSourcedId}/students/{studentSourcedId}/results',
    'result',
    'gradebook',
  ],
]
const GRADEBOOK_OF_V1P2: readonly Read[] = [
  ['getAllScoreScales', 'scoreScales', 'scoreScale', 'gradebookCore'],
  ['getScoreScale', 'scoreScales/{sourcedId}', 'scoreScale', 'gradebookCore'],
  ['getCategoriesForClass', 'classes/{classSourcedId}/categories', 'category', 'gradebook'],
  ['getScoreScalesForClass', 'classes/{classSourcedId}/scoreScales', 'scoreScale', 'gradebook'],
  ['getScoreScalesForSchool', 'schools/{schoolSourcedId}/scoreScales', 'scoreScale', 'gradebook'],
  ['getAllAssessmentLineItems', 'assessmentLineItems', 'assessmentLineItem', 'assessment'],
  ['getAssessmentLineItem', 'assessmentLineItems/{sourcedId}', 'assessmentLineItem', 'assessment'],
  ['getAllAssessmentResults', 'assessmentResults', 'assessmentResult', 'assessment'],
  ['getAssessmentResult', 'assessmentResults/{sourcedId}', 'assessmentResult', 'assessment'],
]

/** What each version lets a client put and delete by id. */
const WRITABLE: Readonly<Record<Version, readonly (readonly [name: string, entity: Entity])[]>> = {
  v1p1: [
    ['Category', 'category'],
    ['LineItem', 'lineItem'],
    ['Result', 'result'],
  ],
  v1p2: [
    ['Category', 'category'],
    ['LineItem', 'lineItem'],
    ['Result', 'result'],
    ['ScoreScale', 'scoreScale'],
    ['AssessmentLineItem', 'assessmentLineItem'],
    ['AssessmentResult', 'assessmentResult'],
  ],
}

/** 1.2 only: the server gives the ids. */
const POSTS: readonly (readonly [name: string, path: string, entity: Entity])[] = [
  ['postLineItemsForClass', 'classes/{classSourcedId}/lineItems', 'lineItem'],
  ['postLineItemsForSchool', 'schools/{schoolSourcedId}/lineItems', 'lineItem'],
  ['postResultsForLineItem', 'lineItems/{lineItemSourcedId}/results', 'result'],
  [
    'postResultsForAcademicSessionForClass',
    'classes/{classSourcedId}/academicSessions/{academicSessionSourcedId}/results',
    'result',
  ],
]

export const OPERATIONS: readonly Operation[] = [
  ...reads('v1p1', [...ROSTERING, ...RESOURCES, ...GRADEBOOK]),
  ...writes('v1p1'),
  ...reads('v1p2', [...ROSTERING, ...RESOURCES, ...RESOURCES_OF_V1P2, ...GRADEBOOK, ...GRADEBOOK_OF_V1P2]),
  ...writes('v1p2'),
  ...posts(),
]

export const READS = OPERATIONS.filter(({ method }) => method === 'GET')
export const LISTS = READS.filter(({ answers }) => answers === 'list')
export const SINGLES = READS.filter(({ answers }) => answers === 'single')
export const NESTED = LISTS.filter(isNested)
/** Lists that answer 200: all but those of 1.2 below what the gradebook does not hold yet. */
export const READABLE = LISTS.filter(({ version, path }) => version === 'v1p1' || !path.includes('{lineItemSourcedId}'))
export const WRITES = OPERATIONS.filter(({ method }) => method !== 'GET')

/** Whether a list hangs on a parent in its path. */
export function isNested({ path, answers }: Pick<Operation, 'path' | 'answers'>): boolean {
  return answers === 'list' && path.includes('{')
}

/** Gradebook and resources are empty until they get their sources. */
export function hasRecords({ service }: Operation): boolean {
  return service === 'rostering'
}

export function baseOf({ version, service }: Pick<Operation, 'version' | 'service'>): string {
  return BASES[version][service]
}

function reads(version: Version, rows: readonly Read[]): Operation[] {
  return rows.map(([name, path, entity, access]) => {
    const service = serviceOf(entity)
    const answers = path.endsWith('}') ? 'single' : 'list'
    // 1.2 lists 404 for every list of resources, and for the gradebook's nested ones.
    const has404 =
      version === 'v1p2' && (service === 'resources' || (service === 'gradebook' && isNested({ path, answers })))
    return {
      version,
      service,
      name,
      method: 'GET',
      path,
      entity,
      answers,
      key: answers === 'single' ? entity : PLURALS[entity],
      statuses: answers === 'single' || has404 ? SINGLE : LIST,
      scopes: scopeUrls(version, READ_SCOPES[version][access]),
    }
  })
}

function writes(version: Version): Operation[] {
  return WRITABLE[version].flatMap(([name, entity]) => {
    const area = entity.startsWith('assessment') ? 'assessment' : 'gradebook'
    const path = `${PLURALS[entity]}/{sourcedId}`
    return [
      write({ version, name: `put${name}`, method: 'PUT', path, entity, scope: `${area}.createput` }),
      write({ version, name: `delete${name}`, method: 'DELETE', path, entity, scope: `${area}.delete` }),
    ]
  })
}

function posts(): Operation[] {
  return POSTS.map(([name, path, entity]) =>
    write({ version: 'v1p2', name, method: 'POST', path, entity, scope: 'gradebook.createpost' }),
  )
}

interface Write extends Pick<Operation, 'version' | 'name' | 'path' | 'entity'> {
  readonly method: Exclude<Method, 'GET'>
  readonly scope: string
}

function write({ scope, ...row }: Write): Operation {
  const isPost = row.method === 'POST'
  return {
    ...row,
    service: 'gradebook',
    answers: isPost ? 'pairs' : 'nothing',
    key: isPost ? 'sourcedIdPairs' : '',
    statuses: WRITE_STATUSES[row.version][row.method],
    scopes: scopeUrls(row.version, [scope]),
  }
}
