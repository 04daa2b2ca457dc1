// The one table of the 41 v1.1 rostering operations, and how a path finds its row.
import type { Collection } from './model.ts'
import {
  type Condition,
  classIsAtSchool,
  every,
  isTerm,
  isTermOfSchool,
  linked,
  linkedInList,
  ofType,
  type PathParameters,
  through,
} from './nested-sql.ts'
import type { Scope } from './scopes.ts'

interface Row {
  /** The name in the standard, and in the status payload. */
  readonly name: string
  /** Below the service's base; literals and `{parameters}` take turns. A path that ends in `{id}` reads one object. */
  readonly path: string
  readonly collection: Collection
  readonly scope: Scope
  /** What sort of the collection's records the path speaks of. */
  readonly subtype?: Condition
  /** How the records belong to the parents in the path. */
  readonly nested?: Condition
}

export interface Operation extends Row {
  readonly isSingle: boolean
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
const inClassOfSchool = 'schools/{schoolId}/classes/{classId}'

/** Table 3.1a of the v1.1 specification, all GET. */
export const OPERATIONS: readonly Operation[] = (
  [
    { name: 'getAllAcademicSessions', path: 'academicSessions', collection: 'academicSessions', scope: 'core' },
    { name: 'getAcademicSession', path: 'academicSessions/{id}', collection: 'academicSessions', scope: 'core' },
    { name: 'getAllClasses', path: 'classes', collection: 'classes', scope: 'core' },
    { name: 'getClass', path: 'classes/{id}', collection: 'classes', scope: 'core' },
    { name: 'getAllCourses', path: 'courses', collection: 'courses', scope: 'core' },
    { name: 'getCourse', path: 'courses/{id}', collection: 'courses', scope: 'core' },
    {
      name: 'getAllGradingPeriods',
      path: 'gradingPeriods',
      collection: 'academicSessions',
      scope: 'core',
      subtype: isGradingPeriod,
    },
    {
      name: 'getGradingPeriod',
      path: 'gradingPeriods/{id}',
      collection: 'academicSessions',
      scope: 'core',
      subtype: isGradingPeriod,
    },
    { name: 'getAllDemographics', path: 'demographics', collection: 'demographics', scope: 'demographics' },
    { name: 'getDemographics', path: 'demographics/{id}', collection: 'demographics', scope: 'demographics' },
    { name: 'getAllEnrollments', path: 'enrollments', collection: 'enrollments', scope: 'core' },
    { name: 'getEnrollment', path: 'enrollments/{id}', collection: 'enrollments', scope: 'core' },
    { name: 'getAllOrgs', path: 'orgs', collection: 'orgs', scope: 'core' },
    { name: 'getOrg', path: 'orgs/{id}', collection: 'orgs', scope: 'core' },
    { name: 'getAllSchools', path: 'schools', collection: 'orgs', scope: 'core', subtype: isSchool },
    { name: 'getSchool', path: 'schools/{id}', collection: 'orgs', scope: 'core', subtype: isSchool },
    { name: 'getAllStudents', path: 'students', collection: 'users', scope: 'core', subtype: isStudent },
    { name: 'getStudent', path: 'students/{id}', collection: 'users', scope: 'core', subtype: isStudent },
    { name: 'getAllTeachers', path: 'teachers', collection: 'users', scope: 'core', subtype: isTeacher },
    { name: 'getTeacher', path: 'teachers/{id}', collection: 'users', scope: 'core', subtype: isTeacher },
    { name: 'getAllTerms', path: 'terms', collection: 'academicSessions', scope: 'core', subtype: isTerm },
    { name: 'getTerm', path: 'terms/{id}', collection: 'academicSessions', scope: 'core', subtype: isTerm },
    { name: 'getAllUsers', path: 'users', collection: 'users', scope: 'core' },
    { name: 'getUser', path: 'users/{id}', collection: 'users', scope: 'core' },
    {
      name: 'getCoursesForSchool',
      path: `${inSchool}/courses`,
      collection: 'courses',
      scope: 'roster',
      nested: coursesTaughtAtSchool,
    },
    {
      name: 'getEnrollmentsForClassInSchool',
      path: `${inClassOfSchool}/enrollments`,
      collection: 'enrollments',
      scope: 'roster',
      nested: every(linked('class', 'classId'), classIsAtSchool),
    },
    {
      name: 'getStudentsForClassInSchool',
      path: `${inClassOfSchool}/students`,
      collection: 'users',
      scope: 'roster',
      nested: every(membersOfClass('student'), classIsAtSchool),
    },
    {
      name: 'getTeachersForClassInSchool',
      path: `${inClassOfSchool}/teachers`,
      collection: 'users',
      scope: 'roster',
      nested: every(membersOfClass('teacher'), classIsAtSchool),
    },
    {
      name: 'getEnrollmentsForSchool',
      path: `${inSchool}/enrollments`,
      collection: 'enrollments',
      scope: 'roster',
      nested: linked('school', 'schoolId'),
    },
    {
      name: 'getStudentsForSchool',
      path: `${inSchool}/students`,
      collection: 'users',
      scope: 'roster',
      subtype: isStudent,
      nested: linkedInList('users', 'orgs', 'schoolId'),
    },
    {
      name: 'getTeachersForSchool',
      path: `${inSchool}/teachers`,
      collection: 'users',
      scope: 'roster',
      subtype: isTeacher,
      nested: linkedInList('users', 'orgs', 'schoolId'),
    },
    {
      name: 'getTermsForSchool',
      path: `${inSchool}/terms`,
      collection: 'academicSessions',
      scope: 'roster',
      subtype: isTerm,
      nested: isTermOfSchool,
    },
    {
      name: 'getClassesForTerm',
      path: 'terms/{termId}/classes',
      collection: 'classes',
      scope: 'roster',
      nested: linkedInList('classes', 'terms', 'termId'),
    },
    {
      name: 'getGradingPeriodsForTerm',
      path: 'terms/{termId}/gradingPeriods',
      collection: 'academicSessions',
      scope: 'roster',
      subtype: isGradingPeriod,
      nested: linked('parent', 'termId'),
    },
    {
      name: 'getClassesForCourse',
      path: 'courses/{courseId}/classes',
      collection: 'classes',
      scope: 'roster',
      nested: linked('course', 'courseId'),
    },
    {
      name: 'getClassesForStudent',
      path: 'students/{studentId}/classes',
      collection: 'classes',
      scope: 'roster',
      nested: classesOf('studentId', 'student'),
    },
    {
      name: 'getClassesForTeacher',
      path: 'teachers/{teacherId}/classes',
      collection: 'classes',
      scope: 'roster',
      nested: classesOf('teacherId', 'teacher'),
    },
    {
      name: 'getClassesForSchool',
      path: `${inSchool}/classes`,
      collection: 'classes',
      scope: 'roster',
      nested: linked('school', 'schoolId'),
    },
    {
      name: 'getClassesForUser',
      path: 'users/{userId}/classes',
      collection: 'classes',
      scope: 'roster',
      nested: classesOf('userId'),
    },
    {
      name: 'getStudentsForClass',
      path: 'classes/{classId}/students',
      collection: 'users',
      scope: 'roster',
      nested: membersOfClass('student'),
    },
    {
      name: 'getTeachersForClass',
      path: 'classes/{classId}/teachers',
      collection: 'users',
      scope: 'roster',
      nested: membersOfClass('teacher'),
    },
  ] satisfies readonly Row[]
).map((row) => ({ ...row, isSingle: row.path.endsWith('/{id}') }))

export interface MatchedOperation {
  readonly operation: Operation
  /** By name, percent-decoded. */
  readonly parameters: PathParameters
  /** What the path allows, for `Allow`. */
  readonly methods: readonly string[]
}

/**
 * The operation of a raw path below the service's base. Literals match in any case; doubled and trailing slashes are
 * forgiven. Undefined for an unknown path or broken percent-encoding.
 */
export function matchOperation(path: string): MatchedOperation | undefined {
  const segments: string[] = []
  for (const raw of path.split('/')) {
    if (raw === '') continue
    const segment = decode(raw)
    if (segment === undefined) return undefined
    segments.push(segment)
  }
  const operation = BY_SHAPE.get(shapeOf(segments))
  if (operation === undefined) return undefined
  const names = operation.path.split('/')
  const parameters = Object.fromEntries(
    segments.flatMap((segment, index) => (index % 2 === 1 ? [[names[index]?.slice(1, -1) ?? '', segment]] : [])),
  )
  return { operation, parameters, methods: ['GET', 'HEAD'] }
}

const BY_SHAPE: ReadonlyMap<string, Operation> = new Map(
  OPERATIONS.map((operation) => [shapeOf(operation.path.split('/')), operation]),
)

/** Every second segment is a literal. The count keeps a decoded slash from passing for a separator. */
function shapeOf(segments: readonly string[]): string {
  const literals = segments.map((segment, index) => (index % 2 === 0 ? segment.toLowerCase() : '*'))
  return `${segments.length} ${literals.join('/')}`
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    // decodeURIComponent has no other failure than a malformed escape.
    return undefined
  }
}
