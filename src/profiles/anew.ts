// Remembers, until no sync runs, that the next one is to read everything anew.
import { readMeta, writeMeta } from '../store/meta.ts'
import { readAnew } from '../store/read-anew.ts'
import type { Sql } from '../store/sql.ts'

const META = 'read-anew'
const OTHER = 'server'

/** In the store, for the process may end before. */
export function askAnew(sql: Sql, { isOtherServer }: { readonly isOtherServer: boolean }): void {
  if (readMeta(sql, META) !== OTHER) writeMeta(sql, META, isOtherServer ? OTHER : 'rows')
}

/** Whether it had been asked; no sync may run. */
export function beginAnew(sql: Sql): boolean {
  const asked = readMeta(sql, META)
  if (asked === undefined) return false
  sql.transaction(() => {
    readAnew(sql, { isOtherServer: asked === OTHER })
    sql.run(`delete from meta where name = ?`, META)
  })
  return true
}
