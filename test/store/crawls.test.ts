// Crawls: what is kept from one to the next, what is left of a half-done one, and how the mapping reads their rows.
import { describe, expect, it } from 'vitest'
import { type CrawlProgress, crawlProblems, openCrawlProgress } from '../../src/store/crawl-progress.ts'
import {
  beginCrawl,
  type Crawl,
  type CrawlStart,
  completeCrawl,
  discardCrawl,
  dropOldStaging,
  emptyMirror,
  finishCrawl,
  readMirror,
  takeOverCrawl,
  unfinishedCrawl,
} from '../../src/store/crawls.ts'
import { LEASE_MS, takeLock } from '../../src/store/locks.ts'
import type { Sql } from '../../src/store/sql.ts'
import { readStagedRows } from '../../src/store/staged-rows.ts'
import { openStore } from './support.ts'

const START: CrawlStart = {
  plan: 'plan',
  template: 'rest',
  settings: { schools: [] },
  sources: ['terms', 'courses'],
  indexes: [],
  isFull: false,
  isServing: false,
  now: 1_000,
}
const row = (key: number | string, ...cells: unknown[]) => ({ key, body: JSON.stringify([key, ...cells]) })
const page = (...rows: ReturnType<typeof row>[]) => ({ rows, rowCount: rows.length, problems: [] })
const problemAt = (key: number) => ({ path: 'portion', found: 'text', key })

function openProgress(sql: Sql, crawl: Crawl, now = () => 7): Promise<CrawlProgress> {
  const pause = async () => {}
  return openCrawlProgress({ sql, crawl, now, pause, after: () => () => {}, requests: () => 0 })
}

/** A list of one page, from its beginning to its end. */
async function readList(progress: CrawlProgress, source: string, list: string, ...rows: ReturnType<typeof row>[]) {
  progress.beginList(source, list, rows.length)
  await progress.savePage(source, list, 1, page(...rows))
  await progress.finishList(source, list)
}

/** A whole crawl of courses by lists, in their order. */
async function crawlCourses(sql: Sql, lists: Readonly<Record<string, ReturnType<typeof row>[]>>, change = {}) {
  const crawl = beginCrawl(sql, { ...START, ...change })
  const progress = await openProgress(sql, crawl)
  for (const [list, rows] of Object.entries(lists)) await readList(progress, 'courses', list, ...rows)
  await progress.finishSource('courses')
  return finishCrawl(sql, crawl, { tally: progress.tally(), now: 2_000 })
}

const seen = (sql: Sql, crawl: Crawl, source = 'courses') =>
  readStagedRows(sql, crawl)
    .batch(source, 0, 10_000)
    .map((staged) => staged.row)

const dump = (sql: Sql) =>
  ['staged_courses', 'crawl_lists', 'crawl_problems'].map((table) => sql.all(`select * from ${table}`))

