// Guesses whether a list has few candidates, so that one statement finds it in less time than a step may take.
import { countStatement, type List, orderStatement } from './list-statement.ts'
import { quoteName } from './schema.ts'
import { activeTotals } from './snapshots.ts'
import type { Sql } from './sql.ts'

const FEW = 10_000
/** What an index leads to on average; a value of many records has several times as many. */
const FEW_ON_AVERAGE = 5_000

/** True for any list of a table that is small, for small deltas, and where an index on a column of many values leads. */
export function isFew(sql: Sql, list: List): boolean {
  const newest = newestSeq(sql, list.table)
  if (newest <= FEW) return true
  if (list.changedSinceMs !== undefined) {
    const { statement, parameters } = countStatement(list, list.changedSinceMs, FEW + 1)
    return (sql.all<{ n: number }>(statement, ...parameters)[0]?.n ?? 0) <= FEW
  }
  const isNarrowed = list.where.some(({ parameters }) => parameters.length > 0)
  const records = activeTotals(sql, list.generation).get(list.table) ?? newest
  return isNarrowed && isLed(sql, list, Math.ceil(records / FEW_ON_AVERAGE))
}

/** Versions are numbered upwards, so there are no more than that. */
function newestSeq(sql: Sql, table: string): number {
  return sql.all<{ seq: number | null }>(`select max(seq) as seq from ${quoteName(`records_${table}`)}`)[0]?.seq ?? 0
}

/** By SQLite's own plan; what it says in other words than we know counts as many. */
function isLed(sql: Sql, list: List, values: number): boolean {
  const { statement, parameters } = orderStatement(list)
  const steps = sql
    .all<{ detail: string }>(`explain query plan ${statement}`, ...parameters)
    .map(({ detail }) => detail)
    .filter((detail) => /^(?:SCAN|SEARCH) r\b/.test(detail))
  return steps.length > 0 && steps.every((detail) => leadsToFew(sql, list.table, detail, values))
}

const BY_SEQ = /USING INTEGER PRIMARY KEY \(rowid=\?/
const BY_COLUMN = /INDEX \w+ \((\w+)=\?/

function leadsToFew(sql: Sql, table: string, detail: string, values: number): boolean {
  // Seqs come from the links to one parent.
  if (BY_SEQ.test(detail)) return true
  const column = BY_COLUMN.exec(detail)?.[1]
  if (column === undefined || column === 'born') return false
  return column === 'sourcedId' || hasValues(sql, table, column, values)
}

/** Whether the column holds so many different values: one seek in its index for each. */
function hasValues(sql: Sql, table: string, column: string, values: number): boolean {
  const [name, records] = [quoteName(column), quoteName(`records_${table}`)]
  const [row] = sql.all<{ n: number }>(
    `with recursive walk(value) as (
       select min(${name}) from ${records}
       union all
       select (select min(${name}) from ${records} where ${name} > walk.value) from walk where walk.value is not null
       limit ?)
     select count(value) as n from walk`,
    values,
  )
  return (row?.n ?? 0) >= values
}
