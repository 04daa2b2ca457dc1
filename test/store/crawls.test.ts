// Crawls: what is kept of a half-done one, where rows of two crawls lie, and how the mapping reads them.
import { describe, expect, it } from 'vitest'
import { crawlProblems, openCrawlProgress } from '../../src/store/crawl-progress.ts'
import { beginCrawl, completeCrawl, discardCrawl, finishCrawl, unfinishedCrawl } from '../../src/store/crawls.ts'
import { LEASE_MS, takeLock } from '../../src/store/locks.ts'
import { indexStagedRows, readStagedRows } from '../../src/store/staged-rows.ts'
import { openStore } from './support.ts'

const start = (plan = 'plan') => ({ plan, settings: { schools: [] }, sources: ['terms', 'courses'], now: 1_000 })
const row = (key: number, ...cells: unknown[]) => ({ key, body: JSON.stringify([key, ...cells]) })

describe('crawl progress', () => {
  it('remembers pages, totals and finished lists', () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, start())
    const progress = openCrawlProgress(sql, crawl, () => 7)
    expect(progress.listState('terms', '3')).toBeUndefined()
    progress.beginList('terms', '3', 3)
    progress.savePage('terms', '3', 1, [row(1), row(2)], [])
    const again = openCrawlProgress(sql, unfinishedCrawl(sql) ?? crawl, () => 8)
    expect(again.listState('terms', '3')).toEqual({
      total: 3,
      pages: new Set([1]),
      isDone: false,
      rows: 2,
      startedMs: 7,
    })
    again.finishList('terms', '3')
    again.finishSource('terms')
    expect([again.listState('terms', '3')?.isDone, again.isSourceDone('terms'), again.isSourceDone('courses')]).toEqual(
      [true, true, false],
    )
  })

  it('counts a key that the same list brings again, also after a restart', () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, start())
    const progress = openCrawlProgress(sql, crawl, () => 7)
    progress.beginList('courses', '3', 5)
    expect(progress.savePage('courses', '3', 1, [row(1), row(2)], [])).toEqual({ repeated: 0 })
    expect(progress.savePage('courses', '3', 2, [row(2), row(3)], [])).toEqual({ repeated: 1 })
    expect(openCrawlProgress(sql, crawl, () => 7).savePage('courses', '3', 3, [row(3), row(4)], [])).toEqual({
      repeated: 1,
    })
  })

  it('keeps a key that several lists bring once, as soon as the source is complete', () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, start())
    const progress = openCrawlProgress(sql, crawl, () => 7)
    expect(progress.savePage('courses', '3', 1, [row(1, 'a'), row(2)], [])).toEqual({ repeated: 0 })
    expect(progress.savePage('courses', '4', 1, [row(1, 'b'), row(4)], [])).toEqual({ repeated: 0 })
    progress.finishSource('courses')
    const rows = readStagedRows(sql, crawl).batch('courses', 0, 10)
    expect(rows.map((staged) => staged.row)).toEqual([[1, 'a'], [2], [4]])
  })

  it('puts a page that is read again in the place of its first reading', () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, start())
    const progress = openCrawlProgress(sql, crawl, () => 7)
    progress.savePage('terms', '3', 1, [row(1, 'old'), row(2)], [])
    expect(progress.savePage('terms', '3', 1, [row(1, 'new')], [])).toEqual({ repeated: 0 })
    expect(
      readStagedRows(sql, crawl)
        .batch('terms', 0, 10)
        .map((staged) => staged.row),
    ).toEqual([[1, 'new']])
  })

  it('forgets a list that has to be read anew, and its problems', () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, start())
    const progress = openCrawlProgress(sql, crawl, () => 7)
    progress.beginList('terms', '3', 9)
    progress.savePage('terms', '3', 1, [row(1)], [{ path: 'portion', found: 'text', key: 1 }])
    progress.savePage('terms', '4', 1, [row(5)], [])
    progress.restartList('terms', '3')
    expect(progress.listState('terms', '3')).toBeUndefined()
    expect(readStagedRows(sql, crawl).count('terms')).toBe(1)
    expect(crawlProblems(sql, crawl)).toEqual([])
  })

  it('reports problems by column with the keys of their rows', () => {
    const sql = openStore()
    const crawl = beginCrawl(sql, start())
    const problem = (key: number) => ({ path: 'portion', found: 'text', key })
    openCrawlProgress(sql, crawl, () => 7).savePage('terms', '3', 1, [row(1), row(2)], [problem(1), problem(2)])
    expect(crawlProblems(sql, crawl)).toEqual([
      { source: 'terms', path: 'portion', found: 'text', count: 2, keys: ['1', '2'] },
    ])
  })
})

