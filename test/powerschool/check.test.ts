import { describe, expect, it } from 'vitest'
import { checkConnection } from '../../src/powerschool/check.ts'
import { CLIENT_SECRET, countBody, fakeClient, fakeServer, type Handler, json, metadataBody } from './fake.ts'

const healthy: Handler = ({ path, query, token }) => {
  if (path === '/ws/v1/time') return json({ resource: { time: '2026-01-15T01:00:00' } })
  if (path === '/oauth/access_token') return undefined
  if (token === undefined) return new Response('', { status: 401 })
  if (path === '/ws/v1/metadata') return metadataBody(1000)
  if (path === '/ws/v1/district/school/count') return countBody(12)
  if (path === '/ws/v1/district/student/count') {
    return countBody(query.get('q') === 'school_enrollment.enroll_status==A' ? 9876 : 20_000)
  }
  return undefined
}

const DENIED = { errorMessage: { message: 'Plugin is missing required accessLevelV1Api READ permission' } }

type Changes = Readonly<Record<string, () => Response | Promise<Response>>>

async function check(changes: Changes = {}, question?: Parameters<typeof checkConnection>[1]) {
  const server = fakeServer((seen) => changes[seen.path]?.() ?? healthy(seen))
  const { client, clock } = fakeClient(
    {
      fetch(url, init) {
        clock.advance(20)
        return server.fetch(url, init)
      },
    },
    { maxAttempts: 2 },
  )
  return checkConnection(client, question)
}

