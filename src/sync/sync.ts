// One sync from start to end: crawl, map, compare, guard, publish, clean up; all or nothing.
import { BridgeError } from '../errors.ts'
import type { RunReport } from '../mapping/ports.ts'
import type { CrawlProgressReport } from '../powerschool/crawl-ports.ts'
import type { ReadinessReport } from '../readiness/report.ts'
import { listConsumers } from '../store/consumers.ts'
import { type Crawl, markCrawlMapped } from '../store/crawls.ts'
import { adoptPending, forgetPending } from '../store/kept-ids.ts'
import { inPending, pendingGeneration, stepsInPending, takenOver } from '../store/pending.ts'
import { dropUnusedRosters } from '../store/roster-tables.ts'
import { listRosters, narrowingsOf, rosterStorages } from '../store/rosters.ts'
import type { CollectionStorage } from '../store/schema.ts'
import { type CollectionChanges, openSnapshotWriter } from '../store/snapshot-writer.ts'
import { currentSnapshot, expireTombstones, rollbackPending } from '../store/snapshots.ts'
import { failureStatus, pauseInterrupted, type SyncRecord, saveSync } from '../store/syncs.ts'
import { buildRosters } from './build-rosters.ts'
import type { ShowProgress, SyncContext } from './context.ts'
import { stagedDistrict } from './crawl-reuse.ts'
import { crawlDistrict } from './crawl-stage.ts'
import { crawlSettings } from './crawl-store.ts'
import { heldBeginning, heldRemovals } from './guard.ts'
import { prepareSnapshot } from './map-stage.ts'
import { keepMapped, type MappedBy, mappedBy } from './mapped.ts'
import { nameForPeople, narrowSnapshot, type TableChanges } from './narrow-stage.ts'
import { beQuiet, type PublishOptions, publish } from './publish-stage.ts'
import { errorReport, type SyncProgress, type SyncReport, syncReport } from './report.ts'
import { holdLock } from './sync-lock.ts'
import { todayIn } from './today.ts'

/** How often the progress is written to the store, for the admin API. */
const SAVE_PROGRESS_MS = 1_000

/** The record of a sync that begins, or soon will: whoever asked for it can look it up at once. */
export function announceSync({ sql, now }: Pick<SyncContext, 'sql' | 'now'>, id: string): SyncRecord {
  const nothing = { finishedMs: undefined, progress: undefined, report: undefined, error: undefined }
  const record: SyncRecord = { id, status: 'inProgress', startedMs: now(), stage: 'crawl', ...nothing }
  saveSync(sql, record)
  return record
}

export interface SyncOptions {
  /** Maps the rows of the last crawl anew and asks PowerSchool nothing: `rows-unfit` where they are of no use. */
  readonly isMapOnly?: boolean
}

/**
 * Runs one sync and returns its record, whatever its end; the snapshot changes only on success. While another process on
 * the same database syncs, the record's error is `sync-running`; a stopped one is `paused`, and the next goes on from there.
 * Throws only what is a fault of ours.
 */
export async function runSync(
  context: SyncContext,
  id: string,
  signal: AbortSignal,
  { isMapOnly = false }: SyncOptions = {},
): Promise<SyncRecord> {
  const { sql, now, log } = context
  let record = announceSync(context, id)
  const save = (change: Partial<SyncRecord>) => {
    record = { ...record, ...change }
    saveSync(sql, record)
  }
  const showProgress = progressKeeper(context, save)
  const lock = holdLock(context)
  try {
    if (lock === undefined) {
      throw new BridgeError('sync-running', 'Another process is syncing this database.', {
        remedy: 'Wait until it has ended, or stop it.',
      })
    }
    pauseInterrupted(sql, id, now())
    log.info('sync-started', { sync: id })
    const { status, report } = await stages(context, {
      id,
      isMapOnly,
      signal: AbortSignal.any([signal, lock.lost]),
      showProgress,
    })
    save({ status, report, stage: 'done', progress: undefined, finishedMs: now() })
    log.info('sync-ended', { sync: id, status, counts: report.counts })
  } catch (error) {
    const isStopped = error instanceof BridgeError && error.code === 'sync-stopped'
    const status = isStopped ? 'paused' : failureStatus(sql, id, error instanceof BridgeError ? error.code : undefined)
    save({ status, error: errorReport(error), finishedMs: now() })
    log.error(status === 'quarantined' ? 'sync-quarantined' : 'sync-failed', {
      sync: id,
      stage: record.stage,
      ...errorReport(error),
    })
    if (!(error instanceof BridgeError)) throw error
  } finally {
    lock?.release()
  }
  return record
}

/** The main tables and those of every narrowed roster. */
function allTables({ sql, collections }: SyncContext): readonly CollectionStorage[] {
  return [...collections, ...rosterStorages(sql, collections)]
}

interface StageOptions {
  readonly id: string
  readonly isMapOnly: boolean
  readonly signal: AbortSignal
  readonly showProgress: ShowProgress
}

