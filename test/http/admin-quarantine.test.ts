// What the admin API tells of a sync that goes on failing, and how it comes out of that.
import { describe, expect, test } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { openTestBridge, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts'
import { ask, type Json, sync } from './admin-client.ts'
import { readWhole } from './support.ts'

const HOUR_MS = 3_600_000

async function profileOf(bridge: TestBridge): Promise<Json> {
  const { profiles } = (await ask(bridge, '/status')).body as { profiles: Json[] }
  return profiles[0] ?? {}
}

const later = ({ clock }: TestBridge, ms: number) => new Date(clock.now + ms).toISOString()
const FAILING = { code: 'powerschool-rights', message: expect.any(String), remedy: expect.any(String) }

/** A published bridge whose plugin has lost its right, after so many syncs that failed for it. */
async function openFailing(failures: number, options: Partial<TestBridgeOptions> = {}): Promise<TestBridge> {
  const bridge = await openTestBridge({ district: createSmallDistrict(), ...options })
  await sync(bridge)
  bridge.powerSchool.settings.v1Level = 'NONE'
  for (let nth = 1; nth <= failures; nth += 1) {
    bridge.clock.now += HOUR_MS
    const status = nth < 3 ? 'error' : 'quarantined'
    expect(await sync(bridge)).toMatchObject({ status, error: FAILING })
  }
  return bridge
}

describe('the status of the profile', () => {
  test('tells before the first sync that there was none', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const { id, displayName, profile, ...told } = await profileOf(bridge)
    expect(told).toEqual({ name: 'default', isReady: false, failuresInARow: 0 })
    expect([id, displayName]).toEqual(['default', 'default'])
    expect(profile).toMatchObject({ state: 'provisioned' })
  })

  test('tells when all is well, and when the next sync begins', async () => {
    const bridge = await openFailing(0)
    const profile = await profileOf(bridge)
    expect(profile).toMatchObject({ state: 'success', failuresInARow: 0, nextSyncAt: later(bridge, HOUR_MS) })
    expect(Object.keys(profile)).not.toContain('quarantined')
    expect(Object.keys(profile)).not.toContain('error')
  })

  test('tells the error and the next try after a failure, which is no quarantine yet', async () => {
    const bridge = await openFailing(2)
    const profile = await profileOf(bridge)
    expect(profile).toMatchObject({
      state: 'error',
      failuresInARow: 2,
      error: FAILING,
      nextSyncAt: later(bridge, 60_000),
    })
    expect(Object.keys(profile)).not.toContain('quarantined')
  })

  test('tells of the quarantine from the third failure on: since when, how often, and when it tries again', async () => {
    const bridge = await openFailing(4)
    const nextSyncAt = later(bridge, 4 * HOUR_MS)
    expect(await profileOf(bridge)).toMatchObject({
      state: 'quarantined',
      failuresInARow: 4,
      quarantined: { since: later(bridge, -HOUR_MS), failures: 4, nextSyncAt },
      error: FAILING,
      nextSyncAt,
      latestSync: { status: 'quarantined', error: FAILING },
    })
    expect(bridge.logged.filter((line) => line.includes('"sync-quarantined"'))).toHaveLength(2)
  })

  test('tells of the quarantine without an interval too, where nothing is tried again by itself', async () => {
    const bridge = await openFailing(3, { settings: { SYNC_INTERVAL: 'PT0S' } })
    const profile = await profileOf(bridge)
    expect(profile).toMatchObject({ state: 'quarantined', quarantined: { failures: 3 } })
    expect(Object.keys(profile)).not.toContain('nextSyncAt')
  })

  test('still tells the error while the next sync runs', async () => {
    const gate = Promise.withResolvers<void>()
    const bridge = await openFailing(3, { simulator: { sleep: () => gate.promise } })
    // From now on each request passes the gate.
    bridge.powerSchool.settings.latencyMs = 1
    expect((await ask(bridge, '/syncs', 'POST')).status).toBe(202)
    const profile = await profileOf(bridge)
    expect(profile).toMatchObject({ state: 'inProgress', error: FAILING, quarantined: { failures: 3 } })
    gate.resolve()
    await bridge.schedule.settled()
  })
})

describe('a quarantined bridge', () => {
  test('is ready, and serves its last snapshot', async () => {
    const bridge = await openFailing(0)
    const before = await readWhole(bridge, '/users')
    for (let nth = 1; nth <= 3; nth += 1) await sync(bridge)
    expect(await profileOf(bridge)).toMatchObject({ state: 'quarantined', isReady: true })
    expect((await bridge.get('/readyz')).status).toBe(200)
    expect((await bridge.get('/healthz')).status).toBe(200)
    expect(await readWhole(bridge, '/users')).toEqual(before)
  })

  test('goes on counting after a restart', async () => {
    const { sql, district, clock, powerSchool } = await openFailing(3)
    const again = await openTestBridge({ district, sql })
    again.clock.now = clock.now + HOUR_MS
    again.powerSchool.settings.v1Level = powerSchool.settings.v1Level
    expect(await profileOf(again)).toMatchObject({ state: 'quarantined', quarantined: { failures: 3 } })
    expect(await sync(again)).toMatchObject({ status: 'quarantined' })
    const nextSyncAt = later(again, 4 * HOUR_MS)
    expect(await profileOf(again)).toMatchObject({ quarantined: { failures: 4, nextSyncAt } })
  })

  test('comes out of it with the first sync that goes well', async () => {
    const bridge = await openFailing(4)
    bridge.powerSchool.settings.v1Level = 'READ'
    expect(await sync(bridge)).toMatchObject({ status: 'success' })
    const profile = await profileOf(bridge)
    expect(profile).toMatchObject({ state: 'success', failuresInARow: 0, nextSyncAt: later(bridge, HOUR_MS) })
    expect(Object.keys(profile)).not.toContain('quarantined')
    expect(Object.keys(profile)).not.toContain('error')
    bridge.powerSchool.settings.v1Level = 'NONE'
    expect(await sync(bridge)).toMatchObject({ status: 'error' })
  })
})
