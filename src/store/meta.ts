// Single named values of a profile.
import type { Sql } from './sql.ts'

/** Before a table's name: the table has gained columns, which the next publish fills. */
export const COLUMNS_ADDED = 'columns-added '

export function readMeta(sql: Sql, name: string): string | undefined {
  return sql.all<{ value: string }>(`select value from meta where name = ?`, name)[0]?.value
}

export function writeMeta(sql: Sql, name: string, value: string): void {
  sql.run(
    `insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value`,
    name,
    value,
  )
}
