// Prepares the next generation: compares every mapped record with the one alive, and keeps only what differs, unseen.
import {
  changedIds,
  emptyChanged,
  forgetChangedAfter,
  lastChanged,
  moveChanged,
  sortChanged,
} from './changed-records.ts'
import { COLUMNS_ADDED, readMeta } from './meta.ts'
import { ALIVE, type CollectionStorage, quoteName } from './schema.ts'
import { activeTotals, currentSnapshot } from './snapshots.ts'
import type { Sql, SqlValue } from './sql.ts'
import { aliveIds, isSeen, removeUnseenOf } from './unseen.ts'

/** A record as the store keeps it. */
export interface StoredRecord {
  readonly sourcedId: string
  /** Finished JSON without its leading `{` and without dateLastModified. */
  readonly body: string
  /** The same for OneRoster 1.2, where it is another. */
  readonly bodyV1p2: string | null
  /** In the order of the collection's `columns`. */
  readonly columns: readonly SqlValue[]
  readonly links: readonly { readonly field: string; readonly target: string }[]
}

export interface CollectionChanges {
  active: number
  added: number
  changed: number
  removed: number
}

export interface SnapshotWriter {
  readonly generation: number
  /** Compares a batch of one collection and keeps what differs, in one transaction. */
  write(collection: string, records: readonly StoredRecord[]): void
  /** Gives what was not written a last version with status tobedeleted; each step is a short transaction. */
  removeUnseen(): Generator<void>
  /** Puts the changed versions in place, born in `generation` and seen by nobody yet; each step is a short transaction. */
  place(): Generator<void>
  changes(): ReadonlyMap<string, CollectionChanges>
  /** The sourcedIds of a collection that were written, or were found to be as they are. */
  writtenIds(collection: string): Generator<string>
  /** Between two steps, to go on from: see `reopenSnapshotWriter`. It holds what is still written into: keep a copy of it at once. */
  state(): WriterState
}

export interface WriterState {
  readonly generation: number
  readonly collections: Readonly<Record<string, CollectionProgress>>
}

interface CollectionProgress {
  /** One bit for each version that is alive and was mapped again. */
  readonly seen: Uint8Array
  /** Nothing of this collection was ever published: there is nothing to compare with. */
  readonly isNew: boolean
  readonly changes: CollectionChanges
  /** The last record that differs, by its row. */
  readonly lastChanged: number
  /** The last sourcedId that `removeUnseen` has looked at; null when there are no more. */
  readonly clearedTo: string | null
}

export interface SnapshotWriterOptions {
  readonly collections: readonly CollectionStorage[]
  readonly sync: string
  /** A record's body with its status turned to tobedeleted. */
  readonly tombstoneOf: (body: string) => string
}

interface CollectionState extends Omit<CollectionProgress, 'lastChanged'> {
  readonly storage: CollectionStorage
  readonly select: string
  readonly insert: string
  clearedTo: string | null
}

/**
 * Opens the generation after the current one. What an earlier, abandoned sync prepared must have been rolled back.
 * A version is compared by its whole texts: exact, and measured no slower than a digest would be.
 */
export function openSnapshotWriter(sql: Sql, options: SnapshotWriterOptions): SnapshotWriter {
  const last = currentSnapshot(sql)
  const generation = (last?.generation ?? 0) + 1
  const totals = last ? activeTotals(sql, last.generation) : new Map<string, number>()
  const beginning = (name: string): Beginning => {
    const [row] = sql.all<{ seq: number | null }>(`select max(seq) as seq from ${quoteName(`records_${name}`)}`)
    const newest = row?.seq ?? 0
    return {
      seen: new Uint8Array((newest >> 3) + 1),
      isNew: newest === 0,
      changes: { active: totals.get(name) ?? 0, added: 0, changed: 0, removed: 0 },
      clearedTo: '',
    }
  }
  sql.transaction(() => {
    sql.run(`delete from pending`)
    sql.run(`insert into pending (generation, sync) values (?, ?)`, generation, options.sync)
    for (const { name } of options.collections) {
      emptyChanged(sql, name)
      if (last !== undefined) sortChanged(sql, name)
    }
  })

  return writerOf(sql, options, { generation, beginning })
}

/**
 * The writer of a generation that is pending, as it was when its state was kept: what came after that is forgotten, in short
 * steps. Unless `isPlacing`: then the records that differ are on their way, and none came after that. The collections and the published snapshot must be as they were.
 */
