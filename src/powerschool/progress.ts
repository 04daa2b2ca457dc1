// Says how far a crawl is, from what is known and not from guesses.

import type { CrawlProgressReport, ListState } from './crawl-ports.ts'

interface SourceProgressOptions {
  readonly source: string
  readonly sourceIndex: number
  readonly sourceCount: number
  readonly listsTotal: number
  readonly now: () => number
  readonly requests: () => number
  readonly report: (progress: CrawlProgressReport) => void
}

interface SourceProgress {
  /** Takes in what an earlier run left; call before `start`. */
  resume(list: string, state: ListState): void
  start(): void
  listCounted(list: string, total: number | undefined): void
  rowsRead(change: number): void
  listDone(): void
  readonly rowsDone: number
}

export function createSourceProgress(options: SourceProgressOptions): SourceProgress {
  const { source, sourceIndex, sourceCount, listsTotal, now, requests, report } = options
  const counted = new Map<string, number>()
  let rowsExpected = 0
  let listsDone = 0
  let rowsDone = 0
  let startedMs = 0
  let listsBefore = 0
  let rowsBefore = 0

  function rowsTotal(): number | undefined {
    return counted.size === listsTotal ? Math.max(rowsExpected, rowsDone) : undefined
  }

  function etaMs(total: number | undefined): number | undefined {
    const [done, left] =
      total === undefined
        ? [listsDone - listsBefore, listsTotal - listsDone]
        : [rowsDone - rowsBefore, total - rowsDone]
    return done > 0 ? Math.round(((now() - startedMs) / done) * left) : undefined
  }

  function listCounted(list: string, total: number | undefined): void {
    rowsExpected += (total ?? 0) - (counted.get(list) ?? 0)
    if (total === undefined) counted.delete(list)
    else counted.set(list, total)
  }

  function tell(): void {
    const total = rowsTotal()
    const eta = etaMs(total)
    report({
      source,
      sourceIndex,
      sourceCount,
      listsDone,
      listsTotal,
      rowsDone,
      ...(total === undefined ? {} : { rowsTotal: total }),
      requests: requests(),
      ...(eta === undefined ? {} : { etaMs: eta }),
    })
  }

  return {
    resume(list, { total, rows, isDone }) {
      rowsDone += rows
      if (isDone) listsDone += 1
      listCounted(list, total)
    },
    start() {
      startedMs = now()
      listsBefore = listsDone
      rowsBefore = rowsDone
      tell()
    },
    listCounted,
    rowsRead(change) {
      rowsDone += change
      tell()
    },
    listDone() {
      listsDone += 1
      tell()
    },
    get rowsDone() {
      return rowsDone
    },
  }
}
