// The one table of operations: what each path of the standard reads, in which versions and with which scope.
import type { Entity, Version } from './model.ts'
import {
  type Condition,
  classIsAtSchool,
  every,
  isTerm,
  isTermOfSchool,
  linked,
  linkedInList,
  ofType,
  through,
} from './nested-sql.ts'
import type { Scope } from './scopes.ts'
import type { Part } from './services.ts'

export interface OperationRow {
  /** The name in the standard, and in the status payload. */
  readonly name: string
  /** Below the service's base; literals and `{parameters}` take turns. A path that ends in `{id}` reads one object. */
  readonly path: string
  readonly part: Part
  readonly entity: Entity
  readonly scope: Scope
  /** The one version that has it. */
  readonly only?: Version
  /** The standard knows no way to read this path, only to write to it. */
  readonly isWriteOnly?: boolean
  /** What sort of the collection's records the path speaks of. */
  readonly subtype?: Condition
  /** How the records belong to the parents in the path. */
  readonly nested?: Condition
}

const isStudent = ofType('role', 'student')
const isTeacher = ofType('role', 'teacher')
const isSchool = ofType('type', 'school')
const isGradingPeriod = ofType('type', 'gradingPeriod')

const membersOfClass = (role: 'student' | 'teacher') =>
  through({ collection: 'enrollments', to: 'user', by: [['class', 'classId']], role })
const classesOf = (parameter: string, role?: 'student' | 'teacher') =>
  through({ collection: 'enrollments', to: 'class', by: [['user', parameter]], ...(role ? { role } : {}) })
const coursesTaughtAtSchool = through({ collection: 'classes', to: 'course', by: [['school', 'schoolId']] })

const inSchool = 'schools/{schoolId}'
const inClass = 'classes/{classId}'
const inClassOfSchool = `${inSchool}/${inClass}`

/** A collection and the single read below it. */
function both(
  [list, single]: readonly [list: string, single: string],
  path: string,
  row: Omit<OperationRow, 'name' | 'path'>,
): readonly OperationRow[] {
  return [
    { name: list, path, ...row },
    { name: single, path: `${path}/{id}`, ...row },
  ]
}

const core = (entity: Entity, subtype?: Condition) =>
  ({ part: 'rostering', entity, scope: 'roster-core', ...(subtype ? { subtype } : {}) }) as const

const nested = (entity: Entity, condition: Condition, subtype?: Condition) =>
  ({ part: 'rostering', entity, scope: 'roster', nested: condition, ...(subtype ? { subtype } : {}) }) as const

/** Tables 3.1a of v1.1, and v1.2 rostering: 41 operations, all GET, the same in both. */
const ROSTERING: readonly OperationRow[] = [
  ...both(['getAllAcademicSessions', 'getAcademicSession'], 'academicSessions', core('academicSessions')),
  ...both(['getAllClasses', 'getClass'], 'classes', core('classes')),
  ...both(['getAllCourses', 'getCourse'], 'courses', core('courses')),
  ...both(['getAllGradingPeriods', 'getGradingPeriod'], 'gradingPeriods', core('academicSessions', isGradingPeriod)),
  ...both(['getAllDemographics', 'getDemographics'], 'demographics', {
    part: 'rostering',
    entity: 'demographics',
    scope: 'roster-demographics',
  }),
  ...both(['getAllEnrollments', 'getEnrollment'], 'enrollments', core('enrollments')),
  ...both(['getAllOrgs', 'getOrg'], 'orgs', core('orgs')),
  ...both(['getAllSchools', 'getSchool'], 'schools', core('orgs', isSchool)),
  ...both(['getAllStudents', 'getStudent'], 'students', core('users', isStudent)),
  ...both(['getAllTeachers', 'getTeacher'], 'teachers', core('users', isTeacher)),
  ...both(['getAllTerms', 'getTerm'], 'terms', core('academicSessions', isTerm)),
  ...both(['getAllUsers', 'getUser'], 'users', core('users')),
  { name: 'getCoursesForSchool', path: `${inSchool}/courses`, ...nested('courses', coursesTaughtAtSchool) },
  {
    name: 'getEnrollmentsForClassInSchool',
    path: `${inClassOfSchool}/enrollments`,
    ...nested('enrollments', every(linked('class', 'classId'), classIsAtSchool)),
  },
  {
    name: 'getStudentsForClassInSchool',
    path: `${inClassOfSchool}/students`,
    ...nested('users', every(membersOfClass('student'), classIsAtSchool)),
  },
  {
    name: 'getTeachersForClassInSchool',
    path: `${inClassOfSchool}/teachers`,
    ...nested('users', every(membersOfClass('teacher'), classIsAtSchool)),
  },
  {
    name: 'getEnrollmentsForSchool',
    path: `${inSchool}/enrollments`,
    ...nested('enrollments', linked('school', 'schoolId')),
  },
  {
    name: 'getStudentsForSchool',
    path: `${inSchool}/students`,
    ...nested('users', linkedInList('users', 'orgs', 'schoolId'), isStudent),
  },
  {
    name: 'getTeachersForSchool',
    path: `${inSchool}/teachers`,
    ...nested('users', linkedInList('users', 'orgs', 'schoolId'), isTeacher),
  },
  { name: 'getTermsForSchool', path: `${inSchool}/terms`, ...nested('academicSessions', isTermOfSchool, isTerm) },
  {
    name: 'getClassesForTerm',
    path: 'terms/{termId}/classes',
    ...nested('classes', linkedInList('classes', 'terms', 'termId')),
  },
  {
    name: 'getGradingPeriodsForTerm',
    path: 'terms/{termId}/gradingPeriods',
    ...nested('academicSessions', linked('parent', 'termId'), isGradingPeriod),
  },
  {
    name: 'getClassesForCourse',
    path: 'courses/{courseId}/classes',
    ...nested('classes', linked('course', 'courseId')),
  },
  {
    name: 'getClassesForStudent',
    path: 'students/{studentId}/classes',
    ...nested('classes', classesOf('studentId', 'student')),
  },
  {
    name: 'getClassesForTeacher',
    path: 'teachers/{teacherId}/classes',
    ...nested('classes', classesOf('teacherId', 'teacher')),
  },
  { name: 'getClassesForSchool', path: `${inSchool}/classes`, ...nested('classes', linked('school', 'schoolId')) },
  { name: 'getClassesForUser', path: 'users/{userId}/classes', ...nested('classes', classesOf('userId')) },
  { name: 'getStudentsForClass', path: `${inClass}/students`, ...nested('users', membersOfClass('student')) },
  { name: 'getTeachersForClass', path: `${inClass}/teachers`, ...nested('users', membersOfClass('teacher')) },
]

