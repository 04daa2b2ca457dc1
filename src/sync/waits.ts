// How long the bridge waits for its next sync.
import { QUARANTINE_AFTER } from '../store/syncs.ts'

export interface WaitFacts {
  /** Between two syncs that go well. */
  readonly intervalMs: number
  /** Failed syncs in a row, as the store knows them. */
  readonly failures: number
  /** Attempts in a row that failed in this process, also those that left no record. */
  readonly misses: number
}

const FIRST_RETRY_MS = 30_000
const SLOWEST_RETRY_MS = 24 * 3_600_000

/**
 * In milliseconds. The first failures are tried again sooner than the interval: after 30 s, 1 min, 2 min … What goes on failing
 * is quarantined and tried less often: after two intervals, four … up to a day.
 */
export function waitMs({ intervalMs, failures, misses }: WaitFacts): number {
  if (failures >= QUARANTINE_AFTER) {
    return Math.min(intervalMs * 2 ** (failures - QUARANTINE_AFTER + 1), Math.max(intervalMs, SLOWEST_RETRY_MS))
  }
  const tries = Math.max(failures, misses)
  return tries === 0 ? intervalMs : Math.min(intervalMs, FIRST_RETRY_MS * 2 ** (tries - 1))
}
