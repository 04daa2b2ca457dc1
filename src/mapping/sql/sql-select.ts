// Reads the SQL of a PowerQuery: the one `select` that Oracle, the simulator and the bridge understand alike.
import { createRecent } from '../run/recent.ts'
import { readCondition, readValue } from './sql-expression.ts'
import { readFrom } from './sql-from.ts'
import { MAX_SQL_LENGTH, type SqlFault, tokenizeSql } from './sql-lexer.ts'
import { checkNames } from './sql-names.ts'
import {
  ALL_TABLES,
  createReader,
  isWord,
  lastEnd,
  need,
  next,
  peek,
  type SqlReader,
  SqlStop,
  shown,
  takeSymbol,
  takeWord,
} from './sql-reader.ts'
import { emptyPart, emptySelect, type SqlSelect, type SqlStatement } from './sql-tree.ts'
import { isReserved, SQL_KEYWORDS } from './sql-words.ts'

interface ParsedSql {
  /** Absent when there is any fault. */
  readonly statement?: SqlStatement
  /** In the order of the text, at most one at an offset. */
  readonly faults: readonly SqlFault[]
}

/** A statement is asked for by the check, by the compiler, and once more for each layer over its source. */
const parsed = createRecent<string, ParsedSql>(32)

/** Reads a statement and collects its faults. Never throws; time and depth are bounded. */
export function parseSql(sql: string): ParsedSql {
  const known = parsed.get(sql)
  if (known) return known
  const fresh = parseAfresh(sql)
  parsed.set(sql, fresh)
  return fresh
}

function parseAfresh(sql: string): ParsedSql {
  if (sql.length > MAX_SQL_LENGTH) {
    const message = `the SQL has more than ${MAX_SQL_LENGTH} characters. Make two sources of it.`
    return { faults: [{ offset: MAX_SQL_LENGTH, message }] }
  }
  const found = new Map<number, SqlFault>()
  const fault = (one: SqlFault) => {
    if (!found.has(one.offset)) found.set(one.offset, one)
  }
  const statement = readStatement(sql, fault)
  const faults = [...found.values()].sort((a, b) => a.offset - b.offset)
  return statement && faults.length === 0 ? { statement, faults } : { faults }
}

function readStatement(sql: string, fault: (found: SqlFault) => void): SqlStatement | undefined {
  const reader = createReader(sql, tokenizeSql(sql, fault), { fault, subSelect: readSubSelect })
  try {
    const statement = readTop(reader)
    checkNames(statement, fault)
    return statement
  } catch (error) {
    if (!(error instanceof SqlStop)) throw error
    fault({ offset: error.offset, message: error.message })
    return undefined
  }
}

function readTop(reader: SqlReader): SqlStatement {
  const { sql, tokens, select, tables } = reader
  const first = peek(reader)
  if (!isWord(first, 'select')) throw new SqlStop(`the SQL begins with \`select\`, found ${shown(first)}`, first.start)
  next(reader)
  if (isWord(peek(reader), 'distinct', 'all')) {
    const { start, text } = next(reader)
    reader.fault({ offset: start, message: `\`select ${text}\` is not used here: each row is one of the core table` })
  }
  readItems(reader, select, 'named')
  const { start } = peek(reader)
  readRest(reader, select)
  const from = { start, end: lastEnd(reader) }
  const order = readOrder(reader, select)
  const binds = tokens.flatMap((token) => (token.kind === 'bind' ? [{ name: token.text, offset: token.start }] : []))
  return { text: sql, select, from, order, tables, binds }
}

/** A derived table's items are parts of their own; those of other sub-selects belong to the value they stand in. */
function readItems(reader: SqlReader, select: SqlSelect, naming: 'named' | 'free'): void {
  const { part } = reader
  do {
    const { start } = peek(reader)
    if (naming === 'named') reader.part = emptyPart()
    readValue(reader)
    const expressionEnd = lastEnd(reader)
    const alias = readItemName(reader, select, naming === 'named')
    select.items.push({ alias, start, expressionEnd, end: lastEnd(reader), part: reader.part })
    reader.part = part
  } while (takeSymbol(reader, ','))
}

const ITEM_NAME = /^[a-z][a-z0-9_]{0,29}$/

function readItemName(reader: SqlReader, select: SqlSelect, isNeeded: boolean): string {
  const { sql, fault } = reader
  const written = takeWord(reader, 'as')
  const token = peek(reader)
  const isThere = token.kind === 'word' && !SQL_KEYWORDS.has(token.text)
  if (!isThere) {
    if (isNeeded || written) {
      fault({
        offset: token.start,
        message: `a name is expected for this column, as in \`s.dcid id\`, found ${shown(token)}`,
      })
    }
    return ''
  }
  next(reader)
  const name = sql.slice(token.start, token.end)
  if (!ITEM_NAME.test(name)) {
    const message = `\`${name}\` can't name a column: at most 30 characters of a-z, 0-9 and _, beginning with a letter`
    fault({ offset: token.start, message })
  } else if (isReserved(name)) {
    fault({
      offset: token.start,
      message: `\`${name}\` is a word of SQL. Name the column otherwise, such as \`${name}_\`.`,
    })
  } else if (select.items.some(({ alias }) => alias === name)) {
    fault({ offset: token.start, message: `two columns are named \`${name}\`. Give one another name.` })
  }
  return token.text
}

