// When syncs run: one at start, then by interval, earlier after a failure or on demand; one at a time.
import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { SyncRecord, SyncStatus } from '../store/syncs.ts'
import type { Step } from './step-schedule.ts'
import { waitMs } from './waits.ts'

/** `map` maps the rows of the last crawl anew, without a word to PowerSchool. */
export type SyncKind = 'whole' | 'map'

export interface ScheduleOptions {
  /** Makes the record of a sync that is about to begin. May throw; a request for a sync throws it on. */
  readonly announce: (id: string) => void
  /** Runs one sync; the signal ends it. Where it is done in steps, the record is `inProgress` when it is to be run again. */
  readonly run: (id: string, signal: AbortSignal, kind: SyncKind, step?: Step) => Promise<SyncRecord>
  /** Whether the rows that are there are to be mapped anew before the first sync, for the mapping is another one. May throw. */
  readonly isNewMapping: () => boolean
  /** What follows a sync that ended well; the signal ends it when the next sync is to begin. */
  readonly upkeep: (id: string, signal: AbortSignal, step?: Step) => Promise<void>
  readonly newId: () => string
  /** 0: only on demand. */
  readonly intervalMs: number
  /** Failed syncs in a row, also those of earlier processes. May throw. */
  readonly failuresInARow: () => number
  /** Told how each sync ended. */
  readonly onEnd: (status: SyncStatus) => void
  readonly now: () => number
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  readonly log: Log
}

export interface Schedule {
  /** Runs the first sync and goes on by interval. Where the mapping is new, the rows that are there are mapped first. */
  start(): void
  /** Starts a sync now; the running one's id when there is one. Refuses with `sync-stopped` once it has been stopped. */
  request(kind?: SyncKind): { readonly id: string; readonly isNew: boolean }
  /** The id of the sync that runs now. */
  running(): string | undefined
  /** When the next one begins by itself (ms since 1970); undefined while one runs, and without an interval. */
  nextMs(): number | undefined
  /** When the sync that runs has ended. */
  syncEnded(): Promise<void>
  /** Does what follows the sync that ended last, unless a sync runs. */
  keepUp(): void
  /** Does the work while nothing that follows a sync is under way, and goes on with that afterwards. */
  insteadOfUpkeep(work: () => Promise<void>): Promise<void>
  /** When no sync runs, and nothing that follows one. */
  settled(): Promise<void>
  /** Ends the running sync at its next safe point and starts no more. */
  stop(): Promise<void>
}

export function createSchedule(options: ScheduleOptions): Schedule {
  const { announce, run, isNewMapping, upkeep, newId, intervalMs, failuresInARow, onEnd, now, after, log } = options
  const stopper = new AbortController()
  let current: { readonly id: string; readonly done: Promise<void> } | undefined
  let following: { readonly stop: () => void; readonly done: Promise<void> } | undefined
  let lastEnded: string | undefined
  let cancelNext = () => {}
  let nextMs: number | undefined
  /** Attempts in a row that failed in this process. */
  let misses = 0
  /** What `start` began with has not ended. */
  let isFirst = false

  /** For timers, where nobody could catch what `begin` throws. */
  const beginInTime = (kindOf: () => SyncKind = () => 'whole') => {
    try {
      begin(kindOf())
    } catch (error) {
      logCrash('none', error)
      misses += 1
      waitForNext()
    }
  }

  const begin = (kind: SyncKind): string => {
    const id = newId()
    announce(id)
    cancelWait()
    current = { id, done: runOne(id, kind) }
    return id
  }

  async function runOne(id: string, kind: SyncKind): Promise<void> {
    if (following !== undefined) await endUpkeep()
    let status: SyncStatus = 'error'
    try {
      status = (await run(id, stopper.signal, kind)).status
    } catch (error) {
      logCrash(id, error)
    }
    current = undefined
    onEnd(status)
    const hasFailed = status === 'error' || status === 'quarantined'
    misses = hasFailed ? misses + 1 : 0
    if (stopper.signal.aborted) return
    const isReadNext = isFirst && kind === 'map'
    isFirst = false
    if (isReadNext) return beginInTime()
    if (!hasFailed) {
      lastEnded = id
      keepUp()
    }
    waitForNext()
  }

  function waitForNext(): void {
    if (intervalMs === 0) return
    const ms = waitMs({ intervalMs, failures: countFailures(), misses })
    nextMs = now() + ms
    cancelNext = after(ms, () => beginInTime())
  }

  function cancelWait(): void {
    cancelNext()
    nextMs = undefined
  }

  function countFailures(): number {
    try {
      return failuresInARow()
    } catch {
      // The store cannot be read now, which must not end the schedule.
      return misses
    }
  }

  async function endUpkeep(): Promise<void> {
    following?.stop()
    await following?.done
  }

  function keepUp(): void {
    const id = lastEnded
    if (id === undefined || current !== undefined || following !== undefined || stopper.signal.aborted) return
    const stop = new AbortController()
    const done = upkeep(id, AbortSignal.any([stop.signal, stopper.signal]))
      .catch((error: unknown) => logCrash(id, error))
      .finally(() => {
        following = undefined
      })
    following = { stop: () => stop.abort(), done }
  }

  function logCrash(id: string, error: unknown): void {
    log.error('sync-crashed', { sync: id, message: error instanceof Error ? error.message : 'unknown' })
  }

  async function settled(): Promise<void> {
    await current?.done
    await following?.done
  }

  return {
    start() {
      isFirst = true
      // Asked for before.
      if (current !== undefined) return
      beginInTime(() => (isNewMapping() ? 'map' : 'whole'))
    },
    request(kind = 'whole') {
      if (current !== undefined) return { id: current.id, isNew: false }
      // The store is about to be closed: what would begin now could not end.
      if (stopper.signal.aborted) throw new BridgeError('sync-stopped', 'The bridge is stopping and starts no sync.')
      return { id: begin(kind), isNew: true }
    },
    running: () => current?.id,
    nextMs: () => nextMs,
    syncEnded: async () => current?.done,
    keepUp,
    async insteadOfUpkeep(work) {
      await endUpkeep()
      await work()
      keepUp()
    },
    settled,
    stop() {
      stopper.abort()
      cancelWait()
      return settled()
    },
  }
}
