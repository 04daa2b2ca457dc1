// School Data Sync as its own Postman collection asks and checks, with the requests of both of its generations.
import { beforeEach, describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { BASE, CONSUMER } from '../support/known.ts'
import { asList, bearer, type List, openSyncedBridge, request } from './support.ts'

const bridge = await openSyncedBridge({ district: createDistrict({ students: 300, seed: 18, today: '2026-11-18' }) })
const DELTA = '2020-01-01T01:00:00.000Z'
/** In the order of the collection. */
const RESOURCES = ['academicSessions', 'orgs', 'users', 'classes', 'enrollments', 'courses', 'demographics'] as const

let token = ''
beforeEach(async () => {
  token ||= await fetchToken()
})

/** Id and secret in the header alone, no scope. */
async function fetchToken(): Promise<string> {
  const answer = await request(bridge, '/oauth/token', {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${CONSUMER.id}:${CONSUMER.secret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: 'grant_type=client_credentials',
  })
  const body = (await answer.json()) as { access_token: string; token_type: string; expires_in: number }
  expect([answer.status, body.token_type.toLowerCase(), body.expires_in]).toEqual([200, 'bearer', 3600])
  return body.access_token
}

/** A request below the base, as it is written, with the checks that the collection makes of every list. */
async function ask(path: string, base: string = BASE): Promise<List> {
  const answer = await request(bridge, `${base}${path}`, { headers: bearer(token) })
  expect(answer.headers.get('content-type')).toContain('application/json')
  expect(answer.headers.get('x-total-count')).toMatch(/^\d+$/)
  const list = await asList(answer)
  expect(list.status, path).toBe(200)
  return list
}

async function askNonEmpty(path: string): Promise<List> {
  const list = await ask(path)
  expect(list.records.length, path).toBeGreaterThan(0)
  return list
}

const TEXT = expect.stringMatching(/./)
const oneOf = (...tokens: readonly string[]) => expect.stringMatching(new RegExp(`^(?:${tokens.join('|')})$`))
const DATE = expect.stringMatching(/^\d{4}-\d\d-\d\d$/)
const ORG_TYPES = ['department', 'school', 'district', 'local', 'state', 'national', 'org']
const STAMPED = {
  sourcedId: TEXT,
  status: oneOf('active', 'tobedeleted'),
  dateLastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
}
const linkTo = (...types: readonly string[]) => expect.objectContaining({ sourcedId: TEXT, type: oneOf(...types) })

/** The fields that the collection insists on. */
const CHECKS: Readonly<Record<(typeof RESOURCES)[number], object>> = {
  academicSessions: {
    ...STAMPED,
    title: TEXT,
    type: oneOf('gradingPeriod', 'semester', 'schoolYear', 'term'),
    schoolYear: expect.stringMatching(/^\d{4}$/),
    startDate: DATE,
    endDate: DATE,
  },
  orgs: { ...STAMPED, name: TEXT, type: oneOf(...ORG_TYPES), identifier: TEXT },
  users: {
    ...STAMPED,
    username: TEXT,
    givenName: TEXT,
    identifier: TEXT,
    orgs: expect.arrayContaining([linkTo(...ORG_TYPES)]),
  },
  classes: {
    ...STAMPED,
    title: TEXT,
    school: linkTo(...ORG_TYPES),
    terms: expect.arrayContaining([linkTo('academicSession', 'term', 'gradingPeriod', 'semester', 'schoolYear')]),
  },
  enrollments: {
    ...STAMPED,
    role: oneOf('administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher'),
    school: linkTo(...ORG_TYPES),
    class: linkTo('class'),
    user: linkTo('user'),
  },
  courses: { ...STAMPED, title: TEXT, org: expect.objectContaining({ sourcedId: TEXT }) },
  demographics: STAMPED,
}

describe.each(RESOURCES)('the new generation on /%s', (resource) => {
  test('a full pull gives every record with the fields that SDS insists on', async () => {
    const list = await askNonEmpty(`/${resource}?offset=0&limit=5000&filter=status='active'`)
    expect(list.keys).toEqual([resource])
    expect(list.records).toHaveLength(list.total)
    for (const record of list.records) {
      expect(record).toMatchObject(CHECKS[resource])
      expect(record.status).toBe('active')
    }
    const beyond = await ask(`/${resource}?offset=5000&limit=5000&filter=status='active'`)
    expect([beyond.records, beyond.total]).toEqual([[], list.total])
    const reordered = await ask(`/${resource}?filter=status%3D%27active%27&offset=0&limit=5000`)
    expect(reordered.body).toEqual(list.body)
  })

  test("a delta pull without a limit gives the default page, paged by Microsoft's own client to its total", async () => {
    const first = await askNonEmpty(`/${resource}?filter=dateLastModified>'${DELTA}'`)
    for (const record of first.records) expect(record).toMatchObject(CHECKS[resource])
    expect(first.records).toHaveLength(Math.min(100, first.total))
    const ids = new Set<string>()
    for (let offset = 0; offset < first.total; offset += 100) {
      const page = await ask(`/${resource}?filter=dateLastModified%3E'${DELTA}'&limit=100&offset=${offset}`)
      for (const id of page.ids) ids.add(id)
    }
    expect(ids.size).toBe(first.total)
    expect((await ask(`/${resource}?filter=dateLastModified>'2030-01-01T00:00:00.000Z'`)).records).toEqual([])
  })

  test('the second page does not begin with the first record', async () => {
    const [first] = (await askNonEmpty(`/${resource}`)).ids
    const page = await askNonEmpty(`/${resource}?offset=2&limit=1`)
    expect(page.records).toHaveLength(1)
    expect(page.ids).not.toContain(first)
  })

  test('no records are an empty list', async () => {
    const texts: Readonly<Record<string, string>> = { users: 'username', classes: 'title', courses: 'title' }
    for (const field of ['sourcedId', 'status', texts[resource] ?? 'sourcedId']) {
      const none = await ask(`/${resource}?filter=${field}='norecords'`)
      expect([none.body, none.total]).toEqual([{ [resource]: [] }, 0])
    }
  })
})

describe('the old generation', async () => {
  const { ids: schools } = await asList(await bridge.get('/schools?limit=100'))

  test('reads the schools, the sessions of a year and each of them by its id', async () => {
    const list = await askNonEmpty("/schools?limit=100&offset=0&filter=status='active'")
    expect(list.keys).toEqual(['orgs'])
    expect(list.records).toEqual(list.records.map(() => expect.objectContaining(CHECKS.orgs)))
    const sessions = await askNonEmpty("/academicSessions?filter=schoolYear='2027' AND status='active'&limit=100")
    expect(sessions.total).toBe((await ask('/academicSessions')).total)
    expect((await ask("/academicSessions?filter=schoolYear='2019' AND status='active'")).records).toEqual([])
  })

  test.each(schools)('reads what belongs to the school %s, whole and by delta', async (school) => {
    const pulls = [
      ['classes', 'classes', 100, ''],
      ['students', 'users', 100, ''],
      ['teachers', 'users', 10_000, ''],
      ['enrollments', 'enrollments', 100, "role='student' AND "],
      ['enrollments', 'enrollments', 100, "role='teacher' AND "],
    ] as const
    for (const [path, key, limit, role] of pulls) {
      const whole = await askNonEmpty(
        `/schools/${school}/${path}?limit=${limit}&offset=0&filter=${role}status='active'`,
      )
      const since = await askNonEmpty(
        `/schools/${school}/${path}?limit=${limit}&filter=${role}dateLastModified>'${DELTA}'`,
      )
      const both = `/schools/${school}/${path}?filter=status='active' AND ${role}dateLastModified>'${DELTA}'&limit =${limit}`
      expect([whole.keys, since.body, (await ask(both)).body]).toEqual([[key], whole.body, whole.body])
      for (const record of whole.records) expect(record).toMatchObject(CHECKS[key])
    }
  })

  test.each(['/schools/1000000/classes', '/schools/1000000/enrollments', '/schools/1000000/students?limit=100'])(
    '%s is an empty list',
    async (path) => {
      expect((await ask(path)).records).toEqual([])
    },
  )

  test.each([
    ['/schools', 'org'],
    ['/classes', 'class'],
    ['/students', 'user'],
    ['/teachers', 'user'],
    ['/academicSessions', 'academicSession'],
    ['/terms', 'academicSession'],
  ])('%s/{id} is a single %s with X-Total-Count', async (path, singular) => {
    const [id] = (await askNonEmpty(path)).ids
    const single = await ask(`${path}/${id}`)
    expect([single.keys, single.total]).toEqual([[singular], 1])
  })

  test("students' usernames take a domain: none has an @", async () => {
    const { records } = await askNonEmpty("/students?limit=5000&filter=status='active'")
    expect(records.filter(({ username }) => String(username).includes('@'))).toEqual([])
  })
})

describe("an engineer's look-ups", () => {
  test('find a person by name, by username or a part of the address', async () => {
    const [one] = (await askNonEmpty("/users?filter=role='student' AND email~'@'")).records
    const { givenName, familyName, username, sourcedId } = one as unknown as Record<string, string>
    for (const filter of [
      `givenName='${givenName}' AND familyName='${familyName}'`,
      `username='${username}' OR email~'${username}'`,
      `username=’${username}’`,
    ]) {
      const written = filter.replaceAll(' ', '+')
      expect((await ask(`/users?filter=${written}`)).ids).toContain(sourcedId)
    }
  })

  test('go from a class to its people and back', async () => {
    const [id] = (await askNonEmpty("/enrollments?filter=role='teacher'")).records.map(
      (one) => (one.class as { sourcedId: string }).sourcedId,
    )
    for (const role of ['students', 'teachers']) {
      for (const person of (await askNonEmpty(`/classes/${id}/${role}`)).ids) {
        expect((await ask(`/${role}/${person}/classes?limit=5000`)).ids).toContain(id)
      }
    }
  })

  test.each(['/ims/oneRoster/v1p1', '//ims/oneroster/v1p1/', '/ims//oneroster/v1p1//'])(
    'may begin at %s',
    async (base) => {
      expect((await ask('/academicsessions/?limit=5', base)).records.length).toBe(5)
    },
  )
})
