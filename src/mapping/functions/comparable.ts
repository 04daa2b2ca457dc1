// Which types `=` and its kin can compare, for operators and for the functions that compare as they do.
import type { StaticType } from './static-type.ts'

/** Why two types cannot be compared, or undefined when they can. `operator` is the one, or the function, that compares. */
export function cannotCompare(left: StaticType, right: StaticType, operator: string): string | undefined {
  for (const type of [left, right]) {
    if (type.kind === 'list') return `\`${operator}\` compares single values, a list is searched with \`in\` or has( )`
    if (type.kind === 'row') return `\`${operator}\` compares single values, this is a row: name one of its columns`
  }
  const [a, b] = [comparableKind(left), comparableKind(right)]
  if (a === 'any' || b === 'any') return undefined
  if (a !== b)
    return `${withArticle(left.kind)} can't be compared with ${withArticle(right.kind)}.${CONVERSIONS[`${a} ${b}`] ?? ''}`
  return a === 'boolean' && ORDERING.has(operator) ? 'booleans have no order' : undefined
}

const ORDERING: ReadonlySet<string> = new Set(['<', '<=', '>', '>='])

const withArticle = (kind: string) => `${kind.startsWith('i') ? 'an' : 'a'} ${kind}`

const CONVERSIONS: Readonly<Record<string, string>> = {
  'number text': ' Wrap one in text( ) or number( ).',
  'text number': ' Wrap one in text( ) or number( ).',
  'date text': ' Wrap the text in date( ) with its format.',
  'text date': ' Wrap the text in date( ) with its format.',
}

function comparableKind(type: StaticType): string {
  if (type.kind === 'integer') return 'number'
  return type.kind === 'blank' ? 'any' : type.kind
}
