// The generation that is prepared and seen by nobody yet, and whose it is.
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
