// Which columns of staged rows hold nothing at all.
import type { Sql } from './sql.ts'
import { slotText, stagedTable } from './staged-tables.ts'

/** A few milliseconds. */
const SLICE_ROWS = 2_000

/** Those of the slots that are blank in every row of a source that has rows; in short steps, and no further than needed. */
export function* blankSlots(sql: Sql, source: string, slots: readonly number[]): Generator<void, number[]> {
  const table = stagedTable(source)
  let left = [...slots]
  let after = 0
  while (left.length > 0) {
    const found = left.map((slot, at) => `max(${slotText(slot)} is not null) as c${at}`).join(', ')
    const [slice] = sql.all<Record<string, number | null>>(
      `select max(seq) as last, ${found} from
         (select seq, body from ${table} where seq > ? and is_hidden = 0 order by seq limit ${SLICE_ROWS})`,
      after,
    )
    const last = slice?.last
    if (slice === undefined || typeof last !== 'number') return after === 0 ? [] : left
    left = left.filter((_, at) => slice[`c${at}`] !== 1)
    after = last
    yield
  }
  return left
}
