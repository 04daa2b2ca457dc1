// A page of a list as one gzip member: finished pieces where there are any, and what lies between them deflated now.
import { LRUCache } from 'lru-cache'
import { type Deflate, deflatedParts } from '../gzip/deflate.ts'
import { type GzipPart, stitchGzip, storedPart } from '../gzip/stitch.ts'
import type { OrderList } from './order-lists.ts'
import { findPieces, pieceForm, type Run, runsWithin } from './pieces.ts'
import { type Around, type Form, joinedTexts } from './record-texts.ts'
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
  readonly around: Around
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
/** The finished pieces of some 800,000 records, so that the pages of a run are not read from the file one by one. */
const PIECES_BYTES = 16 << 20

export function openGzipPages(sql: Sql, deflate: Deflate): GzipPages {
  const remembered = new LRUCache<string, Records>({
    maxSize: REMEMBERED_BYTES,
    maxEntrySize: LARGEST_REMEMBERED,
    sizeCalculation: ({ parts }, key) => parts.reduce((sum, { deflated }) => sum + deflated.length, key.length * 2),
  })

  /** The records between two places, deflated. The reading happens at once, the deflating may take a while. */
  const deflatedNow = ({ table, generation, list, form }: GzipPage, from: number, to: number): Promise<Records> => {
    const key = `${pieceForm(table, form)} ${from} ${to}\n${list.key}`
    const recent = remembered.get(key)
    if (recent !== undefined) return Promise.resolve(recent)
    const { json, count } = joinedTexts(sql, { table, generation, seqs: list.seqs.subarray(from, to) }, form)
    return deflatedParts(deflate, json, 'fast').then((parts) => {
      remembered.set(key, { parts, count })
      return { parts, count }
    })
  }

  const known = new LRUCache<string, GzipPart>({
    maxSize: PIECES_BYTES,
    sizeCalculation: ({ deflated }) => deflated.length,
  })

  /** By the place of their run in `runs`. A list never changes, so what was once found to fit a run of it always does. */
  const piecesOf = ({ table, list, form }: GzipPage, runs: readonly Run[]): ReadonlyMap<number, GzipPart> => {
    const name = pieceForm(table, form)
    const nameOf = ({ start }: Run) => `${list.id} ${start} ${name}`
    const pieces = new Map<number, GzipPart>()
    const missing: number[] = []
    for (const [place, run] of runs.entries()) {
      const piece = known.get(nameOf(run))
      if (piece === undefined) missing.push(place)
      else pieces.set(place, piece)
    }
    const wanted = missing.flatMap((place) => runs[place] ?? [])
    for (const [nth, { deflated, crc, length }] of findPieces(sql, name, list.seqs, wanted)) {
      const place = missing[nth]
      const run = wanted[nth]
      if (place === undefined || run === undefined) continue
      pieces.set(place, { deflated, crc, length })
      known.set(nameOf(run), { deflated, crc, length })
    }
    return pieces
  }

  /** In their order. All is read before the first wait, so that what is answered is of one moment. */
  const recordsOf = (page: GzipPage): Promise<Records>[] => {
    const { list, from, to, mayHavePieces } = page
    const records: Promise<Records>[] = []
    const runs = mayHavePieces ? runsWithin(list.starts(), from, to) : []
    const pieces = piecesOf(page, runs)
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
