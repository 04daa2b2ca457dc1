// Databases that are put aside: a Durable Object has one, and a test may have two stores that it uses by turns.
import type { DurableStorage } from '../../src/store/durable-sqlite.ts'

type Value = string | number | null | ArrayBuffer

interface Table {
  readonly name: string
  readonly sql: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Value[])[]
}

/** Everything that a database holds. */
export interface Shelved {
  readonly tables: readonly Table[]
  /** Indexes and triggers. */
  readonly others: readonly string[]
  /** The highest keys so far of tables whose keys never come again. */
  readonly sequences: readonly (readonly [table: string, highest: number])[]
}

export const EMPTY: Shelved = { tables: [], others: [], sequences: [] }

/** The platform's own tables begin with `_cf_`, SQLite's with `sqlite_`. */
const OWN = `substr(name, 1, 4) <> '_cf_' and substr(name, 1, 7) <> 'sqlite_' and sql is not null`

/** Empties the database and answers what was in it. */
export function putAside(storage: DurableStorage): Shelved {
  const tables = masters(storage, 'table').map(({ name, sql }) => {
    const columns = [...(hasHiddenKey(sql) ? ['rowid'] : []), ...columnsOf(storage, name)]
    const rows = storage.sql.exec(`select ${columns.map(quoted).join(', ')} from ${quoted(name)}`).toArray()
    return { name, sql, columns, rows: rows.map((row) => Object.values(row)) }
  })
  const others = [...masters(storage, 'index'), ...masters(storage, 'trigger')].map(({ sql }) => sql)
  const sequences = tables.some(({ sql }) => /autoincrement/i.test(sql)) ? sequencesOf(storage) : []
  empty(storage)
  return { tables, others, sequences }
}

export function empty(storage: DurableStorage): void {
  for (const { name } of masters(storage, 'table')) storage.sql.exec(`drop table ${quoted(name)}`)
}

/** Into an empty database. */
export function takeBack(storage: DurableStorage, { tables, others, sequences }: Shelved): void {
  storage.transactionSync(() => {
    for (const { name, sql, columns, rows } of tables) {
      storage.sql.exec(sql)
      const places = columns.map(() => '?').join(', ')
      const insert = `insert into ${quoted(name)} (${columns.map(quoted).join(', ')}) values (${places})`
      for (const row of rows) storage.sql.exec(insert, ...row)
    }
    for (const sql of others) storage.sql.exec(sql)
    for (const [table, highest] of sequences) {
      storage.sql.exec('delete from sqlite_sequence where name = ?', table)
      storage.sql.exec('insert into sqlite_sequence (name, seq) values (?, ?)', table, highest)
    }
  })
}

function masters(
  { sql }: DurableStorage,
  type: 'table' | 'index' | 'trigger',
): { readonly name: string; readonly sql: string }[] {
  return sql
    .exec(`select name, sql from sqlite_master where type = ? and ${OWN} order by rowid`, type)
    .toArray()
    .map(({ name, sql }) => ({ name: String(name), sql: String(sql) }))
}

/** Whether rows have a key that no column shows. */
function hasHiddenKey(sql: string): boolean {
  return !/without rowid\s*$|integer primary key/i.test(sql)
}

function sequencesOf({ sql }: DurableStorage): [string, number][] {
  return sql
    .exec('select name, seq from sqlite_sequence')
    .toArray()
    .map(({ name, seq }) => [String(name), Number(seq)])
}

function columnsOf({ sql }: DurableStorage, table: string): string[] {
  return sql
    .exec('select name from pragma_table_info(?)', table)
    .toArray()
    .map(({ name }) => String(name))
}

function quoted(name: string): string {
  return `"${name}"`
}
