// Limits how often each consumer may ask: a bucket of requests that fills again with time, in memory.
import { createRecent } from '../recent.ts'

export type TakeResult =
  | { readonly ok: true }
  /** At least 1; a request after so many seconds is let through when nothing else was asked meanwhile. */
  | { readonly ok: false; readonly retryAfterSeconds: number }

export interface RateLimiter {
  /** Takes one request from the consumer's bucket, which holds `perMinute` of them; null = no limit. */
  take(consumerId: string, perMinute: number | null): TakeResult
}

interface Bucket {
  /** In requests × milliseconds, so that all is counted in whole numbers. */
  credit: number
  atMs: number
}

const MINUTE_MS = 60_000
/** A consumer that is forgotten begins with a full bucket, so a bound costs little. */
const REMEMBERED_CONSUMERS = 10_000

/** One for each profile and process. `now` in whole milliseconds; a clock that steps back neither blocks nor gives. */
export function createRateLimiter(now: () => number, remembered: number = REMEMBERED_CONSUMERS): RateLimiter {
  const buckets = createRecent<Bucket>({ max: remembered })
  return {
    take(consumerId, perMinute) {
      if (perMinute === null) return { ok: true }
      const nowMs = now()
      const full = perMinute * MINUTE_MS
      const bucket = buckets.get(consumerId) ?? { credit: full, atMs: nowMs }
      const elapsedMs = Math.max(0, nowMs - bucket.atMs)
      const credit = Math.min(full, bucket.credit + elapsedMs * perMinute)
      const isTaken = credit >= MINUTE_MS
      buckets.set(consumerId, { credit: isTaken ? credit - MINUTE_MS : credit, atMs: nowMs })
      if (isTaken) return { ok: true }
      return { ok: false, retryAfterSeconds: Math.ceil((MINUTE_MS - credit) / perMinute / 1_000) }
    },
  }
}
