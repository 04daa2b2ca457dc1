// The rows of a crawl, as the mapping reads them: in order, by key, and by the columns that its lookups match.
import { type Crawl, stagedTable } from './crawls.ts'
import { quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

type Cells = readonly unknown[]

export interface StagedRow {
  readonly ordinal: number
  readonly row: Cells
}

export interface MatchIndex {
  readonly source: string
  readonly slots: readonly number[]
}

interface StoredRow {
  readonly seq: number
  readonly body: string
}

// Written by `savePage` only, always as an array.
const asStaged = ({ seq, body }: StoredRow): StagedRow => ({ ordinal: seq, row: JSON.parse(body) as Cells })

const slotText = (slot: number) => `json_extract(body, '$[${Math.trunc(slot)}]')`

/** Makes the indexes that the mapping's lookups match on; those that are there already cost nothing. */
export function indexStagedRows(sql: Sql, crawl: Crawl, indexes: readonly MatchIndex[]): void {
  for (const { source, slots } of indexes) {
    const name = quoteName(`staged_${crawl.area}_${source}_by_${slots.join('_')}`)
    sql.run(
      `create index if not exists ${name} on ${stagedTable(crawl.area, source)}(${slots.map(slotText).join(', ')})`,
    )
  }
}

export interface StagedRows {
  count(source: string): number
  /** Rows with an ordinal above `after`, ascending, at most `limit`. */
  batch(source: string, after: number, limit: number): readonly StagedRow[]
  byOrdinal(source: string, ordinal: number): StagedRow | undefined
  byKey(source: string, key: string | number): StagedRow | undefined
  byMatch(
    source: string,
    slots: readonly number[],
    values: readonly (string | number | boolean)[],
  ): readonly StagedRow[]
}

export function readStagedRows(sql: Sql, crawl: Crawl): StagedRows {
  const tables = new Map<string, string>()
  const table = (source: string) => {
    let name = tables.get(source)
    if (name === undefined) {
      name = stagedTable(crawl.area, source)
      tables.set(source, name)
    }
    return name
  }
  return {
    count: (source) => sql.all<{ n: number }>(`select count(*) as n from ${table(source)}`)[0]?.n ?? 0,
    batch: (source, after, limit) =>
      sql
        .all<StoredRow>(`select seq, body from ${table(source)} where seq > ? order by seq limit ?`, after, limit)
        .map(asStaged),
    byOrdinal(source, ordinal) {
      const [row] = sql.all<StoredRow>(`select seq, body from ${table(source)} where seq = ?`, ordinal)
      return row && asStaged(row)
    },
    byKey(source, key) {
      const [row] = sql.all<StoredRow>(`select seq, body from ${table(source)} where key = ?`, key)
      return row && asStaged(row)
    },
    byMatch(source, slots, values) {
      const clauses = slots.map((slot) => `${slotText(slot)} = ?`).join(' and ')
      // SQLite reads a JSON boolean as 1 or 0.
      const parameters = values.map((value) => (typeof value === 'boolean' ? Number(value) : value))
      return sql
        .all<StoredRow>(`select seq, body from ${table(source)} where ${clauses} order by seq`, ...parameters)
        .map(asStaged)
    },
  }
}
