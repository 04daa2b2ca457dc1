// Which generation the pages of a query are read from: the one that was the newest when its first page was asked for.
import { createRecent } from '../recent.ts'
import { currentSnapshot, newestSnapshot, type Snapshot, snapshotAt } from './snapshots.ts'
import type { Sql } from './sql.ts'

export const PINS_SCHEMA: readonly string[] = [
  // `reader` is a token's id or an OAuth 1.0a client; `query` a digest, for a filter may hold names.
  `create table pins (
     reader text not null, query text not null, consumer text not null, generation integer not null, used_ms integer not null,
     primary key (reader, query)) without rowid`,
  `create index pins_by_consumer on pins(consumer, query, used_ms)`,
  `create index pins_by_use on pins(used_ms, generation)`,
]

/** Who reads what. */
export interface PinnedQuery {
  /** What stays the same over a run: a token's id, or the client of OAuth 1.0a. */
  readonly reader: string
  readonly consumer: string
  /** Names the list that is read, the same for each of its pages. */
  readonly query: string
}

export interface Pins {
  /** For a first page: the newest snapshot, to which the query's later pages are pinned from now on. Undefined before the first. */
  begin(query: PinnedQuery): Snapshot | undefined
  /**
   * For a later page: the snapshot of the first one, also after a restart. Of a reader who has read no first page (a token may
   * end within a run) it is the one that the same consumer read the query from last; without that, as for a first page.
   */
  follow(query: PinnedQuery): Snapshot | undefined
  /**
   * Whether everything of the generation is still there, and was all along since it was chosen. What was read of it counts
   * only then: a short lifetime, or a clock that jumps, may end a pin while its page is being read.
   */
  isKept(query: PinnedQuery, generation: number): boolean
  /** As `isKept`, in the midst of a long reading: it counts as a use, so that a slow reader does not lose the pin. */
  useOn(query: PinnedQuery, generation: number): boolean
}

export interface PinOptions {
  readonly now: () => number
  /** How long a pin outlives its last use. */
  readonly lifetimeMs: number
}

interface Pin {
  readonly generation: number
  readonly usedMs: number
  /** `usedMs` as the store has it. */
  readonly writtenMs: number
}

const REMEMBERED = 10_000
const LONGEST_LAG_MS = 60_000

/** How far the use that the store knows of may lag behind: a page should not cost a write. */
function lagMs(lifetimeMs: number): number {
  return Math.min(LONGEST_LAG_MS, lifetimeMs / 10)
}

/** While a pin lives, clean-up deletes nothing that its generation sees. */
export function openPins(sql: Sql, { now, lifetimeMs }: PinOptions): Pins {
  const pins = createRecent<Pin>({ max: REMEMBERED })
  const nameOf = ({ reader, query }: PinnedQuery) => `${reader} ${query}`

  const stored = ({ reader, query }: PinnedQuery): StoredPin | undefined =>
    sql.all<StoredPin>(
      `select generation, used_ms as usedMs from pins where reader = ? and query = ?`,
      reader,
      query,
    )[0]

  /** The one that was begun last: by its generation, for the times may have been noted before the clock stepped back. */
  const newestOf = ({ consumer, query }: PinnedQuery): StoredPin | undefined =>
    sql.all<StoredPin>(
      `select generation, used_ms as usedMs from pins where consumer = ? and query = ? and used_ms >= ?
       order by generation desc, used_ms desc limit 1`,
      consumer,
      query,
      endedBefore({ now, lifetimeMs }),
    )[0]

  const keep = (query: PinnedQuery, generation: number, usedMs: number) => {
    // Clean-up comes with a sync only: while none goes well, the pins of each day's tokens and filters would add up.
    sql.run(DELETE_ENDED, endedBefore({ now, lifetimeMs }), DELETED_WITH_EACH)
    sql.run(
      `insert into pins (reader, query, consumer, generation, used_ms) values (?, ?, ?, ?, ?)
       on conflict (reader, query) do update
         set consumer = excluded.consumer, generation = excluded.generation, used_ms = excluded.used_ms`,
      query.reader,
      query.query,
      query.consumer,
      generation,
      usedMs,
    )
    pins.set(nameOf(query), { generation, usedMs, writtenMs: usedMs })
  }

  /** False for a pin that is not known here, has ended, or whose use must be written down. */
  const useAgain = (query: PinnedQuery, pin: Pin | undefined): pin is Pin => {
    const usedMs = now()
    if (pin === undefined || usedMs - pin.usedMs > lifetimeMs) return false
    if (usedMs < pin.writtenMs || usedMs - pin.writtenMs >= lagMs(lifetimeMs)) return false
    // Deleted when the clock had jumped ahead for a while: then its versions may be gone.
    if (stored(query)?.generation !== pin.generation) return false
    pins.set(nameOf(query), { ...pin, usedMs })
    return true
  }

  const begin = (query: PinnedQuery): Snapshot | undefined => {
    const newest = newestSnapshot(sql)
    if (newest === undefined) return undefined
    const pin = pins.get(nameOf(query))
    if (pin?.generation === newest.generation && useAgain(query, pin)) return newest
    // Under the write lock: between reading which one is the newest and pinning it, another process might clean it up.
    return sql.transaction(() => {
      const pinned = newestSnapshot(sql) ?? newest
      keep(query, pinned.generation, now())
      return pinned
    })
  }

  const isKept = (query: PinnedQuery, generation: number): boolean =>
    stored(query)?.generation === generation ||
    currentSnapshot(sql)?.generation === generation ||
    pinnedGenerations(sql).includes(generation)

  return {
    begin,
    follow(query) {
      const pin = pins.get(nameOf(query))
      if (useAgain(query, pin)) return snapshotAt(sql, pin.generation)
      const followed = sql.transaction(() => {
        const found = [stored(query), newestOf(query)].find(
          (known) => known !== undefined && known.usedMs >= endedBefore({ now, lifetimeMs }),
        )
        if (found !== undefined) keep(query, found.generation, now())
        return found && snapshotAt(sql, found.generation)
      })
      return followed ?? begin(query)
    },
    isKept,
    useOn(query, generation) {
      const pin = pins.get(nameOf(query))
      // The reader's later requests may have moved the pin on.
      if (pin?.generation === generation && !useAgain(query, pin)) {
        sql.transaction(() => {
          if (stored(query)?.generation === generation) keep(query, generation, now())
        })
      }
      return isKept(query, generation)
    },
  }
}

interface StoredPin {
  readonly generation: number
  readonly usedMs: number
}

/** What the store knows to be used earlier than this has ended. A use in the future was noted before the clock stepped back. */
function endedBefore({ now, lifetimeMs }: PinOptions): number {
  return now() - lifetimeMs - lagMs(lifetimeMs)
}

/**
 * The generations that pins are on, ascending: of all that are there, for one that has ended lives again when the clock is set
 * back. As long as a pin is there, so are its versions.
 */
export function pinnedGenerations(sql: Sql): readonly number[] {
  return sql
    .all<{ generation: number }>(`select distinct generation from pins order by generation`)
    .map(({ generation }) => generation)
}

const DELETE_ENDED = `delete from pins where (reader, query) in (select reader, query from pins where used_ms < ? limit ?)`
/** More than one, so that what ends is deleted faster than new ones come. */
const DELETED_WITH_EACH = 2

/** Deletes the pins that have ended; each step is a short transaction. */
export function* deleteEndedPins(sql: Sql, options: PinOptions, batch: number): Generator<void> {
  while (sql.run(DELETE_ENDED, endedBefore(options), batch).changes > 0) yield
}
