// Remembers, until no sync runs, that the next one is to read everything anew.
import { readMembersAnew } from '../groups/merge-state.ts'
import { readMeta, writeMeta } from '../store/meta.ts'
import { readAnew } from '../store/read-anew.ts'
import type { Sql } from '../store/sql.ts'

const META = 'read-anew'
const OTHER = 'server'
/** Whose rows are there. */
const SERVER = 'rows-of-server'

/** In the store, for the process may end before. */
export function askAnew(sql: Sql, { isOtherServer = false }: { readonly isOtherServer?: boolean } = {}): void {
  if (readMeta(sql, META) !== OTHER) writeMeta(sql, META, isOtherServer ? OTHER : 'rows')
}

/**
 * Asks for it where the server is not the one that was asked before: its rows, or half a crawl of them, must not be mixed with
 * this one's. Answers whether it is another one; one that an earlier version of the bridge has read is taken to be the same.
 */
export function askAnewOfServer(sql: Sql, url: string): boolean {
  const server = new URL(url).href.replace(/\/+$/, '')
  const before = readMeta(sql, SERVER)
  if (before === server) return false
  sql.transaction(() => {
    writeMeta(sql, SERVER, server)
    if (before !== undefined) askAnew(sql, { isOtherServer: true })
  })
  return before !== undefined
}

/** Whether it had been asked; no sync may run. */
export function beginAnew(sql: Sql): boolean {
  const asked = readMeta(sql, META)
  if (asked === undefined) return false
  sql.transaction(() => {
    readAnew(sql, { isOtherServer: asked === OTHER })
    readMembersAnew(sql)
    sql.run(`delete from meta where name = ?`, META)
  })
  return true
}
