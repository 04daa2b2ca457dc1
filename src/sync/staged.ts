// The rows of a crawl as the mapping reads them.
import type { StagedRows } from '../mapping/ports.ts'
import type { Crawl } from '../store/crawls.ts'
import type { Sql } from '../store/sql.ts'
import { readStagedRows } from '../store/staged-rows.ts'

export function stagedRows(sql: Sql, crawl: Crawl): StagedRows {
  // The crawl writes what `coerceRow` made, so its cells are the mapping's.
  return readStagedRows(sql, crawl) as StagedRows
}
