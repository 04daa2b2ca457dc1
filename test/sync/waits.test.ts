// How long the bridge waits for its next sync.
import { describe, expect, it } from 'vitest'
import { waitMs } from '../../src/sync/waits.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

interface WaitCase {
  readonly it: string
  readonly intervalMs?: number
  readonly failures?: number
  readonly misses?: number
  readonly ms: number
}

const CASES: readonly WaitCase[] = [
  { it: 'an interval when all is well', ms: HOUR_MS },
  { it: 'half a minute after a failure', failures: 1, misses: 1, ms: 30_000 },
  { it: 'a minute after two', failures: 2, misses: 2, ms: MINUTE_MS },
  { it: 'a minute after two, of which one was before the restart', failures: 2, misses: 1, ms: MINUTE_MS },
  { it: 'an interval after two, where that is shorter', intervalMs: 10_000, failures: 2, misses: 2, ms: 10_000 },
  { it: 'two intervals in quarantine', failures: 3, misses: 3, ms: 2 * HOUR_MS },
  { it: 'four after another failure', failures: 4, misses: 4, ms: 4 * HOUR_MS },
  { it: 'a day at most', failures: 9, misses: 1, ms: DAY_MS },
  { it: 'a day at most, however many there are', failures: 50, ms: DAY_MS },
  { it: 'an interval, where that is longer than a day', intervalMs: 3 * DAY_MS, failures: 7, ms: 3 * DAY_MS },
  { it: 'longer each time while no attempt leaves a record', misses: 5, ms: 8 * MINUTE_MS },
  { it: 'an interval at most while no attempt leaves a record', misses: 40, ms: HOUR_MS },
]

describe('the wait for the next sync', () => {
  it.each(CASES)('is $it', ({ intervalMs = HOUR_MS, failures = 0, misses = 0, ms }) => {
    expect(waitMs({ intervalMs, failures, misses })).toBe(ms)
  })
})
