// Generations: the published snapshots, the one being prepared, and the tiny transaction that turns one into the other.

import { COLUMNS_ADDED } from './meta.ts'
import { deleteUnusedPieces } from './pieces.ts'
import { ALIVE, type CollectionStorage, quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

export interface Snapshot {
  readonly generation: number
  /** ISO 8601, UTC, milliseconds: the dateLastModified of every record born in it. */
  readonly time: string
  readonly timeMs: number
}

export function currentSnapshot(sql: Sql): Snapshot | undefined {
  const [row] = sql.all<{ number: number; time: string; time_ms: number }>(
    `select number, time, time_ms from generations order by number desc limit 1`,
  )
  return row && { generation: row.number, time: row.time, timeMs: row.time_ms }
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
  readonly totals: ReadonlyMap<string, number>
  readonly now: () => number
}

/**
 * Makes the prepared generation the current one. Its time is the millisecond after the clock's, and always later than the
 * last publish, also when the clock has stepped back: a reader who noted the time before an answer, be it in this very
 * millisecond, finds every change that the answer did not hold by asking for what is later.
 */
export function publishGeneration(sql: Sql, { generation, sync, totals, now }: PublishOptions): Snapshot {
  return sql.transaction(() => {
    const last = currentSnapshot(sql)
    const timeMs = Math.max(now(), last?.timeMs ?? 0) + 1
    const time = new Date(timeMs).toISOString()
    sql.run(
      `insert into generations (number, time, time_ms, head, sync) values (?, ?, ?, ?, ?)`,
      generation,
      time,
      timeMs,
      `{"dateLastModified":"${time}",`,
      sync,
    )
    for (const [collection, active] of totals) {
      sql.run(`insert into totals (generation, collection, active) values (?, ?, ?)`, generation, collection, active)
    }
    sql.run(`delete from pending`)
    sql.run(`delete from meta where substr(name, 1, ?) = ?`, COLUMNS_ADDED.length, COLUMNS_ADDED)
    return { generation, time, timeMs }
  })
}

/** Takes back, piece by piece, what an abandoned sync has prepared; each step of the generator is a short transaction. */
export function* rollbackPending(sql: Sql, collections: readonly CollectionStorage[], batch = 1_000): Generator<void> {
  // From here on it is no longer whole: a held sync that is being taken back must not be released any more.
  const [taken] = sql.all<{ generation: number }>(`update pending set sync = '' returning generation`)
  if (taken === undefined) return
  const pending = taken.generation
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
  sql.run(`delete from pending`)
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

export interface CleanUpOptions {
  readonly now: number
  /** Versions that left a snapshot longer ago than this are no longer paged through. */
  readonly pinLifetimeMs: number
}

/** Deletes versions that no reader can ask for any more, in short transactions. */
export function* cleanUp(
  sql: Sql,
  collections: readonly CollectionStorage[],
  { now, pinLifetimeMs }: CleanUpOptions,
  batch = 1_000,
): Generator<void> {
  const unseen = newestBefore(sql, now - pinLifetimeMs)
  if (unseen === 0) return
  // Before their versions, whose seqs may be given again.
  for (const _ of deleteUnusedPieces(sql, unseen, batch)) yield
  for (const { name } of collections) {
    const select = `select seq from ${quoteName(`records_${name}`)} where died <= ? and died < ${ALIVE} limit ?`
    while (true) {
      const seqs = sql.all<{ seq: number }>(select, unseen, batch)
      if (seqs.length === 0) break
      deleteVersions(sql, name, seqs)
      yield
    }
  }
}

function newestBefore(sql: Sql, timeMs: number): number {
  const [row] = sql.all<{ number: number | null }>(
    `select max(number) as number from generations where time_ms <= ?`,
    timeMs,
  )
  return row?.number ?? 0
}

function deleteVersions(sql: Sql, collection: string, seqs: readonly { seq: number }[]): void {
  const list = JSON.stringify(seqs.map(({ seq }) => seq))
  sql.transaction(() => {
    sql.run(`delete from ${quoteName(`links_${collection}`)} where seq in (select value from json_each(?))`, list)
    sql.run(`delete from ${quoteName(`records_${collection}`)} where seq in (select value from json_each(?))`, list)
  })
}
