import { beforeAll, describe, expect, test } from 'vitest'
import { MODEL } from '../../src/oneroster/model.ts'
import { matchOperation, operationsOf } from '../../src/oneroster/operations.ts'
import { matchService, SERVICES, V1P1, V1P2_ROSTERING } from '../../src/oneroster/services.ts'
import { createSnapshot, link, type Snapshot } from './snapshot.ts'

const EVERY = SERVICES.flatMap((service) => operationsOf(service).map((operation) => ({ service, operation })))

describe('the table of operations', () => {
  test.each([
    // 41 of rostering, 4 of resources, 10 reads of the gradebook, and the categories of a class, which v1.2 alone has.
    ['/ims/oneroster/v1p1', 41 + 4 + 10 + 1],
    ['/ims/oneroster/rostering/v1p2', 41],
    // 19 reads of gradebook and assessments, and 3 paths to which one can only post.
    ['/ims/oneroster/gradebook/v1p2', 19 + 3],
    ['/ims/oneroster/resources/v1p2', 5],
  ])('%s has %i, each once', (base, count) => {
    const service = SERVICES.find((known) => known.base === base)
    const operations = service === undefined ? [] : operationsOf(service)
    expect(operations).toHaveLength(count)
    expect(new Set(operations.map(({ name }) => name)).size).toBe(count)
    expect(new Set(operations.map(({ path }) => path)).size).toBe(count)
  })

  test.each(EVERY.map(({ service, operation }) => [service.base, operation.path, service, operation] as const))(
    '%s/%s is found',
    (_base, path, service, operation) => {
      const match = matchOperation(service, `/${path.replaceAll(/\{\w+\}/g, 'x1')}`)
      expect(match?.operation).toEqual(operation)
      expect(Object.values(match?.parameters ?? {}).every((value) => value === 'x1')).toBe(true)
    },
  )

  test.each([
    ['/ims/oneroster/v1p1', V1P1, ''],
    ['/IMS//OneRoster/V1P1//users/', V1P1, '//users/'],
    ['/ims/oneroster/rostering/v1p2/users', V1P2_ROSTERING, '/users'],
  ])('%s is a path of its service', (path, service, below) => {
    expect(matchService(path)).toEqual({ service, path: below })
  })

  test.each(['/ims/oneroster/v1p2/users', '/ims/oneroster/v1p1x', '/ims/oneroster/rostering', '/v1p1/users'])(
    '%s is no path of a service',
    (path) => {
      expect(matchService(path)).toBeUndefined()
    },
  )

  test('a part of v1.2 is not served at the address of another', () => {
    expect(matchOperation(V1P2_ROSTERING, '/lineItems')).toBeUndefined()
    expect(matchOperation(V1P1, '/lineItems')?.operation.name).toBe('getAllLineItems')
  })

  test('a nested path tells its parents', () => {
    const { parents } = matchOperation(V1P1, '/schools/s/classes/c/students')?.operation ?? {}
    expect(parents?.map(({ entity, parameter }) => [entity, parameter])).toEqual([
      ['orgs', 'schoolId'],
      ['classes', 'classId'],
    ])
  })

  test.each([
    ['/SCHOOLS/A1/Classes', 'getClassesForSchool', { schoolId: 'A1' }],
    ['academicsessions//x/', 'getAcademicSession', { id: 'x' }],
    ['//users/', 'getAllUsers', {}],
    ['/schools/s%2F1/classes/c%20%C3%BC/students', 'getStudentsForClassInSchool', { schoolId: 's/1', classId: 'c ü' }],
    ['/users/students', 'getUser', { id: 'students' }],
    ['/users/__proto__', 'getUser', { id: '__proto__' }],
  ])('%s is %s', (path, name, parameters) => {
    const match = matchOperation(V1P1, path)
    expect(match?.operation.name).toBe(name)
    expect(match?.parameters).toEqual(parameters)
    expect(match?.methods).toEqual(['GET', 'HEAD'])
  })

  test.each([
    '',
    '/',
    '/schools/x/y',
    '/users/x/classes/y',
    '/foo',
    '/users/%zz',
    '/schools%2F*%2Fclasses',
    '/schools/%E4',
  ])('%s is unknown', (path) => {
    expect(matchOperation(V1P1, path)).toBeUndefined()
  })

  test.each([
    ['schools', 'orgs', 'org'],
    ['students', 'users', 'user'],
    ['terms', 'academicSessions', 'academicSession'],
    ['gradingPeriods', 'academicSessions', 'academicSession'],
    ['demographics', 'demographics', 'demographics'],
  ])('%s answers %s or %s', (path, plural, singular) => {
    const entity = matchOperation(V1P1, path)?.operation.entity
    expect(entity).toBe(plural)
    expect(entity && MODEL[entity].singular).toBe(singular)
  })
})

