// The last stage of a sync: what was prepared waits until the consumers are quiet, and becomes the snapshot that they read.
import { BridgeError } from '../errors.ts'
import { completeCrawl, markCrawlMapped } from '../store/crawls.ts'
import { requirePending, takenOver } from '../store/pending.ts'
import { builtStorages } from '../store/rosters.ts'
import { countActive, currentSnapshot, publishGeneration, type Snapshot } from '../store/snapshots.ts'
import { findSync, listSyncs, type SyncRecord, saveSync } from '../store/syncs.ts'
import { buildRosters } from './build-rosters.ts'
import type { PublishContext, ShowProgress } from './context.ts'
import { keepMapped } from './last-mapped.ts'
import { forgetPrepared, type PreparedSync } from './prepared.ts'
import { waitForQuiet } from './quiet.ts'
import type { SyncProgress, SyncReport } from './report.ts'

export interface WaitingOptions {
  readonly record: SyncRecord
  readonly signal: AbortSignal
  readonly showProgress: ShowProgress
}

/**
 * Waits for the consumers, unless nobody could have read anything yet, and publishes; the record tells it. Refuses with
 * `sync-stopped`, and then goes on with the same waiting later; with `sync-running` when what was prepared is no longer this
 * sync's: it stood still, and another took over.
 */
export async function publishWhenQuiet(
  context: PublishContext,
  prepared: PreparedSync,
  { record, signal, showProgress }: WaitingOptions,
): Promise<SyncRecord> {
  const { sql, now, pause } = context
  const isFirst = currentSnapshot(sql) === undefined
  const waitMs = isFirst ? 0 : await beQuiet(context, { waitedMs: waitedBy(record), signal, showProgress })
  // Where the clock stands still while code runs, it is at the present now, and so is the publish's time.
  await pause()
  // Somebody may have changed, in that moment, what it was made by.
  if (signal.aborted) throw new BridgeError('sync-stopped', 'The sync was stopped before it was published.')
  const startedMs = now()
  let published = record
  publish(context, prepared, ({ generation, time }) => {
    const durations = { ...prepared.report.durations, waitMs, publishMs: Math.max(0, now() - startedMs) }
    const report = { ...prepared.report, generation, publishedAt: time, isPublished: true, durations }
    published = { ...record, status: 'success', stage: 'done', report, progress: undefined, finishedMs: now() }
    saveSync(sql, published)
  })
  context.onPublished?.()
  return published
}

/** What consumers wait for meanwhile, a roster of a new one, is made in between. */
function beQuiet(
  context: PublishContext,
  { waitedMs, signal, showProgress }: { readonly waitedMs: number } & Omit<WaitingOptions, 'record'>,
): Promise<number> {
  const { maxWaitMs } = context.politeness
  const onWait = async (waited: number) => {
    showProgress({ stage: 'publish', done: waited, total: maxWaitMs, unit: WAITING })
    await buildRosters({ ...context, signal })
  }
  return waitForQuiet({ ...context, ...context.politeness, waitedMs, signal, onWait })
}

const WAITING = 'ms of the longest wait for consumers'

/** How long an earlier step has waited. */
function waitedBy({ stage, progress }: SyncRecord): number {
  // Written by `beQuiet`, while the stage is this one.
  const shown = stage === 'publish' ? (progress as Partial<SyncProgress> | undefined) : undefined
  return shown?.unit === WAITING ? (shown.done ?? 0) : 0
}

function publish(context: PublishContext, prepared: PreparedSync, alsoSave: (snapshot: Snapshot) => void): void {
  const { sql, now, served, collections } = context
  const { sync, generation, crawl, mapped } = prepared
  const active = new Map(prepared.active)
  const totals = () => {
    // Rosters that were made while the publish waited.
    const others = builtStorages(sql, collections).filter(({ name }) => !active.has(name))
    return new Map([...active, ...countActive(sql, others, generation)])
  }
  const check = () => {
    requirePending(sql, sync)
    // The rows may have become another crawl's while they were mapped.
    if (crawl !== undefined && completeCrawl(sql)?.id !== crawl) throw takenOver()
  }
  // Killed right after, the next sync must read PowerSchool again.
  const alsoKeep = (snapshot: Snapshot) => {
    if (crawl !== undefined) markCrawlMapped(sql, crawl, now())
    if (mapped !== undefined) keepMapped(sql, mapped)
    forgetPrepared(sql)
    context.alsoKeep?.()
    alsoSave(snapshot)
  }
  publishGeneration(sql, { generation, sync, totals, now, servedMs: served.latestMs, check, alsoKeep })
}

/**
 * Publishes a sync that the guard holds ("ignore and go on"). Refuses with `not-found` when the sync is unknown, is not
 * held, or is superseded by a later one that runs, or has come as far.
 */
export function resumeSync(context: PublishContext, id: string): SyncRecord {
  const { sql, now, served, log, collections } = context
  const held = heldSync(context, id)
  let released = held.record
  publishGeneration(sql, {
    generation: held.generation,
    sync: id,
    now,
    servedMs: served.latestMs,
    check: () => void heldSync(context, id),
    totals: () =>
      new Map([
        ...Object.entries(held.report.counts).map(([name, { active }]) => [name, active] as const),
        // Counted, for a roster may have been built since the sync was held.
        ...countActive(sql, builtStorages(sql, collections), held.generation),
      ]),
    alsoKeep: ({ generation, time }) => {
      const report = { ...held.report, generation, publishedAt: time, isPublished: true }
      released = { ...held.record, status: 'success', report }
      saveSync(sql, released)
      // A sync that an earlier version of the bridge held does not tell it.
      if (held.report.mapping !== undefined) keepMapped(sql, held.report.mapping)
      context.alsoKeep?.()
    },
  })
  context.onPublished?.()
  log.warn('sync-released', { sync: id, generation: held.generation })
  return released
}

/** Also as earlier versions of the bridge wrote it. */
type HeldReport = Omit<SyncReport, 'mapping'> & Partial<Pick<SyncReport, 'mapping'>>

function heldSync({ sql }: PublishContext, id: string) {
  const record = findSync(sql, id)
  const [pending] = sql.all<{ generation: number }>(`select generation from pending where sync = ?`, id)
  // Written by `syncReport` only.
  const report = record?.report as HeldReport | undefined
  // What a later sync is finding out, perhaps by settings that were corrected, is not to be overtaken by this.
  const isOvertaken = listSyncs(sql, 1)[0]?.status === 'inProgress'
  if (record?.status !== 'validationError' || isOvertaken || pending === undefined || report === undefined) {
    throw new BridgeError('not-found', `No held sync ${id}.`, {
      remedy:
        'A sync can be released while its status is validationError, and as long as no later one runs or has read everything.',
    })
  }
  return { record, report, generation: pending.generation }
}