export function* reopenSnapshotWriter(
  sql: Sql,
  options: SnapshotWriterOptions,
  { generation, collections }: WriterState,
  { isPlacing }: { readonly isPlacing: boolean },
): Generator<void, SnapshotWriter> {
  const progressOf = (name: string) => {
    const progress = collections[name]
    if (progress === undefined) throw new Error(`the state of the writer lacks the collection ${name}`)
    return progress
  }
  for (const { name } of isPlacing ? [] : options.collections) {
    yield* forgetChangedAfter(sql, name, progressOf(name).lastChanged)
  }
  return writerOf(sql, options, { generation, beginning: progressOf })
}

type Beginning = Omit<CollectionProgress, 'lastChanged'>

interface Writing {
  readonly generation: number
  readonly beginning: (collection: string) => Beginning
}

function writerOf(
  sql: Sql,
  { collections, tombstoneOf }: SnapshotWriterOptions,
  { generation, beginning }: Writing,
): SnapshotWriter {
  const states = new Map(
    collections.map((storage) => [storage.name, openCollection(sql, storage, beginning(storage.name))]),
  )
  const stateOf = (collection: string): CollectionState => {
    const state = states.get(collection)
    if (state === undefined) throw new Error(`no storage for the collection ${collection}`)
    return state
  }

  const writeOne = (state: CollectionState, { sourcedId, body, bodyV1p2, columns, links }: StoredRecord) => {
    const alive = state.isNew
      ? undefined
      : sql.all<{ seq: number; same: number; status: string }>(state.select, body, bodyV1p2, sourcedId)[0]
    if (alive !== undefined) {
      state.seen[alive.seq >> 3] = (state.seen[alive.seq >> 3] ?? 0) | (1 << (alive.seq & 7))
      if (alive.same === 1) return
    }
    const isUnknown = alive === undefined || alive.status === 'tobedeleted'
    state.changes[isUnknown ? 'added' : 'changed'] += 1
    if (isUnknown) state.changes.active += 1
    const linksText = links.length === 0 ? null : JSON.stringify(links.map(({ field, target }) => [field, target]))
    sql.run(state.insert, alive?.seq ?? null, linksText, sourcedId, 'active', body, bodyV1p2, ...columns)
  }

  return {
    generation,
    write(collection, records) {
      const state = stateOf(collection)
      sql.transaction(() => {
        for (const record of records) writeOne(state, record)
      })
    },
    *removeUnseen() {
      for (const state of states.values()) if (!state.isNew) yield* removeUnseenOf(sql, state, tombstoneOf)
    },
    *place() {
      // Where something is published, somebody may be reading it.
      const isUnread = currentSnapshot(sql) === undefined
      for (const { storage, isNew } of states.values()) {
        yield* moveChanged(sql, storage, generation, isUnread && isNew)
      }
    },
    changes: () => new Map([...states].map(([name, state]) => [name, { ...state.changes }])),
    *writtenIds(collection) {
      const { storage, seen } = stateOf(collection)
      yield* changedIds(sql, storage.name)
      yield* aliveIds(sql, storage.name, (seq) => isSeen(seen, seq))
    },
    state: () => ({
      generation,
      collections: Object.fromEntries(
        [...states].map(([name, { seen, isNew, changes, clearedTo }]) => [
          name,
          { seen, isNew, changes, clearedTo, lastChanged: lastChanged(sql, name) },
        ]),
      ),
    }),
  }
}

function openCollection(sql: Sql, storage: CollectionStorage, beginning: Beginning): CollectionState {
  const records = quoteName(`records_${storage.name}`)
  const names = [
    'replaces',
    'links',
    'sourcedId',
    'status',
    'body',
    'body_v1p2',
    ...storage.columns.map(({ name }) => quoteName(name)),
  ]
  // Columns that the model has gained are empty: a version is not the same then, whatever its text.
  const lacksColumns = readMeta(sql, COLUMNS_ADDED + storage.name) !== undefined
  return {
    storage,
    select: `select seq, body = ? and body_v1p2 is ?${lacksColumns ? ' and 0' : ''} as same, status from ${records} where sourcedId = ? and died = ${ALIVE}`,
    insert: `insert into ${quoteName(`changed_${storage.name}`)} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
    ...beginning,
  }
}
