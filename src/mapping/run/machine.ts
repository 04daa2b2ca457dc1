// What the closures of one run share.

import type { TargetModel } from '../check/target.ts'
import type { FunctionContext } from '../functions/spec.ts'
import type { FieldValue, PublishedRecords, Reference, StagedRow, StagedRows } from '../ports.ts'
import type { MappingTree } from '../schema/mapping-tree.ts'
import type { Value } from '../values.ts'
import type { Frame } from './frame.ts'
import type { RunTally } from './run-tally.ts'

export interface Machine {
  readonly tree: MappingTree
  readonly target: TargetModel
  /** Goes before every id that a formula gives; ids from before have it already. */
  readonly idPrefix: string
  readonly rows: StagedRows
  readonly published: PublishedRecords | undefined
  /** Fixed for the run, so closures hold them as constants. */
  readonly settings: Readonly<Record<string, Value>>
  readonly context: FunctionContext
  readonly tally: RunTally
  /** The running form of a rule; filled before the first row is read. */
  readonly rule: (id: string) => RunningRule
  /** The row of a source or of a rule by its key; MISSING or OUT_OF_SCOPE when there is none. */
  readonly findByKey: (target: string) => (key: string | number) => Frame
  /** Whether a source has no rows in this run: what looks something up there need not ask for each row. */
  readonly isEmpty: (source: string) => boolean
  /** Which lookups of a rule count as empty while its scope is decided. */
  readonly cuts: ReadonlyMap<string, ReadonlySet<number>>
}

/** A rule at work, as the closures of other rules and its own ask it. */
export interface RunningRule {
  readonly isGrouped: boolean
  /** The frame of a row, with `one_per` of the group's first row. */
  frameOf(staged: StagedRow): Frame
  /** What a lookup finds, remembered in the frame; blank for the closures that ask for a part of it. */
  lookUp(index: number, frame: Frame): Frame | readonly unknown[] | undefined
  /** Whether the row of the frame is published. Decided once a run, counted when it is not. */
  isIn(frame: Frame): boolean
  /** The id that the row has if it is published. */
  sourcedIdOf(frame: Frame): string | undefined
  /** Of a frame whose row is published. */
  referenceOf(frame: Frame): Reference | undefined
  /** The reference to the record of the row with this key, if it is published. */
  referenceByKey(key: string | number): Reference | undefined
  /** One field of a published row. */
  field(name: string, frame: Frame): FieldValue | undefined
}

/** What a lookup of a rule finds for a row: a frame (or MISSING, OUT_OF_SCOPE), or a list. */
export type FindLookup = (frame: Frame) => Frame | readonly unknown[]
