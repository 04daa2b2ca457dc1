// Checks the `powerquery` reader of a source: its SQL, and what is said of each of its columns and arguments.

import type { Report } from '../diagnostic.ts'
import type { ScalarNode } from '../files/tree.ts'
import type {
  ArgumentTree,
  ColumnTree,
  ExtensionTree,
  MappingTree,
  PowerqueryTree,
  SourceTree,
} from '../schema/mapping-tree.ts'
import { isSmall } from '../schema/schema-extension.ts'
import { shapeAt } from '../shape.ts'
import { MAX_NAME } from '../sql/sql-from.ts'
import { parseSql } from '../sql/sql-select.ts'
import { bindsOf, type SqlItem } from '../sql/sql-tree.ts'
import { isReserved, TABLE_COLUMN } from '../sql/sql-words.ts'
import { checkStatement } from './check-select-list.ts'
import { columnAt, leafPaths } from './column-paths.ts'
import { settingNames, settingType } from './scope.ts'
import { suggest } from './suggest.ts'

export interface Checking {
  readonly source: SourceTree
  readonly reader: PowerqueryTree
  readonly tree: MappingTree
  readonly report: Report
}

export function checkPowerquery(source: SourceTree, tree: MappingTree, report: Report): void {
  const { powerquery: reader } = source
  if (source.when) checkWhen(source.when, tree, report)
  if (reader === undefined) return
  const checking = { source, reader, tree, report }
  const { statement, faults } = parseSql(reader.sql.text)
  for (const { offset, message } of faults) report(reader.sql.placeAt(offset), 'sql', message)
  for (const column of reader.columns) checkPath(column, checking)
  checkQueryNames(checking)
  checkDelivered(checking)
  for (const argument of reader.args) checkArgument(argument, checking)
  for (const extension of reader.extend) checkExtension(extension, checking)
  if (statement) checkStatement(statement, checking)
}

function checkWhen(when: ScalarNode, tree: MappingTree, report: Report): void {
  const name = settingIn(when.text)
  const type = name === undefined ? undefined : settingType(tree, name)
  if (type === undefined) {
    report(
      when.place,
      'name',
      `\`when\` takes a setting, there is no \`${when.text}\`.${suggest(when.text, settingPaths(tree))}`,
      [when.text],
    )
  } else if (type.kind !== 'boolean') {
    report(when.place, 'type', `\`when\` takes a setting that is true or false, \`${when.text}\` is ${type.kind}`)
  }
}

/** `start_year` of `settings.start_year`. */
export const settingIn = (text: string): string | undefined => /^settings\.(\w+)$/.exec(text)?.[1]

const settingPaths = (tree: MappingTree) => settingNames(tree).map((name) => `settings.${name}`)

/** Queries are named as their source, in PowerSchool's snake case. */
function checkQueryNames({ source, reader, tree, report }: Checking): void {
  const { name, place } = source
  if (!/^[a-z][a-z0-9_]{0,59}$/.test(name)) {
    report(place, 'name', `\`${name}\` can't name a query: at most 60 characters of a-z, 0-9 and _`)
  }
  if (reader.changed === undefined) return
  for (const made of [`${name}_keys`, `${name}_changes`]) {
    if (!tree.sources.get(made)?.powerquery) continue
    report(
      reader.changed.place,
      'name',
      `\`changed\` makes a query \`${made}\`, which is a source already. Rename that source.`,
    )
  }
}

function checkPath({ path, column }: ColumnTree, { source, reader, tree, report }: Checking): void {
  const shape = columnAt(source.shape, path.text)
  if (shape === undefined && isRemoved(path.text, source, tree)) return
  if (shape === undefined) {
    const known = leafPaths(source.shape)
    report(path.place, 'path', `\`${source.name}\` has no column \`${path.text}\`.${suggest(path.text, known)}`)
  } else if (shape.kind !== 'scalar') {
    report(path.place, 'type', `\`${source.name}.${path.text}\` is a ${shape.kind}: name one of its members`)
  } else if (isOfExtension(path.text, reader)) {
    report(path.place, 'shape', `\`${path.text}\` comes from the table of \`extend\`. Leave it out here.`)
  }
  checkTableColumn(column, report)
}

/** A layer that takes a column away leaves the query as it is: what no rule uses is not asked for. */
const isRemoved = (path: string, { name }: SourceTree, { removed }: MappingTree) =>
  path
    .split('.')
    .some((_, index, names) => removed.has(`sources.${name}.fields.${names.slice(0, index + 1).join('.')}`))

const isOfExtension = (path: string, { extend }: PowerqueryTree) =>
  extend.some(({ table }) => path.startsWith(`${table.text}.`))