/** From `from` up to the `order by`. What it names goes to the reader's part. */
function readRest(reader: SqlReader, select: SqlSelect): void {
  const { part } = reader
  reader.part = select.rest
  need(reader, 'from', ' after the columns')
  readFrom(reader, readDerived)
  if (takeWord(reader, 'where')) readCondition(reader)
  if (takeWord(reader, 'group')) {
    need(reader, 'by', ' after `group`')
    do readValue(reader)
    while (takeSymbol(reader, ','))
    if (takeWord(reader, 'having')) readCondition(reader)
  }
  reader.part = part
}

function readOrder(reader: SqlReader, select: SqlSelect): SqlStatement['order'] {
  const token = peek(reader)
  if (isWord(token, 'union', 'intersect', 'except', 'minus')) {
    throw new SqlStop(`\`${token.text}\` stands only inside a derived table: \`from ( select … ) alias\``, token.start)
  }
  if (token.kind === 'end') throw new SqlStop('the SQL ends without `order by`. Order it by its key.', token.start)
  refuseForeign(reader)
  need(reader, 'order', ' or the end of a condition')
  need(reader, 'by', ' after `order`')
  reader.part = select.rest
  const by: string[] = []
  do by.push(readRank(reader))
  while (takeSymbol(reader, ','))
  refuseForeign(reader)
  const rest = peek(reader)
  if (rest.kind !== 'end') throw new SqlStop(`the SQL ends after its \`order by\`, found ${shown(rest)}`, rest.start)
  return { start: token.start, end: lastEnd(reader), by }
}

/** `order by s.dcid desc nulls last` */
function readRank(reader: SqlReader): string {
  const token = peek(reader)
  if (token.kind === 'number') {
    reader.fault({
      offset: token.start,
      message: 'columns may be left out, so none is ordered by its number. Name it.',
    })
  }
  readValue(reader)
  const rank = reader.sql.slice(token.start, lastEnd(reader))
  if (isWord(peek(reader), 'asc', 'desc')) next(reader)
  if (isWord(peek(reader), 'nulls')) {
    next(reader)
    if (isWord(peek(reader), 'first', 'last')) next(reader)
    else need(reader, 'last', ' after `nulls`')
  }
  return rank
}

function refuseForeign(reader: SqlReader): void {
  const token = peek(reader)
  if (!isWord(token, 'limit', 'offset', 'fetch', 'for')) return
  throw new SqlStop(`\`${token.text}\` is not used here: a query gives all its rows`, token.start)
}

/** The selects of a derived table, from after its `(` up to its `)`: they see nothing around them. */
function readDerived(reader: SqlReader): SqlSelect[] {
  const { select, sees, part } = reader
  const selects = readUnion(reader, () => emptySelect(), 'named')
  Object.assign(reader, { select, sees, part })
  part.derived.push(...selects)
  return selects
}

/** What it names belongs to the value it stands in, and it sees the tables around it. */
function readSubSelect(reader: SqlReader, items: 'one' | 'any'): void {
  const { select: outer, sees, part } = reader
  const { start } = peek(reader)
  const selects = readUnion(reader, () => ({ ...emptySelect(outer), rest: part }), 'free')
  Object.assign(reader, { select: outer, sees, part })
  if (items === 'one' && selects.some((select) => select.items.length !== 1)) {
    reader.fault({ offset: start, message: 'a select inside a value gives one column' })
  }
}

function readUnion(reader: SqlReader, makeSelect: () => SqlSelect, naming: 'named' | 'free'): SqlSelect[] {
  const selects: SqlSelect[] = []
  do {
    need(reader, 'select')
    const select = makeSelect()
    reader.select = select
    reader.sees = ALL_TABLES
    takeWord(reader, 'distinct')
    readItems(reader, select, naming)
    readRest(reader, select)
    selects.push(select)
    const [first] = selects
    if (first && first.items.length !== select.items.length) {
      const message = `the parts of a \`union\` give the same columns: here ${select.items.length}, in the first ${first.items.length}`
      reader.fault({ offset: select.items[0]?.start ?? 0, message })
    }
  } while (takeUnion(reader))
  const order = peek(reader)
  if (isWord(order, 'order')) throw new SqlStop('`order by` stands once, at the end of the SQL', order.start)
  return selects
}

function takeUnion(reader: SqlReader): boolean {
  if (!takeWord(reader, 'union')) return false
  takeWord(reader, 'all')
  return true
}
