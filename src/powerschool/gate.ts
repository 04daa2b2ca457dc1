// Lets requests start: so many at once, so far apart, and none while PowerSchool asks us to wait.

import { stoppedAt } from './stop.ts'

/** Resolves after `ms`. May reject when the signal comes. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

interface GateOptions {
  readonly concurrency: number
  readonly minIntervalMs: number
  readonly now: () => number
  readonly sleep: Sleep
}

interface Gate {
  /** Waits for a turn and gives its start, for `slowDown`; every turn ends with `leave`. Refuses with `sync-stopped`. */
  enter(path: string, signal: AbortSignal | undefined): Promise<number>
  leave(): void
  /** Starts nothing for `waitMs`. */
  holdBack(waitMs: number): void
  /** Widens the gap between starts after a rejection of the request that started at `startedMs`. */
  slowDown(startedMs: number): void
  /** Narrows the gap a little after a success, never below `minIntervalMs`. */
  easeUp(): void
}

// A server that wants 200 ms between requests does not say so: it rejects, and asks for whole seconds. Doubling finds its
// interval in a few rejections; easing by half a percent a success tries a smaller one about every 140 requests.
const FIRST_GAP_MS = 100
const LARGEST_GAP_MS = 10_000
const EASE = 0.995
// A gap of seconds is the trace of an outage rather than of an interval: it has to go before it costs an hour.
const LARGE_GAP_MS = 1_000
const EASE_LARGE = 0.9

interface Waiting {
  readonly start: (timeMs: number) => void
  readonly refuse: (reason: unknown) => void
}

/** A clock that is set back costs no waiting. Nothing sleeps on when nobody waits any more. */
export function createGate({ concurrency, minIntervalMs, now, sleep }: GateOptions): Gate {
  const queue: Waiting[] = []
  let running = 0
  let asleep: AbortController | undefined
  let gapMs = minIntervalMs
  let nextStartMs = Number.NEGATIVE_INFINITY
  let heldUntilMs = Number.NEGATIVE_INFINITY
  let slowedMs = Number.NEGATIVE_INFINITY
  let lastNowMs = Number.NEGATIVE_INFINITY
  let lostMs = 0

  /** Like `now`, but it never goes back: every time in here is one of these. */
  function time(): number {
    const nowMs = now()
    if (nowMs < lastNowMs) lostMs += lastNowMs - nowMs
    lastNowMs = nowMs
    return nowMs + lostMs
  }

  function startWaiting(): void {
    while (running < concurrency && queue.length > 0) {
      const timeMs = time()
      const dueMs = Math.max(nextStartMs, heldUntilMs)
      if (dueMs > timeMs) {
        void sleepUntil(dueMs, dueMs - timeMs)
        return
      }
      running += 1
      nextStartMs = timeMs + gapMs
      queue.shift()?.start(timeMs)
    }
  }

  async function sleepUntil(dueMs: number, waitMs: number): Promise<void> {
    if (asleep !== undefined) return
    const controller = new AbortController()
    asleep = controller
    try {
      await sleep(waitMs, controller.signal)
      // A timer may fire a little early by the clock, or the clock was set back; what has been slept counts as passed.
      const missedMs = dueMs - time()
      if (asleep === controller && missedMs > 0) lostMs += missedMs
    } catch (reason) {
      if (asleep === controller) for (const waiting of queue.splice(0)) waiting.refuse(reason)
    }
    if (asleep !== controller) return
    asleep = undefined
    startWaiting()
  }

  function wake(): void {
    asleep?.abort()
    asleep = undefined
  }

  return {
    enter(path, signal) {
      if (signal?.aborted) return Promise.reject(stoppedAt(path))
      return new Promise((resolve, reject) => {
        const stop = () => {
          const place = queue.indexOf(waiting)
          if (place >= 0) queue.splice(place, 1)
          if (queue.length === 0) wake()
          waiting.refuse(stoppedAt(path))
        }
        const waiting: Waiting = {
          start(timeMs) {
            signal?.removeEventListener('abort', stop)
            resolve(timeMs)
          },
          refuse(reason) {
            signal?.removeEventListener('abort', stop)
            reject(reason)
          },
        }
        queue.push(waiting)
        startWaiting()
        if (queue.includes(waiting)) signal?.addEventListener('abort', stop, { once: true })
      })
    },
    leave() {
      running -= 1
      startWaiting()
    },
    holdBack(waitMs) {
      heldUntilMs = Math.max(heldUntilMs, time() + waitMs)
    },
    slowDown(startedMs) {
      // Requests that were already under way when the gap was widened tell nothing about the new gap.
      if (startedMs <= slowedMs) return
      slowedMs = time()
      gapMs = Math.max(minIntervalMs, Math.min(Math.max(gapMs * 2, FIRST_GAP_MS), LARGEST_GAP_MS))
      nextStartMs = Math.max(nextStartMs, slowedMs + gapMs)
    },
    easeUp() {
      if (gapMs <= minIntervalMs) return
      const easedMs = gapMs * (gapMs > LARGE_GAP_MS ? EASE_LARGE : EASE)
      gapMs = easedMs < 1 ? minIntervalMs : Math.max(minIntervalMs, easedMs)
    },
  }
}
