// The tables in which PowerSchool's rows live on from crawl to crawl, one a source, with their indexes.
import { quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

export interface MatchIndex {
  readonly source: string
  readonly slots: readonly number[]
}

const PREFIX = 'staged_'
/** Rows that are deleted between two pauses: a few milliseconds. */
const SLICE_ROWS = 2_000

export function stagedTable(source: string): string {
  return quoteName(`${PREFIX}${source}`)
}

/** How SQL reads a cell of a row's body; an index and a query must write it alike. */
export function slotText(slot: number): string {
  return `json_extract(body, '$[${Math.trunc(slot)}]')`
}

/**
 * A row is named by its list and its key. Of the rows that several lists brought with one key all but one are hidden. Keys
 * and columns are indexed by `indexKeys` and `indexMatches`, at once or when the table is full.
 */
export function createStagedTable(sql: Sql, source: string): void {
  sql.run(
    `create table if not exists ${stagedTable(source)} (
       seq integer primary key, list text not null, key not null, is_hidden integer not null default 0, body text not null)`,
  )
  sql.run(`create unique index if not exists ${indexName(source, 'by_list')} on ${stagedTable(source)}(list, key)`)
  sql.run(
    `create index if not exists ${indexName(source, 'hidden')} on ${stagedTable(source)}(seq) where is_hidden = 1`,
  )
}

function indexName(source: string, what: string): string {
  return quoteName(`${PREFIX}${source}_${what}`)
}

export function hasKeyIndex(sql: Sql, source: string): boolean {
  const name = `${PREFIX}${source}_by_key`
  return sql.all(`select 1 from sqlite_master where type = 'index' and name = ?`, name).length > 0
}

/** Costs nothing where it is there already; on a full table up to a second. */
export function indexKeys(sql: Sql, source: string): void {
  sql.run(`create index if not exists ${indexName(source, 'by_key')} on ${stagedTable(source)}(key)`)
}

/** For the mapping's lookups. As `indexKeys`. */
export function indexMatches(sql: Sql, indexes: readonly MatchIndex[]): void {
  for (const { source, slots } of indexes) {
    const name = indexName(source, `by_${slots.join('_')}`)
    sql.run(`create index if not exists ${name} on ${stagedTable(source)}(${slots.map(slotText).join(', ')})`)
  }
}

export function hasMatchIndex(sql: Sql, { source, slots }: MatchIndex): boolean {
  const name = `${PREFIX}${source}_by_${slots.join('_')}`
  return sql.all(`select 1 from sqlite_master where type = 'index' and name = ?`, name).length > 0
}

/** Drops all tables of staged rows, piece by piece: a full one dropped at once would hold the event loop. */
export function* dropStagedTables(sql: Sql): Generator<void> {
  const tables = sql.all<{ name: string }>(
    `select name from sqlite_master where type = 'table' and substr(name, 1, ?) = ?`,
    PREFIX.length,
    PREFIX,
  )
  for (const { name } of tables) yield* dropTable(sql, name)
}

function* dropTable(sql: Sql, name: string): Generator<void> {
  const indexes = sql.all<{ name: string }>(
    `select name from sqlite_master where type = 'index' and tbl_name = ? and sql is not null`,
    name,
  )
  for (const index of indexes) {
    sql.run(`drop index ${quoteName(index.name)}`)
    yield
  }
  const table = quoteName(name)
  while (sql.run(`delete from ${table} where seq in (select seq from ${table} limit ?)`, SLICE_ROWS).changes > 0) yield
  sql.run(`drop table ${table}`)
}
