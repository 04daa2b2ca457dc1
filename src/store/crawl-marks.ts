// The durable marks of what a crawl has read, written with the rows that changed, or a few at a time where none did.
import { type Crawl, type CrawlTally, refuseIfTaken } from './crawls.ts'
import { applyMarks, type Mark, noReadings, type Readings, type TimeMark } from './list-reading.ts'
import type { Sql } from './sql.ts'

/** A kill costs no more than this of what was read and had not changed: asked for again, never lost. */
const MOST_WAITING = 64
const LONGEST_WAIT_MS = 250
/** A Durable Object promises 2 MB a value, and a character may have three bytes. */
const LONGEST_MARKS = 400_000

export interface CrawlMarksOptions {
  readonly sql: Sql
  readonly crawl: Crawl
  readonly now: () => number
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  /** What the crawl has done so far. */
  readonly tally: () => CrawlTally
}

export interface CrawlMarks {
  /** Keeps the mark until a few have come together. `write` goes into their transaction. */
  add(source: string, mark: Mark, write?: () => void): void
  /** Runs `work` in a transaction that all waiting marks are written in, the one that is given last. */
  commit(source: string, work: () => void, mark?: Mark): void
  /** Writes what waits, if anything does. */
  flush(): void
  /** No timer is left behind. */
  stop(): void
}

interface Waiting {
  readonly mark: Mark
  readonly write: (() => void) | undefined
}

/** All of one source at a time: `flush` before marks of another one come. */
export function openCrawlMarks({ sql, crawl, now, after, tally }: CrawlMarksOptions): CrawlMarks {
  let waiting: Waiting[] = []
  let source = ''
  let sinceMs = 0
  let cancel: (() => void) | undefined

  function write(entries: readonly Waiting[]): void {
    for (const entry of entries) entry.write?.()
    if (entries.length === 0) return
    const { requests, rows, changedRows } = tally()
    const at: TimeMark = ['at', now()]
    for (const marks of inParts(entries, at)) {
      sql.run(
        `insert into crawl_marks (source, marks, requests, rows, changed_rows) values (?, ?, ?, ?, ?)`,
        source,
        marks,
        requests,
        rows,
        changedRows,
      )
    }
  }

  /** What waits is let go of only when it is written: a failed transaction changes nothing here either. */
  function written(): void {
    waiting = []
    cancel?.()
    cancel = undefined
  }

  function flush(): void {
    if (waiting.length === 0) return
    sql.transaction(() => {
      refuseIfTaken(sql, crawl)
      write(waiting)
    })
    written()
  }

  function flushLate(): void {
    cancel = undefined
    try {
      flush()
    } catch {
      // It waits on, and the next page meets the failure where somebody can be told.
    }
  }

  return {
    add(of, mark, more) {
      source = of
      if (waiting.length === 0) {
        sinceMs = now()
        cancel = after(LONGEST_WAIT_MS, flushLate)
      }
      const [kind, list] = mark
      // Of a list that is finished or restarted, what was marked before says nothing any more.
      if (kind === 'done' || kind === 'restarted') waiting = waiting.filter((earlier) => earlier.mark[1] !== list)
      waiting.push({ mark, write: more })
      const waitedMs = now() - sinceMs
      if (waiting.length >= MOST_WAITING || waitedMs >= LONGEST_WAIT_MS || waitedMs < 0) flush()
    },
    commit(of, work, mark) {
      source = of
      sql.transaction(() => {
        refuseIfTaken(sql, crawl)
        work()
        write(mark === undefined ? waiting : [...waiting, { mark, write: undefined }])
      })
      written()
    },
    flush,
    stop() {
      cancel?.()
      cancel = undefined
    },
  }
}

/** As JSON, in texts that the store takes. A mark alone is as long as the keys of a page. */
function* inParts(entries: readonly Waiting[], at: TimeMark): Generator<string> {
  const end = JSON.stringify(at)
  let part: string[] = []
  let length = 0
  for (const { mark } of entries) {
    const text = JSON.stringify(mark)
    if (part.length > 0 && length + text.length > LONGEST_MARKS) {
      yield `[${part.join(',')},${end}]`
      part = []
      length = 0
    }
    part.push(text)
    length += text.length
  }
  yield `[${part.join(',')},${end}]`
}

export interface Replayed {
  readonly readings: Readings
  readonly source: string | undefined
  readonly tally: CrawlTally
}

/** As few as that, for each may hold 30,000 keys: 30 ms, and some megabytes. */
const SLICE_MARKS = 10

/** What the marks say of the source that was being read, and of the whole crawl; a piece at a time. */
export function* replayMarks(sql: Sql, crawl: Crawl): Generator<void, Replayed> {
  const readings = noReadings()
  let { tally } = crawl
  let source: string | undefined
  let after = 0
  for (;;) {
    const rows = sql.all<{
      seq: number
      source: string
      marks: string
      requests: number
      rows: number
      changed_rows: number
      is_done: number
    }>(
      `select *, source in (select source from crawl_sources) as is_done from crawl_marks
       where seq > ? order by seq limit ?`,
      after,
      SLICE_MARKS,
    )
    const last = rows.at(-1)
    if (last === undefined) return { readings, source, tally }
    if (after > 0) yield
    after = last.seq
    tally = { requests: last.requests, rows: last.rows, changedRows: last.changed_rows }
    for (const row of rows) {
      if (row.is_done === 1) continue
      source = row.source
      // Written by `openCrawlMarks` only.
      applyMarks(readings, JSON.parse(row.marks) as (Mark | TimeMark)[])
    }
  }
}
