// Finished pieces of the large lists: runs of records that were deflated once, to be stitched into pages.
import type { GzipPart } from '../gzip/stitch.ts'
import type { Form } from './record-texts.ts'
import type { Sql } from './sql.ts'

export const PIECES_SCHEMA: readonly string[] = [
  // `seqs` are the versions in it, four bytes each, little endian: a page may use it exactly when its run is the same.
  `create table pieces (
     id integer primary key, form text not null, first_seq integer not null, rows integer not null, seqs blob not null,
     length integer not null, crc integer not null)`,
  `create unique index pieces_by_run on pieces(form, first_seq, rows)`,
  `create table piece_bytes (id integer primary key, deflated blob not null)`,
  // `used` is the newest generation in whose list it was found. Apart and narrow, for each publish writes nearly all of them.
  `create table piece_uses (id integer primary key, used integer not null)`,
  `create trigger piece_gone after delete on pieces begin
     delete from piece_bytes where id = old.id;
     delete from piece_uses where id = old.id;
   end`,
]

/** Instead of the tables of before: what was in them is made anew. */
export const PIECES_STEP: readonly string[] = [
  `drop table pieces`,
  `drop table piece_bytes`,
  `drop table if exists piece_uses`,
  ...PIECES_SCHEMA,
]

/*
 * Why a piece never tells of the wrong records, though a version's seq may be given again once the version is deleted:
 * a piece holds versions of a published generation only, which are deleted by `cleanUp` and by nothing else. Each of them
 * was alive in the generation `used`, so while `cleanUp` keeps that generation, it keeps them; and a piece whose generation is
 * not kept is deleted before any version is. While a piece is there, its seqs mean what they meant when it was made, and a
 * version's text never changes.
 */

/** What a piece's text depends on besides its versions. */
export function pieceForm(table: string, { version, root }: Form): string {
  return `${table} ${version} ${root}`
}

/** A run of a list: `rows` records from place `start` on. */
export interface Run {
  readonly start: number
  readonly rows: number
}

/** Long runs make small answers and few rows to read; what a page cuts off at its ends is deflated on request. */
const SHORTEST_RUN = 96
const LONGEST_RUN = 768
/** Of the seqs after the shortest run, one in so many ends it: 256 rows on average. */
const END_ODDS = 160
const END_BELOW = Math.floor(2 ** 32 / END_ODDS)

/** Where the list's runs start, and its end: by what the seqs are and not by where they stand, so that a change moves few. */
export function runStarts(seqs: Uint32Array): Uint32Array {
  const starts = [0]
  let rows = 0
  for (let place = 0; place < seqs.length; place++) {
    rows += 1
    if (rows < SHORTEST_RUN || (rows < LONGEST_RUN && scattered(seqs[place] ?? 0) >= END_BELOW)) continue
    starts.push(place + 1)
    rows = 0
  }
  if (rows > 0) starts.push(seqs.length)
  return Uint32Array.from(starts)
}

/** 0 ≤ n < 2^32, for neighbours far apart (the finalizer of MurmurHash3). */
function scattered(seq: number): number {
  let hash = Math.imul(seq ^ (seq >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Those of the runs that begin and end between two places of the list. */
export function runsWithin(starts: Uint32Array, from: number, to: number): Run[] {
  const runs: Run[] = []
  for (let index = firstAtLeast(starts, from); index + 1 < starts.length; index++) {
    const start = starts[index] ?? 0
    const end = starts[index + 1] ?? 0
    if (end > to) break
    runs.push({ start, rows: end - start })
  }
  return runs
}

function firstAtLeast(starts: Uint32Array, place: number): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) < place) low = middle + 1
    else high = middle
  }
  return low
}

export interface StoredPiece extends GzipPart {
  readonly id: number
}

