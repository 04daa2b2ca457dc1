// Paging: any walk through a list is the whole list, by counting and by following Link.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { ADMIN_TOKEN, BASE, CONSUMER, PUBLIC_URL } from '../support/known.ts'
import { asList, bearer, openSyncedBridge, readList, readWhole, request, statusOf } from './support.ts'

const bridge = await openSyncedBridge({ district: createDistrict({ students: 150, seed: 12, today: '2026-11-18' }) })
const token = await bridge.token()

/** The rels of a Link header, read as the plainest client does: split at commas. */
function linksOf(header: string | null): ReadonlyMap<string, URL> {
  return new Map(
    (header ?? '').split(',').map((part) => {
      const [, address = '', rel = ''] = /^\s*<([^<>]+)>; rel="(\w+)"$/.exec(part) ?? []
      return [rel, new URL(address)]
    }),
  )
}

const offsetOf = (url: URL | undefined) => url && Number(url.searchParams.get('offset'))

describe('walking by limit and offset gives the whole list', () => {
  test.each([
    ['/users', 7, {}],
    ['/enrollments', 97, {}],
    ['/classes', 1, {}],
    ['/demographics', 13, {}],
    ['/students', 31, { sort: 'familyName' }],
    ['/users', 9, { sort: 'grades', orderBy: 'desc' }],
    ['/enrollments', 53, { filter: "role='student' OR role='teacher'", orderBy: 'desc' }],
    ['/users', 11, { filter: "dateLastModified>'2020-01-01'" }],
    ['/schools/sch3/enrollments', 17, {}],
    ['/schools/sch4/students', 5, { fields: 'sourcedId,username' }],
    ['/schools/sch3/classes', 3, { filter: "status='active'", sort: 'title' }],
  ])('%s by %i with %o', async (path, limit, query) => {
    const whole = await readWhole(bridge, path, query)
    const walked: unknown[] = []
    for (let offset = 0; offset < whole.length; offset += limit) {
      const page = await readList(bridge, path, { ...query, limit: `${limit}`, offset: `${offset}` })
      expect([page.status, page.total]).toEqual([200, whole.length])
      expect(page.records).toHaveLength(Math.min(limit, whole.length - offset))
      walked.push(...page.records)
    }
    expect(whole.length).toBeGreaterThan(limit)
    expect(walked).toEqual(whole)
  })

  test('also when its pages are asked for in any order', async () => {
    const whole = await readWhole(bridge, '/enrollments')
    for (const offset of [400, 0, 395, 7, 401, 14, 400]) {
      const page = await readList(bridge, '/enrollments', { limit: '7', offset: `${offset}` })
      expect(page.records, `${offset}`).toEqual(whole.slice(offset, offset + 7))
    }
  })
})

describe('following next gives the whole list', () => {
  test.each([
    ['/academicSessions', { limit: '5' }],
    ['/enrollments', {}],
    ['/users', { limit: '40', filter: "familyName>='b' AND givenName!='Zoë, or O''Brien'", orderBy: 'desc' }],
    ['/students', { offset: '3', limit: '10', sort: 'familyName', fields: 'sourcedId,familyName' }],
    ['/schools/sch3/enrollments', { limit: '60', filter: "role='student'" }],
    ['/users', { limit: '33', filter: "dateLastModified>'2020-01-01T00:00:00+02:00'", stray: 'a b,<"c">' }],
  ] as const)('%s with %o', async (path, query: Readonly<Record<string, string>>) => {
    const { limit: _, offset, ...others } = query
    const whole = await readWhole(bridge, path, others)
    const walked: unknown[] = []
    let url: URL | undefined = new URL(`${PUBLIC_URL}${BASE}${path}?${new URLSearchParams(query)}`)
    for (let pages = 0; url !== undefined && pages < 50; pages += 1) {
      const page = await asList(await bridge.app.request(new Request(url, { headers: bearer(token) })))
      walked.push(...page.records)
      const links = linksOf(page.headers.get('link'))
      for (const link of links.values()) {
        expect(link.href.startsWith(`${PUBLIC_URL}${BASE}${path}?`)).toBe(true)
        const { limit, offset: __, ...repeated } = Object.fromEntries(link.searchParams)
        expect([repeated, limit]).toEqual([others, query.limit ?? '100'])
      }
      url = links.get('next')
    }
    expect(walked).toEqual(whole.slice(Number(offset ?? 0)))
  })
})

describe('Link', async () => {
  // The standard's own example has 503 records.
  const [last] = (await readWhole(bridge, '/enrollments')).slice(502)
  const filter = `sourcedId<='${last?.sourcedId}'`

  test.each([
    { offset: 0, limit: 10, next: 10, last: 500 },
    { offset: 10, limit: 10, prev: 0, next: 20, last: 500 },
    { offset: 500, limit: 10, prev: 490, last: 500 },
    { offset: 0, limit: 503, last: 0 },
    { offset: 0, limit: 502, next: 502, last: 502 },
    { offset: 1, limit: 502, prev: 0, last: 1 },
    { offset: 5, limit: 10, prev: 0, next: 15, last: 495 },
    { offset: 600, limit: 10, prev: 500, last: 500 },
  ])('of 503 records: $offset by $limit leads to $prev, $next and $last', async ({ offset, limit, ...rels }) => {
    const page = await readList(bridge, '/enrollments', { filter, offset: `${offset}`, limit: `${limit}` })
    expect(page.total).toBe(503)
    const links = [...linksOf(page.headers.get('link'))].map(([rel, url]) => [rel, offsetOf(url)])
    expect(Object.fromEntries(links)).toEqual({ first: 0, ...rels })
  })

  test('holds nothing raw that would end an address or a link early', async () => {
    const filter = "familyName!='a,b <c> \"d\" ''e'' f+g'"
    const { headers } = await readList(bridge, '/users', { filter, limit: '2', 'x,<y>': ' "\'' })
    for (const address of (headers.get('link') ?? '').matchAll(/<([^>]*)>/g)) {
      expect(address[1]).toMatch(/^[A-Za-z0-9\-._~:/?&=%]+$/)
      expect(new URL(address[1] ?? '').searchParams.get('filter')).toBe(filter)
    }
  })

  test('is absolute on the public address, however the request arrived', async () => {
    const answer = await bridge.app.request('http://10.0.0.7:3000/IMS//oneroster/v1p1/users/?limit=5', {
      headers: { ...bearer(token), host: '10.0.0.7:3000', 'x-forwarded-host': 'evil.example.com' },
    })
    const links = linksOf(answer.headers.get('link'))
    expect(new Set([...links.values()].map(({ origin }) => origin))).toEqual(new Set([PUBLIC_URL]))
    const next = await bridge.app.request(new Request(links.get('next') ?? '', { headers: bearer(token) }))
    expect((await asList(next)).ids).toEqual((await readList(bridge, '/users', { limit: '5', offset: '5' })).ids)
  })
})

