// Compressed pages: byte for byte the plain page, whatever pieces there are, and never from a piece of other versions.
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openPins } from '../../src/store/pins.ts'
import { type Deflate, type Form, type ListQuery, openRecordReader } from '../../src/store/records.ts'
import type { StoredRecord } from '../../src/store/snapshot-writer.ts'
import { currentSnapshot, rollbackPending } from '../../src/store/snapshots.ts'
import type { Sql } from '../../src/store/sql.ts'
import { warmPieces } from '../../src/store/warm-pieces.ts'
import { seeded } from '../powerschool/fake.ts'
import { testDeflate } from '../support/runtime.ts'
import {
  COLLECTIONS,
  openReader,
  openStore,
  pageOf,
  pause,
  prepare,
  publish,
  tidy,
  user,
  V1P1,
  V1P2,
} from './support.ts'
import { wholePages } from './whole-pages.ts'

const AT = Date.UTC(2026, 8, 1)
const HOUR = 3_600_000
const AROUND = { head: '{"users":[', tail: '],"ende":"schön"}' }
const ACTIVE = [{ sql: `(r.status = 'active')`, parameters: [] }]

const idOf = (index: number) => `stu${String(index).padStart(5, '0')}`
const people = (count: number, name: (index: number) => string = () => 'Ada'): StoredRecord[] =>
  Array.from({ length: count }, (_, index) => user(idOf(index), name(index)))

interface Warm {
  readonly forms?: readonly Form[]
  readonly pause?: () => Promise<void>
  readonly signal?: AbortSignal
}

async function warm(sql: Sql, options: Warm = {}): Promise<void> {
  await warmPieces(sql, {
    tables: ['users', 'orgs'],
    generation: currentSnapshot(sql)?.generation ?? 0,
    forms: [V1P1, V1P2],
    deflate: testDeflate,
    pause: async () => {},
    signal: new AbortController().signal,
    ...options,
  })
}

const piecesOf = (sql: Sql) =>
  sql.all<{ n: number; rows: number; bytes: number }>(
    `select count(*) as n, coalesce(sum(rows), 0) as rows, (select count(*) from piece_bytes) as bytes from pieces`,
  )[0] ?? { n: 0, rows: 0, bytes: 0 }

const active = (generation: number, change: Partial<ListQuery> = {}) => pageOf(generation, { where: ACTIVE, ...change })

async function expectSamePage(sql: Sql, query: ListQuery): Promise<void> {
  const reader = openReader(sql)
  const plain = await reader.page(query)
  const { body, count, total } = await reader.gzipPage(query, AROUND)
  const text = gunzipSync(body).toString()
  expect(text === `${AROUND.head}${Buffer.from(plain.json)}${AROUND.tail}`).toBe(true)
  expect([count, total]).toEqual([plain.count, plain.total])
}

async function expectSamePages(sql: Sql, generation: number, size: number, random: () => number): Promise<void> {
  for (let round = 0; round < 12; round++) {
    const offset = Math.floor(random() * size * 1.05)
    const limit = Math.floor(random() ** 2 * size)
    const form = random() < 0.5 ? V1P1 : V1P2
    await expectSamePage(sql, active(generation, { offset, limit, form }))
    await expectSamePage(sql, pageOf(generation, { offset, limit, form }))
  }
  await expectSamePage(sql, active(generation, { limit: size * 2 }))
}

describe('a compressed page', () => {
  it('is the plain page for random slices, before and after changes, with pieces whole, old, partly there and absent', async () => {
    const random = seeded(11)
    const sql = openStore()
    const size = 2_500
    const names = Array.from({ length: size }, () => 'Ada')
    publish(sql, people(size), AT)
    await expectSamePages(sql, 1, size, random)
    await warm(sql)
    await expectSamePages(sql, 1, size, random)
    for (let generation = 2; generation <= 5; generation++) {
      for (let change = 0; change < 12; change++) names[Math.floor(random() * size)] = `Bo ${generation}`
      const present = people(size, (index) => names[index] ?? '').filter(() => random() < 0.997)
      publish(sql, present, AT + generation * HOUR)
      await expectSamePages(sql, generation, size, random)
      await expectSamePages(sql, generation - 1, size, random)
      sql.run(`delete from pieces where id % ? = 0`, 2 + (generation % 3))
      if (generation % 2 === 0) await warm(sql)
      await expectSamePages(sql, generation, size, random)
    }
  })

  it('of nothing is the head and the tail', async () => {
    const sql = openStore()
    publish(sql, [], AT)
    await warm(sql)
    const { body, count, total } = await openReader(sql).gzipPage(active(1), AROUND)
    expect([gunzipSync(body).toString(), count, total]).toEqual([AROUND.head + AROUND.tail, 0, 0])
  })

  it('of the text of OneRoster 1.2 differs where the text does', async () => {
    const sql = openStore()
    publish(
      sql,
      people(600).map((one, index) => (index % 7 === 0 ? { ...one, bodyV1p2: one.body.replace('Ada', 'Adda') } : one)),
      AT,
    )
    await warm(sql)
    await expectSamePage(sql, active(1, { form: V1P2, limit: 600 }))
    await expectSamePage(sql, active(1, { form: V1P1, limit: 600 }))
  })
})

