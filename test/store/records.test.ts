// Pages: every record once, in order, with one total, however one steps.
import { describe, expect, it } from 'vitest'
import { openRecordReader, type RecordReader } from '../../src/store/records.ts'
import { openStore, pageOf, parsed, publish, user } from './support.ts'

const AT = Date.UTC(2026, 8, 1)
const IDS = Array.from({ length: 57 }, (_, index) => `stu${index}`)

function filledReader(): RecordReader {
  const sql = openStore()
  publish(
    sql,
    IDS.map((id) => user(id, `Name ${id}`)),
    AT,
  )
  return openRecordReader(sql)
}

const idsOf = (json: Uint8Array) => parsed(json).map((record) => record.sourcedId)

describe('pages by sourcedId', () => {
  it.each([1, 7, 19, 56, 57, 100])('give each record once at %i a page', (limit) => {
    const reader = filledReader()
    const seen: string[] = []
    for (let offset = 0; offset < IDS.length; offset += limit) {
      const { json, total } = reader.page(pageOf(1, { limit, offset }))
      expect(total).toBe(57)
      seen.push(...idsOf(json))
    }
    expect(seen).toEqual([...IDS].sort())
  })

  it('are the same whether reached step by step or at once', () => {
    const stepping = filledReader()
    for (let offset = 0; offset < 50; offset += 10) stepping.page(pageOf(1, { limit: 10, offset }))
    const stepped = stepping.page(pageOf(1, { limit: 10, offset: 50 }))
    expect(idsOf(stepped.json)).toEqual(idsOf(filledReader().page(pageOf(1, { limit: 10, offset: 50 })).json))
  })

  it('are empty past the end, with the same total', () => {
    const { json, count, total } = filledReader().page(pageOf(1, { offset: 57 }))
    expect([json.length, count, total]).toEqual([0, 0, 57])
  })
})

describe('a page in another order', () => {
  it('follows the order it was given', () => {
    const order = { sql: 'r.sourcedId desc', parameters: [] }
    const { json } = filledReader().page(pageOf(1, { order, limit: 3, offset: 1 }))
    expect(idsOf(json)).toEqual([...IDS].sort().reverse().slice(1, 4))
  })
})

describe('a condition', () => {
  const where = [
    { sql: `r.seq in (select seq from links_users where field = 'orgs' and target = ?)`, parameters: ['sch2'] },
  ]

  it('narrows page, total and single record alike', () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2', 'Bo', 'sch2'), user('stu3', 'Cy', 'sch2')], AT)
    const reader = openRecordReader(sql)
    const { json, total } = reader.page(pageOf(1, { where, limit: 1 }))
    expect([idsOf(json), total]).toEqual([['stu2'], 2])
    expect(reader.one('users', 1, 'stu1', where)).toBeUndefined()
    expect(JSON.parse(reader.one('users', 1, 'stu3', where) ?? '')).toMatchObject({ givenName: 'Cy' })
  })
})

describe('rows', () => {
  it('are the records of the page one by one', () => {
    const { records, total } = filledReader().rows(pageOf(1, { limit: 2, offset: 5 }))
    expect(records.map((record) => JSON.parse(record).sourcedId)).toEqual([...IDS].sort().slice(5, 7))
    expect(total).toBe(57)
  })
})
