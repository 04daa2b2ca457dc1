// Prepares the next generation: compares every mapped record with the one alive, and keeps only what differs, unseen.
import { emptyChanged, moveChanged, sortChanged } from './changed-records.ts'
import { COLUMNS_ADDED, readMeta } from './meta.ts'
import { ALIVE, type CollectionStorage, quoteName } from './schema.ts'
import { activeTotals, currentSnapshot } from './snapshots.ts'
import type { Sql, SqlValue } from './sql.ts'

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
}

export interface SnapshotWriterOptions {
  readonly collections: readonly CollectionStorage[]
  readonly sync: string
  /** A record's body with its status turned to tobedeleted. */
  readonly tombstoneOf: (body: string) => string
}

interface CollectionState {
  readonly storage: CollectionStorage
  readonly select: string
  readonly insert: string
  /** One bit for each version that is alive and was mapped again. */
  readonly seen: Uint8Array
  /** Nothing of this collection was ever published: there is nothing to compare with. */
  readonly isNew: boolean
  readonly changes: CollectionChanges
}

/** Records that are looked at in a step, and records that are given a tombstone in one. */
const REMOVAL_BATCH = 2_000
const TOMBSTONES = 50

/**
 * Opens the generation after the current one. What an earlier, abandoned sync prepared must have been rolled back.
 * A version is compared by its whole texts: exact, and measured no slower than a digest would be.
 */
export function openSnapshotWriter(sql: Sql, options: SnapshotWriterOptions): SnapshotWriter {
  const last = currentSnapshot(sql)
  const generation = (last?.generation ?? 0) + 1
  const totals = last ? activeTotals(sql, last.generation) : new Map<string, number>()
  sql.transaction(() => {
    sql.run(`delete from pending`)
    sql.run(`insert into pending (generation, sync) values (?, ?)`, generation, options.sync)
    for (const { name } of options.collections) {
      emptyChanged(sql, name)
      if (last !== undefined) sortChanged(sql, name)
    }
  })

  const states = new Map(
    options.collections.map((storage) => [storage.name, openCollection(sql, storage, totals.get(storage.name) ?? 0)]),
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
      for (const state of states.values()) if (!state.isNew) yield* removeUnseenOf(sql, state, options.tombstoneOf)
    },
    *place() {
      // Where something is published, somebody may be reading it.
      const isUnread = last === undefined
      for (const { storage, isNew } of states.values()) {
        yield* moveChanged(sql, storage, generation, isUnread && isNew)
      }
    },
    changes: () => new Map([...states].map(([name, state]) => [name, { ...state.changes }])),
  }
}

function openCollection(sql: Sql, storage: CollectionStorage, active: number): CollectionState {
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
  const [row] = sql.all<{ seq: number | null }>(`select max(seq) as seq from ${records}`)
  const newest = row?.seq ?? 0
  // Columns that the model has gained are empty: a version is not the same then, whatever its text.
  const lacksColumns = readMeta(sql, COLUMNS_ADDED + storage.name) !== undefined
  return {
    storage,
    select: `select seq, body = ? and body_v1p2 is ?${lacksColumns ? ' and 0' : ''} as same, status from ${records} where sourcedId = ? and died = ${ALIVE}`,
    insert: `insert into ${quoteName(`changed_${storage.name}`)} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
    seen: new Uint8Array((newest >> 3) + 1),
    isNew: newest === 0,
    changes: { active, added: 0, changed: 0, removed: 0 },
  }
}

function* removeUnseenOf(sql: Sql, state: CollectionState, tombstoneOf: (body: string) => string): Generator<void> {
  const { storage, seen, changes } = state
  const records = quoteName(`records_${storage.name}`)
  const columns = storage.columns.map(({ name }) => `, ${quoteName(name)}`).join('')
  // The links of the last version stay with the tombstone, so that nested reads still tell of it.
  const insert = `
    insert into ${quoteName(`changed_${storage.name}`)} (replaces, links, sourcedId, status, body, body_v1p2${columns})
    select seq, (select json_group_array(json_array(l.field, l.target)) from ${quoteName(`links_${storage.name}`)} l where l.seq = r.seq),
           sourcedId, 'tobedeleted', ?, ?${columns} from ${records} r where seq = ?`
  let after = ''
  while (true) {
    const batch = sql.all<{ seq: number; sourcedId: string }>(
      `select seq, sourcedId from ${records}
       where sourcedId > ? and died = ${ALIVE} and status = 'active' order by sourcedId limit ?`,
      after,
      REMOVAL_BATCH,
    )
    const end = batch.at(-1)
    if (end === undefined) return
    after = end.sourcedId
    const gone = batch.filter(({ seq }) => ((seen[seq >> 3] ?? 0) & (1 << (seq & 7))) === 0)
    yield
    for (let from = 0; from < gone.length; from += TOMBSTONES) {
      bury(gone.slice(from, from + TOMBSTONES))
      yield
    }
    changes.removed += gone.length
    changes.active -= gone.length
  }

  function bury(gone: readonly { readonly seq: number }[]): void {
    sql.transaction(() => {
      for (const { seq } of gone) {
        const [version] = sql.all<{ body: string; body_v1p2: string | null }>(
          `select body, body_v1p2 from ${records} where seq = ?`,
          seq,
        )
        if (version === undefined) continue
        const { body, body_v1p2 } = version
        sql.run(insert, tombstoneOf(body), body_v1p2 === null ? null : tombstoneOf(body_v1p2), seq)
      }
    })
  }
}
