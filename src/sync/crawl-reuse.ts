// Rows that are there already: of an interrupted crawl, of one that no sync has mapped, or for another mapping to map anew.
import { BridgeError } from '../errors.ts'
import {
  type Crawl,
  completeCrawl,
  readMirror,
  saveCrawlSettings,
  type Template,
  takeOverCrawl,
  unfinishedCrawl,
} from '../store/crawls.ts'
import type { Sql } from '../store/sql.ts'
import { indexMatches } from '../store/staged-tables.ts'
import type { CrawlResult } from './crawl-stage.ts'
import { crawlSettings, settingsOfRun } from './crawl-store.ts'
import type { CrawlOptions } from './crawl-template.ts'
import { lastMapped } from './last-mapped.ts'
import { changedCollections } from './mapped.ts'
import { planText, readPlan, stagedPlan } from './staged-plan.ts'
import { todayIn } from './today.ts'
import { describeUnread, unreadBy } from './unread.ts'

/**
 * An interrupted crawl older than this is read anew: what it holds would be too mixed with what follows. One that the same sync
 * has begun in an earlier step was not interrupted, however long it takes.
 */
const RESUMABLE_MS = 6 * 3_600_000

export function resumable(template: Template, options: CrawlOptions): Crawl | undefined {
  const { sql, log } = options
  const crawl = unfinishedCrawl(sql)
  if (crawl === undefined || !isFit(crawl, template, options)) return undefined
  log.info('crawl-resumed', { startedMs: crawl.startedMs, isFull: crawl.isFull })
  return withSettings(takeOverCrawl(sql, crawl), options)
}

/** A complete crawl that no sync has mapped to its end: the process was stopped in between. */
export function unmapped(options: CrawlOptions): Crawl | undefined {
  const { sql, log, templateSetting } = options
  const crawl = completeCrawl(sql)
  const template = templateSetting === 'auto' ? templateOf(sql) : templateSetting
  if (crawl === undefined || crawl.isMapped || !isFit(crawl, template, options)) return undefined
  log.info('crawl-reused', { startedMs: crawl.startedMs, isFull: crawl.isFull })
  indexMatches(sql, options.mapping.indexes)
  return withSettings(crawl, options)
}

/** The plan may be the same and the mapping another one, which has other settings for its rules. */
function withSettings(crawl: Crawl, { sql, mapping, settings }: CrawlOptions): Crawl {
  const own = settingsOfRun(crawl, mapping, settings)
  saveCrawlSettings(sql, crawl, own)
  return { ...crawl, settings: own }
}

/** Whether it was asked for in the same way, and by this sync or not too long ago. */
function isFit({ startedMs }: Crawl, template: Template, options: CrawlOptions): boolean {
  const { now, syncStartedMs = Number.POSITIVE_INFINITY } = options
  const ageMs = now() - startedMs
  const isRecent = ageMs >= 0 && (ageMs <= RESUMABLE_MS || startedMs >= syncStartedMs)
  return isRecent && readMirror(options.sql)?.plan === planOf(template, options)
}

export function templateOf(sql: Sql): Template {
  return readMirror(sql)?.template ?? 'rest'
}

/**
 * The rows that are staged, to be mapped anew without a crawl. Refuses with `rows-unfit` when there are none, or when the mapping
 * asks PowerSchool for something that they do not hold.
 */
export function stagedDistrict(options: CrawlOptions): CrawlResult {
  const { sql, templateSetting, log } = options
  const mirror = readMirror(sql)
  const crawl = completeCrawl(sql)
  if (mirror === undefined || crawl === undefined) {
    throw new BridgeError('rows-unfit', 'There are no rows to map: no crawl of PowerSchool is complete.', {
      remedy: READ,
    })
  }
  const { template } = mirror
  const isOther = templateSetting !== 'auto' && templateSetting !== template
  if (isOther || mirror.plan !== planOf(template, options)) {
    const read = isOther ? undefined : readPlan(mirror.plan)
    const what = read === undefined ? '' : describeUnread(unreadBy(read, stagedPlan({ ...options, template })))
    throw new BridgeError('rows-unfit', `The rows that are there were read for another mapping.${what}`, {
      remedy: READ,
    })
  }
  if (isOfAnotherDay(crawl, mirror.plan, options.now())) {
    const message =
      'Which lists are read is decided by the day (`today()`), and the rows that are there are of another one.'
    throw new BridgeError('rows-unfit', message, { remedy: READ })
  }
  log.info('crawl-reused', { startedMs: crawl.startedMs, isFull: crawl.isFull })
  indexMatches(sql, options.mapping.indexes)
  return { crawl: withSettings(crawl, options), template, isReused: true, ...crawl.tally }
}

/**
 * Whether mapping the staged rows anew would be of use and may be done: the snapshot was mapped otherwise, and these are all the
 * rows that the mapping asks for.
 */
export function isNewMapping(options: PlanOptions & Pick<CrawlOptions, 'now'>): boolean {
  const { sql, mapping, settings, templateSetting } = options
  const before = lastMapped(sql)
  const mirror = readMirror(sql)
  const crawl = completeCrawl(sql)
  if (before === undefined || mirror === undefined || crawl === undefined) return false
  if (templateSetting !== 'auto' && templateSetting !== mirror.template) return false
  if (changedCollections(before, mapping, settingsOfRun(crawl, mapping, settings)).length === 0) return false
  return mirror.plan === planOf(mirror.template, options) && !isOfAnotherDay(crawl, mirror.plan, options.now())
}

/** Whether a rule whose rows are parents of lists may take other rows today than when they were read. */
function isOfAnotherDay(crawl: Crawl, plan: string, nowMs: number): boolean {
  if (readPlan(plan)?.scope.includes('today()') !== true) return false
  const { timeZone } = crawlSettings(crawl)
  return todayIn(timeZone, crawl.startedMs) !== todayIn(timeZone, nowMs)
}

const READ = 'Sync without --map-only: PowerSchool is read then.'

/** What would be asked for today, as the store keeps it. */
export const planOf = (template: Template, options: PlanOptions): string =>
  planText(stagedPlan({ ...options, template }))

type PlanOptions = Pick<CrawlOptions, 'sql' | 'mapping' | 'settings' | 'templateSetting' | 'queryPrefix'>
