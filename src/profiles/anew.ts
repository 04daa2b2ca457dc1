// Remembers, until no sync runs, that the next one is to read everything anew.
import { readMembersAnew } from '../groups/merge-state.ts'
import type { Log } from '../log.ts'
import { readMeta, writeMeta } from '../store/meta.ts'
import { readAnew } from '../store/read-anew.ts'
import { bearAnew, isRestored } from '../store/restored.ts'
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

/** Whether it had been asked, or the store is a restored one; no sync may run. */
export function beginAnew(sql: Sql): boolean {
  const asked = readMeta(sql, META)
  const isOfBefore = isRestored(sql)
  if (asked === undefined && !isOfBefore) return false
  sql.transaction(() => {
    if (isOfBefore) bearAnew(sql)
    readAnew(sql, { isOtherServer: asked === OTHER })
    readMembersAnew(sql)
    sql.run(`delete from meta where name = ?`, META)
  })
  return true
}

/** Both of these, when a profile is begun: whether everything is to be read anew. No sync may run. */
export function readAnewIfAsked(sql: Sql, server: string | undefined, log: Log): boolean {
  if (server !== undefined && askAnewOfServer(sql, server)) log.warn('profile-other-server')
  return beginAnew(sql)
}
