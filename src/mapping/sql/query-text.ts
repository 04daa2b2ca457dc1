// The texts of generated queries.
import type { SqlStatement } from './sql-tree.ts'

export interface TextItem {
  /** Expression and alias. */
  readonly text: string
  readonly alias: string
}

/** One item a line, then what follows. */
export function selectText(items: readonly TextItem[], ...rest: readonly string[]): string {
  return [`select ${items.map(({ text }) => text).join(',\n       ')}`, ...rest].join('\n')
}

interface Wrapping {
  /** A select without `order by`. */
  readonly inner: string
  readonly alias: string
  /** What follows the derived table. */
  readonly rest: string
}

/** A select around a select. */
export const wrapText = (items: readonly TextItem[], { inner, alias, rest }: Wrapping) =>
  selectText(items, 'from (', inner.replaceAll(/^/gm, '  '), `) ${alias}`, rest)

/** The name itself, or with a number where a table of the statement has it. */
export function freeAlias(name: string, { tables }: SqlStatement): string {
  const isTaken = (alias: string) => tables.some((table) => table.alias === alias)
  let alias = name
  for (let number = 1; isTaken(alias); number++) alias = `${name}${number}`
  return alias
}
