// The table of formula functions.
import { CHOICE_FUNCTIONS } from './functions/choice.ts'
import { LIST_FUNCTIONS } from './functions/list.ts'
import { NUMBER_FUNCTIONS } from './functions/number.ts'
import { ROSTER_FUNCTIONS } from './functions/roster.ts'
import { TEXT_FUNCTIONS } from './functions/text.ts'
import type { Scalar, Value } from './values.ts'

export type StaticType =
  | { readonly kind: 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'blank' | 'any' }
  | { readonly kind: 'list'; readonly of: StaticType }
  /** A row or group; `shape` is the checker's own. */
  | { readonly kind: 'row'; readonly shape: unknown }

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

/** Every function by name, in the order of the documentation. It has no prototype, so that any name may be looked up in it. */
export const FUNCTIONS: Readonly<Record<string, FunctionSpec>> = Object.assign(
  Object.create(null),
  Object.fromEntries([
    ...TEXT_FUNCTIONS,
    ...CHOICE_FUNCTIONS,
    ...NUMBER_FUNCTIONS,
    ...LIST_FUNCTIONS,
    ...ROSTER_FUNCTIONS,
  ]),
)
