// Reads all sources of a plan into the store, going on where an earlier run stopped.

import type { Log } from '../log.ts'
import type { PowerSchoolClient } from './client.ts'
import type { CrawlProgressReport, CrawlSource, CrawlStore, QuerySource, RestSource } from './crawl-ports.ts'
import { crawlQuery } from './crawl-query.ts'
import { listsOf } from './lists.ts'
import { type PowerSchoolMetadata, pageSizeOf } from './metadata.ts'
import { readList } from './pages.ts'
import { createGoneLists, mayBeGone } from './parent-gone.ts'
import { eachInPool } from './pool.ts'
import { createSourceProgress } from './progress.ts'
import { STEP_ENDED, stoppedAt } from './stop.ts'

interface CrawlOptions {
  readonly log: Log
  /** Called at every page and list; throttle it where showing it costs. */
  readonly onProgress?: (progress: CrawlProgressReport) => void
  /**
   * Ends the crawl with `sync-stopped`; what is stored stays, and the next crawl goes on from it. With the reason `STEP_ENDED`
   * what is in flight is finished and stored first.
   */
  readonly signal?: AbortSignal | undefined
  /** Lets others in where a district's size makes a step long. */
  readonly pause: () => Promise<void>
  /** What the server tells of itself, where it was asked already. */
  readonly metadata?: PowerSchoolMetadata
}

/**
 * Sources in the plan's order, because a later one's parents come from an earlier one's rows; the lists of a source side by
 * side. A list whose parent was deleted meanwhile is empty. The first failure stops the rest and is thrown; when this promise settles, nothing is under way any more.
 */
export async function crawl(
  plan: readonly CrawlSource[],
  store: CrawlStore,
  client: PowerSchoolClient,
  options: CrawlOptions,
): Promise<void> {
  const { signal } = options
  const controller = new AbortController()
  const stop = () => controller.abort(signal?.reason === STEP_ENDED ? STEP_ENDED : stoppedAt('its rows'))
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const requestsBefore = client.requests
    const metadata = options.metadata ?? (await client.metadata(controller.signal))
    for (const [index, source] of plan.entries()) {
      if (store.isSourceDone(source.name)) continue
      const context = { index, plan, store, client, metadata, options, controller, requestsBefore }
      if (source.kind === 'rest') await crawlLists({ source, ...context })
      else await crawlBulk({ source, ...context })
    }
  } catch (failure) {
    // What is cut short after the first failure fails too, and may well be the first to get here.
    if (!controller.signal.aborted) throw failure
    const { reason } = controller.signal
    throw reason === STEP_ENDED ? stoppedAt('its rows') : reason
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

interface SourceCrawl<S extends CrawlSource> {
  readonly source: S
  readonly index: number
  readonly plan: readonly CrawlSource[]
  readonly store: CrawlStore
  readonly client: PowerSchoolClient
  readonly metadata: PowerSchoolMetadata
  readonly options: CrawlOptions
  readonly controller: AbortController
  readonly requestsBefore: number
}

async function crawlBulk(context: SourceCrawl<QuerySource>): Promise<void> {
  const { source, store, client, options, controller } = context
  const startedMs = client.now()
  const progress = progressOf(context, 1)
  progress.start()
  const { signal } = controller
  await crawlQuery(source, { client, store, log: options.log, signal, onRows: progress.rowsRead })
  progress.listDone()
  await store.finishSource(source.name)
  logRead(context, { lists: 1, rows: progress.rowsDone, startedMs })
}

async function crawlLists(context: SourceCrawl<RestSource>): Promise<void> {
  const { source, store, client, metadata, options, controller } = context
  const { log } = options
  const fail = (failure: unknown) => controller.abort(failure)
  const startedMs = client.now()
  const lists = await listsOf(source, store, options.pause)
  const progress = progressOf(context, lists.length)
  const open = lists.filter((list) => {
    const state = store.listState(source.name, list.list)
    if (state !== undefined) progress.resume(list.list, state)
    return state?.isDone !== true
  })
  progress.start()
  let hasRead = open.length < lists.length
  const gone = createGoneLists({
    client,
    store,
    log,
    signal: controller.signal,
    isProven: () => hasRead,
    onEmptied(list, rowsBefore) {
      progress.listCounted(list.list, 0)
      progress.rowsRead(-rowsBefore)
      progress.listDone()
    },
  })
  const pageSize = pageSizeOf(metadata, source.rows)
  await eachInPool(
    open,
    client.concurrency,
    async (list) => {
      try {
        await readList(client, list, store, {
          pageSize,
          log,
          signal: controller.signal,
          onTotal: (total) => progress.listCounted(list.list, total),
          onRows: progress.rowsRead,
          onFailure: (failure) => {
            if (!mayBeGone(list, failure)) fail(failure)
          },
        })
      } catch (failure) {
        return await gone.setAside(list, failure)
      }
      hasRead = true
      progress.listDone()
    },
    fail,
  )
  await gone.finish()
  await store.finishSource(source.name)
  logRead(context, { lists: lists.length, rows: progress.rowsDone, startedMs })
}

function progressOf(context: SourceCrawl<CrawlSource>, listsTotal: number) {
  const { source, index, plan, client, options, requestsBefore } = context
  return createSourceProgress({
    source: source.name,
    sourceIndex: index,
    sourceCount: plan.length,
    listsTotal,
    now: client.now,
    requests: () => client.requests - requestsBefore,
    report: options.onProgress ?? (() => {}),
  })
}

function logRead(
  { source, client, options }: SourceCrawl<CrawlSource>,
  { lists, rows, startedMs }: { lists: number; rows: number; startedMs: number },
): void {
  const elapsedMs = Math.round(client.now() - startedMs)
  options.log.info('powerschool-source-read', { source: source.name, lists, rows, elapsedMs })
}
