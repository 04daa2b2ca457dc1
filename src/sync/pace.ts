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

/**
 * To be called between two short pieces of work. Refuses with `sync-stopped` when the work is to end; and where `state` says how
 * to go on from here, also when the step has done enough, after keeping that.
 */
export type Rest<State> = (state?: () => State) => Promise<void>

/** The step's computing is counted from here. */
export function createPace<State>({ pause, signal, step, now, keep }: PaceOptions<State>): Rest<State> {
  const beganMs = now()
  const isSpent = () => step !== undefined && (step.signal.aborted || now() - beganMs >= step.computeMs)
  return async (state) => {
    await pause()
    if (signal.aborted) throw new BridgeError('sync-stopped', 'The sync was stopped while it was mapping.')
    if (state === undefined || !isSpent()) return
    keep(state())
    step?.end()
    throw new BridgeError('sync-stopped', 'The step of the sync has ended while it was mapping.')
  }
}
