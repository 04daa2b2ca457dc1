// The rows of a crawl, as the mapping reads them: in order, by key, and by the columns that its lookups match.
import type { Crawl } from './crawls.ts'
import type { Sql } from './sql.ts'
import { slotText, stagedTable } from './staged-tables.ts'

type Cells = readonly unknown[]

export interface StagedRow {
  readonly ordinal: number
  readonly row: Cells
}

interface StoredRow {
  readonly seq: number
  readonly body: string
}

// Written by `savePage` only, always as an array.
const asStaged = ({ seq, body }: StoredRow): StagedRow => ({ ordinal: seq, row: JSON.parse(body) as Cells })

export interface StagedRows {
  count(source: string): number
  /** Rows with an ordinal above `after`, ascending, at most `limit`. */
  batch(source: string, after: number, limit: number): readonly StagedRow[]
  byOrdinal(source: string, ordinal: number): StagedRow | undefined
  byKey(source: string, key: string | number): StagedRow | undefined
  /** By key: which ordinals rows have depends on what came and went before. */
  byMatch(
    source: string,
    slots: readonly number[],
    values: readonly (string | number | boolean)[],
  ): readonly StagedRow[]
}

/** The crawl is asked for because only a complete one may be mapped; while one is under way, the sources that it has finished. */
export function readStagedRows(sql: Sql, _crawl: Crawl): StagedRows {
  const tables = new Map<string, string>()
  const table = (source: string) => {
    let name = tables.get(source)
    if (name === undefined) {
      name = stagedTable(source)
      tables.set(source, name)
    }
    return name
  }
  const one = (statement: string, parameter: string | number) => {
    const [row] = sql.all<StoredRow>(statement, parameter)
    return row && asStaged(row)
  }
  return {
    count(source) {
      // Each of the two counts by an index; rows that are hidden are few.
      const [row] = sql.all<{ n: number }>(
        `select (select count(*) from ${table(source)})
           - (select count(*) from ${table(source)} where is_hidden = 1) as n`,
      )
      return row?.n ?? 0
    },
    batch: (source, after, limit) =>
      sql
        .all<StoredRow>(
          `select seq, body from ${table(source)} where seq > ? and is_hidden = 0 order by seq limit ?`,
          after,
          limit,
        )
        .map(asStaged),
    byOrdinal: (source, ordinal) =>
      one(`select seq, body from ${table(source)} where seq = ? and is_hidden = 0`, ordinal),
    byKey: (source, key) => one(`select seq, body from ${table(source)} where key = ? and is_hidden = 0`, key),
    byMatch(source, slots, values) {
      const clauses = slots.map((slot) => `${slotText(slot)} = ?`).join(' and ')
      // SQLite reads a JSON boolean as 1 or 0.
      const parameters = values.map((value) => (typeof value === 'boolean' ? Number(value) : value))
      return sql
        .all<StoredRow>(
          `select seq, body from ${table(source)} where ${clauses} and is_hidden = 0 order by +key`,
          ...parameters,
        )
        .map(asStaged)
    },
  }
}
