// Makes the named queries of a source: only the columns in use, and the forms for incremental reading.
import type { CheckedMapping } from '../check/check.ts'
import { SINCE, settingIn, usedArguments } from '../check/check-powerquery.ts'
import type { ColumnUses } from '../check/column-uses.ts'
import type { Place } from '../diagnostic.ts'
import type { PowerqueryTree, SourceTree } from '../schema/mapping-tree.ts'
import { freeAlias, selectText, type TextItem, wrapText } from '../sql/query-text.ts'
import { parseSql } from '../sql/sql-select.ts'
import { madeOf, type SqlItem, type SqlStatement, touchedBy } from '../sql/sql-tree.ts'
import { type Extension, extendQuery, usedExtensions } from './extend-query.ts'
import type { NamedQuery, PowerqueryReader, QueryArgument, QueryColumn, TouchedColumn } from './powerquery-plan.ts'

/** An item of the select list that is asked for, and what is made of it. */
interface Kept extends QueryColumn {
  readonly item: SqlItem
  readonly place: Place
  readonly uses: readonly string[]
}

interface Compiling {
  readonly source: SourceTree
  readonly reader: PowerqueryTree
  readonly statement: SqlStatement
  readonly kept: readonly Kept[]
}

export function compilePowerquery(
  source: SourceTree,
  { readers }: Pick<CheckedMapping, 'readers'>,
  uses: ColumnUses,
): PowerqueryReader | undefined {
  const { powerquery: reader } = source
  if (reader === undefined) return undefined
  const { statement, faults } = parseSql(reader.sql.text)
  if (statement === undefined) throw new Error(`unchecked SQL of ${source.name}: ${faults[0]?.message}`)
  const used = uses.get(source.name) ?? new Map<string, readonly string[]>()
  const compiling = { source, reader, statement, kept: keptItems(source, reader, statement, used) }
  const extensions = usedExtensions(source, reader, used)
  const touched = [...touchedColumns(compiling), ...extensions.flatMap((extension) => extension.touched)]
  const parent = readers.within.get(source.name)
  const incremental = extensions.length === 0 ? incrementalQueries(compiling) : undefined
  return {
    rows: rowsQuery(compiling, extensions),
    ...(incremental && { incremental }),
    ...(reader.within && parent && { within: { path: reader.within.path.text, parent } }),
    touched: once(touched),
  }
}

function keptItems(
  { name: source, key }: SourceTree,
  { columns, changed, within, extend }: PowerqueryTree,
  { select }: SqlStatement,
  used: ReadonlyMap<string, readonly string[]>,
): Kept[] {
  const own = (path: string): readonly string[] => [
    ...(path === changed?.text ? [`sources.${source}.changed`] : []),
    ...(path === within?.path.text ? [`sources.${source}.within`] : []),
    ...extend.flatMap(({ table, to }) => (path === to.text ? [`sources.${source}.extend.${table.text}`] : [])),
  ]
  return columns.flatMap(({ path: { text: path }, column }, index) => {
    const item = select.items[index]
    const uses = [...(used.get(path) ?? []), ...own(path)]
    if (item === undefined || (uses.length === 0 && path !== key.text)) return []
    const [table = '', name = ''] = column.text.toUpperCase().split('.')
    const asKey = uses.length === 0 ? [`sources.${source}.key`] : []
    return [{ alias: item.alias, path, table, column: name, item, place: column.place, uses: [...uses, ...asKey] }]
  })
}

const columnOf = ({ alias, path, table, column }: Kept): QueryColumn => ({ alias, path, table, column })

const itemOf = ({ text }: SqlStatement, { item }: Kept): TextItem => ({
  text: text.slice(item.start, item.end),
  alias: item.alias,
})

const textOf = ({ text }: SqlStatement, { start, end }: { readonly start: number; readonly end: number }) =>
  text.slice(start, end)

function rowsQuery(compiling: Compiling, extensions: readonly Extension[]): NamedQuery {
  const { source, statement, kept } = compiling
  const plain = {
    ...common(compiling, kept),
    name: source.name,
    sql: selectText(
      kept.map((item) => itemOf(statement, item)),
      textOf(statement, statement.from),
      textOf(statement, statement.order),
    ),
  }
  if (extensions.length === 0) return plain
  return extendQuery(plain, {
    statement,
    inner: innerText(compiling, kept),
    extensions,
    key: aliasAt(compiling, source.key.text),
  })
}

