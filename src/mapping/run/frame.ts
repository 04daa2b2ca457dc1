// The row that formulas are evaluated on, with what its lookups found.
import type { Row } from '../coerce.ts'
import type { StagedRow } from '../ports.ts'
import type { Value } from '../values.ts'

export interface Frame {
  ordinal: number
  row: Row
  /** The rows of a `one_per`, in order. */
  group: readonly StagedRow[] | undefined
  /** Lookups by index (undefined: not looked up yet), then candidates and `each` variables. */
  slots: unknown[]
  /** While the scope of this row is decided, lookups that need that scope count as empty. */
  isScoping: boolean
  /** The id of the record, once it was worked out. */
  sourcedId: string | undefined
}

export type Evaluate = (frame: Frame) => Value

/** What a lookup slot holds when there is no row, and when the row is not published. */
export const MISSING: Frame = emptyFrame()
export const OUT_OF_SCOPE: Frame = emptyFrame()

function emptyFrame(): Frame {
  return { ordinal: 0, row: [], group: undefined, slots: [], isScoping: false, sourcedId: undefined }
}

/** Rows come back from the store as `coerceRow` made them, so their cells are cells. */
const cellsOf = ({ row }: StagedRow) => row as Row

export function newFrame(staged: StagedRow, slots: number, group?: readonly StagedRow[]): Frame {
  const frame = bareFrame(staged)
  frame.group = group
  frame.slots = new Array<unknown>(slots).fill(undefined)
  return frame
}

/** Another row in the same frame. Only for a frame that nothing else holds. */
export function refillFrame(frame: Frame, staged: StagedRow): void {
  frame.ordinal = staged.ordinal
  frame.row = cellsOf(staged)
  frame.slots.fill(undefined)
  frame.sourcedId = undefined
}

const NO_SLOTS: unknown[] = []

/** A row of a source, seen through no rule: it has no lookups. */
export function bareFrame(staged: StagedRow): Frame {
  const { ordinal } = staged
  return { ordinal, row: cellsOf(staged), group: undefined, slots: NO_SLOTS, isScoping: false, sourcedId: undefined }
}
