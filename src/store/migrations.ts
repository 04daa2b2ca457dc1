// The tables of a profile's database, in numbered steps that run once each.
import { BridgeError } from '../errors.ts'
import { CONSUMERS_SCHEMA, CONSUMERS_STEP } from './consumers.ts'
import { CRAWL_LISTS_STEP } from './crawl-lists.ts'
import { CRAWLS_STEP, dropOldStaging, MIRROR_STEP } from './crawls.ts'
import { KEPT_IDS_INDEX_STEP, KEPT_IDS_STEP } from './kept-ids.ts'
import { COLUMNS_ADDED, writeMeta } from './meta.ts'
import { NONCES_SCHEMA } from './nonces.ts'
import { PIECES_SCHEMA, PIECES_STEP } from './pieces.ts'
import { PINS_SCHEMA } from './pins.ts'
import { PROFILE_STEP } from './profile.ts'
import { RECORD_HISTORY_SCHEMA } from './record-history.ts'
import { recordIndexes } from './record-indexes.ts'
import { ROSTERS_SCHEMA } from './rosters.ts'
import { type CollectionStorage, quoteName } from './schema.ts'
import { PUBLISHING_SCHEMA } from './snapshots.ts'
import type { Sql } from './sql.ts'
import { STAGE_STATE_STEP } from './stage-state.ts'

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

/** The tables of one collection, in the shape that the model has today. */
export function recordTables(storage: CollectionStorage): string[] {
  const columns = valueColumns(storage)
    .map((column) => `, ${column}`)
    .join('')
  return [
    `create table if not exists ${quoteName(`records_${storage.name}`)} (
       seq integer primary key, born integer not null, died integer not null${columns})`,
    // What a sync found to differ, until it is moved into the records in the order of sourcedId.
    `create table if not exists ${quoteName(`changed_${storage.name}`)} (replaces integer, links text${columns})`,
    `create table if not exists ${quoteName(`links_${storage.name}`)} (
       field text not null, target text not null, sourcedId text not null, seq integer not null,
       primary key (field, target, sourcedId, seq)) without rowid`,
  ]
}

/** `body_v1p2` is null where the v1.2 text is the v1.1 text. */
function valueColumns({ columns }: CollectionStorage): string[] {
  return [
    'sourcedId text not null',
    'status text not null',
    'body text not null',
    'body_v1p2 text',
    ...columns.map(({ name, type }) => `${quoteName(name)} ${type}`),
  ]
}

/** Adds the columns that the model has gained since the tables were made, and has the next sync write every record anew. */
function addMissingColumns(sql: Sql, storage: CollectionStorage): void {
  for (const table of [`records_${storage.name}`, `changed_${storage.name}`]) {
    const present = new Set(sql.all<{ name: string }>(`pragma table_info(${quoteName(table)})`).map(({ name }) => name))
    for (const column of valueColumns(storage)) {
      const [name = ''] = column.replaceAll('"', '').split(' ')
      if (present.has(name)) continue
      sql.run(`alter table ${quoteName(table)} add column ${column}`)
      writeMeta(sql, COLUMNS_ADDED + storage.name, '')
    }
  }
}

const STEPS: readonly (readonly string[])[] = [
  [...CORE, ...CONSUMERS_SCHEMA],
  [
    ...CONSUMERS_STEP,
    ...NONCES_SCHEMA,
    ...PIECES_SCHEMA,
    ...ROSTERS_SCHEMA,
    `delete from meta where name = 'signing-key'`,
  ],
  [...PIECES_STEP, ...PINS_SCHEMA, ...PUBLISHING_SCHEMA, ...RECORD_HISTORY_SCHEMA, ...CRAWLS_STEP],
  [...CRAWL_LISTS_STEP, ...MIRROR_STEP],
  [...KEPT_IDS_STEP],
  [...KEPT_IDS_INDEX_STEP],
  [...PROFILE_STEP],
  [...STAGE_STATE_STEP],
]

/** The step in which staged rows began to live on from crawl to crawl. */
const STAGING_STEP = 2

/**
 * Brings the database to the newest schema in one transaction; does nothing when it is there already. Refuses with
 * `store-failed` one that a newer version has made.
 */
export function migrate(sql: Sql, collections: readonly CollectionStorage[]): void {
  sql.transaction(() => {
    sql.run(`create table if not exists migrations (number integer primary key)`)
    const done = new Set(sql.all<{ number: number }>(`select number from migrations`).map((row) => row.number))
    refuseNewer(done)
    STEPS.forEach((statements, number) => {
      if (done.has(number)) return
      for (const statement of statements) sql.run(statement)
      if (number === STAGING_STEP) dropOldStaging(sql)
      sql.run(`insert into migrations (number) values (?)`, number)
    })
    for (const storage of collections) {
      for (const statement of recordTables(storage)) sql.run(statement)
      addMissingColumns(sql, storage)
      // A killed bulk load may have left a table without its indexes.
      for (const { create } of recordIndexes(storage)) sql.run(create)
    }
  })
}

/** What a later version has made of the tables is unknown here: to go on would lose what it relies on. */
function refuseNewer(done: ReadonlySet<number>): void {
  const newest = Math.max(-1, ...done)
  if (newest < STEPS.length) return
  const message = `The database was made by a newer version of the bridge (it has step ${newest}, this version knows ${STEPS.length - 1}).`
  throw new BridgeError('store-failed', message, {
    remedy: 'Start the newer version again, or bring back the copy of DATA_DIR that was made before the upgrade.',
  })
}
