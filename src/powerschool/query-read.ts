// Reads a PowerQuery whole: all its rows in one streamed answer, or page by page where that does not work.

import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import { RefusedError } from './answer.ts'
import { isOverload, type PowerSchoolClient } from './client.ts'
import { readRecords } from './json-records.ts'
import { countQuery, readQueryPages } from './query-pages.ts'
import { beginning, isWorthKeeping, placeBehind } from './query-place.ts'
import type { QueryCall, QueryPlace, QueryRow } from './query-ports.ts'
import { type QueryReading, Shortfall } from './query-read-ports.ts'
import { QUERY_PATH } from './query-refusal.ts'

export type { QueryReading } from './query-read-ports.ts'

const MAX_REPEATS = 3
/** After so many streamed answers that broke off, were too slow or failed at their beginning, the rest is read in pages. */
const MAX_FAULTS = 2
const PAGE_ROWS = 5_000

export interface ReadQueryOptions {
  readonly log: Log
  readonly signal: AbortSignal | undefined
  /** Rows a page, where it has to be read in pages. */
  readonly pageRows?: number
}

/**
 * Ends when `reading` has been given every row that PowerSchool counts, or throws. Rows are given as they come, and no more are
 * asked for until the last ones have been dealt with. What came of an answer that broke off, or was left by an earlier process,
 * is gone on with in pages, unless it is little. An answer that is shorter than its count, repeats a row or does not fit what
 * came before is read again from the beginning, three times at most; then it is refused with `powerschool-incomplete` or its
 * own failure.
 */
export async function readQuery(
  client: PowerSchoolClient,
  call: QueryCall,
  reading: QueryReading,
  { log, signal, pageRows = PAGE_ROWS }: ReadQueryOptions,
): Promise<{ readonly rows: number }> {
  const path = `${QUERY_PATH}${call.name}`
  let place = reading.before ?? beginning(1)
  let isPaged = false
  let faults = 0
  const isGoingOn = () => isWorthKeeping(place, pageRows)
  const save = async (rows: readonly QueryRow[]) => {
    place = placeBehind(place, rows, pageRows)
    const { repeated } = await reading.rows(rows, place)
    if (repeated > 0) throw new Shortfall('a row came twice', { expected: undefined, got: place.got })
    return place
  }
  async function startAgain(attempt: number): Promise<void> {
    place = beginning(attempt)
    await reading.begin()
  }

  if (!isGoingOn()) await startAgain(place.attempt)
  else log.info('powerschool-query-resumed', { query: call.name, got: place.got })
  for (;;) {
    const wasGoingOn = isGoingOn()
    try {
      const rows =
        isPaged || wasGoingOn
          ? await readQueryPages(client, call, { path, signal, pageRows, from: place, save })
          : await readStream(client, call, { path, signal, save })
      return { rows }
    } catch (failure) {
      const { attempt } = place
      const isShort = failure instanceof Shortfall
      const isFault = !isPaged && !wasGoingOn && isOfStreaming(failure)
      if (!isShort && !isFault) throw failure
      if (isFault) faults += 1
      const isRest = isFault && isGoingOn()
      // The same question in the same form would be refused again.
      if (isRest || (isFault && (faults === MAX_FAULTS || isRefusal(failure)))) {
        log.warn('powerschool-query-paged', { query: call.name, reason: failure.code })
        if (isRest) continue
        isPaged = true
        await startAgain(1)
        continue
      }
      // At once: what was read must not be taken for sound by another process.
      await startAgain(attempt > MAX_REPEATS ? 1 : attempt + 1)
      if (attempt > MAX_REPEATS) throw isShort ? incomplete(path, failure, attempt) : failure
      // Pages that never fit behind a stream fit behind each other.
      if (isShort && wasGoingOn) isPaged = true
      log.warn('powerschool-query-again', { query: call.name, attempt, ...detailsOf(failure) })
      await client.backOff(attempt, path, signal)
    }
  }
}

interface StreamOptions {
  readonly path: string
  readonly signal: AbortSignal | undefined
  readonly save: (rows: readonly QueryRow[]) => Promise<QueryPlace>
}

async function readStream(client: PowerSchoolClient, call: QueryCall, options: StreamOptions): Promise<number> {
  const { path, signal, save } = options
  let got = 0
  const { count } = await client.stream(path, {
    method: 'POST',
    query: { pagesize: 0, count: 'true' },
    body: call.arguments,
    signal,
    take: (pieces) =>
      readRecords(pieces, path, async (rows) => {
        got = (await save(rows)).got
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
