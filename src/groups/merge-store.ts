// The next generation of a group's store as its members are read: what differs from what it has, kept unseen.
import { emptyChanged, sortChanged } from '../store/changed-records.ts'
import { COLUMNS_ADDED, readMeta } from '../store/meta.ts'
import { pendingGeneration, takenOver } from '../store/pending.ts'
import { ALIVE, type CollectionStorage, quoteName } from '../store/schema.ts'
import type { CollectionChanges, StoredRecord } from '../store/snapshot-writer.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'

/** Ids after `after`, up to `last` or, without it, before `end`. */
export interface Range {
  readonly after: string
  readonly last?: string
  readonly end: string
}

/** One table of the group. All of it is to be called within a transaction of the caller. */
export interface MergeTable {
  readonly storage: CollectionStorage
  /** Keeps what differs from what is alive, or everything with `isRewrite`; adds to `counts`. */
  write(records: readonly StoredRecord[], counts: CollectionChanges, isRewrite?: boolean): void
  /** Gives those of the ids that are active a last version with status tobedeleted. */
  bury(ids: readonly string[], counts: CollectionChanges): void
  /** The same for some ids of the range but these. False when there are no more. */
  buryOthers(range: Range, ids: readonly string[], counts: CollectionChanges): boolean
  /** Takes back some of what was kept of the range. False when there is no more. */
  forget(range: Omit<Range, 'last'>): boolean
  /** Active records of the published generation. */
  countActive(range: Omit<Range, 'last'>): number
  /** The body of the active record. */
  bodyOf(sourcedId: string): string | undefined
  /** The model has gained columns, which only a record that is written anew has. */
  readonly lacksColumns: boolean
}

/** Records that are buried, or taken back, in a step. */
const BURIED = 50
const FORGOTTEN = 500

/** Begins the generation after the current one. What an earlier sync prepared must have been rolled back. */
export function beginMerge(sql: Sql, collections: readonly CollectionStorage[], sync: string): number {
  return sql.transaction(() => {
    // Another process has taken over since: its records are not to be mixed with these.
    if (pendingGeneration(sql) !== undefined) throw takenOver()
    const last = currentSnapshot(sql)
    const generation = (last?.generation ?? 0) + 1
    sql.run(`insert into pending (generation, sync) values (?, ?)`, generation, sync)
    for (const { name } of collections) {
      emptyChanged(sql, name)
      if (last !== undefined) sortChanged(sql, name)
    }
    return generation
  })
}

export function openMergeTable(
  sql: Sql,
  storage: CollectionStorage,
  tombstoneOf: (body: string) => string,
): MergeTable {
  const records = quoteName(`records_${storage.name}`)
  const changed = quoteName(`changed_${storage.name}`)
  const columns = storage.columns.map(({ name }) => `, ${quoteName(name)}`).join('')
  const places = storage.columns.map(() => ', ?').join('')
  const select = `select seq, body = ? and body_v1p2 is ? as same, status from ${records} where sourcedId = ? and died = ${ALIVE}`
  const insert = `insert into ${changed} (replaces, links, sourcedId, status, body, body_v1p2${columns}) values (?, ?, ?, 'active', ?, ?${places})`
  // The links of the last version stay with the tombstone, so that nested reads still tell of it.
  const tombstone = `
    insert into ${changed} (replaces, links, sourcedId, status, body, body_v1p2${columns})
    select seq, (select json_group_array(json_array(l.field, l.target)) from ${quoteName(`links_${storage.name}`)} l where l.seq = r.seq),
           sourcedId, 'tobedeleted', ?, ?${columns} from ${records} r where seq = ?`
  const lacksColumns = readMeta(sql, COLUMNS_ADDED + storage.name) !== undefined

  const buryVersions = (gone: readonly Version[], counts: CollectionChanges) => {
    for (const { seq, body, bodyV1p2 } of gone) {
      sql.run(tombstone, tombstoneOf(body), bodyV1p2 === null ? null : tombstoneOf(bodyV1p2), seq)
    }
    counts.removed += gone.length
    counts.active -= gone.length
  }
  /** A step that is repeated finds its own tombstones, and makes no second one. */
  const active = `from ${records} r where died = ${ALIVE} and status = 'active'
    and not exists (select 1 from ${changed} c where c.sourcedId = r.sourcedId)`

  return {
    storage,
    lacksColumns,
    write(written, counts, isRewrite = lacksColumns) {
      for (const { sourcedId, body, bodyV1p2, columns: values, links } of written) {
        const [alive] = sql.all<{ seq: number; same: number; status: string }>(select, body, bodyV1p2, sourcedId)
        if (alive?.same === 1 && !isRewrite) continue
        const isUnknown = alive === undefined || alive.status === 'tobedeleted'
        counts[isUnknown ? 'added' : 'changed'] += 1
        if (isUnknown) counts.active += 1
        const linksText = links.length === 0 ? null : JSON.stringify(links.map(({ field, target }) => [field, target]))
        sql.run(insert, alive?.seq ?? null, linksText, sourcedId, body, bodyV1p2, ...values)
      }
    },
    bury(ids, counts) {
      const gone = sql.all<Version>(
        `select seq, body, body_v1p2 as bodyV1p2 ${active} and sourcedId in (select value from json_each(?))`,
        JSON.stringify(ids),
      )
      buryVersions(gone, counts)
    },
    buryOthers({ after, last, end }, ids, counts) {
      const gone = sql.all<Version>(
        `select seq, body, body_v1p2 as bodyV1p2 ${active} and sourcedId > ? and sourcedId ${last === undefined ? '<' : '<='} ?
           and sourcedId not in (select value from json_each(?)) order by sourcedId limit ${BURIED}`,
        after,
        last ?? end,
        JSON.stringify(ids),
      )
      buryVersions(gone, counts)
      return gone.length === BURIED
    },
    forget({ after, end }) {
      // They came last; an index is not there while nothing is published.
      return (
        sql.run(
          `delete from ${changed} where rowid in (
             select rowid from ${changed} where +sourcedId > ? and +sourcedId < ? order by rowid desc limit ${FORGOTTEN})`,
          after,
          end,
        ).changes > 0
      )
    },
    countActive({ after, end }) {
      const [row] = sql.all<{ n: number }>(
        `select count(*) as n from ${records} where died = ${ALIVE} and status = 'active' and sourcedId > ? and sourcedId < ?`,
        after,
        end,
      )
      return row?.n ?? 0
    },
    bodyOf: (sourcedId) => sql.all<Version>(`select body ${active} and sourcedId = ?`, sourcedId)[0]?.body,
  }
}

interface Version {
  readonly seq: number
  readonly body: string
  readonly bodyV1p2: string | null
}
