// Brings the staged rows of one source to what its lists hold now, in steps that let readers in between.
import { dropList, findList, type KeptList, listNames, saveList } from './crawl-lists.ts'
import type { CrawlMarks } from './crawl-marks.ts'
import type { KeySet } from './key-set.ts'
import type { ListReading, Mark, RowKey } from './list-reading.ts'
import { type ProblemCount, readProblems, writeProblems } from './problem-counts.ts'
import type { Sql } from './sql.ts'
import {
  compareRows,
  deleteRows,
  type KeyedRow,
  type StagedInput,
  settleAll,
  vanishedRows,
  writeDifferences,
} from './staged-changes.ts'
import { hasKeyIndex, indexKeys } from './staged-tables.ts'

export interface SourceWriterOptions {
  readonly sql: Sql
  readonly marks: CrawlMarks
  readonly pause: () => Promise<void>
  /** Learns how many rows were inserted, updated or deleted. */
  readonly onChanges: (rows: number) => void
}

export interface SourceWriter {
  /** Writes what differs, and the mark if there is one; stops in between when the page is no longer wanted. */
  writePage(list: string, rows: readonly StagedInput[], mark: Mark | undefined, isWanted: () => boolean): Promise<void>
  /** Deletes the rows that the reading has not met, and marks the list as whole. */
  finishList(list: string, reading: ListReading, mark: Mark): Promise<void>
  /** Deletes rows that are gone of a list without problems, and marks it as whole with those that are left. */
  finishChanges(
    list: string,
    left: { readonly gone: readonly KeyedRow[]; readonly rows: number; readonly readMs: number },
    mark: Mark,
  ): Promise<void>
  /** Forgets what it knows of the store's rows of the list. */
  forget(list: string): void
  /** Deletes all lists but those that were read, and sees to it that one row of each key is seen. */
  finishSource(isRead: (list: string) => boolean): Promise<void>
}

/** Rows that are compared and written between two pauses: a few milliseconds. */
const SLICE_ROWS = 100
/** Rows are written from one text, and a Durable Object promises 2 MB a value; a character may have three bytes. */
const SLICE_CHARS = 400_000
const NO_KEYS: ReadonlySet<RowKey> = new Set()

interface Kept {
  /** Undefined where the store has nothing of the list. */
  state: KeptList | undefined
  /** There are no rows of the list but those of this reading: a list with rows is always known. */
  readonly isFresh: boolean
}

export function openSourceWriter(source: string, options: SourceWriterOptions): SourceWriter {
  const { sql, marks, pause, onChanges } = options
  /** Not while a table is filled for the first time: keys come in no order, and made each commit four times as long. */
  let isKeyed = hasKeyIndex(sql, source)
  const kept = new Map<string, Kept>()

  function keptOf(list: string): Kept {
    let found = kept.get(list)
    if (found === undefined) {
      const state = findList(sql, source, list)
      found = { state, isFresh: state === undefined }
      kept.set(list, found)
    }
    return found
  }

  /** With its first change a list stops being whole, in the same transaction. */
  function change(list: string, rows: number, write: () => void, mark?: Mark): void {
    const known = keptOf(list)
    const changed: KeptList = { hasProblems: false, rows: 0, ...known.state, isWhole: false }
    onChanges(rows)
    marks.commit(
      source,
      () => {
        if (known.state === undefined || known.state.isWhole) saveList(sql, source, list, changed)
        write()
      },
      mark,
    )
    known.state = changed
  }

  async function deleteVanished(list: string, keys: Pick<KeySet, 'has'>): Promise<void> {
    let isFirst = true
    for (const rows of vanishedRows(sql, source, list, keys)) {
      if (!isFirst) await pause()
      isFirst = false
      await deleteAll(list, rows)
    }
  }

  async function deleteAll(list: string, rows: readonly KeyedRow[]): Promise<void> {
    for (let from = 0; from < rows.length; from += SLICE_ROWS) {
      if (from > 0) await pause()
      const slice = rows.slice(from, from + SLICE_ROWS)
      change(list, slice.length, () => deleteRows(sql, source, slice, isKeyed))
    }
  }

  return {
    async writePage(list, rows, mark, isWanted) {
      const { isFresh } = keptOf(list)
      // Where keys are not indexed nobody is served yet.
      const size = isKeyed ? SLICE_ROWS : Math.max(1, rows.length)
      for (let from = 0; isWanted(); ) {
        const slice = sliceFrom(rows, from, size)
        from += slice.length
        const isLast = from >= rows.length
        const found = isFresh ? { inserted: slice, updated: [] } : compareRows(sql, source, list, slice)
        const changes = found.inserted.length + found.updated.length
        const write = () => writeDifferences(sql, source, list, found, isKeyed)
        if (changes > 0) change(list, changes, write, isLast ? mark : undefined)
        else if (isLast && mark !== undefined) marks.add(source, mark)
        if (isLast) return
        await pause()
      }
    },
    async finishList(list, { keys, problems, isDated, startedMs }, mark) {
      const known = keptOf(list)
      if (!known.isFresh) await deleteVanished(list, keys)
      const found = problems.list()
      const areOthers = differ(found, known.state?.hasProblems === true ? readProblems(sql, source, list) : [])
      const readMs = isDated ? startedMs : undefined
      kept.delete(list)
      if (known.state?.isWhole === true && known.state.readMs === readMs && !areOthers) return marks.add(source, mark)
      marks.add(source, mark, () => {
        saveList(sql, source, list, { isWhole: true, hasProblems: found.length > 0, rows: keys.size, readMs })
        if (areOthers) writeProblems(sql, source, list, found)
      })
    },
    async finishChanges(list, { gone, rows, readMs }, mark) {
      await deleteAll(list, gone)
      kept.delete(list)
      marks.add(source, mark, () => saveList(sql, source, list, { isWhole: true, hasProblems: false, rows, readMs }))
    },
    forget: (list) => void kept.delete(list),
    async finishSource(isRead) {
      if (!isKeyed) {
        marks.commit(source, () => {
          indexKeys(sql, source)
          settleAll(sql, source)
        })
        isKeyed = true
      }
      let isFirst = true
      for (const names of listNames(sql, source)) {
        if (!isFirst) await pause()
        isFirst = false
        for (const list of names.filter((name) => !isRead(name))) {
          await deleteVanished(list, NO_KEYS)
          // Last: as long as it has rows it is known.
          marks.commit(source, () => {
            writeProblems(sql, source, list, [])
            dropList(sql, source, list)
          })
          kept.delete(list)
          await pause()
        }
      }
    },
  }
}

/** At least one row, where there is one. */
function sliceFrom(rows: readonly StagedInput[], from: number, most: number): readonly StagedInput[] {
  let to = from
  for (let chars = 0; to < Math.min(rows.length, from + most); to += 1) {
    chars += rows[to]?.body.length ?? 0
    if (to > from && chars > SLICE_CHARS) break
  }
  return rows.slice(from, to)
}

function differ(some: readonly ProblemCount[], others: readonly ProblemCount[]): boolean {
  return JSON.stringify(some) !== JSON.stringify(others)
}
