// Pages of any size: read in parts, so that no statement gives or takes a large value, and whole all the same.
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type ListQuery, openRecordReader } from '../../src/store/records.ts'
import type { StoredRecord } from '../../src/store/snapshot-writer.ts'
import type { Sql, SqlValue } from '../../src/store/sql.ts'
import { warmPieces } from '../../src/store/warm-pieces.ts'
import { seeded } from '../powerschool/fake.ts'
import { testDeflate } from '../support/runtime.ts'
import { openStore, pageOf, pause, publish, user, V1P1, V1P2 } from './support.ts'
import { wholePages } from './whole-pages.ts'

const AT = Date.UTC(2026, 8, 1)
const AROUND = { head: '{"users":[', tail: '],"ende":"schön"}' }
/** What one statement may give or take; Durable Objects refuse the double. */
const BOUND = 1_100_000
const ACTIVE = [{ sql: `(r.status = 'active')`, parameters: [] }]

/** A user with so many characters more. */
function large(index: number, size: number): StoredRecord {
  const person = user(`stu${String(index).padStart(6, '0')}`, `Åsa ${index}`)
  return { ...person, body: `${person.body.slice(0, -1)},"note":"${'x'.repeat(size)}"}` }
}

interface Watched {
  readonly sql: Sql
  /** The largest value so far, in characters or bytes. */
  readonly largest: () => number
  /** Statements so far that read texts. */
  readonly reads: () => number
}

function watch(inner: Sql): Watched {
  let [largest, reads] = [0, 0]
  const see = (values: Iterable<unknown>) => {
    for (const value of values) {
      if (typeof value === 'string' || value instanceof Uint8Array) largest = Math.max(largest, value.length)
    }
  }
  return {
    sql: {
      ...inner,
      all<T extends object>(statement: string, ...parameters: readonly SqlValue[]) {
        if (statement.includes('g.head')) reads += 1
        const rows = inner.all<T>(statement, ...parameters)
        for (const values of [parameters, ...rows.map(Object.values)]) see(values)
        return rows
      },
      run(statement, ...parameters) {
        see(parameters)
        return inner.run(statement, ...parameters)
      },
    },
    largest: () => largest,
    reads: () => reads,
  }
}

/** Reads the page in each way, and compares it with its records read one by one. */
async function expectWhole(sql: Sql, query: ListQuery): Promise<void> {
  const reader = wholePages(openRecordReader(sql, { deflate: testDeflate, pause }))
  const { records } = await reader.rows(query)
  const expected = `${AROUND.head}${records.join()}${AROUND.tail}`
  const { json, count, total } = await reader.page(query, AROUND)
  expect(new TextDecoder().decode(json) === expected).toBe(true)
  expect(count).toBe(Math.max(0, Math.min(query.limit, total - query.offset)))
  const { body } = await reader.gzipPage(query, AROUND)
  expect(new TextDecoder().decode(gunzipSync(body)) === expected).toBe(true)
  expect((await reader.texts(query)).join() === records.join()).toBe(true)
}

