// Requests for rosters that are not built: one build at a time, in the background, and never beside a sync.
import type { Log } from '../log.ts'
import { listRosters, type Narrowing, textOf } from '../store/rosters.ts'
import type { Sql } from '../store/sql.ts'
import { errorReport } from './report.ts'

/** Consumers give up after 25 to 30 seconds; a district's part of one school takes less than one. */
export const PATIENCE_MS = 15_000

export interface RosterRequests {
  /**
   * Has the roster built, if it is not, after the sync that runs. Resolves when that has been tried, or when a consumer
   * should not be kept waiting any longer; the build goes on.
   */
  request(narrowing: Narrowing): Promise<void>
  /** When no build is under way; one that waits for the end of a sync is not. */
  settled(): Promise<void>
  /** Ends a build at its next safe point and starts no more. */
  stop(): Promise<void>
}

export interface AwaitRostersOptions {
  readonly sql: Sql
  readonly sleep: (ms: number) => Promise<void>
  /** Has what follows a sync done soon, of which rosters that are not built are the first. */
  readonly keepUp: () => void
}

const LOOK_MS = 250

/** The same where work is done in steps: a step builds the rosters, and a request only looks whether it has. */
export function awaitRosters({ sql, sleep, keepUp }: AwaitRostersOptions): RosterRequests {
  const isBuilt = (name: string) =>
    listRosters(sql).some(({ narrowing, built }) => built !== null && textOf(narrowing) === name)
  return {
    async request(narrowing) {
      const name = textOf(narrowing)
      keepUp()
      for (let waitedMs = 0; waitedMs < PATIENCE_MS && !isBuilt(name); waitedMs += LOOK_MS) await sleep(LOOK_MS)
    },
    settled: async () => {},
    stop: async () => {},
  }
}

export interface RosterRequestsOptions {
  readonly build: (narrowing: Narrowing, signal: AbortSignal) => Promise<void>
  readonly isSyncing: () => boolean
  /** Runs a build in place of what follows a sync. */
  readonly instead: (work: () => Promise<void>) => Promise<void>
  /** When the sync that runs has ended. */
  readonly whenIdle: () => Promise<void>
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  readonly log: Log
}

export function createRosterRequests(options: RosterRequestsOptions): RosterRequests {
  const { build, isSyncing, whenIdle, instead, after, log } = options
  const stopper = new AbortController()
  const underWay = new Map<string, Promise<void>>()
  let last = Promise.resolve()
  let active = Promise.resolve()

  async function buildInTurn(narrowing: Narrowing): Promise<void> {
    // A sync that begins waits for what is active, so what waits for a sync must not be.
    while (isSyncing()) await whenIdle()
    if (stopper.signal.aborted) return
    active = instead(() => buildOne(narrowing))
    await active
  }

  async function buildOne(narrowing: Narrowing): Promise<void> {
    try {
      await build(narrowing, stopper.signal)
    } catch (error) {
      log.error('roster-failed', errorReport(error))
    }
  }

  function begin(name: string, narrowing: Narrowing): Promise<void> {
    const building = last.then(() => buildInTurn(narrowing)).finally(() => underWay.delete(name))
    underWay.set(name, building)
    last = building
    return building
  }

  return {
    async request(narrowing) {
      if (stopper.signal.aborted) return
      const name = textOf(narrowing)
      const building = underWay.get(name) ?? begin(name, narrowing)
      let cancel = () => {}
      const impatient = new Promise<void>((resolve) => {
        cancel = after(PATIENCE_MS, resolve)
      })
      await Promise.race([building, impatient])
      cancel()
    },
    settled: () => active,
    stop() {
      stopper.abort()
      return last
    },
  }
}