describe('crawl progress', () => {
  it('remembers pages, totals and finished lists', async () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, START)
    const progress = await openProgress(sql, crawl)
    expect(progress.listState('terms', '3')).toBeUndefined()
    progress.beginList('terms', '3', 3)
    await progress.savePage('terms', '3', 1, page(row(1), row(2)))
    const again = await openProgress(sql, unfinishedCrawl(sql) ?? crawl, () => 8)
    expect(again.listState('terms', '3')).toMatchObject({
      total: 3,
      pages: new Set([1]),
      isDone: false,
      rows: 2,
      startedMs: 7,
    })
    await again.finishList('terms', '3')
    expect(again.listState('terms', '3')?.isDone).toBe(true)
    await again.finishSource('terms')
    expect([again.isSourceDone('terms'), again.isSourceDone('courses')]).toEqual([true, false])
    expect((await openProgress(sql, crawl)).isSourceDone('terms')).toBe(true)
  })

  it('counts a key that the same list brings again, also after a restart, and keeps nothing of the page', async () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, START)
    const progress = await openProgress(sql, crawl)
    progress.beginList('courses', '3', 5)
    expect(await progress.savePage('courses', '3', 1, page(row(1), row(2)))).toEqual({ repeated: 0 })
    expect(await progress.savePage('courses', '3', 2, page(row(2), row(3)))).toEqual({ repeated: 1 })
    expect(await progress.savePage('courses', '3', 2, page(row(4), row(4)))).toEqual({ repeated: 1 })
    const again = await openProgress(sql, crawl)
    expect(await again.savePage('courses', '3', 2, page(row(2), row(4)))).toEqual({ repeated: 1 })
    expect(again.listState('courses', '3')?.pages).toEqual(new Set([1]))
  })

  it('finds what vanished by the pages of all processes that read the list', async () => {
    const sql = openStore()
    await crawlCourses(sql, { 3: [row(1), row(2), row(3), row(4)] })
    const crawl = beginCrawl(sql, START)
    const first = await openProgress(sql, crawl)
    first.beginList('courses', '3', 3)
    await first.savePage('courses', '3', 1, page(row(1), row(5)))
    const second = await openProgress(sql, takeOverCrawl(sql, crawl))
    await second.savePage('courses', '3', 2, page(row(3)))
    await second.finishList('courses', '3')
    await second.finishSource('courses')
    expect(seen(sql, crawl)).toEqual([[1], [3], [5]])
  })

  it('forgets a list that has to be read anew, at once', async () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, START)
    const progress = await openProgress(sql, crawl)
    progress.beginList('terms', '3', 9)
    await progress.savePage('terms', '3', 1, { ...page(row(1), row(2)), problems: [problemAt(1)] })
    progress.restartList('terms', '3')
    expect(progress.listState('terms', '3')).toBeUndefined()
    const again = await openProgress(sql, crawl)
    expect(again.listState('terms', '3')).toBeUndefined()
    await readList(again, 'terms', '3', row(2))
    await again.finishSource('terms')
    expect(seen(sql, crawl, 'terms')).toEqual([[2]])
    expect(crawlProblems(sql, crawl)).toEqual([])
  })

  it('drops the page of a list that was restarted while it was written', async () => {
    const sql = openStore()
    await crawlCourses(sql, { 3: [row(-1)] })
    const crawl = beginCrawl(sql, START)
    let progress: CrawlProgress | undefined
    const pause = async () => progress?.restartList('courses', '3')
    progress = await openCrawlProgress({ sql, crawl, now: () => 7, pause, after: () => () => {}, requests: () => 0 })
    progress.beginList('courses', '3', 900)
    await progress.savePage('courses', '3', 1, page(...Array.from({ length: 900 }, (_, key) => row(key))))
    for (const open of [progress, await openProgress(sql, crawl)]) {
      expect(open.listState('courses', '3')).toBeUndefined()
    }
  })

  it('belongs to the process that took the crawl over last', async () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, START)
    const slow = await openProgress(sql, crawl)
    const other = await openProgress(sql, takeOverCrawl(sql, crawl))
    await readList(other, 'courses', '3', row(1, 'new'))
    slow.beginList('courses', '3', 1)
    const refusal = { code: 'sync-stopped' }
    await expect(slow.savePage('courses', '3', 1, page(row(1, 'old')))).rejects.toMatchObject(refusal)
    expect(() => slow.flush()).toThrow('taken over')
    discardCrawl(sql, crawl)
    await other.finishSource('courses')
    expect(seen(sql, crawl)).toEqual([[1, 'new']])
  })

  it('writes the marks of unchanged pages a few at a time, and all when it is told to', async () => {
    const sql = openStore()
    const lists = Object.fromEntries(Array.from({ length: 100 }, (_, list) => [list + 100, [row(list)]]))
    await crawlCourses(sql, lists)
    const crawl = beginCrawl(sql, START)
    const clock = { now: 0 }
    const marks = () => sql.all(`select 1 from crawl_marks`).length
    const progress = await openProgress(sql, crawl, () => clock.now)
    for (const [list, rows] of Object.entries(lists)) {
      expect(progress.finishUnchanged('courses', list, page(...rows))).toBe(true)
    }
    expect(marks()).toBe(1)
    clock.now = 250
    progress.beginList('courses', '300', 1)
    expect(marks()).toBe(2)
    progress.beginList('courses', '301', 1)
    progress.flush()
    expect(marks()).toBe(3)
    const again = await openProgress(sql, crawl)
    const done = Object.keys(lists).filter((list) => again.listState('courses', list)?.isDone)
    expect(done).toHaveLength(100)
    expect(again.tally()).toEqual({ requests: 0, rows: 100, changedRows: 0 })
  })

  it('writes marks that wait when nothing else comes', async () => {
    const sql = openStore()
    const timers: (() => void)[] = []
    const crawl = beginCrawl(sql, START)
    const progress = await openCrawlProgress({
      sql,
      crawl,
      now: () => 7,
      pause: async () => {},
      after(ms, call) {
        expect(ms).toBe(250)
        timers.push(call)
        return () => timers.splice(timers.indexOf(call), 1)
      },
      requests: () => 0,
    })
    progress.beginList('terms', '3', 1)
    expect(timers).toHaveLength(1)
    timers[0]?.()
    expect((await openProgress(sql, crawl)).listState('terms', '3')?.total).toBe(1)
    progress.beginList('terms', '4', 1)
    progress.stop()
    expect(timers).toHaveLength(1)
  })
})

