// What was prepared by settings that are no more.
import type { Sql } from './sql.ts'

/** From now on nobody can release what the guard holds; the next sync takes it back. */
export function supersedeHeld(sql: Sql): void {
  sql.run(`update pending set sync = '' where sync in (select id from syncs where status = 'validationError')`)
}

/** The same of whatever is prepared: a sync that goes on prepares it anew. */
export function supersedePending(sql: Sql): void {
  sql.run(`update pending set sync = ''`)
}
