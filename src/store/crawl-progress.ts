// What a crawl has read so far: its rows among those of earlier crawls, and marks from which it goes on after a restart.
import { findList } from './crawl-lists.ts'
import { openCrawlMarks, replayMarks } from './crawl-marks.ts'
import type { Crawl, CrawlTally } from './crawls.ts'
import type { KeyDays } from './key-set.ts'
import {
  addPage,
  beginReading,
  finishedReading,
  type ListReading,
  type Mark,
  noReadings,
  openReading,
  type QueryPlace,
  type ReadingStart,
  type ShortReadings,
} from './list-reading.ts'
import { countProblems, type ProblemCount, type RowProblem, sumProblems } from './problem-counts.ts'
import { openSourceWriter, type SourceWriter } from './source-writer.ts'
import type { Sql } from './sql.ts'
import { datedRows, hasExactly, type KeyedRow, type StagedInput } from './staged-changes.ts'

export interface ListState {
  readonly total: number | undefined
  readonly pages: ReadonlySet<number>
  readonly isDone: boolean
  readonly rows: number
  /** Rows by page. */
  readonly sizes: ReadonlyMap<number, number>
  /** Of its rows those that PowerSchool's count leaves out. */
  readonly uncounted: number
  /** Whether PowerSchool was asked for its count. */
  readonly isCounted: boolean
  /** Rows that were asked for a page, if it is known. */
  readonly pageSize: number | undefined
  /** When its first page was asked for. */
  readonly startedMs: number
  /** When, in an earlier process, the last of it had come. */
  readonly lastMs: number | undefined
}

export interface PageInput {
  readonly rows: readonly StagedInput[]
  /** With the rows whose key could not be read. */
  readonly rowCount: number
  readonly problems: readonly RowProblem[]
}

export interface CrawlProgressOptions {
  readonly sql: Sql
  readonly crawl: Crawl
  readonly now: () => number
  readonly pause: () => Promise<void>
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  /** How many requests this process has sent for the crawl. */
  readonly requests: () => number
}

/** Every row that PowerSchool has in a list. */
export interface Listed {
  /** The day of each row's last change; null where PowerSchool knows none. Rows that are met are taken out of it. */
  readonly days: KeyDays
  /** The staged cell that holds this day. */
  readonly slot: number
  /** Rows that changed on this day or later were asked for. */
  readonly since: string
}

/** One source is read at a time, its lists side by side. */
export interface CrawlProgress {
  listState(source: string, list: string): ListState | undefined
  /** Whether the list is whole, free of problems and shorter than a page, and the crawl trusts what was found before. */
  mayBeUnchanged(source: string, list: string, pageSize: number): boolean
  /** Finishes the list if the page has exactly its rows. */
  finishUnchanged(source: string, list: string, page: PageInput): boolean
  /**
   * Of a list that is not resumable the pages leave no marks: another process reads it from its beginning. One that is not, or is
   * dated, can be asked for what has changed since the next time.
   */
  beginList(source: string, list: string, total: number | undefined, options?: ReadingStart): void
  /** Begins a list by its first page, which comes before its count. */
  openList(source: string, list: string, pageSize: number): void
  /** The count of a list that was begun without. */
  countList(source: string, list: string, total: number | undefined): void
  /**
   * Writes what differs of a page's rows, then its mark; what a kill in between leaves is compared with the next reading. A key
   * that this reading of the list has brought already counts as repeated: nothing of the page is kept then, for the list has to
   * be restarted. Keys of other lists do not count (a district's course comes from each of its schools). The page of a list that
   * was restarted meanwhile is dropped. `uncounted`: how many of the rows PowerSchool's count leaves out.
   */
  savePage(
    source: string,
    list: string,
    page: number,
    input: PageInput,
    uncounted?: number,
  ): Promise<{ readonly repeated: number }>
  /** As `savePage`, for the next rows of a query, which has been read to `place` then. */
  saveRows(source: string, list: string, place: QueryPlace, input: PageInput): Promise<{ readonly repeated: number }>
  /** How far an earlier process has read a query. */
  placeOf(source: string, list: string): QueryPlace | undefined
  /** Forgets what was read of the list; its rows stay to be compared with the next reading. `short` is kept for `shortReadings`. */
  restartList(source: string, list: string, short?: ShortReadings): void
  /** How often this crawl has read the list and found it not whole. */
  shortReadings(source: string, list: string): ShortReadings | undefined
  /** Begins those lists anew that were found not whole, as if they had not been read. */
  forgetShort(): void
  /** Deletes the rows that none of its pages held. */
  finishList(source: string, list: string): Promise<void>
  /**
   * When the last reading to the end of a list that is not resumable began. Undefined where its rows cannot be built upon:
   * in a full crawl, and where a row of it could not be read.
   */
  lastReadMs(source: string, list: string): number | undefined
  /** Writes what differs of rows that were read because they changed; false where one of them could not be read. */
  saveChanges(source: string, list: string, input: PageInput): Promise<boolean>
  /**
   * Ends a list that was begun anew and whose changed rows were saved: deletes the rows that are not listed, if all others
   * are as listed. False, and nothing done, where they are not.
   */
  finishChanges(source: string, list: string, listed: Listed): Promise<boolean>
  isSourceDone(source: string): boolean
  /** Deletes the rows of lists that this crawl has not finished. */
  finishSource(source: string): Promise<void>
  tally(): CrawlTally
  /** Writes the marks that wait. */
  flush(): void
  /** Leaves no timer behind; marks that still wait are lost. */
  stop(): void
}

