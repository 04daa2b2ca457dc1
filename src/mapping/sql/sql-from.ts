// Reads the tables of a select: each with its alias, joined by `join … on`.
import { readCondition } from './sql-expression.ts'
import {
  ALL_TABLES,
  isSymbol,
  isWord,
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
import type { SqlSelect } from './sql-tree.ts'
import { isReserved, SQL_KEYWORDS } from './sql-words.ts'

/** Reads what follows `from`. `readDerived` reads the selects of a derived table up to its `)`. */
export function readFrom(reader: SqlReader, readDerived: (reader: SqlReader) => SqlSelect[]): void {
  readTable(reader, readDerived)
  while (readJoin(reader)) {
    readTable(reader, readDerived)
    need(reader, 'on', ' after the table of a `join`')
    reader.sees = reader.select.tables.length
    readCondition(reader)
    reader.sees = ALL_TABLES
  }
}

const OTHER_JOINS = ['right', 'full', 'cross', 'natural']

function readJoin(reader: SqlReader): boolean {
  const token = peek(reader)
  if (isSymbol(token, ',')) throw new SqlStop('tables are joined by `join … on`, not by `,`', token.start)
  if (isWord(token, ...OTHER_JOINS)) {
    throw new SqlStop(`\`${token.text} join\` is not used here. Write \`join\` or \`left join\`.`, token.start)
  }
  if (!isWord(token, 'join', 'inner', 'left')) return false
  next(reader)
  if (token.text === 'left') takeWord(reader, 'outer')
  if (token.text !== 'join') need(reader, 'join', ` after \`${token.text}\``)
  return true
}

function readTable(reader: SqlReader, readDerived: (reader: SqlReader) => SqlSelect[]): void {
  const token = peek(reader)
  const isDerived = takeSymbol(reader, '(')
  if (!isDerived && (token.kind !== 'word' || SQL_KEYWORDS.has(token.text))) {
    throw new SqlStop(`a table is expected, found ${shown(token)}`, token.start)
  }
  const selects = isDerived ? nested(reader, () => readDerived(reader)) : []
  if (isDerived) need(reader, ')', ' after a derived table')
  else {
    next(reader)
    const dot = peek(reader)
    if (isSymbol(dot, '.')) throw new SqlStop('a table stands without its schema', dot.start)
    if (token.text.length > MAX_NAME)
      reader.fault({ offset: token.start, message: 'the name of a table has at most 30 characters' })
  }
  const what = isDerived ? 'a derived table' : `\`${token.text}\``
  const { alias, offset } = readAlias(reader, what, isDerived ? '( select … ) s' : `${token.text} ${token.text[0]}`)
  const name = isDerived ? undefined : token.text.toUpperCase()
  const table = { alias, offset, name, nameOffset: token.start, selects }
  if (reader.tables.some((other) => other.alias === alias && alias !== '')) {
    reader.fault({ offset, message: `two tables have the alias \`${alias}\`. Give one another alias.` })
  }
  reader.tables.push(table)
  reader.select.tables.push(table)
}

/** PowerSchool's access_request takes no longer ones. */
export const MAX_NAME = 30
const ALIAS = /^[a-z][a-z0-9_]{0,29}$/

function readAlias(reader: SqlReader, what: string, example: string): { alias: string; offset: number } {
  const { sql, fault } = reader
  const as = peek(reader)
  if (takeWord(reader, 'as'))
    fault({ offset: as.start, message: 'Oracle takes no `as` before an alias. Leave it out.' })
  const token = peek(reader)
  if (token.kind !== 'word' || SQL_KEYWORDS.has(token.text)) {
    fault({ offset: token.start, message: `${what} needs an alias: \`${example}\`` })
    return { alias: '', offset: token.start }
  }
  next(reader)
  const written = sql.slice(token.start, token.end)
  if (!ALIAS.test(written)) {
    fault({ offset: token.start, message: `\`${written}\` can't be an alias: at most 30 characters of a-z, 0-9 and _` })
  } else if (isReserved(written)) {
    fault({ offset: token.start, message: `\`${written}\` is a word of SQL. Give the table another alias.` })
  }
  return { alias: token.text, offset: token.start }
}
