// One reading of one list, as a crawl keeps it in memory, and the marks from which it is made again after a restart.
import { createKeySet, type KeySet } from './key-set.ts'
import { type ProblemCount, type ProblemCounts, problemCounts } from './problem-counts.ts'

export type RowKey = string | number

/** How far a query was read: its rows so far, kept or not, and digests of the last of them. */
export interface QueryPlace {
  readonly got: number
  readonly tail: readonly string[]
  /** Which attempt at the query it is, from 1. */
  readonly attempt: number
}

/** How often in a row a list was read and not whole, and whether each time just as if its count had the graduated in it. */
export interface ShortReadings {
  readonly readings: number
  readonly areWholeWithGraduates: boolean
}

export interface ListReading {
  /** What PowerSchool counts; undefined where it does not count, and until it was asked. */
  total: number | undefined
  /** Whether PowerSchool was asked for its count. */
  isCounted: boolean
  /** When its first page was asked for. */
  readonly startedMs: number
  /** When the last of what is marked had come; undefined where nothing was gone on with. */
  lastMs: number | undefined
  /** Rows that were asked for a page; undefined where it was not told. */
  readonly pageSize: number | undefined
  /** Whether its pages are marked, so that another process can go on from them. */
  readonly isResumable: boolean
  /** Whether it can be asked, the next time, for what has changed since it was begun. */
  readonly isDated: boolean
  /** Rows by page. */
  readonly sizes: Map<number, number>
  /** Of the rows on its pages. */
  readonly keys: KeySet
  /** Rows by page that PowerSchool's count leaves out. */
  readonly uncounted: Map<number, number>
  readonly problems: ProblemCounts
  /** Of a query only. */
  place: QueryPlace | undefined
  /** On its pages, those without a usable key too. */
  rows: number
  readonly isDone: false
}

/** A list that was read to its end: nobody asks for its pages any more. There are as many as a district has sections. */
export interface FinishedReading {
  readonly total: number | undefined
  readonly rows: number
  readonly startedMs: number
  readonly isDone: true
}

/** What is known of the lists of one source. */
export interface Readings {
  readonly lists: Map<string, ListReading | FinishedReading>
  /** Of lists that have to be read again because they were not whole. */
  readonly short: Map<string, ShortReadings>
}

export const noReadings = (): Readings => ({ lists: new Map(), short: new Map() })

export interface ReadingStart {
  readonly isResumable?: boolean
  readonly isDated?: boolean
  readonly isCounted?: boolean
  readonly pageSize?: number | undefined
}

export function beginReading(total: number | undefined, startedMs: number, start: ReadingStart = {}): ListReading {
  const { isResumable = true, isDated = false, isCounted = true, pageSize } = start
  return {
    total,
    startedMs,
    isResumable,
    isDated,
    isCounted,
    pageSize,
    lastMs: undefined,
    sizes: new Map(),
    keys: createKeySet(),
    uncounted: new Map(),
    problems: problemCounts(),
    place: undefined,
    rows: 0,
    isDone: false,
  }
}

export function finishedReading(total: number | undefined, rows: number, startedMs: number): FinishedReading {
  return { total, rows, startedMs, isDone: true }
}

/** As they are stored, in JSON. Versions that do not know one pass it over. */
export type Mark =
  | readonly ['begun', list: string, total: number | null, startedMs: number, pageSize?: number]
  /** By its first page, which came before its count. */
  | readonly ['opened', list: string, startedMs: number, pageSize: number]
  | readonly ['counted', list: string, total: number | null]
  /** Of a query whose rows are all asked for. */
  | readonly ['asked', list: string, startedMs: number]
  | readonly ['page', list: string, page: number, rows: number, keys: readonly RowKey[], ...ProblemCount[]]
  | readonly ['rows', list: string, place: QueryPlace, rows: number, keys: readonly RowKey[], ...ProblemCount[]]
  /** How many rows of a page PowerSchool's count leaves out; said before the page. */
  | readonly ['uncounted', list: string, page: number, rows: number]
  | readonly ['restarted', list: string, short?: ShortReadings]
  | readonly ['done', list: string, total: number | null, rows: number, startedMs: number]

/** Behind the marks of one writing: when the last of what they say had come. */
export type TimeMark = readonly ['at', ms: number]

export function addPage(
  reading: ListReading,
  page: number,
  rows: number,
  keys: Iterable<RowKey>,
  problems: readonly ProblemCount[],
): void {
  reading.sizes.set(page, rows)
  reading.rows += rows
  for (const key of keys) reading.keys.add(key)
  for (const problem of problems) reading.problems.add(problem)
}

/** A reading that is not finished. */
export function openReading({ lists }: Readings, list: string): ListReading {
  const reading = lists.get(list)
  if (reading === undefined || reading.isDone) throw new Error(`${list} was not begun`)
  return reading
}

/** Takes the marks of one writing into what is known of the lists of their source. */
export function applyMarks(readings: Readings, marks: readonly (Mark | TimeMark)[]): void {
  const touched = new Set<string>()
  for (const mark of marks) {
    if (mark[0] === 'at') for (const list of touched) setTime(readings, list, mark[1])
    else {
      applyMark(readings, mark)
      touched.add(mark[1])
    }
  }
}

function setTime({ lists }: Readings, list: string, ms: number): void {
  const reading = lists.get(list)
  if (reading?.isDone === false) reading.lastMs = ms
}

function applyMark(readings: Readings, mark: Mark): void {
  const { lists, short } = readings
  switch (mark[0]) {
    case 'begun': {
      const [, list, total, startedMs, pageSize] = mark
      lists.set(list, beginReading(total ?? undefined, startedMs, { pageSize }))
      return
    }
    case 'opened': {
      const [, list, startedMs, pageSize] = mark
      lists.set(list, beginReading(undefined, startedMs, { pageSize, isCounted: false }))
      return
    }
    case 'counted': {
      const reading = openReading(readings, mark[1])
      reading.total = mark[2] ?? undefined
      reading.isCounted = true
      return
    }
    case 'asked':
      lists.set(mark[1], beginReading(undefined, mark[2], { isDated: true }))
      return
    case 'page': {
      const [, list, page, rows, keys, ...problems] = mark
      addPage(openReading(readings, list), page, rows, keys, problems)
      return
    }
    case 'rows': {
      const [, list, place, rows, keys, ...problems] = mark
      const reading = openReading(readings, list)
      addPage(reading, reading.sizes.size + 1, rows, keys, problems)
      reading.place = place
      return
    }
    case 'uncounted':
      openReading(readings, mark[1]).uncounted.set(mark[2], mark[3])
      return
    case 'restarted': {
      const [, list, again] = mark
      lists.delete(list)
      if (again === undefined) short.delete(list)
      else short.set(list, again)
      return
    }
    case 'done': {
      const [, list, total, rows, startedMs] = mark
      lists.set(list, finishedReading(total ?? undefined, rows, startedMs))
      short.delete(list)
      return
    }
    default:
      mark satisfies never
  }
}
