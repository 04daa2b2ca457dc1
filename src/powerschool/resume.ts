// Decides whether what the store has of a list can be gone on with, and begins the list anew where it cannot.

import { RefusedError } from './answer.ts'
import type { PowerSchoolClient } from './client.ts'
import type { CrawlStore, ListState } from './crawl-ports.ts'
import type { List } from './lists.ts'
import { countOf } from './rows.ts'

const OLDEST_MS = 5 * 60_000

interface ResumeOptions {
  readonly pageSize: number
  readonly signal?: AbortSignal | undefined
  readonly onTotal?: (total: number | undefined) => void
  readonly onRows?: (change: number) => void
}

type Beginning = Pick<ListState, 'total' | 'sizes' | 'rows' | 'uncounted'>

/**
 * What the store has of the list, if it can be gone on with; else a new beginning with the present count.
 *
 * Pages of a longer list are not gone on with once nothing of it has come for five minutes. Rows move up when one leaves a page that is
 * already read; if another one comes at the end meanwhile, the count holds, and the row that moved from an unread page to a
 * read one is lost without a trace.
 */
export async function beginOrResume(
  client: PowerSchoolClient,
  list: List,
  store: CrawlStore,
  { pageSize, signal, onTotal, onRows }: ResumeOptions,
): Promise<Beginning> {
  const { source, list: id } = list
  const state = store.listState(source, id)
  if (state !== undefined && isProven(state, pageSize) && !isStale(state, pageSize, client.now())) {
    if (state.isCounted) return state
    const total = await countRows(client, list, signal)
    store.countList(source, id, total)
    onTotal?.(total)
    return { ...state, total }
  }
  if (state !== undefined && state.pages.size > 0) {
    store.restartList(source, id)
    onRows?.(-state.rows)
  }
  const total = await countRows(client, list, signal)
  store.beginList(source, id, total, { pageSize })
  onTotal?.(total)
  return { total, sizes: new Map(), rows: 0, uncounted: 0 }
}

/** Without a count pages prove themselves if they are of today's size: they are full, or it is known what was asked for. */
function isProven({ total, sizes, rows, ...state }: ListState, pageSize: number): boolean {
  if (total !== undefined || state.pageSize === pageSize) return true
  return sizes.size > 0 && rows === sizes.size * pageSize && Math.max(...sizes.keys()) === sizes.size
}

/** What has no page yet, or is a single page and has it, cannot shift. A count alone is proved by the pages. */
function isStale({ startedMs, lastMs = startedMs, total, pages }: ListState, pageSize: number, nowMs: number): boolean {
  if (pages.size === 0 || lastMs === undefined || nowMs - lastMs <= OLDEST_MS) return false
  return total === undefined || total > pageSize || !pages.has(1)
}

/** `undefined` where PowerSchool has no count for this resource. */
async function countRows(client: PowerSchoolClient, { path, filter }: List, signal: AbortSignal | undefined) {
  try {
    const counted = `${path}/count`
    return await client.get(counted, { query: filter, read: (body) => countOf(body, counted), signal })
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return undefined
    throw error
  }
}
