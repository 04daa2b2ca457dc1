// What is remembered of a record's versions after their texts are gone: when each was published, and until when.
import type { Sql } from './sql.ts'

export const RECORD_HISTORY_SCHEMA: readonly string[] = []

/** Remembers versions that are about to be deleted; `seqs` is a JSON array of their numbers in `records_<collection>`. */
export function noteDeparted(_sql: Sql, _collection: string, _seqs: string): void {}

/** Forgets what left the roster before that time (ms since 1970); each step is a short transaction. */
export function* pruneHistory(_sql: Sql, _before: number): Generator<void> {}
