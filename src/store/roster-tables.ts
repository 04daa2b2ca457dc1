// The life of a narrowed roster's tables: made, emptied, and dropped when no consumer needs them.
import { migrate } from './migrations.ts'
import { dropPieces } from './pieces.ts'
import { recordIndexes } from './record-indexes.ts'
import {
  DROPPED,
  type Narrowing,
  ownStorages,
  type Roster,
  requireUnbuilt,
  rosterOf,
  storageOf,
  textOf,
} from './rosters.ts'
import { type CollectionStorage, quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

/** The roster of that narrowing, made (and not built) when there is none; its tables are in the shape of today's model. */
export function ensureRoster(sql: Sql, narrowing: Narrowing, collections: readonly CollectionStorage[]): Roster {
  return sql.transaction(() => {
    sql.run(`insert into rosters (narrowing) values (?) on conflict (narrowing) do nothing`, textOf(narrowing))
    const roster = rosterOf(sql, narrowing)
    if (roster === undefined) throw new Error('the roster that was just made is not there')
    migrate(sql, ownStorages(roster, collections))
    return roster
  })
}

/** Makes the tables of a roster that nobody reads anew; each step is a transaction. Refuses as `requireUnbuilt` does. */
export function* emptyTables(sql: Sql, roster: number, storages: readonly CollectionStorage[]): Generator<void> {
  for (const storage of storages) {
    for (const drop of dropSteps(sql, storage)) {
      sql.transaction(() => {
        requireUnbuilt(sql, roster)
        drop()
      })
      yield
    }
    sql.transaction(() => {
      requireUnbuilt(sql, roster)
      migrate(sql, [storage])
    })
    yield
  }
}

/**
 * Drops the rosters of all other narrowings with their tables, in short transactions. The id of a dropped roster never
 * comes back, so that nothing remembered under its tables' names can be taken for another's.
 */
export function* dropUnusedRosters(
  sql: Sql,
  inUse: readonly Narrowing[],
  collections: readonly CollectionStorage[],
): Generator<void> {
  const used = JSON.stringify(inUse.map(textOf))
  const dropped = `update rosters set narrowing = ? || id, built = null
    where narrowing not in (select value from json_each(?)) and substr(narrowing, 1, ${DROPPED.length}) <> ?`
  sql.run(dropped, DROPPED, used, DROPPED)
  const unused = sql.all<{ id: number }>(
    `select id from rosters where substr(narrowing, 1, ${DROPPED.length}) = ? order by id`,
    DROPPED,
  )
  for (const roster of unused) {
    for (const storage of collections.map((collection) => storageOf(roster, collection))) {
      sql.transaction(() => {
        dropPieces(sql, storage.name)
        sql.run(`delete from totals where collection = ?`, storage.name)
      })
      yield
      for (const drop of dropSteps(sql, storage)) {
        drop()
        yield
      }
    }
    sql.run(`delete from rosters where id = ?`, roster.id)
  }
}

/** Rows that are deleted in a step. */
const DELETED = 1_000

/**
 * Drops the tables of a collection, if they are there, in steps that are each to be a transaction. A large one is emptied
 * before, for to drop it would take as long as to read it; its indexes go first, so that rows go fast.
 */
function* dropSteps(sql: Sql, storage: CollectionStorage): Generator<() => void> {
  for (const { drop } of recordIndexes(storage)) yield () => sql.run(drop)
  for (const kind of ['records', 'changed', 'links']) {
    const table = `${kind}_${storage.name}`
    if (sql.all(`select 1 from sqlite_schema where type = 'table' and name = ?`, table).length === 0) continue
    let hasMore = true
    while (hasMore) {
      yield () => {
        hasMore = sql.run(deleteSome(kind, quoteName(table))).changes > 0
      }
    }
    yield () => sql.run(`drop table ${quoteName(table)}`)
  }
}

function deleteSome(kind: string, table: string): string {
  // Links have no rowid; their key begins with the field.
  return kind === 'links'
    ? `delete from ${table} where (field, target, sourcedId, seq) in (select field, target, sourcedId, seq from ${table} limit ${DELETED})`
    : `delete from ${table} where rowid < (select min(rowid) from ${table}) + ${DELETED}`
}
