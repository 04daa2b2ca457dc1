// The crawls of PowerSchool: which one is complete, which one can be resumed, and what was asked for in them.
import { BridgeError } from '../errors.ts'
import { readMeta, writeMeta } from './meta.ts'
import { quoteName } from './schema.ts'
import type { Sql } from './sql.ts'
import { createStagedTable, dropStagedTables, indexKeys, indexMatches, type MatchIndex } from './staged-tables.ts'

/** Replaces the tables of crawls that kept two areas. */
export const CRAWLS_STEP: readonly string[] = [
  ...['crawls', 'crawl_sources', 'crawl_lists', 'crawl_pages', 'crawl_problems'].map((name) => `drop table ${name}`),
  // At most one. `run` counts the processes that have worked on it.
  `create table crawls (
     id integer primary key autoincrement, settings text not null, is_full integer not null, run integer not null,
     started_ms integer not null, finished_ms integer, mapped_ms integer,
     requests integer not null, rows integer not null, changed_rows integer not null)`,
  // At most one row: what was asked for to get the staged rows, and when the last crawl began that counted every list.
  `create table mirror (plan text not null, full_ms integer)`,
  // What the unfinished crawl has read so far: whole sources, and marks of pages and lists in the order of their writing.
  `create table crawl_sources (source text primary key) without rowid`,
  `create table crawl_marks (
     seq integer primary key, source text not null, marks text not null,
     requests integer not null, rows integer not null, changed_rows integer not null)`,
  // Lists that have staged rows or were found empty. A whole one is as PowerSchool told it when it was last read to its end.
  `create table crawl_lists (
     source text not null, list text not null, is_whole integer not null, has_problems integer not null,
     rows integer not null, primary key (source, list)) without rowid`,
  `create table crawl_problems (
     source text not null, list text not null, path text not null, found text not null, count integer not null,
     keys text not null, primary key (source, list, path, found)) without rowid`,
]

/** Which template the staged rows were read by; those of earlier versions by `rest`. */
export const MIRROR_STEP: readonly string[] = [`alter table mirror add column template text not null default 'rest'`]

export type Template = 'rest' | 'powerquery'

/** Drops the two areas in which crawls of earlier versions kept their rows. */
export function dropOldStaging(sql: Sql): void {
  const tables = sql.all<{ name: string }>(
    `select name from sqlite_master where type = 'table' and substr(name, 1, 9) in ('staged_0_', 'staged_1_')`,
  )
  for (const { name } of tables) sql.run(`drop table ${quoteName(name)}`)
}

/** What a crawl has done, in all the processes that worked on it. */
export interface CrawlTally {
  /** Sent to PowerSchool, tokens left out. */
  readonly requests: number
  /** Read of PowerSchool's pages. */
  readonly rows: number
  /** Inserted, updated and deleted in the store. */
  readonly changedRows: number
}

export interface Crawl {
  readonly id: number
  /** Whether it counts every list, and trusts nothing that earlier crawls have found. */
  readonly isFull: boolean
  readonly startedMs: number
  readonly finishedMs: number | undefined
  /** Whether a sync has mapped it to its end. */
  readonly isMapped: boolean
  /** Values fixed when the crawl began or found on the way, such as the date and the school year. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly tally: CrawlTally
  /** Which process's turn at this crawl it is; a later one takes the crawl away from it. */
  readonly run: number
}

interface CrawlRow {
  readonly id: number
  readonly settings: string
  readonly is_full: number
  readonly run: number
  readonly started_ms: number
  readonly finished_ms: number | null
  readonly mapped_ms: number | null
  readonly requests: number
  readonly rows: number
  readonly changed_rows: number
}

const asCrawl = (row: CrawlRow): Crawl => ({
  id: row.id,
  isFull: row.is_full === 1,
  startedMs: row.started_ms,
  finishedMs: row.finished_ms ?? undefined,
  isMapped: row.mapped_ms !== null,
  // Written by `beginCrawl` and `saveCrawlSettings` only.
  settings: JSON.parse(row.settings) as Record<string, unknown>,
  tally: { requests: row.requests, rows: row.rows, changedRows: row.changed_rows },
  run: row.run,
})

/** The crawl that the staged rows are; there is none from the beginning of the next one until that is complete. */
export function completeCrawl(sql: Sql): Crawl | undefined {
  const [row] = sql.all<CrawlRow>(`select * from crawls where finished_ms is not null`)
  return row && asCrawl(row)
}

export function unfinishedCrawl(sql: Sql): Crawl | undefined {
  const [row] = sql.all<CrawlRow>(`select * from crawls where finished_ms is null`)
  return row && asCrawl(row)
}

export interface Mirror {
  /** What was asked of PowerSchool; rows of another plan are of no use. */
  readonly plan: string
  readonly template: Template
  /** When the last complete crawl that counted every list began. */
  readonly fullMs: number | undefined
}

export function readMirror(sql: Sql): Mirror | undefined {
  const [row] = sql.all<{ plan: string; template: Template; full_ms: number | null }>(
    `select plan, template, full_ms from mirror`,
  )
  return row && { plan: row.plan, template: row.template, fullMs: row.full_ms ?? undefined }
}

/** Outlives the mirror, which is emptied when another plan begins. */
const TEMPLATE = 'template'

/** The template of the last complete crawl. */
export function lastTemplate(sql: Sql): Template | undefined {
  const told = readMeta(sql, TEMPLATE)
  return told === 'rest' || told === 'powerquery' ? told : undefined
}

/** Forgets everything that was ever crawled. Ended half-way, it is gone on with by the next call. */
export function* emptyMirror(sql: Sql): Generator<void> {
  sql.transaction(() => {
    sql.run(`delete from mirror`)
    sql.run(`delete from crawls`)
  })
  yield* dropStagedTables(sql)
  for (const table of ['crawl_lists', 'crawl_problems']) yield* emptyTable(sql, table)
}

