// The first filling of a narrowed roster's tables: from a published generation, which nobody has read in them before.
import { type Pending, pendingGeneration } from './pending.ts'
import { requireUnbuilt } from './rosters.ts'
import { ALIVE, type CollectionStorage, quoteName } from './schema.ts'
import type { StoredRecord } from './snapshot-writer.ts'
import { currentSnapshot } from './snapshots.ts'
import type { Sql } from './sql.ts'

export interface RosterFill {
  /** Puts a batch of one table in place, in one transaction. Pages are fast to read when batches come in about the order of sourcedId. */
  write(table: string, records: readonly StoredRecord[]): void
  totals(): ReadonlyMap<string, number>
}

/**
 * Fills the empty tables of a roster beside the readers of others, so their indexes grow with them: to make those of a large
 * table at the end would hold everybody up. Every record counts as born in `generation`. Refuses as `requireUnbuilt` does.
 */
export function openRosterFill(
  sql: Sql,
  roster: number,
  { storages, generation }: { readonly storages: readonly CollectionStorage[]; readonly generation: number },
): RosterFill {
  const inserts = new Map(storages.map((storage) => [storage.name, insertsOf(storage)]))
  const totals = new Map(storages.map(({ name }) => [name, 0]))
  return {
    write(table, records) {
      const insert = inserts.get(table)
      if (insert === undefined) throw new Error(`the roster has no table ${table}`)
      let seq = totals.get(table) ?? 0
      sql.transaction(() => {
        requireUnbuilt(sql, roster)
        for (const { sourcedId, body, bodyV1p2, columns, links } of records) {
          seq += 1
          sql.run(insert.record, seq, generation, sourcedId, body, bodyV1p2, ...columns)
          for (const { field, target } of links) sql.run(insert.link, field, target, sourcedId, seq)
        }
      })
      totals.set(table, seq)
    },
    totals: () => totals,
  }
}

function insertsOf({ name, columns }: CollectionStorage): { readonly record: string; readonly link: string } {
  const names = ['seq', 'born', 'sourcedId', 'body', 'body_v1p2', ...columns.map((column) => quoteName(column.name))]
  return {
    record: `insert into ${quoteName(`records_${name}`)} (died, status, ${names.join(', ')})
      values (${ALIVE}, 'active', ${names.map(() => '?').join(', ')})`,
    link: `insert or ignore into ${quoteName(`links_${name}`)} (field, target, sourcedId, seq) values (?, ?, ?, ?)`,
  }
}

export interface BuiltOptions {
  readonly roster: number
  readonly generation: number
  readonly pending: Pending | undefined
  readonly totals: ReadonlyMap<string, number>
}

/**
 * Opens a filled roster to its readers. False, and nothing is opened, when something was published or taken back while it
 * was filled: it would lack those changes, and nothing would ever tell its readers of them.
 */
export function markBuilt(sql: Sql, { roster, generation, pending, totals }: BuiltOptions): boolean {
  return sql.transaction(() => {
    const now = pendingGeneration(sql)
    const isSamePending = now?.generation === pending?.generation && now?.sync === pending?.sync
    if (!isSamePending || currentSnapshot(sql)?.generation !== generation) return false
    for (const [table, active] of totals) {
      sql.run(
        `insert or replace into totals (generation, collection, active) values (?, ?, ?)`,
        generation,
        table,
        active,
      )
    }
    return sql.run(`update rosters set built = ? where id = ? and built is null`, generation, roster).changes > 0
  })
}
