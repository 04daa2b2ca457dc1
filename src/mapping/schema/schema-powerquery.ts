// Reads the `powerquery` reader of a source.
import type { Report } from '../diagnostic.ts'
import type { MapEntry, Node } from '../files/tree.ts'
import type { ArgumentTree, ColumnTree, ExtensionTree, PowerqueryTree } from './mapping-tree.ts'
import { expectMap, needKey, readKeys, readWord } from './schema-reader.ts'

export function readPowerquery({ key, value }: MapEntry, report: Report): PowerqueryTree | undefined {
  const node = expectMap(value, '`powerquery`', report)
  if (node === undefined) return undefined
  const keys = readKeys(node, 'powerquery', report)
  const word = (name: 'core' | 'sql') => readWord(needKey(keys, name, key.place, report), `\`${name}\``, report)
  const core = word('core')
  const sql = word('sql')
  const columns = needKey(keys, 'columns', key.place, report)
  const columnTrees = columns && readColumns(columns, report)
  const within = keys.get('within')
  const withinTree = within && readWithin(within.value, report)
  const changed = readWord(keys.get('changed')?.value, '`changed`', report)
  const args = readArguments(keys.get('args')?.value, report)
  const extend = readExtensions(keys.get('extend')?.value, report)
  if (core === undefined || sql === undefined || columnTrees === undefined) return undefined
  return {
    place: key.place,
    core,
    sql,
    args,
    columns: columnTrees,
    extend,
    ...(withinTree && { within: withinTree }),
    ...(changed && { changed }),
  }
}

function readColumns(node: Node, report: Report): ColumnTree[] | undefined {
  const map = expectMap(node, '`columns`', report)
  return map?.entries.flatMap(({ key, value }) => {
    const column = readWord(value, 'a column', report)
    return column ? [{ path: key, column }] : []
  })
}

function readArguments(node: Node | undefined, report: Report): ArgumentTree[] {
  const map = node && expectMap(node, '`args`', report)
  return (map?.entries ?? []).flatMap(({ key, value }) => {
    const argument = expectMap(value, 'an argument', report)
    if (argument === undefined) return []
    const keys = readKeys(argument, 'argument', report)
    const is = readWord(needKey(keys, 'is', key.place, report), '`is`', report)
    const column = readWord(needKey(keys, 'column', key.place, report), '`column`', report)
    return is && column ? [{ key, is, column }] : []
  })
}

/** A map of one entry: the column, and the parent's. */
function readWithin(node: Node, report: Report): PowerqueryTree['within'] {
  const map = expectMap(node, '`within`', report)
  const [entry, more] = map?.entries ?? []
  if (map && (entry === undefined || more)) {
    const place = more ? more.key.place : map.place
    report(place, 'shape', '`within` names one column and its parent: `school_id: orgs.school.id`')
  }
  const parent = entry && readWord(entry.value, 'a parent', report)
  return entry && parent && { path: entry.key, parent }
}

/** `u_students_extension: { studentsdcid: id }` */
function readExtensions(node: Node | undefined, report: Report): ExtensionTree[] {
  const map = node && expectMap(node, '`extend` of a `powerquery`', report)
  return (map?.entries ?? []).flatMap(({ key: table, value }) => {
    const join = expectMap(value, 'an extension', report)
    const [entry, more] = join?.entries ?? []
    if (join && (entry === undefined || more)) {
      const message = 'an extension is joined by one column of its table to one of the row: `{ studentsdcid: id }`'
      report(more ? more.key.place : join.place, 'shape', message)
    }
    const to = entry && readWord(entry.value, 'a column', report)
    return entry && to ? [{ table, column: entry.key, to }] : []
  })
}