describe('a page', () => {
  it('of 10,000 records of very different sizes is whole, in values of bounded size', async () => {
    const random = seeded(5)
    const sizes = Array.from({ length: 10_500 }, () => {
      const kind = random()
      return Math.floor(kind < 0.002 ? random() * 150_000 : kind < 0.05 ? random() * 6_000 : random() * 500)
    })
    const store = openStore()
    publish(
      store,
      sizes.map((size, index) => large(index, size)),
      AT,
    )
    const { sql, largest } = watch(store)
    await expectWhole(sql, pageOf(1, { limit: 10_000, where: ACTIVE }))
    await expectWhole(sql, pageOf(1, { limit: 10_000, offset: 777, where: ACTIVE, form: V1P2 }))
    await warmPieces(sql, {
      tables: ['users'],
      generation: 1,
      forms: [V1P1],
      deflate: testDeflate,
      pause,
      signal: new AbortController().signal,
    })
    expect(sql.all(`select 1 from pieces limit 1`)).not.toEqual([])
    await expectWhole(sql, pageOf(1, { limit: 10_000, offset: 123, where: ACTIVE }))
    expect(largest()).toBeLessThan(BOUND)
  })

  it.each([0, 1, 255, 256, 257, 511, 512, 513])('of %i records is whole where slices begin and end', async (limit) => {
    const sql = openStore()
    const people = Array.from({ length: 600 }, (_, index) => large(index, 10))
    publish(sql, people, AT)
    await expectWhole(sql, pageOf(1, { limit }))
    await expectWhole(sql, pageOf(1, { limit, offset: 87 }))
  })

  it('of records that are all large, some more than a value may be, is whole', async () => {
    const store = openStore()
    const sizes = [400_000, 600_000, 600_000, 1_500_000, 10, 1_040_000, 9_000, 8_999, 1_048_000, 500_000]
    publish(
      store,
      sizes.map((size, index) => large(index, size)),
      AT,
    )
    const { sql, largest } = watch(store)
    await expectWhole(sql, pageOf(1))
    // The largest record by itself.
    expect(largest()).toBeLessThan(1_501_000)
  })

  it('of records that are nothing but links is bounded, however long the address', async () => {
    const store = openStore()
    const link = (index: number) => `{"href":"\\/orgs/${index}","sourcedId":"${index}","type":"org"}`
    publish(
      store,
      Array.from({ length: 300 }, (_, index) => ({
        ...user(`stu${String(index).padStart(3, '0')}`),
        body: `"sourcedId":"stu${index}","orgs":[${Array.from({ length: 60 }, (_, org) => link(org)).join()}]}`,
      })),
      AT,
    )
    const { sql, largest } = watch(store)
    await expectWhole(sql, pageOf(1, { limit: 300, form: { ...V1P1, root: `https://${'a'.repeat(300)}.example.org` } }))
    expect(largest()).toBeLessThan(2_000_000)
  })

  it('is read only as far as it is taken', async () => {
    const store = openStore()
    publish(
      store,
      Array.from({ length: 3_000 }, (_, index) => large(index, 10)),
      AT,
    )
    const { sql, reads } = watch(store)
    const page = await openRecordReader(sql, { deflate: testDeflate, pause }).open(pageOf(1, { limit: 3_000 }))
    expect([page.count, page.total, reads()]).toEqual([3_000, 3_000, 0])
    const chunks = page.plain(AROUND)
    chunks.next()
    expect(reads()).toBe(1)
    chunks.next()
    expect(reads()).toBe(2)
  })

  it('is refused, and never shortened, when a record vanishes while it is read', async () => {
    const store = openStore()
    publish(
      store,
      Array.from({ length: 1_000 }, (_, index) => large(index, 10)),
      AT,
    )
    const page = await openRecordReader(store, { deflate: testDeflate, pause }).open(pageOf(1, { limit: 1_000 }))
    const [plain, texts, gzip] = [page.plain(AROUND), page.texts(), page.gzip(AROUND)]
    plain.next()
    texts.next()
    store.run(`delete from records_users where sourcedId = 'stu000900'`)
    expect(() => [...plain]).toThrow('missing')
    expect(() => [...texts]).toThrow('missing')
    await expect(
      (async () => {
        for await (const _ of gzip);
      })(),
    ).rejects.toMatchObject({ code: 'store-failed' })
  })
})

describe('a list that was guessed to be short', () => {
  it('is found in steps when it is longer than one value may tell', async () => {
    const store = openStore()
    publish(store, [user('stu1')], AT)
    // Of 60 roles, one has nearly all records: the index seems to lead to few.
    store.run(
      `with recursive n(i) as (select 2 union all select i + 1 from n where i < 120000)
       insert into records_users (seq, born, died, sourcedId, status, body, body_v1p2, role)
       select i, r.born, r.died, printf('stu%06d', i), r.status, r.body, null, 'role' || max(0, 60 - i)
       from n cross join records_users r where r.seq = 1`,
    )
    store.run(`update totals set active = 120000 where collection = 'users'`)
    const { sql, largest } = watch(store)
    const reader = openRecordReader(sql, { deflate: testDeflate, pause })
    const where = [{ sql: `r.role = ?`, parameters: ['role0'] }]
    const page = await reader.open(pageOf(1, { where, offset: 119_000, limit: 10_000 }))
    expect(page.total).toBe(120_000 - 59)
    const { records } = await reader.rows(pageOf(1, { where, offset: page.total - 1 }))
    expect(records).toHaveLength(1)
    expect(largest()).toBeLessThan(BOUND)
  })
})
