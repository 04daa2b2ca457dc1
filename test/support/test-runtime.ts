// What tests give a bridge as its runtime: waiting takes no time and moves the clock, chance is none, the keys are always the same.
import { createLog, silentLog } from '../../src/log.ts'
import type { Runtime } from '../../src/runtime.ts'
import { SEALING_KEY, SIGNING_KEY } from './known.ts'
import { testDeflate } from './runtime.ts'

/** A clock that tests turn: ms since 1970. */
export interface Clock {
  now: number
}

/** What differs between tests, and whatever else of a runtime one wants otherwise. */
export interface TestRuntimeOptions
  extends Pick<Runtime, 'sql' | 'fetch'>,
    Partial<Omit<Runtime, 'sql' | 'fetch' | 'now'>> {
  readonly clock: Clock
  /** Takes every line of the log, as text; silent without it, unless `log` is given. */
  readonly logged?: string[]
}

export function testRuntime({ clock, logged, ...own }: TestRuntimeOptions): Runtime {
  const now = () => clock.now
  let ids = 0
  return {
    log: logged === undefined ? silentLog : createLog({ level: 'debug', now, write: (line) => logged.push(line) }),
    now,
    sleep: async (ms) => {
      clock.now += ms
    },
    random: () => 0.5,
    nextTurn: async () => {},
    pause: async () => {},
    after: () => () => {},
    newId: () => `id-${++ids}`,
    lockOwner: { name: 'test', mayBeAlive: () => false },
    deflate: testDeflate,
    sealingKey: SEALING_KEY,
    signingKey: SIGNING_KEY,
    ...own,
  }
}
