// A page of a list as one gzip member: finished pieces where there are any, and what lies between them deflated now.
import { LRUCache } from 'lru-cache'
import { type Deflate, deflatedParts } from '../gzip/deflate.ts'
import { type GzipPart, stitchGzip, storedPart } from '../gzip/stitch.ts'
import type { OrderList } from './order-lists.ts'
import { findPieces, pieceForm, runsWithin } from './pieces.ts'
import { type Form, joinedTexts } from './record-texts.ts'
import type { Sql } from './sql.ts'

export interface GzipPage {
  readonly table: string
  readonly generation: number
  readonly list: OrderList
  /** From this place of the list up to, and without, that one. */
  readonly from: number
  readonly to: number
  readonly form: Form
  /** Whether it is worth looking for pieces. */
  readonly mayHavePieces: boolean
  /** What stands before and after the records. */
  readonly around: { readonly head: string; readonly tail: string }
}

export interface GzipPages {
  page(page: GzipPage): Promise<{ readonly body: Uint8Array<ArrayBuffer>; readonly count: number }>
}

interface Records {
  readonly parts: readonly GzipPart[]
  readonly count: number
}

const COMMA = storedPart(Uint8Array.of(0x2c))
/** What lies between pieces is remembered while it is small: the next consumer asks for the same pages. */
const REMEMBERED_BYTES = 4 << 20
const LARGEST_REMEMBERED = 64 << 10

export function openGzipPages(sql: Sql, deflate: Deflate): GzipPages {
  const remembered = new LRUCache<string, Records>({
    maxSize: REMEMBERED_BYTES,
    maxEntrySize: LARGEST_REMEMBERED,
    sizeCalculation: ({ parts }, key) => parts.reduce((sum, { deflated }) => sum + deflated.length, key.length * 2),
  })

  /** The records between two places, deflated. The reading happens at once, the deflating may take a while. */
  const deflatedNow = ({ table, generation, list, form }: GzipPage, from: number, to: number): Promise<Records> => {
    const key = `${pieceForm(table, form)} ${from} ${to}\n${list.key}`
    const known = remembered.get(key)
    if (known !== undefined) return Promise.resolve(known)
    const { json, count } = joinedTexts(sql, { table, generation, seqs: list.seqs.subarray(from, to) }, form)
    return deflatedParts(deflate, json, 'fast').then((parts) => {
      remembered.set(key, { parts, count })
      return { parts, count }
    })
  }

  /** In their order. All is read before the first wait, so that what is answered is of one moment. */
  const recordsOf = (page: GzipPage): Promise<Records>[] => {
    const { table, list, from, to, form, mayHavePieces } = page
    const records: Promise<Records>[] = []
    const runs = mayHavePieces ? runsWithin(list.starts(), from, to) : []
    const pieces = findPieces(sql, pieceForm(table, form), list.seqs, runs)
    let place = from
    for (const [index, { start, rows }] of runs.entries()) {
      const piece = pieces.get(index)
      if (piece === undefined) continue
      if (start > place) records.push(deflatedNow(page, place, start))
      records.push(Promise.resolve({ parts: [piece], count: rows }))
      place = start + rows
    }
    if (place < to) records.push(deflatedNow(page, place, to))
    return records
  }

  return {
    async page(page) {
      const records = (await Promise.all(recordsOf(page))).filter(({ count }) => count > 0)
      const encoder = new TextEncoder()
      const body = stitchGzip([
        storedPart(encoder.encode(page.around.head)),
        ...records.flatMap(({ parts }, index) => (index === 0 ? parts : [COMMA, ...parts])),
        storedPart(encoder.encode(page.around.tail)),
      ])
      return { body, count: records.reduce((sum, { count }) => sum + count, 0) }
    },
  }
}
