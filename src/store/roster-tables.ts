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

/**
 * Empties the tables of a roster that nobody reads, and leaves them without indexes for the load that follows; each step is
 * a transaction. Refuses as `requireUnbuilt` does.
 */
export function* emptyTables(sql: Sql, roster: number, storages: readonly CollectionStorage[]): Generator<void> {
  for (const storage of storages) {
    sql.transaction(() => {
      requireUnbuilt(sql, roster)
      dropTables(sql, storage.name)
      migrate(sql, [storage])
      for (const { drop } of recordIndexes(storage)) sql.run(drop)
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
    for (const { name } of collections.map((storage) => storageOf(roster, storage))) {
      sql.transaction(() => {
        dropPieces(sql, name)
        sql.run(`delete from totals where collection = ?`, name)
        dropTables(sql, name)
      })
      yield
    }
    sql.run(`delete from rosters where id = ?`, roster.id)
  }
}

function dropTables(sql: Sql, name: string): void {
  for (const table of ['records', 'changed', 'links']) sql.run(`drop table if exists ${quoteName(`${table}_${name}`)}`)
}