describe('pieces', () => {
  it('hold every active record of every form, and are made once', async () => {
    const sql = openStore()
    publish(sql, people(1_000), AT)
    await warm(sql)
    const made = piecesOf(sql)
    expect([made.rows, made.bytes]).toEqual([2_000, made.n])
    const before = sql.all(`select id, deflated from piece_bytes`)
    await warm(sql)
    expect(sql.all(`select id, deflated from piece_bytes`)).toEqual(before)
  })

  it('are what a page is made of', async () => {
    const sql = openStore()
    publish(sql, people(8_000), AT)
    await warm(sql, { forms: [V1P1] })
    let deflated = 0
    const deflate: Deflate = (bytes, level) => {
      deflated += bytes.length
      return testDeflate(bytes, level)
    }
    const reader = wholePages(openRecordReader(sql, { deflate, pause }))
    const whole = (await reader.page(active(1, { limit: 8_000 }))).json.length
    await reader.gzipPage(active(1, { limit: 8_000 }), AROUND)
    // Said in another way, it is the same list.
    await reader.gzipPage(active(1, { limit: 8_000, where: [...ACTIVE, { sql: '1', parameters: [] }] }), AROUND)
    expect(deflated).toBe(0)
    await reader.gzipPage(active(1, { limit: 7_998, offset: 1 }), AROUND)
    expect(deflated).toBeGreaterThan(0)
    expect(deflated).toBeLessThan(whole / 4)
    const before = deflated
    await reader.gzipPage(active(1, { limit: 7_998, offset: 1 }), AROUND)
    expect(deflated).toBe(before)
  })

  it('stay nearly all when a few records change', async () => {
    const sql = openStore()
    publish(sql, people(6_000), AT)
    await warm(sql, { forms: [V1P1] })
    const before = new Set(sql.all<{ id: number }>(`select id from pieces`).map(({ id }) => id))
    publish(
      sql,
      people(6_000, (index) => (index % 3_000 === 1_000 ? 'Bo' : 'Ada')).filter((_, index) => index !== 4_321),
      AT + HOUR,
    )
    await warm(sql, { forms: [V1P1] })
    const used = sql.all<{ id: number }>(`select id from piece_uses where used = 2`)
    expect(used.filter(({ id }) => !before.has(id)).length).toBeLessThanOrEqual(9)
    expect(used.length).toBeGreaterThan(before.size - 9)
  })

  it('are passed over when their versions are not exactly those of the page', async () => {
    const sql = openStore()
    publish(sql, people(1_000), AT)
    await warm(sql)
    for (const { id, seqs } of sql.all<{ id: number; seqs: Uint8Array }>(`select id, seqs from pieces`)) {
      const other = Uint8Array.from(seqs)
      const at = (id * 7) % other.length
      other[at] = (other[at] ?? 0) ^ 1
      sql.run(`update pieces set seqs = ? where id = ?`, id % 2 === 0 ? other : other.subarray(4), id)
      sql.run(`update piece_bytes set deflated = ? where id = ?`, Uint8Array.of(0xff), id)
    }
    await expectSamePage(sql, active(1, { limit: 1_000 }))
    await warm(sql)
    await expectSamePage(sql, active(1, { limit: 1_000 }))
    expect(piecesOf(sql)).toMatchObject({ rows: 2_000 })
  })

  it('are gone on with after a stop', async () => {
    const sql = openStore()
    publish(sql, people(2_000), AT)
    const stop = new AbortController()
    let pauses = 0
    await warm(sql, {
      signal: stop.signal,
      pause: async () => {
        if (++pauses === 3) stop.abort()
      },
    })
    const partly = piecesOf(sql).n
    expect(partly).toBeGreaterThan(0)
    await expectSamePage(sql, active(1, { limit: 2_000 }))
    const kept = sql.all<{ id: number }>(`select id from pieces`)
    await warm(sql)
    expect(piecesOf(sql).rows).toBe(4_000)
    expect(sql.all(`select id from pieces where id <= ?`, kept.at(-1)?.id ?? 0)).toEqual(kept)
  })
})

