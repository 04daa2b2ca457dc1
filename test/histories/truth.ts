// What every published generation holds, read slowly from the tables right after its publish: what readers are measured by.
import type { Sql } from '../../src/store/sql.ts'
import { COLLECTION_OF, COLLECTIONS, type Collection, contentOf, type Json, referencesIn } from './content.ts'

export interface TrueRecord {
  readonly sourcedId: string
  readonly isActive: boolean
  readonly time: string
  readonly timeMs: number
  readonly json: Json
  /** By version of the standard. */
  readonly content: Readonly<Record<Version, string>>
  /** Where its references lead: `collection/sourcedId`. */
  readonly leadsTo: readonly string[]
}

export type Version = 'v1p1' | 'v1p2'
export type Roster = Readonly<Record<Collection, ReadonlyMap<string, TrueRecord>>>

export interface Generation {
  readonly number: number
  readonly time: string
  readonly timeMs: number
  readonly whole: Roster
  /** By the school that a consumer is narrowed to; none for rosters that cannot be read in this generation. */
  readonly narrowed: ReadonlyMap<string, Roster>
}

export interface Truth {
  /** Looks at the tables again; answers the generations that were not there before. */
  look(sql: Sql): readonly Generation[]
  readonly newest: () => Generation | undefined
  /** Those from the one number to the other that are known. */
  between(first: number, last: number): readonly Generation[]
  readonly count: () => number
}

/** Older ones are forgotten: no reader is measured by them any more. */
const KEPT = 60

export function createTruth(): Truth {
  const known = new Map<number, Generation>()
  const parsed = new Map<string, Pick<TrueRecord, 'json' | 'content' | 'leadsTo'>>()
  let count = 0
  let newest: Generation | undefined

  const read = (sql: Sql, table: string, generation: number): ReadonlyMap<string, TrueRecord> => {
    const rows = sql.all<Row>(
      `select r.sourcedId, r.status, r.body, r.body_v1p2, g.time, g.time_ms
       from records_${table} r left join generations g on g.number = r.born
       where r.born <= ${generation} and r.died > ${generation}`,
    )
    return new Map(
      rows.map((row) => {
        const key = `${row.body}\n${row.body_v1p2 ?? ''}`
        const meaning = parsed.get(key) ?? parse(row)
        parsed.set(key, meaning)
        const { sourcedId, status, time, time_ms } = row
        return [sourcedId, { sourcedId, isActive: status === 'active', time, timeMs: time_ms, ...meaning }]
      }),
    )
  }
  const rosterOf = (sql: Sql, generation: number, nameOf: (collection: Collection) => string): Roster => {
    const entries = COLLECTIONS.map((collection) => [collection, read(sql, nameOf(collection), generation)] as const)
    // Every collection was read.
    return Object.fromEntries(entries) as Record<Collection, ReadonlyMap<string, TrueRecord>>
  }
  const narrowedIn = (sql: Sql, generation: number): ReadonlyMap<string, Roster> => {
    const rosters = sql.all<{ id: number; narrowing: string; built: number | null }>('select * from rosters')
    return new Map(
      rosters.flatMap(({ id, narrowing, built }) => {
        const { schools } =
          built === null || built > generation ? {} : (JSON.parse(narrowing) as { schools?: string[] })
        if (schools?.length !== 1) return []
        return [[schools[0] ?? '', rosterOf(sql, generation, (collection) => `${collection}_n${id}`)] as const]
      }),
    )
  }

  return {
    look(sql) {
      const rows = sql.all<{ number: number; time: string; time_ms: number }>(
        'select number, time, time_ms from generations where number >= ? order by number',
        newest?.number ?? 0,
      )
      const fresh: Generation[] = []
      for (const { number, time, time_ms: timeMs } of rows) {
        const before = known.get(number)
        const whole = before?.whole ?? rosterOf(sql, number, (collection) => collection)
        const generation = { number, time, timeMs, whole, narrowed: narrowedIn(sql, number) }
        known.set(number, generation)
        known.delete(number - KEPT)
        newest = generation
        if (before !== undefined) continue
        count += 1
        fresh.push(generation)
      }
      return fresh
    },
    newest: () => newest,
    between: (first, last) => [...known.values()].filter(({ number }) => first <= number && number <= last),
    count: () => count,
  }
}

interface Row {
  readonly sourcedId: string
  readonly status: string
  readonly body: string
  readonly body_v1p2: string | null
  readonly time: string
  readonly time_ms: number
}

function parse({ body, body_v1p2 }: Pick<Row, 'body' | 'body_v1p2'>) {
  const json = asRecord(body)
  const v1p1 = contentOf(json)
  return {
    json,
    content: { v1p1, v1p2: body_v1p2 === null ? v1p1 : contentOf(asRecord(body_v1p2)) },
    leadsTo: referencesIn(json).map(({ sourcedId, type }) => `${COLLECTION_OF[type]}/${sourcedId}`),
  }
}

/** A stored text is a JSON object that lacks its first letter. */
function asRecord(body: string): Json {
  return JSON.parse(`{${body}`) as Json
}
