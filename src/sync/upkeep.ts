// What follows a sync that ended well, and gives way to the next one: rosters, finished pieces, and what can be dropped.
import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import { cleanUp } from '../store/clean-up.ts'
import { rosterStorages } from '../store/rosters.ts'
import type { CollectionStorage } from '../store/schema.ts'

import { buildRosters } from './build-rosters.ts'
import type { NarrowWork } from './narrow-stage.ts'
import { errorReport } from './report.ts'
import type { Step } from './step-schedule.ts'
import { holdLock, type SyncLockOptions } from './sync-lock.ts'
import { type WarmContext, warmLists } from './warm-stage.ts'

export interface UpkeepContext extends SyncLockOptions, WarmContext, Omit<NarrowWork, 'signal'> {
  readonly collections: readonly CollectionStorage[]
  readonly lifetimes: { readonly pinLifetimeMs: number; readonly tombstoneLifetimeMs: number }
  readonly log: Log
}

/**
 * Under the lock of syncs; does nothing while another process holds it. What fails here is logged and waits for the next
 * time: the sync is published. Ends at its next safe point when the signal or the step's says so, and goes on when it is called again.
 */
export async function runUpkeep(
  context: UpkeepContext,
  sync: string,
  signal: AbortSignal,
  step?: Pick<Step, 'signal'>,
): Promise<void> {
  const lock = holdLock(context)
  if (lock === undefined) return
  try {
    const whileHeld = AbortSignal.any([signal, lock.lost])
    // Begun anew when it is cut short, so the end of a step does not.
    await buildLatecomers(context, sync, whileHeld)
    const untilStep = step === undefined ? whileHeld : AbortSignal.any([whileHeld, step.signal])
    if (!untilStep.aborted) await warmLists(context, sync, untilStep)
    if (!untilStep.aborted) await tidy(context, sync, untilStep)
  } finally {
    lock.release()
  }
}

/** Rosters of the first publish, and of consumers that were added while the sync ran. */
async function buildLatecomers(context: UpkeepContext, sync: string, signal: AbortSignal): Promise<void> {
  try {
    await buildRosters({ ...context, signal })
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    if (!signal.aborted) context.log.error('roster-failed', { sync, ...errorReport(error) })
  }
}

/** Drops what nobody can ask for any more. */
async function tidy(context: UpkeepContext, sync: string, signal: AbortSignal): Promise<void> {
  const { sql, collections, now, lifetimes, pause, log } = context
  try {
    const tables = [...collections, ...rosterStorages(sql, collections)]
    const remembered = new Set(collections.map(({ name }) => name))
    const { pinLifetimeMs: lifetimeMs, tombstoneLifetimeMs } = lifetimes
    for (const _ of cleanUp(sql, tables, { now, lifetimeMs, tombstoneLifetimeMs, remembered })) {
      await pause()
      if (signal.aborted) return
    }
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    log.error('clean-up-failed', { sync, ...errorReport(error) })
  }
}
