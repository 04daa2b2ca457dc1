// Waits until no consumer is in the middle of a run, so that what it reads in one run is of one snapshot.
import { BridgeError } from '../errors.ts'
import type { Served } from '../store/served.ts'

export interface Politeness {
  /** A run is over when its consumer has asked nothing for so long. 0: publish at once. */
  readonly quietMs: number
  /** The longest wait, for there may always be somebody who reads. */
  readonly maxWaitMs: number
}

export interface QuietOptions extends Politeness {
  readonly served: Served
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
  /** What an earlier step has waited already. */
  readonly waitedMs?: number
  /** Called at every look, with what has been waited so far. */
  readonly onWait: (waitedMs: number) => Promise<void>
}

/** Another process may begin to serve at any time, and consumers may be added. */
const LOOK_MS = 5_000

/**
 * Resolves when nobody has been served for a while, or after the longest wait; what a consumer reads in one run is then of one
 * snapshot, so that its users, classes and enrollments fit together. Answers how long it took. Refuses with `sync-stopped`.
 */
export async function waitForQuiet(options: QuietOptions): Promise<number> {
  const { quietMs, maxWaitMs, served, sleep, signal, onWait } = options
  // Summed up, and not read from a clock that may be set meanwhile.
  let waitedMs = options.waitedMs ?? 0
  while (true) {
    if (signal.aborted) {
      throw new BridgeError('sync-stopped', 'The sync was stopped while it waited for the consumers to be quiet.')
    }
    const restMs = Math.min(quietMs - served.quietMs(), maxWaitMs - waitedMs)
    if (restMs <= 0) return waitedMs
    const stepMs = Math.min(restMs, LOOK_MS)
    await onWait(waitedMs)
    await sleep(stepMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    waitedMs += stepMs
  }
}
