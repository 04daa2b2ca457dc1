// How often each column of a list could not be read as its type, with the keys of some rows.
import type { Sql } from './sql.ts'

/** So many keys of rows are kept for each column. */
const KEPT_KEYS = 20

export interface ProblemCount {
  readonly path: string
  readonly found: string
  readonly count: number
  /** The first by their order as text. */
  readonly keys: readonly string[]
}

export interface RowProblem {
  readonly path: string
  readonly found: string
  /** Undefined where the row's key could not be read. */
  readonly key: string | number | undefined
}

export interface ProblemCounts {
  add(problem: ProblemCount): void
  /** In the same order whatever the order in which they were added. */
  list(): readonly ProblemCount[]
}

export function problemCounts(): ProblemCounts {
  let counts: Map<string, ProblemCount> | undefined
  return {
    add(problem) {
      counts ??= new Map()
      const name = JSON.stringify([problem.path, problem.found])
      const known = counts.get(name)
      counts.set(name, known === undefined ? problem : together(known, problem))
    },
    list: () =>
      counts === undefined ? [] : [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, problem]) => problem),
  }
}

function together(one: ProblemCount, other: ProblemCount): ProblemCount {
  return { ...one, count: one.count + other.count, keys: [...one.keys, ...other.keys].sort().slice(0, KEPT_KEYS) }
}

export function countProblems(problems: readonly RowProblem[]): readonly ProblemCount[] {
  if (problems.length === 0) return []
  const counts = problemCounts()
  for (const { path, found, key } of problems) {
    counts.add({ path, found, count: 1, keys: key === undefined ? [] : [String(key)] })
  }
  return counts.list()
}

interface ProblemRow {
  readonly path: string
  readonly found: string
  readonly count: number
  readonly keys: string
}

export function readProblems(sql: Sql, source: string, list: string): readonly ProblemCount[] {
  const rows = sql.all<ProblemRow>(
    `select path, found, count, keys from crawl_problems where source = ? and list = ?`,
    source,
    list,
  )
  const problems = problemCounts()
  // Written by `writeProblems` only.
  for (const row of rows) problems.add({ ...row, keys: JSON.parse(row.keys) as string[] })
  return problems.list()
}

/** In place of those that the list had. */
export function writeProblems(sql: Sql, source: string, list: string, problems: readonly ProblemCount[]): void {
  sql.run(`delete from crawl_problems where source = ? and list = ?`, source, list)
  for (const { path, found, count, keys } of problems) {
    sql.run(
      `insert into crawl_problems (source, list, path, found, count, keys) values (?, ?, ?, ?, ?, ?)`,
      source,
      list,
      path,
      found,
      count,
      JSON.stringify(keys),
    )
  }
}

/** Of all lists together, by source and column. */
export function sumProblems(sql: Sql): (ProblemCount & { readonly source: string; readonly keys: string[] })[] {
  const sums = sql.all<{ source: string; path: string; found: string; count: number }>(
    `select source, path, found, sum(count) as count from crawl_problems group by source, path, found`,
  )
  return sums.map((sum) => {
    const keys = sql.all<{ key: string }>(
      `select j.value as key from crawl_problems p, json_each(p.keys) j
       where p.source = ? and p.path = ? and p.found = ? order by p.list, j.key limit ?`,
      sum.source,
      sum.path,
      sum.found,
      KEPT_KEYS,
    )
    return { ...sum, keys: keys.map(({ key }) => key) }
  })
}
