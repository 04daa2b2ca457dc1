// Cuts the rows out of the JSON of a query's answer while it comes, so that no more than a few hundred stand in memory.

/** As many rows as a run has at most. */
export const MAX_ROWS = 500
/** A run of so many characters is cut before it has all its rows. */
const ENOUGH_CHARS = 256 << 10
const MAX_ROW_CHARS = 4 << 20
/** All but the rows: a name, a count, the names of extensions. */
const MAX_AROUND_CHARS = 64 << 10
/** The answer, `record`, a row, its `tables`, a table. */
const MAX_DEPTH = 5
const FLAT_DEPTH = 3

const QUOTE = 0x22
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** A backslash before the quote would make it part of a longer name. */
const BEFORE_ROWS = /[{,]\s*"record"\s*:\s*$/
const LONGEST_BEFORE_ROWS = 100
const COMMA_FIRST = /^[ \t\r\n]*,/

export interface RowRun {
  /** An array of whole rows, if the answer is JSON at all. */
  readonly json: string
  /** Whether some row has more than plain values. */
  readonly isNested: boolean
}

export interface RowCutter {
  /** The runs of rows that have become whole. Refuses with a `Miscut`. */
  write(text: string): RowRun[]
  /** The answer with its rows left out. */
  end(): { readonly around: string; readonly hasRows: boolean }
}

/** Why an answer cannot be cut. Its message tells nothing of what the answer holds. */
export class Miscut extends Error {}

/**
 * Knows only strings and brackets. That the runs and what stands around them are JSON each is for the caller to see, and proves
 * that the whole is. Measured: this with `JSON.parse` reads 500,000 rows a second where a parser in JavaScript reads 170,000.
 */
export function createRowCutter(): RowCutter {
  let around = ''
  let run: string[] = []
  let runChars = 0
  let rowsInRun = 0
  let isFirstRun = true
  let isNested = false
  let where: 'before' | 'rows' | 'after' = 'before'
  let depth = 0
  let inString = false
  let isEscaped = false

  function keepAround(text: string): void {
    if (around.length + text.length > MAX_AROUND_CHARS) throw new Miscut('is longer than it should be')
    around += text
  }

  function keepRow(text: string): void {
    runChars += text.length
    if (runChars > MAX_ROW_CHARS) throw new Miscut('has a row that is too long')
    run.push(text)
  }

  /** Ends the run with `text`. Every run but the first begins with the comma that parts it from the one before. */
  function cut(text: string): RowRun {
    keepRow(text)
    let rows = run.join('')
    if (!isFirstRun) {
      const comma = COMMA_FIRST.exec(rows)
      if (comma === null || isBlank(rows.slice(comma[0].length))) throw new Miscut('is not whole JSON')
      rows = rows.slice(comma[0].length)
    }
    const found = { json: `[${rows}]`, isNested }
    run = []
    runChars = 0
    rowsInRun = 0
    isFirstRun = false
    isNested = false
    return found
  }

  function cutLast(text: string): RowRun[] {
    return rowsInRun === 0 && run.every(isBlank) && isBlank(text) ? [] : [cut(text)]
  }

  return {
    write(text) {
      const runs: RowRun[] = []
      const { length } = text
      /** Where the part of `text` begins that is kept nowhere yet. */
      let from = 0
      for (let at = 0; at < length; at += 1) {
        if (inString) {
          // The greater part of an answer is passed in here.
          if (isEscaped) isEscaped = false
          else {
            let code = text.charCodeAt(at)
            while (code !== QUOTE && code !== BACKSLASH && at < length) {
              at += 1
              code = text.charCodeAt(at)
            }
            if (code === QUOTE) inString = false
            else if (code === BACKSLASH) isEscaped = true
          }
          continue
        }
        const code = text.charCodeAt(at)
        if (code === QUOTE) inString = true
        else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
          depth += 1
          if (depth > MAX_DEPTH) throw new Miscut('is nested too deeply')
          if (where === 'rows') isNested ||= depth > FLAT_DEPTH
          else if (depth === 2 && code === OPEN_BRACKET) {
            keepAround(text.slice(from, at))
            from = at
            if (!BEFORE_ROWS.test(around.slice(-LONGEST_BEFORE_ROWS))) continue
            if (where === 'after') throw new Miscut('has its rows twice')
            where = 'rows'
            keepAround('[')
            from = at + 1
          }
        } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
          depth -= 1
          if (where !== 'rows') continue
          if (depth === 2) {
            rowsInRun += 1
            if (rowsInRun < MAX_ROWS && runChars + at - from < ENOUGH_CHARS) continue
            runs.push(cut(text.slice(from, at + 1)))
            from = at + 1
          } else if (depth === 1) {
            runs.push(...cutLast(text.slice(from, at)))
            where = 'after'
            from = at
          }
        }
      }
      const rest = text.slice(from)
      if (where === 'rows') keepRow(rest)
      else keepAround(rest)
      return runs
    },
    end: () => ({ around, hasRows: where === 'after' }),
  }
}

function isBlank(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text)
}
