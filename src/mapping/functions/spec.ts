// What a formula function is to the checker and to a run.
import type { Scalar, Value } from '../values.ts'
import type { StaticType } from './static-type.ts'

export type FunctionCheck =
  | { readonly ok: true; readonly type: StaticType }
  /** `index` names the argument; it equals the number of arguments when one is missing (point at the call then). */
  | { readonly ok: false; readonly index: number; readonly message: string }

export interface FunctionContext {
  /** The day of the run, `YYYY-MM-DD`. */
  readonly today: string
  /** The value of a code in a table, by the table's `otherwise` when unlisted (it reports `code-unknown` itself). `code` is text. */
  readonly lookupCode: (table: string, code: Value) => Value
  readonly report: (code: 'value-unusable' | 'code-unknown') => void
}

export interface FunctionSpec {
  /** How it is written, for documentation and editor hints: `pad(value, width, fill?)`. */
  readonly signature: string
  readonly doc: string
  readonly example: string
  /** How many arguments: least and most (Infinity when open). */
  readonly arity: readonly [number, number]
  /** Static check, arity included. `literals[i]` is the constant when argument i is one. */
  readonly check: (args: readonly StaticType[], literals?: readonly (Scalar | undefined)[]) => FunctionCheck
  /** Run time. Never throws, never keeps or changes `args`, gives undefined for blank (and for an empty list). */
  readonly evaluate: (args: readonly Value[], context: FunctionContext) => Value
}
