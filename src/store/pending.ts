// The generation that is prepared and seen by nobody yet, and whose it is.
import { BridgeError } from '../errors.ts'
import type { Sql } from './sql.ts'

/** The generation that is prepared but not seen, and the sync that prepared it. */
export interface Pending {
  readonly generation: number
  readonly sync: string
}

export function pendingGeneration(sql: Sql): Pending | undefined {
  return sql.all<Pending>(`select generation, sync from pending`)[0]
}

/** As `pendingGeneration`, when it is whole and waits: for a person to release it, or for the consumers to be quiet. */
export function wholePending(sql: Sql): Pending | undefined {
  return sql.all<Pending>(
    `select p.generation, p.sync from pending p join syncs s on s.id = p.sync 
     where s.status = 'validationError' or (s.status = 'inProgress' and s.stage = 'publish')`,
  )[0]
}

/** Refuses with `sync-running` when what is prepared is not that sync's: this process stood still, and another took over. */
export function requirePending(sql: Sql, sync: string): void {
  if (pendingGeneration(sql)?.sync !== sync) throw takenOver()
}

export function takenOver(): BridgeError {
  return new BridgeError('sync-running', 'Another process has taken over while this one stood still.', {
    remedy: 'Nothing: that process syncs.',
  })
}

/**
 * Takes a step of preparing that sync's generation, in a transaction: two processes that both believe to hold the lock (one
 * stood still, or the clock was set) must never write into the same generation. Refuses as `requirePending` does.
 */
export function inPending<T>(sql: Sql, sync: string, step: () => T): T {
  return sql.transaction(() => {
    requirePending(sql, sync)
    return step()
  })
}

/** Each step of `steps` as `inPending` takes it. */
export function* stepsInPending(sql: Sql, sync: string, steps: Generator<void>): Generator<void> {
  while (inPending(sql, sync, () => steps.next()).done !== true) yield
}
