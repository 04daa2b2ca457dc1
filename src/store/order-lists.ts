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
  /** Names this list among all. */
  readonly key: string
  /** A short name for it, as long as the process lives; another one when it is found anew. */
  readonly id: number
  readonly seqs: Uint32Array
  /** Where its runs start, see `runStarts`. */
  readonly starts: () => Uint32Array
}

export interface OrderLists {
  of(list: List): OrderList
}

const COMMA = 0x2c
const ZERO = 0x30
const NINE = 0x39
const EMPTY_ARRAY = '[]'.length
const ENTRY_BYTES = 200

/**
 * Generations never change, so nothing has to be invalidated. A list that is larger than the memory given is found anew for
 * each page, and answered all the same.
 */
export function openOrderLists(sql: Sql, rememberedBytes: number): OrderLists {
  let lastId = 0
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
        lastId += 1
        found = orderListOf(key, lastId, seqsOf(sql, asked))
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

function orderListOf(key: string, id: number, seqs: Uint32Array): OrderList {
  let starts: Uint32Array | undefined
  return {
    key,
    id,
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
  const [row] = sql.all<{ seqs: Uint8Array }>(statement, ...parameters)
  return parseSeqs(row?.seqs ?? new Uint8Array(0))
}

/** One row, however long the list: 50 ms for 400,000 records, and 4 ms to parse it. */
function orderStatement({ table, generation, where, isDelta, order }: List): OrderStatement {
  const conditions = where.map((fragment) => ` and (${fragment.sql})`).join('')
  // The plus keeps SQLite from an index: a delta must be driven by that of the date and then sorted, all others must not be.
  const born = isDelta ? 'r.born' : '+r.born'
  const by = order?.sql ?? (isDelta ? '+r.sourcedId' : 'r.sourcedId')
  return {
    statement: `select cast(json_group_array(seq) as blob) as seqs from (
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

/** The numbers of a JSON array of whole numbers that are not negative, written without spaces. */
function parseSeqs(json: Uint8Array): Uint32Array {
  if (json.length <= EMPTY_ARRAY) return new Uint32Array(0)
  let count = 1
  for (let at = 0; at < json.length; at++) if (json[at] === COMMA) count += 1
  const seqs = new Uint32Array(count)
  let place = 0
  let seq = 0
  // An iterator would take ten times as long here.
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0
    if (byte >= ZERO && byte <= NINE) seq = seq * 10 + byte - ZERO
    else if (byte === COMMA) {
      seqs[place++] = seq
      seq = 0
    }
  }
  seqs[place] = seq
  return seqs
}
