// The version of a mapping: a digest of what it means. Comments, examples, layout and the order of files do not change it.
import type { CheckedMapping } from './check/check.ts'
import { normalise } from './normalise.ts'
import type { SourceTree } from './schema/mapping-tree.ts'
import { tokenizeSql } from './sql/sql-lexer.ts'

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
