// What a crawl has read so far, page by page, so that it goes on after a restart with nothing read twice.
import { type Crawl, stagedTable } from './crawls.ts'
import { quoteName } from './schema.ts'
import type { Sql } from './sql.ts'

export interface ListState {
  readonly total: number | undefined
  readonly pages: ReadonlySet<number>
  readonly isDone: boolean
  readonly rows: number
  /** When its first page was asked for. */
  readonly startedMs: number
}

export interface StagedInput {
  readonly key: string | number
  /** The row's cells as a JSON array. */
  readonly body: string
}

export interface RowProblem {
  readonly path: string
  readonly found: string
  readonly key: string | number | undefined
}

export interface CrawlProgress {
  listState(source: string, list: string): ListState | undefined
  beginList(source: string, list: string, total: number | undefined): void
  /**
   * Keeps a page's rows and its mark in one transaction, in place of an earlier reading of the page. A key that another list has brought already is kept once
   * (a district's course comes from each of its schools); one that this list has brought already counts as repeated.
   */
  savePage(
    source: string,
    list: string,
    page: number,
    rows: readonly StagedInput[],
    problems: readonly RowProblem[],
  ): { readonly repeated: number }
  restartList(source: string, list: string): void
  finishList(source: string, list: string): void
  isSourceDone(source: string): boolean
  /**
   * A key that several lists brought (a district's course comes from each of its schools) is kept once from here on: the
   * first list's, whichever came first.
   */
  finishSource(source: string): void
}

/**
 * A commit is what a page costs, so there is one a page: a list's beginning is written with its first page, its end with the
 * next page of any list (a kill in between costs a count, never a page). Keys are indexed when a source is complete; an index
 * kept up meanwhile made each commit four times as long, for keys come in no order.
 */