const resource = (scope: Scope) => ({ part: 'resources', entity: 'resources', scope }) as const

/** Table 3.1b of v1.1, and v1.2 resources. */
const RESOURCES: readonly OperationRow[] = [
  ...both(['getAllResources', 'getResource'], 'resources', resource('resource-core')),
  { name: 'getResourcesForCourse', path: 'courses/{courseId}/resources', ...resource('resource') },
  { name: 'getResourcesForClass', path: `${inClass}/resources`, ...resource('resource') },
  { name: 'getResourcesForUser', path: 'users/{userId}/resources', ...resource('resource'), only: 'v1p2' },
]

const gradebook = (entity: Entity, scope: Scope = 'gradebook') => ({ part: 'gradebook', entity, scope }) as const
const gradebookV1p2 = (entity: Entity, scope: Scope = 'gradebook') =>
  ({ ...gradebook(entity, scope), only: 'v1p2' }) as const

/** Table 3.1c of v1.1, and v1.2 gradebook with its assessments. */
const GRADEBOOK: readonly OperationRow[] = [
  ...both(['getAllCategories', 'getCategory'], 'categories', gradebook('categories', 'gradebook-core')),
  ...both(['getAllLineItems', 'getLineItem'], 'lineItems', gradebook('lineItems', 'gradebook-core')),
  ...both(['getAllResults', 'getResult'], 'results', gradebook('results', 'gradebook-core')),
  ...both(['getAllScoreScales', 'getScoreScale'], 'scoreScales', gradebookV1p2('scoreScales', 'gradebook-core')),
  ...both(
    ['getAllAssessmentLineItems', 'getAssessmentLineItem'],
    'assessmentLineItems',
    gradebookV1p2('assessmentLineItems', 'assessment'),
  ),
  ...both(
    ['getAllAssessmentResults', 'getAssessmentResult'],
    'assessmentResults',
    gradebookV1p2('assessmentResults', 'assessment'),
  ),
  // v1.2 only by the letter; consumers of both versions call it.
  { name: 'getCategoriesForClass', path: `${inClass}/categories`, ...gradebook('categories') },
  { name: 'getLineItemsForClass', path: `${inClass}/lineItems`, ...gradebook('lineItems') },
  { name: 'getResultsForClass', path: `${inClass}/results`, ...gradebook('results') },
  {
    name: 'getResultsForLineItemForClass',
    path: `${inClass}/lineItems/{lineItemId}/results`,
    ...gradebook('results'),
  },
  {
    name: 'getResultsForStudentForClass',
    path: `${inClass}/students/{studentId}/results`,
    ...gradebook('results'),
  },
  { name: 'getScoreScalesForClass', path: `${inClass}/scoreScales`, ...gradebookV1p2('scoreScales') },
  { name: 'getScoreScalesForSchool', path: `${inSchool}/scoreScales`, ...gradebookV1p2('scoreScales') },
  {
    name: 'postLineItemsForSchool',
    path: `${inSchool}/lineItems`,
    ...gradebookV1p2('lineItems'),
    isWriteOnly: true,
  },
  {
    name: 'postResultsForLineItem',
    path: 'lineItems/{lineItemId}/results',
    ...gradebookV1p2('results'),
    isWriteOnly: true,
  },
  {
    name: 'postResultsForAcademicSessionForClass',
    path: `${inClass}/academicSessions/{academicSessionId}/results`,
    ...gradebookV1p2('results'),
    isWriteOnly: true,
  },
]

export const OPERATION_ROWS: readonly OperationRow[] = [...ROSTERING, ...RESOURCES, ...GRADEBOOK]
