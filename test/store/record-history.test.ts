// What the store remembers of a record's versions once clean-up has taken their texts, and for how long.
import { describe, expect, it } from 'vitest'
import { noteDeparted, pruneHistory, versionsOf } from '../../src/store/record-history.ts'
import type { Sql } from '../../src/store/sql.ts'
import { openStore, prepare, publish, user, V1P1 } from './support.ts'

/** What clean-up does with versions that nobody can ask for any more. */
function depart(sql: Sql, before: number): void {
  const seqs = sql.all<{ seq: number }>('select seq from records_users where died <= ?', before).map(({ seq }) => seq)
  sql.transaction(() => {
    noteDeparted(sql, 'users', JSON.stringify(seqs))
    sql.run('delete from records_users where died <= ?', before)
  })
}

/** Ada under a new name in each of four generations, one a second. */
function openWithFour(): Sql {
  const sql = openStore()
  for (let nth = 1; nth <= 4; nth += 1) publish(sql, [user('a', `Ada ${nth}`), user('b')], nth * 1_000)
  return sql
}

const generationsOf = (sql: Sql, sourcedId: string) =>
  versionsOf(sql, 'users', sourcedId, V1P1).map(({ generation }) => generation)

describe('the versions of a record', () => {
  it('are told the newest first, with their texts while they are stored', () => {
    const sql = openWithFour()
    depart(sql, 3)
    const versions = versionsOf(sql, 'users', 'a', V1P1)
    const at = (ms: number) => new Date(ms + 1).toISOString()
    expect(versions).toMatchObject([
      { generation: 4, publishedAt: at(4_000), until: undefined, status: 'active', isCurrent: true },
      { generation: 3, publishedAt: at(3_000), until: at(4_000), status: 'active', isCurrent: false },
      { generation: 2, publishedAt: at(2_000), until: at(3_000), isCurrent: false, record: undefined },
      { generation: 1, publishedAt: at(1_000), until: at(2_000), isCurrent: false, record: undefined },
    ])
    const [newest] = versions
    expect(JSON.parse(newest?.record ?? '')).toMatchObject({
      sourcedId: 'a',
      dateLastModified: at(4_000),
      givenName: 'Ada 4',
      orgs: [{ href: `${V1P1.root}/orgs/sch1` }],
    })
  })

  it('are none for a record that is unknown, or that is only prepared', () => {
    const sql = openStore()
    expect(versionsOf(sql, 'users', 'a', V1P1)).toEqual([])
    prepare(sql, [user('a')])
    expect(versionsOf(sql, 'users', 'a', V1P1)).toEqual([])
  })

  it('stay as they are while the next generation is prepared', () => {
    const sql = openWithFour()
    const before = versionsOf(sql, 'users', 'a', V1P1)
    prepare(sql, [user('a', 'Ada 5')])
    expect(versionsOf(sql, 'users', 'a', V1P1)).toEqual(before)
  })

  it('tell when a record left, and that it came back', () => {
    const sql = openStore()
    publish(sql, [user('a')], 1_000)
    publish(sql, [], 2_000)
    publish(sql, [user('a')], 3_000)
    depart(sql, 3)
    expect(versionsOf(sql, 'users', 'a', V1P1).map(({ status, isCurrent }) => [status, isCurrent])).toEqual([
      ['active', true],
      ['tobedeleted', false],
      ['active', false],
    ])
  })
})

describe('what has departed', () => {
  it('is forgotten when its time has come, in short steps, and what is stored is not', () => {
    const sql = openWithFour()
    depart(sql, 4)
    expect(generationsOf(sql, 'a')).toEqual([4, 3, 2, 1])
    expect([...pruneHistory(sql, 2_000)]).toHaveLength(0)
    expect(generationsOf(sql, 'a')).toEqual([4, 3, 2, 1])
    expect([...pruneHistory(sql, 3_500, 1)]).toHaveLength(2)
    expect(generationsOf(sql, 'a')).toEqual([4, 3])
    for (const _ of pruneHistory(sql, Number.MAX_SAFE_INTEGER));
    expect([generationsOf(sql, 'a'), generationsOf(sql, 'b')]).toEqual([[4], [1]])
  })

  it('is noted once, also when it is noted again', () => {
    const sql = openWithFour()
    noteDeparted(sql, 'users', '[1]')
    depart(sql, 4)
    expect(generationsOf(sql, 'a')).toEqual([4, 3, 2, 1])
  })
})
