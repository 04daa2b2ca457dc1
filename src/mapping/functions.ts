// The table of formula functions.
import { CHOICE_FUNCTIONS } from './functions/choice.ts'
import { DATE_FUNCTIONS } from './functions/date.ts'
import { LETTER_FUNCTIONS } from './functions/letters.ts'
import { LIST_FUNCTIONS } from './functions/list.ts'
import { MATCH_FUNCTIONS } from './functions/match.ts'
import { NUMBER_FUNCTIONS } from './functions/number.ts'
import { ROSTER_FUNCTIONS } from './functions/roster.ts'
import type { FunctionSpec } from './functions/spec.ts'
import { TEXT_FUNCTIONS } from './functions/text.ts'

/** The functions in groups, in the order of the documentation. */
export const FUNCTION_GROUPS: readonly {
  readonly title: string
  readonly functions: readonly (readonly [string, FunctionSpec])[]
}[] = [
  { title: 'Text', functions: [...TEXT_FUNCTIONS, ...LETTER_FUNCTIONS, ...MATCH_FUNCTIONS] },
  { title: 'Choice', functions: CHOICE_FUNCTIONS },
  { title: 'Numbers', functions: NUMBER_FUNCTIONS },
  { title: 'Dates', functions: DATE_FUNCTIONS },
  { title: 'Lists', functions: LIST_FUNCTIONS },
  { title: 'Rosters', functions: ROSTER_FUNCTIONS },
]

/** Every function by name. It has no prototype, so that any name may be looked up in it. */
export const FUNCTIONS: Readonly<Record<string, FunctionSpec>> = Object.assign(
  Object.create(null),
  Object.fromEntries(FUNCTION_GROUPS.flatMap(({ functions }) => functions)),
)
