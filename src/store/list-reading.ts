// One reading of one list, as a crawl keeps it in memory, and the marks from which it is made again after a restart.
import { type ProblemCount, type ProblemCounts, problemCounts } from './problem-counts.ts'

export type RowKey = string | number

export interface ListReading {
  /** What PowerSchool counts; undefined where it does not count. */
  readonly total: number | undefined
  /** When its first page was asked for. */
  readonly startedMs: number
  /** Whether its pages are marked, so that another process can go on from them. */
  readonly isResumable: boolean
  readonly pages: Set<number>
  /** Of the rows on its pages. */
  readonly keys: Set<RowKey>
  readonly problems: ProblemCounts
  /** On its pages, those without a usable key too. */
  rows: number
  isDone: boolean
}

export function beginReading(total: number | undefined, startedMs: number, isResumable = true): ListReading {
  const nothing = { pages: new Set<number>(), keys: new Set<RowKey>(), problems: problemCounts(), rows: 0 }
  return { total, startedMs, isResumable, ...nothing, isDone: false }
}

/** Shared by thousands of finished readings, and never added to. */
const FINISHED: ListReading = { ...beginReading(undefined, 0), isDone: true }

/** A list that was read to its end: nobody asks for its pages any more. */
export function finishedReading(total: number | undefined, rows: number, startedMs: number): ListReading {
  return { ...FINISHED, total, rows, startedMs }
}

/** As they are stored, in JSON. */
export type Mark =
  | readonly ['begun', list: string, total: number | null, startedMs: number]
  | readonly ['page', list: string, page: number, rows: number, keys: readonly RowKey[], ...ProblemCount[]]
  | readonly ['restarted', list: string]
  | readonly ['done', list: string, total: number | null, rows: number, startedMs: number]

export function addPage(
  reading: ListReading,
  page: number,
  rows: number,
  keys: Iterable<RowKey>,
  problems: readonly ProblemCount[],
): void {
  reading.pages.add(page)
  reading.rows += rows
  for (const key of keys) reading.keys.add(key)
  for (const problem of problems) reading.problems.add(problem)
}

/** Takes a mark into what is known of the lists of its source. */
export function applyMark(readings: Map<string, ListReading>, mark: Mark): void {
  switch (mark[0]) {
    case 'begun': {
      const [, list, total, startedMs] = mark
      readings.set(list, beginReading(total ?? undefined, startedMs))
      return
    }
    case 'page': {
      const [, list, page, rows, keys, ...problems] = mark
      const reading = readings.get(list)
      if (reading === undefined) throw new Error(`a page of ${list} is marked before its beginning`)
      addPage(reading, page, rows, keys, problems)
      return
    }
    case 'restarted':
      readings.delete(mark[1])
      return
    case 'done': {
      const [, list, total, rows, startedMs] = mark
      readings.set(list, finishedReading(total ?? undefined, rows, startedMs))
      return
    }
    default:
      mark satisfies never
  }
}
