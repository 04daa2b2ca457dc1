// The cursor over the tokens of a SQL, and where what is read belongs.
import type { SqlFault, SqlToken } from './sql-lexer.ts'
import { emptyPart, emptySelect, type SqlPart, type SqlSelect, type SqlTable } from './sql-tree.ts'

export interface SqlReader {
  readonly sql: string
  readonly tokens: readonly SqlToken[]
  position: number
  nesting: number
  /** Told and read on; what cannot be read on after is thrown as a SqlStop. */
  readonly fault: (found: SqlFault) => void
  /** The select in whose text the cursor stands, how many of its tables it sees, and the part that takes what is named. */
  select: SqlSelect
  sees: number
  part: SqlPart
  /** All tables that were read, in the order of the text. */
  readonly tables: SqlTable[]
  /** Reads the sub-select of a value, `in` or `exists`, from after its `(` up to its `)`. */
  readonly subSelect: (reader: SqlReader, items: 'one' | 'any') => void
}

const MAX_NESTING = 32
export const ALL_TABLES = Number.POSITIVE_INFINITY

/** Ends the reading of a statement. Only the parser throws and catches it. */
export class SqlStop extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

export function createReader(
  sql: string,
  tokens: readonly SqlToken[],
  { fault, subSelect }: Pick<SqlReader, 'fault' | 'subSelect'>,
): SqlReader {
  const select = emptySelect()
  return {
    sql,
    tokens,
    position: 0,
    nesting: 0,
    fault,
    select,
    sees: ALL_TABLES,
    part: emptyPart(),
    tables: [],
    subSelect,
  }
}

export function peek(reader: SqlReader, ahead = 0): SqlToken {
  const token = reader.tokens[Math.min(reader.position + ahead, reader.tokens.length - 1)]
  if (token === undefined) throw new Error('a statement has at least its end token')
  return token
}

export function next(reader: SqlReader): SqlToken {
  const token = peek(reader)
  if (token.kind !== 'end') reader.position++
  return token
}

/** Where the token that was read last ends. */
export const lastEnd = (reader: SqlReader): number => reader.tokens[reader.position - 1]?.end ?? 0

export const isWord = (token: SqlToken, ...words: readonly string[]) =>
  token.kind === 'word' && words.includes(token.text)

export const isSymbol = (token: SqlToken, ...symbols: readonly string[]) =>
  token.kind === 'symbol' && symbols.includes(token.text)

/** Reads the word if it is there. */
export function takeWord(reader: SqlReader, word: string): boolean {
  const isThere = isWord(peek(reader), word)
  if (isThere) next(reader)
  return isThere
}

export function takeSymbol(reader: SqlReader, symbol: string): boolean {
  const isThere = isSymbol(peek(reader), symbol)
  if (isThere) next(reader)
  return isThere
}

/** Reads a word or a symbol that must come here. `after` says where: ` after \`group\``. */
export function need(reader: SqlReader, text: string, after = ''): SqlToken {
  const token = peek(reader)
  if ((token.kind === 'word' || token.kind === 'symbol') && token.text === text) return next(reader)
  throw new SqlStop(`\`${text}\` is expected${after}, found ${shown(token)}`, token.start)
}

export const shown = (token: SqlToken) =>
  token.kind === 'end' ? 'the end of the SQL' : `\`${token.kind === 'bind' ? ':' : ''}${token.text.slice(0, 40)}\``

/** Reads what stands in brackets; how deep they go is bounded, so that no text overflows the stack. */
export function nested<T>(reader: SqlReader, read: () => T): T {
  if (reader.nesting === MAX_NESTING) {
    throw new SqlStop(`the SQL is nested more than ${MAX_NESTING} deep. Take it apart.`, peek(reader).start)
  }
  reader.nesting++
  const result = read()
  reader.nesting--
  return result
}
