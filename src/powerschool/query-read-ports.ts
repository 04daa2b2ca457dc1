// What the readers of a PowerQuery share: who takes the rows, and how a reading says that it was not whole.

import type { QueryPlace, QueryRow } from './query-ports.ts'

export interface QueryReading {
  /** At the beginning of each attempt: forgets what came before. */
  begin(): void | Promise<void>
  /** At most 500 rows, in PowerSchool's order; with them the query is read to `place`. `repeated` > 0 makes the reading start again. */
  rows(rows: readonly QueryRow[], place: QueryPlace): Promise<{ readonly repeated: number }>
  /** How far an earlier process has come, where that is kept. */
  readonly before?: QueryPlace | undefined
}

/** Ends a reading whose rows cannot be all there are, each once. */
export class Shortfall extends Error {
  readonly reason: string
  readonly expected: number | undefined
  readonly got: number

  constructor(reason: string, { expected, got }: { readonly expected: number | undefined; readonly got: number }) {
    super(reason)
    this.reason = reason
    this.expected = expected
    this.got = got
  }
}

/** A query may need long for its first row, and for counting. */
export const QUERY_TIMEOUT_MS = 120_000
