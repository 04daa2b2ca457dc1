// What the closures of one run share.
import type { Frame } from './frame.ts'
import type { FunctionContext } from './functions.ts'
import type { MappingTree } from './mapping-tree.ts'
import type { StagedRows } from './ports.ts'
import type { RuleRun } from './rule-run.ts'
import type { RunTally } from './run-tally.ts'
import type { TargetModel } from './target.ts'
import type { Value } from './values.ts'

export interface Machine {
  readonly tree: MappingTree
  readonly target: TargetModel
  readonly rows: StagedRows
  /** Fixed for the run, so closures hold them as constants. */
  readonly settings: Readonly<Record<string, Value>>
  readonly context: FunctionContext
  readonly tally: RunTally
  /** The running form of a rule; filled before the first row is read. */
  readonly rule: (id: string) => RuleRun
  /** The row of a source or of a rule by its key; MISSING or OUT_OF_SCOPE when there is none. */
  readonly findByKey: (target: string) => (key: string | number) => Frame
  /** Which lookups of a rule count as empty while its scope is decided. */
  readonly cuts: ReadonlyMap<string, ReadonlySet<number>>
}

/** What a lookup of a rule finds for a row: a frame (or MISSING, OUT_OF_SCOPE), or a list. */
export type FindLookup = (frame: Frame) => Frame | readonly unknown[]
