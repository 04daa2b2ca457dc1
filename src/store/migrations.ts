// The tables of a profile's database, in numbered steps that run once each.
import { CONSUMERS_SCHEMA } from './consumers.ts'
import { recordIndexes } from './record-indexes.ts'
import { type CollectionStorage, quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

const CORE: readonly string[] = [
  // Published snapshots. `head` opens every record born in it: {"dateLastModified":"…",
  `create table generations (
     number integer primary key, time text not null, time_ms integer not null, head text not null, sync text not null)`,
  `create index generations_by_time on generations(time_ms)`,
  `create table totals (
     generation integer not null, collection text not null, active integer not null,
     primary key (generation, collection)) without rowid`,
  // The generation that is being prepared: its versions are in the record tables, unseen until it is published.
  `create table pending (generation integer not null, sync text not null)`,
  // Crawls of PowerSchool. Their rows are in staged_<area>_<source>.
  `create table crawls (
     id integer primary key autoincrement, area integer not null, plan text not null, settings text not null,
     started_ms integer not null, finished_ms integer, mapped_ms integer)`,
  `create table crawl_sources (crawl integer not null, source text not null, primary key (crawl, source)) without rowid`,
  `create table crawl_lists (
     crawl integer not null, source text not null, list text not null, total integer, begun_ms integer not null,
     is_done integer not null,
     primary key (crawl, source, list)) without rowid`,
  `create table crawl_pages (
     crawl integer not null, source text not null, list text not null, page integer not null, rows integer not null,
     primary key (crawl, source, list, page)) without rowid`,
  `create table crawl_problems (
     crawl integer not null, source text not null, list text not null, path text not null, found text not null, key text)`,
  `create table syncs (
     id text primary key, number integer not null, status text not null, started_ms integer not null, finished_ms integer,
     stage text not null, progress text, report text, error text)`,
  `create table locks (name text primary key, owner text not null, until_ms integer not null)`,
  `create table meta (name text primary key, value text not null)`,
]

function recordTables(storage: CollectionStorage): string[] {
  const columns = storage.columns.map((column) => `, ${quoteName(column.name)} ${column.type}`).join('')
  const values = `sourcedId text not null, status text not null, body text not null${columns}`
  return [
    `create table ${quoteName(`records_${storage.name}`)} (
       seq integer primary key, born integer not null, died integer not null, ${values})`,
    // What a sync found to differ, until it is moved into the records in the order of sourcedId.
    `create table ${quoteName(`changed_${storage.name}`)} (replaces integer, links text, ${values})`,
    `create table ${quoteName(`links_${storage.name}`)} (
       field text not null, target text not null, sourcedId text not null, seq integer not null,
       primary key (field, target, sourcedId, seq)) without rowid`,
  ]
}

/** Brings the database to the newest schema in one transaction; does nothing when it is there already. */
export function migrate(sql: Sql, collections: readonly CollectionStorage[]): void {
  sql.transaction(() => {
    sql.run(`create table if not exists migrations (number integer primary key)`)
    const done = new Set(sql.all<{ number: number }>(`select number from migrations`).map((row) => row.number))
    const steps: readonly (readonly string[])[] = [[...CORE, ...CONSUMERS_SCHEMA, ...collections.flatMap(recordTables)]]
    steps.forEach((statements, number) => {
      if (done.has(number)) return
      for (const statement of statements) sql.run(statement)
      sql.run(`insert into migrations (number) values (?)`, number)
    })
    // A killed bulk load may have left a table without its indexes.
    for (const { create } of collections.flatMap(recordIndexes)) sql.run(create)
  })
}
