// Pages: every record once, in order, with one total, however one steps.
import { describe, expect, it } from 'vitest'
import type { Form } from '../../src/store/records.ts'
import { openReader, openStore, pageOf, parsed, publish, user, V1P1, V1P2 } from './support.ts'
import type { WholePages } from './whole-pages.ts'

const AT = Date.UTC(2026, 8, 1)
const IDS = Array.from({ length: 57 }, (_, index) => `stu${index}`)

function filledReader(): WholePages {
  const sql = openStore()
  publish(
    sql,
    IDS.map((id) => user(id, `Name ${id}`)),
    AT,
  )
  return openReader(sql)
}

const idsOf = (json: Uint8Array) => parsed(json).map((record) => record.sourcedId)

describe('pages by sourcedId', () => {
  it.each([1, 7, 19, 56, 57, 100])('give each record once at %i a page', async (limit) => {
    const reader = filledReader()
    const seen: string[] = []
    for (let offset = 0; offset < IDS.length; offset += limit) {
      const { json, total } = await reader.page(pageOf(1, { limit, offset }))
      expect(total).toBe(57)
      seen.push(...idsOf(json))
    }
    expect(seen).toEqual([...IDS].sort())
  })

  it('are the same whether reached step by step or at once', async () => {
    const stepping = filledReader()
    for (let offset = 0; offset < 50; offset += 10) await stepping.page(pageOf(1, { limit: 10, offset }))
    const stepped = await stepping.page(pageOf(1, { limit: 10, offset: 50 }))
    expect(idsOf(stepped.json)).toEqual(idsOf((await filledReader().page(pageOf(1, { limit: 10, offset: 50 }))).json))
  })

  it('are empty past the end, with the same total', async () => {
    const { json, count, total } = await filledReader().page(pageOf(1, { offset: 57 }))
    expect([json.length, count, total]).toEqual([0, 0, 57])
  })
})

describe('a page in another order', () => {
  it('follows the order it was given', async () => {
    const expression = { sql: 'r.sourcedId', parameters: [] }
    const order = { expression, direction: 'desc', mayBeMissing: false } as const
    const { json } = await filledReader().page(pageOf(1, { order, limit: 3, offset: 1 }))
    expect(idsOf(json)).toEqual([...IDS].sort().reverse().slice(1, 4))
  })
})

describe('a condition', () => {
  const where = [
    { sql: `r.seq in (select seq from links_users where field = 'orgs' and target = ?)`, parameters: ['sch2'] },
  ]

  it('narrows page, total and single record alike', async () => {
    const sql = openStore()
    publish(sql, [user('stu1'), user('stu2', 'Bo', 'sch2'), user('stu3', 'Cy', 'sch2')], AT)
    const reader = openReader(sql)
    const { json, total } = await reader.page(pageOf(1, { where, limit: 1 }))
    expect([idsOf(json), total]).toEqual([['stu2'], 2])
    expect(reader.one('users', 1, 'stu1', where, V1P1)).toBeUndefined()
    expect(JSON.parse(reader.one('users', 1, 'stu3', where, V1P1) ?? '')).toMatchObject({ givenName: 'Cy' })
  })
})

describe('rows', () => {
  it('are the records of the page one by one', async () => {
    const { records, total } = await filledReader().rows(pageOf(1, { limit: 2, offset: 5 }))
    expect(records.map((record) => JSON.parse(record).sourcedId)).toEqual([...IDS].sort().slice(5, 7))
    expect(total).toBe(57)
  })
})

describe('links', () => {
  it('lead into the service that is asked', async () => {
    const reader = filledReader()
    const hrefOf = async (form: Form) =>
      parsed((await reader.page(pageOf(1, { form, limit: 1 }))).json)[0]?.orgs[0]?.href
    const hrefs = [await hrefOf(V1P1), await hrefOf(V1P2)]
    expect(hrefs).toEqual(['https://bridge.example.org/v1p1/orgs/sch1', 'https://bridge.example.org/v1p2/orgs/sch1'])
  })

  it('are not confused with text that looks like one', async () => {
    const sql = openStore()
    const name = JSON.stringify('"href":"\\/orgs/x"').slice(1, -1)
    publish(sql, [user('stu1', name)], AT)
    expect(parsed((await openReader(sql).page(pageOf(1))).json)[0]?.givenName).toBe('"href":"\\/orgs/x"')
  })
})

describe('the text of OneRoster 1.2', () => {
  const sql = () => {
    const store = openStore()
    const bo = user('stu2', 'Bo')
    publish(store, [user('stu1', 'Ada'), { ...bo, bodyV1p2: bo.body.replace('Bo', 'Beau') }], AT)
    return store
  }
  const names = (json: Uint8Array) => parsed(json).map(({ givenName }) => givenName)

  it('is its own where there is one, and that of 1.1 elsewhere', async () => {
    const reader = openReader(sql())
    expect(names((await reader.page(pageOf(1, { form: V1P2 }))).json)).toEqual(['Ada', 'Beau'])
    expect(names((await reader.page(pageOf(1, { form: V1P1 }))).json)).toEqual(['Ada', 'Bo'])
    expect(reader.one('users', 1, 'stu2', [], V1P2)).toContain('Beau')
    expect((await reader.rows(pageOf(1, { form: V1P2, offset: 1 }))).records.join()).toContain('Beau')
  })
})
