// Whether a person has let go what the guard held, between two published generations.
import type { Sql } from './sql.ts'

/** As far as the records of those syncs are kept. */
export function wasReleasedBetween(sql: Sql, after: number, upTo: number): boolean {
  const [row] = sql.all<{ n: number }>(
    `select count(*) as n from syncs where status = 'success' and report ->> '$.isPublished' = 1
     and coalesce(json_array_length(report, '$.held'), 0) > 0
     and report ->> '$.generation' > ? and report ->> '$.generation' <= ?`,
    after,
    upTo,
  )
  return (row?.n ?? 0) > 0
}
