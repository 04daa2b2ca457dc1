// The table of formula functions.
import { CHOICE_FUNCTIONS } from './functions/choice.ts'
import { LIST_FUNCTIONS } from './functions/list.ts'
import { NUMBER_FUNCTIONS } from './functions/number.ts'
import { ROSTER_FUNCTIONS } from './functions/roster.ts'
import type { FunctionSpec } from './functions/spec.ts'
import { TEXT_FUNCTIONS } from './functions/text.ts'

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