export function openCrawlProgress(sql: Sql, crawl: Crawl, now: () => number): CrawlProgress {
  const { id, area } = crawl
  const begun = new Map<string, { readonly total: number | undefined; readonly ms: number }>()
  let finished: { readonly source: string; readonly list: string }[] = []
  /** The keys of the lists that are being read. */
  const openKeys = new Map<string, Set<string | number>>()
  const nameOf = (source: string, list: string) => `${source} ${list}`

  const keysOf = (source: string, list: string): Set<string | number> => {
    const name = nameOf(source, list)
    let keys = openKeys.get(name)
    if (keys === undefined) {
      const isFresh = begun.has(name)
      const stored = isFresh
        ? []
        : sql.all<{ key: string | number }>(`select key from ${stagedTable(area, source)} where list = ?`, list)
      keys = new Set(stored.map(({ key }) => key))
      openKeys.set(name, keys)
    }
    return keys
  }

  const writeBeginning = (source: string, list: string) => {
    const name = nameOf(source, list)
    const beginning = begun.get(name)
    if (beginning === undefined) return
    sql.run(
      `insert into crawl_lists (crawl, source, list, total, begun_ms, is_done) values (?, ?, ?, ?, ?, 0)
       on conflict (crawl, source, list) do update
         set total = excluded.total, begun_ms = excluded.begun_ms, is_done = 0`,
      id,
      source,
      list,
      beginning.total ?? null,
      beginning.ms,
    )
    begun.delete(name)
  }
  const writeEnds = () => {
    for (const { source, list } of finished) {
      writeBeginning(source, list)
      sql.run(`update crawl_lists set is_done = 1 where crawl = ? and source = ? and list = ?`, id, source, list)
    }
    finished = []
  }

  return {
    listState(source, list) {
      const name = nameOf(source, list)
      const beginning = begun.get(name)
      if (beginning !== undefined) {
        return { total: beginning.total, pages: new Set(), isDone: false, rows: 0, startedMs: beginning.ms }
      }
      const isEnding = finished.some((end) => end.source === source && end.list === list)
      if (isEnding) sql.transaction(writeEnds)
      const [row] = sql.all<{ total: number | null; begun_ms: number; is_done: number }>(
        `select total, begun_ms, is_done from crawl_lists where crawl = ? and source = ? and list = ?`,
        id,
        source,
        list,
      )
      if (row === undefined) return undefined
      const pages = sql.all<{ page: number; rows: number }>(
        `select page, rows from crawl_pages where crawl = ? and source = ? and list = ?`,
        id,
        source,
        list,
      )
      return {
        total: row.total ?? undefined,
        startedMs: row.begun_ms,
        isDone: row.is_done === 1,
        pages: new Set(pages.map((page) => page.page)),
        rows: pages.reduce((sum, page) => sum + page.rows, 0),
      }
    },
    beginList(source, list, total) {
      begun.set(nameOf(source, list), { total, ms: now() })
    },
    savePage(source, list, page, rows, problems) {
      const table = stagedTable(area, source)
      return sql.transaction(() => {
        const isReread =
          !begun.has(nameOf(source, list)) &&
          sql.run(
            `delete from crawl_pages where crawl = ? and source = ? and list = ? and page = ?`,
            id,
            source,
            list,
            page,
          ).changes > 0
        if (isReread) {
          sql.run(`delete from ${table} where list = ? and page = ?`, list, page)
          openKeys.delete(nameOf(source, list))
        }
        const keys = keysOf(source, list)
        const before = keys.size
        writeBeginning(source, list)
        writeEnds()
        for (const { key, body } of rows) {
          keys.add(key)
          sql.run(`insert into ${table} (key, list, page, body) values (?, ?, ?, ?)`, key, list, page, body)
        }
        for (const { path, found, key } of problems) {
          sql.run(
            `insert into crawl_problems (crawl, source, list, path, found, key) values (?, ?, ?, ?, ?, ?)`,
            id,
            source,
            list,
            path,
            found,
            key === undefined ? null : String(key),
          )
        }
        sql.run(
          `insert into crawl_pages (crawl, source, list, page, rows) values (?, ?, ?, ?, ?)`,
          id,
          source,
          list,
          page,
          rows.length,
        )
        return { repeated: before + rows.length - keys.size }
      })
    },
    restartList(source, list) {
      begun.delete(nameOf(source, list))
      openKeys.delete(nameOf(source, list))
      sql.transaction(() => {
        writeEnds()
        sql.run(`delete from ${stagedTable(area, source)} where list = ?`, list)
        for (const name of ['crawl_pages', 'crawl_problems', 'crawl_lists']) {
          sql.run(`delete from ${name} where crawl = ? and source = ? and list = ?`, id, source, list)
        }
      })
    },
    finishList(source, list) {
      finished.push({ source, list })
      openKeys.delete(nameOf(source, list))
    },
    isSourceDone(source) {
      return sql.all(`select 1 from crawl_sources where crawl = ? and source = ?`, id, source).length > 0
    },
    finishSource(source) {
      sql.transaction(() => {
        writeEnds()
        indexKeys(sql, stagedTable(area, source), quoteName(`staged_${area}_${source}_by_key`))
        sql.run(`insert or ignore into crawl_sources (crawl, source) values (?, ?)`, id, source)
      })
    },
  }
}

function indexKeys(sql: Sql, table: string, index: string): void {
  sql.run(`create index if not exists ${index} on ${table}(key)`)
  sql.run(
    `delete from ${table} where seq in (
       select seq from (
         select seq, row_number() over (partition by key order by list, page, seq) as place from ${table}
         where key in (select key from ${table} group by key having count(*) > 1))
       where place > 1)`,
  )
}

/** How often each declared column of a source could not be read as its type, with the first keys. */
export function crawlProblems(
  sql: Sql,
  crawl: Crawl,
): { source: string; path: string; found: string; count: number; keys: string[] }[] {
  const rows = sql.all<{ source: string; path: string; found: string; count: number; keys: string }>(
    `select source, path, found, count(*) as count, coalesce(json_group_array(key) filter (where key is not null), '[]') as keys
     from crawl_problems where crawl = ? group by source, path, found`,
    crawl.id,
  )
  return rows.map((row) => ({ ...row, keys: (JSON.parse(row.keys) as string[]).slice(0, 20) }))
}
