// Order lists: which versions a list holds and in which order, found once for each generation, condition and order.
import { LRUCache } from 'lru-cache'
import { runStarts } from './pieces.ts'
import { type Fragment, quoteName } from './schema.ts'
import type { Sql, SqlValue } from './sql.ts'

/** A list of records, whole. */
export interface List {
  /** Storage name. */
  readonly table: string
  /** A published one that may still be read. */
  readonly generation: number
  /** What narrows the table; all must hold of `r`. */
  readonly where: readonly Fragment[]
  /** Set when `where` bounds the time of change from below: a delta must cost the delta. */
  readonly isDelta: boolean
  /** What follows `order by`, a total order; without it: by sourcedId. */
  readonly order: Fragment | undefined
}

export interface OrderList {
  readonly seqs: Uint32Array
  /** Where its runs start, see `runStarts`. */
  readonly starts: () => Uint32Array
}

export interface OrderLists {
  of(list: List): OrderList
}

const COMMA = 0x2c
const ENTRY_BYTES = 200

/**
 * Generations never change, so nothing has to be invalidated. A list that is larger than the memory given is found anew for
 * each page, and answered all the same.
 */
export function openOrderLists(sql: Sql, rememberedBytes: number): OrderLists {
  const lists = new LRUCache<string, OrderList>({
    maxSize: rememberedBytes,
    // The starts of the runs are about a hundredth of the seqs.
    sizeCalculation: ({ seqs }, key) => Math.ceil(seqs.byteLength * 1.02) + key.length * 2 + ENTRY_BYTES,
  })
  return {
    of(list) {
      const asked = orderStatement(list)
      const key = `${asked.statement}\n${JSON.stringify(asked.parameters)}`
      let found = lists.get(key)
      if (found === undefined) {
        found = orderListOf(seqsOf(sql, asked))
        lists.set(key, found)
      }
      return found
    },
  }
}

/** The versions that a list holds, in its order. */
export function findOrder(sql: Sql, list: List): Uint32Array {
  return seqsOf(sql, orderStatement(list))
}

function orderListOf(seqs: Uint32Array): OrderList {
  let starts: Uint32Array | undefined
  return {
    seqs,
    starts: () => {
      starts ??= runStarts(seqs)
      return starts
    },
  }
}

interface OrderStatement {
  readonly statement: string
  readonly parameters: readonly SqlValue[]
}

function seqsOf(sql: Sql, { statement, parameters }: OrderStatement): Uint32Array {
  const [row] = sql.all<{ n: number; seqs: Uint8Array | null }>(statement, ...parameters)
  return parseSeqs(row?.seqs ?? undefined, row?.n ?? 0)
}

/** One row, however long the list: 400,000 rows each by itself take five times as long. */
function orderStatement({ table, generation, where, isDelta, order }: List): OrderStatement {
  const conditions = where.map((fragment) => ` and (${fragment.sql})`).join('')
  // The plus keeps SQLite from an index: a delta must be driven by that of the date and then sorted, all others must not be.
  const born = isDelta ? 'r.born' : '+r.born'
  const by = order?.sql ?? (isDelta ? '+r.sourcedId' : 'r.sourcedId')
  return {
    statement: `select count(*) as n, cast(group_concat(seq) as blob) as seqs from (
      select r.seq from ${quoteName(`records_${table}`)} r
      where ${born} <= ? and +r.died > ?${conditions} order by ${by})`,
    parameters: [
      generation,
      generation,
      ...where.flatMap((fragment) => fragment.parameters),
      ...(order?.parameters ?? []),
    ],
  }
}

function parseSeqs(digits: Uint8Array | undefined, count: number): Uint32Array {
  const seqs = new Uint32Array(count)
  if (digits === undefined) return seqs
  let place = 0
  let seq = 0
  for (const byte of digits) {
    if (byte === COMMA) {
      seqs[place++] = seq
      seq = 0
    } else seq = seq * 10 + byte - 48
  }
  seqs[place] = seq
  return seqs
}
