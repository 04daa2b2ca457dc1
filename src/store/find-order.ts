// Finds the versions that a list holds, in its order: by one statement where they are few, else in short steps.
import { isFew } from './few.ts'
import {
  keysStatement,
  type List,
  MOST_AT_ONCE,
  type Order,
  orderStatement,
  type Range,
  rangeStatement,
} from './list-statement.ts'
import { quoteName } from './schema.ts'
import { parseSeqs } from './seqs.ts'
import type { Sql, SqlValue } from './sql.ts'
import { createStepSorter } from './step-sorter.ts'

/** Versions that a step looks at: 3 ms where the index on sourcedId tells all, and where each record must be looked into. */
const INDEXED_STEP = 15_000
const STEP = 4_000
/** As `STEP`, where the values come too and are sorted. */
const SORTED_STEP = 2_000

/**
 * What is found in several steps is exact all the same, for a generation never changes; that its versions are still there
 * at the last step is the caller's care (its pin, or the lock of syncs where the generation is the current one).
 */
export async function findOrder(sql: Sql, list: List, pause: () => Promise<void>): Promise<Uint32Array> {
  const { order } = list
  const few = isFew(sql, list) ? wholeList(sql, list) : undefined
  if (few !== undefined) return few
  return order === undefined ? bySourcedId(sql, list, pause) : byKey(sql, list, order, pause)
}

/** Undefined when it is longer than was guessed. */
function wholeList(sql: Sql, list: List): Uint32Array | undefined {
  const { statement, parameters } = orderStatement(list)
  const [row] = sql.all<{ seqs: Uint8Array }>(statement, ...parameters)
  const seqs = parseSeqs(row?.seqs)
  return seqs.length < MOST_AT_ONCE ? seqs : undefined
}

async function bySourcedId(sql: Sql, list: List, pause: () => Promise<void>): Promise<Uint32Array> {
  const isIndexed = list.where.every(({ parameters }) => parameters.length === 0)
  const parts: Uint32Array[] = []
  for (const range of rangesOf(sql, list.table, isIndexed ? INDEXED_STEP : STEP)) {
    const { statement, parameters } = rangeStatement(list, range)
    const [row] = sql.all<{ seqs: Uint8Array }>(statement, ...parameters)
    parts.push(parseSeqs(row?.seqs))
    await pause()
  }
  return joined(parts)
}

async function byKey(sql: Sql, list: List, order: Order, pause: () => Promise<void>): Promise<Uint32Array> {
  const parts: Uint32Array[] = []
  const sorter = createStepSorter()
  for (const range of rangesOf(sql, list.table, SORTED_STEP)) {
    const { statement, parameters } = keysStatement(list, order, range)
    const rows = sql.all<{ seq: number; key: SqlValue }>(statement, ...parameters)
    parts.push(Uint32Array.from(rows, ({ seq }) => seq))
    sorter.add(rows.map(({ key }) => key))
    await pause()
  }
  const seqs = joined(parts)
  const { present, missing } = await sorter.sorted(pause)
  // Ties were read in order of sourcedId, so the order downwards is the one upwards from its end.
  const isDown = order.direction === 'desc'
  if (isDown) for (const places of [present, missing]) places.reverse()
  const areMissingLast = order.mayBeMissing || isDown
  const places = areMissingLast ? [present, missing] : [missing, present]
  return joined(places.map((some) => some.map((place) => seqs[place] ?? 0)))
}

/** The sourcedIds in parts of so many versions. */
function* rangesOf(sql: Sql, table: string, size: number): Generator<Range> {
  const edge = `select sourcedId from ${quoteName(`records_${table}`)} where sourcedId > ? order by sourcedId limit 1 offset ?`
  let after = ''
  while (true) {
    const upTo = sql.all<{ sourcedId: string }>(edge, after, size - 1)[0]?.sourcedId
    yield { after, upTo }
    if (upTo === undefined) return
    after = upTo
  }
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let place = 0
  for (const part of parts) {
    all.set(part, place)
    place += part.length
  }
  return all
}
