// When syncs run where a process lives for moments only: what is under way, and what is due, stands in the store.
import { BridgeError } from '../errors.ts'
import { readMeta, writeMeta } from '../store/meta.ts'
import type { Sql } from '../store/sql.ts'
import { endTornSync, pauseInterrupted, type SyncStatus } from '../store/syncs.ts'
import type { Schedule, ScheduleOptions, SyncKind } from './schedule.ts'
import { waitMs } from './waits.ts'

/** What a runtime gives whose work is done in steps, each of them bounded in time and requests. */
export interface StepRuntime {
  /** Has the work done at that time (ms since 1970), or soon, in a step of its own; a later call replaces an earlier one. */
  wakeAt(ms: number, work: () => Promise<void>): void
  /** Begins a step: `signal` aborts with STEP_ENDED when it should end, and `end` asks for that. */
  open(): Step
}

export interface Step {
  readonly signal: AbortSignal
  /** How long it should compute without asking anybody, before it ends where it can be gone on with (ms). */
  readonly computeMs: number
  end(): void
  close(): void
}

/** What the work of a step is given of it. */
export type CurrentStep = Omit<Step, 'close'>

export interface StepScheduleOptions extends Omit<ScheduleOptions, 'after'> {
  readonly sql: Sql
  readonly steps: StepRuntime
}

interface State {
  /** The sync that runs now, over as many steps as it takes. */
  readonly sync?: {
    readonly id: string
    readonly kind: SyncKind
    readonly beganMs: number
    /** Steps in a row that began and did not end: the process was ended in them. */
    readonly torn: number
  }
  /** The sync after which the store is to be kept up. */
  readonly upkeep?: string
  /** As `torn`, of what follows a sync. */
  readonly upkeepTorn?: number
  /** The last sync that ended well. */
  readonly lastEnded?: string
  readonly nextMs?: number
  /** Attempts in a row that failed. */
  readonly misses: number
  /** PowerSchool is read as soon as the sync that runs, which only maps, has ended. */
  readonly isReadNext: boolean
}

const META = 'schedule'
const NEW: State = { misses: 0, isReadNext: false }
/** What is ended so often in the same place would be ended there for ever. */
const MOST_TORN = 10
/** Of what follows a sync, and need not be done. */
const MOST_UPKEEP_TORN = 3
/** After a step in which nothing could be begun: the store is full, say. */
const RETRY_MS = 60_000
/** What has not ended after so many steps as fit in here gets nowhere. */
const LONGEST_MS = 24 * 3_600_000