describe('rows that several lists bring', () => {
  const lists = { 3: [row(1, 'a'), row(2)], 4: [row(1, 'b'), row(4)] }

  it.each([['3', '4'] as const, ['4', '3'] as const])(
    'are seen once, of the first list by name (%s read first)',
    async (...order) => {
      const sql = openStore()
      const crawl = await crawlCourses(sql, {})
      const reordered = beginCrawl(sql, START)
      const progress = await openProgress(sql, reordered)
      for (const list of order) await readList(progress, 'courses', list, ...lists[list])
      await progress.finishSource('courses')
      const rows = readStagedRows(sql, crawl)
      expect(rows.count('courses')).toBe(3)
      expect(rows.byKey('courses', 1)?.row).toEqual([1, 'a'])
      expect(seen(sql, crawl).toSorted()).toEqual([[1, 'a'], [2], [4]])
    },
  )

  it.each([false, true])(
    'show the next one when the first leaves, and the first when it is back (indexed first: %s)',
    async (isServing) => {
      const sql = openStore()
      const one = (crawl: Crawl) => [
        readStagedRows(sql, crawl).count('courses'),
        readStagedRows(sql, crawl).byKey('courses', 1)?.row,
      ]
      expect(one(await crawlCourses(sql, lists, { isServing }))).toEqual([3, [1, 'a']])
      expect(one(await crawlCourses(sql, { ...lists, 3: [row(2)] }))).toEqual([3, [1, 'b']])
      expect(one(await crawlCourses(sql, lists))).toEqual([3, [1, 'a']])
      expect(one(await crawlCourses(sql, { 4: lists[4] }))).toEqual([2, [1, 'b']])
      expect(one(await crawlCourses(sql, {}))).toEqual([0, undefined])
      expect(dump(sql)).toEqual([[], [], []])
    },
  )
})

