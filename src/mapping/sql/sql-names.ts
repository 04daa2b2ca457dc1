// Checks that every column of a SQL names a table that it can see there, and of a derived table one of its columns.

import { suggest } from '../check/suggest.ts'
import { MAX_NAME } from './sql-from.ts'
import type { SqlFault } from './sql-lexer.ts'
import { type SqlColumn, type SqlPart, type SqlSelect, type SqlStatement, tableOf } from './sql-tree.ts'

type Fault = (found: SqlFault) => void

export function checkNames({ select, tables }: SqlStatement, fault: Fault): void {
  const aliases = new Set(tables.map(({ alias }) => alias))
  for (const part of partsOf(select)) checkPart(part, aliases, fault)
}

const partsOf = (select: SqlSelect): SqlPart[] => [...select.items.map(({ part }) => part), select.rest]

function checkPart(part: SqlPart, aliases: ReadonlySet<string>, fault: Fault): void {
  for (const column of part.columns) checkColumn(column, aliases, fault)
  for (const select of part.derived) for (const inner of partsOf(select)) checkPart(inner, aliases, fault)
}

function checkColumn(column: SqlColumn, aliases: ReadonlySet<string>, fault: Fault): void {
  const { alias, column: name, offset, columnOffset } = column
  const table = tableOf(column)
  if (table === undefined) {
    // A table here has no alias, which was told.
    if (visible(column).includes('')) return
    const message = aliases.has(alias)
      ? `\`${alias}\` can't be seen here: an \`on\` sees the tables before it, a derived table only its own`
      : `there is no table with the alias \`${alias}\`.${suggest(alias, visible(column))}`
    fault({ offset, message })
  } else if (table.name !== undefined) {
    if (name.length > MAX_NAME)
      fault({ offset: columnOffset, message: 'the name of a column has at most 30 characters' })
  } else {
    const known = table.selects[0]?.items.map((item) => item.alias) ?? []
    if (!known.includes(name)) {
      fault({
        offset: columnOffset,
        message: `the derived table \`${alias}\` gives no \`${name}\`.${suggest(name, known)}`,
      })
    }
  }
}

function visible({ select, sees }: SqlColumn): string[] {
  const seen = select.tables.slice(0, sees).map(({ alias }) => alias)
  for (let outer = select.parent; outer; outer = outer.parent) seen.push(...outer.tables.map(({ alias }) => alias))
  return seen
}
