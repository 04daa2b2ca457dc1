// Lists of more versions than one step may look at: found bit by bit, they are what one statement finds.
import { beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { type ListQuery, openRecordReader } from '../../src/store/records.ts'
import type { Fragment } from '../../src/store/schema.ts'
import type { StoredRecord } from '../../src/store/snapshot-writer.ts'
import { currentSnapshot } from '../../src/store/snapshots.ts'
import type { Sql } from '../../src/store/sql.ts'
import { seeded } from '../powerschool/fake.ts'
import { openTestStore, type TestStore, testDeflate } from '../support/runtime.ts'
import { COLLECTIONS, pageOf, parsed, publish, user } from './support.ts'
import { type WholePages, wholePages } from './whole-pages.ts'

const AT = Date.UTC(2026, 8, 1)
const HOUR = 3_600_000
const PEOPLE = 25_000
const GENERATIONS = 4
/** More than a step may tell of. */
const MOST_ROWS = 20_000
/** Each is of another kind for SQLite's order, or for JavaScript's. */
const VALUES = [
  'Ada',
  'ada',
  'Zoë',
  '',
  '\u{1F600}',
  '\uFB00',
  '\uE000x',
  'a\u0301',
  7,
  -2.5,
  9_007_199_254_740_993n,
  true,
  null,
]

const value = `json_extract('{' || r.body, '$.value')`
const active: Fragment = { sql: `r.status = 'active'`, parameters: [] }
const named = (name: string): Fragment => ({ sql: `${value} = ?`, parameters: [name] })
const later = (generation: number): Fragment => ({ sql: 'r.born > ?', parameters: [generation] })

/** Over several generations people come, change and go. */
function openDistrict(): TestStore {
  const random = seeded(11)
  const sql = openTestStore()
  migrate(sql, COLLECTIONS)
  const pick = (generation: number): StoredRecord[] =>
    Array.from({ length: PEOPLE }, (_, index) => index)
      .filter((index) => index % 17 !== generation)
      .map((index) => {
        const isChanged = index % 5 === generation
        const which = VALUES[(isChanged ? index * 7 + generation : index) % VALUES.length] ?? null
        const text = typeof which === 'bigint' ? String(which) : JSON.stringify(which)
        const person = user(`stu${(index * 7_919) % 99_991}`)
        return {
          ...person,
          body: `${person.body.slice(0, -1)},"value":${text},"code":"${index % 3_000}"}`,
          columns: [index % 3 === 0 ? null : (['student', 'teacher', 'aide'][Math.floor(random() * 3)] ?? null)],
        }
      })
  for (let generation = 1; generation <= GENERATIONS; generation++) {
    publish(sql, pick(generation), AT + generation * HOUR)
  }
  return sql
}

interface Watched {
  readonly sql: Sql
  readonly reader: WholePages
  /** Rows that each step has told or been told of, and how often others were let in. */
  readonly steps: () => { readonly most: number; readonly pauses: number; readonly lists: number }
}

/** A reader whose statements are counted. */
function watch(inner: Sql): Watched {
  let [rows, most, pauses, lists] = [0, 0, 0, 0]
  const sql: Sql = {
    ...inner,
    all<T extends object>(statement: string, ...parameters: Parameters<Sql['all']>[1][]) {
      const found = inner.all<T>(statement, ...parameters)
      const [first] = found as { seqs?: Uint8Array }[]
      rows += first?.seqs === undefined ? found.length : new TextDecoder().decode(first.seqs).split(',').length
      if (first?.seqs !== undefined || statement.includes(' as key')) lists += 1
      most = Math.max(most, rows)
      return found
    },
  }
  const pause = async () => {
    pauses += 1
    rows = 0
  }
  const reader = wholePages(openRecordReader(sql, { deflate: testDeflate, pause }))
  return { sql, reader, steps: () => ({ most, pauses, lists }) }
}

const LIMIT = 2 * PEOPLE

/** The ids of a whole list. */
async function idsOf(reader: WholePages, query: Partial<ListQuery>, generation = GENERATIONS): Promise<string[]> {
  const { json, total } = await reader.page(pageOf(generation, { ...query, limit: LIMIT }))
  const ids = parsed(json).map(({ sourcedId }) => sourcedId)
  expect(total).toBe(ids.length)
  return ids
}

const BY_SOURCED_ID: Fragment = { sql: 'r.sourcedId', parameters: [] }

/** The same from one statement of its own, by what follows `order by`. */
function slowIds(sql: Sql, { where = [] }: Partial<ListQuery>, order: Fragment, generation = GENERATIONS): string[] {
  const conditions = where.map((fragment) => ` and (${fragment.sql})`).join('')
  const parameters = [...where, order].flatMap((fragment) => fragment.parameters)
  return sql
    .all<{ sourcedId: string }>(
      `select r.sourcedId from records_users r where r.born <= ? and r.died > ?${conditions} order by ${order.sql}`,
      generation,
      generation,
      ...parameters,
    )
    .map(({ sourcedId }) => sourcedId)
}

describe('a long list', () => {
  let sql: TestStore
  beforeAll(() => {
    sql = openDistrict()
    return () => sql.close()
  })

  const conditions: Readonly<Record<string, Partial<ListQuery>>> = {
    all: {},
    'the active': { where: [active] },
    'those of a value': { where: [active, named('Zoë')] },
    'those of a role, which an index has few values of': { where: [{ sql: 'r.role = ?', parameters: ['student'] }] },
    'those who changed': { where: [later(1)], changedSinceMs: AT },
    'those who changed, of a value': { where: [later(1), named('Ada')], changedSinceMs: AT + 2 * HOUR },
    none: { where: [named('nobody')] },
  }

  it.each(Object.entries(conditions))('by sourcedId is exact in every generation: %s', async (_, query) => {
    for (let generation = 1; generation <= GENERATIONS; generation++) {
      const { reader } = watch(sql)
      expect(await idsOf(reader, query, generation)).toEqual(slowIds(sql, query, BY_SOURCED_ID, generation))
    }
  })

  const expressions: Readonly<Record<string, Fragment>> = {
    'values of all kinds': { sql: value, parameters: [] },
    'an expression with a parameter': { sql: `json_extract('{' || r.body, ?)`, parameters: ['$.code'] },
    'a column': { sql: 'r."role"', parameters: [] },
    'the date of change': { sql: 'r.born', parameters: [] },
    'sourcedId itself': { sql: 'r."sourcedId"', parameters: [] },
  }
  const orders = Object.entries(expressions).flatMap(([what, expression]) =>
    (['asc', 'desc'] as const).flatMap((direction) =>
      [true, false].map((mayBeMissing) => [what, direction, mayBeMissing, expression] as const),
    ),
  )

  it.each(orders)('sorted by %s %s (may be missing: %s) is in the order of SQLite', async (...asked) => {
    const [, direction, mayBeMissing, expression] = asked
    const last = mayBeMissing ? ' nulls last' : ''
    const text = `${expression.sql} ${direction}${last}, r.sourcedId ${direction}`
    const expected = slowIds(sql, { where: [active] }, { ...expression, sql: text })
    const { reader, steps } = watch(sql)
    expect(await idsOf(reader, { where: [active], order: { expression, direction, mayBeMissing } })).toEqual(expected)
    expect(steps().pauses).toBeGreaterThan(15)
  })

  it('lets others in between steps of bounded size', async () => {
    const queries = [
      { where: [active] },
      { where: [active, named('Ada')] },
      { where: [active], order: { expression: { sql: value, parameters: [] }, direction: 'asc', mayBeMissing: true } },
      { where: [later(0)], changedSinceMs: AT },
    ] as const
    for (const query of queries) {
      const { reader, steps } = watch(sql)
      await reader.total(pageOf(GENERATIONS, query))
      expect(steps().most).toBeLessThanOrEqual(MOST_ROWS + 10)
      expect(steps().pauses).toBeGreaterThan(1)
    }
  })

  it('is found once for all who ask meanwhile, and then remembered', async () => {
    const { reader, steps } = watch(sql)
    const query = pageOf(GENERATIONS, { where: [active], limit: 3 })
    const pages = await Promise.all(Array.from({ length: 8 }, () => reader.page(query)))
    const { lists } = steps()
    expect(new Set(pages.map(({ json }) => new TextDecoder().decode(json))).size).toBe(1)
    await reader.page({ ...query, offset: 9 })
    expect(steps().lists).toBe(lists)
    const alone = watch(sql)
    await alone.reader.page(query)
    expect(alone.steps().lists).toBe(lists)
  })

  it('that failed is found by whoever asks next', async () => {
    const broken = { where: [{ sql: 'nonsense(r.seq)', parameters: [] }] }
    const { reader } = watch(sql)
    await expect(reader.total(pageOf(GENERATIONS, broken))).rejects.toThrow('nonsense')
    await expect(reader.total(pageOf(GENERATIONS, broken))).rejects.toThrow('nonsense')
    expect(await reader.total(pageOf(GENERATIONS))).toBeGreaterThan(PEOPLE / 2)
  })

  it('stays what it was when a generation is prepared and published while it is being found', async () => {
    const own = openDistrict()
    const expected = slowIds(own, {}, BY_SOURCED_ID)
    let pauses = 0
    const reader = openRecordReader(own, {
      deflate: testDeflate,
      pause: async () => {
        pauses += 1
        if (pauses === 1) publish(own, [user('stu1'), user('stu2')], AT + 9 * HOUR)
      },
    })
    expect(await idsOf(wholePages(reader), {})).toEqual(expected)
    expect(currentSnapshot(own)?.generation).toBe(GENERATIONS + 1)
    own.close()
  })
})

describe('a short list of a long table', () => {
  let sql: TestStore
  beforeAll(() => {
    sql = openDistrict()
    return () => sql.close()
  })

  it.each([
    [
      'a small delta',
      {
        where: [later(GENERATIONS), named('7')],
        changedSinceMs: AT + GENERATIONS * HOUR + 2,
      },
    ],
    [
      'what links lead to',
      {
        where: [
          { sql: `r.seq in (select seq from links_users where field = 'orgs' and target = ?)`, parameters: ['sch9'] },
        ],
      },
    ],
    ['a sourcedId', { where: [{ sql: 'r.sourcedId = ?', parameters: ['stu7'] }] }],
  ])('is found by one statement: %s', async (_, query) => {
    const { reader, steps } = watch(sql)
    await reader.total(pageOf(GENERATIONS, query))
    expect(steps()).toMatchObject({ pauses: 0, lists: 1 })
  })
})
