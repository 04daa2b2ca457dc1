// The stage of a sync that brings the narrowed rosters to the generation which the main tables have been prepared for.
import { BridgeError } from '../errors.ts'
import { inPending, requirePending, stepsInPending } from '../store/pending.ts'
import { describeNarrowing, type Narrowing, ownStorages, type Roster } from '../store/rosters.ts'
import type { CollectionStorage } from '../store/schema.ts'
import { type CollectionChanges, openSnapshotWriter, type StoredRecord } from '../store/snapshot-writer.ts'
import type { Sql } from '../store/sql.ts'

/** Batches of what belongs to a roster in a generation of the main tables; each step is short, and some bring nothing. */
export type NarrowRoster = (
  sql: Sql,
  narrowing: Narrowing,
  generation: number,
) => Generator<{ readonly collection: string; readonly records: readonly StoredRecord[] } | undefined>

export interface NarrowWork {
  readonly sql: Sql
  /** The main collections. */
  readonly collections: readonly CollectionStorage[]
  readonly narrowRoster: NarrowRoster
  readonly tombstoneOf: (body: string) => string
  /** Lets readers in between two pieces of work. */
  readonly pause: () => Promise<void>
  readonly signal: AbortSignal
}

export interface TableChanges {
  readonly roster: Roster
  readonly collection: string
  readonly table: string
  readonly changes: CollectionChanges
}

/**
 * Compares what belongs to a built roster with what its tables hold, and places what differs in the pending generation of that
 * sync, unseen like the rest of it.
 */
export async function narrowSnapshot(work: NarrowWork, sync: string, roster: Roster): Promise<readonly TableChanges[]> {
  const { sql, collections, narrowRoster, pause, signal } = work
  const tables = collections.flatMap((storage) => ownStorages(roster, [storage]).map((own) => ({ storage, own })))
  const names = new Map(tables.map(({ storage, own }) => [storage.name, own.name]))
  const writer = sql.transaction(() => {
    // A person may have released the sync in another process; to open for it now would make its generation pending again.
    requirePending(sql, sync)
    return openSnapshotWriter(sql, { ...work, sync, collections: tables.map(({ own }) => own) })
  })
  for (const batch of narrowRoster(sql, roster.narrowing, writer.generation)) {
    if (batch !== undefined) {
      const { collection, records } = batch
      inPending(sql, sync, () => writer.write(names.get(collection) ?? collection, records))
    }
    await nextStep(pause, signal)
  }
  for (const _ of stepsInPending(sql, sync, writer.removeUnseen())) await nextStep(pause, signal)
  for (const _ of stepsInPending(sql, sync, writer.place())) await nextStep(pause, signal)
  const changes = writer.changes()
  return tables.flatMap(({ storage, own }) => {
    const counts = changes.get(own.name)
    return counts === undefined ? [] : [{ roster, collection: storage.name, table: own.name, changes: counts }]
  })
}

/** As the guard names a table of a roster to people: `users of the roster for schools 100, 200`. */
export function nameForPeople({ roster, collection }: TableChanges): string {
  return `${collection} of the roster ${describeNarrowing(roster.narrowing)}`
}

export async function nextStep(pause: () => Promise<void>, signal: AbortSignal): Promise<void> {
  await pause()
  if (signal.aborted) {
    throw new BridgeError('sync-stopped', 'The bridge was stopped while it was making the narrowed rosters.')
  }
}
