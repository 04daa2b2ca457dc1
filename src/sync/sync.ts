// One sync from start to end: crawl, map, compare, guard, publish, clean up; all or nothing.
import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Mapping } from '../mapping/compile.ts'
import type { MappedRecord } from '../mapping/ports.ts'
import type { PowerSchoolClient } from '../powerschool/client.ts'
import { listConsumers } from '../store/consumers.ts'
import { markCrawlMapped } from '../store/crawls.ts'
import type { LockOwner } from '../store/locks.ts'
import { dropUnusedRosters } from '../store/roster-tables.ts'
import { builtStorages, listRosters, narrowingsOf, rosterStorages } from '../store/rosters.ts'
import type { CollectionStorage } from '../store/schema.ts'
import { openSnapshotWriter, type StoredRecord } from '../store/snapshot-writer.ts'
import {
  countActive,
  currentSnapshot,
  expireTombstones,
  publishGeneration,
  rollbackPending,
} from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import { findSync, pauseInterrupted, type SyncRecord, saveSync } from '../store/syncs.ts'
import { buildRosters } from './build-rosters.ts'
import { crawlDistrict } from './crawl-stage.ts'
import { crawlSettings } from './crawl-store.ts'
import { type GuardSettings, heldRemovals } from './guard.ts'
import { prepareSnapshot } from './map-stage.ts'
import { type NarrowRoster, nameForPeople, narrowSnapshot } from './narrow-stage.ts'
import { errorReport, type SyncProgress, type SyncReport, syncReport } from './report.ts'
import { holdLock } from './sync-lock.ts'
import { todayIn } from './today.ts'
import type { UpkeepContext } from './upkeep.ts'

