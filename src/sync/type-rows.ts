// Makes the store's rows of what PowerSchool delivered for a source: typed, keyed, and only those in scope.
import { coerceRow } from '../mapping/coerce.ts'
import type { SourcePlan } from '../mapping/run/compile.ts'
import type { PageInput } from '../store/crawl-progress.ts'
import type { RowProblem } from '../store/problem-counts.ts'
import type { StagedInput } from '../store/staged-changes.ts'

/** Rows that are typed between two pauses: a few milliseconds. */
const SLICE_ROWS = 200

interface TypeOptions {
  readonly pause: () => Promise<void>
  /** Whether a row's cells are wanted; the others are not kept. All are, unless told. */
  readonly isWanted?: (row: readonly unknown[]) => boolean
}

/** `raw`: nested rows by the names of the source's columns. */
export async function typeRows(
  plan: SourcePlan,
  raw: readonly unknown[],
  { pause, isWanted = () => true }: TypeOptions,
): Promise<PageInput> {
  const rows: StagedInput[] = []
  const problems: RowProblem[] = []
  let rowCount = 0
  for (const [place, item] of raw.entries()) {
    if (place > 0 && place % SLICE_ROWS === 0) await pause()
    const { row, problems: found } = coerceRow(plan.shape, item)
    if (!isWanted(row)) continue
    rowCount += 1
    const key = row[plan.keySlot]
    const known = typeof key === 'string' || typeof key === 'number' ? key : undefined
    for (const { path, found: type } of found) problems.push({ path, found: type, key: known })
    if (known === undefined) problems.push({ path: plan.key, found: 'blank', key: undefined })
    else rows.push({ key: known, body: JSON.stringify(row) })
  }
  return { rows, rowCount, problems }
}
