// Inside a measured process: watches how long its event loop is held and tells the parent when asked.
import { createHistogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks'
import { type CoreTimes, coreTimes } from './core-times.ts'
import { answerParent } from './parent.ts'

const RESOLUTION_MS = 1
const NS_PER_MS = 1e6

/** Milliseconds from one look at the event loop to the next; at rest each is little more than one. */
export interface Holds {
  readonly p99Ms: number
  readonly p999Ms: number
  readonly longestMs: number
}

export interface LoopHolds {
  /** As the clock has it: what other processes take from this one counts too. */
  readonly byClock: Holds
  /** Without the time in which the thread waited for a core; absent where the system does not tell. */
  readonly own?: Holds
  /** The time on a core alone: without waits for the disk and for other threads too. */
  readonly onCore?: Holds
}

/** Answers the parent's `loop` with the holds since the last answer. */
export function watchLoop(): void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  const look = coreTimes()
  const cores = look === undefined ? undefined : watchCores(look)
  answerParent('loop', () => {
    const ofCores = cores === undefined ? {} : { own: holdsOf(cores.own), onCore: holdsOf(cores.onCore) }
    const holds: LoopHolds = { byClock: holdsOf(delays), ...ofCores }
    delays.reset()
    cores?.own.reset()
    cores?.onCore.reset()
    return holds
  })
}

function watchCores(look: () => CoreTimes): { own: RecordableHistogram; onCore: RecordableHistogram } {
  const own = createHistogram()
  const onCore = createHistogram()
  let before = { now: performance.now(), ...look() }
  setInterval(() => {
    const seen = { now: performance.now(), ...look() }
    own.record(atLeastOne((seen.now - before.now) * NS_PER_MS - (seen.waited - before.waited)))
    onCore.record(atLeastOne(seen.on - before.on))
    before = seen
  }, RESOLUTION_MS).unref()
  return { own, onCore }
}

/** A histogram takes no zero. */
function atLeastOne(nanoseconds: number): number {
  return Math.max(1, Math.round(nanoseconds))
}

function holdsOf(histogram: Pick<RecordableHistogram, 'percentile' | 'max'>): Holds {
  return {
    p99Ms: histogram.percentile(99) / NS_PER_MS,
    p999Ms: histogram.percentile(99.9) / NS_PER_MS,
    longestMs: histogram.max / NS_PER_MS,
  }
}