function checkTableColumn(node: ScalarNode, report: Report): void {
  const [, table = '', column = ''] = TABLE_COLUMN.exec(node.text) ?? []
  if (table === '') {
    report(node.place, 'shape', `a column of PowerSchool is written TABLE.COLUMN, found \`${node.text}\``)
  } else if (table.length > MAX_NAME || column.length > MAX_NAME) {
    report(node.place, 'shape', `the names of tables and columns have at most ${MAX_NAME} characters`)
  }
}

/** Key, `changed` and `within` name columns that the query delivers. */
function checkDelivered(checking: Checking): void {
  const { source, reader, report } = checking
  if (!isDelivered(source.key.text, reader)) {
    report(reader.place, 'key', `\`columns\` does not deliver \`${source.key.text}\`, the key of \`${source.name}\``)
  }
  const { changed, within } = reader
  if (
    within &&
    checkIsDelivered(within.path, '`within`', checking) &&
    !shapeAt(source.shape, within.path.text.split('.'))
  ) {
    report(within.path.place, 'type', `\`within\` takes a single column, \`${within.path.text}\` stands in a list`)
  }
  if (changed === undefined || !checkIsDelivered(changed, '`changed`', checking)) return
  const shape = shapeAt(source.shape, changed.text.split('.'))
  if (shape?.kind !== 'scalar' || shape.type !== 'date') {
    report(changed.place, 'type', `\`changed\` takes a date column, \`${source.name}.${changed.text}\` is none`)
  }
}

const isDelivered = (path: string, { columns }: PowerqueryTree) => columns.some((column) => column.path.text === path)

function checkIsDelivered(node: ScalarNode, what: string, { reader, report }: Checking): boolean {
  if (isDelivered(node.text, reader)) return true
  const known = reader.columns.map(({ path }) => path.text)
  report(
    node.place,
    'path',
    `${what} takes a column that the query delivers, not \`${node.text}\`.${suggest(node.text, known)}`,
  )
  return false
}

/** The argument that the crawl gives to what it asks by `changed`. */
export const SINCE = 'since'

function checkArgument({ key, is, column }: ArgumentTree, { tree, report }: Checking): void {
  if (key.text === SINCE) {
    report(key.place, 'name', '`since` is the argument of queries made for `changed`. Give this one another name.')
  } else if (!/^[a-z][a-z0-9_]{0,29}$/.test(key.text)) {
    report(key.place, 'name', `\`${key.text}\` can't name an argument: at most 30 characters of a-z, 0-9 and _`)
  } else if (isReserved(key.text)) {
    report(key.place, 'name', `\`${key.text}\` is a word of SQL. Give the argument another name.`)
  }
  const name = settingIn(is.text)
  const type = name === undefined ? undefined : settingType(tree, name)
  if (type === undefined) {
    report(
      is.place,
      'name',
      `\`is\` takes a setting, there is no \`${is.text}\`.${suggest(is.text, settingPaths(tree))}`,
    )
  } else if (!['text', 'integer', 'any'].includes(type.kind)) {
    report(is.place, 'type', `an argument is text or an integer, \`${is.text}\` is ${type.kind}`)
  }
  checkTableColumn(column, report)
}

/** The columns of an extension are the declared group of its table's name. */
function checkExtension({ table, column, to }: ExtensionTree, checking: Checking): void {
  const { source, report } = checking
  const group = source.shape.members.get(table.text)
  const isOfSmall = isSmall(table, report)
  if (isOfSmall && !/^[a-z][a-z0-9_]{0,29}$/.test(table.text)) {
    report(
      table.place,
      'name',
      `\`${table.text}\` can't name an extension table: at most 30 characters of a-z, 0-9 and _`,
    )
  } else if (isOfSmall && group?.kind !== 'group') {
    const message = `declare the columns of \`${table.text}\` in \`fields\`: \`${table.text}: { … }\``
    report(table.place, 'path', message)
  } else if (group?.kind === 'group' && [...group.members.values()].some((member) => member.kind !== 'scalar')) {
    report(table.place, 'type', `the columns of \`${table.text}\` are single values, not groups or lists`)
  }
  if (!/^[A-Za-z][A-Za-z0-9_]{0,29}$/.test(column.text)) {
    report(column.place, 'shape', `\`${column.text}\` can't name a column of \`${table.text}\``)
  } else isSmall(column, report)
  checkIsDelivered(to, '`extend`', checking)
}

/** The arguments that these parts of a statement use. */
export const usedArguments = (reader: PowerqueryTree, parts: readonly SqlItem['part'][]): ArgumentTree[] => {
  const used = new Set(parts.flatMap((part) => [...bindsOf(part)]))
  return reader.args.filter(({ key }) => used.has(key.text))
}
