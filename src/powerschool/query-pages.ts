// Reads a PowerQuery page by page, for servers that do not send all rows in one answer.

import type { PowerSchoolClient } from './client.ts'
import { batchesOf, recordCountOf, recordsOf } from './json-records.ts'
import type { QueryCall, QueryRow } from './query-ports.ts'
import { QUERY_TIMEOUT_MS, type QueryReading, Shortfall } from './query-read-ports.ts'

export interface QueryPagesOptions {
  readonly path: string
  readonly signal: AbortSignal | undefined
  /** Of the first page. */
  readonly pageRows: number
}

/**
 * The number of rows, once the counted ones and a page that is not full have come. Throws a `Shortfall` where rows are missing,
 * repeated or moved.
 *
 * Rows that come and go between two pages move all those behind them, and a row lost that way may leave the count as it was. So
 * each page overlaps the one before, and has to begin with rows that it ended with. PowerSchool's page n of s rows begins after
 * (n-1)·s rows: with a row less in each page, the nth begins with n-1 rows of the one before. That reaches 25,000,000 rows when
 * the first page has 10,000.
 */
export async function readQueryPages(
  client: PowerSchoolClient,
  call: QueryCall,
  reading: QueryReading,
  options: QueryPagesOptions,
): Promise<number> {
  const expected = await countQuery(client, call, options)
  let got = 0
  let before: readonly QueryRow[] = []
  const shortfall = (reason: string) => new Shortfall(reason, { expected, got })
  for (let page = 1; ; page += 1) {
    const shared = page - 1
    const size = options.pageRows - shared
    if (size <= shared) throw shortfall('the query does not end')
    const rows = await readPage(client, call, { page, pagesize: size }, options)
    if (rows.length > size) throw shortfall('a page has more rows than were asked for')
    if (!isSame(before.slice(before.length - shared), rows.slice(0, shared)))
      throw shortfall('rows moved between two pages')
    const fresh = rows.slice(shared)
    for (const batch of batchesOf(fresh)) {
      const { repeated } = await reading.rows(batch)
      got += batch.length
      if (repeated > 0) throw shortfall('a row came twice')
    }
    if (rows.length < size) {
      if (got < expected) throw shortfall('rows are missing')
      return got
    }
    before = rows
  }
}

/** How many rows the query has. */
export function countQuery(
  client: PowerSchoolClient,
  call: QueryCall,
  { path, signal }: Pick<QueryPagesOptions, 'path' | 'signal'>,
): Promise<number> {
  return client.request(`${path}/count`, {
    method: 'POST',
    body: call.arguments,
    read: (body) => recordCountOf(body, `${path}/count`),
    timeoutMs: QUERY_TIMEOUT_MS,
    signal,
  })
}

function readPage(
  client: PowerSchoolClient,
  call: QueryCall,
  query: { readonly page: number; readonly pagesize: number },
  { path, signal }: QueryPagesOptions,
): Promise<readonly QueryRow[]> {
  return client.request(path, {
    method: 'POST',
    query,
    body: call.arguments,
    read: (body) => recordsOf(body, path).rows,
    timeoutMs: QUERY_TIMEOUT_MS,
    signal,
  })
}

function isSame(rows: readonly QueryRow[], others: readonly QueryRow[]): boolean {
  return JSON.stringify(rows) === JSON.stringify(others)
}
