// One sync from start to end: crawl, map, compare, guard, publish, clean up; all or nothing, and in steps where it must be.
import { BridgeError } from '../errors.ts'
import { inPending } from '../store/pending.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import { forgetStageState } from '../store/stage-state.ts'
import { failureStatus, findSync, pauseInterrupted, type SyncRecord, saveSync } from '../store/syncs.ts'
import { announceSync } from './announce.ts'
import type { PublishContext, ShowProgress, SyncContext } from './context.ts'
import { heldBeginning, heldRemovals } from './guard.ts'
import { nameForPeople } from './narrow-stage.ts'
import { adopt, expire, type PreparedGeneration, type PrepareWork, rollBack } from './prepare.ts'
import { prepareDistrict } from './prepare-district.ts'
import { keepPrepared, type PreparedSync, preparedOf } from './prepared.ts'
import { publishWhenQuiet } from './publish-stage.ts'
import { errorReport, type PublishableReport, type SyncProgress } from './report.ts'
import type { CurrentStep } from './step-schedule.ts'
import { holdLock } from './sync-lock.ts'

/** How often the progress is written to the store, for the admin API. */
const SAVE_PROGRESS_MS = 1_000

export interface SyncOptions {
  /** Maps the rows of the last crawl anew and asks PowerSchool nothing: `rows-unfit` where they are of no use. */
  readonly isMapOnly?: boolean
  /** The step that this is, where a sync is done in steps. */
  readonly step?: CurrentStep | undefined
}

/**
 * Runs one sync of a district and returns its record, whatever its end; the snapshot changes only on success. While another
 * process on the same database syncs, the record's error is `sync-running`; a stopped one is `paused`, and the next goes on
 * from there. One whose step has ended is `inProgress`: run again under the same id it goes on. Throws only what is a fault of
 * ours.
 */
export function runSync(
  context: SyncContext,
  id: string,
  signal: AbortSignal,
  { isMapOnly = false, step }: SyncOptions = {},
): Promise<SyncRecord> {
  return runSyncOf(context, id, { signal, step, prepare: (work) => prepareDistrict(context, { ...work, isMapOnly }) })
}

export interface RunOptions {
  readonly signal: AbortSignal
  readonly step?: CurrentStep | undefined
  /** Makes the next generation, unseen, of whatever it is made of. */
  readonly prepare: (work: PrepareWork) => Promise<PreparedGeneration>
}

/** As `runSync`, of records that come from anywhere. */
export async function runSyncOf(context: PublishContext, id: string, options: RunOptions): Promise<SyncRecord> {
  const { sql, now, log } = context
  const { step } = options
  const before = goingOn(context, id)
  let record = before ?? announceSync(context, id)
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
    log.info(step === undefined || before === undefined ? 'sync-started' : 'sync-step-started', { sync: id })
    const signal = AbortSignal.any([options.signal, lock.lost])
    const prepared =
      preparedOf(sql, id) ?? (await prepareSync(context, record, { ...options, signal, showProgress, save }))
    if (prepared !== undefined) {
      const untilStep = step === undefined ? signal : AbortSignal.any([signal, step.signal])
      const published = await publishWhenQuiet(context, prepared, { record, signal: untilStep, showProgress })
      record = published
    }
    log.info('sync-ended', { sync: id, status: record.status, counts: countsOf(record) })
  } catch (error) {
    const isStopped = error instanceof BridgeError && error.code === 'sync-stopped'
    if (isStopped && !options.signal.aborted && lock?.lost.aborted === false && step?.signal.aborted === true) {
      log.info('sync-step-ended', { sync: id, stage: record.stage })
      return record
    }
    const status = isStopped ? 'paused' : failureStatus(sql, id, error instanceof BridgeError ? error.code : undefined)
    save({ status, error: errorReport(error), finishedMs: now() })
    const facts = { sync: id, stage: record.stage, ...errorReport(error) }
    if (isStopped) log.info('sync-paused', facts)
    else log.error(status === 'quarantined' ? 'sync-quarantined' : 'sync-failed', facts)
    if (!(error instanceof BridgeError)) throw error
  } finally {
    lock?.release()
  }
  return record
}

/** The record of a sync that an earlier step, or a request, has begun. */
function goingOn({ sql }: Pick<PublishContext, 'sql'>, id: string): SyncRecord | undefined {
  const record = findSync(sql, id)
  return record?.status === 'inProgress' ? record : undefined
}

interface PreparingOptions extends RunOptions {
  readonly showProgress: ShowProgress
  readonly save: (change: Partial<SyncRecord>) => void
}

/** What is to be published; undefined when the sync has ended without, held or for nothing has changed. */
async function prepareSync(
  context: PublishContext,
  { id, startedMs }: SyncRecord,
  { signal, step, prepare, showProgress, save }: PreparingOptions,
): Promise<PreparedSync | undefined> {
  const { sql, now } = context
  const beganMs = now()
  const made = await prepare({ id, startedMs, signal, step, showProgress })
  const { generation, crawl, mapped, changes, narrowed } = made
  const preparedMs = now()

  const isFirst = currentSnapshot(sql) === undefined
  const guarded = new Map([...changes, ...narrowed.map((table) => [nameForPeople(table), table.changes] as const)])
  const held = isFirst
    ? [...heldBeginning(changes), ...(made.held ?? [])]
    : (made.held ?? heldRemovals(guarded, context.guard))
  const hasChanges = [...guarded.values()].some(({ added, changed, removed }) => added + changed + removed > 0)
  if (hasChanges) await expire(context, { id, generation })
  const crawlMs = made.readMs - Math.min(startedMs, beganMs)
  const report = made.report({
    held,
    snapshot: currentSnapshot(sql),
    durations: { crawlMs, mapMs: preparedMs - made.readMs, waitMs: 0, publishMs: 0 },
  })
  if (held.length === 0 && (hasChanges || isFirst)) {
    const active = [
      ...[...changes].map(([name, counts]) => [name, counts.active] as const),
      ...narrowed.map(({ table, changes: { active } }) => [table, active] as const),
    ]
    const prepared = { sync: id, generation, crawl: crawl?.id, mapped, active, report }
    inPending(sql, id, () => {
      save({ stage: 'publish', report, progress: undefined })
      keepPrepared(sql, prepared)
      forgetStageState(sql)
    })
    return prepared
  }
  adopt(context, { id, made, isHeld: held.length > 0 })
  forgetStageState(sql)
  if (held.length === 0) await rollBack(context)
  const status = held.length > 0 ? 'validationError' : 'success'
  const durations = { ...report.durations, publishMs: Math.max(0, now() - preparedMs) }
  save({ status, report: { ...report, durations }, stage: 'done', progress: undefined, finishedMs: now() })
  return undefined
}

function countsOf({ report }: SyncRecord): object | undefined {
  // Written by this file and the publish stage only.
  return (report as Partial<PublishableReport> | undefined)?.counts
}

function progressKeeper(context: PublishContext, save: (change: Partial<SyncRecord>) => void): ShowProgress {
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
