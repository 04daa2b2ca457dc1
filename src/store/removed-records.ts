// Which records a prepared generation would remove.
import { quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

/**
 * Some sourcedIds of a table's records that are told as removed from that generation on. In the order in which they were
 * placed, which is that of sourcedId: to put all of a district's in order would take a tenth of a second.
 */
export function removedIds(sql: Sql, table: string, generation: number, limit: number): string[] {
  return sql
    .all<{ sourcedId: string }>(
      `select sourcedId from ${quoteName(`records_${table}`)}
       where born = ? and status = 'tobedeleted' order by seq limit ?`,
      generation,
      limit,
    )
    .map(({ sourcedId }) => sourcedId)
}

/** How many of them lie after the one sourcedId and before the other. */
export function removedBetween(
  sql: Sql,
  table: string,
  generation: number,
  { after, end }: { readonly after: string; readonly end: string },
): number {
  const [row] = sql.all<{ n: number }>(
    `select count(*) as n from ${quoteName(`records_${table}`)}
     where born = ? and status = 'tobedeleted' and +sourcedId > ? and +sourcedId < ?`,
    generation,
    after,
    end,
  )
  return row?.n ?? 0
}
