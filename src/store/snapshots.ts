// Generations: the published snapshots, the one being prepared, and the tiny transaction that turns one into the other.

import { COLUMNS_ADDED } from './meta.ts'
import { stepsInPending } from './pending.ts'
import { ALIVE, type CollectionStorage, quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

export interface Snapshot {
  readonly generation: number
  /** ISO 8601, UTC, milliseconds: the dateLastModified of every record born in it. */
  readonly time: string
  readonly timeMs: number
  /** The sync that prepared it: no other snapshot, of this store or of another, has the same. */
  readonly sync: string
}

export const PUBLISHING_SCHEMA: readonly string[] = [
  // A publish that has been announced and not been made yet, see `publishGeneration`.
  `create table publishing (id text primary key)`,
]

interface GenerationRow {
  readonly number: number
  readonly time: string
  readonly time_ms: number
  readonly sync: string
}

const asSnapshot = ({ number, time, time_ms, sync }: GenerationRow): Snapshot => ({
  generation: number,
  time,
  timeMs: time_ms,
  sync,
})

export function currentSnapshot(sql: Sql): Snapshot | undefined {
  const [row] = sql.all<GenerationRow>(
    `select number, time, time_ms, sync from generations order by number desc limit 1`,
  )
  return row && asSnapshot(row)
}

export function snapshotAt(sql: Sql, generation: number): Snapshot | undefined {
  const [row] = sql.all<GenerationRow>(
    `select number, time, time_ms, sync from generations where number = ?`,
    generation,
  )
  return row && asSnapshot(row)
}

/**
 * The snapshot that a reader who begins now is to see: the current one, and never one that is superseded by a publish whose
 * time is already past. A publish of another process that is announced is waited for, or called off, see `publishGeneration`.
 */
export function newestSnapshot(sql: Sql): Snapshot | undefined {
  const isAnnounced = sql.all(`select 1 from publishing limit 1`).length > 0
  // Who publishes holds the write lock, which this waits for; who has not come so far, or was killed, announces it anew.
  if (isAnnounced) sql.run(`delete from publishing`)
  return currentSnapshot(sql)
}

/** Active records of each collection in a generation. */
export function activeTotals(sql: Sql, generation: number): Map<string, number> {
  const rows = sql.all<{ collection: string; active: number }>(
    `select collection, active from totals where generation = ?`,
    generation,
  )
  return new Map(rows.map((row) => [row.collection, row.active]))
}

/** Active records of each table in a generation, counted. */
export function countActive(
  sql: Sql,
  storages: readonly CollectionStorage[],
  generation: number,
): ReadonlyMap<string, number> {
  return new Map(
    storages.map(({ name }) => {
      const [row] = sql.all<{ n: number }>(
        `select count(*) as n from ${quoteName(`records_${name}`)} where born <= ? and died > ? and status = 'active'`,
        generation,
        generation,
      )
      return [name, row?.n ?? 0]
    }),
  )
}

export interface PublishOptions {
  readonly generation: number
  readonly sync: string
  readonly totals: () => ReadonlyMap<string, number>
  readonly now: () => number
  /** The latest moment at which a consumer was served (ms since 1970). */
  readonly servedMs: () => number
  /** Runs in the same transaction, before; what it throws leaves everything as it was. */
  readonly check?: () => void
  /** Runs in the same transaction, after. */
  readonly alsoKeep?: (snapshot: Snapshot) => void
}

/**
 * Makes the prepared generation the current one. Must not be called inside a transaction.
 *
 * Its time is what every reader relies on who noted the time T before a request and later asks for what changed after T: it
 * must be later than T for each reader who was still given the generation before. So it is the millisecond after the clock's
 * (T may be this very millisecond), later than the last publish, and later than the last moment at which a consumer was
 * served, for the clock may have stepped back since. And it is taken when no reader can begin with the old generation any
 * more: the publish is announced in a commit of its own; whoever begins after that waits for the publish to be made, or calls
 * it off, and then it is announced anew. Readers of this process cannot come in between at all.
 */
export function publishGeneration(sql: Sql, options: PublishOptions): Snapshot {
  const { generation, sync, totals, now, servedMs, check, alsoKeep } = options
  try {
    while (true) {
      sql.run(`insert or ignore into publishing (id) values (?)`, sync)
      const snapshot = sql.transaction(() => {
        if (sql.run(`delete from publishing where id = ?`, sync).changes === 0) return undefined
        check?.()
        const timeMs = Math.max(now(), currentSnapshot(sql)?.timeMs ?? 0, servedMs()) + 1
        const made = { generation, time: new Date(timeMs).toISOString(), timeMs, sync }
        keepGeneration(sql, made)
        for (const [collection, active] of totals()) {
          sql.run(
            `insert into totals (generation, collection, active) values (?, ?, ?)`,
            generation,
            collection,
            active,
          )
        }
        alsoKeep?.(made)
        return made
      })
      if (snapshot !== undefined) return snapshot
    }
  } finally {
    sql.run(`delete from publishing where id = ?`, sync)
  }
}

function keepGeneration(sql: Sql, { generation, time, timeMs, sync }: Snapshot): void {
  sql.run(
    `insert into generations (number, time, time_ms, head, sync) values (?, ?, ?, ?, ?)`,
    generation,
    time,
    timeMs,
    `{"dateLastModified":"${time}",`,
    sync,
  )
  sql.run(`delete from pending`)
  sql.run(`delete from meta where substr(name, 1, ?) = ?`, COLUMNS_ADDED.length, COLUMNS_ADDED)
}

/** Takes back, piece by piece, what an abandoned sync has prepared; each step of the generator is a short transaction. */
export function* rollbackPending(sql: Sql, collections: readonly CollectionStorage[], batch = 1_000): Generator<void> {
  // From here on it is no longer whole: a held sync that is being taken back must not be released any more.
  const [taken] = sql.all<{ generation: number }>(`update pending set sync = '${NOBODY}' returning generation`)
  if (taken === undefined) return
  yield* stepsInPending(sql, NOBODY, takeBackVersions(sql, taken.generation, collections, batch))
  sql.run(`delete from pending where sync = '${NOBODY}'`)
}

/** Whose generation it is while it is taken back. */
const NOBODY = ''

/** Whether something of a generation that is pending stands in one of these tables already. */
export function isAnyPlaced(sql: Sql, pending: number, collections: readonly CollectionStorage[]): boolean {
  return collections.some(({ name }) => {
    const records = quoteName(`records_${name}`)
    const [last] = sql.all<{ born: number }>(`select born from ${records} order by seq desc limit 1`)
    return last?.born === pending
  })
}

/** As if nothing had been prepared in these tables; each step of the generator is a short transaction. */
export function* takeBackVersions(
  sql: Sql,
  pending: number,
  collections: readonly CollectionStorage[],
  batch = 1_000,
): Generator<void> {
  for (const { name } of collections) {
    const records = quoteName(`records_${name}`)
    while (true) {
      const seqs = sql.all<{ seq: number }>(`select seq from ${records} where born = ? limit ?`, pending, batch)
      if (seqs.length === 0) break
      deleteVersions(sql, name, seqs)
      yield
    }
    while (true) {
      const revived = sql.run(
        `update ${records} set died = ${ALIVE} where seq in (select seq from ${records} where died = ? and died < ${ALIVE} limit ?)`,
        pending,
        batch,
      )
      if (revived.changes === 0) break
      yield
    }
  }
}

/**
 * Takes the tombstones that were buried before `before` (ms since 1970) out of the generation, in short transactions. They
 * leave with a publish and not by themselves: a generation that has been read never changes.
 */
export function* expireTombstones(
  sql: Sql,
  collections: readonly CollectionStorage[],
  { generation, before }: { readonly generation: number; readonly before: number },
  batch = 1_000,
): Generator<void> {
  const buried = newestBefore(sql, before)
  if (buried === 0) return
  for (const { name } of collections) {
    const records = quoteName(`records_${name}`)
    const expire = `update ${records} set died = ? where seq in (
      select seq from ${records} where status = 'tobedeleted' and born <= ? and died = ${ALIVE} limit ?)`
    while (sql.run(expire, generation, buried, batch).changes > 0) yield
  }
}

function newestBefore(sql: Sql, timeMs: number): number {
  const [row] = sql.all<{ number: number | null }>(
    `select max(number) as number from generations where time_ms <= ?`,
    timeMs,
  )
  return row?.number ?? 0
}

/** With their links, in one transaction. */
export function deleteVersions(sql: Sql, collection: string, seqs: readonly { seq: number }[]): void {
  const list = JSON.stringify(seqs.map(({ seq }) => seq))
  sql.transaction(() => {
    sql.run(`delete from ${quoteName(`links_${collection}`)} where seq in (select value from json_each(?))`, list)
    sql.run(`delete from ${quoteName(`records_${collection}`)} where seq in (select value from json_each(?))`, list)
  })
}