/** Two schools with a year, a semester and a quarter each; generation 2 is the newest. */
function district(): Snapshot {
  const store = createSnapshot(2)
  store.put('orgs', { sourcedId: 'dist', fields: { name: 'District', type: 'district' } })
  for (const school of ['sch1', 'sch2']) {
    store.put('orgs', { sourcedId: school, fields: { name: school, type: 'school', parent: link('orgs', 'dist') } })
    const session = (id: string, type: string, parent?: string) =>
      store.put('academicSessions', {
        sourcedId: `${school}-${id}`,
        fields: { title: id, type, parent: parent && link('academicSessions', `${school}-${parent}`) },
      })
    session('year', 'schoolYear')
    session('s1', 'semester', 'year')
    session('s2', 'semester', 'year')
    session('q1', 'gradingPeriod', 's1')
    session('odd', 'schoolYear')
  }
  const course = (id: string) => store.put('courses', { sourcedId: id, fields: { title: id } })
  course('crs1')
  course('crs2')
  const classAt = (id: string, school: string, courseId: string, term: string) =>
    store.put('classes', {
      sourcedId: id,
      fields: {
        title: id,
        course: link('courses', courseId),
        school: link('orgs', school),
        terms: [link('academicSessions', `${school}-${term}`)],
      },
    })
  classAt('sec1', 'sch1', 'crs1', 's1')
  classAt('sec2', 'sch1', 'crs1', 'year')
  classAt('sec3', 'sch2', 'crs2', 's2')
  const user = (id: string, role: string, orgs: readonly string[]) =>
    store.put('users', { sourcedId: id, fields: { role, orgs: orgs.map((org) => link('orgs', org)) } })
  user('stu1', 'student', ['sch1'])
  user('stu2', 'student', ['sch1', 'sch2'])
  user('tch1', 'teacher', ['sch1', 'sch2'])
  user('adm1', 'administrator', ['sch1'])
  const enroll = (id: string, userId: string, classId: string, school: string, role: string) => ({
    sourcedId: id,
    fields: { user: link('users', userId), class: link('classes', classId), school: link('orgs', school), role },
  })
  store.put('enrollments', enroll('e1', 'stu1', 'sec1', 'sch1', 'student'))
  store.put('enrollments', enroll('e2', 'stu2', 'sec1', 'sch1', 'student'))
  store.put('enrollments', enroll('e3', 'stu2', 'sec3', 'sch2', 'student'))
  store.put('enrollments', enroll('e4', 'tch1', 'sec1', 'sch1', 'teacher'))
  store.put('enrollments', enroll('e5', 'adm1', 'sec2', 'sch1', 'teacher'))
  // stu3 left sec1 and the district in generation 2; stu1 left sec2 in generation 2 but stayed.
  const orgs = [link('orgs', 'sch1')]
  store.put('users', { sourcedId: 'stu3', fields: { role: 'student', orgs }, died: 2 })
  store.put('users', { sourcedId: 'stu3', fields: { role: 'student', orgs }, born: 2, hasLeft: true })
  for (const [id, userId, classId] of [
    ['e6', 'stu3', 'sec1'],
    ['e7', 'stu1', 'sec2'],
  ] as const) {
    store.put('enrollments', { ...enroll(id, userId, classId, 'sch1', 'student'), died: 2 })
    store.put('enrollments', { ...enroll(id, userId, classId, 'sch1', 'student'), born: 2, hasLeft: true })
  }
  return store
}

