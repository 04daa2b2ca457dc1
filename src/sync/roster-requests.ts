// Requests for rosters that are not built yet: one build at a time, in the background, and never beside a sync.
import type { Log } from '../log.ts'
import { type Narrowing, textOf } from '../store/rosters.ts'
import { errorReport } from './report.ts'

export interface RosterRequests {
  /** Has the roster built, if it is not. Does nothing while a sync runs, which builds it. */
  request(narrowing: Narrowing): void
  /** When no build is under way. */
  settled(): Promise<void>
  /** Ends a build at its next safe point and starts no more. */
  stop(): Promise<void>
}

export interface RosterRequestsOptions {
  readonly build: (narrowing: Narrowing, signal: AbortSignal) => Promise<void>
  readonly isSyncing: () => boolean
  readonly log: Log
}

export function createRosterRequests({ build, isSyncing, log }: RosterRequestsOptions): RosterRequests {
  const stopper = new AbortController()
  const underWay = new Set<string>()
  let last = Promise.resolve()

  async function buildOne(narrowing: Narrowing): Promise<void> {
    if (stopper.signal.aborted) return
    try {
      await build(narrowing, stopper.signal)
    } catch (error) {
      log.error('roster-failed', errorReport(error))
    }
  }

  return {
    request(narrowing) {
      const name = textOf(narrowing)
      if (stopper.signal.aborted || isSyncing() || underWay.has(name)) return
      underWay.add(name)
      last = last.then(() => buildOne(narrowing)).finally(() => underWay.delete(name))
    },
    settled: () => last,
    stop() {
      stopper.abort()
      return last
    },
  }
}
