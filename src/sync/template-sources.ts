// What the mapping's sources need of PowerSchool's rights, for finding out which template is allowed.

import type { NamedQuery, PowerqueryReader, QueryArgument } from '../mapping/query/powerquery-plan.ts'
import type { SourcePlan } from '../mapping/run/compile.ts'
import { queryName } from '../powerschool/query-name.ts'
import type { TemplateSource } from '../powerschool/template.ts'
import { isWanted } from './crawl-plan.ts'

type Settings = Readonly<Record<string, unknown>>

/** A year as good as any: only whether the query is answered counts, not with how many rows. */
const SOME_NUMBER = 2000
const LONG_AGO = 20_000_101

/**
 * The sources that the settings ask for, with every query that a crawl may send; `prefix` is what the names of the plugin's
 * queries begin with. `settings` are the mapping's with the bridge's over them.
 */
export function templateSources(
  sources: readonly SourcePlan[],
  settings: Settings,
  prefix: string,
): readonly TemplateSource[] {
  return sources
    .filter((source) => isWanted(source, settings))
    .map(({ name, rest, powerquery }) => ({
      source: name,
      ...(rest === undefined ? {} : { rest: rest.get }),
      queries: queriesOf(powerquery).map((query) => ({
        name: queryName(prefix, query),
        arguments: Object.fromEntries(
          query.arguments.map((argument) => [argument.name, probeValue(argument, settings)]),
        ),
      })),
    }))
}

function queriesOf(reader: PowerqueryReader | undefined): readonly NamedQuery[] {
  if (reader === undefined) return []
  const { rows, incremental } = reader
  return incremental === undefined ? [rows] : [rows, incremental.keys, incremental.changes]
}

/** Without a setting it is `since`. */
function probeValue({ setting }: QueryArgument, settings: Settings): string | number {
  if (setting === undefined) return LONG_AGO
  const value = settings[setting]
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? value : SOME_NUMBER
}