describe('the connection check', () => {
  it('finds all well, with what it saw and how long it took', async () => {
    const { ok, steps } = await check()
    expect(ok).toBe(true)
    expect(steps.map(({ name, detail }) => [name, detail])).toEqual([
      ['server', 'PowerSchool answers.'],
      ['credentials', 'PowerSchool accepts the client ID and secret.'],
      ['metadata', 'PowerSchool 25.9.0.1, time zone America/Phoenix, 1000 rows a page.'],
      ['v1-rights', 'The plugin may read /ws/v1.'],
      ['schools', '12 schools and 9876 active students.'],
    ])
    expect(steps.map((step) => step.elapsedMs)).toEqual([20, 20, 20, 20, 40])
    expect(steps.some((step) => 'remedy' in step)).toBe(false)
  })

  it('advises larger pages', async () => {
    const { ok, steps } = await check({ '/ws/v1/metadata': () => metadataBody(100) })
    expect(ok).toBe(true)
    expect(steps[2]).toMatchObject({ ok: true, remedy: expect.stringContaining('Maximum Page Size') })
  })

  it('takes a server that refuses its time for one that is there', async () => {
    const { ok } = await check({ '/ws/v1/time': () => json({ message: 'no' }, { status: 404 }) })
    expect(ok).toBe(true)
  })

  it.each([
    ['server', '/ws/v1/time', () => Promise.reject(new TypeError('fetch failed')), /POWERSCHOOL_URL/],
    [
      'server',
      '/ws/v1/time',
      () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
      /maintenance/,
    ],
    [
      'credentials',
      '/oauth/access_token',
      () => json({ error: 'invalid_client' }, { status: 401 }),
      /POWERSCHOOL_CLIENT_SECRET/,
    ],
    ['metadata', '/ws/v1/metadata', () => json({}), /POWERSCHOOL_URL/],
    [
      'v1-rights',
      '/ws/v1/district/school/count',
      () => json(DENIED, { status: 401 }),
      /Data Provider Configuration.*READ/,
    ],
    ['schools', '/ws/v1/district/student/count', () => json({ message: 'no' }, { status: 403 }), /Grant/],
    ['schools', '/ws/v1/district/school/count', () => countBody(0), /POWERSCHOOL_URL/],
  ] as const)('ends at %s when %s fails', async (name, path, answer, remedy) => {
    const result = await check({ [path]: answer })
    expect(result.ok).toBe(false)
    expect(result.steps.at(-1)).toMatchObject({ name, ok: false, remedy: expect.stringMatching(remedy) })
    expect(result.steps.slice(0, -1).every((step) => step.ok)).toBe(true)
    expect(JSON.stringify(result)).not.toMatch(new RegExp(`${CLIENT_SECRET}|token-\\d`))
  })

  describe('of what may be read', () => {
    const QUERIES = '/ws/schema/query/'
    const call = (name: string) => ({ name: `org.example.sis.roster.${name}`, arguments: {} })
    const district = { source: 'district', rest: '/ws/v1/district', queries: [] }
    const schools = { source: 'schools', rest: '/ws/v1/district/school', queries: [call('schools')] }
    const rooms = { source: 'rooms', queries: [call('rooms')] }
    const SOURCES = [district, schools, rooms]
    const allowed = () => json({ '@extensions': '' })
    const withQueries = (changes: Changes = {}): Changes => ({
      [`${QUERIES}${call('schools').name}`]: allowed,
      [`${QUERIES}${call('rooms').name}`]: allowed,
      ...changes,
    })
    const denied = { '/ws/v1/district/school/count': () => json(DENIED, { status: 401 }) }
    const errors = ['rooms.name', 'rooms.dcid'].map((field) => ({
      resource: 'q',
      field,
      code: 'No access to the field',
    }))
    const ungranted = {
      [`${QUERIES}${call('rooms').name}`]: () => json({ message: 'Validation Failed', errors }, { status: 403 }),
    }

    it('tells of each reader, and which template a sync would take', async () => {
      const { ok, steps, templates } = await check(withQueries(), { sources: SOURCES, setting: 'auto' })
      expect(ok).toBe(true)
      expect(steps).toHaveLength(5)
      expect(templates).toMatchObject({ setting: 'auto', template: 'powerquery' })
      expect(templates?.readers.map(({ source, path, query, state }) => [source, path ?? query, state])).toEqual([
        ['district', '/ws/v1/district', 'allowed'],
        ['schools', '/ws/v1/district/school', 'allowed'],
        ['schools', call('schools').name, 'allowed'],
        ['rooms', call('rooms').name, 'allowed'],
      ])
      expect(templates).not.toHaveProperty('remedy')
    })

    it('tells what is missing for the better template', async () => {
      const { ok, templates } = await check(withQueries(ungranted), { sources: SOURCES, setting: 'auto' })
      expect(ok).toBe(true)
      expect(templates).toMatchObject({
        template: 'rest',
        detail: 'The plugin may not read ROOMS.DCID, ROOMS.NAME.',
        remedy: expect.stringMatching(/plugin --out/),
      })
      expect(templates?.readers.at(-1)).toMatchObject({ state: 'not-granted', missing: ['ROOMS.DCID', 'ROOMS.NAME'] })
    })

    it('fails where the set template is not possible', async () => {
      const { ok, steps, templates } = await check(withQueries(ungranted), { sources: SOURCES, setting: 'powerquery' })
      expect(ok).toBe(false)
      expect(steps.every((step) => step.ok)).toBe(true)
      expect(templates).not.toHaveProperty('template')
      expect(templates).toMatchObject({ detail: expect.stringMatching(/ROOMS.DCID/), remedy: expect.any(String) })
      expect(templates?.readers).toHaveLength(4)
    })

    it('fails where the data came by powerquery and auto would have to go back', async () => {
      const question = { sources: SOURCES, setting: 'auto', before: 'powerquery' } as const
      expect(await check(withQueries(ungranted), question)).toMatchObject({ ok: false })
    })

    it('goes on where v1 is denied: a template may need none of it', async () => {
      const { ok, steps, templates } = await check(withQueries(denied), { sources: [schools, rooms], setting: 'auto' })
      expect(ok).toBe(true)
      expect(steps.at(-1)).toMatchObject({ name: 'v1-rights', ok: false })
      expect(templates).toMatchObject({ template: 'powerquery' })
      expect(await check(withQueries(denied), { sources: SOURCES, setting: 'auto' })).toMatchObject({ ok: false })
    })

    it('is not asked where there is no way in', async () => {
      const changes = { '/oauth/access_token': () => json({ error: 'invalid_client' }, { status: 401 }) }
      const { ok, templates } = await check(withQueries(changes), { sources: SOURCES, setting: 'auto' })
      expect(ok).toBe(false)
      expect(templates).toBeUndefined()
    })

    it('tells of a failure that may pass', async () => {
      const busy = { [`${QUERIES}${call('rooms').name}`]: () => new Response('', { status: 503 }) }
      const { ok, templates } = await check(withQueries(busy), { sources: SOURCES, setting: 'auto' })
      expect(ok).toBe(false)
      expect(templates).toMatchObject({ readers: [], detail: expect.stringMatching(/503/) })
    })
  })

  it('ends with sync-stopped when it is told to stop', async () => {
    const { client } = fakeClient(fakeServer(healthy), { signal: AbortSignal.abort() })
    await expect(checkConnection(client)).rejects.toMatchObject({ code: 'sync-stopped' })
  })
})
