// The versions of one record: when each was published, and until when; remembered after their texts are gone.
import { type Form, separateTexts } from './record-texts.ts'
import { quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

export const RECORD_HISTORY_SCHEMA: readonly string[] = [
  `create table departed_versions (
     collection text not null, sourcedId text not null, born integer not null, died integer not null, status text not null,
     primary key (collection, sourcedId, born)) without rowid`,
  `create index departed_versions_by_died on departed_versions(died)`,
]

export interface RecordVersion {
  /** The generation in which it appeared. */
  readonly generation: number
  /** ISO 8601, UTC: the dateLastModified that it is served with. */
  readonly publishedAt: string
  /** When another version, or none, took its place; undefined while it is current. */
  readonly until: string | undefined
  readonly status: string
  /** Whether the current snapshot shows it, be it as a tombstone. */
  readonly isCurrent: boolean
  /** The JSON text that is served; undefined once clean-up has taken it. */
  readonly record: string | undefined
}

/** Remembers versions that are about to be deleted; `seqs` is a JSON array of their numbers in `records_<collection>`. */
export function noteDeparted(sql: Sql, collection: string, seqs: string): void {
  sql.run(
    `insert or replace into departed_versions (collection, sourcedId, born, died, status)
     select ?, r.sourcedId, r.born, r.died, r.status
     from json_each(?) e cross join ${quoteName(`records_${collection}`)} r on r.seq = e.value`,
    collection,
    seqs,
  )
}

/** Forgets what left the roster before that time (ms since 1970); each step is a short transaction. */
export function* pruneHistory(sql: Sql, before: number, batch = 500): Generator<void> {
  const forget = `
    delete from departed_versions where (collection, sourcedId, born) in (
      select collection, sourcedId, born from departed_versions
      where died <= (select max(number) from generations where time_ms < ?) limit ?)`
  while (sql.run(forget, before, batch).changes > 0) yield
}

interface VersionRow {
  /** Null once its text is gone. */
  readonly seq: number | null
  readonly born: number
  readonly status: string
  readonly publishedAt: string
  readonly until: string | null
  readonly isCurrent: number
}

/**
 * The published versions of a record of a main collection, the newest first; none when it is unknown. A version that is
 * prepared and not published is not shown, nor what it would end.
 */
export function versionsOf(sql: Sql, collection: string, sourcedId: string, form: Form): RecordVersion[] {
  const dates = `join generations b on b.number = v.born left join generations d on d.number = v.died`
  const rows = sql.all<VersionRow>(
    `select v.seq, v.born, v.status, b.time as publishedAt, d.time as until,
            v.died > (select max(number) from generations) as isCurrent
     from ${quoteName(`records_${collection}`)} v ${dates} where v.sourcedId = ?
     union all
     select null, v.born, v.status, b.time, d.time, 0
     from departed_versions v ${dates} where v.collection = ? and v.sourcedId = ?
     order by 2 desc`,
    sourcedId,
    collection,
    sourcedId,
  )
  return rows.map(({ seq, born, status, publishedAt, until, isCurrent }) => ({
    generation: born,
    publishedAt,
    until: until ?? undefined,
    status,
    isCurrent: isCurrent === 1,
    record: seq === null ? undefined : textOf(seq, born),
  }))

  function textOf(seq: number, generation: number): string | undefined {
    return separateTexts(sql, { table: collection, generation, seqs: Uint32Array.of(seq) }, form)[0]
  }
}
