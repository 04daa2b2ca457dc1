// Reads the values and conditions of a SQL, and refuses what Oracle and SQLite would work out differently.

import { suggest } from '../check/suggest.ts'
import type { SqlToken } from './sql-lexer.ts'
import {
  isSymbol,
  isWord,
  lastEnd,
  need,
  nested,
  next,
  peek,
  type SqlReader,
  SqlStop,
  shown,
  takeSymbol,
  takeWord,
} from './sql-reader.ts'
import { SQL_FUNCTIONS, SQL_KEYWORDS } from './sql-words.ts'

/** Oracle has no boolean values: what is compared can't be selected, and what is selected can't be a condition. */
type Kind = 'value' | 'condition'

export function readValue(reader: SqlReader): void {
  const start = peek(reader)
  if (readOr(reader) === 'value') return
  const message = 'this is a condition, a value is expected. Write `case when … then 1 else 0 end`.'
  reader.fault({ offset: start.start, message })
}

export function readCondition(reader: SqlReader): void {
  expectCondition(peek(reader), readOr(reader), reader)
}

function expectCondition(start: SqlToken, kind: Kind, { fault }: SqlReader): void {
  if (kind === 'value')
    fault({ offset: start.start, message: 'this is a value, a condition is expected. Compare it with something.' })
}

function readOr(reader: SqlReader): Kind {
  return nested(reader, () => readChain(reader, 'or', () => readChain(reader, 'and', () => readNot(reader))))
}

function readChain(reader: SqlReader, word: 'or' | 'and', readPart: () => Kind): Kind {
  const first = peek(reader)
  const kind = readPart()
  if (!isWord(peek(reader), word)) return kind
  expectCondition(first, kind, reader)
  while (takeWord(reader, word)) expectCondition(peek(reader), readPart(), reader)
  return 'condition'
}

function readNot(reader: SqlReader): Kind {
  if (!isWord(peek(reader), 'not')) return readComparison(reader)
  while (takeWord(reader, 'not'));
  expectCondition(peek(reader), readComparison(reader), reader)
  return 'condition'
}

const COMPARISONS = ['=', '<>', '<', '>', '<=', '>=']

function readComparison(reader: SqlReader): Kind {
  const start = peek(reader)
  const kind = readSum(reader)
  const token = peek(reader)
  const isNegated = isWord(token, 'not') && isWord(peek(reader, 1), 'in', 'between', 'like')
  const isComparison = isSymbol(token, ...COMPARISONS) || isWord(token, 'is', 'in', 'between', 'like') || isNegated
  if (!isComparison) return kind
  if (kind === 'condition') reader.fault({ offset: start.start, message: 'a condition is not compared with anything' })
  if (isNegated) next(reader)
  readCompared(next(reader), reader)
  const after = peek(reader)
  if (!isSymbol(after, ...COMPARISONS)) return 'condition'
  throw new SqlStop(`a comparison is not compared again: ${shown(after)}. Join two with \`and\`.`, after.start)
}

function readCompared(operator: SqlToken, reader: SqlReader): void {
  if (operator.text === 'is') {
    takeWord(reader, 'not')
    need(reader, 'null', ' after `is`')
  } else if (operator.text === 'in') readIn(reader)
  else if (operator.text === 'between') {
    readOperand(reader)
    need(reader, 'and', ' in `between`')
    readOperand(reader)
  } else readOperand(reader)
}

function readIn(reader: SqlReader): void {
  need(reader, '(', ' after `in`')
  if (isWord(peek(reader), 'select')) {
    readSubSelect(reader, 'one')
    return
  }
  do readValue(reader)
  while (takeSymbol(reader, ','))
  need(reader, ')')
}

function readSubSelect(reader: SqlReader, items: 'one' | 'any'): void {
  nested(reader, () => reader.subSelect(reader, items))
  need(reader, ')')
}

function readOperand(reader: SqlReader): void {
  const start = peek(reader)
  if (readSum(reader) === 'condition')
    reader.fault({ offset: start.start, message: 'a condition is not compared with anything' })
}

/** Oracle reads `||` from left to right with `+` and `-`, SQLite before them: without brackets they differ. */
function readSum(reader: SqlReader): Kind {
  const start = peek(reader)
  let kind = readProduct(reader)
  let joins = false
  let adds = kind === 'product'
  while (isSymbol(peek(reader), '+', '-', '||')) {
    const operator = next(reader)
    const right = readProduct(reader)
    if (operator.text === '||') joins = true
    else adds = true
    if (right === 'product') adds = true
    if (kind === 'condition' || right === 'condition') {
      reader.fault({ offset: operator.start, message: `\`${operator.text}\` takes values, not conditions` })
    }
    kind = 'value'
  }
  if (joins && adds) {
    const message = 'Oracle and SQLite order `||` and arithmetic differently. Put the arithmetic in brackets.'
    reader.fault({ offset: start.start, message })
  }
  return kind === 'condition' ? 'condition' : 'value'
}

function readProduct(reader: SqlReader): Kind | 'product' {
  let kind: Kind | 'product' = readSigned(reader)
  while (isSymbol(peek(reader), '*', '/')) {
    const operator = next(reader)
    const right = readSigned(reader)
    if (kind === 'condition' || right === 'condition') {
      reader.fault({ offset: operator.start, message: `\`${operator.text}\` takes values, not conditions` })
    }
    kind = 'product'
  }
  return kind
}

