// The next generation of a district: PowerSchool's rows through the mapping.
import { BridgeError } from '../errors.ts'
import type { CrawlProgressReport } from '../powerschool/crawl-ports.ts'
import { inPending } from '../store/pending.ts'
import { reopenSnapshotWriter, type SnapshotWriter } from '../store/snapshot-writer.ts'
import { isAnyPlaced } from '../store/snapshots.ts'
import type { SyncContext } from './context.ts'
import { stagedDistrict } from './crawl-reuse.ts'
import { crawlDistrict } from './crawl-stage.ts'
import { crawlSettings } from './crawl-store.ts'
import type { MappedBy } from './last-mapped.ts'
import { syncReport } from './make-report.ts'
import { keepProgress, keptProgress, type MapProgress, type MapWork } from './map-progress.ts'
import { prepareSnapshot } from './map-stage.ts'
import { mappedBy } from './mapped.ts'
import { narrowRosters, openNextGeneration } from './next-generation.ts'
import { createPace } from './pace.ts'
import { allTables, type PreparedGeneration, type PrepareWork } from './prepare.ts'
import type { SyncProgress } from './report.ts'
import { todayIn } from './today.ts'

export interface DistrictWork extends PrepareWork {
  readonly isMapOnly: boolean
}

/** The crawl's rows as the next generation, unseen, in the main tables and those of every narrowed roster. */
export async function prepareDistrict(
  context: SyncContext,
  { id, startedMs, isMapOnly, signal, step, showProgress }: DistrictWork,
): Promise<PreparedGeneration> {
  const { sql, mapping, client } = context
  const requestsBefore = client.requests
  const crawling = {
    ...context,
    syncStartedMs: startedMs,
    signal: step === undefined ? signal : AbortSignal.any([signal, step.signal]),
    onProgress: (progress: CrawlProgressReport) => showProgress(ofCrawl(progress)),
  }
  const { crawl, ...crawled } = isMapOnly ? stagedDistrict(crawling) : await crawlDistrict(crawling)
  // So that no step has the computing of both.
  if (client.requests > requestsBefore) step?.end()
  if (crawling.signal.aborted) throw new BridgeError('sync-stopped', 'The sync was stopped before it was mapping.')

  const work: MapWork = { sql, id, crawl, mapping, collections: context.collections }
  const { writer, mapped, readMs, progress } =
    (await goOn(context, work, signal)) ?? (await begin(context, work, signal))
  const keep = (state: MapProgress) => keepProgress(work, { mapped, readMs, progress: state })
  const pace = createPace({ ...context, signal, step, keep })
  const found = await prepareSnapshot({
    ...context,
    sync: id,
    crawl,
    writer,
    today: mapped.today,
    from: progress,
    pace,
    onProgress: (done) => showProgress({ stage: 'map', done, unit: 'records' }),
  })
  const narrowed = await narrowRosters(context, {
    id,
    signal,
    done: progress?.stage === 'rosters' ? progress.narrowed : [],
    rest: (done) => pace.rest(() => ({ stage: 'rosters', found, writer: writer.state(), narrowed: done })),
  })
  const changes = writer.changes()
  const facts = { ...crawled, isFull: crawl.isFull, startedAt: new Date(crawl.startedMs).toISOString() }
  return {
    generation: writer.generation,
    crawl,
    mapped,
    changes,
    narrowed,
    readMs,
    report: (more) => syncReport({ sql, crawl, crawled: facts, mapping, mapped, ...found, changes, narrowed, ...more }),
  }
}

interface Going {
  readonly writer: SnapshotWriter
  readonly mapped: MappedBy
  /** When everything had been read (ms since 1970). */
  readonly readMs: number
  readonly progress: MapProgress | undefined
}

async function begin(context: SyncContext, { id, crawl, mapping }: MapWork, signal: AbortSignal): Promise<Going> {
  const readMs = context.now()
  const writer = await openNextGeneration(context, { id, signal })
  const today = todayIn(crawlSettings(crawl).timeZone, readMs)
  const mapped = await mappedBy(mapping, { settings: crawl.settings, today })
  return { writer, mapped, readMs, progress: undefined }
}

/** Where an earlier step of the same sync has ended; undefined where the mapping, or what is pending, is another one now. */
async function goOn(context: SyncContext, work: MapWork, signal: AbortSignal): Promise<Going | undefined> {
  const { sql, collections, pause } = context
  const kept = keptProgress(work)
  if (kept === undefined) return undefined
  const { mapped, readMs, progress } = kept
  const { today } = mapped
  const now = await mappedBy(work.mapping, { settings: work.crawl.settings, today })
  if (JSON.stringify(now) !== JSON.stringify(mapped)) return undefined
  const isPlacing = progress.stage === 'placing' || progress.stage === 'rosters'
  // What is compared must never be compared with what this sync has placed.
  if (!isPlacing && isAnyPlaced(sql, progress.writer.generation, allTables(context))) return undefined
  const steps = reopenSnapshotWriter(sql, { ...context, collections, sync: work.id }, progress.writer, { isPlacing })
  for (;;) {
    const { done, value } = inPending(sql, work.id, () => steps.next())
    if (done === true) return { writer: value, mapped, readMs, progress }
    await pause()
    if (signal.aborted) throw new BridgeError('sync-stopped', 'The sync was stopped before it went on mapping.')
  }
}

function ofCrawl(progress: CrawlProgressReport): SyncProgress {
  const { listsDone: done, listsTotal: total, source } = progress
  return { stage: 'crawl', done, total, unit: `lists of ${source}`, ...progress }
}
