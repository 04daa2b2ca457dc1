// The first stage of a sync: PowerSchool's rows into the store, or on from where an interrupted crawl left off.
import { BridgeError, type ErrorCode } from '../errors.ts'
import { crawl } from '../powerschool/crawl.ts'
import type { PowerSchoolMetadata } from '../powerschool/metadata.ts'
import { openCrawlProgress } from '../store/crawl-progress.ts'
import {
  beginCrawl,
  type Crawl,
  type CrawlTally,
  discardCrawl,
  emptyMirror,
  finishCrawl,
  readMirror,
  readServer,
  saveServer,
  type Template,
} from '../store/crawls.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import { indexMatches } from '../store/staged-tables.ts'
import { crawlSources } from './crawl-plan.ts'
import { planOf, resumable, templateOf, unmapped } from './crawl-reuse.ts'
import { openCrawlStore } from './crawl-store.ts'
import { type CrawlOptions, templateAfter, templateToTry } from './crawl-template.ts'
import { todayIn } from './today.ts'

/** What was done for the crawl, in all processes that worked on it as far as they could tell. */
export interface CrawlResult extends CrawlTally {
  readonly crawl: Crawl
  readonly template: Template
  /** PowerSchool was not asked: rows that were there are mapped by another mapping. */
  readonly isReused: boolean
}

/** Besides what may pass by itself: a list that stayed incomplete was forgotten, all others are good. */
const RESUMABLE: ReadonlySet<ErrorCode> = new Set(['sync-stopped', 'powerschool-incomplete'])

/** So old the last crawl that counted every list may be; others trust a short list that looks as it did. */
const FULL_EVERY_MS = 20 * 3_600_000

/**
 * A complete crawl, or the failure that stopped it. What may pass by itself (and a stop) leaves the crawl to be resumed;
 * any other failure discards it. The staged rows are changed in place, so there is nothing to map until the crawl is complete;
 * what is published is untouched.
 */
export async function crawlDistrict(options: CrawlOptions): Promise<CrawlResult> {
  const whole = unmapped(options)
  if (whole !== undefined) return { crawl: whole, template: templateOf(options.sql), isReused: false, ...whole.tally }
  const template = await templateToTry(options)
  try {
    return await crawlBy(template, options)
  } catch (failure) {
    const next = await templateAfter(failure, template, options)
    return await crawlBy(next, options)
  }
}

async function crawlBy(template: Template, options: CrawlOptions): Promise<CrawlResult> {
  const { sql, mapping, client, now, pause, log, signal } = options
  const requestsBefore = client.requests
  const interrupted = resumable(template, options)
  const metadata = (interrupted && serverOf(sql, interrupted)) ?? (await client.metadata(signal))
  const begun = interrupted ?? (await begin(template, metadata, options))
  if (interrupted === undefined) saveServer(sql, begun, metadata)
  const progress = await openCrawlProgress({
    ...options,
    crawl: begun,
    requests: () => client.requests - requestsBefore,
  })
  try {
    const store = openCrawlStore({ sql, mapping, crawl: begun, progress, pause })
    const { onProgress } = options
    await crawl(crawlSources({ ...options, template }), store, client, { log, signal, pause, onProgress, metadata })
  } catch (error) {
    const mayPass = error instanceof BridgeError && (error.isRetryable || RESUMABLE.has(error.code))
    try {
      if (!mayPass) discardCrawl(sql, begun)
      else {
        // The next sync is to have the same patience, and pages that a fault may have cut short are not to be built upon.
        if (template === 'rest' && error.code !== 'sync-stopped') progress.forgetShort()
        progress.flush()
      }
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
  return { crawl: finished, template, isReused: false, ...finished.tally }
}

/** What an earlier step was told, so that this one need not ask. */
function serverOf(sql: Sql, crawl: Crawl): PowerSchoolMetadata | undefined {
  // Saved by `crawlBy` only.
  return readServer(sql, crawl) as PowerSchoolMetadata | undefined
}

async function begin(template: Template, { timeZone }: PowerSchoolMetadata, options: CrawlOptions): Promise<Crawl> {
  const { sql, mapping, settings, now, pause, log, signal } = options
  const today = todayIn(timeZone, now())
  const plan = planOf(template, options)
  if (readMirror(sql)?.plan !== plan) {
    for (const _ of emptyMirror(sql)) {
      await pause()
      if (signal.aborted) throw new BridgeError('sync-stopped', 'The sync was stopped before its crawl had begun.')
    }
  }
  const isFull = isFullDue(sql, now())
  log.info('crawl-started', { today, timeZone: timeZone ?? 'UTC', template, isFull })
  const years = termYears({ ...mapping.settings, ...settings }, today)
  return beginCrawl(sql, {
    plan,
    template,
    settings: {
      ...mapping.settings,
      ...settings,
      term_years: years,
      first_term_year: years[0],
      last_term_year: years.at(-1),
      time_zone: timeZone,
    },
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
