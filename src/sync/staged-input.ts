// The rows of the last complete crawl, seen through a mapping that may be another one than they were read for.

import type { RunInput } from '../mapping/ports.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import { type Crawl, completeCrawl, readMirror, type Template } from '../store/crawls.ts'
import type { Sql } from '../store/sql.ts'
import { crawlSettings, settingsOfRun } from './crawl-store.ts'
import { lastMapped } from './last-mapped.ts'
import { publishedRecords } from './published-records.ts'
import { refittedRows } from './refitted-rows.ts'
import { stagedRows } from './staged.ts'
import { readPlan, stagedPlan } from './staged-plan.ts'
import { todayIn } from './today.ts'
import { type Unread, unreadBy } from './unread.ts'

export interface StagedInput {
  readonly crawl: Crawl
  readonly template: Template
  /** As of the day of the snapshot, so that what differs from it is the mapping's doing; before the first one, of the crawl. */
  readonly input: RunInput
  /** What the mapping asks of PowerSchool and these rows do not hold. */
  readonly unread: Unread
}

export interface StagedInputOptions {
  readonly sql: Sql
  readonly mapping: Mapping
  /** Settings of the bridge, laid over the mapping's. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly queryPrefix: string
}

/**
 * Undefined without a complete crawl: before the first one, while one is under way, and after an upgrade from a version of the
 * bridge that did not tell what its rows were read for. Rows that were read for another mapping
 * are made to fit: a column that they lack is blank, a source that was not read has no rows, and `unread` says so.
 */
export function stagedInput({ sql, mapping, settings, queryPrefix }: StagedInputOptions): StagedInput | undefined {
  const crawl = completeCrawl(sql)
  const mirror = readMirror(sql)
  if (crawl === undefined || mirror === undefined) return undefined
  const { template } = mirror
  const read = readPlan(mirror.plan)
  // In which order these rows have their columns, nobody knows.
  if (read === undefined) return undefined
  const wanted = stagedPlan({ mapping, template, settings, queryPrefix })
  return {
    crawl,
    template,
    input: {
      rows: refittedRows(stagedRows(sql, crawl), { read, wanted, mapping, sql }),
      settings: settingsOfRun(crawl, mapping, settings),
      today: lastMapped(sql)?.today ?? todayIn(crawlSettings(crawl).timeZone, crawl.startedMs),
      published: publishedRecords(sql),
    },
    unread: unreadBy(read, wanted),
  }
}
