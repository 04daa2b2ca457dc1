// Reads a published snapshot record by record, in the order of sourcedId, as a group takes it over.
import type { CollectionStorage } from '../store/schema.ts'
import { quoteName } from '../store/schema.ts'
import type { StoredRecord } from '../store/snapshot-writer.ts'
import type { Sql, SqlValue } from '../store/sql.ts'

/** A record as the member's store keeps it, or the id of one that has left. */
export type MemberRecord = StoredRecord | { readonly sourcedId: string; readonly isRemoved: true }

export interface Slice {
  readonly generation: number
  /** Only what has changed after this generation, removals included; 0: every active record, and no removals. */
  readonly since: number
  /** The sourcedId after which it goes on; '' to begin. */
  readonly after: string
  readonly limit: number
}

/** The next records of a generation that a pin keeps. At most `limit`; fewer when there are no more. */
export function sliceOf(
  sql: Sql,
  storage: CollectionStorage,
  { generation, since, after, limit }: Slice,
): MemberRecord[] {
  const name = quoteName(`records_${storage.name}`)
  const seen = `r.sourcedId > ? and r.born <= ? and r.died > ?`
  // A little that has changed is found by when it was born, which the sign keeps sourcedId from undoing. Of much, each slice
  // would look at all of it again: 44 s for 100,000 records, against 1 s.
  const which =
    since === 0
      ? `select r.seq from ${name} r where ${seen} and r.status = 'active' order by r.sourcedId limit ?`
      : hasChangedMuch(sql, name, since)
        ? `select r.seq from ${name} r where ${seen} and +r.born > ${Math.trunc(since)} order by r.sourcedId limit ?`
        : `select r.seq from ${name} r where +${seen} and r.born > ${Math.trunc(since)} order by +r.sourcedId limit ?`
  const rows = sql.all<Row>(
    `select r.sourcedId, r.status, r.body, r.body_v1p2 as bodyV1p2,
       (select json_group_array(json_array(l.field, l.target)) from ${quoteName(`links_${storage.name}`)} l where l.seq = r.seq) as links
       ${storage.columns.map((column, place) => `, r.${quoteName(column.name)} as c${place}`).join('')}
     from (${which}) found cross join ${name} r on r.seq = found.seq order by r.sourcedId`,
    after,
    generation,
    generation,
    limit,
  )
  return rows.map((row) =>
    row.status === 'active' ? recordOf(row, storage) : { sourcedId: row.sourcedId, isRemoved: true },
  )
}

/** The texts alone of the active records of a generation that is kept, as `sliceOf`. */
export function bodiesOf(
  sql: Sql,
  { name }: Pick<CollectionStorage, 'name'>,
  { generation, after, limit }: Omit<Slice, 'since'>,
): { readonly sourcedId: string; readonly body: string }[] {
  return sql.all(
    `select sourcedId, body from ${quoteName(`records_${name}`)}
     where sourcedId > ? and born <= ? and died > ? and status = 'active' order by sourcedId limit ?`,
    after,
    generation,
    generation,
    limit,
  )
}

const MUCH = 10_000

function hasChangedMuch(sql: Sql, records: string, since: number): boolean {
  const born = `select 1 from ${records} where born > ? limit ${MUCH}`
  return sql.all<{ n: number }>(`select count(*) as n from (${born})`, since)[0]?.n === MUCH
}

function recordOf(row: Row, { columns }: CollectionStorage): StoredRecord {
  // Written by the statement above.
  const links = row.links === '[]' ? [] : (JSON.parse(row.links) as [string, string][])
  return {
    sourcedId: row.sourcedId,
    body: row.body,
    bodyV1p2: row.bodyV1p2,
    columns: columns.map((_, place) => row[`c${place}`] ?? null),
    links: links.map(([field, target]) => ({ field, target })),
  }
}

interface Row {
  readonly sourcedId: string
  readonly status: string
  readonly body: string
  readonly bodyV1p2: string | null
  /** A JSON list of pairs: field, target. */
  readonly links: string
  /** The columns, in the order of the storage. */
  readonly [column: `c${number}`]: SqlValue
}
