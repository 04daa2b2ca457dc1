// The Worker as `wrangler dev` runs it: a first sync that is killed and goes on, what is served after it, and what is refused.
import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { servePowerSchool } from '../../fixtures/powerschool/server.ts'
import { createPowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { startWranglerDev, type WranglerDev } from '../../fixtures/wrangler-dev.ts'
import { BASE } from '../support/known.ts'
import { differences, drain } from '../support/roster.ts'
import { consumerOf, syncToEnd } from './consumer.ts'
import { ADMIN_TOKEN, CONSUMER, realToday } from './powerschool.ts'
import { until, untilReady } from './processes.ts'

const CONCURRENCY = 4
/** In the middle of the first crawl. */
const HELD = 40
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` }

const district = createDistrict({ students: 60, seed: 3, perStudentEnrollments: 3, today: realToday() })
let onRequest: (nth: number) => Promise<void> | void = () => {}
let asked = 0
const simulator = createPowerSchool({
  district,
  now: Date.now,
  pageSize: 20,
  // Its own waiting is where the tests look at each request.
  latencyMs: 1,
  sleep: async () => {
    asked += 1
    await onRequest(asked)
  },
})
const folder = mkdtempSync(join(tmpdir(), 'bridge-worker-'))
const cleanups: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })]
let settings: Record<string, string> = {}
let worker: WranglerDev

async function start(options: { settings: Record<string, string>; folder: string; port?: number }) {
  const started = await startWranglerDev(options)
  cleanups.unshift(() => started.kill())
  return started
}

beforeAll(async () => {
  const { url, close } = await servePowerSchool(simulator, 0)
  cleanups.unshift(close)
  settings = {
    SEALING_KEY: Buffer.alloc(32, 'key').toString('base64'),
    ADMIN_TOKEN,
    POWERSCHOOL_URL: url,
    POWERSCHOOL_CLIENT_ID: simulator.credentials.clientId,
    POWERSCHOOL_CLIENT_SECRET: simulator.credentials.clientSecret,
    POWERSCHOOL_TEMPLATE: 'rest',
    POWERSCHOOL_CONCURRENCY: String(CONCURRENCY),
    ONEROSTER_CLIENT_ID: CONSUMER.id,
    ONEROSTER_CLIENT_SECRET: CONSUMER.secret,
    SYNC_INTERVAL: 'PT0S',
    PUBLISH_QUIET: 'PT0S',
  }
  worker = await start({ settings, folder })
})

afterAll(async () => {
  for (const cleanup of cleanups) await cleanup()
})

const fetchAdmin = async (path: string, init: RequestInit = {}) =>
  (await (await fetch(`${worker.url}/admin${path}`, { headers: ADMIN, ...init })).json()) as Record<string, unknown>

async function expectWhole(): Promise<void> {
  expect(differences(expectedRoster(district), await drain(await consumerOf(worker)))).toEqual([])
}

// In this order: each goes on with the Worker as the one before has left it.
describe('wrangler dev', { timeout: 180_000 }, () => {
  it('begins the first sync by itself, and goes on with it after kill -9', async () => {
    const reached = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    onRequest = (nth) => {
      if (nth < HELD) return
      reached.resolve()
      return released.promise
    }
    // The first request makes the object, which sets its alarm.
    const waiting = await fetch(`${worker.url}/readyz`)
    expect([waiting.status, waiting.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
    await reached.promise
    expect((await (await consumerOf(worker)).get('/users')).status).toBe(503)
    await worker.kill()
    onRequest = () => {}
    released.resolve()

    const before = asked
    worker = await start({ settings, folder, port: worker.port })
    // Nobody asks the Worker: its alarm was kept.
    await until(async () => asked > before)
    await untilReady(worker)
    await expectWhole()
    const rows = simulator.requests.all
      .map(({ path, search }) => path + search)
      .filter((path) => /^\/ws\/v1\/(?!metadata)/.test(path))
    const twice = rows.filter((path, place) => rows.indexOf(path) !== place)
    expect(rows.length).toBeGreaterThan(HELD * 2)
    expect(twice.filter((path) => !path.includes('/count')).length).toBeLessThanOrEqual(CONCURRENCY)
    expect(twice.filter((path) => path.includes('/count')).length).toBeLessThanOrEqual(CONCURRENCY)
  })

  it('tells what changed, and who left, after a sync through faults', async () => {
    const { report } = (await fetchAdmin('/syncs/latest')) as { report: { publishedAt: string } }
    const [leaving = 0, renamed = 0] = district.db
      .prepare(`select dcid from students where enroll_status = 0 and last_name <> '' order by dcid`)
      .all()
      .map(({ dcid }) => Number(dcid))
    transferStudent(district, leaving, null)
    renameStudent(district, renamed, 'Another', 'Name')
    simulator.faults.add(
      { kind: 'busy', path: '/ws/v1/district/student', waitSeconds: 1 },
      { kind: 'error-500', path: '/ws/v1/school/*/section' },
      { kind: 'error-503', path: '/ws/v1/school/*/course' },
      { kind: 'cut-off', path: '/ws/v1/section/*/section_enrollment', times: 2 },
      { kind: 'broken-json', path: '/ws/v1/school/*/staff' },
    )
    expect(await syncToEnd(worker)).toMatchObject({ status: 'success', report: { isPublished: true } })
    expect(simulator.faults.struck()).toBe(6)
    simulator.faults.clear()

    const consumer = await consumerOf(worker)
    const filter = encodeURIComponent(`dateLastModified>'${report.publishedAt}'`)
    const { users } = (await (await consumer.get(`/users?filter=${filter}`)).json()) as { users: unknown[] }
    expect(users).toHaveLength(2)
    expect(users).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ sourcedId: `stu${leaving}`, status: 'tobedeleted' }),
        expect.objectContaining({ sourcedId: `stu${renamed}`, status: 'active', familyName: 'Name' }),
      ]),
    )
    await expectWhole()
  })

  it('answers gzip that is packed once', async () => {
    const { token } = await consumerOf(worker)
    const path = `${BASE}/enrollments?limit=1000`
    const plain = await read(path, token, 'identity')
    const packed = await read(path, token, 'gzip')
    expect([plain.coding, packed.coding]).toEqual([undefined, 'gzip'])
    expect(packed.body.length).toBeLessThan(plain.body.length / 3)
    expect(gunzipSync(packed.body)).toEqual(plain.body)
    expect(JSON.parse(String(plain.body)).enrollments.length).toBeGreaterThan(100)
  })

  it('keeps a profile with a wrong secret to itself', async () => {
    const dataProvider = {
      connectionUrl: settings.POWERSCHOOL_URL,
      clientId: 'a-client',
      clientSecret: 'not-its-secret',
    }
    const body = JSON.stringify({ displayName: 'A district with a wrong secret', dataProvider })
    const { id, state } = await fetchAdmin('/profiles', { method: 'POST', body })
    expect(state).toBe('provisioning')
    const failed = await until(async () => {
      const profile = await fetchAdmin(`/profiles/${id}`)
      return profile.state !== 'provisioning' && profile
    })
    expect(failed).toMatchObject({ state: 'provisioningFailed', problem: { code: 'powerschool-credentials' } })
    await expectWhole()
    expect(await fetchAdmin(`/profiles/${id}`, { method: 'DELETE' })).toMatchObject({ state: 'deleting' })
    await until(async () => (await fetch(`${worker.url}/admin/profiles/${id}`, { headers: ADMIN })).status === 404)
  })

  it('lets nobody from outside speak as one of its own parts, and keeps secrets out of the log', async () => {
    const headers = { 'x-bridge-profile': 'default', 'x-bridge-origin': worker.url }
    expect((await fetch(`${worker.url}/internal/summary`, { headers })).status).toBe(404)

    const { token } = await consumerOf(worker)
    const lines = worker.output()
    expect(lines).toContain('"event":"sync-ended"')
    for (const secret of [token, ADMIN_TOKEN, CONSUMER.secret, settings.SEALING_KEY, 'not-its-secret']) {
      expect(lines).not.toContain(secret)
    }
    expect(lines).not.toContain(simulator.credentials.clientSecret)
  })

  it('answers 503 without a SEALING_KEY, and its log says which setting is missing', async () => {
    const { SEALING_KEY: _, ...others } = settings
    const keyless = await start({ settings: others, folder: join(folder, 'keyless') })
    const answer = await fetch(`${keyless.url}/healthz`)
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('its log says which')])
    await until(async () => /settings-invalid.*SEALING_KEY is not set.*openssl rand/.test(keyless.output()))
  })
})

/** As it came: `fetch` would unpack it. */
function read(path: string, token: string, coding: string): Promise<{ coding: string | undefined; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'accept-encoding': coding }
    get(worker.url + path, { headers }, async (answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk)
      resolve({ coding: answer.headers['content-encoding'], body: Buffer.concat(chunks) })
    }).on('error', reject)
  })
}
