// What can be wrong with the order of a formula's tokens, told to the person who wrote it.

import { BINDING } from './operators.ts'

export interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'symbol' | 'end'
  /** As written; for a text literal its value, without quotes. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/** What is wrong with a formula, and where. Only the parser throws and catches it. */
export class FormulaFault extends Error {
  readonly offset: number
  readonly hint: string | undefined

  constructor(message: string, offset: number, hint?: string) {
    super(message)
    this.offset = offset
    this.hint = hint
  }
}

export const CHOICE = 'Use if(condition, value, other).'
export const SIMPLER = 'Take it apart: a code table, `choose:` or a lookup under `with:` may say it more simply.'

/** What other languages call blank. `blank` itself is only said after `is`. */
const BLANK_WORDS: ReadonlySet<string> = new Set(['blank', 'null', 'nil', 'none', 'undefined'])

/** The formula ended where `missing` should have come. */
export function endsTooEarly(end: Token, missing: string): FormulaFault {
  return new FormulaFault(`the formula ends too early: ${missing}`, end.start)
}

/** The formula ended inside a parenthesis or a list; `of` is the name of the call. */
export function notClosed(end: Token, close: ')' | ']', of?: string): FormulaFault {
  const open = close === ')' ? '(' : '['
  const which = of === undefined ? `a \`${open}\` is not closed` : `the \`${open}\` after \`${of}\` is not closed`
  return new FormulaFault(`a \`${close}\` is missing: ${which}`, end.start)
}

/** A token, or the end, where a value should begin; `before` is the token in front of it. */
export function valueMissing(token: Token, before: Token | undefined): FormulaFault {
  if (token.kind === 'end') {
    if (before) return endsTooEarly(token, `a value is missing after ${shown(before)}`)
    return new FormulaFault('the formula is empty', token.start, 'Write a value after `=`, or leave the field out.')
  }
  if (!before) {
    const hint = token.text === '=' ? 'A formula begins with one `=`.' : undefined
    return new FormulaFault(`a value is missing before ${shown(token)}`, token.start, hint)
  }
  return new FormulaFault(`a value is missing between ${shown(before)} and ${shown(token)}`, token.start)
}

/** A name that stands for no value: `null` and its like. Undefined for every other name. */
export function notAValue(token: Token): FormulaFault | undefined {
  if (!BLANK_WORDS.has(token.text.toLowerCase())) return undefined
  return new FormulaFault(
    `${shown(token)} is not a value`,
    token.start,
    'Write `is blank` or `is not blank` after a value.',
  )
}

/** What stands after `is` or `is not` instead of `blank`. */
export function blankMissing(token: Token, negated: boolean): FormulaFault {
  if (token.kind === 'end') return endsTooEarly(token, '`blank`')
  const is = negated ? 'is not' : 'is'
  const isBlankWord = token.kind === 'name' && BLANK_WORDS.has(token.text.toLowerCase())
  const hint = isBlankWord ? `Write \`${is} blank\`.` : `To compare, use \`${negated ? '!=' : '='}\`.`
  return new FormulaFault(`\`${is}\` is followed by \`blank\`, not by ${shown(token)}`, token.start, hint)
}

/** A token after a whole value that neither goes on with it nor, in a call, list or parenthesis, closes it. */
export function unexpectedAfterValue(token: Token, close?: ')' | ']'): FormulaFault {
  const expected = close === undefined ? '' : `; \`${close}\` is missing`
  return new FormulaFault(`${shown(token)} is not expected here${expected}`, token.start, hintAfterValue(token, close))
}

function hintAfterValue(token: Token, close: ')' | ']' | undefined): string | undefined {
  if (token.kind === 'name') {
    const lower = token.text.toLowerCase()
    if (lower === 'not') return 'For "not in", write `not a in b`.'
    if (CHOICE_WORDS.has(lower)) return CHOICE
    if (BINDING.has(lower)) return `Operators are written small: \`${lower}\`.`
  }
  if (token.kind !== 'symbol') return 'Put texts together with `&`; separate the values of a call with commas.'
  if (token.text === '.') return 'Only a name has parts.'
  if (token.text === '(') return 'Only a single name can be called.'
  if (token.text === ',') return 'Commas separate the values of a call or a list.'
  if (token.text === '[') return 'There is no index: `first(list)` is the first member.'
  return close === undefined ? 'It closes nothing.' : undefined
}

/** What other languages choose by. */
const CHOICE_WORDS: ReadonlySet<string> = new Set(['then', 'else', 'elseif', 'elif', 'when', 'end'])

/** `if` without its parenthesis, when a value follows it: a column may be called so. */
export function ifWithoutCall(token: Token, after: Token): FormulaFault | undefined {
  const isValue =
    (after.kind === 'name' && !BINDING.has(after.text)) || after.kind === 'text' || after.kind === 'number'
  if (token.text.toLowerCase() !== 'if' || !isValue) return undefined
  return new FormulaFault('`if` is a function, its values stand in parentheses', token.start, CHOICE)
}

/** A token as it is named in a message. */
export function shown(token: Token): string {
  if (token.kind === 'end') return 'the end'
  if (token.kind !== 'text') return `\`${token.text}\``
  return token.text.length > 20 ? `"${token.text.slice(0, 20)}…"` : `"${token.text}"`
}
