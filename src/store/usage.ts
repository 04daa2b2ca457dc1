// How much the store holds, for those who watch it.
import type { Sql } from './sql.ts'

/** The size of the database file in bytes, without what still stands in its log. */
export function storeBytes(sql: Sql): number {
  const [row] = sql.all<{ bytes: number }>(
    `select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()`,
  )
  return row?.bytes ?? 0
}

/** Pins of paging, also those that have ended and wait for clean-up. */
export function countPins(sql: Sql): number {
  return sql.all<{ n: number }>(`select count(*) as n from pins`)[0]?.n ?? 0
}
