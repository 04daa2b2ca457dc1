// Order lists: which versions a list holds and in which order, found once for each generation, condition and order.
import { createRecent } from '../recent.ts'
import { findOrder } from './find-order.ts'
import { type List, orderStatement } from './list-statement.ts'
import { runStarts } from './pieces.ts'
import type { Sql } from './sql.ts'

export type { List, Order } from './list-statement.ts'

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
  /** Who asks while the list is being found gets the same one. */
  of(list: List): Promise<OrderList>
}

export interface OrderListsOptions {
  readonly rememberedBytes: number
  /** Lets others in between two steps. */
  readonly pause: () => Promise<void>
}

const ENTRY_BYTES = 200

/**
 * Generations never change, so nothing has to be invalidated. A list that is larger than the memory given is found anew for
 * each page, and answered all the same.
 */
export function openOrderLists(sql: Sql, { rememberedBytes, pause }: OrderListsOptions): OrderLists {
  let lastId = 0
  const lists = createRecent<OrderList>({
    max: rememberedBytes,
    // The starts of the runs are about a hundredth of the seqs.
    sizeOf: ({ seqs }, key) => Math.ceil(seqs.byteLength * 1.02) + key.length * 2 + ENTRY_BYTES,
  })
  const underWay = new Map<string, Promise<OrderList>>()

  const find = async (key: string, list: List): Promise<OrderList> => {
    try {
      const seqs = await findOrder(sql, list, pause)
      lastId += 1
      const found = orderListOf(key, lastId, seqs)
      lists.set(key, found)
      return found
    } finally {
      underWay.delete(key)
    }
  }

  return {
    async of(list) {
      const { statement, parameters } = orderStatement(list)
      const key = `${statement}\n${JSON.stringify(parameters)}`
      const known = lists.get(key) ?? underWay.get(key)
      if (known !== undefined) return known
      const finding = find(key, list)
      underWay.set(key, finding)
      return finding
    },
  }
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
