// When consumers were last served: no publish may be stamped earlier, and a polite one waits until they are quiet.
import { readMeta, writeMeta } from './meta.ts'
import type { Sql } from './sql.ts'

export interface Served {
  /** Notes that a consumer is being served at this moment. To be called before it is decided which generation it sees. */
  note(): void
  /** The latest moment (ms since 1970) at which a consumer was served, by any process and also before the clock stepped back. */
  latestMs(): number
  /** For how long nobody has been served. */
  quietMs(): number
}

/** Never falls: the floor of publish times. */
const SERVED_UNTIL = 'served-until'
/** Follows the clock, also back. */
const LAST_SERVED = 'last-served'
/** A moment is written down for so much longer than it lasts, so that a busy second costs one write. */
const AHEAD_MS = 1_000

/** Has no publish be stamped before that moment (ms since 1970), as if a consumer had been served then. */
export function raiseServed(sql: Sql, ms: number): void {
  sql.transaction(() => writeMeta(sql, SERVED_UNTIL, String(Math.max(ms, servedUntil(sql)))))
}

/** The latest moment at which a consumer may have been served, as far as it is written down; 0 before the first. */
export function servedUntil(sql: Sql): number {
  return Number(readMeta(sql, SERVED_UNTIL) ?? 0)
}

/**
 * What is in the store is never earlier than what was noted, and at most a second later: that is exact enough for other
 * processes and after a restart. In this process it is exact.
 */
export function openServed(sql: Sql, now: () => number): Served {
  /** What this process noted last and latest, and what it wrote of that. */
  let own:
    | { readonly ms: number; readonly latest: number; readonly writtenMs: number; readonly until: number }
    | undefined
  /** What others have written. */
  let others = 0
  const stored = (name: string) => Number(readMeta(sql, name) ?? 0)

  function write(ms: number) {
    const writtenMs = ms + AHEAD_MS
    return sql.transaction(() => {
      const before = stored(SERVED_UNTIL)
      if (before !== own?.until) others = Math.max(others, before)
      const until = Math.max(writtenMs, before)
      writeMeta(sql, LAST_SERVED, String(writtenMs))
      writeMeta(sql, SERVED_UNTIL, String(until))
      return { writtenMs, until }
    })
  }

  return {
    note() {
      const ms = now()
      const isWritten = own !== undefined && ms <= own.writtenMs && ms > own.writtenMs - 2 * AHEAD_MS
      const { writtenMs, until } = own !== undefined && isWritten ? own : write(ms)
      own = { ms, latest: Math.max(own?.latest ?? 0, ms), writtenMs, until }
    },
    latestMs() {
      const until = stored(SERVED_UNTIL)
      return Math.max(own?.latest ?? 0, others, until === own?.until ? 0 : until)
    },
    quietMs() {
      const writtenMs = stored(LAST_SERVED)
      const lastMs = own !== undefined && writtenMs === own.writtenMs ? own.ms : writtenMs
      return Math.max(0, now() - lastMs)
    },
  }
}