describe('two crawls', () => {
  it('never touch each other: the complete one stays until the next is complete', () => {
    const sql = openStore()
    const first = beginCrawl(sql, start())
    openCrawlProgress(sql, first, () => 7).savePage('terms', '3', 1, [row(1)], [])
    finishCrawl(sql, first, 2_000)
    const second = beginCrawl(sql, start())
    expect(second.area).not.toBe(first.area)
    openCrawlProgress(sql, second, () => 7).savePage('terms', '3', 1, [row(8), row(9)], [])
    expect(readStagedRows(sql, first).count('terms')).toBe(1)
    discardCrawl(sql, second)
    expect([completeCrawl(sql)?.id, unfinishedCrawl(sql)]).toEqual([first.id, undefined])

    const third = beginCrawl(sql, start())
    finishCrawl(sql, third, 3_000)
    expect(completeCrawl(sql)?.id).toBe(third.id)
    const tables = sql.all<{ name: string }>(
      `select name from sqlite_master where name like 'staged_%' and type = 'table'`,
    )
    expect(tables.every(({ name }) => name.startsWith(`staged_${third.area}_`))).toBe(true)
  })
})

describe('an abandoned crawl', () => {
  it('leaves no marks that a later one could take for its own', () => {
    const sql = openStore()
    const abandoned = beginCrawl(sql, start('old plan'))
    const progress = openCrawlProgress(sql, abandoned, () => 7)
    progress.beginList('terms', '3', 1)
    progress.savePage('terms', '3', 1, [row(1)], [{ path: 'portion', found: 'text', key: 1 }])
    progress.finishList('terms', '3')
    progress.finishSource('terms')
    discardCrawl(sql, beginCrawl(sql, start('new plan')))
    const next = beginCrawl(sql, start('new plan'))
    const marks = openCrawlProgress(sql, next, () => 7)
    expect([marks.isSourceDone('terms'), marks.listState('terms', '3'), crawlProblems(sql, next)]).toEqual([
      false,
      undefined,
      [],
    ])
    expect(next.id).toBeGreaterThan(abandoned.id + 1)
  })
})

describe('staged rows', () => {
  function staged() {
    const sql = openStore()
    const crawl = beginCrawl(sql, start())
    openCrawlProgress(sql, crawl, () => 7).savePage(
      'terms',
      '3',
      1,
      [row(10, 3, true), row(11, 4, true), row(12, 3, false)],
      [],
    )
    return { sql, crawl, rows: readStagedRows(sql, crawl) }
  }

  it('come in order, by key, by ordinal and by columns', () => {
    const { sql, crawl, rows } = staged()
    indexStagedRows(sql, crawl, [{ source: 'terms', slots: [1, 2] }])
    expect(rows.batch('terms', 1, 1)).toEqual([{ ordinal: 2, row: [11, 4, true] }])
    expect(rows.byKey('terms', 12)?.ordinal).toBe(3)
    expect(rows.byOrdinal('terms', 1)?.row).toEqual([10, 3, true])
    expect(rows.byMatch('terms', [1, 2], [3, true]).map(({ ordinal }) => ordinal)).toEqual([1])
    expect(rows.byMatch('terms', [1], [9])).toEqual([])
  })

  it('are matched through the index', () => {
    const { sql, crawl } = staged()
    indexStagedRows(sql, crawl, [{ source: 'terms', slots: [1] }])
    const plan = sql.all<{ detail: string }>(
      `explain query plan select seq from staged_${crawl.area}_terms where json_extract(body, '$[1]') = ?`,
      3,
    )
    expect(plan[0]?.detail).toMatch(/USING (COVERING )?INDEX/)
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
