// When syncs run, with timers that fire when the test says so.
import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/log.ts'
import type { SyncRecord, SyncStatus } from '../../src/store/syncs.ts'
import { createSchedule, type SyncKind } from '../../src/sync/schedule.ts'

const HOUR_MS = 3_600_000

interface Run {
  readonly id: string
  readonly kind: SyncKind
  readonly signal: AbortSignal
  end(status: SyncStatus): Promise<void>
  crash(message: string): Promise<void>
}

interface Timer {
  readonly ms: number
  readonly call: () => void
  isCancelled: boolean
}

function openSchedule(intervalMs: number = HOUR_MS) {
  const runs: Run[] = []
  const announced: string[] = []
  const upkeeps: { readonly id: string; readonly signal: AbortSignal; end(): Promise<void> }[] = []
  const state = {
    hasUpkeep: false,
    announceFails: false,
    isStoreBroken: false,
    isNewMapping: false,
    failures: 0,
    now: 0,
  }
  const ended: SyncStatus[] = []
  const timers: Timer[] = []
  const logged: string[] = []
  const schedule = createSchedule({
    announce: (id) => {
      if (state.announceFails) throw new Error('the disk is full')
      announced.push(id)
    },
    upkeep: async (id, signal) => {
      if (!state.hasUpkeep) return
      const { promise, resolve } = Promise.withResolvers<void>()
      upkeeps.push({
        id,
        signal,
        end: async () => {
          resolve()
          await new Promise((next) => setImmediate(next))
        },
      })
      await promise
    },
    isNewMapping: () => state.isNewMapping,
    run: (id, signal, kind) => {
      const { promise, resolve, reject } = Promise.withResolvers<SyncRecord>()
      const settled = async () => {
        await promise.catch(() => {})
        await Promise.resolve()
        await Promise.resolve()
      }
      runs.push({
        id,
        kind,
        signal,
        end: (status) => {
          // As the store counts them.
          if (FAILED.includes(status)) state.failures += 1
          else if (status !== 'paused') state.failures = 0
          resolve(recordOf(id, status))
          return settled()
        },
        crash: (message) => {
          reject(new Error(message))
          return settled()
        },
      })
      return promise
    },
    newId: () => `sync-${runs.length + 1}`,
    intervalMs,
    failuresInARow: () => {
      if (state.isStoreBroken) throw new Error('the disk is gone')
      return state.failures
    },
    onEnd: (status) => ended.push(status),
    now: () => state.now,
    after: (ms, call) => {
      const timer = { ms, call, isCancelled: false }
      timers.push(timer)
      return () => {
        timer.isCancelled = true
      }
    },
    log: createLog({ level: 'info', now: () => 0, write: (line) => logged.push(line) }),
  })
  /** Lets the time of the timer that is set pass, and answers how long that was. */
  const fire = (): number => {
    const timer = timers.at(-1)
    if (timer === undefined || timer.isCancelled) throw new Error('no timer is set')
    timer.isCancelled = true
    timer.call()
    return timer.ms
  }
  return {
    schedule,
    announced,
    upkeeps,
    state,
    runs,
    timers,
    logged,
    ended,
    fire,
    waiting: () => timers.filter(({ isCancelled }) => !isCancelled).length,
  }
}

const FAILED: readonly SyncStatus[] = ['error', 'quarantined']

function recordOf(id: string, status: SyncStatus): SyncRecord {
  const nothing = { finishedMs: 0, progress: undefined, report: undefined, error: undefined }
  return { id, status, startedMs: 0, stage: 'done', ...nothing }
}

