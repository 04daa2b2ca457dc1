// Checks what is said of a PowerQuery's columns and arguments against its SQL.

import type { Report } from '../diagnostic.ts'
import type { ScalarNode } from '../files/tree.ts'
import type { ColumnTree, SourceTree } from '../schema/mapping-tree.ts'
import { madeOf, type SqlItem, type SqlStatement, touchedBy } from '../sql/sql-tree.ts'
import { TABLE_COLUMN } from '../sql/sql-words.ts'
import type { Checking } from './check-powerquery.ts'
import { suggest } from './suggest.ts'

export function checkStatement(statement: SqlStatement, checking: Checking): void {
  const { source, reader, report } = checking
  const { select, tables } = statement
  const names = new Set(tables.flatMap(({ name }) => name ?? []))
  if (!names.has(reader.core.text.toUpperCase())) {
    const known = [...names].map((name) => name.toLowerCase())
    report(
      reader.core.place,
      'sql',
      `\`core\` is a table of the SQL, there is no \`${reader.core.text}\`.${suggest(reader.core.text, known)}`,
    )
  }
  checkBinds(statement, checking)
  const items = select.items.map((item) => ({ item, made: madeOf(item.part) }))
  const touched = new Set([...items.flatMap(({ made }) => [...made]), ...nameAll(select.rest)])
  for (const { column } of reader.args) {
    if (TABLE_COLUMN.test(column.text)) checkTouched(column, touched, 'the SQL', report)
  }
  if (select.items.length !== reader.columns.length) reportCount(statement, checking)
  else {
    for (const [index, { column }] of reader.columns.entries()) {
      const { item, made } = items[index] ?? {}
      if (item === undefined || made === undefined || !TABLE_COLUMN.test(column.text)) continue
      const isLiteral = made.size === 0
      checkTouched(column, isLiteral ? touched : made, isLiteral ? 'the SQL' : `\`${textOf(statement, item)}\``, report)
    }
    checkOrder(statement, source, checking)
  }
}

const nameAll = (part: SqlItem['part']) => touchedBy(part).map(({ table, column }) => `${table}.${column}`)

function textOf({ text }: SqlStatement, { start, end }: SqlItem): string {
  const written = text.slice(start, end).replaceAll(/\s+/g, ' ')
  return written.length > 40 ? `… ${written.slice(-38)}` : written
}

function checkTouched(column: ScalarNode, touched: ReadonlySet<string>, where: string, report: Report): void {
  if (touched.has(column.text.toUpperCase())) return
  report(
    column.place,
    'sql',
    `${where} does not read ${column.text}.${suggest(column.text.toUpperCase(), [...touched])}`,
  )
}

function checkBinds({ binds }: SqlStatement, { reader, report }: Checking): void {
  const known = reader.args.map(({ key }) => key.text)
  for (const { name, offset } of binds) {
    if (known.includes(name)) continue
    const hint = suggest(name, known) || ` Write \`args: { ${name}: { is: settings.…, column: TABLE.COLUMN } }\`.`
    report(reader.sql.placeAt(offset), 'sql', `\`args\` declares no \`:${name}\`.${hint}`)
  }
  for (const { key } of reader.args) {
    if (binds.some(({ name }) => name === key.text)) continue
    report(key.place, 'sql', `the SQL does not use \`:${key.text}\`. Remove the argument.`)
  }
}

/** Names the item that has no column, or the column that has no item: the first that does not fit to its neighbour. */
function reportCount(statement: SqlStatement, { reader, report }: Checking): void {
  const { items } = statement.select
  const fits = (index: number) => {
    const [item, column] = [items[index], reader.columns[index]]
    if (item === undefined || column === undefined) return false
    const isNamed = column.path.text.split('.').at(-1) === item.alias
    return isNamed || (madeOf(item.part).has(column.column.text.toUpperCase()) && isNameless(column, statement))
  }
  const first = Math.max(items.length, reader.columns.length)
  const odd = Array.from({ length: first }, (_, index) => index).find((index) => !fits(index)) ?? first - 1
  const counts = `the SQL selects ${items.length} columns, \`columns\` names ${reader.columns.length}`
  const item = items[odd]
  const extra = reader.columns[odd]
  if (items.length > reader.columns.length && item) {
    report(reader.sql.placeAt(item.start), 'sql', `${counts}: \`${textOf(statement, item)}\` is missing there`)
  } else if (extra) report(extra.path.place, 'sql', `${counts}: \`${extra.path.text}\` is not selected`)
}

/** Whether no item is named as the column is, so that names tell nothing of it. */
const isNameless = ({ path }: ColumnTree, { select }: SqlStatement) =>
  !select.items.some(({ alias }) => alias === path.text.split('.').at(-1))

/** Pages of rows in no order, or in one with ties, can repeat and miss rows. */
function checkOrder(statement: SqlStatement, source: SourceTree, { reader, report }: Checking): void {
  const index = reader.columns.findIndex(({ path }) => path.text === source.key.text)
  const item = statement.select.items[index]
  if (item === undefined) return
  const key = statement.text.slice(item.start, item.expressionEnd)
  if (statement.order.by.some((by) => plain(by) === plain(key))) return
  const message = `the order of the rows must name their key, or pages of them repeat and miss some. Write \`order by ${plain(key)}\`.`
  report(reader.sql.placeAt(statement.order.start), 'sql', message)
}

const plain = (sql: string) => sql.toLowerCase().replaceAll(/\s+/g, ' ')
