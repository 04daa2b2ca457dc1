// What follows a sync that ended well: the large lists are deflated, so that compressed pages cost next to nothing.
import type { Log } from '../log.ts'
import type { Deflate, Form } from '../store/records.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import { warmPieces } from '../store/warm-pieces.ts'

export interface WarmContext {
  readonly sql: Sql
  /** In which forms consumers read. */
  readonly forms: readonly Form[]
  /** Storage names of the tables that consumers may read now. */
  readonly readableTables: () => readonly string[]
  readonly deflate: Deflate
  readonly now: () => number
  readonly pause: () => Promise<void>
  readonly log: Log
}

/**
 * Goes on where a sync that was ended early has left off. What fails here waits for the next sync: pages are deflated on
 * request until then. A held sync changes nothing that is read, so the current snapshot is what counts.
 */
export async function warmLists(context: WarmContext, id: string, signal: AbortSignal): Promise<void> {
  const { sql, readableTables, now, log } = context
  const snapshot = currentSnapshot(sql)
  if (snapshot === undefined) return
  const startedMs = now()
  try {
    await warmPieces(sql, { ...context, tables: readableTables(), generation: snapshot.generation, signal })
    log.debug('lists-deflated', { sync: id, generation: snapshot.generation, ms: now() - startedMs })
  } catch (error) {
    if (signal.aborted) return
    // Whatever it was: the sync is published, and no answer depends on this.
    log.error('deflating-failed', { sync: id, message: error instanceof Error ? error.message : 'unknown' })
  }
}
