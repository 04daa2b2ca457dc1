// The parser of formulas (mapping-language: Formulas).
import { type Expression, isTooHigh, MAX_HEIGHT, type PathName } from './expression.ts'
import {
  blankMissing,
  endsTooEarly,
  FormulaFault,
  ifWithoutCall,
  notAValue,
  notClosed,
  SIMPLER,
  shown,
  type Token,
  unexpectedAfterValue,
  valueMissing,
} from './formula-fault.ts'
import { tokenize } from './lexer.ts'
import {
  BINDING,
  type BinaryOperator,
  COMPARISON_BINDING,
  MINUS_BINDING,
  NOT_BINDING,
  type UnaryOperator,
} from './operators.ts'

type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly message: string; readonly offset: number; readonly hint?: string }

/** The longest formula, in UTF-16 units. */
export const MAX_FORMULA_LENGTH = 4000
const MAX_NESTING = 64

interface Cursor {
  readonly tokens: readonly Token[]
  position: number
  nesting: number
}

/** Parses a formula without its leading `=`. Never throws; length and nesting are bounded. */
export function parseFormula(text: string): Parsed {
  try {
    if (text.length > MAX_FORMULA_LENGTH) {
      throw new FormulaFault(`the formula has more than ${MAX_FORMULA_LENGTH} characters`, MAX_FORMULA_LENGTH, SIMPLER)
    }
    const cursor: Cursor = { tokens: tokenize(text), position: 0, nesting: 0 }
    const expression = parseOperators(cursor, 0)
    const rest = next(cursor)
    if (rest.kind !== 'end') throw unexpectedAfterValue(rest)
    // Each takes a character at least.
    if (text.length > MAX_HEIGHT && isTooHigh(expression)) {
      throw new FormulaFault(`the formula has more than ${MAX_HEIGHT} operators in a row`, MAX_HEIGHT, SIMPLER)
    }
    return { ok: true, expression }
  } catch (error) {
    if (!(error instanceof FormulaFault)) throw error
    const { message, offset, hint } = error
    return hint === undefined ? { ok: false, message, offset } : { ok: false, message, offset, hint }
  }
}

/** An operand and every operator after it that binds at least as tightly as `least`. */
function parseOperators(cursor: Cursor, least: number): Expression {
  let left = parseOperand(cursor, least)
  for (;;) {
    const token = peek(cursor)
    const operator = operatorAt(token)
    const binding = operator === undefined ? -1 : (BINDING.get(operator) ?? -1)
    if (operator === undefined || binding < least) return left
    next(cursor)
    left =
      operator === 'is' ? parseBlankTest(cursor, left) : binary(operator, left, parseOperators(cursor, binding + 1))
    if (binding === COMPARISON_BINDING) refuseChain(cursor)
  }
}

function operatorAt(token: Token): BinaryOperator | 'is' | undefined {
  const isOperator = (token.kind === 'symbol' || token.kind === 'name') && BINDING.has(token.text)
  return isOperator ? (token.text as BinaryOperator | 'is') : undefined // a key of BINDING
}

function binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  return { kind: 'binary', operator, left, right, span: { start: left.span.start, end: right.span.end } }
}

function refuseChain(cursor: Cursor): void {
  const token = peek(cursor)
  const operator = operatorAt(token)
  if (operator === undefined || BINDING.get(operator) !== COMPARISON_BINDING) return
  const hint = 'Join two comparisons with `and`, or put one in parentheses.'
  throw new FormulaFault(`a comparison cannot be compared again: \`${operator}\``, token.start, hint)
}

function parseBlankTest(cursor: Cursor, operand: Expression): Expression {
  const negated = peek(cursor).text === 'not' && peek(cursor).kind === 'name'
  if (negated) next(cursor)
  const token = next(cursor)
  if (token.kind === 'name' && token.text === 'blank') {
    return { kind: 'blank', operand, negated, span: { start: operand.span.start, end: token.end } }
  }
  throw blankMissing(token, negated)
}

function parseOperand(cursor: Cursor, least: number): Expression {
  if (cursor.nesting === MAX_NESTING) {
    throw new FormulaFault(`the formula is nested more than ${MAX_NESTING} deep`, peek(cursor).start, SIMPLER)
  }
  cursor.nesting++
  const operand = parseNested(cursor, least)
  cursor.nesting--
  return operand
}

