// Puts the rows of PowerQueries into the store: all of them, or what has changed among those that are there.
import { coerceRow } from '../mapping/coerce.ts'
import type { NamedQuery } from '../mapping/query/powerquery-plan.ts'
import { queryRowReader } from '../mapping/query/query-row.ts'
import type { SourcePlan } from '../mapping/run/compile.ts'
import { shapeAt } from '../mapping/shape.ts'
import type { QueryStore } from '../powerschool/crawl-ports.ts'
import type { QueryRow } from '../powerschool/query-ports.ts'
import type { CrawlProgress } from '../store/crawl-progress.ts'
import { createKeyDays, type KeyDays } from '../store/key-set.ts'
import { typeRows } from './type-rows.ts'

/** A PowerQuery's rows are one list. */
const LIST = 'all'

/**
 * Changes are asked for from so long before the last reading began. Only days are compared, and this is more than clocks and
 * time zones of two servers can differ by (facts 4.8: the stamps are local times without a zone).
 */
const OVERLAP_MS = 2 * 86_400_000

/**
 * So often a crawl begins to read what has changed of a source. It cannot be gone on with, so where no step is long enough for it
 * all rows are read, which can.
 */
const MOST_UPDATES = 2

const ALL = { repeated: 0 }

export interface QueryStoreOptions {
  readonly progress: CrawlProgress
  readonly planOf: (source: string) => SourcePlan
  /** The values of `orgs.school.id`, when they are first needed for a source. */
  readonly parentValues: (placeholder: string) => Promise<readonly (string | number)[]>
  readonly pause: () => Promise<void>
}

interface Open {
  readonly source: string
  readonly plan: SourcePlan
  /** The values that rows in scope have in their column; undefined where all rows are in scope. */
  readonly within: { readonly slot: number; readonly values: ReadonlySet<unknown> } | undefined
}

interface Update {
  readonly since: string
  readonly days: KeyDays
  isReadable: boolean
}

export function openQueryStore({ progress, planOf, parentValues, pause }: QueryStoreOptions): QueryStore {
  let open: Open | undefined
  let update: Update | undefined

  async function openedFor(source: string): Promise<Open> {
    if (open?.source === source) return open
    const plan = planOf(source)
    const { within } = requirePowerquery(plan)
    const values = within && new Set<unknown>(await parentValues(`${within.parent.name}.${within.parent.column}`))
    open = { source, plan, within: within && values && { slot: slotOf(plan, within.path), values } }
    return open
  }

  async function typed(source: string, query: 'rows' | 'changes', rows: readonly QueryRow[]) {
    const { plan, within } = await openedFor(source)
    const isWanted = within && ((row: readonly unknown[]) => within.values.has(row[within.slot]))
    return typeRows(plan, rows.map(readerOf(queryOf(plan, query))), { pause, ...(isWanted && { isWanted }) })
  }

  /** By this crawl, and not finished. */
  const updatesBegun = (source: string) => progress.shortReadings(source, LIST)?.readings ?? 0

  function currentUpdate(source: string): Update {
    if (update === undefined) throw new Error(`no update of ${source} was begun`)
    return update
  }

  return {
    changedSince(source) {
      if (updatesBegun(source) >= MOST_UPDATES) return undefined
      const readMs = progress.lastReadMs(source, LIST)
      return readMs === undefined ? undefined : new Date(readMs - OVERLAP_MS).toISOString().slice(0, 10)
    },
    rowsBefore: (source) => progress.placeOf(source, LIST),
    beginRows(source) {
      const before = progress.shortReadings(source, LIST)
      if (progress.listState(source, LIST) !== undefined) progress.restartList(source, LIST, before)
      progress.beginList(source, LIST, undefined, { isDated: true })
    },
    async saveRows(source, rows, place) {
      return progress.saveRows(source, LIST, place, await typed(source, 'rows', rows))
    },
    finishRows: (source) => progress.finishList(source, LIST),
    beginUpdate(source) {
      const since = this.changedSince(source)
      if (since === undefined) throw new Error(`${source} has nothing to build upon`)
      // Kept at once: whoever is ended in the middle has begun it all the same.
      progress.restartList(source, LIST, { readings: updatesBegun(source) + 1, areWholeWithGraduates: false })
      update = { since, days: createKeyDays(), isReadable: true }
      progress.beginList(source, LIST, undefined, { isResumable: false })
    },
    beginChanges() {},
    async saveChanges(source, rows) {
      const input = await typed(source, 'changes', rows)
      const repeated = input.rows.length - new Set(input.rows.map(({ key }) => key)).size
      if (repeated > 0) return { repeated }
      const isSaved = await progress.saveChanges(source, LIST, input)
      if (!isSaved) currentUpdate(source).isReadable = false
      return ALL
    },
    beginKeys: (source) => currentUpdate(source).days.clear(),
    async saveKeys(source, rows) {
      const { plan, within } = await openedFor(source)
      const listed = currentUpdate(source)
      const read = readerOf(queryOf(plan, 'keys'))
      const daySlot = changedSlot(plan)
      const before = listed.days.size
      let keyed = 0
      for (const raw of rows) {
        const { row } = coerceRow(plan.shape, read(raw))
        if (within && !within.values.has(row[within.slot])) continue
        const key = row[plan.keySlot]
        if (typeof key !== 'string' && typeof key !== 'number') {
          listed.isReadable = false
          continue
        }
        keyed += 1
        const day = row[daySlot]
        listed.days.set(key, typeof day === 'string' ? day : null)
      }
      await pause()
      return { repeated: before + keyed - listed.days.size }
    },
    async finishUpdate(source) {
      const { since, days: listed, isReadable } = currentUpdate(source)
      update = undefined
      return (
        isReadable && progress.finishChanges(source, LIST, { days: listed, slot: changedSlot(planOf(source)), since })
      )
    },
  }
}

const readers = new WeakMap<NamedQuery, (row: QueryRow) => object>()

function readerOf(query: NamedQuery): (row: QueryRow) => object {
  let reader = readers.get(query)
  if (reader === undefined) {
    reader = queryRowReader(query.columns)
    readers.set(query, reader)
  }
  return reader
}

function queryOf(plan: SourcePlan, kind: 'rows' | 'changes' | 'keys'): NamedQuery {
  const { rows, incremental } = requirePowerquery(plan)
  const query = kind === 'rows' ? rows : incremental?.[kind]
  if (query === undefined) throw new Error(`the source ${plan.name} has no query for ${kind}`)
  return query
}

function changedSlot(plan: SourcePlan): number {
  return slotOf(plan, requirePowerquery(plan).incremental?.changed ?? '')
}

function requirePowerquery(plan: SourcePlan) {
  if (plan.powerquery === undefined) throw new Error(`the source ${plan.name} has no powerquery reader`)
  return plan.powerquery
}

function slotOf(plan: SourcePlan, path: string): number {
  const column = shapeAt(plan.shape, path.split('.'))
  if (column?.kind !== 'scalar' || column.slot < 0) throw new Error(`the source ${plan.name} has no column ${path}`)
  return column.slot
}