describe('one crawl after another', () => {
  it('changes what differs and leaves the rest as it lies', async () => {
    const sql = openStore()
    await crawlCourses(sql, { 3: [row(1), row(2), row(3)], 4: [row(4)] })
    const before = sql.all(`select * from staged_courses`)
    const second = await crawlCourses(sql, { 3: [row(1), row(2, 'renamed'), row(5)], 4: [row(4)] })
    expect(second.tally).toEqual({ requests: 0, rows: 4, changedRows: 3 })
    const after = new Map(
      sql.all<{ seq: number; key: number }>(`select * from staged_courses`).map((one) => [one.key, one]),
    )
    expect([...after.keys()].toSorted()).toEqual([1, 2, 4, 5])
    for (const old of before) if (old.key === 1 || old.key === 4) expect(after.get(old.key)).toEqual(old)
    expect(after.get(2)).toMatchObject({ seq: 2, body: '[2,"renamed"]' })
  })

  it('writes nothing but marks where nothing differs', async () => {
    const sql = openStore()
    const lists = { 3: [row(1), row('x')], 4: [row(4)] }
    await crawlCourses(sql, lists)
    const before = dump(sql)
    const writes: string[] = []
    const watched: Sql = {
      ...sql,
      run(statement, ...parameters) {
        writes.push(statement)
        return sql.run(statement, ...parameters)
      },
    }
    const { tally } = await crawlCourses(watched, lists)
    expect(tally.changedRows).toBe(0)
    expect(dump(sql)).toEqual(before)
    expect(writes.filter((statement) => /staged_|crawl_lists|crawl_problems/.test(statement))).toEqual([])
  })

  it('tells keys apart by their type', async () => {
    const sql = openStore()
    const crawl = await crawlCourses(sql, { 3: [row(1), row('1')] })
    const rows = readStagedRows(sql, crawl)
    expect([rows.byKey('courses', 1)?.row, rows.byKey('courses', '1')?.row]).toEqual([[1], ['1']])
  })

  it('drops the lists that are not read any more', async () => {
    const sql = openStore()
    await crawlCourses(sql, { 3: [row(1)], 4: [row(4)] })
    const crawl = await crawlCourses(sql, { 4: [row(4)] })
    expect(seen(sql, crawl)).toEqual([[4]])
    expect(crawl.tally.changedRows).toBe(1)
  })

  it('verifies what a failed one left, and shows nothing of it', async () => {
    const sql = openStore()
    await crawlCourses(sql, { 3: [row(1)], 4: [row(4)] })
    const failed = beginCrawl(sql, START)
    expect(completeCrawl(sql)).toBeUndefined()
    const progress = await openProgress(sql, failed)
    await readList(progress, 'courses', '3', row(1, 'gone soon'), row(8))
    progress.beginList('courses', '5', 1)
    await progress.savePage('courses', '5', 1, page(row(5)))
    discardCrawl(sql, failed)
    expect([completeCrawl(sql), unfinishedCrawl(sql)]).toEqual([undefined, undefined])
    const crawl = await crawlCourses(sql, { 3: [row(1)], 4: [row(4)] })
    expect(seen(sql, crawl)).toEqual([[1], [4]])
  })

  it('leaves no marks that a later one could take for its own', async () => {
    const sql = openStore()
    const abandoned = beginCrawl(sql, START)
    const progress = await openProgress(sql, abandoned)
    await readList(progress, 'terms', '3', row(1))
    await progress.finishSource('terms')
    const next = beginCrawl(sql, START)
    const marks = await openProgress(sql, next)
    expect([marks.isSourceDone('terms'), marks.listState('terms', '3')]).toEqual([false, undefined])
    expect(next.id).toBeGreaterThan(abandoned.id)
  })

  it('begins with empty tables when it has another plan', async () => {
    const sql = openStore()
    await crawlCourses(sql, { 3: [row(1)] }, { isFull: true })
    for (const _ of emptyMirror(sql));
    expect([readMirror(sql), completeCrawl(sql)]).toEqual([undefined, undefined])
    const change = {
      plan: 'other',
      sources: ['courses'],
      indexes: [{ source: 'courses', slots: [1] }],
      isServing: true,
    }
    const crawl = beginCrawl(sql, { ...START, ...change })
    expect(seen(sql, crawl)).toEqual([])
    expect(readMirror(sql)).toEqual({ plan: 'other', template: 'rest', fullMs: undefined })
    const names = sql.all<{ name: string }>(`select name from sqlite_master where name like 'staged%' order by name`)
    expect(names.map(({ name }) => name)).toEqual([
      'staged_courses',
      'staged_courses_by_1',
      'staged_courses_by_key',
      'staged_courses_by_list',
      'staged_courses_hidden',
    ])
  })

  it('notes when the last complete full one began', async () => {
    const sql = openStore()
    await crawlCourses(sql, {}, { isFull: true, now: 1 })
    await crawlCourses(sql, {}, { isFull: false, now: 2 })
    beginCrawl(sql, { ...START, isFull: true, now: 3 })
    expect(readMirror(sql)).toEqual({ plan: 'plan', template: 'rest', fullMs: 1 })
  })
})

describe('a store of an earlier version', () => {
  it('loses the areas in which its crawls lay, and nothing else', async () => {
    const sql = openStore()
    await crawlCourses(sql, { 3: [row(1)] })
    for (const area of [0, 1]) sql.run(`create table staged_${area}_courses (seq integer primary key)`)
    dropOldStaging(sql)
    const tables = sql.all(`select name from sqlite_master where type = 'table' and name like 'staged%' order by name`)
    expect(tables).toEqual([{ name: 'staged_courses' }, { name: 'staged_terms' }])
  })
})

