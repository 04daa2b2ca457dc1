// Reads sources and code tables.

import { suggest } from '../check/suggest.ts'
import type { Place, Report } from '../diagnostic.ts'
import { entryOf, type MapEntry, type Node, type ScalarNode } from '../files/tree.ts'
import { type Declared, rowShape, SCALAR_TYPES, shapeAt } from '../shape.ts'
import type { RestTree, SourceTree, TableTree } from './mapping-tree.ts'
import { checkExtensions } from './schema-extension.ts'
import { readPowerquery } from './schema-powerquery.ts'
import { expectMap, needKey, readKeys, readWord, readWords } from './schema-reader.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Names that formulas use must be names in them. */
export function checkName(key: ScalarNode, what: string, report: Report): boolean {
  if (NAME.test(key.text)) return true
  report(key.place, 'name', `\`${key.text}\` can't name ${what}: use letters, digits and _, not beginning with a digit`)
  return false
}

export function readSource({ key, name, value }: MapEntry, report: Report): SourceTree | undefined {
  const node = expectMap(value, 'a source', report)
  if (node === undefined || !checkName(key, 'a source', report)) return undefined
  const keys = readKeys(node, 'source', report)
  const fields = needKey(keys, 'fields', key.place, report)
  const keyColumn = readWord(needKey(keys, 'key', key.place, report), '`key`', report)
  const declared = fields && readColumns(fields, report)
  if (declared === undefined || keyColumn === undefined) return undefined
  const shape = rowShape(declared)
  const column = shapeAt(shape, [keyColumn.text])
  if (column?.kind !== 'scalar') {
    const isTold =
      fields?.kind === 'map' && entryOf(fields, keyColumn.text) !== undefined && !declared.has(keyColumn.text)
    if (isTold) return undefined
    const hint = suggest(keyColumn.text, [...declared.keys()])
    report(keyColumn.place, 'path', `\`${name}\` has no column \`${keyColumn.text}\` for its key.${hint}`)
    return undefined
  }
  const rest = keys.get('rest')
  const restTree = rest && readRest(rest, report)
  checkExtensions(keys, shape, report)
  const powerquery = keys.get('powerquery')
  const powerqueryTree = powerquery && readPowerquery(powerquery, report)
  if (!rest && !powerquery) {
    report(key.place, 'key', `\`${name}\` has neither \`rest:\` nor \`powerquery:\`, so nothing reads it`)
  }
  const when = readWord(keys.get('when')?.value, '`when`', report)
  return {
    name,
    place: key.place,
    key: keyColumn,
    shape,
    ...(restTree && { rest: restTree }),
    ...(powerqueryTree && { powerquery: powerqueryTree }),
    ...(when && { when }),
  }
}

function readRest({ key, value }: MapEntry, report: Report): RestTree | undefined {
  const node = expectMap(value, '`rest`', report)
  if (node === undefined) return undefined
  const keys = readKeys(node, 'rest', report)
  const get = readWord(needKey(keys, 'get', key.place, report), '`get`', report)
  const rows = readWord(needKey(keys, 'rows', key.place, report), '`rows`', report)
  const q = readWord(keys.get('q')?.value, '`q`', report)
  if (get === undefined || rows === undefined) return undefined
  return {
    place: key.place,
    get,
    ...(q && { q }),
    expand: readWords(keys.get('expand')?.value, '`expand`', report),
    extend: readWords(keys.get('extend')?.value, '`extend`', report),
    rows: rows.text,
  }
}

function readColumns(node: Node, report: Report): Map<string, Declared> | undefined {
  const map = expectMap(node, '`fields` of a source', report)
  if (map === undefined) return undefined
  const columns = new Map<string, Declared>()
  for (const { key, name, value } of map.entries) {
    const declared = checkName(key, 'a column', report) ? readDeclared(value, report) : undefined
    if (declared !== undefined) columns.set(name, declared)
  }
  return columns
}

function readDeclared(node: Node, report: Report): Declared | undefined {
  if (node.kind === 'map') {
    const group = readColumns(node, report)
    return group && { group }
  }
  if (node.kind === 'list') {
    const [item, ...more] = node.items
    if (item === undefined || more.length > 0) {
      report(node.place, 'shape', 'a list column names the type of its members once: `[text]` or `[{ … }]`')
      return undefined
    }
    const listOf = readDeclared(item, report)
    return listOf && { listOf }
  }
  const type = SCALAR_TYPES.find((known) => known === node.text)
  if (type === undefined) {
    const found = node.text === '' ? 'nothing' : `\`${node.text}\``
    report(node.place, 'type', `a column's type can't be ${found}.${suggest(node.text, SCALAR_TYPES)}`)
  }
  return type
}

/** Keys and values are taken as written, so that `01` stays `01`. */
export function readTable({ key, name, value }: MapEntry, report: Report): TableTree | undefined {
  if (name === 'examples' && value.kind === 'list') {
    report(key.place, 'shape', 'examples stand in a rule, beside its fields: entities, users, student, examples')
    return undefined
  }
  const node = expectMap(value, 'a code table', report)
  if (node === undefined || !checkName(key, 'a table', report)) return undefined
  const codes = new Map<string, string>()
  const places = new Map<string, Place>()
  let otherwise: TableTree['otherwise'] = 'error'
  for (const entry of node.entries) {
    const text = readWord(entry.value, "a code table's value", report)?.text
    if (text === undefined) continue
    places.set(entry.name, entry.key.place)
    if (entry.name !== 'otherwise' || entry.key.quoted) codes.set(entry.name, text)
    else otherwise = OTHERWISE.find((word) => word === text) ?? { value: text }
  }
  if (codes.size === 0) report(key.place, 'shape', `a code table lists codes, \`${key.text}\` has none`)
  return { place: key.place, codes, places, otherwise }
}

const OTHERWISE = ['error', 'blank', 'same'] as const
