// Joins extension tables, one to one, around a source's query.
import type { PowerqueryTree, SourceTree } from '../schema/mapping-tree.ts'
import { freeAlias, wrapText } from '../sql/query-text.ts'
import type { SqlStatement } from '../sql/sql-tree.ts'
import { isReserved } from '../sql/sql-words.ts'
import type { NamedQuery, QueryColumn, TouchedColumn } from './powerquery-plan.ts'

/** An extension table of which something is used. */
export interface Extension {
  readonly table: string
  /** The column of the table that is joined, and the path of the row's column that it equals. */
  readonly column: string
  readonly to: string
  readonly members: readonly { readonly name: string; readonly isDate: boolean }[]
  readonly touched: readonly TouchedColumn[]
}

export function usedExtensions(
  { shape }: SourceTree,
  { extend }: PowerqueryTree,
  used: ReadonlyMap<string, readonly string[]>,
): Extension[] {
  return extend.flatMap(({ table, column, to }) => {
    const group = shape.members.get(table.text)
    const members = [...(group?.kind === 'group' ? group.members : [])].flatMap(([name, member]) =>
      used.has(`${table.text}.${name}`) ? [{ name, isDate: member.kind === 'scalar' && member.type === 'date' }] : [],
    )
    if (members.length === 0) return []
    const touch = (name: string, uses: readonly string[]): TouchedColumn => {
      return { table: table.text.toUpperCase(), column: name.toUpperCase(), place: table.place, uses }
    }
    const touched = members.map(({ name }) => touch(name, used.get(`${table.text}.${name}`) ?? []))
    const joined = { ...touch(column.text, []), place: column.place }
    return [{ table: table.text, column: column.text, to: to.text, members, touched: [...touched, joined] }]
  })
}

interface Extending {
  readonly statement: SqlStatement
  /** The query without its order. */
  readonly inner: string
  readonly extensions: readonly Extension[]
  /** The alias of the key. */
  readonly key: string
}

/** The same rows, each with the columns of its extensions. */
export function extendQuery(plain: NamedQuery, { statement, inner, extensions, key }: Extending): NamedQuery {
  const around = freeAlias('b', statement)
  const names = new Set(plain.columns.map(({ alias }) => alias))
  const joined = extensions.map((extension, index) => {
    const alias = freeAlias(`x${index + 1}`, statement)
    const columns = extension.members.map((member) => extensionColumn(member, { extension, alias, names }))
    const own = plain.columns.find(({ path }) => path === extension.to)?.alias ?? key
    const join = `left join ${extension.table} ${alias} on ${alias}.${extension.column} = ${around}.${own}`
    return { columns, join }
  })
  const added = joined.flatMap(({ columns }) => columns)
  const items = [
    ...plain.columns.map(({ alias }) => ({ text: `${around}.${alias} ${alias}`, alias })),
    ...added.map(({ text, alias }) => ({ text, alias })),
  ]
  const rest = [...joined.map(({ join }) => join), `order by ${around}.${key}`].join('\n')
  return {
    ...plain,
    sql: wrapText(items, { inner, alias: around, rest }),
    columns: [...plain.columns, ...added.map(({ text: _, ...column }) => column)],
  }
}

function extensionColumn(
  { name, isDate }: Extension['members'][number],
  { extension, alias, names }: { extension: Extension; alias: string; names: Set<string> },
): QueryColumn & { readonly text: string } {
  const plain = name.toLowerCase()
  let own = plain
  for (let number = 1; names.has(own) || isReserved(own) || own.length > 30; number++) {
    own = `${plain.slice(0, 24)}_${alias}_${number}`.slice(0, 30)
  }
  names.add(own)
  const read = `${alias}.${name}`
  return {
    text: `${isDate ? `to_char(${read}, 'YYYY-MM-DD')` : read} ${own}`,
    alias: own,
    path: `${extension.table}.${name}`,
    table: extension.table.toUpperCase(),
    column: name.toUpperCase(),
  }
}