export interface SyncContext extends UpkeepContext {
  readonly sql: Sql
  readonly mapping: Mapping
  readonly client: PowerSchoolClient
  /** Settings that the mapping reads: schools, and start_year when it is pinned. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly collections: readonly CollectionStorage[]
  readonly present: (record: MappedRecord) => StoredRecord
  readonly tombstoneOf: (body: string) => string
  readonly narrowRoster: NarrowRoster
  readonly guard: GuardSettings
  readonly lifetimes: { readonly pinLifetimeMs: number; readonly tombstoneLifetimeMs: number }
  readonly lockOwner: LockOwner
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  readonly now: () => number
  readonly pause: () => Promise<void>
  readonly log: Log
  readonly onProgress?: (progress: SyncProgress) => void
}

/** How often the progress is written to the store, for the admin API. */
const SAVE_PROGRESS_MS = 1_000

/** The record of a sync that begins, or soon will: whoever asked for it can look it up at once. */
export function announceSync({ sql, now }: Pick<SyncContext, 'sql' | 'now'>, id: string): SyncRecord {
  const nothing = { finishedMs: undefined, progress: undefined, report: undefined, error: undefined }
  const record: SyncRecord = { id, status: 'inProgress', startedMs: now(), stage: 'crawl', ...nothing }
  saveSync(sql, record)
  return record
}

/**
 * Runs one sync and returns its record, whatever its end; the snapshot changes only on success. While another process on
 * the same database syncs, the record's error is `sync-running`; a stopped one is `paused`, and the next goes on from there.
 * Throws only what is a fault of ours.
 */
export async function runSync(context: SyncContext, id: string, signal: AbortSignal): Promise<SyncRecord> {
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
    const { status, report } = await stages(context, id, AbortSignal.any([signal, lock.lost]), showProgress)
    save({ status, report, stage: 'done', progress: undefined, finishedMs: now() })
    log.info('sync-ended', { sync: id, status, counts: report.counts })
  } catch (error) {
    const isStopped = error instanceof BridgeError && error.code === 'sync-stopped'
    save({ status: isStopped ? 'paused' : 'error', error: errorReport(error), finishedMs: now() })
    log.error('sync-failed', { sync: id, stage: record.stage, ...errorReport(error) })
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

async function stages(
  context: SyncContext,
  id: string,
  signal: AbortSignal,
  showProgress: (progress: SyncProgress) => void,
): Promise<{ status: 'success' | 'validationError'; report: SyncReport }> {
  const { sql, mapping, now, pause } = context
  const startedMs = now()
  const crawl = await crawlDistrict({
    ...context,
    signal,
    onProgress: (progress) =>
      showProgress({
        stage: 'crawl',
        done: progress.listsDone,
        total: progress.listsTotal,
        unit: `lists of ${progress.source}`,
        ...progress,
      }),
  })
  const crawledMs = now()

  // A prepared generation that is still held is superseded by this one.
  for (const _ of rollbackPending(sql, allTables(context))) await pause()
  for (const _ of dropUnusedRosters(sql, narrowingsOf(listConsumers(sql)), context.collections)) await pause()
  // From what is published, so that their readers need not wait, and this sync's changes are changes to them.
  await buildRosters({ ...context, signal })
  const writer = openSnapshotWriter(sql, { ...context, sync: id })
  const run = await prepareSnapshot({
    ...context,
    crawl,
    writer,
    signal,
    today: todayIn(crawlSettings(crawl).timeZone, now()),
    onProgress: (done) => showProgress({ stage: 'map', done, unit: 'records' }),
  })
  const changes = writer.changes()
  const rosters = listRosters(sql).filter(({ built }) => built !== null)
  const narrowed = await narrowSnapshot({ ...context, signal }, id, rosters)
  const mappedMs = now()

  const isFirst = currentSnapshot(sql) === undefined
  const guarded = new Map([...changes, ...narrowed.map((table) => [nameForPeople(table), table.changes] as const)])
  const held = isFirst ? [] : heldRemovals(guarded, context.guard)
  const hasChanges = [...guarded.values()].some(({ added, changed, removed }) => added + changed + removed > 0)
  if (hasChanges) {
    const before = now() - context.lifetimes.tombstoneLifetimeMs
    for (const _ of expireTombstones(sql, allTables(context), { generation: writer.generation, before })) await pause()
  }
  const totals = new Map([
    ...[...changes].map(([name, { active }]) => [name, active] as const),
    ...narrowed.map(({ table, changes: { active } }) => [table, active] as const),
  ])
  const isPublished = held.length === 0 && (hasChanges || isFirst)
  const snapshot = isPublished
    ? publishGeneration(sql, { generation: writer.generation, sync: id, totals, now })
    : currentSnapshot(sql)
  if (held.length === 0 && !isPublished) for (const _ of rollbackPending(sql, allTables(context))) await pause()
  markCrawlMapped(sql, crawl, now())

  const report = syncReport({
    sql,
    crawl,
    mapping,
    run,
    changes,
    narrowed,
    held,
    snapshot,
    isPublished,
    durations: { crawlMs: crawledMs - startedMs, mapMs: mappedMs - crawledMs, publishMs: now() - mappedMs },
  })
  return { status: held.length > 0 ? 'validationError' : 'success', report }
}

/**
 * Publishes a sync that the guard holds ("ignore and go on"). Refuses with `not-found` when the sync is unknown, is not
 * held, or has been superseded by a later one.
 */
export function resumeSync(context: SyncContext, id: string): SyncRecord {
  const { sql, now, log } = context
  return sql.transaction(() => {
    const record = findSync(sql, id)
    const [pending] = sql.all<{ generation: number }>(`select generation from pending where sync = ?`, id)
    // Written by `syncReport` only.
    const report = record?.report as SyncReport | undefined
    if (record?.status !== 'validationError' || pending === undefined || report === undefined) {
      throw new BridgeError('not-found', `No held sync ${id}.`, {
        remedy: 'Only the latest sync can be released, and only while its status is validationError.',
      })
    }
    const totals = new Map([
      ...Object.entries(report.counts).map(([name, { active }]) => [name, active] as const),
      // Counted, for a roster may have been built since the sync was held.
      ...countActive(sql, builtStorages(sql, context.collections), pending.generation),
    ])
    const snapshot = publishGeneration(sql, { generation: pending.generation, sync: id, totals, now })
    const released: SyncRecord = {
      ...record,
      status: 'success',
      report: { ...report, generation: snapshot.generation, publishedAt: snapshot.time, isPublished: true },
    }
    saveSync(sql, released)
    log.warn('sync-released', { sync: id, generation: snapshot.generation })
    return released
  })
}

function progressKeeper(context: SyncContext, save: (change: Partial<SyncRecord>) => void) {
  let savedMs = 0
  return (progress: SyncProgress) => {
    context.onProgress?.(progress)
    if (context.now() - savedMs < SAVE_PROGRESS_MS) return
    savedMs = context.now()
    save({ stage: progress.stage, progress })
  }
}
