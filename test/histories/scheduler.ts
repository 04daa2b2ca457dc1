// The one who decides: which of the waiting actors goes on, and how far the clock moves, all by the seed.
import type { Random } from '../../fixtures/powerschool/random.ts'
import { settle } from './quiet.ts'

/** Who waits. What waits for one who has ended never goes on. */
export interface Owner {
  readonly name: string
  hasEnded: boolean
}

interface Waiting {
  readonly owner: Owner
  readonly dueMs: number
  readonly goOn: () => void
}

export interface Scheduler {
  readonly random: Random
  /** What the district's clocks show (ms since 1970); it may stand still, jump, and step back. */
  readonly now: () => number
  /** Time that has really passed; never steps back. */
  readonly elapsed: () => number
  /** The latest that the clock has ever shown. */
  readonly latest: () => number
  /** How often something went on so far. */
  readonly steps: () => number
  /** Waits for its turn. */
  turn(owner: Owner): Promise<void>
  /** Waits for so much time, and then for its turn. An aborted signal ends it early, as a runtime's timers do. */
  sleep(owner: Owner, ms: number, signal?: AbortSignal): Promise<void>
  /** Calls back after so much time; returns how to cancel. */
  after(owner: Owner, ms: number, call: () => void): () => void
  /** Does the work with a clock that never steps back meanwhile. */
  withoutStepBack<T>(work: () => Promise<T>): Promise<T>
  /** Sets the clock back; false when somebody relies on it just now. */
  stepBack(ms: number): boolean
  /** Time passes in which nobody does anything. */
  jump(ms: number): void
  /** Lets everybody go on until the promise is settled; refuses when all wait for each other, or after too many steps. */
  runUntil<T>(promise: Promise<T>): Promise<T>
}

export interface SchedulerOptions {
  readonly random: Random
  readonly startMs: number
  readonly mostSteps: number
  /** Called between two steps. */
  readonly between: () => void
}

export function createScheduler({ random, startMs, mostSteps, between }: SchedulerOptions): Scheduler {
  let waiting: Waiting[] = []
  let elapsed = 0
  let behind = 0
  let latest = startMs
  let steps = 0
  let relying = 0
  const now = () => startMs + elapsed - behind

  const pass = (ms: number) => {
    elapsed += ms
    latest = Math.max(latest, now())
  }

  const wait = (owner: Owner, ms: number, goOn: () => void): Waiting => {
    const entry = { owner, dueMs: elapsed + ms, goOn }
    if (!owner.hasEnded) waiting.push(entry)
    return entry
  }
  const forget = (entry: Waiting) => {
    waiting = waiting.filter((other) => other !== entry)
  }

  /** Mostly nothing, so that much happens within one millisecond. */
  const tick = () => {
    const draw = random.int(0, 99)
    if (draw < 60) return 0
    if (draw < 95) return random.int(1, 5)
    return draw < 99 ? random.int(6, 200) : random.int(200, 3_000)
  }

  const step = () => {
    between()
    waiting = waiting.filter(({ owner }) => !owner.hasEnded)
    let ready = waiting.filter(({ dueMs }) => dueMs <= elapsed)
    if (ready.length === 0) {
      const next = Math.min(...waiting.map(({ dueMs }) => dueMs))
      if (!Number.isFinite(next)) throw new Error('every actor waits for another one: nothing can go on')
      pass(next - elapsed)
      ready = waiting.filter(({ dueMs }) => dueMs <= elapsed)
    } else pass(tick())
    steps += 1
    if (steps > mostSteps) throw new Error(`no end after ${mostSteps} steps`)
    const chosen = random.pick(ready)
    forget(chosen)
    chosen.goOn()
  }

  return {
    random,
    now,
    elapsed: () => elapsed,
    latest: () => latest,
    steps: () => steps,
    turn: (owner) => new Promise((goOn) => void wait(owner, 0, goOn)),
    sleep: (owner, ms, signal) =>
      new Promise((goOn, fail) => {
        if (signal?.aborted) return fail(signal.reason)
        const entry = wait(owner, Math.max(0, ms), () => {
          signal?.removeEventListener('abort', abort)
          goOn()
        })
        const abort = () => {
          forget(entry)
          fail(signal?.reason)
        }
        signal?.addEventListener('abort', abort, { once: true })
      }),
    after(owner, ms, call) {
      const entry = wait(owner, ms, call)
      return () => forget(entry)
    },
    async withoutStepBack(work) {
      relying += 1
      try {
        return await work()
      } finally {
        relying -= 1
      }
    },
    stepBack(ms) {
      if (relying > 0) return false
      behind += ms
      return true
    },
    jump: pass,
    async runUntil(promise) {
      let isSettled = false
      promise.then(
        () => {
          isSettled = true
        },
        () => {
          isSettled = true
        },
      )
      while (true) {
        await settle()
        if (isSettled) return promise
        step()
      }
    },
  }
}
