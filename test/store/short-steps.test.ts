// What is written beside readers is written in short steps, and never without the indexes that readers need.
import { describe, expect, it } from 'vitest'
import { openRosterFill } from '../../src/store/roster-fill.ts'
import { dropUnusedRosters, emptyTables, ensureRoster } from '../../src/store/roster-tables.ts'
import { ownStorages } from '../../src/store/rosters.ts'
import { openSnapshotWriter } from '../../src/store/snapshot-writer.ts'
import type { Sql } from '../../src/store/sql.ts'
import { COLLECTIONS, openStore, publish, tombstoneOf, user } from './support.ts'

const PEOPLE = 1_250
const MOST_PLACED = 100
const MOST_DELETED = 1_000

const people = (name: string) => Array.from({ length: PEOPLE }, (_, index) => user(`stu${index}`, name))
const count = (sql: Sql, table: string) => sql.all<{ n: number }>(`select count(*) as n from ${table}`)[0]?.n ?? 0
const indexesOf = (sql: Sql, table: string) =>
  sql.all<{ name: string }>(`select name from sqlite_schema where type = 'index' and tbl_name = ?`, table).length

/** By how many rows each step changes a table. */
function changesOf(sql: Sql, table: string, steps: Iterable<void>): number[] {
  const changes: number[] = []
  let before = count(sql, table)
  for (const _ of steps) {
    const after = count(sql, table)
    changes.push(Math.abs(after - before))
    before = after
  }
  return changes
}

function opened(sql: Sql) {
  return openSnapshotWriter(sql, { collections: COLLECTIONS, sync: 'sync', tombstoneOf })
}

describe('once something is published', () => {
  it('changes are placed a hundred at a time, and the indexes stay', () => {
    const sql = openStore()
    publish(sql, people('Ada'), 0)
    const indexes = indexesOf(sql, 'records_users')
    const writer = opened(sql)
    writer.write('users', people('Bo'))
    const fewest: number[] = []
    const watched = function* () {
      for (const _ of writer.place()) {
        fewest.push(indexesOf(sql, 'records_users'))
        yield
      }
    }
    const changes = changesOf(sql, 'records_users', watched())
    expect(changes.reduce((sum, n) => sum + n, 0)).toBe(PEOPLE)
    expect(Math.max(...changes)).toBe(MOST_PLACED)
    expect(new Set(fewest)).toEqual(new Set([indexes]))
    expect(count(sql, 'changed_users')).toBe(0)
  })

  it('a collection that is new is placed so too, for the others have readers', () => {
    const sql = openStore()
    publish(sql, [], 0)
    const writer = opened(sql)
    writer.write('users', people('Ada'))
    expect(Math.max(...changesOf(sql, 'records_users', writer.place()))).toBe(MOST_PLACED)
  })

  it('tombstones are written a few at a time, and the removals are counted', () => {
    const sql = openStore()
    publish(sql, people('Ada'), 0)
    const writer = opened(sql)
    expect(Math.max(...changesOf(sql, 'changed_users', writer.removeUnseen()))).toBeLessThanOrEqual(MOST_PLACED)
    expect(count(sql, 'changed_users')).toBe(PEOPLE)
    expect(writer.changes().get('users')).toMatchObject({ active: 0, removed: PEOPLE })
  })
})

describe('the tables of a roster', () => {
  const narrowing = { schools: ['100'], contacts: true }
  const filled = (sql: Sql) => {
    const roster = ensureRoster(sql, narrowing, COLLECTIONS)
    const storages = ownStorages(roster, COLLECTIONS)
    openRosterFill(sql, roster.id, { storages, generation: 1 }).write(`users_n${roster.id}`, people('Ada'))
    return { roster, storages, table: `users_n${roster.id}` }
  }

  it('are emptied step by step, and have their indexes before they are filled', () => {
    const sql = openStore()
    publish(sql, people('Ada'), 0)
    const { roster, storages, table } = filled(sql)
    const indexes = indexesOf(sql, 'records_users')
    let rows = count(sql, `records_${table}`)
    for (const _ of emptyTables(sql, roster.id, storages)) {
      const there = sql.all(`select 1 from sqlite_schema where name = ?`, `records_${table}`).length > 0
      const left = there ? count(sql, `records_${table}`) : 0
      expect(rows - left).toBeLessThanOrEqual(MOST_DELETED)
      rows = left
    }
    expect(rows).toBe(0)
    expect(indexesOf(sql, `records_${table}`)).toBe(indexes)
    expect(count(sql, `links_${table}`)).toBe(0)
  })

  it('are dropped step by step when nobody uses them', () => {
    const sql = openStore()
    publish(sql, people('Ada'), 0)
    const { table } = filled(sql)
    let steps = 0
    for (const _ of dropUnusedRosters(sql, [], COLLECTIONS)) steps += 1
    expect(steps).toBeGreaterThan(PEOPLE / MOST_DELETED)
    expect(sql.all(`select 1 from sqlite_schema where tbl_name like '%' || ?`, table)).toEqual([])
  })
})