describe('a schedule', () => {
  it('maps the rows that are there first when the mapping is new, and reads PowerSchool right after', async () => {
    const { schedule, runs, state, waiting } = openSchedule()
    state.isNewMapping = true
    schedule.start()
    expect(runs.map(({ kind }) => kind)).toEqual(['map'])
    await runs[0]?.end('error')
    expect(runs.map(({ kind }) => kind)).toEqual(['map', 'whole'])
    await runs[1]?.end('success')
    expect(waiting()).toBe(1)
  })

  it('maps only, when it is asked to, and goes on by interval', async () => {
    const { schedule, runs, fire } = openSchedule()
    schedule.request('map')
    await runs[0]?.end('success')
    expect(runs.map(({ kind }) => kind)).toEqual(['map'])
    expect(fire()).toBe(HOUR_MS)
    expect(runs.map(({ kind }) => kind)).toEqual(['map', 'whole'])
  })

  it('maps only, when it is asked to after a start that found no new mapping', async () => {
    const { schedule, runs, waiting } = openSchedule()
    schedule.start()
    await runs[0]?.end('success')
    schedule.request('map')
    await runs[1]?.end('success')
    expect(runs.map(({ kind }) => kind)).toEqual(['whole', 'map'])
    expect(waiting()).toBe(1)
  })

  it('runs nothing before it is started, and the first sync at once then', () => {
    const { schedule, runs, timers } = openSchedule()
    expect(runs).toHaveLength(0)
    expect(schedule.running()).toBeUndefined()
    schedule.start()
    expect(runs.map(({ id }) => id)).toEqual(['sync-1'])
    expect(schedule.running()).toBe('sync-1')
    expect(timers).toHaveLength(0)
  })

  it.each(['success', 'validationError'] as const)(
    'runs the next one an interval after the end of one (%s)',
    async (status) => {
      const { schedule, runs, fire } = openSchedule()
      schedule.start()
      await runs[0]?.end(status)
      expect(schedule.running()).toBeUndefined()
      expect(fire()).toBe(HOUR_MS)
      expect(schedule.running()).toBe('sync-2')
      await runs[1]?.end(status)
      expect(fire()).toBe(HOUR_MS)
      expect(runs).toHaveLength(3)
    },
  )

  it('runs one at a time: a request meanwhile gets the id of the running one', async () => {
    const { schedule, runs } = openSchedule()
    schedule.start()
    expect(schedule.request()).toEqual({ id: 'sync-1', isNew: false })
    expect(schedule.request()).toEqual({ id: 'sync-1', isNew: false })
    expect(runs).toHaveLength(1)
    await runs[0]?.end('success')
    expect(schedule.request()).toEqual({ id: 'sync-2', isNew: true })
    expect(schedule.request()).toEqual({ id: 'sync-2', isNew: false })
    expect(runs).toHaveLength(2)
  })

  it('announces a sync before it answers a request for it', () => {
    const { schedule, announced } = openSchedule()
    const { id } = schedule.request()
    expect(announced).toEqual([id])
  })

  it('lets what follows a sync give way to the next one, which is new to whoever asked for it', async () => {
    const { schedule, runs, upkeeps, state } = openSchedule()
    state.hasUpkeep = true
    schedule.start()
    await runs[0]?.end('success')
    expect([schedule.running(), upkeeps[0]?.id]).toEqual([undefined, 'sync-1'])
    expect(schedule.request()).toEqual({ id: 'sync-2', isNew: true })
    expect([upkeeps[0]?.signal.aborted, runs.length]).toEqual([true, 1])
    await upkeeps[0]?.end()
    expect(runs.map(({ id }) => id)).toEqual(['sync-1', 'sync-2'])
  })

  it('has nothing follow a sync that failed', async () => {
    const { schedule, runs, upkeeps, state } = openSchedule()
    state.hasUpkeep = true
    schedule.start()
    await runs[0]?.end('error')
    expect(upkeeps).toEqual([])
  })

  it('does other work in place of what follows a sync, and goes on with that afterwards', async () => {
    const { schedule, runs, upkeeps, state } = openSchedule()
    state.hasUpkeep = true
    schedule.start()
    await runs[0]?.end('success')
    const done: string[] = []
    const work = schedule.insteadOfUpkeep(async () => void done.push('work'))
    expect([upkeeps[0]?.signal.aborted, done]).toEqual([true, []])
    await upkeeps[0]?.end()
    await work
    expect([done, upkeeps.map(({ id }) => id)]).toEqual([['work'], ['sync-1', 'sync-1']])
  })

  it('outlives a sync that cannot even be announced, and tries again', async () => {
    const { schedule, runs, state, logged, fire } = openSchedule()
    state.announceFails = true
    schedule.start()
    expect([runs.length, logged.join().includes('the disk is full')]).toEqual([0, true])
    expect(() => schedule.request()).toThrow('the disk is full')
    expect(fire()).toBe(30_000)
    state.announceFails = false
    expect(fire()).toBe(60_000)
    expect(runs).toHaveLength(1)
  })

  it('is settled when nothing runs and nothing follows, and stops both', async () => {
    const { schedule, runs, upkeeps, state } = openSchedule()
    state.hasUpkeep = true
    schedule.start()
    await runs[0]?.end('success')
    let isStopped = false
    void schedule.stop().then(() => {
      isStopped = true
    })
    expect(upkeeps[0]?.signal.aborted).toBe(true)
    await Promise.resolve()
    expect(isStopped).toBe(false)
    await upkeeps[0]?.end()
    expect(isStopped).toBe(true)
  })

  it('counts the interval from a requested sync on', async () => {
    const { schedule, runs, waiting, fire } = openSchedule()
    schedule.start()
    await runs[0]?.end('success')
    expect(waiting()).toBe(1)
    schedule.request()
    expect(waiting()).toBe(0)
    await runs[1]?.end('success')
    expect(waiting()).toBe(1)
    expect(fire()).toBe(HOUR_MS)
  })

  it('tries again sooner after two failures, and ever less often when it is quarantined', async () => {
    const { schedule, runs, fire } = openSchedule()
    schedule.start()
    const waits: number[] = []
    for (let nth = 0; nth < 8; nth += 1) {
      await runs[nth]?.end(nth < 2 ? 'error' : 'quarantined')
      waits.push(fire())
    }
    expect(waits.map((ms) => ms / 1_000)).toEqual([30, 60, 7_200, 14_400, 28_800, 57_600, 86_400, 86_400])
  })

  it('goes on counting where an earlier process left off, and begins at once all the same', async () => {
    const { schedule, runs, state, fire } = openSchedule()
    state.failures = 4
    schedule.start()
    await runs[0]?.end('quarantined')
    expect(fire()).toBe(8 * HOUR_MS)
    await runs[1]?.end('success')
    expect(fire()).toBe(HOUR_MS)
  })

  it('runs what is asked for at once, also in quarantine; it counts, and a success ends the quarantine', async () => {
    const { schedule, runs, state, waiting, fire } = openSchedule()
    state.failures = 2
    schedule.start()
    await runs[0]?.end('quarantined')
    expect(waiting()).toBe(1)
    expect(schedule.request()).toEqual({ id: 'sync-2', isNew: true })
    expect([runs.length, waiting()]).toEqual([2, 0])
    await runs[1]?.end('quarantined')
    expect(fire()).toBe(4 * HOUR_MS)
    await runs[2]?.end('success')
    expect(fire()).toBe(HOUR_MS)
  })

  it('is not brought out of its quarantine by a sync that was stopped', async () => {
    const { schedule, runs, state, fire } = openSchedule()
    state.failures = 3
    schedule.start()
    await runs[0]?.end('paused')
    expect(fire()).toBe(2 * HOUR_MS)
  })

  it('goes by what it has seen itself while the store cannot be read', async () => {
    const { schedule, runs, state, fire } = openSchedule()
    state.isStoreBroken = true
    schedule.start()
    await runs[0]?.end('error')
    expect(fire()).toBe(30_000)
    await runs[1]?.end('error')
    expect(fire()).toBe(60_000)
  })

  it('tells when the next one begins, and how each one ended', async () => {
    const { schedule, runs, state, ended, fire } = openSchedule()
    expect(schedule.nextMs()).toBeUndefined()
    schedule.start()
    expect(schedule.nextMs()).toBeUndefined()
    state.now = 5_000
    await runs[0]?.end('success')
    expect(schedule.nextMs()).toBe(5_000 + HOUR_MS)
    fire()
    expect(schedule.nextMs()).toBeUndefined()
    await runs[1]?.crash('an impossible branch')
    expect(schedule.nextMs()).toBe(35_000)
    await schedule.stop()
    expect(schedule.nextMs()).toBeUndefined()
    expect(ended).toEqual(['success', 'error'])
  })

  it('forgets the failures after a success', async () => {
    const { schedule, runs, fire } = openSchedule()
    schedule.start()
    await runs[0]?.end('error')
    fire()
    await runs[1]?.end('error')
    expect(fire()).toBe(60_000)
    await runs[2]?.end('success')
    expect(fire()).toBe(HOUR_MS)
    await runs[3]?.end('error')
    expect(fire()).toBe(30_000)
  })

  it('goes on after a sync that crashed, and tells of it in the log', async () => {
    const { schedule, runs, logged, fire } = openSchedule()
    schedule.start()
    await runs[0]?.crash('an impossible branch')
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'error', event: 'sync-crashed', sync: 'sync-1', message: 'an impossible branch' },
    ])
    expect(schedule.running()).toBeUndefined()
    expect(fire()).toBe(30_000)
    expect(schedule.running()).toBe('sync-2')
  })

  it.each(['success', 'error', 'quarantined'] as const)(
    'of no interval runs only on demand after the first (%s)',
    async (status) => {
      const { schedule, runs, timers } = openSchedule(0)
      schedule.start()
      expect(runs).toHaveLength(1)
      await runs[0]?.end(status)
      expect(timers).toHaveLength(0)
      expect(schedule.request()).toEqual({ id: 'sync-2', isNew: true })
      await runs[1]?.end(status)
      expect(timers).toHaveLength(0)
    },
  )
})

