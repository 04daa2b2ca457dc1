// Decides whether what the store has of a list can be gone on with, and begins the list anew where it cannot.

import { RefusedError } from './answer.ts'
import type { PowerSchoolClient } from './client.ts'
import type { CrawlStore, ListState } from './crawl-ports.ts'
import type { List } from './lists.ts'
import { countOf, hasUncounted } from './rows.ts'

const OLDEST_MS = 5 * 60_000

interface ResumeOptions {
  readonly pageSize: number
  readonly signal?: AbortSignal | undefined
  readonly onTotal?: (total: number | undefined) => void
  readonly onRows?: (change: number) => void
}

type Beginning = Pick<ListState, 'total' | 'pages' | 'rows'>

/**
 * What the store has of the list, if it can be gone on with; else a new beginning with the present count.
 *
 * Pages of a longer list are not gone on with once it was begun five minutes ago. Rows move up when one leaves a page that is
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
  if (state !== undefined && isProven(state, list, pageSize) && !isStale(state, pageSize, client.now())) return state
  if (state !== undefined && state.pages.size > 0) {
    store.restartList(source, id)
    onRows?.(-state.rows)
  }
  const total = await countRows(client, list, signal)
  store.beginList(source, id, total)
  onTotal?.(total)
  return { total, pages: new Set(), rows: 0 }
}

/**
 * Without a count only full pages prove themselves: the page size may have been another one before. Of pages whose rows are
 * not all counted, their number proves nothing.
 */
function isProven({ total, pages, rows }: ListState, list: List, pageSize: number): boolean {
  if (hasUncounted(list.rows) && pages.size > 0) return false
  return total !== undefined || (pages.size > 0 && rows === pages.size * pageSize && Math.max(...pages) === pages.size)
}

/** A list that is a single page, and has it, cannot shift. */
function isStale({ startedMs, total, pages }: ListState, pageSize: number, nowMs: number): boolean {
  if (startedMs === undefined || nowMs - startedMs <= OLDEST_MS) return false
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