describe('a list of one page', () => {
  async function crawledOnce(lists: Parameters<typeof crawlCourses>[1], isFull = false) {
    const sql = openStore()
    await crawlCourses(sql, lists)
    const progress = await openProgress(sql, beginCrawl(sql, { ...START, isFull }))
    return { sql, progress }
  }

  it('may be unchanged when it was whole and left room on its page', async () => {
    const { progress } = await crawledOnce({ 3: [row(1), row(2)], 5: [] })
    expect(progress.mayBeUnchanged('courses', '3', 3)).toBe(true)
    expect(progress.mayBeUnchanged('courses', '3', 2)).toBe(false)
    expect(progress.mayBeUnchanged('courses', '5', 1)).toBe(true)
    expect(progress.mayBeUnchanged('courses', '4', 3)).toBe(false)
    expect((await crawledOnce({ 3: [row(1)] }, true)).progress.mayBeUnchanged('courses', '3', 3)).toBe(false)
  })

  it('is unchanged when the page holds just its rows, in any order', async () => {
    const { progress } = await crawledOnce({ 3: [row(1), row(2)] })
    for (const rows of [
      [row(1)],
      [row(1), row(3)],
      [row(1), row(2, 'x')],
      [row(1), row(1)],
      [row(1), row(2), row(3)],
    ]) {
      expect(progress.finishUnchanged('courses', '3', page(...rows))).toBe(false)
    }
    const problems = [problemAt(1)]
    expect(progress.finishUnchanged('courses', '3', { ...page(row(1), row(2)), problems })).toBe(false)
    expect(progress.finishUnchanged('courses', '3', page(row(2), row(1)))).toBe(true)
    expect(progress.listState('courses', '3')).toMatchObject({ isDone: true, rows: 2, total: 2 })
  })

  it('is not trusted from its first change until it is whole again', async () => {
    const { sql, progress } = await crawledOnce({ 3: [row(1)] })
    progress.beginList('courses', '3', 2)
    await progress.savePage('courses', '3', 1, page(row(1), row(2)))
    const mayBe = async () =>
      (await openProgress(sql, unfinishedCrawl(sql) ?? failing())).mayBeUnchanged('courses', '3', 9)
    expect(await mayBe()).toBe(false)
    await progress.finishList('courses', '3')
    progress.flush()
    expect(await mayBe()).toBe(true)
  })
})

function failing(): never {
  throw new Error('no crawl is under way')
}

describe('problems of rows', () => {
  const bad = { ...page(row(1), row(2)), problems: [problemAt(2), problemAt(1)] }
  const told = [{ source: 'courses', path: 'portion', found: 'text', count: 2, keys: ['1', '2'] }]

  async function crawlWith(sql: Sql, input: typeof bad) {
    const crawl = beginCrawl(sql, START)
    const progress = await openProgress(sql, crawl)
    progress.beginList('courses', '3', 2)
    await progress.savePage('courses', '3', 1, input)
    await progress.finishList('courses', '3')
    await progress.finishSource('courses')
    return finishCrawl(sql, crawl, { tally: progress.tally(), now: 2_000 })
  }

  it('are told by column with the keys of their rows, also when the rows have not changed', async () => {
    const sql = openStore()
    expect(crawlProblems(sql, await crawlWith(sql, bad))).toEqual(told)
    const before = dump(sql)
    expect(crawlProblems(sql, await crawlWith(sql, bad))).toEqual(told)
    expect(dump(sql)).toEqual(before)
  })

  it('end with the row, its list or the problem itself, and keep the list from being trusted', async () => {
    const sql = openStore()
    await crawlWith(sql, bad)
    expect((await openProgress(sql, beginCrawl(sql, START))).mayBeUnchanged('courses', '3', 9)).toBe(false)
    expect(crawlProblems(sql, await crawlWith(sql, { ...bad, problems: [] }))).toEqual([])
    await crawlWith(sql, bad)
    expect(crawlProblems(sql, await crawlCourses(sql, {}))).toEqual([])
  })

  it('are counted, and their first keys told, however many there are', async () => {
    const sql = openStore()
    const keys = Array.from({ length: 50 }, (_, index) => 100 + index)
    const problems = keys.map(problemAt)
    const crawl = await crawlWith(sql, { rows: keys.map((key) => row(key)), rowCount: 50, problems })
    expect(crawlProblems(sql, crawl)).toEqual([{ ...told[0], count: 50, keys: keys.slice(0, 20).map(String) }])
  })
})