function parseNested(cursor: Cursor, least: number): Expression {
  const before = cursor.tokens[cursor.position - 1]
  const token = next(cursor)
  const { text, start, end } = token
  const span = { start, end }
  switch (token.kind) {
    case 'text':
      return { kind: 'text', value: text, span }
    case 'number':
      return { kind: 'number', value: Number(text), span }
    case 'name':
      return parseNamed(cursor, token, least)
    case 'symbol':
      if (text === '-') return unary(cursor, token, '-', MINUS_BINDING)
      if (text === '[') {
        const items = parseItems(cursor, ']')
        return { kind: 'list', items, span: { start, end: lastEnd(cursor) } }
      }
      if (text !== '(') throw valueMissing(token, before)
      return parseParenthesis(cursor)
    case 'end':
      throw valueMissing(token, before)
    default:
      return token.kind satisfies never
  }
}

function parseParenthesis(cursor: Cursor): Expression {
  const inside = parseOperators(cursor, 0)
  const close = next(cursor)
  if (close.kind === 'symbol' && close.text === ')') return inside
  throw close.kind === 'end' ? notClosed(close, ')') : unexpectedAfterValue(close, ')')
}

function unary(cursor: Cursor, token: Token, operator: UnaryOperator, binding: number): Expression {
  const operand = parseOperators(cursor, binding)
  return { kind: 'unary', operator, operand, span: { start: token.start, end: operand.span.end } }
}

function parseNamed(cursor: Cursor, token: Token, least: number): Expression {
  const { text, start, end } = token
  if (text === 'true' || text === 'false') return { kind: 'boolean', value: text === 'true', span: { start, end } }
  if (text === 'not') {
    if (least <= NOT_BINDING) return unary(cursor, token, 'not', NOT_BINDING)
    throw new FormulaFault('`not` is not expected here', start, 'Put `not` and its value in parentheses.')
  }
  if (BINDING.has(text)) throw valueMissing(token, cursor.tokens[cursor.position - 2])
  const after = peek(cursor)
  const fault = isSymbol(after, '.') ? undefined : (notAValue(token) ?? ifWithoutCall(token, after))
  if (fault) throw fault
  if (isSymbol(peek(cursor), '(')) {
    next(cursor)
    const args = parseItems(cursor, ')', text)
    return { kind: 'call', name: text, nameSpan: { start, end }, args, span: { start, end: lastEnd(cursor) } }
  }
  return parsePath(cursor, token)
}

function parsePath(cursor: Cursor, first: Token): Expression {
  const names: PathName[] = [pathName(first)]
  while (isSymbol(peek(cursor), '.')) {
    next(cursor)
    const token = next(cursor)
    if (token.kind === 'end') throw endsTooEarly(token, 'a name is missing after `.`')
    if (token.kind !== 'name') throw new FormulaFault(`a name is missing before ${shown(token)}`, token.start)
    names.push(pathName(token))
  }
  return { kind: 'path', names, span: { start: first.start, end: lastEnd(cursor) } }
}

function pathName({ text, start, end }: Token): PathName {
  return { name: text, span: { start, end } }
}

/** The values up to the closing `)` or `]`, which is read too; `of` is the name of the call. */
function parseItems(cursor: Cursor, close: ')' | ']', of?: string): Expression[] {
  const items: Expression[] = []
  if (isSymbol(peek(cursor), close)) {
    next(cursor)
    return items
  }
  for (;;) {
    items.push(parseOperators(cursor, 0))
    const token = next(cursor)
    if (isSymbol(token, close)) return items
    if (token.kind === 'end') throw notClosed(token, close, of)
    if (!isSymbol(token, ',')) throw unexpectedAfterValue(token, close)
  }
}

function peek(cursor: Cursor): Token {
  const last = cursor.tokens[cursor.tokens.length - 1]
  const token = cursor.tokens[cursor.position] ?? last
  if (!token) throw new Error('a formula has at least its end token')
  return token
}

function next(cursor: Cursor): Token {
  const token = peek(cursor)
  cursor.position++
  return token
}

/** Where the token that was read last ends. */
function lastEnd(cursor: Cursor): number {
  return cursor.tokens[cursor.position - 1]?.end ?? 0
}

function isSymbol(token: Token, text: string): boolean {
  return token.kind === 'symbol' && token.text === text
}
