// What the staged rows were asked for: a text in the store, compared with what a mapping would ask for today.
import type { CheckedMapping } from '../mapping/check/check.ts'
import type { Parent } from '../mapping/check/check-readers.ts'
import { scopeMeaning } from '../mapping/meaning.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import { namesAndTypes } from '../mapping/shape.ts'
import type { CrawlSource } from '../powerschool/crawl-ports.ts'
import type { Template } from '../store/crawls.ts'
import { crawlSources } from './crawl-plan.ts'

export interface PlanInput {
  readonly mapping: Mapping
  readonly template: Template
  /** Settings of the bridge, laid over the mapping's. */
  readonly settings: Readonly<Record<string, unknown>>
  /** What the names of the plugin's queries begin with. */
  readonly queryPrefix: string
}

export interface PlannedSource {
  /** Undefined where it is not read: by a switch, or without a reader of the template. */
  readonly reader: CrawlSource | undefined
  readonly key: string
  /** As `namesAndTypes` tells it. */
  readonly columns: unknown
  /** The columns that the query delivers; undefined where all declared ones come. */
  readonly delivered?: readonly string[]
  /** The column, and whose values it must have, where a query's rows are not all kept. */
  readonly within?: readonly [column: string, parent: string]
}

/** Everything that decides what is asked of PowerSchool, and how it is stored. */
export interface StagedPlan {
  readonly sources: Readonly<Record<string, PlannedSource>>
  /** Which rows are parents of lists, and which are kept. */
  readonly scope: string
  /** Values of the settings that requests name. */
  readonly settings: readonly (readonly [string, unknown])[]
}

/** A change of any of it begins the crawl anew; rules that decide nothing of it may change, and the rows stay of use. */
export function stagedPlan(input: PlanInput): StagedPlan {
  const { mapping, template } = input
  const settings = { ...mapping.settings, ...input.settings }
  const readers = new Map(crawlSources(input).map((source) => [source.name, source]))
  const sources = mapping.sources.map(({ name, key, shape, powerquery }) => {
    const reader = readers.get(name)
    const query = template === 'powerquery' ? powerquery : undefined
    const delivered = query?.rows.columns.map(({ path }) => path)
    const within = query?.within && ([query.within.path, parentText(query.within.parent)] as const)
    const columns = namesAndTypes(shape)
    return [name, { reader, key, columns, ...(delivered && { delivered }), ...(within && { within }) }] as const
  })
  sources.sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    sources: Object.fromEntries(sources),
    scope: scopeMeaning(parentRules(mapping.checked), mapping.checked, settings),
    settings: settingsOf([...readers.values()]).map((name) => [name, settings[name] ?? null] as const),
  }
}

/** As the store keeps it. */
export const planText = (plan: StagedPlan): string => JSON.stringify(plan)

/** Undefined for what an earlier version kept. */
export function readPlan(text: string): StagedPlan | undefined {
  const plan: unknown = JSON.parse(text)
  const isPlan = typeof plan === 'object' && plan !== null && 'sources' in plan && 'scope' in plan
  return isPlan ? (plan as StagedPlan) : undefined
}

const parentText = ({ name, column }: Parent) => `${name}.${column}`

function parentRules({ readers }: CheckedMapping): string[] {
  return [...readers.parents.values(), ...readers.within.values()]
    .filter(({ of }) => of === 'rule')
    .map(({ name }) => name)
}

/** `{settings.x}` of `q`, and the settings of arguments. What the engine finds by itself has no value here. */
function settingsOf(readers: readonly CrawlSource[]): string[] {
  const named = readers.flatMap((reader) => {
    if (reader.kind === 'rest')
      return [...(reader.q ?? '').matchAll(/\{settings\.([^{}]*)\}/g)].map(([, name]) => name ?? '')
    const { rows, incremental } = reader
    return [rows, ...(incremental ? [incremental.changes, incremental.keys] : [])].flatMap((query) =>
      Object.values(query.settings),
    )
  })
  return [...new Set(named)].sort()
}
