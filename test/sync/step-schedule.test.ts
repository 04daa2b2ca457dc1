// When syncs run in steps: what is under way and due stands in the store, and alarms go off when the test says so.
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { migrate } from '../../src/store/migrations.ts'
import { findSync, type SyncRecord, type SyncStatus, saveSync } from '../../src/store/syncs.ts'
import { createStepSchedule, type Step } from '../../src/sync/step-schedule.ts'
import { openTestStore, type TestStore } from '../support/runtime.ts'

const HOUR_MS = 3_600_000
const stores: TestStore[] = []
afterEach(() => {
  for (const sql of stores.splice(0)) sql.close()
})

function openObject() {
  const sql = openTestStore()
  stores.push(sql)
  migrate(sql, STORAGE)
  const state = {
    now: 0,
    ids: 0,
    intervalMs: HOUR_MS,
    announceFails: false,
    mappingIsUnreadable: false,
    /** How the next step of a sync ends; undefined: not before the test says so. */
    outcome: 'success' as SyncStatus | undefined,
    upkeepIsTorn: false,
  }
  const runs: string[] = []
  let alarm: { readonly ms: number; readonly work: () => Promise<void> } | undefined
  let upkeeps = 0
  let end = (_: SyncStatus) => {}

  const save = (id: string, status: SyncStatus): SyncRecord => {
    const record: SyncRecord = {
      id,
      status,
      startedMs: state.now,
      finishedMs: status === 'inProgress' ? undefined : state.now,
      stage: 'crawl',
      progress: undefined,
      report: undefined,
      error: undefined,
    }
    saveSync(sql, record)
    return record
  }

  /** The object as it is made anew: what its memory held is lost, the alarm is not. */
  const live = () =>
    createStepSchedule({
      sql,
      steps: {
        wakeAt(ms, work) {
          alarm = { ms: Math.max(ms, state.now), work }
        },
        open: (): Step => ({ signal: new AbortController().signal, computeMs: 1_000, end() {}, close() {} }),
      },
      announce(id) {
        if (state.announceFails) throw new Error('the disk is full')
        save(id, 'inProgress')
      },
      async run(id) {
        runs.push(id)
        if (state.outcome !== undefined) return save(id, state.outcome)
        return new Promise((resolve) => {
          end = (status) => resolve(save(id, status))
        })
      },
      isNewMapping() {
        if (state.mappingIsUnreadable) throw new Error('the store cannot be read')
        return false
      },
      async upkeep() {
        upkeeps += 1
        if (state.upkeepIsTorn) await new Promise<never>(() => {})
      },
      newId: () => `id-${++state.ids}`,
      intervalMs: state.intervalMs,
      failuresInARow: () => 0,
      onEnd() {},
      now: () => state.now,
      log: silentLog,
    })

  return {
    sql,
    state,
    runs,
    live,
    upkeeps: () => upkeeps,
    alarmMs: () => alarm?.ms,
    end: (status: SyncStatus) => end(status),
    /** Lets the alarm go off; answers whether one was set. */
    async alarm(): Promise<boolean> {
      const due = alarm
      alarm = undefined
      if (due === undefined) return false
      state.now = Math.max(state.now, due.ms)
      await due.work().catch(() => {})
      return true
    },
    /** As `alarm`, and the platform ends the object in it. */
    tornAlarm(): void {
      const due = alarm
      alarm = undefined
      void due?.work()
    },
  }
}

describe('a schedule of steps that is stopped', () => {
  it('between two steps ends the sync there, and who starts it again begins another', async () => {
    const object = openObject()
    const before = object.live()
    before.start()
    object.state.outcome = 'inProgress'
    await object.alarm()
    await before.stop()
    expect(findSync(object.sql, 'id-1')?.status).toBe('paused')
    expect(before.running()).toBeUndefined()

    object.state.outcome = 'success'
    const after = object.live()
    after.start()
    expect(after.request()).toEqual({ id: 'id-2', isNew: true })
    await object.alarm()
    expect(object.runs).toEqual(['id-1', 'id-2'])
  })

  it('in a step that the platform ends before it could, has let go of the sync all the same', async () => {
    const object = openObject()
    const before = object.live()
    before.start()
    object.state.outcome = undefined
    object.tornAlarm()
    void before.stop()
    const after = object.live()
    after.start()
    expect(after.request()).toEqual({ id: 'id-2', isNew: true })
  })

  it('as a step ends, does not take the sync up again', async () => {
    const object = openObject()
    const schedule = object.live()
    schedule.start()
    object.state.outcome = undefined
    const step = object.alarm()
    object.end('inProgress')
    const stopped = schedule.stop()
    await step
    await stopped
    expect(schedule.running()).toBeUndefined()
    expect(findSync(object.sql, 'id-1')?.status).toBe('paused')
  })
})

describe('a schedule of steps that was not started', () => {
  it('keeps the store up and begins no sync, though one is due', async () => {
    const object = openObject()
    const before = object.live()
    before.start()
    await object.alarm()
    expect(object.upkeeps()).toBe(0)
    await before.stop()
    object.state.now += 2 * HOUR_MS

    // As the profile is paused: consumers are served on, and a new one may need its roster.
    const paused = object.live()
    paused.keepUp()
    for (let alarms = 0; alarms < 5; alarms += 1) await object.alarm()
    expect(object.upkeeps()).toBe(1)
    expect(object.runs).toEqual(['id-1'])
  })

  it('runs what is asked for', async () => {
    const object = openObject()
    object.live().request()
    await object.alarm()
    expect(object.runs).toEqual(['id-1'])
  })
})

describe('a schedule of steps over faults', () => {
  it('tries again when a sync could not be begun', async () => {
    const object = openObject()
    const schedule = object.live()
    schedule.start()
    await object.alarm()
    await object.alarm()
    object.state.announceFails = true
    await object.alarm()
    expect(object.runs).toEqual(['id-1'])
    object.state.announceFails = false
    expect(object.alarmMs()).toBe(object.state.now + 60_000)
    await object.alarm()
    await object.alarm()
    expect(object.runs).toEqual(['id-1', 'id-3'])
  })

  it('starts by and by when it could not', async () => {
    const object = openObject()
    object.state.announceFails = true
    object.live().start()
    object.state.announceFails = false
    for (let alarms = 0; object.runs.length === 0 && alarms < 5; alarms += 1) await object.alarm()
    expect(object.runs).toEqual(['id-2'])
  })

  it('reads by its interval when it cannot tell whether the mapping is another one', async () => {
    const object = openObject()
    object.live().start()
    await object.alarm()
    await object.alarm()
    object.state.mappingIsUnreadable = true
    object.live().start()
    expect(object.alarmMs()).toBe(HOUR_MS)
  })

  it('gives up what follows a sync when the platform ends it again and again', async () => {
    const object = openObject()
    object.live().start()
    await object.alarm()
    object.state.upkeepIsTorn = true
    for (let torn = 0; torn < 20; torn += 1) {
      object.tornAlarm()
      object.live().start()
    }
    expect(object.upkeeps()).toBeLessThan(10)
    expect(object.alarmMs()).toBe(HOUR_MS)
  })

  it('goes by an interval that it did not have before', async () => {
    const object = openObject()
    object.state.intervalMs = 0
    object.live().start()
    await object.alarm()
    await object.alarm()
    expect(await object.alarm()).toBe(false)
    object.state.intervalMs = HOUR_MS
    object.live().start()
    for (let alarms = 0; object.runs.length === 1 && alarms < 5; alarms += 1) await object.alarm()
    expect(object.runs).toEqual(['id-1', 'id-2'])
  })
})