function readSigned(reader: SqlReader): Kind {
  while (isSymbol(peek(reader), '-', '+')) next(reader)
  return readPrimary(reader)
}

function readPrimary(reader: SqlReader): Kind {
  const token = next(reader)
  switch (token.kind) {
    case 'number':
      return 'value'
    case 'text':
      if (token.text === "''")
        reader.fault({ offset: token.start, message: "Oracle takes `''` for null. Ask `is null`." })
      return 'value'
    case 'bind':
      reader.part.binds.push({ name: token.text, offset: token.start })
      return 'value'
    case 'word':
      return readNamed(token, reader)
    case 'symbol':
      if (token.text === '(') return readBrackets(reader)
      if (token.text === '*') throw new SqlStop('`*` is not used here. Name each column: `alias.column`.', token.start)
      throw valueMissing(token)
    case 'end':
      throw valueMissing(token)
    default:
      return token.kind satisfies never
  }
}

const valueMissing = (token: SqlToken) => new SqlStop(`a value is expected, found ${shown(token)}`, token.start)

function readBrackets(reader: SqlReader): Kind {
  if (isWord(peek(reader), 'select')) {
    readSubSelect(reader, 'one')
    return 'value'
  }
  const kind = readOr(reader)
  need(reader, ')')
  return kind
}

function readNamed(token: SqlToken, reader: SqlReader): Kind {
  if (token.text === 'null') return 'value'
  if (token.text === 'case') {
    nested(reader, () => readCase(reader))
    return 'value'
  }
  if (token.text === 'exists') {
    need(reader, '(', ' after `exists`')
    if (!isWord(peek(reader), 'select')) need(reader, 'select', ' after `exists (`')
    readSubSelect(reader, 'any')
    return 'condition'
  }
  if (SQL_KEYWORDS.has(token.text)) throw valueMissing(token)
  if (takeSymbol(reader, '(')) readCall(token, reader)
  else if (isSymbol(peek(reader), '.')) readColumn(token, reader)
  else {
    const message = `\`${token.text}\` stands without its table. Write \`alias.${token.text}\`.`
    reader.fault({ offset: token.start, message })
  }
  return 'value'
}

function readColumn(alias: SqlToken, reader: SqlReader): void {
  next(reader)
  const name = peek(reader)
  if (isSymbol(name, '*')) throw new SqlStop('`*` is not used here. Name each column: `alias.column`.', name.start)
  if (name.kind !== 'word') throw new SqlStop(`a column is expected after \`.\`, found ${shown(name)}`, name.start)
  next(reader)
  const { select, sees, part } = reader
  part.columns.push({
    alias: alias.text,
    column: name.text,
    offset: alias.start,
    columnOffset: name.start,
    select,
    sees,
  })
  const more = peek(reader)
  if (isSymbol(more, '.')) throw new SqlStop('a column is `alias.column`, two names and not three', more.start)
}

function readCase(reader: SqlReader): void {
  const isSimple = !isWord(peek(reader), 'when')
  if (isSimple) readValue(reader)
  need(reader, 'when', ' after `case`')
  do {
    if (isSimple) readValue(reader)
    else readCondition(reader)
    need(reader, 'then', ' after `when …`')
    readValue(reader)
  } while (takeWord(reader, 'when'))
  if (takeWord(reader, 'else')) readValue(reader)
  need(reader, 'end', ' at the end of `case`')
}

function readCall(name: SqlToken, reader: SqlReader): void {
  const known = SQL_FUNCTIONS.get(name.text)
  if (known === undefined) {
    const hint = suggest(name.text, [...SQL_FUNCTIONS.keys()])
    reader.fault({ offset: name.start, message: `Oracle and SQLite share no function \`${name.text}\`.${hint}` })
  }
  const args: string[] = []
  if (!isSymbol(peek(reader), ')')) {
    do args.push(readArgument(name.text, args.length, reader))
    while (takeSymbol(reader, ','))
  }
  need(reader, ')', ` after the arguments of \`${name.text}\``)
  if (known && (args.length < known.least || args.length > known.most)) {
    const takes = known.least === known.most ? String(known.least) : `${known.least} to ${known.most}`
    const message = `\`${name.text}\` takes ${takes} ${takes === '1' ? 'argument' : 'arguments'}, found ${args.length}`
    reader.fault({ offset: name.start, message })
  } else if (name.text === 'to_char' && args[1] !== DAY) {
    reader.fault({ offset: name.start, message: `\`to_char\` gives days here: write \`to_char(…, ${DAY})\`` })
  }
}

const DAY = "'YYYY-MM-DD'"

/** The text of an argument. Oracle's `''` means something in one place: what `replace` puts in is nothing. */
function readArgument(name: string, index: number, reader: SqlReader): string {
  const { start, kind, text } = peek(reader)
  const isNothing = name === 'replace' && index === 2 && kind === 'text' && text === "''"
  if (isNothing) next(reader)
  else readValue(reader)
  return reader.sql.slice(start, lastEnd(reader))
}
