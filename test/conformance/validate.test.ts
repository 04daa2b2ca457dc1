// The judge itself: it lets a good answer pass, and notices each of the mistakes that providers are known for.
import { describe, expect, test } from 'vitest'
import { OPERATIONS, type Operation } from './operations.ts'
import { type Answer, type Asked, validateAnswer } from './validate.ts'

const PUBLIC = 'https://sis.example.org/bridge'
const STAMP = '2026-11-18T18:00:00.000Z'

type Json = Readonly<Record<string, unknown>>

const link = (root: string, collection: string, type: string, id: string) => ({
  href: `${PUBLIC}/ims/oneroster/${root}/${collection}/${id}`,
  sourcedId: id,
  type,
})
const orgOf = (root: string, id = 's1') => link(root, 'orgs', 'org', id)
const base = { sourcedId: 'u1', status: 'active', dateLastModified: STAMP }
const names = { username: 'ada', enabledUser: 'true', givenName: 'Ada', familyName: 'Ly' }

const USER_V1P1: Json = { ...base, ...names, role: 'student', orgs: [orgOf('v1p1')], grades: ['09'] }
const ROLE = { roleType: 'primary', role: 'student', org: orgOf('rostering/v1p2') }
const USER_V1P2: Json = { ...base, ...names, roles: [ROLE], primaryOrg: orgOf('rostering/v1p2') }
const SESSION: Json = {
  ...{ sourcedId: 't1', status: 'active', dateLastModified: STAMP },
  ...{ title: 'Autumn', startDate: '2026-08-10', endDate: '2026-12-19', type: 'term', schoolYear: '2027' },
}

function operationOf(version: string, name: string): Operation {
  const found = OPERATIONS.find((one) => one.version === version && one.name === name)
  if (found === undefined) throw new Error(`${version} has no ${name}`)
  return found
}

/** The second page of three, of one record each. */
const PATHS: Readonly<Record<string, string>> = {
  v1p1: '/ims/oneroster/v1p1/users?limit=1&offset=1',
  v1p2: '/ims/oneroster/rostering/v1p2/users?limit=1&offset=1',
}

function goodHeaders(version: string): Record<string, string> {
  const at = (rel: string, offset: number) => {
    const path = (PATHS[version] ?? '').replace('offset=1', `offset=${offset}`)
    return `<${PUBLIC}${path}>; rel="${rel}"`
  }
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Total-Count': '3',
    'X-Count': '1',
    Link: [at('first', 0), at('prev', 0), at('next', 2), at('last', 2)].join(', '),
    ETag: '"g1"',
  }
}

interface Changed {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly status?: number
  readonly path?: string
  readonly method?: string
}

function judge(version: 'v1p1' | 'v1p2', { body, headers, status = 200, path, method = 'GET' }: Changed): string[] {
  const user = version === 'v1p1' ? USER_V1P1 : USER_V1P2
  const answer: Answer = {
    status,
    headers: new Headers({ ...goodHeaders(version), ...headers }),
    body: typeof body === 'string' ? body : JSON.stringify(body ?? { users: [user] }),
  }
  const asked: Asked = { method, publicUrl: PUBLIC, path: path ?? PATHS[version] ?? '' }
  return validateAnswer(operationOf(version, 'getAllUsers'), answer, asked)
}

function judgeSession(change: Json): string[] {
  const answer = {
    status: 200,
    headers: new Headers({ 'Content-Type': 'application/json; charset=utf-8', 'X-Total-Count': '1', ETag: '"g1"' }),
    body: JSON.stringify({ academicSession: { ...SESSION, ...change } }),
  }
  const path = '/ims/oneroster/v1p1/academicSessions/t1'
  return validateAnswer(operationOf('v1p1', 'getAcademicSession'), answer, { method: 'GET', publicUrl: PUBLIC, path })
}

test('a good answer passes', () => {
  expect([judge('v1p1', {}), judge('v1p2', {}), judgeSession({})]).toEqual([[], [], []])
})

