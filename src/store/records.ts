// Reads of a published generation: pages as slices of order lists, plain or as gzip, and single records.
import type { Chunk } from '../gzip/chunk.ts'
import type { Deflate } from '../gzip/deflate.ts'
import { openGzipPages } from './gzip-pages.ts'
import { type List, type OrderList, openOrderLists } from './order-lists.ts'
import { type Around, type Form, joinedTexts, oneText, separateTexts, textSlices } from './record-texts.ts'
import type { Fragment } from './schema.ts'
import { activeTotals } from './snapshots.ts'
import type { Sql } from './sql.ts'

export type { Deflate } from '../gzip/deflate.ts'
export type { Around, Form } from './record-texts.ts'

export interface ListQuery extends List {
  readonly form: Form
  readonly limit: number
  readonly offset: number
}

/**
 * A page whose records are not read yet. Each way of reading it gives bounded parts, as they are taken, and refuses with
 * `store-failed` when records are no longer there: what was read to its end is whole if the generation was kept all along.
 */
export interface Page {
  /** How long the list is. */
  readonly total: number
  /** How many of its records are on the page. */
  readonly count: number
  /** The records' JSON texts joined by commas, in UTF-8, with `around` before and after them. */
  plain(around: Around): Generator<Chunk, void>
  /** The same as one gzip member. */
  gzip(around: Around): AsyncGenerator<Chunk, void>
  /** Each record by itself, for answers that must be parsed. */
  texts(): Generator<readonly string[], void>
}

export interface RecordReader {
  open(query: ListQuery): Promise<Page>
  /** The texts of a page that are still there, at once. */
  rows(query: ListQuery): Promise<{ readonly records: readonly string[]; readonly total: number }>
  /** One record's JSON text. */
  one(table: string, generation: number, sourcedId: string, where: readonly Fragment[], form: Form): string | undefined
  /** How long the list is. */
  total(list: List): Promise<number>
}

/** About how much memory a reader may take for what it remembers. */
export interface CacheBytes {
  readonly orderLists: number
  /** Finished pieces of compressed pages: 16 MB hold some 800,000 records. */
  readonly pieces: number
  /** The rest of compressed pages. */
  readonly pages: number
}

const CACHE_BYTES: CacheBytes = { orderLists: 32 << 20, pieces: 16 << 20, pages: 4 << 20 }

export interface RecordReaderOptions {
  readonly deflate: Deflate
  /** Lets others in between two steps of a long list's first reading. */
  readonly pause: () => Promise<void>
  readonly memory?: CacheBytes | undefined
}

/**
 * Opens a reader. A list is put in order once; each of its pages, however deep, is then a slice of versions read by their
 * seq. Only a generation that clean-up keeps until the answer is there may be asked for (its pin sees to that).
 */
export function openRecordReader(
  sql: Sql,
  { deflate, pause, memory = CACHE_BYTES }: RecordReaderOptions,
): RecordReader {
  const lists = openOrderLists(sql, { rememberedBytes: memory.orderLists, pause })
  const gzipPages = openGzipPages(sql, { deflate, piecesBytes: memory.pieces, betweenBytes: memory.pages })

  const sliceOf = async (query: ListQuery) => {
    const list = await lists.of(query)
    const from = Math.min(query.offset, list.seqs.length)
    const to = Math.min(query.offset + query.limit, list.seqs.length)
    const { table, generation } = query
    return { list, from, to, versions: { table, generation, seqs: list.seqs.subarray(from, to) } }
  }

  return {
    async open(query) {
      const { list, from, to, versions } = await sliceOf(query)
      return {
        total: list.seqs.length,
        count: to - from,
        plain: (around) => joinedTexts(sql, versions, query.form, around),
        gzip: (around) =>
          gzipPages.page({ ...query, list, from, to, around, mayHavePieces: mayHavePieces(sql, query, list) }),
        texts: () => textSlices(sql, versions, query.form),
      }
    },
    async rows(query) {
      const { list, versions } = await sliceOf(query)
      return { records: separateTexts(sql, versions, query.form), total: list.seqs.length }
    },
    one: (table, generation, sourcedId, where, form) => oneText(sql, { table, generation, sourcedId, where }, form),
    total: async (list) => (await lists.of(list)).seqs.length,
  }
}

/** All active records by sourcedId, however the condition says it: what is as long as that is most likely that. */
function mayHavePieces(sql: Sql, { table, generation, order, changedSinceMs }: List, { seqs }: OrderList): boolean {
  return order === undefined && changedSinceMs === undefined && activeTotals(sql, generation).get(table) === seqs.length
}
