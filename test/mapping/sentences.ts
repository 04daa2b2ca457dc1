// Finds the sentences that a source file can say: its string literals and templates of several words.

export interface Sentence {
  readonly line: number
  /** The words that are always said, in order; anything stands between them. */
  readonly parts: readonly string[]
  /** What stands before the literal in its statement: `throw new Error(`, `doc:`. */
  readonly before: string
}

/** Every literal with three words or more, outside of comments. A template in a template is a sentence of its own too. */
export function sentencesIn(source: string): Sentence[] {
  const found: Sentence[] = []
  readCode(source, 0, undefined, found)
  return found.filter(
    ({ parts }) =>
      parts.some((part) => part.includes(' ')) && (parts.join(' x ').match(/[A-Za-z']{2,}/g)?.length ?? 0) >= 3,
  )
}

/** Reads code up to `end` (or the end of the text), and gives the offset after it. */
function readCode(source: string, start: number, end: '}' | undefined, found: Sentence[]): number {
  let depth = 0
  let at = start
  while (at < source.length) {
    const character = source[at]
    const two = source.slice(at, at + 2)
    if (two === '//') at = indexOrEnd(source, '\n', at)
    else if (two === '/*') at = indexOrEnd(source, '*/', at) + 2
    else if (character === '/' && /[=(,:[!&|?>]\s*$|return\s*$/.test(source.slice(Math.max(0, at - 20), at)))
      at = endOfRegExp(source, at)
    else if (character === "'" || character === '"') at = readQuoted(source, at, found)
    else if (character === '`') at = readTemplate(source, at, found)
    else if (character === '}' && depth === 0 && end === '}') return at + 1
    else {
      if (character === '{') depth++
      if (character === '}') depth--
      at++
    }
  }
  return at
}

const indexOrEnd = (text: string, part: string, from: number) => {
  const at = text.indexOf(part, from)
  return at < 0 ? text.length : at
}

function endOfRegExp(source: string, start: number): number {
  let inClass = false
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '[') inClass = true
    else if (source[at] === ']') inClass = false
    else if ((source[at] === '/' && !inClass) || source[at] === '\n') return at + 1
  }
  return source.length
}

function readQuoted(source: string, start: number, found: Sentence[]): number {
  let at = start + 1
  while (at < source.length && source[at] !== source[start]) at += source[at] === '\\' ? 2 : 1
  found.push(sentence(source, start, [source.slice(start + 1, at)]))
  return at + 1
}

function readTemplate(source: string, start: number, found: Sentence[]): number {
  const parts: string[] = []
  let from = start + 1
  let at = from
  while (at < source.length && source[at] !== '`') {
    if (source.slice(at, at + 2) === '${') {
      parts.push(source.slice(from, at))
      at = readCode(source, at + 2, '}', found)
      from = at
    } else at += source[at] === '\\' ? 2 : 1
  }
  found.push(sentence(source, start, [...parts, source.slice(from, at)]))
  return at + 1
}

function sentence(source: string, start: number, parts: readonly string[]): Sentence {
  const line = source.slice(0, start).split('\n').length
  return { line, parts: parts.map(plain), before: source.slice(Math.max(0, start - 40), start) }
}

/** Without the backslashes that only the literal needs. */
export const plain = (literal: string) => literal.replaceAll(/\\(.)/g, '$1')
