// Syncs in steps: one sync over many alarms, and over objects that are ended in the middle of whatever they do.
import { afterEach, describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { currentSnapshot } from '../../src/store/snapshots.ts'
import { findSync, listSyncs } from '../../src/store/syncs.ts'
import { differences, drain } from '../support/roster.ts'
import { openTestStore, type TestStore } from '../support/runtime.ts'
import { openStepping, type Stepping, type SteppingOptions } from './stepping.ts'

const TODAY = '2026-11-18'
const stores: TestStore[] = []
afterEach(() => {
  for (const sql of stores.splice(0)) sql.close()
})

function open(options: Partial<SteppingOptions> = {}): Promise<Stepping> {
  const sql = openTestStore()
  stores.push(sql)
  const district = createDistrict({ students: 60, seed: 5, today: TODAY, perStudentEnrollments: 3 })
  return openStepping({ district, sql, requests: 40, ...options })
}

const store = (): TestStore => {
  const sql = stores.at(-1)
  if (sql === undefined) throw new Error('no store is open')
  return sql
}

/** Requests for rows that were sent more than once. */
function repeated({ powerSchool }: Stepping): string[] {
  const rows = powerSchool.requests.all.map(({ path, search }) => path + search).filter((path) => ROWS.test(path))
  return rows.filter((path, place) => rows.indexOf(path) !== place)
}

const ROWS = /\/ws\/v1\/(?!metadata|.*count)|\/query\//

function firstStudent({ powerSchool }: Stepping): number {
  const first = powerSchool.district.db.prepare('select min(dcid) as dcid from students where enroll_status = 0').get()
  return Number(first?.dcid)
}

/** 0 ≤ n < 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe.each([{ hasPlugin: false }, { hasPlugin: true }])(
  'a sync in steps (by plugin: $hasPlugin)',
  ({ hasPlugin }) => {
    it('goes on under one id from alarm to alarm, and asks for no row twice', async () => {
      const stepping = await open({ hasPlugin, requests: hasPlugin ? 4 : 40 })
      expect(await stepping.settle()).toBeGreaterThan(3)
      expect(listSyncs(store()).map(({ status }) => status)).toEqual(['success'])
      expect(repeated(stepping)).toEqual([])
      const roster = await drain(stepping)
      expect(
        differences(
          expectedRoster(stepping.powerSchool.district, { template: hasPlugin ? 'powerquery' : 'rest' }),
          roster,
        ),
      ).toEqual([])
    })

    it.each([1, 2, 3, 4, 5, 6])('is not lost nor doubled when objects are ended at random (seed %i)', async (seed) => {
      const stepping = await open({ hasPlugin, requests: hasPlugin ? 4 : 40 })
      const chance = generator(seed)
      let evictions = 0
      for (let alarms = 0; currentSnapshot(store()) === undefined; alarms += 1) {
        expect(alarms).toBeLessThan(2_000)
        const alarm = stepping.alarm()
        if (evictions < 8 && chance() < 0.5) {
          const turns = Math.floor(chance() * 400)
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
          await stepping.evict()
          evictions += 1
          continue
        }
        await alarm
      }
      expect(listSyncs(store()).map(({ status }) => status)).toEqual(['success'])
      expect(evictions).toBeGreaterThan(0)
      const roster = await drain(stepping)
      const template = hasPlugin ? 'powerquery' : 'rest'
      expect(differences(expectedRoster(stepping.powerSchool.district, { template }), roster)).toEqual([])
      const inFlight = 4 * evictions
      expect(repeated(stepping).length).toBeLessThanOrEqual(inFlight)
    })
  },
)

describe('the schedule of steps', () => {
  it('begins the next sync after its interval, also in an object that was made anew meanwhile', async () => {
    const stepping = await open()
    await stepping.settle()
    expect(stepping.alarmMs()).toBe(stepping.clock.now + 3_600_000)
    await stepping.evict()
    expect(stepping.bridge().schedule.nextMs()).toBe(stepping.clock.now + 3_600_000)
    await stepping.alarm()
    await stepping.settle()
    expect(listSyncs(store()).map(({ status }) => status)).toEqual(['success', 'success'])
  })

  it('waits for the consumers over steps, and for no longer than is set', async () => {
    const stepping = await open({ settings: { PUBLISH_QUIET: 'PT5M', PUBLISH_MAX_WAIT: 'PT20M' } })
    await stepping.settle()
    const first = currentSnapshot(store())
    renameStudent(stepping.powerSchool.district, firstStudent(stepping), 'Ada', 'Example')
    const { id } = stepping.bridge().schedule.request()
    for (let alarms = 0; findSync(store(), id)?.stage !== 'publish'; alarms += 1) {
      await drain(stepping)
      await stepping.alarm()
      expect(alarms).toBeLessThan(100)
    }
    expect(currentSnapshot(store())).toEqual(first)
    await stepping.evict()
    await stepping.settle()
    expect(findSync(store(), id)?.status).toBe('success')
    expect(currentSnapshot(store())?.generation).toBe(2)
  })

  it('goes on with a crawl for as long as it takes, however slow PowerSchool is', async () => {
    const stepping = await open({ requestMs: 270_000 })
    const beganMs = stepping.clock.now
    await stepping.settle()
    expect(stepping.clock.now - beganMs).toBeGreaterThan(7 * 3_600_000)
    expect(listSyncs(store()).map(({ status }) => status)).toEqual(['success'])
    expect(stepping.powerSchool.requests.all.filter(({ path }) => path === '/ws/v1/metadata')).toHaveLength(1)
  })

  it('reads all rows where no step is long enough for what has changed of them', async () => {
    const stepping = await open({ hasPlugin: true, requests: 1 })
    await stepping.settle()
    renameStudent(stepping.powerSchool.district, firstStudent(stepping), 'Ada', 'Example')
    const { id } = stepping.bridge().schedule.request()
    let alarms = 0
    while (findSync(store(), id)?.status === 'inProgress' && alarms < 200) {
      await stepping.alarm()
      alarms += 1
    }
    expect(findSync(store(), id)?.status).toBe('success')
    const expected = expectedRoster(stepping.powerSchool.district, { template: 'powerquery' })
    const withoutTimes = differences(expected, await drain(stepping)).filter(
      (text) => !text.includes('dateLastModified'),
    )
    expect(withoutTimes).toEqual([])
  })

  it('ends a sync with a remedy that the platform ends again and again', async () => {
    const stepping = await open()
    for (let torn = 0; torn < 12; torn += 1) {
      void stepping.alarm()
      await stepping.evict()
    }
    await stepping.settle()
    const syncs = listSyncs(store())
    expect(syncs.at(-1)).toMatchObject({ status: 'error', error: { code: 'sync-torn' } })
  })
})
