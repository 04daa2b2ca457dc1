// What is known of each list from crawl to crawl: whether its staged rows are as PowerSchool last told them.
import type { Sql } from './sql.ts'

export interface KeptList {
  /** Whether its rows are those of its last reading to the end, and nothing has changed them since. */
  readonly isWhole: boolean
  readonly hasProblems: boolean
  readonly rows: number
  /** When the last reading to the end began, of a list that can be asked for what has changed since. */
  readonly readMs?: number | undefined
}

/** The column came with lists that can be asked so. */
export const CRAWL_LISTS_STEP: readonly string[] = [`alter table crawl_lists add column read_ms integer`]

/** Undefined where it has no staged rows and never was whole. */
export function findList(sql: Sql, source: string, list: string): KeptList | undefined {
  const [row] = sql.all<{ is_whole: number; has_problems: number; rows: number; read_ms: number | null }>(
    `select is_whole, has_problems, rows, read_ms from crawl_lists where source = ? and list = ?`,
    source,
    list,
  )
  if (row === undefined) return undefined
  return {
    isWhole: row.is_whole === 1,
    hasProblems: row.has_problems === 1,
    rows: row.rows,
    readMs: row.read_ms ?? undefined,
  }
}

export function saveList(sql: Sql, source: string, list: string, kept: KeptList): void {
  const { isWhole, hasProblems, rows, readMs } = kept
  sql.run(
    `insert into crawl_lists (source, list, is_whole, has_problems, rows, read_ms) values (?, ?, ?, ?, ?, ?)
     on conflict (source, list) do update
       set is_whole = excluded.is_whole, has_problems = excluded.has_problems, rows = excluded.rows,
           read_ms = excluded.read_ms`,
    source,
    list,
    isWhole ? 1 : 0,
    hasProblems ? 1 : 0,
    rows,
    readMs ?? null,
  )
}

export function dropList(sql: Sql, source: string, list: string): void {
  sql.run(`delete from crawl_lists where source = ? and list = ?`, source, list)
}

const SLICE_LISTS = 1_000

/** The names of a source's lists, in slices. */
export function* listNames(sql: Sql, source: string): Generator<readonly string[]> {
  let after = ''
  for (;;) {
    const rows = sql.all<{ list: string }>(
      `select list from crawl_lists where source = ? and list > ? order by list limit ?`,
      source,
      after,
      SLICE_LISTS,
    )
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows.map(({ list }) => list)
    after = last.list
  }
}
