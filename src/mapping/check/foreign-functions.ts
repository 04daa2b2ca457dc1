// What other languages call their functions, and what to write here.
import { FUNCTIONS } from '../functions.ts'
import { suggest } from './suggest.ts'

const JOINED = 'Texts are put together with `&`, or join( ).'
const CHOICE = 'Use if(condition, value, other).'
const FIRST = 'Use first( ).'
const MID = 'Use mid( ), left( ) or right( ).'
const BLANK = 'Write `is blank` or `is not blank` after a value.'
const WORDS = 'Write it between its values: `a and b`, `a or b`, `not a`.'

/** By the name in small letters, without `_`. It has no prototype, so that any name may be looked up in it. */
const ADVICE: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  concat: JOINED,
  concatenate: JOINED,
  append: JOINED,
  textjoin: 'Use join( ).',
  iif: CHOICE,
  coalesce: FIRST,
  nvl: FIRST,
  ifnull: FIRST,
  ifblank: FIRST,
  substitute: 'Use replace( ).',
  len: 'Use length( ).',
  substr: MID,
  substring: MID,
  tolower: 'Use lower( ).',
  lcase: 'Use lower( ).',
  toupper: 'Use upper( ).',
  ucase: 'Use upper( ).',
  pcase: 'Use proper( ).',
  cstr: 'Use text( ).',
  str: 'Use text( ).',
  tostring: 'Use text( ).',
  isblank: BLANK,
  isempty: BLANK,
  isnull: BLANK,
  isnullorempty: BLANK,
  ispresent: BLANK,
  now: 'Use today( ).',
  vlookup: 'Use code("table", value), with a table of `tables:`.',
  and: WORDS,
  or: WORDS,
  not: WORDS,
})

/** What to write instead of a function that there is not; begins with a blank. */
export function functionHint(name: string): string {
  const lower = name.toLowerCase()
  if (FUNCTIONS[lower] !== undefined) return ` Names are in small letters: \`${lower}\`.`
  const advice = ADVICE[lower.replaceAll('_', '')]
  return advice === undefined ? suggest(name, Object.keys(FUNCTIONS)) : ` ${advice}`
}
