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

async function check(changes: Readonly<Record<string, () => Response | Promise<Response>>> = {}) {
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
  return checkConnection(client)
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

  it('ends with sync-stopped when it is told to stop', async () => {
    const { client } = fakeClient(fakeServer(healthy), { signal: AbortSignal.abort() })
    await expect(checkConnection(client)).rejects.toMatchObject({ code: 'sync-stopped' })
  })
})