/** Goes on from the marks of an interrupted crawl. */
export async function openCrawlProgress(options: CrawlProgressOptions): Promise<CrawlProgress> {
  const { sql, crawl, now, pause, after, requests } = options
  const replay = replayMarks(sql, crawl)
  let step = replay.next()
  for (; step.done !== true; step = replay.next()) await pause()
  const before = step.value.tally
  let { readings } = step.value
  let open: { readonly source: string; readonly writer: SourceWriter } | undefined
  let rowsRead = 0
  let changedRows = 0

  const tally = (): CrawlTally => ({
    requests: before.requests + requests(),
    rows: before.rows + rowsRead,
    changedRows: before.changedRows + changedRows,
  })
  const marks = openCrawlMarks({ sql, crawl, now, after, tally })
  const onChanges = (rows: number) => {
    changedRows += rows
  }
  if (step.value.source !== undefined) turnTo(step.value.source)

  function turnTo(source: string): SourceWriter {
    if (open?.source === source) return open.writer
    if (open !== undefined) readings = noReadings()
    open = { source, writer: openSourceWriter(source, { sql, marks, pause, onChanges }) }
    return open.writer
  }

  /** Refuses rows with a key that has come before: nothing of them is kept then. */
  async function save(reading: ListReading, source: string, list: string, input: PageInput, markOf: MarkOf) {
    const { rows, rowCount, problems } = input
    const keys = [...new Set(rows.map(({ key }) => key))]
    const repeated = rows.length - keys.filter((key) => !reading.keys.has(key)).length
    if (repeated > 0) return { repeated }
    const counts = countProblems(problems)
    const { page, mark } = markOf(keys, counts)
    addPage(reading, page, rowCount, keys, counts)
    rowsRead += rowCount
    const isWanted = () => readings.lists.get(list) === reading
    await turnTo(source).writePage(list, rows, reading.isResumable ? mark : undefined, isWanted)
    return { repeated: 0 }
  }

  return {
    listState(source, list) {
      turnTo(source)
      const reading = readings.lists.get(list)
      return reading === undefined || reading.isDone ? reading && { ...FINISHED, ...reading } : stateOf(reading)
    },
    mayBeUnchanged(source, list, pageSize) {
      if (crawl.isFull) return false
      const kept = findList(sql, source, list)
      return kept?.isWhole === true && !kept.hasProblems && kept.rows < pageSize
    },
    finishUnchanged(source, list, { rows, rowCount, problems }) {
      turnTo(source)
      if (problems.length > 0 || rows.length < rowCount || !hasExactly(sql, source, list, rows)) return false
      rowsRead += rowCount
      readings.lists.set(list, finishedReading(rowCount, rowCount, now()))
      marks.add(source, ['done', list, rowCount, rowCount, now()])
      return true
    },
    beginList(source, list, total, start = {}) {
      const { isResumable = true, isDated = !isResumable, pageSize } = start
      const writer = turnTo(source)
      const startedMs = now()
      readings.lists.set(list, beginReading(total, startedMs, { isResumable, isDated, pageSize }))
      if (!isResumable || isDated) writer.forget(list)
      if (!isResumable) return
      if (isDated) marks.add(source, ['asked', list, startedMs])
      else if (pageSize === undefined) marks.add(source, ['begun', list, total ?? null, startedMs])
      else marks.add(source, ['begun', list, total ?? null, startedMs, pageSize])
    },
    openList(source, list, pageSize) {
      turnTo(source)
      const startedMs = now()
      readings.lists.set(list, beginReading(undefined, startedMs, { isCounted: false, pageSize }))
      marks.add(source, ['opened', list, startedMs, pageSize])
    },
    countList(source, list, total) {
      turnTo(source)
      const reading = openReading(readings, list)
      reading.total = total
      reading.isCounted = true
      marks.add(source, ['counted', list, total ?? null])
    },
    async savePage(source, list, page, input, uncounted = 0) {
      turnTo(source)
      const reading = readings.lists.get(list)
      if (reading === undefined || reading.isDone) return { repeated: 0 }
      return save(reading, source, list, input, (keys, problems) => {
        if (uncounted > 0) {
          reading.uncounted.set(page, uncounted)
          // Before its page: said of a page that is lost, it makes nothing look whole.
          if (reading.isResumable) marks.add(source, ['uncounted', list, page, uncounted])
        }
        return { page, mark: ['page', list, page, input.rowCount, keys, ...problems] }
      })
    },
    async saveRows(source, list, place, input) {
      turnTo(source)
      const reading = openReading(readings, list)
      return save(reading, source, list, input, (keys, problems) => {
        reading.place = place
        return { page: reading.sizes.size + 1, mark: ['rows', list, place, input.rowCount, keys, ...problems] }
      })
    },
    placeOf(source, list) {
      turnTo(source)
      const reading = readings.lists.get(list)
      return reading?.isDone === false ? reading.place : undefined
    },
    restartList(source, list, short) {
      turnTo(source).forget(list)
      readings.lists.delete(list)
      if (short === undefined) readings.short.delete(list)
      else readings.short.set(list, short)
      marks.add(source, short === undefined ? ['restarted', list] : ['restarted', list, short])
      // At once: after a kill its pages must not be taken for sound.
      marks.flush()
    },
    shortReadings(source, list) {
      turnTo(source)
      return readings.short.get(list)
    },
    forgetShort() {
      if (open === undefined) return
      for (const list of readings.short.keys()) {
        open.writer.forget(list)
        readings.lists.delete(list)
        marks.add(open.source, ['restarted', list])
      }
      readings.short.clear()
    },
    async finishList(source, list) {
      const writer = turnTo(source)
      const reading = openReading(readings, list)
      const { total, rows, startedMs } = reading
      await writer.finishList(list, reading, ['done', list, total ?? null, rows, startedMs])
      readings.lists.set(list, finishedReading(total, rows, startedMs))
      readings.short.delete(list)
    },
    lastReadMs(source, list) {
      if (crawl.isFull) return undefined
      const kept = findList(sql, source, list)
      return kept?.hasProblems === false ? kept.readMs : undefined
    },
    async saveChanges(source, list, { rows, rowCount, problems }) {
      if (problems.length > 0 || rows.length < rowCount) return false
      rowsRead += rowCount
      await turnTo(source).writePage(list, rows, undefined, () => true)
      return true
    },
    async finishChanges(source, list, { days, slot, since }) {
      const writer = turnTo(source)
      const { startedMs } = openReading(readings, list)
      const rows = days.size
      const gone: KeyedRow[] = []
      const isRecent = (day: string | null) => day !== null && day >= since
      for (const slice of datedRows(sql, source, list, slot)) {
        for (const row of slice) {
          const day = days.get(row.key)
          if (day === undefined) gone.push(row)
          else if (day !== row.day && !isRecent(day)) return false
          days.delete(row.key)
        }
        await pause()
      }
      // What came between the two requests is asked for by the next sync; anything else has been missed.
      for (const day of days.values()) if (!isRecent(day)) return false
      const left = { gone, rows: rows - days.size, readMs: startedMs }
      await writer.finishChanges(list, left, ['done', list, null, left.rows, startedMs])
      readings.lists.set(list, finishedReading(undefined, left.rows, startedMs))
      return true
    },
    isSourceDone: (source) => sql.all(`select 1 from crawl_sources where source = ?`, source).length > 0,
    async finishSource(source) {
      const writer = turnTo(source)
      await writer.finishSource((list) => readings.lists.get(list)?.isDone === true)
      marks.commit(source, () => sql.run(`insert or ignore into crawl_sources (source) values (?)`, source))
    },
    tally,
    flush: marks.flush,
    stop: marks.stop,
  }
}

type MarkOf = (
  keys: readonly (string | number)[],
  problems: readonly ProblemCount[],
) => { readonly page: number; readonly mark: Mark }

const FINISHED = {
  pages: new Set<number>(),
  sizes: new Map<number, number>(),
  uncounted: 0,
  isCounted: true,
  pageSize: undefined,
  lastMs: undefined,
}

function stateOf(reading: ListReading): ListState {
  const { total, isDone, rows, sizes, isCounted, pageSize, startedMs, lastMs } = reading
  // Said of a page before it was written, perhaps in vain.
  const left = [...reading.uncounted].filter(([page]) => sizes.has(page))
  const uncounted = left.reduce((sum, [, count]) => sum + count, 0)
  return { total, isDone, rows, sizes, pages: new Set(sizes.keys()), uncounted, isCounted, pageSize, startedMs, lastMs }
}

/** How often each declared column of a source could not be read as its type, with some keys; of unchanged rows, too. */
export function crawlProblems(
  sql: Sql,
  _crawl: Crawl,
): { source: string; path: string; found: string; count: number; keys: string[] }[] {
  return sumProblems(sql)
}
