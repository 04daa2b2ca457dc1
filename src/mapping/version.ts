// The version of a mapping: a digest of what it means. Comments, examples, layout and the order of files do not change it.
import type { CheckedMapping } from './check.ts'
import type { SourceTree } from './mapping-tree.ts'
import { printFormula } from './print-formula.ts'
import { tokenizeSql } from './sql-lexer.ts'

/** Lower-case hex SHA-256 of the merged, normalised tree. */
export async function mappingVersion({ tree }: CheckedMapping): Promise<string> {
  const meaning = {
    settings: sorted(tree.settings, ({ value }) => value),
    sources: sorted(tree.sources, meaningOf),
    tables: sorted(tree.tables, ({ codes, otherwise }) => ({ codes: [...codes].sort(), otherwise })),
    rules: sorted(tree.rules, ({ examples: _, ...rule }) => rule),
  }
  const bytes = new TextEncoder().encode(JSON.stringify(normalise(meaning)))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

const sorted = <T>(map: ReadonlyMap<string, T>, of: (value: T) => unknown) =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, of(value)])

/** The SQL of a query by its words, however it is laid out. */
function meaningOf({ powerquery, ...source }: SourceTree): unknown {
  if (powerquery === undefined) return source
  const { text } = powerquery.sql
  const words = tokenizeSql(text, () => {}).map(({ start, end }) => text.slice(start, end))
  return { ...source, powerquery: { ...powerquery, sql: words.join(' ') } }
}

type Part = Readonly<Record<string, unknown>>

/** Places go, formulas are printed, scalars are their text, maps are lists of pairs in their order. */
function normalise(part: unknown): unknown {
  if (part instanceof Map) return [...part].map(([name, value]) => [name, normalise(value)])
  if (Array.isArray(part)) return part.map(normalise)
  if (typeof part !== 'object' || part === null) return part
  const node: Part = { ...part }
  // The trees are plain data; these two kinds carry the text that was written.
  if (node.kind === 'formula') return `=${printFormula(node.expression as Parameters<typeof printFormula>[0])}`
  if (node.kind === 'scalar' && 'placeAt' in node) return node.text
  return Object.fromEntries(
    Object.entries(node)
      .filter(([name]) => name !== 'place' && name !== 'collectionKey')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, normalise(value)]),
  )
}