describe('stopping a schedule', () => {
  it('ends the running sync, waits for its end and sets no timer', async () => {
    const { schedule, runs, timers } = openSchedule()
    schedule.start()
    let isStopped = false
    const stopped = schedule.stop().then(() => {
      isStopped = true
    })
    expect(runs[0]?.signal.aborted).toBe(true)
    await Promise.resolve()
    expect(isStopped).toBe(false)
    await runs[0]?.end('paused')
    await stopped
    expect(schedule.running()).toBeUndefined()
    expect(timers).toHaveLength(0)
  })

  it('cancels the timer of the next one', async () => {
    const { schedule, runs, waiting } = openSchedule()
    schedule.start()
    await runs[0]?.end('success')
    expect(waiting()).toBe(1)
    await schedule.stop()
    expect(waiting()).toBe(0)
    expect(runs).toHaveLength(1)
  })

  it('refuses a sync that is requested too late', async () => {
    const { schedule, runs } = openSchedule()
    schedule.start()
    const stopped = schedule.stop()
    expect(schedule.request()).toEqual({ id: 'sync-1', isNew: false })
    await runs[0]?.end('paused')
    await stopped
    expect(() => schedule.request()).toThrow(expect.objectContaining({ code: 'sync-stopped' }))
    expect(runs).toHaveLength(1)
  })

  it('is possible before the start, and twice', async () => {
    const { schedule, runs } = openSchedule()
    await schedule.stop()
    await schedule.stop()
    expect(runs).toHaveLength(0)
  })
})
