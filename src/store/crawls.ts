// The crawls of PowerSchool: which one is complete, which one can be resumed, and in which of two areas its rows lie.
import { quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

/** Replaces the tables of crawls that kept two areas. */
export const CRAWLS_STEP: readonly string[] = []

/** Drops the two areas in which crawls of earlier versions kept their rows. */
export function dropOldStaging(_sql: Sql): void {}

export interface Crawl {
  readonly id: number
  /** Rows lie in `staged_<area>_<source>`; the other area keeps the last complete crawl. */
  readonly area: 0 | 1
  /** What was asked of PowerSchool; a crawl with another plan is not resumed. */
  readonly plan: string
  readonly startedMs: number
  readonly finishedMs: number | undefined
  /** Whether a sync has mapped it to its end. */
  readonly isMapped: boolean
  /** Values fixed when the crawl began or found on the way, such as the date and the school year. */
  readonly settings: Readonly<Record<string, unknown>>
}

interface CrawlRow {
  readonly id: number
  readonly area: number
  readonly plan: string
  readonly settings: string
  readonly started_ms: number
  readonly finished_ms: number | null
  readonly mapped_ms: number | null
}

const asCrawl = (row: CrawlRow): Crawl => ({
  id: row.id,
  area: row.area === 0 ? 0 : 1,
  plan: row.plan,
  startedMs: row.started_ms,
  finishedMs: row.finished_ms ?? undefined,
  isMapped: row.mapped_ms !== null,
  // Written by `beginCrawl` and `saveCrawlSettings` only.
  settings: JSON.parse(row.settings) as Record<string, unknown>,
})

export function completeCrawl(sql: Sql): Crawl | undefined {
  const [row] = sql.all<CrawlRow>(`select * from crawls where finished_ms is not null order by id desc limit 1`)
  return row && asCrawl(row)
}

export function unfinishedCrawl(sql: Sql): Crawl | undefined {
  const [row] = sql.all<CrawlRow>(`select * from crawls where finished_ms is null order by id desc limit 1`)
  return row && asCrawl(row)
}

export interface CrawlStart {
  readonly plan: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly sources: readonly string[]
  readonly now: number
}

/** Starts a crawl in the area that the last complete one does not use; an unfinished one and all it left are dropped. */
export function beginCrawl(sql: Sql, { plan, settings, sources, now }: CrawlStart): Crawl {
  return sql.transaction(() => {
    const area = completeCrawl(sql)?.area === 0 ? 1 : 0
    sql.run(`delete from crawls where finished_ms is null`)
    dropLeftovers(sql, area)
    const [row] = sql.all<{ id: number }>(
      `insert into crawls (area, plan, settings, started_ms) values (?, ?, ?, ?) returning id`,
      area,
      plan,
      JSON.stringify(settings),
      now,
    )
    for (const source of sources) {
      sql.run(
        `create table ${stagedTable(area, source)} (
           seq integer primary key, key not null, list text not null, page integer not null, body text not null)`,
      )
    }
    return { id: row?.id ?? 0, area, plan, settings, startedMs: now, finishedMs: undefined, isMapped: false }
  })
}

export function saveCrawlSettings(sql: Sql, crawl: Crawl, settings: Readonly<Record<string, unknown>>): void {
  sql.run(`update crawls set settings = ? where id = ?`, JSON.stringify(settings), crawl.id)
}

/** Marks the crawl complete, drops the rows of the one before, and answers it with all that was saved of it. */
export function finishCrawl(sql: Sql, crawl: Crawl, now: number): Crawl {
  return sql.transaction(() => {
    sql.run(`update crawls set finished_ms = ? where id = ?`, now, crawl.id)
    sql.run(`delete from crawls where id <> ?`, crawl.id)
    dropLeftovers(sql, crawl.area === 0 ? 1 : 0)
    return completeCrawl(sql) ?? crawl
  })
}

/** Notes that a sync has mapped the crawl to its end: the next one reads PowerSchool again. */
export function markCrawlMapped(sql: Sql, crawl: Crawl, now: number): void {
  sql.run(`update crawls set mapped_ms = ? where id = ?`, now, crawl.id)
}

/** Forgets an unfinished crawl, so that the next sync reads everything anew. */
export function discardCrawl(sql: Sql, crawl: Crawl): void {
  sql.transaction(() => {
    sql.run(`delete from crawls where id = ?`, crawl.id)
    dropLeftovers(sql, crawl.area)
  })
}

/** Drops the rows in an area, and what was noted of crawls that are no more: a later crawl must never take it for its own. */
function dropLeftovers(sql: Sql, area: number): void {
  for (const table of ['crawl_sources', 'crawl_lists', 'crawl_pages', 'crawl_problems']) {
    sql.run(`delete from ${table} where crawl not in (select id from crawls)`)
  }
  dropArea(sql, area)
}

export function stagedTable(area: number, source: string): string {
  return quoteName(`staged_${area}_${source}`)
}

function dropArea(sql: Sql, area: number): void {
  const prefix = `staged_${area}_`
  const tables = sql.all<{ name: string }>(
    `select name from sqlite_master where type = 'table' and substr(name, 1, ?) = ?`,
    prefix.length,
    prefix,
  )
  for (const { name } of tables) sql.run(`drop table ${quoteName(name)}`)
}