const BAD: Readonly<Record<string, readonly string[]>> = { limit: ['0', '10001'], offset: ['-0'] }

describe('limit and offset', () => {
  test('are 100 and 0 unless told', async () => {
    const page = await readList(bridge, '/enrollments')
    expect(page.records).toEqual((await readWhole(bridge, '/enrollments')).slice(0, 100))
    expect(page.total).toBeGreaterThan(100)
  })

  test.each(['?limit=10000', '?offset=0', '?limit=1', '?limit=00012', '?limit=%2012', '?Limit=x', '?limit%20=12'])(
    'may be %s',
    async (query) => {
      expect((await bridge.get(`/users${query}`)).status).toBe(200)
    },
  )

  test.each(['limit', 'offset'])('%s must be a whole number in its bounds', async (name) => {
    const bad = ['', '-1', '1e3', 'abc', '1.5', '0x10', '+5', '１２', '10 000', '9'.repeat(17), ...(BAD[name] ?? [])]
    for (const value of bad) {
      for (const path of ['/users', '/schools/sch3/students']) {
        const answer = await bridge.get(`${path}?${new URLSearchParams({ [name]: value })}`)
        expect(answer.status, `${name}=${value}`).toBe(400)
        expect(await statusOf(answer)).toMatchObject({
          imsx_codeMinor: 'invalid data',
          imsx_description: expect.stringContaining(name),
        })
      }
    }
  })

  test('offset past the end answers an empty list with the whole number', async () => {
    const { total } = await readList(bridge, '/users', { limit: '1' })
    for (const offset of [total, total + 1, 1_000_000, Number.MAX_SAFE_INTEGER]) {
      const page = await readList(bridge, '/users', { offset: `${offset}` })
      expect([page.status, page.body, page.total]).toEqual([200, { users: [] }, total])
      expect(linksOf(page.headers.get('link')).has('next')).toBe(false)
    }
  })

  test('X-Total-Count counts what the filter leaves, on each page of it', async () => {
    const teachers = await readWhole(bridge, '/teachers')
    for (const offset of ['0', '3', '9999']) {
      const query = { filter: "role='teacher'", limit: '2', offset }
      expect((await readList(bridge, '/users', query)).total).toBe(teachers.length)
    }
  })
})

describe('behind a path prefix', async () => {
  const prefixed = await openSyncedBridge({
    district: createDistrict({ students: 60, seed: 13, today: '2026-11-18' }),
    settings: { PUBLIC_URL: 'https://example.org/roster' },
  })
  const headers = bearer(await prefixed.token())

  test.each(['', '/roster', '/Roster', '/roster/'])('a request that arrives at "%s" is answered', async (prefix) => {
    const answer = await request(prefixed, `${prefix}${BASE}/users?limit=7&offset=7`, { headers })
    expect(answer.status).toBe(200)
    const links = linksOf(answer.headers.get('link'))
    expect(links.get('next')?.href).toBe(`https://example.org/roster${BASE}/users?limit=7&offset=14`)
    for (const { orgs } of (await asList(answer)).records) {
      for (const { href, sourcedId } of orgs as { href: string; sourcedId: string }[]) {
        expect(href).toBe(`https://example.org/roster${BASE}/orgs/${sourcedId}`)
        expect((await prefixed.app.request(new Request(href, { headers }))).status).toBe(200)
      }
    }
  })

  test.each([
    ['/roster/healthz', 200],
    ['/healthz', 200],
    ['/roster/readyz', 200],
    ['/roster/oauth/token', 405],
    ['/roster/admin/status', 404],
    ['/roster', 404],
    ['/roster/', 404],
    ['/roster/roster/healthz', 404],
    ['/rosterhealthz', 404],
    ['/roster//example.com/healthz', 404],
    ['/roster/%68ealthz/%2e', 404],
    ['/%41', 404],
    ['/a%20b?c', 404],
    ['/%zz', 404],
  ])('%s answers %i', async (path, status) => {
    expect((await request(prefixed, path)).status).toBe(status)
    expect(prefixed.logged.filter((line) => line.includes('request-failed'))).toEqual([])
  })

  test('a token can be fetched, and the admin API reached, with the prefix', async () => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: CONSUMER.id,
      client_secret: CONSUMER.secret,
    })
    expect((await request(prefixed, '/roster/oauth/token', { method: 'POST', body })).status).toBe(200)
    const admin = await request(prefixed, '/roster/admin/status', { headers: bearer(ADMIN_TOKEN) })
    expect(admin.status).toBe(200)
  })
})