function common({ reader, statement }: Compiling, kept: readonly Kept[]) {
  return {
    core: reader.core.text.toLowerCase(),
    columns: kept.map(columnOf),
    arguments: argumentsOf(reader, [...kept.map(({ item }) => item.part), statement.select.rest]),
  }
}

function argumentsOf(reader: PowerqueryTree, parts: readonly SqlItem['part'][]): QueryArgument[] {
  return usedArguments(reader, parts).map(({ key, is, column }) => {
    const [table = '', name = ''] = column.text.toUpperCase().split('.')
    return { name: key.text, setting: settingIn(is.text), table, column: name }
  })
}

/** The select without its order, for another one around it. */
const innerText = ({ statement }: Compiling, kept: readonly Kept[]) =>
  selectText(
    kept.map((item) => itemOf(statement, item)),
    textOf(statement, statement.from),
  )

function keptAt({ kept, source }: Compiling, path: string): Kept {
  const found = kept.find((item) => item.path === path)
  if (found === undefined) throw new Error(`unchecked column ${source.name}.${path}`)
  return found
}

const aliasAt = (compiling: Compiling, path: string) => keptAt(compiling, path).alias

/** Of a source that has `changed`: key and day of every row (and its column for `within`), and the rows changed since a day or who knows when. */
function incrementalQueries(compiling: Compiling): PowerqueryReader['incremental'] {
  const { source, reader, statement, kept } = compiling
  if (reader.changed === undefined) return undefined
  const key = keptAt(compiling, source.key.text)
  const changed = keptAt(compiling, reader.changed.text)
  const around = freeAlias('b', statement)
  const orderBy = `order by ${around}.${key.alias}`
  const query = (name: string, items: readonly Kept[], rest: string): NamedQuery => ({
    ...common(compiling, items),
    name: `${source.name}_${name}`,
    sql: wrapText(
      items.map(({ alias }) => ({ text: `${around}.${alias} ${alias}`, alias })),
      { inner: innerText(compiling, items), alias: around, rest },
    ),
  })
  // Days as numbers: PowerSchool binds an argument as what its column is, and Oracle compares a text with no DATE.
  const day = `${around}.${changed.alias}`
  const digits = ['1, 4', '6, 2', '9, 2'].map((part) => `substr(${day}, ${part})`).join(' || ')
  const isChanged = `where (${digits}) + 0 >= :${SINCE} + 0 or ${day} is null`
  const changes = query('changes', kept, `${isChanged}\n${orderBy}`)
  const since = { name: SINCE, setting: undefined, table: key.table, column: key.column }
  return {
    keys: query(
      'keys',
      kept.filter((item) => item === key || item === changed || item.path === reader.within?.path.text),
      orderBy,
    ),
    changes: { ...changes, arguments: [...changes.arguments, since] },
    changed: reader.changed.text,
  }
}

/** What the rows query reads, in the order of its text; what only the plugin's declarations name comes last. */
function touchedColumns({ reader, statement, kept }: Compiling): TouchedColumn[] {
  const known = new Map<SqlItem['part'], ReadonlySet<string>>()
  const made = kept.map(({ item, uses }) => ({ names: madeOf(item.part, known), uses }))
  const usesOf = (name: string, more: readonly string[] = []) => [
    ...new Set([...made.flatMap(({ names, uses }) => (names.has(name) ? uses : [])), ...more]),
  ]
  const parts = [...kept.map(({ item }) => item.part), statement.select.rest]
  const read = parts.flatMap(touchedBy).map(({ table, column, offset }) => {
    const place = reader.sql.placeAt(offset)
    return { table, column, place, uses: usesOf(`${table}.${column}`) }
  })
  const declared = kept.map(({ table, column, place, uses }) => ({
    table,
    column,
    place,
    uses: usesOf(`${table}.${column}`, uses),
  }))
  const asked = usedArguments(reader, parts).map(({ column: { text, place } }) => {
    const [table = '', column = ''] = text.toUpperCase().split('.')
    return { table, column, place, uses: usesOf(`${table}.${column}`) }
  })
  return [...read, ...declared, ...asked]
}

/** The first of each column, with the uses of all. */
function once(touched: readonly TouchedColumn[]): TouchedColumn[] {
  const columns = new Map<string, TouchedColumn>()
  for (const column of touched) {
    const name = `${column.table}.${column.column}`
    const first = columns.get(name)
    columns.set(name, first ? { ...first, uses: [...new Set([...first.uses, ...column.uses])] } : column)
  }
  return [...columns.values()]
}