describe('what the paths answer with', () => {
  let store: Snapshot
  beforeAll(() => {
    store = district()
  })

  test.each([
    ['/orgs', 'dist sch1 sch2'],
    ['/schools', 'sch1 sch2'],
    ['/schools/sch1', 'sch1'],
    ['/schools/dist', ''],
    ['/users', 'adm1 stu1 stu2 tch1'],
    ['/students', 'stu1 stu2'],
    ['/students/tch1', ''],
    ['/students/stu3', 'stu3'],
    ['/teachers', 'tch1'],
    ['/gradingPeriods', 'sch1-q1 sch2-q1'],
    ['/gradingPeriods/sch1-s1', ''],
    ['/terms', 'sch1-s1 sch1-s2 sch1-year sch2-s1 sch2-s2'],
    ['/terms/sch1-year', 'sch1-year'],
    ['/terms/sch2-year', ''],
    ['/terms/sch1-q1', ''],
    ['/schools/sch1/classes', 'sec1 sec2'],
    ['/schools/sch1/enrollments', 'e1 e2 e4 e5'],
    ['/schools/sch1/students', 'stu1 stu2'],
    ['/schools/sch2/students', 'stu2'],
    ['/schools/sch2/teachers', 'tch1'],
    ['/schools/sch1/courses', 'crs1'],
    ['/schools/sch1/terms', 'sch1-s1 sch1-s2 sch1-year'],
    ['/schools/sch2/terms', 'sch2-s2'],
    ['/terms/sch1-year/classes', 'sec2'],
    ['/terms/sch1-s1/gradingPeriods', 'sch1-q1'],
    ['/terms/sch1-year/gradingPeriods', ''],
    ['/courses/crs1/classes', 'sec1 sec2'],
    ['/students/stu2/classes', 'sec1 sec3'],
    ['/students/tch1/classes', ''],
    ['/teachers/tch1/classes', 'sec1'],
    ['/teachers/adm1/classes', 'sec2'],
    ['/users/tch1/classes', 'sec1'],
    ['/users/stu1/classes', 'sec1'],
    ['/classes/sec1/students', 'stu1 stu2'],
    ['/classes/sec1/teachers', 'tch1'],
    ['/classes/sec2/students', ''],
    ['/schools/sch1/classes/sec1/students', 'stu1 stu2'],
    ['/schools/sch1/classes/sec1/teachers', 'tch1'],
    ['/schools/sch1/classes/sec1/enrollments', 'e1 e2 e4'],
    ['/schools/sch2/classes/sec1/students', ''],
    ['/schools/sch2/classes/sec1/enrollments', ''],
    ['/schools/1000000/classes', ''],
    ['/schools/1000000/enrollments', ''],
    ['/schools/1000000/terms', ''],
    ['/classes/none/students', ''],
  ])('%s: %s', (path, ids) => {
    expect(store.read(path).join(' ')).toBe(ids)
  })

  test.each([
    ['/classes/sec1/students', 'stu1 stu2 stu3'],
    ['/classes/sec2/students', 'stu1'],
    ['/users/stu1/classes', 'sec1 sec2'],
    ['/schools/sch1/students', 'stu1 stu2 stu3'],
    ['/schools/sch1/enrollments', 'e1 e2 e4 e5 e6 e7'],
  ])('%s in the older generation: %s', (path, ids) => {
    expect(store.read(path, '', 1).join(' ')).toBe(ids)
  })

  test.each([
    ['/users', `dateLastModified>'2025-01-02T08:30:00.250Z'`, 'stu3'],
    ['/users', `status='tobedeleted'`, 'stu3'],
    ['/users', `status='active'`, 'adm1 stu1 stu2 tch1'],
    ['/users', `status='norecords'`, ''],
    ['/users', `status!='norecords' AND role='student'`, 'stu1 stu2 stu3'],
    ['/students', `dateLastModified>='2025-01-02T08:30:00.250Z'`, 'stu1 stu2 stu3'],
    ['/students', `dateLastModified>'2025-01-03T10:30:00.250+02:00'`, ''],
    ['/classes/sec1/students', `dateLastModified>'2025-01-02T09:00:00Z'`, 'stu3'],
    ['/schools/sch1/students', `dateLastModified>'2025-01-03'`, 'stu3'],
    ['/schools/sch1/enrollments', `dateLastModified>'2025-01-03'`, 'e6 e7'],
    ['/schools/sch1/classes/sec1/students', `dateLastModified>'2025-01-03'`, 'stu3'],
    ['/schools/sch2/students', `role='student' OR role!='x'`, 'stu2'],
  ])('%s with %s: %s', (path, filter, ids) => {
    expect(store.read(path, `filter=${encodeURIComponent(filter)}`).join(' ')).toBe(ids)
  })
})
