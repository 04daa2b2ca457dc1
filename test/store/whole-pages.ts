// Reads pages to their end, for tests that look at all of them at once.
import { type Chunk, joinChunks } from '../../src/gzip/chunk.ts'
import type { Around, ListQuery, RecordReader } from '../../src/store/records.ts'

interface Whole {
  readonly count: number
  readonly total: number
}

export interface WholePages extends Omit<RecordReader, 'open'> {
  page(query: ListQuery, around?: Around): Promise<Whole & { readonly json: Uint8Array<ArrayBuffer> }>
  gzipPage(query: ListQuery, around: Around): Promise<Whole & { readonly body: Uint8Array<ArrayBuffer> }>
  /** Each record by itself; what is missing is refused. */
  texts(query: ListQuery): Promise<string[]>
}

/** Refuses a page that says another number of records than it has. */
export function wholePages(reader: RecordReader): WholePages {
  const { rows, one, total } = reader
  return {
    rows,
    one,
    total,
    async page(query, around = { head: '', tail: '' }) {
      const page = await reader.open(query)
      return { ...countsOf(page), json: joined(page, [...page.plain(around)]) }
    },
    async gzipPage(query, around) {
      const page = await reader.open(query)
      const chunks: Chunk[] = []
      for await (const chunk of page.gzip(around)) chunks.push(chunk)
      return { ...countsOf(page), body: joined(page, chunks) }
    },
    texts: async (query) => [...(await reader.open(query)).texts()].flat(),
  }
}

function countsOf({ count, total }: Whole): Whole {
  return { count, total }
}

function joined({ count }: Whole, chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const { bytes, rows } = joinChunks(chunks)
  if (rows !== count) throw new Error(`the page has ${rows} records and says ${count}`)
  return bytes
}
