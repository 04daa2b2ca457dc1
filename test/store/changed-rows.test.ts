// Lists of which only the changed rows are read: what may be built upon, what is deleted, and when all rows are needed.
import { describe, expect, it } from 'vitest'
import { type CrawlProgress, openCrawlProgress } from '../../src/store/crawl-progress.ts'
import { beginCrawl, type Crawl, finishCrawl, takeOverCrawl } from '../../src/store/crawls.ts'
import type { Sql } from '../../src/store/sql.ts'
import { readStagedRows } from '../../src/store/staged-rows.ts'
import { openStore } from './support.ts'

const DAY_SLOT = 2
const SINCE = '2026-11-20'
const row = (key: number, name: string, day: string | null) => ({ key, body: JSON.stringify([key, name, day]) })
type Row = ReturnType<typeof row>
const page = (rows: readonly Row[]) => ({ rows, rowCount: rows.length, problems: [] })
const pause = async () => {}

function begin(sql: Sql, isFull = false): Crawl {
  return beginCrawl(sql, {
    plan: 'plan',
    template: 'powerquery',
    settings: {},
    sources: ['students'],
    indexes: [],
    isFull,
    isServing: false,
    now: 1_000,
  })
}

const openProgress = (sql: Sql, crawl: Crawl, nowMs: number) =>
  openCrawlProgress({ sql, crawl, now: () => nowMs, pause, after: () => () => {}, requests: () => 0 })

async function readAll(progress: CrawlProgress, ...pages: readonly (readonly Row[])[]) {
  progress.beginList('students', 'all', undefined, { isResumable: false })
  for (const [index, rows] of pages.entries()) await progress.savePage('students', 'all', index + 1, page(rows))
  await progress.finishList('students', 'all')
}

async function end(sql: Sql, crawl: Crawl, progress: CrawlProgress) {
  await progress.finishSource('students')
  finishCrawl(sql, crawl, { tally: progress.tally(), now: 2_000 })
}

/** A store whose students were read whole at the millisecond 50. */
async function storeOf(...rows: readonly Row[]) {
  const sql = openStore()
  const crawl = begin(sql)
  const progress = await openProgress(sql, crawl, 50)
  await readAll(progress, rows)
  await end(sql, crawl, progress)
  return sql
}

/** A next crawl that reads these changed rows and this list of days. */
async function update(sql: Sql, changes: readonly Row[], days: readonly (readonly [number, string | null])[]) {
  const crawl = begin(sql)
  const progress = await openProgress(sql, crawl, 90)
  progress.beginList('students', 'all', undefined, { isResumable: false })
  const isReadable = await progress.saveChanges('students', 'all', page(changes))
  const listed = { days: new Map(days), slot: DAY_SLOT, since: SINCE }
  const isWhole = await progress.finishChanges('students', 'all', listed)
  if (isWhole) await end(sql, crawl, progress)
  return { crawl, progress, isReadable, isWhole }
}

const rowsOf = (sql: Sql, crawl: Crawl) =>
  readStagedRows(sql, crawl)
    .batch('students', 0, 100)
    .map((staged) => staged.row)

const OLD = '2026-03-01'

