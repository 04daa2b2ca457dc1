// How much the store holds, for those who watch it.
import type { Sql } from './sql.ts'

/** Pins of paging, also those that have ended and wait for clean-up. */
export function countPins(sql: Sql): number {
  return sql.all<{ n: number }>(`select count(*) as n from pins`)[0]?.n ?? 0
}
