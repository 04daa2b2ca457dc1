// A YAML scalar with the place of each of its characters, and the traps that end a formula early.
import type { Scalar } from 'yaml'
import type { Place } from '../diagnostic.ts'
import { MAX_FORMULA_LENGTH } from '../formula/formula.ts'
import type { ScalarNode } from './tree.ts'

export interface Source {
  readonly text: string
  readonly placeOf: (offset: number) => Place
}

/** The node of a scalar. Its text is the decoded one for quoted and block scalars, the written one for plain scalars. */
export function scalarNode(scalar: Scalar, source: Source): ScalarNode {
  const [start, end] = scalar.range ?? [0, 0]
  const plain = scalar.type === 'PLAIN' || scalar.type === undefined
  const isBlock = scalar.type === 'BLOCK_FOLDED' || scalar.type === 'BLOCK_LITERAL'
  const text = isBlock ? String(scalar.value).trimEnd() : (scalar.source ?? String(scalar.value ?? ''))
  const offsetIn = isBlock ? (scalar.type === 'BLOCK_LITERAL' ? offsetInLiteral : offsetInFolded) : offsetInSource
  const cut = plain && text.startsWith('=') ? cutBy(text, source.text, end) : undefined
  return {
    kind: 'scalar',
    place: source.placeOf(start),
    value: typeof scalar.value === 'string' ? text : literalOf(scalar.value),
    text,
    quoted: !plain,
    placeAt: (offset) => {
      return source.placeOf(offsetIn(text, offset, source.text.slice(start, end)) + start)
    },
    ...(cut && { cut }),
  }
}

function literalOf(value: unknown): string | number | boolean | null {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  return value === null || value === undefined ? null : String(value)
}

/** Whether a plain formula that is not finished ends where YAML saw a comma or a comment. One that is too long is not looked at. */
function cutBy(formula: string, text: string, end: number): 'comma' | 'comment' | undefined {
  if (formula.length > MAX_FORMULA_LENGTH || isFinished(formula)) return undefined
  const after = /^[ \t]*/.exec(text.slice(end, end + 200))?.[0].length ?? 0
  const next = text[end + after]
  if (next === ',') return 'comma'
  return next === '#' && after > 0 ? 'comment' : undefined
}

/** Whether parentheses, brackets and quotes are closed. */
function isFinished(formula: string): boolean {
  const outside = formula.replaceAll(/"(?:[^"\\]|\\.|"")*"/g, '')
  if (outside.includes('"')) return false
  const count = (pattern: RegExp) => outside.match(pattern)?.length ?? 0
  return count(/[([]/g) <= count(/[)\]]/g)
}

/**
 * The lines of a literal block are written as they are, each after the indent of the block: what is indented further belongs to
 * the text.
 */
function offsetInLiteral(text: string, offset: number, raw: string): number {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  let at = raw.indexOf('\n') + 1
  for (let from = before.indexOf('\n'); from >= 0; from = before.indexOf('\n', from + 1)) at = raw.indexOf('\n', at) + 1
  return at + indentOf(text, raw) + offset - lineStart
}

/** A folded block is walked side by side with its text: a line end is a blank there, or none where empty lines follow. */
function offsetInFolded(text: string, offset: number, raw: string): number {
  const indent = indentOf(text, raw)
  const lineStart = (from: number) => {
    let at = from
    while (at < from + indent && raw[at] === ' ') at++
    return at
  }
  let at = lineStart(raw.indexOf('\n') + 1)
  for (let index = 0; index < offset && at < raw.length; index++) {
    if (raw[at] === '\r') at++
    at = raw[at] === '\n' ? lineStart(at + 1) : at + 1
    while (text[index] === ' ' && raw[at] === '\n' && text[index + 1] !== '\n') at = lineStart(at + 1)
  }
  return at
}

/** By how much a block stands further in than its text. */
function indentOf(text: string, raw: string): number {
  const written = /^[^\n]*\n(?:[ \t]*\r?\n)*( *)/.exec(raw)?.[1]?.length ?? 0
  return written - (/^\n*( *)/.exec(text)?.[1]?.length ?? 0)
}

/** Walks decoded and written text side by side: escapes, folded lines and a quote take more room. */
function offsetInSource(text: string, offset: number, raw: string): number {
  let at = /^["']/.exec(raw)?.[0].length ?? 0
  for (let index = 0; index < offset && at < raw.length; index++) {
    const character = text[index]
    if (raw[at] === "'" && raw[at + 1] === "'" && raw[0] === "'") at += 2
    else if (raw[0] === '"' && raw[at] === '\\') at += 2
    else if (character === raw[at] && character !== '\n' && !isFold(raw, at)) at += 1
    else at += /^\s*/.exec(raw.slice(at))?.[0].length || 1
  }
  return at
}

const isFold = (raw: string, at: number) => /^[ \t]*\n/.test(raw.slice(at, at + 200))
