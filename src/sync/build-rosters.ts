// The first building of narrowed rosters, from the published generation: nobody has read them, so nobody misses a change.
import { BridgeError } from '../errors.ts'
import { listConsumers } from '../store/consumers.ts'
import { pendingGeneration, wholePending } from '../store/pending.ts'
import { markBuilt, openRosterFill } from '../store/roster-fill.ts'
import { emptyTables, ensureRoster } from '../store/roster-tables.ts'
import { type Narrowing, narrowingsOf, ownStorages, type Roster, storageOf } from '../store/rosters.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import { type NarrowWork, narrowSnapshot, nextStep } from './narrow-stage.ts'
import { holdLock, type SyncLockOptions } from './sync-lock.ts'

/** Something is published while a roster is filled only when a person releases a held sync. */
const ATTEMPTS = 3

/**
 * Builds those of these rosters that are not built, or of all consumers. For who holds the sync's lock. Before the first
 * publish there is nothing to build from.
 */
export async function buildRosters(
  work: NarrowWork,
  narrowings: readonly Narrowing[] = narrowingsOf(listConsumers(work.sql)),
): Promise<void> {
  if (currentSnapshot(work.sql) === undefined) return
  for (const narrowing of narrowings) {
    const roster = ensureRoster(work.sql, narrowing, work.collections)
    if (roster.built !== null) continue
    for (let attempt = 1; attempt <= ATTEMPTS && !(await buildOne(work, roster)); attempt += 1);
  }
}

/** Builds a roster outside a sync. Does nothing while another process holds the lock: what holds it builds it too. */
export async function buildRoster(work: NarrowWork & SyncLockOptions, narrowing: Narrowing): Promise<void> {
  const lock = holdLock(work)
  if (lock === undefined) return
  try {
    await buildRosters({ ...work, signal: AbortSignal.any([work.signal, lock.lost]) }, [narrowing])
  } finally {
    lock.release()
  }
}

async function buildOne(work: NarrowWork, roster: Roster): Promise<boolean> {
  const { sql, collections, narrowRoster, pause, signal } = work
  const generation = currentSnapshot(sql)?.generation
  if (generation === undefined) return false
  const pending = pendingGeneration(sql)
  const storages = ownStorages(roster, collections)
  const names = new Map(collections.map((storage) => [storage.name, storageOf(roster, storage).name]))

  // A killed build may have left records.
  for (const _ of emptyTables(sql, roster.id, storages)) await nextStep(pause, signal)
  const fill = openRosterFill(sql, roster.id, { storages, generation })
  for (const batch of narrowRoster(sql, roster.narrowing, generation)) {
    if (batch !== undefined) fill.write(names.get(batch.collection) ?? batch.collection, batch.records)
    await nextStep(pause, signal)
  }

  // What waits to be published must be there for this roster too when it is.
  const whole = wholePending(sql)
  if (whole !== undefined && !(await joinPending(work, whole.sync, roster))) return false
  return markBuilt(sql, { roster: roster.id, generation, pending, totals: fill.totals() })
}

/** False when a person has released that sync meanwhile. */
async function joinPending(work: NarrowWork, sync: string, roster: Roster): Promise<boolean> {
  try {
    await narrowSnapshot(work, sync, roster)
    return true
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'sync-running') return false
    throw error
  }
}
