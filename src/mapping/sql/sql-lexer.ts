// Cuts the SQL of a PowerQuery into tokens, and refuses what Oracle, the simulator and PowerSchool's pages do not all read alike.
export interface SqlToken {
  readonly kind: 'word' | 'number' | 'text' | 'bind' | 'symbol' | 'end'
  /** Words in lower case, binds without their colon, texts with their quotes. */
  readonly text: string
  readonly start: number
  /** The first offset after it. */
  readonly end: number
}

export interface SqlFault {
  readonly offset: number
  readonly message: string
}

/** The longest SQL, in UTF-16 units. */
export const MAX_SQL_LENGTH = 20_000

const SYMBOLS = ['<>', '<=', '>=', '||', '=', '<', '>', '+', '-', '*', '/', '(', ')', ',', '.']

/** What other dialects write for a comparison; it is told, and read as what is written here. */
const COMPARISONS: ReadonlyMap<string, string> = new Map([
  ['!=', '<>'],
  ['^=', '<>'],
  ['==', '='],
])

/** What other dialects write, and what to write here. */
const FOREIGN: readonly (readonly [string, string])[] = [
  ['"', 'Names stand without quotes, texts in single ones.'],
  ['`', 'Names stand without quotes, texts in single ones.'],
  ['[', 'Names stand without brackets.'],
  ['{', 'An argument is written `:name` and declared in `args`.'],
  ['?', 'An argument is written `:name` and declared in `args`.'],
]

const BLANKS = /[ \t\r\n]*/y
const WORD = /[A-Za-z][A-Za-z0-9_$#]*/y
const NUMBER = /[0-9]+(?:\.[0-9]+)?/y
const BIND = /:[A-Za-z_][A-Za-z0-9_]*/y
const TEXT = /'(?:[^']|'')*'/y
const COMMENT = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y

/** The tokens of a statement, the last of kind `end`. What must not stand there is a fault and left out, so that reading goes on. */
export function tokenizeSql(sql: string, fault: (found: SqlFault) => void): SqlToken[] {
  const tokens: SqlToken[] = []
  let offset = skip(BLANKS, sql, 0)
  while (offset < sql.length) {
    const token = tokenAt(sql, offset, fault)
    if (token.kind !== 'end') tokens.push(token)
    offset = skip(BLANKS, sql, token.end)
  }
  for (const { offset: at, message } of pageTags(sql)) fault({ offset: at, message })
  const last = tokens[tokens.length - 1]?.end ?? 0
  tokens.push({ kind: 'end', text: '', start: last, end: last })
  return tokens
}

/** A token of kind `end` is one to leave out. */
function tokenAt(sql: string, start: number, fault: (found: SqlFault) => void): SqlToken {
  const made = (kind: SqlToken['kind'], text: string, length = text.length): SqlToken => {
    return { kind, text, start, end: start + length }
  }
  const leftOut = (message: string, length: number) => {
    fault({ offset: start, message })
    return made('end', '', length)
  }
  const word = match(WORD, sql, start)
  if (word) return made('word', word.toLowerCase())
  const number = match(NUMBER, sql, start)
  if (number) return made('number', number)
  const bind = match(BIND, sql, start)
  if (bind) return made('bind', bind.slice(1), bind.length)
  const text = match(TEXT, sql, start)
  if (text) {
    if (text.includes('\n')) fault({ offset: start, message: 'a text stands in one line' })
    return made('text', text)
  }
  const comment = match(COMMENT, sql, start)
  if (comment) return leftOut('a comment in the SQL. Write it as a YAML comment above `sql:`.', comment.length)
  if (sql[start] === ';') return leftOut('`sql` is one statement, without `;`. Remove it.', 1)
  if (sql[start] === "'") {
    return leftOut("this text is not closed. It ends with `'`; inside it, write `''` for `'`.", sql.length - start)
  }
  const written = sql.slice(start, start + 2)
  const comparison = COMPARISONS.get(written)
  if (comparison !== undefined) {
    fault({ offset: start, message: `\`${written}\` is not part of the SQL here. Write \`${comparison}\`.` })
    return made('symbol', comparison, 2)
  }
  const foreign = FOREIGN.find(([written]) => sql.startsWith(written, start))
  if (foreign) return leftOut(`\`${foreign[0]}\` is not part of the SQL here. ${foreign[1]}`, foreign[0].length)
  const symbol = SYMBOLS.find((written) => sql.startsWith(written, start))
  if (symbol) return made('symbol', symbol)
  const character = String.fromCodePoint(sql.codePointAt(start) ?? 0)
  return leftOut(`\`${character}\` is not part of the SQL here. Remove it.`, character.length)
}

const PAGE_TAG = /<(?=[A-Za-z@/!])|~(?=[([])/g

/** PowerSchool reads queries as it reads its pages: what looks like a tag there makes the query unreachable, in quotes too. */
function pageTags(sql: string): SqlFault[] {
  return [...sql.matchAll(PAGE_TAG)].map(({ index }) => ({
    offset: index,
    message:
      sql[index] === '<'
        ? '`<` before a letter is a tag of a page to PowerSchool. Leave a blank after it.'
        : '`~` before a bracket is a tag of a page to PowerSchool. Write the text without it.',
  }))
}

const skip = (pattern: RegExp, sql: string, offset: number) => offset + match(pattern, sql, offset).length

function match(pattern: RegExp, sql: string, offset: number): string {
  pattern.lastIndex = offset
  return pattern.exec(sql)?.[0] ?? ''
}
