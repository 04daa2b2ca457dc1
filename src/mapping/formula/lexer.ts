// Cuts the text of a formula into tokens, and says what to write instead of what other languages write.

import { CHOICE, FormulaFault, type Token } from './formula-fault.ts'

const SYMBOLS = ['!=', '<=', '>=', '=', '<', '>', '&', '+', '-', '*', '/', '(', ')', '[', ']', ',', '.']
const QUOTES = 'A text stands in double quotes: "…".'

/** What other languages write, longest first, and what to write here. */
const FOREIGN: readonly (readonly [string, string])[] = [
  ['==', 'Use `=`.'],
  ['<>', 'Use `!=`.'],
  ['=<', 'Use `<=`.'],
  ['=>', 'Use `>=`.'],
  ['&&', 'Use `and`.'],
  ['||', 'Use `or`, or `&` to put texts together.'],
  ['|', 'Use `or`.'],
  ["'", QUOTES],
  ['`', QUOTES],
  ['‘', QUOTES],
  ['’', QUOTES],
  ['“', QUOTES],
  ['”', QUOTES],
  ['?', CHOICE],
  [':', CHOICE],
  [';', 'Separate values with a comma.'],
  ['{', 'A list stands in [ ].'],
  ['}', 'A list stands in [ ].'],
  ['\u00a0', 'This is a no-break space: type a plain one.'],
]

const BLANKS = /[ \t\r\n]*/y
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
/** All that a reader would take for one number, right or wrong. */
const NUMBER_LIKE = /\.?[0-9][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]*)*/y
const NUMBER = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/

/** The tokens of a formula, the last of kind `end`. Throws a FormulaFault at what no formula holds. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let offset = skipBlanks(text, 0)
  while (offset < text.length) {
    const token = tokenAt(text, offset)
    tokens.push(token)
    offset = skipBlanks(text, token.end)
  }
  tokens.push({ kind: 'end', text: '', start: text.length, end: text.length })
  return tokens
}

function tokenAt(text: string, start: number): Token {
  if (text[start] === '"') return textAt(text, start)
  const name = match(NAME, text, start)
  if (name !== '') return { kind: 'name', text: name, start, end: start + name.length }
  const number = match(NUMBER_LIKE, text, start)
  if (number !== '') return numberToken(number, start)
  const foreign = FOREIGN.find(([written]) => text.startsWith(written, start))
  if (foreign) throw new FormulaFault(`\`${foreign[0]}\` is not part of a formula`, start, foreign[1])
  const symbol = SYMBOLS.find((written) => text.startsWith(written, start))
  if (symbol) return { kind: 'symbol', text: symbol, start, end: start + symbol.length }
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  const hint = character === '!' ? 'Use `not`.' : undefined
  throw new FormulaFault(`\`${character}\` is not part of a formula`, start, hint)
}

function textAt(text: string, start: number): Token {
  let value = ''
  for (let i = start + 1; i < text.length; i++) {
    const character = text.charAt(i)
    const next = text.charAt(i + 1)
    const isEscape = (character === '"' && next === '"') || (character === '\\' && (next === '"' || next === '\\'))
    if (character === '"' && !isEscape) return { kind: 'text', text: value, start, end: i + 1 }
    if (isEscape) i++
    value += isEscape ? next : character
  }
  throw new FormulaFault(
    'the formula ends too early: `"`',
    start,
    'This text is not closed. Inside a text, write "" for ".',
  )
}

function numberToken(written: string, start: number): Token {
  const token: Token = { kind: 'number', text: written, start, end: start + written.length }
  if (NUMBER.test(written)) {
    // What prints with an exponent could not be read again.
    const isInRange = Number(written) <= Number.MAX_SAFE_INTEGER && !String(Number(written)).includes('e')
    if (isInRange) return token
    throw new FormulaFault(
      `the number \`${written}\` is out of range`,
      start,
      'Write it in double quotes if it is a text.',
    )
  }
  throw new FormulaFault(`\`${written}\` is not a number`, start, numberHint(written))
}

function numberHint(written: string): string {
  if (/^\.[0-9]+$/.test(written)) return `Write 0${written}.`
  if (/^[0-9]+\.$/.test(written)) return `Write ${written.slice(0, -1)}.`
  return `Write "${written}" if it is a text.`
}

function skipBlanks(text: string, offset: number): number {
  return offset + match(BLANKS, text, offset).length
}

function match(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset
  return pattern.exec(text)?.[0] ?? ''
}
