// The last stage of a sync: what was prepared waits until the consumers are quiet, and becomes the snapshot that they read.
import { BridgeError } from '../errors.ts'
import { type Crawl, completeCrawl, markCrawlMapped } from '../store/crawls.ts'
import { requirePending, takenOver } from '../store/pending.ts'
import { builtStorages } from '../store/rosters.ts'
import { countActive, publishGeneration, type Snapshot } from '../store/snapshots.ts'
import { findSync, type SyncRecord, saveSync } from '../store/syncs.ts'
import { buildRosters } from './build-rosters.ts'
import type { ShowProgress, SyncContext } from './context.ts'
import { keepMapped, type MappedBy } from './mapped.ts'
import { waitForQuiet } from './quiet.ts'
import type { SyncReport } from './report.ts'

/** What consumers wait for meanwhile, a roster of a new one, is made in between. */
export function beQuiet(context: SyncContext, signal: AbortSignal, showProgress: ShowProgress): Promise<number> {
  const { maxWaitMs } = context.politeness
  const onWait = async (waitedMs: number) => {
    showProgress({ stage: 'publish', done: waitedMs, total: maxWaitMs, unit: 'ms of the longest wait for consumers' })
    await buildRosters({ ...context, signal })
  }
  return waitForQuiet({ ...context, ...context.politeness, signal, onWait })
}

export interface PublishOptions {
  readonly id: string
  readonly generation: number
  readonly crawl: Crawl
  readonly mapped: MappedBy
  /** Active records by table, of those that the sync has prepared. */
  readonly active: ReadonlyMap<string, number>
}

/** Refuses with `sync-running` when what was prepared is no longer this sync's: it stood still, and another took over. */
export function publish(context: SyncContext, { id, generation, crawl, mapped, active }: PublishOptions): Snapshot {
  const { sql, now, served, collections } = context
  const totals = () => {
    // Rosters that were made while the publish waited.
    const others = builtStorages(sql, collections).filter(({ name }) => !active.has(name))
    return new Map([...active, ...countActive(sql, others, generation)])
  }
  const check = () => {
    requirePending(sql, id)
    // The rows may have become another crawl's while they were mapped.
    if (completeCrawl(sql)?.id !== crawl.id) throw takenOver()
  }
  // Killed right after, the next sync must read PowerSchool again.
  const alsoKeep = () => {
    markCrawlMapped(sql, crawl, now())
    keepMapped(sql, mapped)
  }
  return publishGeneration(sql, { generation, sync: id, totals, now, servedMs: served.latestMs, check, alsoKeep })
}

/**
 * Publishes a sync that the guard holds ("ignore and go on"). Refuses with `not-found` when the sync is unknown, is not
 * held, or has been superseded by a later one.
 */
export function resumeSync(context: SyncContext, id: string): SyncRecord {
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
    },
  })
  log.warn('sync-released', { sync: id, generation: held.generation })
  return released
}

/** Also as earlier versions of the bridge wrote it. */
type HeldReport = Omit<SyncReport, 'mapping'> & Partial<Pick<SyncReport, 'mapping'>>

function heldSync({ sql }: SyncContext, id: string) {
  const record = findSync(sql, id)
  const [pending] = sql.all<{ generation: number }>(`select generation from pending where sync = ?`, id)
  // Written by `syncReport` only.
  const report = record?.report as HeldReport | undefined
  if (record?.status !== 'validationError' || pending === undefined || report === undefined) {
    throw new BridgeError('not-found', `No held sync ${id}.`, {
      remedy: 'Only the latest sync can be released, and only while its status is validationError.',
    })
  }
  return { record, report, generation: pending.generation }
}
