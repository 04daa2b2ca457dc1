// The registry of narrowed rosters, their tables, and what may be read of them.
import { describe, expect, it } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { markBuilt, openRosterFill } from '../../src/store/roster-fill.ts'
import { dropUnusedRosters, emptyTables, ensureRoster } from '../../src/store/roster-tables.ts'
import {
  builtStorages,
  describeNarrowing,
  isWhole,
  listRosters,
  type Narrowing,
  narrowingOf,
  narrowingsOf,
  ownStorages,
  rosterOf,
  rosterStorages,
  tableNames,
} from '../../src/store/rosters.ts'
import { activeTotals, countActive } from '../../src/store/snapshots.ts'
import type { Sql } from '../../src/store/sql.ts'
import { COLLECTIONS, openStore, publish, user } from './support.ts'

const OF_100: Narrowing = { schools: ['100'], contacts: true }
const WITHOUT_CONTACTS: Narrowing = { schools: null, contacts: false }
const WHOLE: Narrowing = { schools: null, contacts: true }

const tablesOf = (sql: Sql) =>
  sql.all<{ name: string }>(`select name from sqlite_schema where type = 'table' and name like '%\\_n%' escape '\\'`)

/** Makes, fills and opens a roster of these users in the current generation. */
function buildOf(sql: Sql, narrowing: Narrowing, generation: number, ids: readonly string[] = ['stu1']) {
  const roster = ensureRoster(sql, narrowing, COLLECTIONS)
  const storages = ownStorages(roster, COLLECTIONS)
  for (const _ of emptyTables(sql, roster.id, storages));
  const fill = openRosterFill(sql, roster.id, { storages, generation })
  fill.write(
    `users_n${roster.id}`,
    ids.map((id) => user(id)),
  )
  return {
    roster,
    storages,
    mark: () => markBuilt(sql, { roster: roster.id, generation, pending: undefined, totals: fill.totals() }),
  }
}

describe('a narrowing', () => {
  it('is the same however its schools were written', () => {
    expect(narrowingOf({ schools: ['200', '100', '200'], withheld: ['demographics'] })).toEqual({
      schools: ['100', '200'],
      contacts: true,
    })
  })

  it('to no school is not the whole', () => {
    expect(isWhole(narrowingOf({ schools: [], withheld: [] }))).toBe(false)
    expect(isWhole(narrowingOf({ schools: null, withheld: ['demographics'] }))).toBe(true)
  })

  it('of consumers is listed once, and the whole is not', () => {
    const consumers = [
      { schools: ['100'], withheld: [] },
      { schools: null, withheld: [] },
      { schools: ['100', '100'], withheld: ['demographics'] },
      { schools: null, withheld: ['contacts'] },
    ]
    expect(narrowingsOf(consumers)).toEqual([OF_100, WITHOUT_CONTACTS])
  })

  it.each([
    [OF_100, 'for school 100'],
    [{ schools: ['100', '200'], contacts: false }, 'for schools 100, 200 without contacts'],
    [WITHOUT_CONTACTS, 'without contacts'],
    [{ schools: [], contacts: true }, 'for schools (none)'],
  ])('is told to people: %j', (narrowing, words) => {
    expect(describeNarrowing(narrowing)).toBe(words)
  })
})

describe('the tables to read', () => {
  it('are the main ones for the whole roster', () => {
    expect(tableNames(openStore(), WHOLE, 1)?.('users')).toBe('users')
  })

  it('are not there before the roster is built, and not for generations before', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    publish(sql, [user('stu2')], 0)
    expect(tableNames(sql, OF_100, 2)).toBeUndefined()
    const { mark } = buildOf(sql, OF_100, 2)
    expect(tableNames(sql, OF_100, 2)).toBeUndefined()
    expect(mark()).toBe(true)
    expect(tableNames(sql, OF_100, 1)).toBeUndefined()
    expect(tableNames(sql, OF_100, 2)?.('users')).toBe('users_n1')
    expect(tableNames(sql, OF_100, 3)?.('orgs')).toBe('orgs_n1')
  })

  it('are its own for the users alone, where contacts alone are withheld', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    buildOf(sql, WITHOUT_CONTACTS, 1).mark()
    const nameOf = tableNames(sql, WITHOUT_CONTACTS, 1)
    expect([nameOf?.('users'), nameOf?.('orgs')]).toEqual(['users_n1', 'orgs'])
    expect(tablesOf(sql).map(({ name }) => name)).toEqual(['records_users_n1', 'changed_users_n1', 'links_users_n1'])
  })

  it('hold what they were filled with, with its links and totals', () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2')], 0)
    const { mark, storages } = buildOf(sql, OF_100, 1, ['stu1', 'stu2'])
    mark()
    expect(sql.all(`select sourcedId, status, born, seq from records_users_n1`)).toEqual([
      { sourcedId: 'stu1', status: 'active', born: 1, seq: 1 },
      { sourcedId: 'stu2', status: 'active', born: 1, seq: 2 },
    ])
    expect(sql.all(`select sourcedId, target from links_users_n1 where seq = 2`)).toEqual([
      { sourcedId: 'stu2', target: 'sch1' },
    ])
    expect(activeTotals(sql, 1).get('users_n1')).toBe(2)
    expect(countActive(sql, storages, 1)).toEqual(
      new Map([
        ['users_n1', 2],
        ['orgs_n1', 0],
      ]),
    )
  })
})

