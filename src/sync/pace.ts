// The pace of work that is done in steps: it lets readers in, and ends a step where the next one can go on.
import { BridgeError } from '../errors.ts'
import type { CurrentStep } from './step-schedule.ts'

export interface PaceOptions<State> {
  /** Lets readers in between two pieces of work. */
  readonly pause: () => Promise<void>
  /** Ends the work for good. */
  readonly signal: AbortSignal
  /** Where there are steps. */
  readonly step?: CurrentStep | undefined
  readonly now: () => number
  /** Keeps what the next step goes on from. */
  readonly keep: (state: State) => void
}

export interface Pace<State> {
  /**
   * To be called between two short pieces of work. Refuses with `sync-stopped` when the work is to end; and where `state` says how
   * to go on from here, also when the step has done enough, after keeping that.
   */
  rest(state?: () => State): Promise<void>
  /** Before work after which what was kept earlier is no longer true; does nothing where there are no steps. */
  mark(state: () => State): void
}

/** The step's computing is counted from where it first comes further: what has to be done again in each step is not held against it. */
export function createPace<State>({ pause, signal, step, now, keep }: PaceOptions<State>): Pace<State> {
  let beganMs: number | undefined
  const isSpent = () => {
    beganMs ??= now()
    return step !== undefined && (step.signal.aborted || now() - beganMs >= step.computeMs)
  }
  return {
    async rest(state) {
      await pause()
      if (signal.aborted) throw new BridgeError('sync-stopped', 'The sync was stopped while it was preparing.')
      if (state === undefined || !isSpent()) return
      keep(state())
      step?.end()
      throw new BridgeError('sync-stopped', 'The step of the sync has ended while it was preparing.')
    },
    mark(state) {
      if (step !== undefined) keep(state())
    },
  }
}
