// Reads of a published generation: pages as slices of order lists, plain or as gzip, and single records.
import type { Deflate } from '../gzip/deflate.ts'
import { openGzipPages } from './gzip-pages.ts'
import { type List, type OrderList, openOrderLists } from './order-lists.ts'
import { type Around, type Form, joinedTexts, oneText, separateTexts } from './record-texts.ts'
import type { Fragment } from './schema.ts'
import { activeTotals } from './snapshots.ts'
import type { Sql } from './sql.ts'

export type { Deflate } from '../gzip/deflate.ts'
export type { Form } from './record-texts.ts'

export interface ListQuery extends List {
  readonly form: Form
  readonly limit: number
  readonly offset: number
}

export interface Page {
  /** The records' JSON texts joined by commas, in UTF-8; empty for none. */
  readonly json: Uint8Array<ArrayBuffer>
  readonly count: number
  readonly total: number
}

export interface GzipAnswer {
  readonly body: Uint8Array<ArrayBuffer>
  readonly count: number
  readonly total: number
}

export interface RecordReader {
  /** `around` is put before and after the records. */
  page(query: ListQuery, around?: Around): Promise<Page>
  /** The same as one gzip member. */
  gzipPage(query: ListQuery, around: Around): Promise<GzipAnswer>
  /** As `page`, each record by itself, for answers that must be parsed. */
  rows(query: ListQuery): Promise<{ readonly records: readonly string[]; readonly total: number }>
  /** One record's JSON text. */
  one(table: string, generation: number, sourcedId: string, where: readonly Fragment[], form: Form): string | undefined
  /** How long the list is. */
  total(list: List): Promise<number>
}

export interface RecordReaderOptions {
  readonly deflate: Deflate
  /** Lets others in between two steps of a long list's first reading. */
  readonly pause: () => Promise<void>
  /** About how much memory order lists may take. */
  readonly rememberedBytes?: number
}

/**
 * Opens a reader. A list is put in order once; each of its pages, however deep, is then a slice of versions read by their
 * seq. Only a generation that clean-up keeps until the answer is there may be asked for (its pin sees to that): the list is
 * waited for, and all records are then read at once.
 */
export function openRecordReader(
  sql: Sql,
  { deflate, pause, rememberedBytes = 32 << 20 }: RecordReaderOptions,
): RecordReader {
  const lists = openOrderLists(sql, { rememberedBytes, pause })
  const gzipPages = openGzipPages(sql, deflate)

  const sliceOf = async (query: ListQuery) => {
    const list = await lists.of(query)
    const from = Math.min(query.offset, list.seqs.length)
    const to = Math.min(query.offset + query.limit, list.seqs.length)
    const { table, generation } = query
    return { list, from, to, versions: { table, generation, seqs: list.seqs.subarray(from, to) } }
  }

  return {
    async page(query, around) {
      const { list, versions } = await sliceOf(query)
      return { ...joinedTexts(sql, versions, query.form, around), total: list.seqs.length }
    },
    async gzipPage(query, around) {
      const { list, from, to } = await sliceOf(query)
      const page = { ...query, list, from, to, around, mayHavePieces: mayHavePieces(sql, query, list) }
      return { ...(await gzipPages.page(page)), total: list.seqs.length }
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