describe('a roster that was filled', () => {
  it('is not opened when something was published meanwhile', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    const { mark } = buildOf(sql, OF_100, 1)
    publish(sql, [user('stu2')], 0)
    expect(mark()).toBe(false)
    expect(builtStorages(sql, COLLECTIONS)).toEqual([])
    expect(activeTotals(sql, 1).has('users_n1')).toBe(false)
  })

  it('is not opened when something was prepared meanwhile', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    const { mark } = buildOf(sql, OF_100, 1)
    sql.run(`insert into pending (generation, sync) values (2, 'sync')`)
    expect(mark()).toBe(false)
  })

  it('is filled from nothing when it is filled again', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    buildOf(sql, OF_100, 1, ['stu1', 'stu2'])
    const { mark } = buildOf(sql, OF_100, 1, ['stu3'])
    expect(mark()).toBe(true)
    expect(sql.all(`select sourcedId from records_users_n1`)).toEqual([{ sourcedId: 'stu3' }])
    expect(sql.all(`select sourcedId from links_users_n1`)).toEqual([{ sourcedId: 'stu3' }])
  })

  it('that another process has built and opened meanwhile is neither emptied nor written to', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    const { roster, storages, mark } = buildOf(sql, OF_100, 1)
    const late = openRosterFill(sql, roster.id, { storages, generation: 1 })
    expect(mark()).toBe(true)
    const before = sql.all(`select sourcedId from records_users_n${roster.id}`)
    expect(() => [...emptyTables(sql, roster.id, storages)]).toThrow('meanwhile')
    expect(() => late.write(`users_n${roster.id}`, [user('stu9')])).toThrow('meanwhile')
    expect(sql.all(`select sourcedId from records_users_n${roster.id}`)).toEqual(before)
  })

  it('has the indexes of the main tables', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    buildOf(sql, OF_100, 1)
    const indexesOf = (table: string) =>
      sql
        .all<{ name: string }>(
          `select name from sqlite_schema where type = 'index' and tbl_name = ? and sql is not null`,
          table,
        )
        .map(({ name }) => name.replace('_n1', ''))
        .sort()
    for (const table of ['records_users', 'links_users']) expect(indexesOf(`${table}_n1`)).toEqual(indexesOf(table))
  })
})

describe('a new shape of the model', () => {
  it('has every record written anew by the next publish, so that its columns are filled', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    sql.run(`alter table records_users drop column body_v1p2`)
    migrate(sql, COLLECTIONS)
    publish(sql, [user('stu1')], 1)
    publish(sql, [user('stu1')], 2)
    expect(sql.all(`select born from records_users where sourcedId = 'stu1'`)).toEqual([{ born: 1 }, { born: 2 }])
  })

  it('reaches the tables of rosters too', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    buildOf(sql, OF_100, 1).mark()
    const newer = COLLECTIONS.map((storage) => ({
      ...storage,
      columns: [...storage.columns, { name: 'nickname', type: 'text' as const, index: true }],
    }))
    migrate(sql, rosterStorages(sql, newer))
    expect(sql.all(`select nickname from records_users_n1`)).toEqual([{ nickname: null }])
  })
})

describe('dropping', () => {
  const drop = (sql: Sql, inUse: readonly Narrowing[]) => {
    for (const _ of dropUnusedRosters(sql, inUse, COLLECTIONS));
  }

  it('takes a roster that nobody uses, with its tables, totals and pieces, and leaves the others', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    buildOf(sql, OF_100, 1).mark()
    buildOf(sql, WITHOUT_CONTACTS, 1).mark()
    const piece = `insert into pieces (form, first_seq, rows, seqs, length, crc) values (?, 1, 1, x'01', 1, 1)`
    for (const table of ['users', 'users_n1', 'users_n11', 'users_n2'])
      sql.run(piece, `${table} v1p1 https://bridge.example.org`)
    drop(sql, [WITHOUT_CONTACTS])
    expect(listRosters(sql).map(({ narrowing }) => narrowing)).toEqual([WITHOUT_CONTACTS])
    expect(tablesOf(sql).every(({ name }) => name.endsWith('_n2'))).toBe(true)
    expect([...activeTotals(sql, 1).keys()].sort()).toEqual(['orgs', 'users', 'users_n2'])
    const forms = sql
      .all<{ form: string }>(`select form from pieces order by form`)
      .map(({ form }) => form.split(' ')[0])
    expect(forms).toEqual(['users', 'users_n11', 'users_n2'])
  })

  it('that was killed half-way is ended by the next, and the roster is never read again', () => {
    const sql = openStore()
    publish(sql, [user('stu1')], 0)
    const first = buildOf(sql, OF_100, 1)
    first.mark()
    for (const _ of dropUnusedRosters(sql, [], COLLECTIONS)) break
    expect(rosterOf(sql, OF_100)).toBeUndefined()
    expect(rosterStorages(sql, COLLECTIONS)).toEqual([])
    const second = buildOf(sql, OF_100, 1)
    second.mark()
    expect(second.roster.id).toBeGreaterThan(first.roster.id)
    drop(sql, [OF_100])
    expect(tablesOf(sql).every(({ name }) => name.endsWith(`_n${second.roster.id}`))).toBe(true)
    expect(sql.all(`select id from rosters`)).toEqual([{ id: second.roster.id }])
    expect(tableNames(sql, OF_100, 1)?.('users')).toBe(`users_n${second.roster.id}`)
  })
})
