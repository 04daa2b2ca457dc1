// The operators of formulas and how tightly each one binds.

export type UnaryOperator = 'not' | '-'
export type BinaryOperator = 'or' | 'and' | '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '&' | '+' | '-' | '*' | '/'

/** How tightly what stands between two values binds them: a larger number binds tighter. */
export const BINDING: ReadonlyMap<string, number> = new Map<BinaryOperator | 'is', number>([
  ['or', 1],
  ['and', 2],
  ['=', 4],
  ['!=', 4],
  ['<', 4],
  ['<=', 4],
  ['>', 4],
  ['>=', 4],
  ['in', 4],
  ['is', 4],
  ['&', 5],
  ['+', 6],
  ['-', 6],
  ['*', 7],
  ['/', 7],
])

/** `not` stands between `and` and the comparisons: `not a = b and c` is `(not (a = b)) and c`. */
export const NOT_BINDING = 3
/** Comparisons do not chain. */
export const COMPARISON_BINDING = 4
export const MINUS_BINDING = 8