describe('staged rows', () => {
  async function staged(change: Partial<CrawlStart> = {}) {
    const sql = openStore()
    const crawl = await crawlCourses(
      sql,
      { 3: [row(10, 3, true), row(12, 3, true), row(11, 4, true), row(13, 3, false)] },
      change,
    )
    return { sql, crawl, rows: readStagedRows(sql, crawl) }
  }

  it('come in order, by key, by ordinal and by columns', async () => {
    const { rows } = await staged()
    expect(rows.batch('courses', 1, 1)).toEqual([{ ordinal: 2, row: [12, 3, true] }])
    expect(rows.byKey('courses', 11)?.ordinal).toBe(3)
    expect(rows.byOrdinal('courses', 1)?.row).toEqual([10, 3, true])
    expect(rows.byMatch('courses', [1, 2], [3, true]).map(({ row: [key] }) => key)).toEqual([10, 12])
    expect(rows.byMatch('courses', [1], [9])).toEqual([])
  })

  it('are matched in the order of their keys, whatever came and went before', async () => {
    const { sql } = await staged()
    const crawl = await crawlCourses(sql, { 3: [row(12, 3, true), row(11, 3, true), row(9, 3, true)] })
    expect(
      readStagedRows(sql, crawl)
        .byMatch('courses', [1], [3])
        .map(({ row: [key] }) => key),
    ).toEqual([9, 11, 12])
  })

  it('are matched through the index', async () => {
    const { sql } = await staged({ isServing: true, indexes: [{ source: 'courses', slots: [1] }] })
    const plan = sql.all<{ detail: string }>(
      `explain query plan select seq, body from staged_courses
       where json_extract(body, '$[1]') = ? and is_hidden = 0 order by +key`,
      3,
    )
    expect(plan[0]?.detail).toMatch(/USING INDEX staged_courses_by_1/)
  })

  it('are compared by list and key through the index', async () => {
    const { sql } = await staged({ isServing: true })
    const plan = sql.all<{ detail: string }>(
      `explain query plan select seq, key, body from staged_courses
       where list = ? and key in (select value from json_each(?))`,
      '3',
      '[]',
    )
    expect(plan[0]?.detail).toMatch(/staged_courses_by_list \(list=\? AND key=\?\)/)
  })
})

describe('a lock', () => {
  const owner = (name: string, alive: readonly string[]) => ({
    name,
    mayBeAlive: (other: string) => alive.includes(other),
  })

  it('is refused while its owner lives, and taken over from the dead', () => {
    const sql = openStore()
    expect(takeLock(sql, 'sync', owner('1@a', []), () => 0)).toBeDefined()
    expect(takeLock(sql, 'sync', owner('2@a', ['1@a']), () => 1)).toBeUndefined()
    const lock = takeLock(sql, 'sync', owner('2@a', []), () => 1)
    lock?.release()
    expect(takeLock(sql, 'sync', owner('3@a', ['2@a']), () => 1)).toBeDefined()
  })

  it('lapses when it is not renewed, whoever has the number of its owner now', () => {
    const sql = openStore()
    const clock = { now: 0 }
    const first = takeLock(sql, 'sync', owner('1@a', []), () => clock.now)
    clock.now = LEASE_MS - 1
    expect(first?.renew()).toBe(true)
    clock.now += LEASE_MS - 1
    expect(takeLock(sql, 'sync', owner('2@a', ['1@a']), () => clock.now)).toBeUndefined()
    clock.now += 1
    expect(takeLock(sql, 'sync', owner('2@a', ['1@a']), () => clock.now)).toBeDefined()
    expect(first?.renew()).toBe(false)
  })

  it('of a clock that has stepped back does not hold for as long as the step', () => {
    const sql = openStore()
    takeLock(sql, 'sync', owner('1@a', []), () => 10 * LEASE_MS)
    expect(takeLock(sql, 'sync', owner('2@a', ['1@a']), () => 0)).toBeDefined()
  })
})