/** As `createSchedule`. What it begins, `steps.wakeAt` does later: a request that asked for it may have gone by then. */
export function createStepSchedule(options: StepScheduleOptions): Schedule {
  const { sql, steps, announce, run, isNewMapping, upkeep, newId, intervalMs, failuresInARow, onEnd, now, log } =
    options
  const stopper = new AbortController()
  let busy: Promise<void> | undefined
  /** Before, as while the profile is paused, no sync runs; what follows one does. */
  let isStarted = false

  const stored = () => readMeta(sql, META)
  // Written by `save` only.
  const load = (): State => JSON.parse(stored() ?? JSON.stringify(NEW)) as State
  const save = (state: State): State => {
    writeMeta(sql, META, JSON.stringify(state))
    return state
  }
  const wake = (ms: number) => {
    if (!stopper.signal.aborted) steps.wakeAt(ms, step)
  }

  function begin(kind: SyncKind): string {
    const id = newId()
    sql.transaction(() => {
      announce(id)
      const { nextMs: _, ...state } = load()
      save({ ...state, sync: { id, kind, beganMs: now(), torn: 0 } })
    })
    wake(now())
    return id
  }

  /** Does one thing of what is due, and says when to be called again. */
  function step(): Promise<void> {
    busy ??= doStep().finally(() => {
      busy = undefined
    })
    return busy
  }

  async function doStep(): Promise<void> {
    if (stopper.signal.aborted) return
    try {
      const { sync, nextMs, upkeep: following } = load()
      if (isStarted && sync !== undefined) await syncStep(sync)
      else if (isStarted && nextMs !== undefined && nextMs <= now()) begin('whole')
      else if (following !== undefined) await upkeepStep(following)
      wakeForNext()
    } catch (error) {
      logCrash('none', error)
      wake(now() + RETRY_MS)
    }
  }

  async function syncStep(sync: NonNullable<State['sync']>): Promise<void> {
    const { id, kind, beganMs, torn } = sync
    if (torn >= MOST_TORN || now() - beganMs >= LONGEST_MS) {
      log.error('sync-torn', { sync: id, torn, beganMs })
      endTornSync(sql, id, now())
      return ended(id, 'error')
    }
    save({ ...load(), sync: { ...sync, torn: torn + 1 } })
    const status = await inStep(id, async (current) => (await run(id, stopper.signal, kind, current)).status)
    if (status !== 'inProgress') ended(id, status ?? 'error')
    else if (!stopper.signal.aborted) save({ ...load(), sync: { ...sync, torn: 0 } })
  }

  function ended(id: string, status: SyncStatus): void {
    onEnd(status)
    if (stopper.signal.aborted) return
    const { sync, misses, isReadNext, ...state } = load()
    const hasFailed = status === 'error' || status === 'quarantined'
    const isRead = isReadNext && sync?.kind === 'map'
    const after = { ...state, misses: hasFailed ? misses + 1 : 0, isReadNext: false }
    if (isRead) {
      save(after)
      begin('whole')
      return
    }
    const next = { ...after, ...(hasFailed ? {} : { upkeep: id, lastEnded: id }) }
    save(
      intervalMs === 0
        ? next
        : { ...next, nextMs: now() + waitMs({ intervalMs, failures: failures(misses), misses: next.misses }) },
    )
  }

  function failures(misses: number): number {
    try {
      return failuresInARow()
    } catch {
      // The store cannot be read now, which must not end the schedule.
      return misses
    }
  }

  async function upkeepStep(id: string): Promise<void> {
    const { upkeepTorn = 0 } = load()
    if (upkeepTorn >= MOST_UPKEEP_TORN) {
      log.error('upkeep-torn', { sync: id, torn: upkeepTorn })
      return forgetUpkeep()
    }
    save({ ...load(), upkeepTorn: upkeepTorn + 1 })
    const isDone = await inStep(id, async (current) => {
      await upkeep(id, stopper.signal, current)
      return !stopper.signal.aborted && !current.signal.aborted
    })
    // What failed waits for the next sync.
    if (isDone === false) save({ ...load(), upkeepTorn: 0 })
    else forgetUpkeep()
  }

  function forgetUpkeep(): void {
    const { upkeep: _, upkeepTorn: __, ...state } = load()
    save(state)
  }

  async function inStep<T>(id: string, work: (step: Step) => Promise<T>): Promise<T | undefined> {
    const current = steps.open()
    try {
      return await work(current)
    } catch (error) {
      logCrash(id, error)
      return undefined
    } finally {
      current.close()
    }
  }

  function logCrash(id: string, error: unknown): void {
    log.error('sync-crashed', { sync: id, message: error instanceof Error ? error.message : 'unknown' })
  }

  function wakeForNext(): void {
    const { sync, upkeep: following, nextMs } = load()
    if ((isStarted && sync !== undefined) || following !== undefined) wake(now())
    else if (isStarted && nextMs !== undefined) wake(nextMs)
  }

  function startNow(): void {
    const state = load()
    if (state.sync === undefined) {
      const isMapped = isToBeMapped()
      if (isMapped || stored() === undefined) {
        sql.transaction(() => {
          save({ ...state, isReadNext: isMapped })
          begin(isMapped ? 'map' : 'whole')
        })
        return
      }
      // An interval that there was not before.
      if (state.nextMs === undefined && intervalMs > 0) save({ ...state, nextMs: now() })
    }
    wakeForNext()
  }

  function isToBeMapped(): boolean {
    try {
      return isNewMapping()
    } catch (error) {
      logCrash('none', error)
      return false
    }
  }

  /** Now, for the process may end before the step does. Whoever starts the schedule again begins another sync, by its own settings. */
  function letGo(): void {
    const { sync, ...state } = load()
    if (sync === undefined) return
    pauseInterrupted(sql, '', now())
    save({ ...state, nextMs: now() })
  }

  const settled = async () => busy

  return {
    start() {
      isStarted = true
      try {
        startNow()
      } catch (error) {
        logCrash('none', error)
        if (!stopper.signal.aborted) steps.wakeAt(now() + RETRY_MS, async () => this.start())
      }
    },
    request(kind = 'whole') {
      const { sync } = load()
      if (sync !== undefined) return { id: sync.id, isNew: false }
      if (stopper.signal.aborted) throw new BridgeError('sync-stopped', 'The bridge is stopping and starts no sync.')
      isStarted = true
      return { id: begin(kind), isNew: true }
    },
    running: () => load().sync?.id,
    nextMs: () => (isStarted ? load().nextMs : undefined),
    async syncEnded() {
      while (load().sync !== undefined && busy !== undefined) await busy
    },
    keepUp() {
      const { lastEnded, ...state } = load()
      if (lastEnded === undefined) return
      save({ ...state, lastEnded, upkeep: lastEnded })
      if (state.sync === undefined) wake(now())
    },
    async insteadOfUpkeep(work) {
      await settled()
      await work()
    },
    settled,
    stop() {
      stopper.abort()
      letGo()
      return settled()
    },
  }
}
