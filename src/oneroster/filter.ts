// Parses the filter language (v1.1 section 3.4.3) into comparisons, leniently where consumers are known to stray.

export type Predicate = '=' | '!=' | '>' | '>=' | '<' | '<=' | '~'

export interface FilterComparison {
  /** A field name or a dot path, as written. */
  readonly field: string
  readonly predicate: Predicate
  readonly value: string
  /** Where the field begins in the filter, from 1. */
  readonly position: number
}

/** Holds when every comparison of at least one of the groups holds: AND binds tighter than OR. */
export interface Filter {
  readonly anyOf: readonly (readonly FilterComparison[])[]
}

export interface FilterFault {
  /** From 1, in the filter's text. */
  readonly position: number
  readonly description: string
}

export type ParsedFilter =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly fault: FilterFault }

/** Long enough for any field and metadata key, short enough to be quoted in an answer. */
const FIELD = /[A-Za-z0-9_:-]{1,100}(?:\.[A-Za-z0-9_:-]{1,100}){0,4}/y
const PREDICATE = /!=|>=|<=|[=<>~]/y
const BLANKS = /\s*/y
const CONNECTIVE = /\s+(AND|OR)(?=\s|$)/y
const CONNECTIVE_IN_LOWER_CASE = /\s+(?:and|or)\s+[A-Za-z0-9_.:-]+\s*(?:!=|>=|<=|[=<>~])\s*['‘’]/iy

/**
 * A closing quote is one that ends the text or stands before ` AND ` or ` OR `, so that O'Brien needs no escape; `''` is
 * accepted as one. Lower-case connectives, brackets and values without quotes are faults.
 */
export function parseFilter(source: string): ParsedFilter {
  const text = source.trimEnd()
  const anyOf: FilterComparison[][] = [[]]
  let at = 0
  for (;;) {
    const read = readComparison(text, at)
    if ('description' in read) return { ok: false, fault: read }
    anyOf.at(-1)?.push(read.comparison)
    if (read.end === text.length) return { ok: true, filter: { anyOf } }
    const [connective = '', word] = match(CONNECTIVE, text, read.end) ?? []
    if (word === 'OR') anyOf.push([])
    at = read.end + connective.length
  }
}

function readComparison(
  text: string,
  start: number,
): { readonly comparison: FilterComparison; readonly end: number } | FilterFault {
  let at = afterBlanks(text, start)
  const position = at + 1
  const [field] = match(FIELD, text, at) ?? []
  if (field === undefined) return faultAt(at, `A field name was expected${found(text, at)}.`)
  at = afterBlanks(text, at + field.length)
  const [predicate] = match(PREDICATE, text, at) ?? []
  if (predicate === undefined) {
    return faultAt(at, `After ${field}, one of = != > >= < <= ~ was expected${found(text, at)}.`)
  }
  at = afterBlanks(text, at + predicate.length)
  const quoted = readQuoted(text, at)
  if ('description' in quoted) return quoted
  // The pattern matches nothing but predicates.
  const comparison = { field, predicate: predicate as Predicate, value: quoted.value, position }
  return { comparison, end: quoted.end }
}

function readQuoted(text: string, start: number): { readonly value: string; readonly end: number } | FilterFault {
  const opening = text.charAt(start)
  if (!isQuote(opening)) return faultAt(start, `A value in single quotes was expected${found(text, start)}.`)
  // Typographic quotes are what a published example becomes when it is pasted; they close each other.
  const closes = (char: string) => (opening === "'" ? char === "'" : isQuote(char))
  let value = ''
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (!closes(char)) {
      value += char
      continue
    }
    const next = at + 1
    if (next === text.length || match(CONNECTIVE, text, next)) return { value, end: next }
    if (match(CONNECTIVE_IN_LOWER_CASE, text, next)) {
      return faultAt(next + 1, 'AND and OR are written in capital letters.')
    }
    value += char
    if (char === "'" && text.charAt(next) === "'" && next + 1 < text.length) at = next
  }
  return faultAt(start, 'The value that begins here has no closing quote at the end or before AND or OR.')
}

function isQuote(char: string): boolean {
  return char === "'" || char === '‘' || char === '’'
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function afterBlanks(text: string, at: number): number {
  return at + (match(BLANKS, text, at)?.[0].length ?? 0)
}

function found(text: string, at: number): string {
  return at >= text.length ? ', but the filter ends' : `, but ${text.charAt(at)} was found`
}

function faultAt(index: number, description: string): FilterFault {
  return { position: index + 1, description }
}
