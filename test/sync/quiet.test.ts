// Polite publishing: a finished sync waits until no consumer is in the middle of a run, and not for ever.
import { describe, expect, it } from 'vitest'
import { renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { addClient } from '../../src/auth/clients.ts'
import { runSync } from '../../src/sync/sync.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { SEALING_KEY } from '../support/known.ts'
import { syncWith } from './probes.ts'

const SECOND = 1_000
const MINUTE = 60_000

async function opened(settings: Readonly<Record<string, string>> = {}): Promise<TestBridge> {
  const bridge = await openTestBridge({ district: createSmallDistrict(), settings })
  await bridge.syncNow()
  bridge.clock.now += 10 * MINUTE
  return bridge
}

const generationOf = (bridge: TestBridge) => bridge.sql.all(`select max(number) as n from generations`)[0]?.n

/** A sync of one change during which `during` happens whenever it waits; answers for how long it waited. */
async function publishOneChange(bridge: TestBridge, during: (waitedMs: number) => Promise<unknown>): Promise<number> {
  renameStudent(bridge.district, 100002, 'Imre', `Changed${bridge.clock.now}`)
  const startedMs = bridge.clock.now
  const sleep = async (ms: number) => {
    bridge.clock.now += ms
    await during(bridge.clock.now - startedMs)
  }
  const { status, report } = await syncWith(bridge, `sync-${startedMs}`, { sleep })
  expect(status).toBe('success')
  const waitedMs = bridge.clock.now - startedMs
  expect(report?.durations.waitMs).toBe(waitedMs)
  return waitedMs
}

describe('a finished sync', () => {
  it('is published at once when no consumer has asked anything for a minute', async () => {
    const bridge = await opened()
    await bridge.get('/users?limit=1')
    bridge.clock.now += MINUTE
    expect(await publishOneChange(bridge, async () => {})).toBe(0)
    expect(generationOf(bridge)).toBe(2)
  })

  it('waits for the minute after the last request', async () => {
    const bridge = await opened()
    await bridge.get('/users?limit=1')
    bridge.clock.now += 20 * SECOND
    expect(await publishOneChange(bridge, async () => expect(generationOf(bridge)).toBe(1))).toBe(40 * SECOND)
  })

  it('lets a run end, however it reads', async () => {
    const bridge = await opened()
    const paths = [
      '/users?limit=2',
      '/classes',
      '/users/stu100002',
      '/ims/oneroster/rostering/v1p2/enrollments',
      '/orgs?fields=name',
    ]
    await bridge.get('/academicSessions')
    let asked = 0
    const waited = await publishOneChange(bridge, async () => {
      const path = paths[asked]
      asked += 1
      if (path !== undefined) await bridge.get(path)
    })
    expect(asked).toBeGreaterThan(paths.length)
    expect(waited).toBe(5 * paths.length * SECOND + MINUTE)
  })

  it('waits half an hour at most', async () => {
    const bridge = await opened()
    await bridge.get('/users?limit=1')
    expect(await publishOneChange(bridge, () => bridge.get('/users?limit=1'))).toBe(30 * MINUTE)
  })

  it('waits as the settings say', async () => {
    const patient = await opened({ PUBLISH_QUIET: 'PT2M', PUBLISH_MAX_WAIT: 'PT5M' })
    await patient.get('/users?limit=1')
    expect(await publishOneChange(patient, async () => {})).toBe(2 * MINUTE)
    await patient.get('/users?limit=1')
    expect(await publishOneChange(patient, () => patient.get('/users?limit=1'))).toBe(5 * MINUTE)
    const blunt = await opened({ PUBLISH_QUIET: 'PT0S' })
    await blunt.get('/users?limit=1')
    expect(await publishOneChange(blunt, async () => {})).toBe(0)
  })

  it('is not waited for by readers, nor by requests that are refused', async () => {
    const bridge = await opened()
    await bridge.get('/users?limit=1')
    bridge.clock.now += MINUTE
    await bridge.app.request('/ims/oneroster/v1p1/users')
    await bridge.app.request('/readyz')
    expect(await publishOneChange(bridge, async () => {})).toBe(0)
  })

  it('waits for the consumers of another process too', async () => {
    const bridge = await opened()
    const beside = await openTestBridge({ district: bridge.district, sql: bridge.sql })
    beside.clock.now = bridge.clock.now
    await bridge.get('/users?limit=1')
    const waited = await publishOneChange(beside, async () => {})
    expect(waited).toBeGreaterThanOrEqual(MINUTE)
    expect(waited).toBeLessThanOrEqual(MINUTE + 2 * SECOND)
  })

  it('tells meanwhile what it waits for, and can be stopped', async () => {
    const bridge = await opened()
    await bridge.get('/users?limit=1')
    renameStudent(bridge.district, 100002, 'Imre', 'Waiting')
    const stop = new AbortController()
    const shown: unknown[] = []
    const sleep = async (ms: number) => {
      bridge.clock.now += ms
      shown.push(bridge.sql.all(`select stage, progress from syncs order by number desc limit 1`)[0])
      if (shown.length === 3) stop.abort()
    }
    const { status } = await syncWith(bridge, 'stopped', { sleep }, stop.signal)
    expect(status).toBe('paused')
    expect(shown[0]).toMatchObject({ stage: 'publish', progress: expect.stringContaining('"total":1800000') })
    expect(generationOf(bridge)).toBe(1)
    bridge.clock.now += MINUTE
    expect((await bridge.syncNow()).report.counts.users).toMatchObject({ changed: 1 })
    expect(generationOf(bridge)).toBe(2)
  })

  it('does not wait where nothing has changed, nor with the first snapshot', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await bridge.get('/users')
    const startedMs = bridge.clock.now
    await bridge.syncNow()
    await bridge.get('/users')
    await bridge.syncNow()
    expect(bridge.clock.now).toBe(startedMs)
  })

  it('makes the roster of a consumer that is added while it waits', async () => {
    const bridge = await opened()
    await bridge.get('/users?limit=1')
    const client = { name: 'Late', schools: ['100'] }
    let isAdded = false
    await publishOneChange(bridge, async () => {
      if (isAdded) return
      isAdded = true
      await addClient(client, { sql: bridge.sql, now: () => bridge.clock.now, sealingKey: SEALING_KEY })
    })
    const rosters = bridge.sql.all(`select id, built from rosters`)
    expect(rosters).toEqual([{ id: 1, built: 1 }])
    const count = (where: string) => bridge.sql.all(`select count(*) as n from records_users_n1 where ${where}`)[0]?.n
    const total = bridge.sql.all(`select active from totals where generation = 2 and collection = 'users_n1'`)[0]
      ?.active
    expect(total).toBe(count(`status = 'active' and born <= 2 and died > 2`))
    expect(count(`born = 2`)).toBe(1)
  })
})

it('a sync beside a bridge that was killed while it waited takes over what it left', async () => {
  const bridge = await opened()
  await bridge.get('/users?limit=1')
  renameStudent(bridge.district, 100002, 'Imre', 'Killed')
  const never = new Promise<void>(() => {})
  let waits = () => {}
  const isWaiting = new Promise<void>((resolve) => {
    waits = resolve
  })
  const sleep = () => {
    waits()
    return never
  }
  runSync({ ...bridge.sync, sleep }, 'killed', new AbortController().signal).catch(() => {})
  await isWaiting
  const again = await openTestBridge({
    district: bridge.district,
    sql: bridge.sql,
    lockOwner: { name: 'next', mayBeAlive: () => false },
  })
  again.clock.now = bridge.clock.now + 2 * MINUTE
  expect((await again.get('/users?limit=1')).status).toBe(200)
  again.clock.now += 2 * MINUTE
  expect((await again.syncNow()).report.counts.users).toMatchObject({ changed: 1 })
  expect(generationOf(again)).toBe(2)
})
