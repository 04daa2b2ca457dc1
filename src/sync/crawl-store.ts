// What the crawl asks of the rest of the bridge: typed rows into the store, parents and settings out of it.
import { BridgeError } from '../errors.ts'
import type { StagedRow, StagedRows } from '../mapping/ports.ts'
import { withExtensions } from '../mapping/query/extension-data.ts'
import type { Mapping, SourcePlan } from '../mapping/run/compile.ts'
import { chooseStartYear, type YearTerm } from '../mapping/school-year.ts'
import { shapeAt } from '../mapping/shape.ts'
import type { CrawlStore } from '../powerschool/crawl-ports.ts'
import type { CrawlProgress } from '../store/crawl-progress.ts'
import { type Crawl, saveCrawlSettings } from '../store/crawls.ts'
import type { Sql } from '../store/sql.ts'
import { openQueryStore } from './query-store.ts'
import { stagedRows } from './staged.ts'
import { todayIn } from './today.ts'
import { typeRows } from './type-rows.ts'

export interface CrawlStoreOptions {
  readonly sql: Sql
  readonly mapping: Mapping
  readonly crawl: Crawl
  readonly progress: CrawlProgress
  readonly pause: () => Promise<void>
}

/** Rows that are read between two pauses: a few milliseconds. */
const SLICE_ROWS = 200

/** The settings that a crawl has fixed or found, and the date in its district. */
export function crawlSettings(crawl: Crawl): {
  readonly timeZone: string | undefined
  readonly values: Crawl['settings']
} {
  const zone = crawl.settings.time_zone
  return { timeZone: typeof zone === 'string' ? zone : undefined, values: crawl.settings }
}

/** Found by the crawl, or by the bridge when it began; the mapping and the settings have no say in them unless they pin the year. */
const OF_THE_CRAWL = ['start_year', 'term_years', 'first_term_year', 'last_term_year', 'time_zone']

/** The settings with which rows of a crawl are mapped, by the mapping and the bridge's settings of today. */
export function settingsOfRun(
  { settings: found }: Pick<Crawl, 'settings'>,
  mapping: Pick<Mapping, 'settings'>,
  settings: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const kept = OF_THE_CRAWL.flatMap((name) => (found[name] === undefined ? [] : [[name, found[name]] as const]))
  return { ...mapping.settings, ...settings, ...Object.fromEntries(kept) }
}

export function openCrawlStore({ sql, mapping, crawl, progress, pause }: CrawlStoreOptions): CrawlStore {
  const rows = stagedRows(sql, crawl)
  const plans = new Map(mapping.sources.map((plan) => [plan.name, plan]))
  const planOf = (source: string): SourcePlan => {
    const plan = plans.get(source)
    if (plan === undefined) throw new Error(`the mapping has no source ${source}`)
    return plan
  }
  const settings: Record<string, unknown> = { ...crawl.settings }
  const today = todayIn(crawlSettings(crawl).timeZone, crawl.startedMs)
  const startRun = () => mapping.startRun({ rows, settings, today })

  const startYear = (): number => {
    const slots = slotsOf(planOf('terms'), ['school_id', 'start_year', 'portion', 'start_date', 'end_date'])
    const year = chooseStartYear(yearTerms(rows.batch('terms', 0, Number.MAX_SAFE_INTEGER), slots), today)
    if (year !== undefined) return year
    throw new BridgeError('scope-empty', 'The schools in scope have no year term in PowerSchool near today.', {
      remedy:
        'Check Years & Terms of the schools in PowerSchool, the setting SCHOOLS, or pin the year with SCHOOL_YEAR.',
    })
  }

  const typed = (source: string, raw: readonly unknown[]) => {
    const plan = planOf(source)
    const { extend = [] } = plan.rest ?? {}
    const opened = extend.length === 0 ? raw : raw.map((row) => withExtensions(row, extend))
    return typeRows(plan, opened, { pause })
  }

  async function parentValues(placeholder: string): Promise<readonly (string | number)[]> {
    const { plan, slot, of } = parentOf(mapping, planOf, placeholder)
    const parents = of === undefined ? allRows(rows, plan.name) : startRun().scope(of)
    const values: unknown[] = []
    for (const { row } of parents) {
      values.push(row[slot])
      if (values.length % SLICE_ROWS === 0) await pause()
    }
    if (of === 'orgs.school' && values.length === 0) {
      throw new BridgeError('scope-empty', 'PowerSchool shows no school that is in scope.', {
        remedy: 'Check the school numbers in the setting SCHOOLS and that the plugin may read schools.',
      })
    }
    return values.filter((value) => typeof value === 'string' || typeof value === 'number')
  }

  return {
    parentValues,
    queries: openQueryStore({ progress, planOf, parentValues, pause }),
    setting(name) {
      if (name === 'start_year' && typeof settings.start_year !== 'number') {
        settings.start_year = startYear()
        saveCrawlSettings(sql, crawl, settings)
      }
      return settings[name]
    },
    savePage: async (source, list, page, raw, uncounted) =>
      progress.savePage(source, list, page, await typed(source, raw), uncounted),
    listState: progress.listState,
    mayBeUnchanged: progress.mayBeUnchanged,
    finishUnchanged: async (source, list, raw) => progress.finishUnchanged(source, list, await typed(source, raw)),
    beginList: progress.beginList,
    openList: progress.openList,
    countList: progress.countList,
    restartList: progress.restartList,
    shortReadings: progress.shortReadings,
    finishList: progress.finishList,
    isSourceDone: progress.isSourceDone,
    finishSource: progress.finishSource,
  }
}

/** `sections.id` is a column of a source, `orgs.school.id` one of the rows that a rule publishes. */
function parentOf(
  mapping: Mapping,
  planOf: (source: string) => SourcePlan,
  placeholder: string,
): { plan: SourcePlan; slot: number; of: string | undefined } {
  const names = placeholder.split('.')
  const column = names.at(-1) ?? ''
  const of = names.length === 3 ? names.slice(0, 2).join('.') : undefined
  const plan = planOf((of === undefined ? names[0] : mapping.sourceOf(of)) ?? '')
  return { plan, slot: slotsOf(plan, [column])[column] ?? 0, of }
}

function slotsOf(plan: SourcePlan, columns: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    columns.map((column) => {
      const shape = shapeAt(plan.shape, column.split('.'))
      if (shape === undefined || shape.kind === 'group')
        throw new Error(`the source ${plan.name} has no column ${column}`)
      return [column, shape.slot]
    }),
  )
}

function* allRows(rows: StagedRows, source: string): Generator<StagedRow> {
  let after = 0
  while (true) {
    const batch = rows.batch(source, after, 1_000)
    const last = batch.at(-1)
    if (last === undefined) return
    yield* batch
    after = last.ordinal
  }
}

function yearTerms(rows: readonly StagedRow[], slots: Readonly<Record<string, number>>): YearTerm[] {
  // The terms source types these columns: integers and dates.
  return rows.map(
    ({ row }) =>
      Object.fromEntries(Object.entries(slots).map(([column, slot]) => [column, row[slot]])) as unknown as YearTerm,
  )
}
