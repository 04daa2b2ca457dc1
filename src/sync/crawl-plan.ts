// What the crawl reads of PowerSchool by a template, as the mapping's sources say it.

import type { NamedQuery } from '../mapping/query/powerquery-plan.ts'
import type { Mapping, SourcePlan } from '../mapping/run/compile.ts'
import type { CrawlSource, QuerySource, QueryTemplate, RestSource } from '../powerschool/crawl-ports.ts'
import { queryName } from '../powerschool/query-name.ts'
import type { Template } from '../store/crawls.ts'

export interface PlanOptions {
  readonly mapping: Mapping
  readonly template: Template
  /** Settings of the bridge, laid over the mapping's. */
  readonly settings: Readonly<Record<string, unknown>>
  /** What the names of the plugin's queries begin with. */
  readonly queryPrefix: string
}

/**
 * In crawl order. By `powerquery` a source is read by its PowerQuery, by `rest` where it has none; by `rest` those that only
 * have a PowerQuery are not read.
 */
export function crawlSources({ mapping, template, settings, queryPrefix }: PlanOptions): CrawlSource[] {
  return mapping.sources.flatMap((source) => {
    if (!isWanted(source, { ...mapping.settings, ...settings })) return []
    const query = template === 'powerquery' ? querySource(source, queryPrefix) : undefined
    return query ?? restSource(source) ?? []
  })
}

/** Whether the settings ask for the source. */
export function isWanted({ when }: SourcePlan, settings: Readonly<Record<string, unknown>>): boolean {
  return when === undefined || settings[when] === true
}

function querySource({ name, powerquery }: SourcePlan, prefix: string): QuerySource | undefined {
  if (powerquery === undefined) return undefined
  const { rows, incremental } = powerquery
  const templateOf = (query: NamedQuery): QueryTemplate => ({
    name: queryName(prefix, query),
    settings: Object.fromEntries(
      query.arguments.flatMap(({ name: argument, setting }) => (setting === undefined ? [] : [[argument, setting]])),
    ),
  })
  return {
    kind: 'powerquery',
    name,
    rows: templateOf(rows),
    ...(incremental && {
      incremental: { changes: templateOf(incremental.changes), keys: templateOf(incremental.keys) },
    }),
  }
}

function restSource({ name, key, rest }: SourcePlan): RestSource | undefined {
  if (rest === undefined) return undefined
  const { get, q, expand, extend, rows, parent } = rest
  return {
    kind: 'rest',
    name,
    get,
    expand,
    extend,
    rows,
    keyPath: key,
    isSingle: !rows.includes('.'),
    ...(q === undefined ? {} : { q }),
    ...(parent === undefined ? {} : { parent: { placeholder: `${parent.name}.${parent.column}` } }),
  }
}
