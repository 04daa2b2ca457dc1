// What `create_only` keeps: the ids of rows by their first publish, and records as they were last published.
import { describe, expect, it } from 'vitest'
import { forgetPending, openKeptIds, publishedRecord } from '../../src/store/kept-ids.ts'
import { rollbackPending } from '../../src/store/snapshots.ts'
import { COLLECTIONS, openStore, prepare, publish, tidy, user } from './support.ts'

const DAY = 24 * 3_600_000

describe('the id that a row was first published under', () => {
  it('is there once its generation is published, and not before', () => {
    const sql = openStore()
    openKeptIds(sql, 0).keep('users.student', 7, 'stu7', 1)
    expect(openKeptIds(sql, 0).idOf('users.student', 7)).toBeUndefined()
    publish(sql, [user('stu7')], 1_000)
    expect(openKeptIds(sql, 1).idOf('users.student', 7)).toBe('stu7')
  })

  it('is not replaced by a later one', () => {
    const sql = openStore()
    openKeptIds(sql, 0).keep('users.student', 7, 'stu7', 1)
    openKeptIds(sql, 1).keep('users.student', 7, 'ada', 2)
    expect(openKeptIds(sql, 2).idOf('users.student', 7)).toBe('stu7')
  })

  it('is that of the sync that is published, not of one that was given up', () => {
    const sql = openStore()
    openKeptIds(sql, 0).keep('users.student', 7, 'given up', 1)
    openKeptIds(sql, 0).keep('users.student', 7, 'stu7', 1)
    expect(openKeptIds(sql, 1).idOf('users.student', 7)).toBe('stu7')
  })

  it('is each rule’s own, and a number is not the text of it', () => {
    const sql = openStore()
    const kept = openKeptIds(sql, 0)
    kept.keep('users.student', 7, 'number', 1)
    kept.keep('users.student', '7', 'text', 1)
    kept.keep('users.staff', 7, 'staff', 1)
    const { idOf } = openKeptIds(sql, 1)
    const ids = [idOf('users.student', 7), idOf('users.student', '7'), idOf('users.staff', 7), idOf('users.staff', '7')]
    expect(ids).toEqual(['number', 'text', 'staff', undefined])
  })

  it('is forgotten with what was prepared, and only with that', () => {
    const sql = openStore()
    publish(sql, [user('stu7')], 1_000)
    openKeptIds(sql, 0).keep('users.student', 7, 'stu7', 1)
    openKeptIds(sql, 1).keep('users.student', 8, 'stu8', 2)
    forgetPending(sql)
    const { idOf } = openKeptIds(sql, 2)
    expect([idOf('users.student', 7), idOf('users.student', 8)]).toEqual(['stu7', undefined])
  })
})

describe('the record of an id as last published', () => {
  it('is the newest version, with its fields', () => {
    const sql = openStore()
    publish(sql, [user('a', 'Ada')], 1_000)
    publish(sql, [user('a', 'Ada Li')], 2_000)
    expect(publishedRecord(sql, 'users')('a')).toEqual({
      sourcedId: 'a',
      status: 'active',
      givenName: 'Ada Li',
      orgs: [{ href: '/orgs/sch1' }],
    })
  })

  it('is not one that is prepared only', () => {
    const sql = openStore()
    publish(sql, [user('a', 'Ada')], 1_000)
    prepare(sql, [user('a', 'Ada Li'), user('b')])
    const recordOf = publishedRecord(sql, 'users')
    expect([recordOf('a')?.givenName, recordOf('b')]).toEqual(['Ada', undefined])
    for (const _ of rollbackPending(sql, COLLECTIONS));
    expect(publishedRecord(sql, 'users')('a')?.givenName).toBe('Ada')
  })

  it('is there after it was deleted, until its tombstone is forgotten', () => {
    const sql = openStore()
    publish(sql, [user('a', 'Ada'), user('b')], 1_000)
    publish(sql, [user('b')], 2_000)
    tidy(sql, 2_000 + 2 * 3_600_000)
    expect(publishedRecord(sql, 'users')('a')).toMatchObject({ status: 'tobedeleted', givenName: 'Ada' })
    publish(sql, [user('b', 'Bo')], 200 * DAY)
    sql.run(`update records_users set died = 3 where sourcedId = 'a' and status = 'tobedeleted'`)
    tidy(sql, 400 * DAY)
    expect(publishedRecord(sql, 'users')('a')).toBeUndefined()
  })

  it('has what v1.2 alone knows, and what both know as v1.1 has it', () => {
    const sql = openStore()
    const ada = user('a')
    const bodyV1p2 = ada.body.replace('"Ada"', '"in 1.2","pronouns":"she"')
    publish(sql, [{ ...ada, bodyV1p2 }], 1_000)
    expect(publishedRecord(sql, 'users')('a')).toMatchObject({ givenName: 'Ada', pronouns: 'she' })
  })

  it('is none before the first publish, of an unknown id, and of another collection', () => {
    const sql = openStore()
    expect(publishedRecord(sql, 'users')('a')).toBeUndefined()
    publish(sql, [user('a')], 1_000)
    expect(publishedRecord(sql, 'users')('b')).toBeUndefined()
    expect(publishedRecord(sql, 'orgs')('a')).toBeUndefined()
  })
})
