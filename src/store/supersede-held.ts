// What the guard holds was made of settings that are no more.
import type { Sql } from './sql.ts'

/** From now on nobody can release it; the next sync takes it back. */
export function supersedeHeld(sql: Sql): void {
  sql.run(`update pending set sync = '' where sync in (select id from syncs where status = 'validationError')`)
}
