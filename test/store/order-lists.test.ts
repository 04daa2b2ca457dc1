// Lists of random rosters over several generations: every page, sort and filter is what a slow reading of the same finds.
import { describe, expect, it } from 'vitest'
import type { ListQuery } from '../../src/store/records.ts'
import { seeded } from '../powerschool/fake.ts'
import { openReader, openStore, pageOf, parsed, publish, type UserRecord, user } from './support.ts'

const AT = Date.UTC(2026, 8, 1)
const HOUR = 3_600_000
const NAMES = ['Ada', 'Bo', 'Cy', 'Dua', 'Eli']

interface Case {
  readonly what: string
  readonly query: Partial<ListQuery>
  readonly keep: (record: UserRecord) => boolean
  readonly compare?: (a: UserRecord, b: UserRecord) => number
}

const name = `json_extract('{' || r.body, '$.givenName')`
const byId = (a: UserRecord, b: UserRecord) => (a.sourcedId < b.sourcedId ? -1 : 1)
const active = { sql: `r.status = 'active'`, parameters: [] }

const CASES: readonly Case[] = [
  { what: 'all', query: {}, keep: () => true },
  { what: 'the active', query: { where: [active] }, keep: ({ status }) => status === 'active' },
  {
    what: 'those of a name',
    query: { where: [active, { sql: `${name} = ?`, parameters: ['Bo'] }] },
    keep: ({ status, givenName }) => status === 'active' && givenName === 'Bo',
  },
  {
    what: 'sorted downwards',
    query: { order: { expression: { sql: name, parameters: [] }, direction: 'desc', mayBeMissing: false } },
    keep: () => true,
    compare: (a, b) => (a.givenName === b.givenName ? byId(b, a) : a.givenName < b.givenName ? 1 : -1),
  },
  {
    what: 'sorted by a parameter',
    query: {
      order: { expression: { sql: `${name} <> ?`, parameters: ['Cy'] }, direction: 'asc', mayBeMissing: false },
    },
    keep: () => true,
    compare: (a, b) => Number(b.givenName === 'Cy') - Number(a.givenName === 'Cy') || byId(a, b),
  },
  {
    what: 'changed lately',
    query: { changedSinceMs: 0, where: [{ sql: 'r.born > ?', parameters: [3] }] },
    keep: ({ dateLastModified }) => Date.parse(dateLastModified) > AT + 2 * HOUR + 1,
  },
  { what: 'none', query: { where: [{ sql: '0', parameters: [] }] }, keep: () => false },
]

const SMALL = { pieces: 1 << 20, pages: 1 << 20 }

describe.each([32 << 20, 1, 300])('with %s bytes to remember lists', (rememberedBytes) => {
  it.each(CASES)('every page of $what is as read slowly', async ({ query, keep, compare = byId }) => {
    const random = seeded(7)
    const sql = openStore()
    const reader = openReader(sql, { ...SMALL, orderLists: rememberedBytes })
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    for (let generation = 1; generation <= 5; generation++) {
      const ids = Array.from({ length: 90 }, (_, index) => `stu${index}`).filter(() => random() < 0.8)
      publish(
        sql,
        ids.map((id) => user(id, pick(NAMES))),
        AT + (generation - 1) * HOUR,
      )
      for (let asked = 1; asked <= generation; asked++) {
        const everything = parsed((await reader.page(pageOf(asked, { limit: 1_000 }))).json)
        const expected = everything.filter(keep).sort(compare)
        for (let round = 0; round < 6; round++) {
          const [offset, limit] = [Math.floor(random() * 100), Math.floor(random() * 40)]
          const page = pageOf(asked, { ...query, offset, limit })
          const { json, count, total } = await reader.page(page)
          const slice = expected.slice(offset, offset + limit)
          expect(parsed(json)).toEqual(slice)
          expect([count, total, await reader.total(page)]).toEqual([slice.length, expected.length, expected.length])
          expect((await reader.rows(page)).records.map((record) => JSON.parse(record))).toEqual(slice)
        }
      }
    }
  })
})

describe('an older generation', () => {
  it('is answered from its own list after a publish', async () => {
    const sql = openStore()
    const reader = openReader(sql)
    publish(sql, [user('stu1'), user('stu2')], AT)
    const before = await reader.page(pageOf(1))
    publish(sql, [user('stu2', 'Bo')], AT + HOUR)
    expect(await reader.page(pageOf(1))).toEqual(before)
    expect(await reader.total(pageOf(2, { where: [active] }))).toBe(1)
  })
})
