// Reads a PowerQuery whole: all its rows in one streamed answer, or page by page where that does not work.

import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import { RefusedError } from './answer.ts'
import { isOverload, type PowerSchoolClient } from './client.ts'
import { readRecords } from './json-records.ts'
import { countQuery, readQueryPages } from './query-pages.ts'
import type { QueryCall } from './query-ports.ts'
import { type QueryReading, Shortfall } from './query-read-ports.ts'
import { QUERY_PATH } from './query-refusal.ts'

export type { QueryReading } from './query-read-ports.ts'

const MAX_REPEATS = 3
/** After so many streamed answers that broke off, were too slow or failed, the rest is read in pages. */
const MAX_FAULTS = 2
const PAGE_ROWS = 10_000

export interface ReadQueryOptions {
  readonly log: Log
  readonly signal: AbortSignal | undefined
  /** Rows a page, where it has to be read in pages. */
  readonly pageRows?: number
}

/**
 * Ends when `reading` has been given every row that PowerSchool counts, or throws. Rows are given as they come, and no more are
 * asked for until the last ones have been dealt with. An answer that breaks off, is shorter than its count or repeats a row is
 * read again from the beginning, three times at most; then it is refused with `powerschool-incomplete` or its own failure.
 */
export async function readQuery(
  client: PowerSchoolClient,
  call: QueryCall,
  reading: QueryReading,
  { log, signal, pageRows = PAGE_ROWS }: ReadQueryOptions,
): Promise<{ readonly rows: number }> {
  const path = `${QUERY_PATH}${call.name}`
  let isPaged = false
  let faults = 0
  for (let attempt = 1; ; attempt += 1) {
    await reading.begin()
    try {
      const rows = isPaged
        ? await readQueryPages(client, call, reading, { path, signal, pageRows })
        : await readStream(client, call, reading, { path, signal })
      return { rows }
    } catch (failure) {
      const isShort = failure instanceof Shortfall
      const isFault = !isPaged && isOfStreaming(failure)
      if (!isShort && !isFault) throw failure
      if (isFault) faults += 1
      // The same question in the same form would be refused again.
      if (isFault && (faults === MAX_FAULTS || isRefusal(failure))) {
        log.warn('powerschool-query-paged', { query: call.name, reason: failure.code })
        isPaged = true
        attempt = 0
        continue
      }
      if (attempt > MAX_REPEATS) throw isShort ? incomplete(path, failure, attempt) : failure
      log.warn('powerschool-query-again', { query: call.name, attempt, ...detailsOf(failure) })
      await client.backOff(attempt, path, signal)
    }
  }
}

async function readStream(
  client: PowerSchoolClient,
  call: QueryCall,
  reading: QueryReading,
  options: { readonly path: string; readonly signal: AbortSignal | undefined },
): Promise<number> {
  const { path, signal } = options
  let got = 0
  const { count } = await client.stream(path, {
    method: 'POST',
    query: { pagesize: 0, count: 'true' },
    body: call.arguments,
    signal,
    take: (pieces) =>
      readRecords(pieces, path, async (rows) => {
        const { repeated } = await reading.rows(rows)
        got += rows.length
        if (repeated > 0) throw new Shortfall('a row came twice', { expected: undefined, got })
      }),
  })
  // A server may close its JSON properly in the middle of the rows.
  const expected = count ?? (await countQuery(client, call, options))
  if (got < expected) throw new Shortfall('rows are missing', { expected, got })
  return got
}

/** Whether the same rows might be had in smaller answers. */
function isOfStreaming(failure: unknown): failure is BridgeError {
  if (failure instanceof BridgeError && failure.code === 'powerschool-broken-answer') return true
  return isOverload(failure) || isRefusal(failure)
}

/** A server that does not take `pagesize=0`; of wrong arguments the first page tells in its turn. */
function isRefusal(failure: unknown): boolean {
  return failure instanceof RefusedError && failure.status === 400
}

function detailsOf(failure: Shortfall | BridgeError) {
  if (failure instanceof BridgeError) return { reason: failure.code }
  const { reason, expected, got } = failure
  return { reason, expected, got }
}

function incomplete(path: string, { reason, expected, got }: Shortfall, attempts: number): BridgeError {
  const counted = expected === undefined ? 'delivered' : `counts ${expected} rows and delivered`
  const message = `${path} ${counted} ${got}, read ${attempts} times: ${reason}.`
  return new BridgeError('powerschool-incomplete', message, {
    remedy: 'Sync again when fewer people work in PowerSchool; if it stays, report the query to the PowerSchool host.',
  })
}
