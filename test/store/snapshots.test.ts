// Generations: what a publish shows, what it leaves alone, and what is left of what left.
import { describe, expect, it } from 'vitest'
import { activeTotals, currentSnapshot, expireTombstones, rollbackPending } from '../../src/store/snapshots.ts'
import { COLLECTIONS, openReader, openStore, pageOf, parsed, prepare, publish, user, V1P2 } from './support.ts'

const AT = Date.UTC(2026, 8, 1)
const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('a publish', () => {
  it('is later than the millisecond in which it happens, for a reader may have noted that one and asked just before', () => {
    const sql = openStore()
    expect(publish(sql, [user('stu1')], AT).timeMs).toBe(AT + 1)
  })

  it('stamps every record born in it with its own time', async () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2')], AT)
    const { json } = await openReader(sql).page(pageOf(1))
    expect(parsed(json).map((record) => record.dateLastModified)).toEqual(Array(2).fill('2026-09-01T00:00:00.001Z'))
  })

  it('moves the date of what changed and of nothing else', async () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2')], AT)
    publish(sql, [user('stu1'), user('stu2', 'Bo')], AT + HOUR)
    const records = parsed((await openReader(sql).page(pageOf(2))).json)
    expect(records.map(({ sourcedId, dateLastModified }) => [sourcedId, dateLastModified.slice(11, 13)])).toEqual([
      ['stu1', '00'],
      ['stu2', '01'],
    ])
  })

  it('writes nothing for records that are as they were', () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2')], AT)
    const changes = prepare(sql, [user('stu1'), user('stu2')])
      .changes()
      .get('users')
    expect(changes).toEqual({ active: 2, added: 0, changed: 0, removed: 0 })
    expect(sql.all(`select 1 from records_users`)).toHaveLength(2)
  })

  it('is later than the one before, also when the clock steps back', () => {
    const sql = openStore()
    const first = publish(sql, [user('stu1')], AT)
    const second = publish(sql, [user('stu1', 'Bo')], AT - DAY)
    expect(second.timeMs).toBe(first.timeMs + 1)
  })

  it('leaves the generation before it readable as it was', async () => {
    const sql = openStore()
    publish(sql, [user('stu1', 'Ada'), user('stu2')], AT)
    publish(sql, [user('stu1', 'Bo'), user('stu3')], AT + HOUR)
    const reader = openReader(sql)
    const names = async (generation: number) =>
      parsed((await reader.page(pageOf(generation))).json).map((record) => record.givenName)
    expect(await names(1)).toEqual(['Ada', 'Ada'])
    expect(await names(2)).toEqual(['Bo', 'Ada', 'Ada'])
  })

  it('knows the active totals without counting', () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2'), user('stu3')], AT)
    publish(sql, [user('stu1'), user('stu4')], AT + HOUR)
    expect(activeTotals(sql, 2).get('users')).toBe(2)
    const counted = sql.all<{ n: number }>(
      `select count(*) as n from records_users where died > 2 and status = 'active'`,
    )
    expect(counted[0]?.n).toBe(2)
  })
})

describe('a record that left', () => {
  it('becomes a tombstone with the time of the publish, its links kept', async () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2', 'Bo', 'sch2')], AT)
    publish(sql, [user('stu1')], AT + HOUR)
    const [, gone] = parsed((await openReader(sql).page(pageOf(2))).json)
    expect(gone).toMatchObject({
      sourcedId: 'stu2',
      status: 'tobedeleted',
      dateLastModified: '2026-09-01T01:00:00.001Z',
    })
    const links = sql.all(`select target from links_users where sourcedId = 'stu2'`)
    expect(links).toHaveLength(2)
  })

  it('is not buried twice', () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2')], AT)
    publish(sql, [user('stu1')], AT + HOUR)
    expect(
      prepare(sql, [user('stu1')])
        .changes()
        .get('users'),
    ).toMatchObject({ removed: 0, changed: 0, added: 0 })
  })

  it('comes back under the same id as an active record', async () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2')], AT)
    publish(sql, [user('stu1')], AT + HOUR)
    publish(sql, [user('stu1'), user('stu2')], AT + 2 * HOUR)
    const records = parsed((await openReader(sql).page(pageOf(3))).json)
    expect(records.map(({ sourcedId, status }) => [sourcedId, status])).toEqual([
      ['stu1', 'active'],
      ['stu2', 'active'],
    ])
    expect(records[1]?.dateLastModified).toBe('2026-09-01T02:00:00.001Z')
    expect(activeTotals(sql, 3).get('users')).toBe(2)
  })
})

