// Where a query that was read in part is gone on with: by a page that begins with rows that are there already.

import { shortDigest } from '../digest.ts'
import type { QueryPlace, QueryRow } from './query-ports.ts'

export interface NextPage {
  readonly page: number
  readonly size: number
  /** With so many rows that have come before the page begins. */
  readonly shared: number
}

/**
 * PowerSchool's page n of s rows begins after (n-1)·s rows. Behind `got` rows n is the smallest that needs no page of more than
 * `pageRows`, and s as large as leaves one row or more in common: never more of them than pages before.
 */
export function nextPage(got: number, pageRows: number): NextPage {
  const before = Math.ceil(got / pageRows)
  if (before === 0) return { page: 1, size: pageRows, shared: 0 }
  const size = Math.floor((got - 1) / before)
  return { page: before + 1, size, shared: got - before * size }
}

/** Whether a page behind so few rows is large enough to be worth while; all is read anew otherwise. */
export function isWorthKeeping({ got }: QueryPlace, pageRows: number): boolean {
  return got >= pageRows / 2
}

export function beginning(attempt: number): QueryPlace {
  return { got: 0, tail: [], attempt }
}

/** With as many digests as a next page may have in common. */
export function placeBehind(
  { got, tail, attempt }: QueryPlace,
  rows: readonly QueryRow[],
  pageRows: number,
): QueryPlace {
  const wanted = Math.ceil((got + rows.length) / pageRows) + 1
  const digests = rows.slice(-wanted).map(digestOf)
  const kept = digests.length < wanted ? tail.slice(digests.length - wanted) : []
  return { got: got + rows.length, tail: [...kept, ...digests], attempt }
}

/** Whether a page begins with the rows that came last. */
export function isBehind({ tail }: QueryPlace, rows: readonly QueryRow[], shared: number): boolean {
  if (shared > tail.length || shared > rows.length) return false
  return rows.slice(0, shared).every((row, index) => digestOf(row) === tail[tail.length - shared + index])
}

/** Whatever the order of its columns: a streamed answer and a page need not have the same. */
function digestOf(row: QueryRow): string {
  return shortDigest(JSON.stringify(Object.entries(row).sort(([a], [b]) => Number(a > b) - Number(a < b))))
}
