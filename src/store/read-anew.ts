// Has the next sync trust nothing that earlier crawls have found.
import type { Sql } from './sql.ts'

export interface ReadAnewOptions {
  /** The rows that are there are another server's: they are emptied before the next crawl, and not compared with its lists. */
  readonly isOtherServer?: boolean
}

/** No sync may run. Records, generations and sourcedIds stay: what comes is compared with what is published. */
export function readAnew(sql: Sql, { isOtherServer = false }: ReadAnewOptions = {}): void {
  sql.transaction(() => {
    for (const table of ['crawls', 'crawl_sources', 'crawl_marks']) sql.run(`delete from ${table}`)
    sql.run(`update mirror set full_ms = null`)
    // A plan that nothing asks for.
    if (isOtherServer) sql.run(`update mirror set plan = ''`)
  })
}
