// Reads the answer of a PowerQuery: its rows in batches, as they come, and its count.

import { BridgeError } from '../errors.ts'
import { createRowCutter, MAX_ROWS, Miscut, type RowRun } from './json-records-cutter.ts'
import type { QueryRow } from './query-ports.ts'

export interface RecordsEnd {
  readonly rows: number
  /** What the answer says of the number of rows that there are; undefined where it does not count. */
  readonly count: number | undefined
  /** Whether it has a `record` at all: one without rows has none. */
  readonly hasRecords: boolean
}

interface Records {
  readonly rows: readonly QueryRow[]
  readonly count: number | undefined
  readonly hasRecords: boolean
}

type Members = Readonly<Record<string, unknown>>

/**
 * Ends when the answer has, and only if it was one whole JSON value with nothing behind it. The next piece is asked for when
 * `onRows` has done with at most 500 rows. Refuses with `powerschool-broken-answer`: an answer that broke off, or is not
 * understood, is never a small one. Its messages tell nothing of what the answer holds.
 */
export async function readRecords(
  pieces: AsyncIterable<Uint8Array | string>,
  path: string,
  onRows: (rows: readonly QueryRow[]) => void | Promise<void>,
): Promise<RecordsEnd> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const cutter = createRowCutter()
  let rows = 0
  const give = async (batch: readonly QueryRow[]) => {
    rows += batch.length
    if (batch.length > 0) await onRows(batch)
  }
  for await (const piece of pieces) {
    const text = typeof piece === 'string' ? piece : understood(path, () => decoder.decode(piece, { stream: true }))
    for (const run of understood(path, () => cutter.write(text))) await give(rowsIn(run, path))
  }
  const { around, hasRows } = understood(path, () => {
    cutter.write(decoder.decode())
    return cutter.end()
  })
  const rest = recordsOf(parsed(around, path), path)
  // A second `record` would have taken the place of the one that was cut.
  if (hasRows && rest.rows.length > 0) throw brokenRecords(path, 'has its rows twice')
  for (const batch of batchesOf(rest.rows)) await give(batch)
  return { rows, count: rest.count, hasRecords: rest.hasRecords }
}

/**
 * What a whole answer holds. Rows come flattened or by table, one row perhaps as an object; without rows there is no `record`.
 * Refuses with `powerschool-broken-answer`.
 */
export function recordsOf(body: unknown, path: string): Records {
  if (!isMembers(body)) throw brokenRecords(path, 'is no object')
  if ('message' in body || 'errorMessage' in body) throw brokenRecords(path, 'is an error message')
  const { record, count } = body
  const hasRecords = record !== undefined
  if (!hasRecords && !Object.keys(body).every(isKnown)) throw brokenRecords(path, 'has no rows but something else')
  return { rows: flatRows(listOf(record, path), path), count: readCount(count, path), hasRecords }
}

/** `{"count":423}`; the number may come as text. */
export function recordCountOf(body: unknown, path: string): number {
  const count = isMembers(body) ? readCount(body.count, path) : undefined
  if (count === undefined) throw brokenRecords(path, 'has no number at count')
  return count
}

/** The rows as a reader of them gets them: no more at a time than a streamed answer would give. */
export function* batchesOf(rows: readonly QueryRow[]): Generator<readonly QueryRow[]> {
  for (let from = 0; from < rows.length; from += MAX_ROWS) yield rows.slice(from, from + MAX_ROWS)
}

/** `name`, `count`, and what is marked as no table's own: `@extensions`, `$dataversion`. */
function isKnown(name: string): boolean {
  return /^(?:name|count|[@$].*)$/.test(name)
}

function listOf(record: unknown, path: string): readonly unknown[] {
  if (record === undefined || record === '') return []
  if (Array.isArray(record)) return record
  if (isMembers(record)) return [record]
  throw brokenRecords(path, 'has neither rows nor nothing at record')
}

function readCount(told: unknown, path: string): number | undefined {
  if (told === undefined) return undefined
  const count = typeof told === 'number' || (typeof told === 'string' && told.trim() !== '') ? Number(told) : Number.NaN
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw brokenRecords(path, 'has no number at count')
}

function rowsIn({ json, isNested }: RowRun, path: string): readonly QueryRow[] {
  const rows = parsed(json, path)
  if (!Array.isArray(rows)) throw brokenRecords(path, 'has no list at record')
  // The cutter has seen that there is nothing in these rows but plain values: a look into each of them would cost a tenth more.
  if (!isNested && rows.every(isMembers)) return rows
  return flatRows(rows, path)
}

function flatRows(rows: readonly unknown[], path: string): readonly QueryRow[] {
  return rows.map((row) => {
    if (!isMembers(row)) throw brokenRecords(path, 'has a row that is no object')
    return isMembers(row.tables) ? mergedTables(row.tables, path) : plain(row, path)
  })
}

/** `{"id":1,"tables":{"cc":{…},"students":{…}}}` as one row. The aliases of our queries have no two columns of one name. */
function mergedTables(tables: Members, path: string): QueryRow {
  const columns = Object.values(tables).flatMap((table) => {
    if (!isMembers(table)) throw brokenRecords(path, 'has a row with a table that is no object')
    return Object.entries(plain(table, path))
  })
  const row = Object.fromEntries(columns)
  if (Object.keys(row).length < columns.length) throw brokenRecords(path, 'has a column of one name in two tables')
  return row
}

function plain(row: Members, path: string): QueryRow {
  for (const value of Object.values(row)) {
    if (typeof value === 'object' && value !== null) throw brokenRecords(path, 'has a value that is no text')
  }
  return row
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What decoder and cutter refuse, in our words: theirs may repeat the answer. */
function understood<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (failure) {
    if (failure instanceof Miscut) throw brokenRecords(path, failure.message)
    if (failure instanceof TypeError) throw brokenRecords(path, 'is not UTF-8')
    throw failure
  }
}

function parsed(json: string, path: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // Without its cause: the parser's message quotes the answer.
    throw brokenRecords(path, 'is not whole JSON')
  }
}

function brokenRecords(path: string, what: string): BridgeError {
  return new BridgeError('powerschool-broken-answer', `The answer to ${path} ${what}.`, {
    remedy: 'Nothing, if it passes; else look at proxies and limits between the bridge and PowerSchool.',
  })
}
