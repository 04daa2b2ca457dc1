// What the plugin asks PowerSchool for, and why: made of the mapping's sources.
import type { PluginSettings } from '../config.ts'
import type { Place } from '../mapping/diagnostic.ts'
import type { NamedQuery } from '../mapping/query/powerquery-plan.ts'
import type { Mapping, SourcePlan } from '../mapping/run/compile.ts'
import type { Plugin, PluginColumn, PluginQuery } from '../powerschool/plugin.ts'
import { queryName } from '../powerschool/query-name.ts'
import { isWanted } from '../sync/crawl-plan.ts'

/** One column at one place of the mapping that reads it. */
export interface AskedColumn extends PluginColumn {
  readonly place: Place
  /** `users.student.givenName`; empty for what only joins, narrows or orders. */
  readonly uses: readonly string[]
  /** The setting of the mapping without which it is not asked for. */
  readonly when?: string
}

export interface AskedQuery {
  /** In full, as PowerSchool knows it. */
  readonly name: string
  readonly source: string
  /** `all rows`, `rows changed since a day` … */
  readonly reads: string
  /** In capitals. */
  readonly tables: readonly string[]
}

export interface PluginRequest {
  readonly plugin: Plugin
  readonly queries: readonly AskedQuery[]
  readonly columns: readonly AskedColumn[]
}

/** The manifest alone, which opens /ws/v1. */
export function restRequest(settings: PluginSettings): PluginRequest {
  return { plugin: { ...identityOf(settings), queries: [], columns: [] }, queries: [], columns: [] }
}

/** The queries of the mapping's sources, but of those that a setting of the mapping leaves out. */
export function pluginRequest({ sources, settings }: Mapping, plugin: PluginSettings): PluginRequest {
  const read = sources.filter((source) => isWanted(source, settings))
  const queries = read.flatMap(queriesOf)
  const columns = askedColumns(read)
  const names = new Map(columns.map(({ table, column }) => [`${table}.${column}`, { table, column }]))
  return {
    plugin: {
      ...identityOf(plugin),
      queries: queries.map(({ source, query, kind }) => pluginQuery(source, query, kind)),
      columns: [...names.values()],
    },
    queries: queries.map(({ source, query, kind }) => ({
      name: queryName(plugin.queries, query),
      source,
      reads: KINDS[kind].reads,
      tables: [...new Set(query.columns.map(({ table }) => table))].sort(),
    })),
    columns,
  }
}

/** By table, column and place; a place comes once for each column. */
export function askedColumns(sources: readonly SourcePlan[]): readonly AskedColumn[] {
  const found = new Map<string, AskedColumn>()
  for (const { powerquery, when } of sources) {
    for (const { table, column, place, uses } of powerquery?.touched ?? []) {
      const key = JSON.stringify([table, column, place.file, place.line])
      const before = found.get(key)
      const all = [...new Set([...(before?.uses ?? []), ...uses])]
      found.set(key, { ...before, table, column, place, uses: all, ...(when === undefined ? {} : { when }) })
    }
  }
  return [...found.values()].sort(
    (a, b) =>
      compare(a.table, b.table) ||
      compare(a.column, b.column) ||
      compare(a.place.file, b.place.file) ||
      a.place.line - b.place.line,
  )
}

type Kind = keyof typeof KINDS

const KINDS = {
  rows: { reads: 'all rows', description: 'Every row, with the columns in use.' },
  keys: {
    reads: 'keys and days of change',
    description: 'Key and day of change of every row, by which deletions show.',
  },
  changes: {
    reads: 'rows changed since a day',
    description: 'The rows that changed since a day, or that tell no day.',
  },
} as const

const LONGEST_SUMMARY = 50

function pluginQuery(source: string, query: NamedQuery, kind: Kind): PluginQuery {
  const { reads, description } = KINDS[kind]
  return { ...query, summary: `${source}: ${reads}`.slice(0, LONGEST_SUMMARY), description }
}

function queriesOf({ name: source, powerquery }: SourcePlan) {
  if (powerquery === undefined) return []
  const { rows, incremental } = powerquery
  const all: { readonly kind: Kind; readonly query: NamedQuery }[] = [{ kind: 'rows', query: rows }]
  if (incremental !== undefined) {
    all.push({ kind: 'keys', query: incremental.keys }, { kind: 'changes', query: incremental.changes })
  }
  return all.map((one) => ({ source, ...one }))
}

function identityOf({ name, publisher, email, queries }: PluginSettings) {
  return { name, publisher, email, prefix: queries }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