describe('a record', () => {
  test.each<[string, Json]>([
    ['a native boolean', { enabledUser: true }],
    ['a boolean in capitals', { enabledUser: 'True' }],
    ['null', { middleName: null }],
    ['an empty text', { middleName: '' }],
    ['an empty list', { userIds: [] }],
    ['an empty text in a list', { grades: [''] }],
    ['grades as a text', { grades: '09' }],
    ['a grade of one digit', { grades: ['9'] }],
    ['an unknown status', { status: 'inactive' }],
    ['a time without milliseconds', { dateLastModified: '2026-11-18T18:00:00Z' }],
    ['a time with an offset', { dateLastModified: '2026-11-18T18:00:00.000+02:00' }],
    ['a member that no document has', { nickname: 'x' }],
    ['a password', { password: 'x' }],
    ['a misspelt sourcedId', { sourcedID: 'u1' }],
    ['metadata as a text', { metadata: 'x' }],
    ['an identifier without a value', { userIds: [{ type: 'LocalId' }] }],
    ['an agent with the type of its role', { agents: [link('v1p1', 'users', 'guardian', 'g1')] }],
    ['an agent without href', { agents: [{ sourcedId: 'g1', type: 'user' }] }],
  ])('with %s', (_, change) => {
    expect(judge('v1p1', { body: { users: [{ ...USER_V1P1, ...change }] } })).not.toEqual([])
    expect(judge('v1p2', { body: { users: [{ ...USER_V1P2, ...change }] } })).not.toEqual([])
  })

  test.each<[string, Json]>([
    ['a relative href', { orgs: [{ ...orgOf('v1p1'), href: '/ims/oneroster/v1p1/orgs/s1' }] }],
    ['an href into the other version', { orgs: [orgOf('rostering/v1p2')] }],
    ['an href of another id', { orgs: [{ ...orgOf('v1p1'), sourcedId: 's2' }] }],
    ['a link to a school as such', { orgs: [link('v1p1', 'schools', 'org', 's1')] }],
    ['an org twice', { orgs: [orgOf('v1p1'), orgOf('v1p1')] }],
    ['no org', { orgs: [] }],
    ['a role of 1.2', { role: 'counselor' }],
    ['the roles of 1.2', { roles: [ROLE] }],
  ])('of 1.1 with %s', (_, change) => {
    expect(judge('v1p1', { body: { users: [{ ...USER_V1P1, ...change }] } })).not.toEqual([])
  })

  test.each<[string, Json]>([
    ['the role of 1.1', { role: 'student' }],
    ['an administrator', { roles: [{ ...ROLE, role: 'administrator' }] }],
    ['no primary role', { roles: [{ ...ROLE, roleType: 'secondary' }] }],
    ['two primary roles at an org', { roles: [ROLE, { ...ROLE, role: 'aide' }] }],
    ['no role', { roles: [] }],
    ['an extension without a name', { roles: [{ ...ROLE, role: 'ext:' }] }],
    ['an href into 1.1', { primaryOrg: orgOf('v1p1') }],
  ])('of 1.2 with %s', (_, change) => {
    expect(judge('v1p2', { body: { users: [{ ...USER_V1P2, ...change }] } })).not.toEqual([])
  })

  test('of 1.2 with an extension, and roles at two orgs', () => {
    const roles = [
      ROLE,
      { ...ROLE, roleType: 'secondary', role: 'ext:coach' },
      { ...ROLE, org: orgOf('rostering/v1p2', 's2') },
    ]
    expect(judge('v1p2', { body: { users: [{ ...USER_V1P2, roles }] } })).toEqual([])
  })

  test.each<[string, Json]>([
    ['dates as moments', { startDate: '2026-08-10T00:00:00.000Z' }],
    ['a day that is none', { endDate: '2026-02-30' }],
    ['an end before its beginning', { endDate: '2026-08-10' }],
    ['a school year of two', { schoolYear: '2026-2027' }],
    ['an extension, in 1.1', { type: 'ext:quarter' }],
  ])('of a session with %s', (_, change) => {
    expect(judgeSession(change)).not.toEqual([])
  })
})