/** The pieces that are there, by the place of their run in `runs`; one whose seqs are not exactly the run's is passed over. */
export function findPieces(sql: Sql, form: string, seqs: Uint32Array, runs: readonly Run[]): Map<number, StoredPiece> {
  if (runs.length === 0) return new Map()
  const rows = sql.all<StoredPiece & { run: number; seqs: Uint8Array }>(
    `select e.key as run, p.id, p.seqs, p.length, p.crc, b.deflated
     from json_each(?) e cross join pieces p on p.form = ? and p.first_seq = e.value ->> 0 and p.rows = e.value ->> 1
     cross join piece_bytes b on b.id = p.id`,
    keysOf(seqs, runs),
    form,
  )
  return new Map(rows.filter((row) => isRun(seqs, runs[row.run], row.seqs)).map((row) => [row.run, row]))
}

/** As `findPieces`, without their bytes: the ids alone. */
export function findPieceIds(sql: Sql, form: string, seqs: Uint32Array, runs: readonly Run[]): Map<number, number> {
  const rows = sql.all<{ run: number; id: number; seqs: Uint8Array }>(
    `select e.key as run, p.id, p.seqs
     from json_each(?) e cross join pieces p on p.form = ? and p.first_seq = e.value ->> 0 and p.rows = e.value ->> 1`,
    keysOf(seqs, runs),
    form,
  )
  return new Map(rows.filter((row) => isRun(seqs, runs[row.run], row.seqs)).map((row) => [row.run, row.id]))
}

function keysOf(seqs: Uint32Array, runs: readonly Run[]): string {
  return JSON.stringify(runs.map(({ start, rows }) => [seqs[start], rows]))
}

function isRun(seqs: Uint32Array, run: Run | undefined, stored: Uint8Array): boolean {
  if (run === undefined || stored.length !== run.rows * 4) return false
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  for (let row = 0; row < run.rows; row++) if (view.getUint32(row * 4, true) !== seqs[run.start + row]) return false
  return true
}

/** Keeps a piece made of versions that are there, for lists of `generation`; an older one of the same key gives way. */
export function storePiece(
  sql: Sql,
  form: string,
  run: Uint32Array,
  { deflated, crc, length }: GzipPart,
  generation: number,
): void {
  const seqs = new DataView(new ArrayBuffer(run.length * 4))
  for (const [row, seq] of run.entries()) seqs.setUint32(row * 4, seq, true)
  const first = run[0] ?? 0
  sql.run(`delete from pieces where form = ? and first_seq = ? and rows = ?`, form, first, run.length)
  const [made] = sql.all<{ id: number }>(
    `insert into pieces (form, first_seq, rows, seqs, length, crc) values (?, ?, ?, ?, ?, ?) returning id`,
    form,
    first,
    run.length,
    new Uint8Array(seqs.buffer),
    length,
    crc,
  )
  sql.run(`insert into piece_bytes (id, deflated) values (?, ?)`, made?.id ?? null, deflated)
  sql.run(`insert into piece_uses (id, used) values (?, ?)`, made?.id ?? null, generation)
}

export function markPiecesUsed(sql: Sql, ids: Iterable<number>, generation: number): void {
  const list = JSON.stringify([...ids])
  sql.run(
    `update piece_uses set used = ? where used < ? and id in (select value from json_each(?))`,
    generation,
    generation,
    list,
  )
}

/** Deletes the pieces that were last found in use in a generation which is not kept; each step is a short transaction. */
export function* deleteUnusedPieces(
  sql: Sql,
  keptGenerations: () => readonly number[],
  batch: number,
): Generator<void> {
  const remove = `delete from pieces where id in (
    select id from piece_uses where used < ? and used not in (select value from json_each(?)) limit ?)`
  const step = () => {
    const kept = keptGenerations()
    return sql.run(remove, kept.at(-1) ?? 0, JSON.stringify(kept), batch).changes
  }
  while (sql.transaction(step) > 0) yield
}

/** Deletes all pieces of a storage table, which is about to be dropped. */
export function dropPieces(sql: Sql, table: string): void {
  sql.run(`delete from pieces where form >= ? and form < ?`, `${table} `, `${table}!`)
}
