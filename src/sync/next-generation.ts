// Opens the generation that a sync prepares, and brings the narrowed rosters to it.
import { listConsumers } from '../store/consumers.ts'
import { pendingGeneration, stepsInPending, takenOver } from '../store/pending.ts'
import { dropUnusedRosters } from '../store/roster-tables.ts'
import { listRosters, narrowingsOf, ownStorages } from '../store/rosters.ts'
import { openSnapshotWriter, type SnapshotWriter } from '../store/snapshot-writer.ts'
import { takeBackVersions } from '../store/snapshots.ts'
import { buildRosters } from './build-rosters.ts'
import type { PublishContext } from './context.ts'
import { narrowSnapshot, nextStep, type TableChanges } from './narrow-stage.ts'
import { type PrepareWork, rollBack } from './prepare.ts'

/** Opens the generation after the published one, for the sync that holds the lock. */
export async function openNextGeneration(
  context: PublishContext,
  { id, signal }: Pick<PrepareWork, 'id' | 'signal'>,
): Promise<SnapshotWriter> {
  const { sql, pause } = context
  // A prepared generation that is still held is superseded by this one.
  await rollBack(context)
  for (const _ of dropUnusedRosters(sql, narrowingsOf(listConsumers(sql)), context.collections)) await pause()
  // From what is published, so that their readers need not wait, and this sync's changes are changes to them.
  await buildRosters({ ...context, signal })
  return sql.transaction(() => {
    // Another process has taken over since: its records are not to be mixed with these.
    if (pendingGeneration(sql) !== undefined) throw takenOver()
    return openSnapshotWriter(sql, { ...context, sync: id })
  })
}

export interface NarrowingOptions extends Pick<PrepareWork, 'id' | 'signal'> {
  /** What an earlier step of the sync has made; what it has begun beside that is taken back. */
  readonly done: readonly TableChanges[]
  /** Called between two rosters, with what is made: where a step may end. */
  readonly rest: (done: readonly TableChanges[]) => Promise<void>
}

/** Brings the narrowed rosters to the generation that is prepared in the main tables. */
export async function narrowRosters(
  context: PublishContext,
  { id, signal, done, rest }: NarrowingOptions,
): Promise<readonly TableChanges[]> {
  const { sql, collections, pause } = context
  const made = [...done]
  const left = listRosters(sql).filter(
    (roster) => roster.built !== null && !made.some((table) => table.roster.id === roster.id),
  )
  const generation = pendingGeneration(sql)?.generation
  if (generation !== undefined) {
    // One that a step which was torn has begun is made anew.
    const tables = left.flatMap((roster) => ownStorages(roster, collections))
    for (const _ of stepsInPending(sql, id, takeBackVersions(sql, generation, tables))) await nextStep(pause, signal)
  }
  for (const roster of left) {
    made.push(...(await narrowSnapshot({ ...context, signal }, id, roster)))
    if (roster !== left.at(-1)) await rest(made)
  }
  return made
}