describe('a prepared generation', () => {
  it('is seen by nobody before it is published', async () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2')], AT)
    prepare(sql, [user('stu1', 'Bo'), user('stu3')])
    expect(currentSnapshot(sql)?.generation).toBe(1)
    const records = parsed((await openReader(sql).page(pageOf(1))).json)
    expect(records.map(({ sourcedId, givenName, status }) => [sourcedId, givenName, status])).toEqual([
      ['stu1', 'Ada', 'active'],
      ['stu2', 'Ada', 'active'],
    ])
  })

  it('can be taken back without a trace', () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2')], AT)
    const before = sql.all(`select * from records_users order by seq`)
    prepare(sql, [user('stu1', 'Bo'), user('stu3')])
    for (const _ of rollbackPending(sql, COLLECTIONS, 1));
    expect(sql.all(`select * from records_users order by seq`)).toEqual(before)
    expect(sql.all(`select * from links_users where seq not in (select seq from records_users)`)).toEqual([])
    expect(sql.all(`select * from pending`)).toEqual([])
  })
})

describe('tombstones', () => {
  it('lets a tombstone go with the first publish after its lifetime, and never out of a generation that was read', async () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2')], AT)
    publish(sql, [user('stu1')], AT + DAY)
    const expire = (generation: number, now: number) => {
      for (const _ of expireTombstones(sql, COLLECTIONS, { generation, before: now - 180 * DAY }));
    }
    const tombstones = async (generation: number) =>
      parsed((await openReader(sql).page(pageOf(generation))).json).filter(({ status }) => status === 'tobedeleted')
        .length
    expire(3, AT + 180 * DAY)
    publish(sql, [user('stu1', 'Bo')], AT + 180 * DAY)
    expire(4, AT + 181 * DAY + 1)
    publish(sql, [user('stu1', 'Cy')], AT + 181 * DAY)
    expect([await tombstones(2), await tombstones(3), await tombstones(4)]).toEqual([1, 1, 0])
  })
})

describe('the text of OneRoster 1.2', () => {
  const at = (other: string | null) => ({ ...user('stu1'), bodyV1p2: other })
  const other = user('stu1').body.replace('Ada', 'Adda')

  it.each([
    ['appears', null, other],
    ['changes', other, other.replace('Adda', 'Addda')],
    ['goes', other, null],
  ])('makes a new version when it alone %s', (_, before, after) => {
    const sql = openStore()
    publish(sql, [at(before)], AT)
    publish(sql, [at(after)], AT + HOUR)
    expect(sql.all(`select body_v1p2 from records_users order by seq`)).toEqual([
      { body_v1p2: before },
      { body_v1p2: after },
    ])
  })

  it('is left alone when it is as it was', () => {
    const sql = openStore()
    publish(sql, [at(other)], AT)
    publish(sql, [at(other)], AT + HOUR)
    expect(sql.all(`select 1 from records_users`)).toHaveLength(1)
  })

  it('tells of the tombstone too', async () => {
    const sql = openStore()
    publish(sql, [at(other), user('stu2')], AT)
    publish(sql, [], AT + HOUR)
    const records = parsed((await openReader(sql).page(pageOf(2, { form: V1P2 }))).json)
    expect(records.map(({ givenName, status }) => [givenName, status])).toEqual([
      ['Adda', 'tobedeleted'],
      ['Ada', 'tobedeleted'],
    ])
  })
})
