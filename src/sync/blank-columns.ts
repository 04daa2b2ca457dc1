// Columns of extension tables that PowerSchool delivered for nobody: it leaves out what it does not know, without a word.
import type { RunDiagnostic } from '../mapping/ports.ts'
import type { Mapping, SourcePlan } from '../mapping/run/compile.ts'
import { blankSlots } from '../store/blank-slots.ts'
import type { Template } from '../store/crawls.ts'
import type { Sql } from '../store/sql.ts'

export interface BlankColumnsOptions {
  readonly sql: Sql
  readonly mapping: Mapping
  readonly template: Template
  /** How many rows a source has. */
  readonly count: (source: string) => number
}

/**
 * A `column-blank` for each column of an extension table that was asked for and is blank in every row: most likely it is named
 * otherwise in PowerSchool. In short steps. A source without rows says nothing.
 */
export function* blankColumns(options: BlankColumnsOptions): Generator<void, RunDiagnostic[]> {
  const { sql, mapping, template, count } = options
  const diagnostics: RunDiagnostic[] = []
  for (const plan of mapping.sources) {
    const asked = askedColumns(plan, mapping, template)
    if (asked.length === 0 || count(plan.name) === 0) continue
    const blank = new Set(
      yield* blankSlots(
        sql,
        plan.name,
        asked.map(({ slot }) => slot),
      ),
    )
    for (const { path, slot } of asked) {
      if (blank.has(slot)) {
        diagnostics.push({ code: 'column-blank', rule: plan.name, field: path, count: count(plan.name), keys: [] })
      }
    }
  }
  return diagnostics
}

/** Of extension tables; a query delivers only those that rules use. */
function askedColumns({ name, shape, rest, powerquery }: SourcePlan, { checked }: Mapping, template: Template) {
  const query = template === 'powerquery' ? powerquery : undefined
  const extensions = checked.tree.sources.get(name)?.powerquery?.extend.map(({ table }) => table.text) ?? []
  const tables = query ? extensions : (rest?.extend ?? [])
  const delivered = query && new Set(query.rows.columns.map(({ path }) => path))
  return shape.paths
    .map((path, slot) => ({ path, slot }))
    .filter(({ path }) => tables.some((table) => path.startsWith(`${table}.`)) && (delivered?.has(path) ?? true))
}