const SLICE_LISTS = 1_000

function* emptyTable(sql: Sql, table: string): Generator<void> {
  const slice = `delete from ${table} where (source, list) in (select source, list from ${table} limit ?)`
  while (sql.run(slice, SLICE_LISTS).changes > 0) yield
}

export interface CrawlStart {
  readonly plan: string
  readonly template: Template
  readonly settings: Readonly<Record<string, unknown>>
  readonly sources: readonly string[]
  readonly indexes: readonly MatchIndex[]
  readonly isFull: boolean
  /** Whether readers are served meanwhile: new tables are indexed at once then, and not in one go when they are full. */
  readonly isServing: boolean
  readonly now: number
}

/**
 * Starts a crawl over what the mirror holds of the plan; the crawl before, complete or not, is no more. Where the mirror is
 * of another plan, `emptyMirror` comes first.
 */
export function beginCrawl(sql: Sql, start: CrawlStart): Crawl {
  const { plan, template, settings, sources, indexes, isFull, isServing, now } = start
  return sql.transaction(() => {
    if (readMirror(sql) === undefined) {
      for (const source of sources) createStagedTable(sql, source)
      if (isServing) {
        for (const source of sources) indexKeys(sql, source)
        indexMatches(sql, indexes)
      }
      sql.run(`insert into mirror (plan, template) values (?, ?)`, plan, template)
    }
    sql.run(`delete from crawls`)
    forgetMarks(sql)
    const [row] = sql.all<CrawlRow>(
      `insert into crawls (settings, is_full, run, started_ms, requests, rows, changed_rows)
       values (?, ?, 1, ?, 0, 0, 0) returning *`,
      JSON.stringify(settings),
      isFull ? 1 : 0,
      now,
    )
    if (row === undefined) throw new Error('the database made no crawl')
    return asCrawl(row)
  })
}

/** Takes an unfinished crawl over from the process that worked on it before, whatever became of that. */
export function takeOverCrawl(sql: Sql, { id }: Crawl): Crawl {
  const [row] = sql.all<CrawlRow>(`update crawls set run = run + 1 where id = ? returning *`, id)
  if (row === undefined) throw new Error(`no crawl ${id}`)
  return asCrawl(row)
}

/** Refuses with `sync-stopped` when another process has taken the crawl over, or begun another. Call in every transaction. */
export function refuseIfTaken(sql: Sql, { id, run }: Crawl): void {
  if (sql.all(`select 1 from crawls where id = ? and run = ? and finished_ms is null`, id, run).length > 0) return
  throw new BridgeError('sync-stopped', 'Another process has taken over the crawl.', {
    remedy: 'Nothing: the other process goes on with it.',
  })
}

export function saveCrawlSettings(sql: Sql, crawl: Crawl, settings: Readonly<Record<string, unknown>>): void {
  sql.run(`update crawls set settings = ? where id = ?`, JSON.stringify(settings), crawl.id)
}

/** What the server told of itself when the crawl began, as JSON: a crawl in steps asks once. */
const SERVER = 'crawl-server'

interface ServerOfCrawl {
  readonly crawl: Crawl['id']
  readonly server: unknown
}

export function saveServer(sql: Sql, { id }: Pick<Crawl, 'id'>, server: unknown): void {
  const kept: ServerOfCrawl = { crawl: id, server }
  writeMeta(sql, SERVER, JSON.stringify(kept))
}

/** What `saveServer` was given for this crawl; undefined for one of a version that did not keep it. */
export function readServer(sql: Sql, { id }: Pick<Crawl, 'id'>): unknown {
  // Written by `saveServer` only.
  const kept = JSON.parse(readMeta(sql, SERVER) ?? '{}') as Partial<ServerOfCrawl>
  return kept.crawl === id ? kept.server : undefined
}

/** Marks the crawl complete, and answers it with all that was saved of it. */
export function finishCrawl(sql: Sql, crawl: Crawl, { tally, now }: { tally: CrawlTally; now: number }): Crawl {
  return sql.transaction(() => {
    refuseIfTaken(sql, crawl)
    const [row] = sql.all<CrawlRow>(
      `update crawls set finished_ms = ?, requests = ?, rows = ?, changed_rows = ? where id = ? returning *`,
      now,
      tally.requests,
      tally.rows,
      tally.changedRows,
      crawl.id,
    )
    if (row === undefined) throw new Error(`no crawl ${crawl.id}`)
    if (crawl.isFull) sql.run(`update mirror set full_ms = ?`, crawl.startedMs)
    writeMeta(sql, TEMPLATE, readMirror(sql)?.template ?? 'rest')
    forgetMarks(sql)
    return asCrawl(row)
  })
}

/** Notes that a sync has mapped the crawl to its end: the next one reads PowerSchool again. */
export function markCrawlMapped(sql: Sql, crawl: Crawl['id'], now: number): void {
  sql.run(`update crawls set mapped_ms = ? where id = ?`, now, crawl)
}

/**
 * Forgets an unfinished crawl, so that the next sync reads every list anew. The mixture of rows that it leaves is read by
 * nothing: the next crawl compares each list with it.
 */
export function discardCrawl(sql: Sql, crawl: Crawl): void {
  sql.transaction(() => {
    if (sql.run(`delete from crawls where id = ? and run = ?`, crawl.id, crawl.run).changes > 0) forgetMarks(sql)
  })
}

function forgetMarks(sql: Sql): void {
  for (const table of ['crawl_sources', 'crawl_marks']) sql.run(`delete from ${table}`)
}
