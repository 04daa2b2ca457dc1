// Reads of a published generation: pages spliced from stored text by SQLite itself, totals, and single records.
import { LRUCache } from 'lru-cache'
import { type Fragment, quoteName } from './schema.ts'
import { activeTotals } from './snapshots.ts'
import type { Sql, SqlValue } from './sql.ts'

export interface PageQuery {
  readonly collection: string
  readonly generation: number
  /** What narrows the collection; all must hold. */
  readonly where: readonly Fragment[]
  /** Set when `where` is nothing but `status = 'active'`: the total is known without counting. */
  readonly isAllActive: boolean
  /** Set when `where` bounds the time of change from below: a delta must cost the delta. */
  readonly isDelta: boolean
  /** What follows `order by`, a total order; without it: by sourcedId. */
  readonly order: Fragment | undefined
  readonly limit: number
  readonly offset: number
}

export interface Page {
  /** The records' JSON texts joined by commas, in UTF-8; empty for none. */
  readonly json: Uint8Array
  readonly count: number
  readonly total: number
}

export interface RecordReader {
  page(query: PageQuery): Page
  /** As `page`, each record by itself, for answers that must be parsed. */
  rows(query: PageQuery): { readonly records: readonly string[]; readonly total: number }
  /** One record's JSON text. */
  one(collection: string, generation: number, sourcedId: string, where: readonly Fragment[]): string | undefined
}

export interface RecordReaderOptions {
  /** About how much memory page starts may take, and totals too. */
  readonly rememberedBytes?: number
}

/** Above this many matches, a delta is walked in the order of the answer instead of being sorted for each page. */
const SMALL_DELTA = 20_000
const EMPTY = new Uint8Array(0)

/**
 * Opens a reader. Where a page starts and the next one does is remembered under generation, query and offset, so that they
 * are seeks and not skips; generations never change, so nothing has to be invalidated.
 */
export function openRecordReader(sql: Sql, { rememberedBytes = 8 << 20 }: RecordReaderOptions = {}): RecordReader {
  const bound = { maxSize: rememberedBytes, sizeCalculation: (_: unknown, key: string) => key.length * 2 + 100 }
  const pageStarts = new LRUCache<string, string>(bound)
  const totals = new LRUCache<string, number>(bound)

  const totalOf = (query: PageQuery, scope: Scope): number => {
    let total = totals.get(scope.key)
    if (total === undefined) {
      total = query.isAllActive ? activeTotals(sql, query.generation).get(query.collection) : undefined
      total ??= sql.all<{ n: number }>(`select count(*) as n ${scope.from}`, ...scope.parameters)[0]?.n ?? 0
      totals.set(scope.key, total)
    }
    return total
  }

  /** The sourcedId that is `skipped` records after `start`; by the index alone, no record is touched. */
  const startAfter = (scope: Scope, offset: number, start: string, skipped: number): string => {
    const name = `${scope.key}\n${offset}`
    let found = pageStarts.get(name)
    if (found === undefined) {
      const [row] = sql.all<{ sourcedId: string }>(
        `select r.sourcedId ${scope.from} and r.sourcedId >= ? order by r.sourcedId limit 1 offset ?`,
        ...scope.parameters,
        start,
        skipped,
      )
      found = row?.sourcedId ?? ''
      pageStarts.set(name, found)
    }
    return found
  }

  /** The inner select of a page: which records, in which order, from where on. */
  const select = (query: PageQuery, scope: Scope, total: number): { sql: string; parameters: SqlValue[] } => {
    const { order, limit, offset } = query
    const columns = `select r.born, r.body ${scope.from}`
    if (order !== undefined) {
      const sorted = `${columns} order by ${order.sql} limit ? offset ?`
      return { sql: sorted, parameters: [...scope.parameters, ...order.parameters, limit, offset] }
    }
    if (query.isDelta && total <= SMALL_DELTA) {
      // The plus keeps SQLite from walking the whole collection in order to find a few changes.
      const gathered = `${columns} order by +r.sourcedId limit ? offset ?`
      return { sql: gathered, parameters: [...scope.parameters, limit, offset] }
    }
    const start = offset === 0 ? '' : startAfter(scope, offset, '', offset)
    if (offset + limit < total) startAfter(scope, offset + limit, start, limit)
    return {
      sql: `${columns} and r.sourcedId >= ? order by r.sourcedId limit ?`,
      parameters: [...scope.parameters, start, limit],
    }
  }

  return {
    page(query) {
      const scope = scopeOf(query)
      const total = totalOf(query, scope)
      const count = Math.max(0, Math.min(query.limit, total - query.offset))
      if (count === 0) return { json: EMPTY, count, total }
      const inner = select(query, scope, total)
      const [row] = sql.all<{ json: Uint8Array | null }>(
        `select cast(group_concat(g.head || p.body, ',') as blob) as json
         from (${inner.sql}) p cross join generations g on g.number = p.born`,
        ...inner.parameters,
      )
      return { json: row?.json ?? EMPTY, count, total }
    },
    rows(query) {
      const scope = scopeOf(query)
      const total = totalOf(query, scope)
      if (query.offset >= total) return { records: [], total }
      const inner = select(query, scope, total)
      const rows = sql.all<{ json: string }>(
        `select g.head || p.body as json from (${inner.sql}) p cross join generations g on g.number = p.born`,
        ...inner.parameters,
      )
      return { records: rows.map((row) => row.json), total }
    },
    one(collection, generation, sourcedId, where) {
      const conditions = where.map((fragment) => ` and (${fragment.sql})`).join('')
      const [row] = sql.all<{ json: string }>(
        `select g.head || r.body as json from ${quoteName(`records_${collection}`)} r cross join generations g on g.number = r.born
         where r.sourcedId = ? and r.died > ? and r.born <= ?${conditions}`,
        sourcedId,
        generation,
        generation,
        ...where.flatMap((fragment) => fragment.parameters),
      )
      return row?.json
    },
  }
}

interface Scope {
  readonly from: string
  readonly parameters: readonly SqlValue[]
  readonly key: string
}

function scopeOf({ collection, generation, where }: PageQuery): Scope {
  const conditions = where.map((fragment) => ` and (${fragment.sql})`).join('')
  const from = `from ${quoteName(`records_${collection}`)} r where r.born <= ? and r.died > ?${conditions}`
  const parameters = [generation, generation, ...where.flatMap((fragment) => fragment.parameters)]
  return { from, parameters, key: `${from}\n${JSON.stringify(parameters)}` }
}
