// What differs between the staged rows of a list and what PowerSchool delivers: found, written, and put out of sight.
import type { KeySet } from './key-set.ts'
import type { RowKey } from './list-reading.ts'
import type { Sql } from './sql.ts'
import { slotText, stagedTable } from './staged-tables.ts'

export interface StagedInput {
  readonly key: RowKey
  /** The row's cells as a JSON array. */
  readonly body: string
}

export interface Differences {
  readonly inserted: readonly StagedInput[]
  readonly updated: readonly { readonly seq: number; readonly body: string }[]
}

interface StoredRow {
  readonly seq: number
  readonly key: RowKey
  readonly body: string
}

const SLICE_ROWS = 1_000

/** What must be written so that the list has these rows. */
export function compareRows(sql: Sql, source: string, list: string, rows: readonly StagedInput[]): Differences {
  const stored = new Map(
    sql
      .all<StoredRow>(
        `select seq, key, body from ${stagedTable(source)}
         where list = ? and key in (select value from json_each(?))`,
        list,
        JSON.stringify(rows.map(({ key }) => key)),
      )
      .map((row) => [row.key, row]),
  )
  const inserted: StagedInput[] = []
  const updated: { seq: number; body: string }[] = []
  for (const row of rows) {
    const known = stored.get(row.key)
    if (known === undefined) inserted.push(row)
    else if (known.body !== row.body) updated.push({ seq: known.seq, body: row.body })
  }
  return { inserted, updated }
}

/** Whether these are all rows of the list, each as it is stored. */
export function hasExactly(sql: Sql, source: string, list: string, rows: readonly StagedInput[]): boolean {
  const stored = sql.all<Omit<StoredRow, 'seq'>>(
    `select key, body from ${stagedTable(source)} where list = ? limit ?`,
    list,
    rows.length + 1,
  )
  const bodies = new Map(stored.map(({ key, body }) => [key, body]))
  const keys = new Set(rows.map(({ key }) => key))
  return (
    keys.size === rows.length && bodies.size === rows.length && rows.every(({ key, body }) => bodies.get(key) === body)
  )
}

/** With `isSettled` it is decided at once which row of a key is seen; without, `settleAll` does it. */
export function writeDifferences(
  sql: Sql,
  source: string,
  list: string,
  { inserted, updated }: Differences,
  isSettled: boolean,
): void {
  const table = stagedTable(source)
  if (inserted.length > 0) {
    // From one text: half the time of a statement a row, and numbers arrive as integers.
    sql.run(
      `insert into ${table} (list, key, body)
       select ?, value ->> 0, value ->> 1 from json_each(?)`,
      list,
      JSON.stringify(inserted.map(({ key, body }) => [key, body])),
    )
  }
  for (const { seq, body } of updated) sql.run(`update ${table} set body = ? where seq = ?`, body, seq)
  if (isSettled)
    settleKeys(
      sql,
      source,
      inserted.map(({ key }) => key),
    )
}

export interface KeyedRow {
  readonly seq: number
  readonly key: RowKey
}

/** The rows of the list whose keys are not in `keys`, in slices. */
export function* vanishedRows(
  sql: Sql,
  source: string,
  list: string,
  keys: Pick<KeySet, 'has'>,
): Generator<readonly KeyedRow[]> {
  const table = stagedTable(source)
  let rows = sql.all<KeyedRow>(`select seq, key from ${table} where list = ? order by key limit ?`, list, SLICE_ROWS)
  for (;;) {
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows.filter(({ key }) => !keys.has(key))
    if (rows.length < SLICE_ROWS) return
    rows = sql.all<KeyedRow>(
      `select seq, key from ${table} where list = ? and key > ? order by key limit ?`,
      list,
      last.key,
      SLICE_ROWS,
    )
  }
}

export interface DatedRow extends KeyedRow {
  /** The text of the slot; null where it is blank. */
  readonly day: string | null
}

/** All rows of the list with what they hold at the slot, in slices. */
export function* datedRows(sql: Sql, source: string, list: string, slot: number): Generator<readonly DatedRow[]> {
  const table = stagedTable(source)
  const columns = `seq, key, ${slotText(slot)} as day`
  let rows = sql.all<DatedRow>(`select ${columns} from ${table} where list = ? order by key limit ?`, list, SLICE_ROWS)
  for (;;) {
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    rows = sql.all<DatedRow>(
      `select ${columns} from ${table} where list = ? and key > ? order by key limit ?`,
      list,
      last.key,
      SLICE_ROWS,
    )
  }
}

export function deleteRows(sql: Sql, source: string, rows: readonly KeyedRow[], isSettled: boolean): void {
  const seqs = JSON.stringify(rows.map(({ seq }) => seq))
  sql.run(`delete from ${stagedTable(source)} where seq in (select value from json_each(?))`, seqs)
  if (isSettled)
    settleKeys(
      sql,
      source,
      rows.map(({ key }) => key),
    )
}

/** Of the rows of a key the one of the first list by name is seen, whichever came first. */
const isHidden = (table: string) =>
  `exists (select 1 from ${table} other where other.key = ${table}.key and other.list < ${table}.list)`

function settleKeys(sql: Sql, source: string, keys: readonly RowKey[]): void {
  if (keys.length === 0) return
  const table = stagedTable(source)
  sql.run(
    `update ${table} set is_hidden = 1 - is_hidden
     where key in (select value from json_each(?)) and is_hidden <> ${isHidden(table)}`,
    JSON.stringify(keys),
  )
}

/** After a table has been filled without; up to a second for a large one. */
export function settleAll(sql: Sql, source: string): void {
  const table = stagedTable(source)
  sql.run(
    `update ${table} set is_hidden = 1 - is_hidden
     where key in (select key from ${table} group by key having count(*) > 1) and is_hidden <> ${isHidden(table)}`,
  )
}
