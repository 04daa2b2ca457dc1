// A store that is a copy of an earlier state: consumers have read what came after it, and are to be told everything once more.
import { COLUMNS_ADDED, readMeta, writeMeta } from './meta.ts'
import { raiseServed } from './served.ts'
import type { Sql } from './sql.ts'

/** `deploy/backup.ts` writes it into every copy. */
export const RESTORED = 'restored'
const RECORDS = 'records_'

/**
 * Notes that the store was restored, until `bearAnew` has been called. No publish is stamped before `servedMs` (ms since 1970),
 * the latest moment at which the state that was given up could have been read.
 */
export function markRestored(sql: Sql, servedMs: number): void {
  sql.transaction(() => {
    writeMeta(sql, RESTORED, '')
    raiseServed(sql, servedMs)
  })
}

export function isRestored(sql: Sql): boolean {
  return readMeta(sql, RESTORED) !== undefined
}

/**
 * Has the next publish give every record a new version, so that whoever reads by `dateLastModified` gets all of them, whatever
 * was read of the state that was given up. No sync may run; what one had prepared is taken back by the next.
 */
export function bearAnew(sql: Sql): void {
  sql.transaction(() => {
    const tables = sql.all<{ name: string }>(
      `select substr(name, ?) as name from sqlite_schema where type = 'table' and substr(name, 1, ?) = ?`,
      RECORDS.length + 1,
      RECORDS.length,
      RECORDS,
    )
    for (const { name } of tables) writeMeta(sql, COLUMNS_ADDED + name, '')
    // It was made before all are to be new: a sync that the guard holds, or one that waited for the consumers.
    sql.run(`update pending set sync = ''`)
    sql.run(`delete from meta where name = ?`, RESTORED)
  })
}
