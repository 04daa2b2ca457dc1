// The work on a profile that outlives a request: one after the other, and tried again when it fails.
import type { Log } from '../log.ts'
import type { HostRuntime } from './ports.ts'

export interface Turns {
  /** Does the work after what is under way; never fails. */
  take(work: () => Promise<void>): Promise<void>
  /** The same as soon as the runtime has time for it. */
  launch(work: () => Promise<void>): void
  /** The same in so many milliseconds, unless something else is to be waited for by then. */
  launchIn(ms: number, work: () => Promise<void>): void
  /** Forgets what was to be done later. */
  cancel(): void
  /** Lets nothing be tried again, and resolves when nothing is under way. */
  end(): Promise<void>
}

/** After a failure of the store, or of ours. */
const CRASH_RETRY_MS = 60_000

export function createTurns({ launch, after, log }: Pick<HostRuntime, 'launch' | 'after' | 'log'>): Turns {
  let last = Promise.resolve()
  let hasEnded = false
  let cancelLater = () => {}

  /** What fails, by a full disk say, is tried again: nobody else would. */
  function take(work: () => Promise<void>): Promise<void> {
    last = last.then(work).catch((error: unknown) => {
      logCrash(log, error)
      if (!hasEnded) launchIn(CRASH_RETRY_MS, work)
    })
    return last
  }

  function launchIn(ms: number, work: () => Promise<void>): void {
    cancelLater()
    cancelLater = after(ms, () => launch(() => take(work)))
  }

  return {
    take,
    launch: (work) => launch(() => take(work)),
    launchIn,
    cancel: () => cancelLater(),
    end() {
      hasEnded = true
      cancelLater()
      return last
    },
  }
}

function logCrash(log: Log, error: unknown): void {
  log.error('profile-crashed', { message: error instanceof Error ? error.message : 'unknown' })
}
