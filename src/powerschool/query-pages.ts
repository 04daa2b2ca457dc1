// Reads a PowerQuery page by page: where a server does not send all rows in one answer, and behind rows that have come before.

import type { PowerSchoolClient } from './client.ts'
import { batchesOf, recordCountOf, recordsOf } from './json-records.ts'
import { isBehind, nextPage } from './query-place.ts'
import type { QueryCall, QueryPlace, QueryRow } from './query-ports.ts'
import { QUERY_TIMEOUT_MS, Shortfall } from './query-read-ports.ts'

export interface QueryPagesOptions {
  readonly path: string
  readonly signal: AbortSignal | undefined
  /** Of the first page; the others are a little smaller. */
  readonly pageRows: number
  /** How far the query was read. */
  readonly from: QueryPlace
  /** Takes the next rows, and tells how far the query is read with them. */
  readonly save: (rows: readonly QueryRow[]) => Promise<QueryPlace>
}

/**
 * The number of rows, once the counted ones and a page that is not full have come. Throws a `Shortfall` where rows are missing
 * or moved, or the query does not end.
 *
 * Rows that come and go between two pages move all those behind them, and a row lost that way may leave the count as it was. So
 * each page overlaps the one before, and has to begin with rows that it ended with. That reaches 25,000,000 rows when the first
 * page has 5,000.
 */
export async function readQueryPages(
  client: PowerSchoolClient,
  call: QueryCall,
  { from, pageRows, save, ...options }: QueryPagesOptions,
): Promise<number> {
  const expected = await countQuery(client, call, options)
  for (let place = from; ; ) {
    const { got } = place
    const shortfall = (reason: string) => new Shortfall(reason, { expected, got })
    const { page, size, shared } = nextPage(got, pageRows)
    if (size <= shared) throw shortfall('the query does not end')
    const rows = await readPage(client, call, { page, pagesize: size }, options)
    if (rows.length > size) throw shortfall('a page has more rows than were asked for')
    if (!isBehind(place, rows, shared)) throw shortfall('rows moved between two pages')
    for (const batch of batchesOf(rows.slice(shared))) place = await save(batch)
    if (rows.length === size) continue
    if (place.got < expected) throw new Shortfall('rows are missing', { expected, got: place.got })
    return place.got
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
  { path, signal }: Pick<QueryPagesOptions, 'path' | 'signal'>,
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
