// A page of a list as one gzip member: finished pieces where there are any, and what lies between them deflated now.

import type { Chunk } from '../gzip/chunk.ts'
import type { Deflate } from '../gzip/deflate.ts'
import { type Deflated, deflatedChunks, gzipChunks } from '../gzip/gzip-chunks.ts'
import { type GzipPart, storedPart } from '../gzip/stitch.ts'
import { createRecent } from '../recent.ts'
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
  /** One member, read and deflated as it is taken. */
  page(page: GzipPage): AsyncGenerator<Chunk, void>
}

export interface GzipPagesOptions {
  readonly deflate: Deflate
  /** For finished pieces, so that the pages of a run are not read from the file one by one. */
  readonly piecesBytes: number
  /** For what lies between pieces, while it is small: the next consumer asks for the same pages. */
  readonly betweenBytes: number
}

const COMMA = verbatim(',')
const LARGEST_REMEMBERED = 64 << 10
/** What is deflated in more parts than this is not that small. */
const MOST_PARTS = 4
/** Pieces that are read at a time: some 100 KB. */
const RUNS_AT_ONCE = 16

export function openGzipPages(sql: Sql, { deflate, piecesBytes, betweenBytes }: GzipPagesOptions): GzipPages {
  const remembered = createRecent<readonly Deflated[]>({
    max: betweenBytes,
    largest: LARGEST_REMEMBERED,
    sizeOf: (some, key) => some.reduce((sum, { parts }) => sum + bytesOf(parts), key.length * 2),
  })
  const known = createRecent<GzipPart>({
    max: piecesBytes,
    sizeOf: ({ deflated }) => deflated.length,
  })

  /** The records between two places. Each part is read at once, its deflating may take a while. */
  function* deflatedNow({ table, generation, list, form }: GzipPage, from: number, to: number) {
    const key = `${pieceForm(table, form)} ${from} ${to}\n${list.key}`
    const recent = remembered.get(key)
    if (recent !== undefined) {
      for (const some of recent) yield Promise.resolve(some)
      return
    }
    const begun: Promise<Deflated>[] = []
    const versions = { table, generation, seqs: list.seqs.subarray(from, to) }
    for (const job of deflatedChunks(joinedTexts(sql, versions, form), deflate)) {
      if (begun.length <= MOST_PARTS) begun.push(job)
      yield job
    }
    if (begun.length > MOST_PARTS) return
    Promise.all(begun).then(
      (all) => remembered.set(key, all),
      // Who takes the part is told.
      () => undefined,
    )
  }

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

  /** The page's records in their order, by pieces and by what lies between them. */
  function* recordsOf(page: GzipPage): Generator<Promise<Deflated>> {
    const { list, from, to, mayHavePieces } = page
    const runs = mayHavePieces ? runsWithin(list.starts(), from, to) : []
    let place = from
    for (let next = 0; next < runs.length; next += RUNS_AT_ONCE) {
      const some = runs.slice(next, next + RUNS_AT_ONCE)
      const pieces = piecesOf(page, some)
      for (const [index, { start, rows }] of some.entries()) {
        const piece = pieces.get(index)
        if (piece === undefined) continue
        if (start > place) {
          if (place > from) yield COMMA
          yield* deflatedNow(page, place, start)
          place = start
        }
        if (place > from) yield COMMA
        yield Promise.resolve({ parts: [piece], rows })
        place += rows
      }
    }
    if (place === to) return
    if (place > from) yield COMMA
    yield* deflatedNow(page, place, to)
  }

  function* withAround(page: GzipPage): Generator<Promise<Deflated>> {
    yield verbatim(page.around.head)
    yield* recordsOf(page)
    yield verbatim(page.around.tail)
  }

  return { page: (page) => gzipChunks(withAround(page)) }
}

function verbatim(text: string): Promise<Deflated> {
  return Promise.resolve({ parts: [storedPart(new TextEncoder().encode(text))], rows: 0 })
}

function bytesOf(parts: readonly GzipPart[]): number {
  return parts.reduce((sum, { deflated }) => sum + deflated.length, 0)
}