async function stages(
  context: SyncContext,
  { id, isMapOnly, signal, showProgress }: StageOptions,
): Promise<{ status: 'success' | 'validationError'; report: SyncReport }> {
  const { sql, mapping, now } = context
  const startedMs = now()
  const crawling = {
    ...context,
    signal,
    onProgress: (progress: CrawlProgressReport) => showProgress(ofCrawl(progress)),
  }
  const { crawl, ...crawled } = isMapOnly ? stagedDistrict(crawling) : await crawlDistrict(crawling)
  const crawledMs = now()

  const prepared = await prepare(context, { id, crawl, signal, showProgress })
  const { generation, changes, narrowed, run, mapped } = prepared
  const mappedMs = now()

  const isFirst = currentSnapshot(sql) === undefined
  const guarded = new Map([...changes, ...narrowed.map((table) => [nameForPeople(table), table.changes] as const)])
  const held = isFirst ? heldBeginning(changes) : heldRemovals(guarded, context.guard)
  const hasChanges = [...guarded.values()].some(({ added, changed, removed }) => added + changed + removed > 0)
  const isPublished = held.length === 0 && (hasChanges || isFirst)
  if (hasChanges) await expire(context, { id, generation })
  const waitedMs = isPublished && !isFirst ? await beQuiet(context, signal, showProgress) : 0
  const snapshot = isPublished
    ? publish(context, { id, generation, crawl, mapped, active: activeOf(prepared) })
    : currentSnapshot(sql)
  if (!isPublished) {
    inPending(sql, id, () => {
      markCrawlMapped(sql, crawl, now())
      if (held.length > 0) return
      // What is published is what this mapping makes, too.
      adoptPending(sql)
      keepMapped(sql, mapped)
    })
    if (held.length === 0) await rollBack(context)
  }

  const report = syncReport({
    sql,
    crawl,
    crawled: { ...crawled, isFull: crawl.isFull, startedAt: new Date(crawl.startedMs).toISOString() },
    mapping,
    mapped,
    run,
    readiness: prepared.readiness,
    changes,
    narrowed,
    held,
    snapshot,
    isPublished,
    durations: {
      crawlMs: crawledMs - startedMs,
      mapMs: mappedMs - crawledMs,
      waitMs: waitedMs,
      publishMs: Math.max(0, now() - mappedMs - waitedMs),
    },
  })
  return { status: held.length > 0 ? 'validationError' : 'success', report }
}

interface PrepareOptions {
  readonly id: string
  readonly crawl: Crawl
  readonly signal: AbortSignal
  readonly showProgress: ShowProgress
}

interface Prepared {
  readonly generation: number
  readonly run: RunReport
  readonly mapped: MappedBy
  readonly readiness: ReadinessReport
  readonly changes: ReadonlyMap<string, CollectionChanges>
  readonly narrowed: readonly TableChanges[]
}

/** The crawl's rows as the next generation, unseen, in the main tables and those of every narrowed roster. */
async function prepare(context: SyncContext, { id, crawl, signal, showProgress }: PrepareOptions): Promise<Prepared> {
  const { sql, now, pause } = context
  // A prepared generation that is still held is superseded by this one.
  await rollBack(context)
  for (const _ of dropUnusedRosters(sql, narrowingsOf(listConsumers(sql)), context.collections)) await pause()
  // From what is published, so that their readers need not wait, and this sync's changes are changes to them.
  await buildRosters({ ...context, signal })
  const writer = sql.transaction(() => {
    // Another process has taken over since: its records are not to be mixed with these.
    if (pendingGeneration(sql) !== undefined) throw takenOver()
    return openSnapshotWriter(sql, { ...context, sync: id })
  })
  const today = todayIn(crawlSettings(crawl).timeZone, now())
  const { run, readiness } = await prepareSnapshot({
    ...context,
    sync: id,
    crawl,
    writer,
    signal,
    today,
    onProgress: (done) => showProgress({ stage: 'map', done, unit: 'records' }),
  })
  const rosters = listRosters(sql).filter(({ built }) => built !== null)
  const narrowed = await narrowSnapshot({ ...context, signal }, id, rosters)
  const mapped = await mappedBy(context.mapping, { settings: crawl.settings, today })
  return { generation: writer.generation, run, mapped, readiness, changes: writer.changes(), narrowed }
}

async function rollBack(context: SyncContext): Promise<void> {
  forgetPending(context.sql)
  for (const _ of rollbackPending(context.sql, allTables(context))) await context.pause()
}

async function expire(context: SyncContext, { id, generation }: Pick<PublishOptions, 'id' | 'generation'>) {
  const { sql, now, lifetimes, pause } = context
  const before = now() - lifetimes.tombstoneLifetimeMs
  const steps = expireTombstones(sql, allTables(context), { generation, before })
  for (const _ of stepsInPending(sql, id, steps)) await pause()
}

/** By table. */
function activeOf({ changes, narrowed }: Prepared): ReadonlyMap<string, number> {
  return new Map([
    ...[...changes].map(([name, { active }]) => [name, active] as const),
    ...narrowed.map(({ table, changes: { active } }) => [table, active] as const),
  ])
}

function ofCrawl(progress: CrawlProgressReport): SyncProgress {
  const { listsDone: done, listsTotal: total, source } = progress
  return { stage: 'crawl', done, total, unit: `lists of ${source}`, ...progress }
}

function progressKeeper(context: SyncContext, save: (change: Partial<SyncRecord>) => void): ShowProgress {
  let savedMs = 0
  let stage: string | undefined
  return (progress: SyncProgress) => {
    context.onProgress?.(progress)
    const ageMs = context.now() - savedMs
    if (progress.stage === stage && ageMs >= 0 && ageMs < SAVE_PROGRESS_MS) return
    stage = progress.stage
    savedMs = context.now()
    save({ stage: progress.stage, progress })
  }
}
