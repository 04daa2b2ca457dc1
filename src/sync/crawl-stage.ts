// The first stage of a sync: PowerSchool's rows into the store, or on from where an interrupted crawl left off.
import { BridgeError, type ErrorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Mapping } from '../mapping/compile.ts'
import type { Shape } from '../mapping/shape.ts'
import type { PowerSchoolClient } from '../powerschool/client.ts'
import { crawl } from '../powerschool/crawl.ts'
import type { CrawlProgressReport } from '../powerschool/crawl-ports.ts'
import { openCrawlProgress } from '../store/crawl-progress.ts'
import {
  beginCrawl,
  type Crawl,
  type CrawlTally,
  completeCrawl,
  discardCrawl,
  emptyMirror,
  finishCrawl,
  readMirror,
  takeOverCrawl,
  unfinishedCrawl,
} from '../store/crawls.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import { indexMatches } from '../store/staged-tables.ts'
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
  readonly pause: () => Promise<void>
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  readonly log: Log
  readonly signal: AbortSignal
  readonly onProgress: (progress: CrawlProgressReport) => void
}

/** What was done for the crawl, in all processes that worked on it as far as they could tell. */
export interface CrawlResult extends CrawlTally {
  readonly crawl: Crawl
}

/** An interrupted crawl older than this is read anew: what it holds would be too mixed with what follows. */
const RESUMABLE_MS = 6 * 3_600_000
/** Besides what may pass by itself: a list that stayed incomplete was forgotten, all others are good. */
const RESUMABLE: ReadonlySet<ErrorCode> = new Set(['sync-stopped', 'powerschool-incomplete'])

/** So old the last crawl that counted every list may be; others trust a short list that looks as it did. */
const FULL_EVERY_MS = 20 * 3_600_000

/**
 * A complete crawl, or the failure that stopped it. What may pass by itself (and a stop) leaves the crawl to be resumed;
 * any other failure discards it. The staged rows are changed in place, so there is nothing to map until the crawl is complete;
 * what is published is untouched.
 */
export async function crawlDistrict(options: CrawlStageOptions): Promise<CrawlResult> {
  const { sql, mapping, client, now, pause, log, signal } = options
  const whole = unmapped(options)
  if (whole !== undefined) return { crawl: whole, ...whole.tally }
  const requestsBefore = client.requests
  const begun = resumable(options) ?? (await begin(options))
  const progress = await openCrawlProgress({
    ...options,
    crawl: begun,
    requests: () => client.requests - requestsBefore,
  })
  try {
    const store = openCrawlStore({ sql, mapping, crawl: begun, progress, pause })
    await crawl(crawlSources(mapping), store, client, { log, signal, pause, onProgress: options.onProgress })
  } catch (error) {
    const mayPass = error instanceof BridgeError && (error.isRetryable || RESUMABLE.has(error.code))
    try {
      if (mayPass) progress.flush()
      else discardCrawl(sql, begun)
    } catch {
      // The first failure tells more. What could not be written is asked for again, and a later crawl discards this one.
    }
    throw error
  } finally {
    progress.stop()
  }
  indexMatches(sql, mapping.indexes)
  // Read back, for the crawl finds the school year on its way.
  const finished = finishCrawl(sql, begun, { tally: progress.tally(), now: now() })
  return { crawl: finished, ...finished.tally }
}

function resumable(options: CrawlStageOptions): Crawl | undefined {
  const { sql, log } = options
  const crawl = unfinishedCrawl(sql)
  if (crawl === undefined || !isFit(crawl, options)) return undefined
  log.info('crawl-resumed', { startedMs: crawl.startedMs, isFull: crawl.isFull })
  return takeOverCrawl(sql, crawl)
}

/** A complete crawl that no sync has mapped to its end: the process was stopped in between. */
function unmapped(options: CrawlStageOptions): Crawl | undefined {
  const { sql, log } = options
  const crawl = completeCrawl(sql)
  if (crawl === undefined || crawl.isMapped || !isFit(crawl, options)) return undefined
  log.info('crawl-reused', { startedMs: crawl.startedMs, isFull: crawl.isFull })
  return crawl
}

/** Whether it was asked for in the same way, and not too long ago. */
function isFit({ startedMs }: Crawl, { sql, mapping, settings, now }: CrawlStageOptions): boolean {
  const ageMs = now() - startedMs
  return readMirror(sql)?.plan === planOf(mapping, settings) && ageMs >= 0 && ageMs <= RESUMABLE_MS
}

async function begin(options: CrawlStageOptions): Promise<Crawl> {
  const { sql, mapping, client, settings, now, pause, log, signal } = options
  const { timeZone } = await client.metadata(signal)
  const today = todayIn(timeZone, now())
  const plan = planOf(mapping, settings)
  if (readMirror(sql)?.plan !== plan) {
    for (const _ of emptyMirror(sql)) {
      await pause()
      if (signal.aborted) throw new BridgeError('sync-stopped', 'The sync was stopped before its crawl had begun.')
    }
  }
  const isFull = isFullDue(sql, now())
  log.info('crawl-started', { today, timeZone: timeZone ?? 'UTC', isFull })
  return beginCrawl(sql, {
    plan,
    settings: { ...mapping.settings, ...settings, term_years: termYears(settings, today), time_zone: timeZone },
    sources: mapping.sources.map((source) => source.name),
    indexes: mapping.indexes,
    isFull,
    isServing: currentSnapshot(sql) !== undefined,
    now: now(),
  })
}

function isFullDue(sql: Sql, nowMs: number): boolean {
  const fullMs = readMirror(sql)?.fullMs
  return fullMs === undefined || nowMs - fullMs >= FULL_EVERY_MS || nowMs < fullMs
}

/** The years whose terms are asked for: enough to find the current school year by every branch of its rule. */
function termYears(settings: Readonly<Record<string, unknown>>, today: string): number[] {
  if (typeof settings.start_year === 'number') return [settings.start_year]
  const year = Number(today.slice(0, 4))
  return [year - 2, year - 1, year, year + 1]
}

/** Everything that decides what is asked and how it is stored; a change of any of it begins the crawl anew. */
function planOf(mapping: Mapping, settings: Readonly<Record<string, unknown>>): string {
  const shapes = mapping.sources.map(({ name, shape }) => [name, namesAndTypes(shape)])
  return JSON.stringify([crawlSources(mapping), shapes, mapping.indexes, { ...mapping.settings, ...settings }])
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
