// Staged rows for a mapping that has other columns or lookups than the one they were read for: nothing of the store is changed.
import { coerceRow } from '../mapping/coerce.ts'
import type { StagedRow, StagedRows } from '../mapping/ports.ts'
import type { Mapping, SourcePlan } from '../mapping/run/compile.ts'
import { namesAndTypes } from '../mapping/shape.ts'
import type { Sql } from '../store/sql.ts'
import { hasMatchIndex } from '../store/staged-tables.ts'
import { columnsOf } from './planned-columns.ts'
import type { StagedPlan } from './staged-plan.ts'

export interface RefitOptions {
  /** What the rows were read for. */
  readonly read: StagedPlan
  /** What the mapping asks for. */
  readonly wanted: StagedPlan
  readonly mapping: Mapping
  readonly sql: Sql
}

type Values = readonly (string | number | boolean)[]

/** One source of the mapping over the rows as they are stored. */
interface Refit {
  readonly plan: SourcePlan
  /** The row as the mapping has it; the same one where nothing differs. */
  readonly row: (staged: StagedRow) => StagedRow
  /** Where a column of the mapping is stored, by slot; undefined where it is not, or is of another type there. */
  readonly storedSlots: readonly (number | undefined)[]
  readonly isKeyStored: boolean
  readonly found: Map<string, ReadonlyMap<string, readonly number[]>>
}

/** Sources that were not read, or would not be, have no rows. A lookup that no index of the store serves reads its source once. */
export function refittedRows(rows: StagedRows, { read, wanted, mapping, sql }: RefitOptions): StagedRows {
  const isRead = ({ name }: SourcePlan) => wanted.sources[name]?.reader !== undefined
  const refits = new Map(mapping.sources.filter(isRead).map((plan) => [plan.name, refitOf(plan, read)]))
  const refit = (source: string) => refits.get(source)
  const ordinals = (source: string, slots: readonly number[], values: Values): readonly number[] => {
    const own = refit(source)
    if (own === undefined) return []
    const name = slots.join(' ')
    let index = own.found.get(name)
    if (index === undefined) {
      index = indexOf(allRows(rows, source), own, slots)
      own.found.set(name, index)
    }
    return index.get(JSON.stringify(values)) ?? []
  }
  const byOrdinal = (source: string, ordinal: number) => {
    const own = refit(source)
    const staged = own && rows.byOrdinal(source, ordinal)
    return staged && own.row(staged)
  }
  return {
    count: (source) => (refit(source) ? rows.count(source) : 0),
    batch(source, after, limit) {
      const own = refit(source)
      return own ? rows.batch(source, after, limit).map(own.row) : []
    },
    byOrdinal,
    byKey(source, key) {
      const own = refit(source)
      if (own === undefined) return undefined
      if (own.isKeyStored) {
        const staged = rows.byKey(source, key)
        return staged && own.row(staged)
      }
      const [ordinal] = ordinals(source, [own.plan.keySlot], [key])
      return ordinal === undefined ? undefined : byOrdinal(source, ordinal)
    },
    byMatch(source, slots, values) {
      const own = refit(source)
      if (own === undefined) return []
      const stored = slots.flatMap((slot) => own.storedSlots[slot] ?? [])
      if (stored.length === slots.length && hasMatchIndex(sql, { source, slots: stored })) {
        return rows.byMatch(source, stored, values).map(own.row)
      }
      const found = ordinals(source, slots, values).flatMap((ordinal) => byOrdinal(source, ordinal) ?? [])
      return found.toSorted((a, b) => byKeys(a.row[own.plan.keySlot], b.row[own.plan.keySlot]))
    },
  }
}

function refitOf(plan: SourcePlan, { sources }: StagedPlan): Refit | undefined {
  const stored = sources[plan.name]
  if (stored === undefined) return undefined
  const before = columnsOf(stored.columns)
  const now = columnsOf(namesAndTypes(plan.shape))
  const storedSlots = now.map(({ path, type }) => {
    const slot = before.findIndex((column) => column.path === path && column.type === type)
    return slot < 0 ? undefined : slot
  })
  const isSame = JSON.stringify(before) === JSON.stringify(now)
  const paths = before.map(({ path }) => path.split('.'))
  return {
    plan,
    row: isSame
      ? (staged) => staged
      : ({ ordinal, row }) => ({ ordinal, row: coerceRow(plan.shape, nested(paths, row)).row }),
    storedSlots,
    // Rows are keyed in the store by the key they were read for.
    isKeyStored: stored.key === plan.key && storedSlots[plan.keySlot] !== undefined,
    found: new Map(),
  }
}

/** The row as PowerSchool delivers one. */
function nested(paths: readonly (readonly string[])[], row: readonly unknown[]): object {
  const whole: Record<string, unknown> = {}
  for (const [slot, path] of paths.entries()) {
    let group = whole
    for (const name of path.slice(0, -1)) {
      const inner = (group[name] ?? {}) as Record<string, unknown>
      group[name] = inner
      group = inner
    }
    const last = path.at(-1)
    if (last !== undefined) group[last] = row[slot]
  }
  return whole
}

function indexOf(staged: Iterable<StagedRow>, { row }: Refit, slots: readonly number[]): Map<string, number[]> {
  const index = new Map<string, number[]>()
  for (const stored of staged) {
    const cells = row(stored).row
    const name = JSON.stringify(slots.map((slot) => cells[slot]))
    const known = index.get(name)
    if (known === undefined) index.set(name, [stored.ordinal])
    else known.push(stored.ordinal)
  }
  return index
}

const SLICE_ROWS = 1_000

function* allRows(rows: StagedRows, source: string): Generator<StagedRow> {
  let after = 0
  while (true) {
    const batch = rows.batch(source, after, SLICE_ROWS)
    const last = batch.at(-1)
    if (last === undefined) return
    yield* batch
    after = last.ordinal
  }
}

/** As SQLite puts keys in order: numbers before texts. */
function byKeys(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'number') return -1
  if (typeof b === 'number') return 1
  const [left, right] = [String(a), String(b)]
  return left < right ? -1 : left > right ? 1 : 0
}
