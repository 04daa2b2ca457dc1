// The first stage of a sync: PowerSchool's rows into the store, or on from where an interrupted crawl left off.
import { BridgeError, type ErrorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Mapping } from '../mapping/compile.ts'
import type { Shape } from '../mapping/shape.ts'
import type { PowerSchoolClient } from '../powerschool/client.ts'
import { crawl } from '../powerschool/crawl.ts'
import type { CrawlProgressReport } from '../powerschool/crawl-ports.ts'
import { beginCrawl, type Crawl, completeCrawl, discardCrawl, finishCrawl, unfinishedCrawl } from '../store/crawls.ts'
import type { Sql } from '../store/sql.ts'
import { indexStagedRows } from '../store/staged-rows.ts'
import { crawlSources } from './crawl-plan.ts'
import { openCrawlStore } from './crawl-store.ts'
import { todayIn } from './today.ts'

export interface CrawlStageOptions {
  readonly sql: Sql
  readonly mapping: Mapping
  readonly client: PowerSchoolClient
  /** Settings of the bridge that the mapping reads: schools, start_year when pinned. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly now: () => number
  readonly log: Log
  readonly signal: AbortSignal
  readonly onProgress: (progress: CrawlProgressReport) => void
}

/** An interrupted crawl older than this is read anew: what it holds would be too mixed with what follows. */
const RESUMABLE_MS = 6 * 3_600_000
/** Besides what may pass by itself: a list that stayed incomplete was forgotten, all others are good. */
const RESUMABLE: ReadonlySet<ErrorCode> = new Set(['sync-stopped', 'powerschool-incomplete'])

/**
 * A complete crawl, or the failure that stopped it. What may pass by itself (and a stop) leaves the crawl to be resumed;
 * any other failure discards it. The last complete crawl is untouched until the new one is whole.
 */
export async function crawlDistrict(options: CrawlStageOptions): Promise<Crawl> {
  const { sql, mapping, client, now, log, signal } = options
  const whole = unmapped(options)
  if (whole !== undefined) return whole
  const begun = resumable(options) ?? (await begin(options))
  try {
    await crawl(crawlSources(mapping), openCrawlStore({ sql, mapping, crawl: begun, now }), client, {
      log,
      signal,
      onProgress: options.onProgress,
    })
  } catch (error) {
    const mayPass = error instanceof BridgeError && (error.isRetryable || RESUMABLE.has(error.code))
    if (!mayPass) discardCrawl(sql, begun)
    throw error
  }
  // Read back, for the crawl finds the school year on its way.
  const finished = finishCrawl(sql, begun, now())
  indexStagedRows(sql, finished, mapping.indexes)
  return finished
}

function resumable(options: CrawlStageOptions): Crawl | undefined {
  const { sql, log } = options
  const crawl = unfinishedCrawl(sql)
  if (crawl === undefined || !isFit(crawl, options)) return undefined
  log.info('crawl-resumed', { startedMs: crawl.startedMs })
  return crawl
}

/** A complete crawl that no sync has mapped to its end: the process was stopped in between. */
function unmapped(options: CrawlStageOptions): Crawl | undefined {
  const { sql, mapping, log } = options
  const crawl = completeCrawl(sql)
  if (crawl === undefined || crawl.isMapped || !isFit(crawl, options)) return undefined
  log.info('crawl-reused', { startedMs: crawl.startedMs })
  indexStagedRows(sql, crawl, mapping.indexes)
  return crawl
}

/** Whether it was asked for in the same way, and not too long ago. */
function isFit({ plan, startedMs }: Crawl, { mapping, settings, now }: CrawlStageOptions): boolean {
  const ageMs = now() - startedMs
  return plan === planOf(mapping, settings) && ageMs >= 0 && ageMs <= RESUMABLE_MS
}

async function begin({ sql, mapping, client, settings, now, log, signal }: CrawlStageOptions): Promise<Crawl> {
  const { timeZone } = await client.metadata(signal)
  const today = todayIn(timeZone, now())
  log.info('crawl-started', { today, timeZone: timeZone ?? 'UTC' })
  return beginCrawl(sql, {
    plan: planOf(mapping, settings),
    settings: { ...mapping.settings, ...settings, term_years: termYears(settings, today), time_zone: timeZone },
    sources: mapping.sources.map((source) => source.name),
    now: now(),
  })
}

/** The years whose terms are asked for: enough to find the current school year by every branch of its rule. */
function termYears(settings: Readonly<Record<string, unknown>>, today: string): number[] {
  if (typeof settings.start_year === 'number') return [settings.start_year]
  const year = Number(today.slice(0, 4))
  return [year - 2, year - 1, year, year + 1]
}

/** Everything that decides what is asked and how it is stored; a change of any of it begins the crawl anew. */
function planOf(mapping: Mapping, settings: Readonly<Record<string, unknown>>): string {
  const shapes = mapping.sources.map(({ shape }) => namesAndTypes(shape))
  return JSON.stringify([crawlSources(mapping), shapes, { ...mapping.settings, ...settings }])
}

function namesAndTypes(shape: Shape): unknown {
  switch (shape.kind) {
    case 'scalar':
      return shape.type
    case 'list':
      return [namesAndTypes(shape.of)]
    case 'group':
      return [...shape.members].map(([name, member]) => ({ [name]: namesAndTypes(member) }))
    default:
      return shape satisfies never
  }
}