describe('versions whose seq is given again', () => {
  it('are not in any piece once clean-up has deleted them', async () => {
    const random = seeded(13)
    const sql = openStore()
    let now = AT
    const size = 400
    for (let generation = 1; generation <= 12; generation++) {
      now += Math.floor(random() * 2 * HOUR)
      const changed = random()
      publish(
        sql,
        people(size, (index) => ((index * 7 + generation) % 10 < changed * 10 ? `Bo ${generation}` : 'Ada')).filter(
          () => random() < 0.95,
        ),
        now,
      )
      if (random() < 0.6) await warm(sql, { forms: [V1P1] })
      if (random() < 0.7) tidy(sql, now + Math.floor(random() * 2 * HOUR))
      await expectSamePages(sql, generation, size, random)
      expect(orphans(sql)).toEqual([])
    }
  })

  it('leave a piece while its generation may still be read, and take it with them after', async () => {
    const sql = openStore()
    publish(sql, people(200), AT)
    await warm(sql, { forms: [V1P1] })
    openPins(sql, { now: () => AT, lifetimeMs: HOUR }).begin({ reader: 'token', consumer: 'sds', query: 'users' })
    const made = piecesOf(sql).n
    publish(
      sql,
      people(200, () => 'Bo'),
      AT + HOUR,
    )
    tidy(sql, AT + HOUR)
    expect(piecesOf(sql).n).toBe(made)
    await warm(sql, { forms: [V1P1] })
    tidy(sql, AT + 2 * HOUR + 1)
    expect(sql.all(`select distinct used from piece_uses`)).toEqual([{ used: 2 }])
    expect(piecesOf(sql).n).toBe(piecesOf(sql).bytes)
  })

  it('are never in a piece while they are prepared, and rolling back leaves nothing of them', async () => {
    const sql = openStore()
    publish(sql, people(300), AT)
    prepare(sql, people(300, () => 'Bo').concat(user('stu99999')))
    await warm(sql)
    for (const _ of rollbackPending(sql, COLLECTIONS, 50));
    expect(orphans(sql)).toEqual([])
    publish(
      sql,
      people(300, (index) => (index % 2 === 0 ? 'Cy' : 'Ada')),
      AT + HOUR,
    )
    await expectSamePage(sql, active(2, { limit: 300 }))
    await warm(sql)
    await expectSamePage(sql, active(2, { limit: 300 }))
    await expectSamePage(sql, active(1, { limit: 300 }))
  })

  it('are not kept by a process that stood still while another cleaned up', async () => {
    const sql = openStore()
    publish(sql, people(100), AT)
    let isDone = false
    await warmPieces(sql, {
      tables: ['users'],
      generation: 1,
      forms: [V1P1],
      pause: async () => {},
      signal: new AbortController().signal,
      async deflate(bytes, level) {
        if (!isDone) {
          isDone = true
          publish(
            sql,
            people(60, () => 'Bo'),
            AT + HOUR,
          )
          tidy(sql, AT + 3 * HOUR)
          publish(
            sql,
            people(100, () => 'Cy'),
            AT + 4 * HOUR,
          )
        }
        return testDeflate(bytes, level)
      },
    })
    expect(orphans(sql)).toEqual([])
    await expectSamePage(sql, active(3))
  })
})

/** Pieces that name a version which is not there, or was never published. */
function orphans(sql: Sql): unknown[] {
  const published = currentSnapshot(sql)?.generation ?? 0
  const known = new Set(
    sql.all<{ seq: number }>(`select seq from records_users where born <= ?`, published).map(({ seq }) => seq),
  )
  return sql.all<{ id: number; seqs: Uint8Array }>(`select id, seqs from pieces`).filter(({ seqs }) => {
    const view = new DataView(seqs.buffer, seqs.byteOffset, seqs.byteLength)
    return Array.from({ length: seqs.length / 4 }, (_, row) => view.getUint32(row * 4, true)).some(
      (seq) => !known.has(seq),
    )
  })
}