describe('a list of which only changed rows are read', () => {
  it('takes in what changed, deletes what is not listed, and keeps the rest', async () => {
    const sql = await storeOf(row(1, 'Ada', OLD), row(2, 'Bo', OLD), row(3, 'Cy', null))
    const { crawl, isWhole } = await update(
      sql,
      [row(2, 'Bob', SINCE), row(3, 'Cyd', null), row(4, 'Di', '2026-11-21')],
      [
        [2, SINCE],
        [3, null],
        [4, '2026-11-21'],
      ],
    )
    expect(isWhole).toBe(true)
    expect(rowsOf(sql, crawl)).toEqual([
      [2, 'Bob', SINCE],
      [3, 'Cyd', null],
      [4, 'Di', '2026-11-21'],
    ])
  })

  it.each([
    { when: 'a listed row is not there, and is no new one', listed: { 1: OLD, 2: OLD } },
    { when: 'a listed row that is not there has no day', listed: { 1: OLD, 2: null } },
    { when: 'a row is listed with another day than it was read with', listed: { 1: '2026-04-01' } },
    { when: 'a row that had a day has none any more', listed: { 1: null } },
  ])('needs all rows when $when', async ({ listed }) => {
    const sql = await storeOf(row(1, 'Ada', OLD))
    const days = Object.entries(listed).map(([key, day]) => [Number(key), day] as const)
    expect((await update(sql, [], days)).isWhole).toBe(false)
  })

  it('leaves a row that came between the two requests to the next crawl', async () => {
    const sql = await storeOf(row(1, 'Ada', OLD))
    const { crawl, isWhole } = await update(
      sql,
      [],
      [
        [1, '2026-11-21'],
        [2, '2026-11-22'],
      ],
    )
    expect(isWhole).toBe(true)
    expect(rowsOf(sql, crawl)).toEqual([[1, 'Ada', OLD]])
  })

  it('is built upon by when its last reading to the end began, whichever kind that was', async () => {
    const sql = await storeOf(row(1, 'Ada', OLD))
    const crawl = begin(sql)
    expect((await openProgress(sql, crawl, 70)).lastReadMs('students', 'all')).toBe(50)
    await update(sql, [], [[1, OLD]])
    expect((await openProgress(sql, begin(sql), 99)).lastReadMs('students', 'all')).toBe(90)
  })

  it('is not built upon in a full crawl, nor where it was never read to its end', async () => {
    const sql = await storeOf(row(1, 'Ada', OLD))
    expect((await openProgress(sql, begin(sql, true), 70)).lastReadMs('students', 'all')).toBeUndefined()
    const fresh = openStore()
    const crawl = begin(fresh)
    const progress = await openProgress(fresh, crawl, 70)
    progress.beginList('students', 'all', undefined, { isResumable: false })
    await progress.savePage('students', 'all', 1, page([row(1, 'Ada', OLD)]))
    expect((await openProgress(fresh, takeOverCrawl(fresh, crawl), 80)).lastReadMs('students', 'all')).toBeUndefined()
  })

  it('is not built upon while a row of it cannot be read', async () => {
    const sql = openStore()
    const crawl = begin(sql)
    const progress = await openProgress(sql, crawl, 50)
    progress.beginList('students', 'all', undefined, { isResumable: false })
    const problems = [{ path: 'dob', found: 'text', key: 1 }]
    await progress.savePage('students', 'all', 1, { rows: [row(1, 'Ada', OLD)], rowCount: 1, problems })
    await progress.finishList('students', 'all')
    await end(sql, crawl, progress)
    expect((await openProgress(sql, begin(sql), 70)).lastReadMs('students', 'all')).toBeUndefined()
  })

  it('takes no changed row that cannot be read', async () => {
    const sql = await storeOf(row(1, 'Ada', OLD))
    const progress = await openProgress(sql, begin(sql), 90)
    progress.beginList('students', 'all', undefined, { isResumable: false })
    const unkeyed = { rows: [], rowCount: 1, problems: [] }
    expect(await progress.saveChanges('students', 'all', unkeyed)).toBe(false)
  })

  it('goes on to read all rows after its changes did not fit, and is right then', async () => {
    const sql = await storeOf(row(1, 'Ada', OLD), row(2, 'Bo', OLD))
    const { crawl, progress, isWhole } = await update(sql, [row(5, 'Ed', SINCE)], [[1, '2026-04-01']])
    expect(isWhole).toBe(false)
    await readAll(progress, [row(1, 'Ada', '2026-04-01')], [row(6, 'Flo', null)])
    await end(sql, crawl, progress)
    expect(rowsOf(sql, crawl)).toEqual([
      [1, 'Ada', '2026-04-01'],
      [6, 'Flo', null],
    ])
  })

  it('is read from its beginning by a process that takes over, which deletes what it does not meet', async () => {
    const sql = await storeOf(row(1, 'Ada', OLD), row(2, 'Bo', OLD))
    const crawl = begin(sql, true)
    const first = await openProgress(sql, crawl, 60)
    first.beginList('students', 'all', undefined, { isResumable: false })
    await first.savePage('students', 'all', 1, page([row(1, 'Ann', OLD), row(7, 'Gus', OLD)]))
    const taken = takeOverCrawl(sql, crawl)
    const second = await openProgress(sql, taken, 70)
    expect(second.listState('students', 'all')).toBeUndefined()
    await readAll(second, [row(1, 'Ann', OLD)])
    await end(sql, taken, second)
    expect(rowsOf(sql, taken)).toEqual([[1, 'Ann', OLD]])
  })
})
