// The next generation of a district: PowerSchool's rows through the mapping.
import { BridgeError } from '../errors.ts'
import type { CrawlProgressReport } from '../powerschool/crawl-ports.ts'
import { listConsumers } from '../store/consumers.ts'
import { pendingGeneration, takenOver } from '../store/pending.ts'
import { dropUnusedRosters } from '../store/roster-tables.ts'
import { listRosters, narrowingsOf } from '../store/rosters.ts'
import { openSnapshotWriter, type SnapshotWriter } from '../store/snapshot-writer.ts'
import { buildRosters } from './build-rosters.ts'
import type { PublishContext, SyncContext } from './context.ts'
import { stagedDistrict } from './crawl-reuse.ts'
import { crawlDistrict } from './crawl-stage.ts'
import { crawlSettings } from './crawl-store.ts'
import { prepareSnapshot } from './map-stage.ts'
import { mappedBy } from './mapped.ts'
import { narrowSnapshot, type TableChanges } from './narrow-stage.ts'
import { type PreparedGeneration, type PrepareWork, rollBack } from './prepare.ts'
import { type SyncProgress, syncReport } from './report.ts'
import { todayIn } from './today.ts'

export interface DistrictWork extends PrepareWork {
  readonly isMapOnly: boolean
}

/** The crawl's rows as the next generation, unseen, in the main tables and those of every narrowed roster. */
export async function prepareDistrict(
  context: SyncContext,
  { id, startedMs, isMapOnly, signal, step, showProgress }: DistrictWork,
): Promise<PreparedGeneration> {
  const { sql, mapping, client, now } = context
  const requestsBefore = client.requests
  const crawling = {
    ...context,
    syncStartedMs: startedMs,
    signal: step === undefined ? signal : AbortSignal.any([signal, step.signal]),
    onProgress: (progress: CrawlProgressReport) => showProgress(ofCrawl(progress)),
  }
  const { crawl, ...crawled } = isMapOnly ? stagedDistrict(crawling) : await crawlDistrict(crawling)
  // Mapping is done in one go, so it has a step to itself.
  if (client.requests > requestsBefore) step?.end()
  if (crawling.signal.aborted) throw new BridgeError('sync-stopped', 'The sync was stopped before it was mapping.')
  const readMs = now()

  const writer = await openNextGeneration(context, { id, signal })
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
  const narrowed = await narrowRosters(context, { id, signal })
  const mapped = await mappedBy(context.mapping, { settings: crawl.settings, today })
  const changes = writer.changes()
  const facts = { ...crawled, isFull: crawl.isFull, startedAt: new Date(crawl.startedMs).toISOString() }
  return {
    generation: writer.generation,
    crawl,
    mapped,
    changes,
    narrowed,
    readMs,
    report: (more) =>
      syncReport({ sql, crawl, crawled: facts, mapping, mapped, run, readiness, changes, narrowed, ...more }),
  }
}

/** Opens the generation after the published one, for the sync that holds the lock. */
export async function openNextGeneration(
  context: PublishContext,
  { id, signal }: Pick<PrepareWork, 'id' | 'signal'>,
): Promise<SnapshotWriter> {
  const { sql, pause } = context
  // A prepared generation that is still held is superseded by this one.
  await rollBack(context)
  for (const _ of dropUnusedRosters(sql, narrowingsOf(listConsumers(sql)), context.collections)) await pause()
  // From what is published, so that their readers need not wait, and this sync's changes are changes to them.
  await buildRosters({ ...context, signal })
  return sql.transaction(() => {
    // Another process has taken over since: its records are not to be mixed with these.
    if (pendingGeneration(sql) !== undefined) throw takenOver()
    return openSnapshotWriter(sql, { ...context, sync: id })
  })
}

/** Brings the narrowed rosters to the generation that is prepared in the main tables. */
export function narrowRosters(
  context: PublishContext,
  { id, signal }: Pick<PrepareWork, 'id' | 'signal'>,
): Promise<readonly TableChanges[]> {
  const rosters = listRosters(context.sql).filter(({ built }) => built !== null)
  return narrowSnapshot({ ...context, signal }, id, rosters)
}

function ofCrawl(progress: CrawlProgressReport): SyncProgress {
  const { listsDone: done, listsTotal: total, source } = progress
  return { stage: 'crawl', done, total, unit: `lists of ${source}`, ...progress }
}
