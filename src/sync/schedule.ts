// When syncs run: one at start, then by interval, earlier after a failure or on demand; one at a time.
import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { SyncRecord } from '../store/syncs.ts'

export interface ScheduleOptions {
  /** Runs one sync; the signal ends it. */
  readonly run: (id: string, signal: AbortSignal) => Promise<SyncRecord>
  readonly newId: () => string
  /** 0: only on demand. */
  readonly intervalMs: number
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  readonly log: Log
}

export interface Schedule {
  /** Runs the first sync and goes on by interval. */
  start(): void
  /** Starts a sync now; the running one's id when there is one. Refuses with `sync-stopped` once it has been stopped. */
  request(): { readonly id: string; readonly isNew: boolean }
  /** The id of the sync that runs now. */
  running(): string | undefined
  /** When no sync runs. */
  settled(): Promise<void>
  /** Ends the running sync at its next safe point and starts no more. */
  stop(): Promise<void>
}

const FIRST_RETRY_MS = 30_000

export function createSchedule({ run, newId, intervalMs, after, log }: ScheduleOptions): Schedule {
  const stopper = new AbortController()
  let current: { readonly id: string; readonly done: Promise<void> } | undefined
  let cancelNext = () => {}
  let failures = 0

  const begin = (): string => {
    cancelNext()
    const id = newId()
    current = { id, done: runOne(id) }
    return id
  }

  async function runOne(id: string): Promise<void> {
    let hasFailed = true
    try {
      hasFailed = (await run(id, stopper.signal)).status === 'error'
    } catch (error) {
      log.error('sync-crashed', { sync: id, message: error instanceof Error ? error.message : 'unknown' })
    }
    current = undefined
    failures = hasFailed ? failures + 1 : 0
    if (stopper.signal.aborted || intervalMs === 0) return
    const waitMs = hasFailed ? Math.min(intervalMs, FIRST_RETRY_MS * 2 ** (failures - 1)) : intervalMs
    cancelNext = after(waitMs, begin)
  }

  return {
    start: () => void begin(),
    request() {
      if (current !== undefined) return { id: current.id, isNew: false }
      // The store is about to be closed: what would begin now could not end.
      if (stopper.signal.aborted) throw new BridgeError('sync-stopped', 'The bridge is stopping and starts no sync.')
      return { id: begin(), isNew: true }
    },
    running: () => current?.id,
    settled: async () => current?.done,
    async stop() {
      stopper.abort()
      cancelNext()
      await current?.done
    },
  }
}