describe('a list', () => {
  test.each<[string, Changed]>([
    ['another key', { body: { students: [] } }],
    ['a second key', { body: { users: [USER_V1P1], total: 3 } }],
    ['a warning nobody asked for', { body: { users: [USER_V1P1], statusInfoSet: [] } }],
    ['no list', { body: { users: USER_V1P1 } }],
    ['a record twice', { body: { users: [USER_V1P1, USER_V1P1] } }],
    ['fewer rows than are due', { body: { users: [] } }],
    ['what is no JSON', { body: '<html>' }],
    ['another type', { headers: { 'Content-Type': 'text/html' } }],
    ['no total', { headers: { 'X-Total-Count': '' } }],
    ['the count of the page for the total', { headers: { 'X-Total-Count': '1' } }],
    ['a wrong X-Count', { headers: { 'X-Count': '3' } }],
    ['an ETag without quotes', { headers: { ETag: 'g1' } }],
    ['a body for HEAD', { method: 'HEAD' }],
    ['a field that was not asked for', { path: `${PATHS.v1p1}&fields=sourcedId` }],
    ['no warning of an unknown field', { path: `${PATHS.v1p1}&fields=sourcedId,nothing` }],
    ['a status that no document lists', { status: 404 }],
  ])('with %s', (_, change) => {
    expect(judge('v1p1', change)).not.toEqual([])
  })

  test.each<[string, (links: string) => string]>([
    ['relative addresses', (links) => links.replaceAll(PUBLIC, '')],
    ['plain http', (links) => links.replaceAll('https:', 'http:')],
    ['the inner address', (links) => links.replaceAll('/bridge', '')],
    ['single quotes', (links) => links.replaceAll('"', "'")],
    ['no next', (links) => links.replace(/, <[^>]+>; rel="next"/, '')],
    ['no first', (links) => links.replace(/^<[^>]+>; rel="first", /, '')],
    ['an early last', (links) => links.replace('offset=2>; rel="last"', 'offset=1>; rel="last"')],
    ['a parameter of its own', (links) => links.replaceAll('limit=1', 'limit=1&page=2')],
    ['a raw comma', (links) => links.replaceAll('limit=1', 'limit=1&x=a,b')],
  ])('with %s in Link', (_, change) => {
    expect(judge('v1p1', { headers: { Link: change(goodHeaders('v1p1').Link ?? '') } })).not.toEqual([])
  })
})

describe('a refusal', () => {
  const info = {
    ...{ imsx_codeMajor: 'failure', imsx_severity: 'error', imsx_messageRefIdentifier: 'r1' },
    ...{ imsx_description: 'Unknown filter field: x', imsx_codeMinor: 'invalid_filter_field' },
  }
  const minor = (value: string) => ({
    imsx_codeMinorField: [{ imsx_codeMinorFieldName: 'TargetEndSystem', imsx_codeMinorFieldValue: value }],
  })
  const bare = {
    ...{ imsx_codeMajor: 'failure', imsx_severity: 'error', imsx_description: 'Unknown filter field: x' },
    imsx_CodeMinor: minor('invalid_filter_field'),
  }
  const refuse = (version: 'v1p1' | 'v1p2', status: number, body: unknown, headers: Record<string, string> = {}) =>
    validateAnswer(
      operationOf(version, 'getAllUsers'),
      {
        status,
        headers: new Headers({ 'Content-Type': 'application/json; charset=utf-8', ...headers }),
        body: JSON.stringify(body),
      },
      { method: status === 405 ? 'PUT' : 'GET', publicUrl: PUBLIC, path: PATHS[version] ?? '' },
    )

  test('in the shape of its version passes', () => {
    expect(refuse('v1p1', 400, { statusInfoSet: [info] })).toEqual([])
    expect(refuse('v1p2', 400, bare)).toEqual([])
  })

  test.each<[string, 'v1p1' | 'v1p2', unknown]>([
    ["1.2's shape in 1.1", 'v1p1', bare],
    ["1.1's shape in 1.2", 'v1p2', { statusInfoSet: [info] }],
    ['data beside it', 'v1p1', { statusInfoSet: [info], users: [] }],
    ['a success', 'v1p1', { statusInfoSet: [{ ...info, imsx_codeMajor: 'success' }] }],
    ['the code of another status', 'v1p1', { statusInfoSet: [{ ...info, imsx_codeMinor: 'unknown object' }] }],
    ['no reference to the message', 'v1p1', { statusInfoSet: [{ ...info, imsx_messageRefIdentifier: undefined }] }],
    ['a small c', 'v1p2', { ...bare, imsx_CodeMinor: undefined, imsx_codeMinor: minor('invalid_filter_field') }],
    ["1.1's spelling of the code", 'v1p2', { ...bare, imsx_CodeMinor: minor('invalid data') }],
    ["another service's code", 'v1p2', { ...bare, imsx_CodeMinor: minor('invalid_sort_field') }],
  ])('with %s', (_, version, body) => {
    expect(refuse(version, 400, body)).not.toEqual([])
  })

  test.each<[number, string, Record<string, string>]>([
    [401, 'unauthorized', {}],
    [405, 'invalid data', { Allow: 'PUT' }],
    [429, 'server_busy', {}],
    [503, 'server_busy', { 'Retry-After': 'soon' }],
    [403, 'forbidden', { 'X-Total-Count': '0' }],
  ])('of %d (%s) without the headers it owes', (status, code, headers) => {
    const imsx_codeMajor = status === 405 ? 'unsupported' : 'failure'
    const body = { statusInfoSet: [{ ...info, imsx_codeMajor, imsx_codeMinor: code }] }
    expect(refuse('v1p1', status, body, headers)).toHaveLength(1)
  })
})
