// Checks what a source says of extension tables: in small letters, declared, and read by what declares them.
import type { Report } from '../diagnostic.ts'
import { entryOf, type MapNode, type Node, type ScalarNode } from '../files/tree.ts'
import { EXTENSION_TABLE, type RowShape } from '../shape.ts'
import { isFormula, type Keys } from './schema-reader.ts'

/** Everything that is delivered is in small letters: what is written otherwise would be blank for ever. */
export function isSmall({ text, place }: ScalarNode, report: Report): boolean {
  const small = text.toLowerCase()
  // What can be no name at all is told as that.
  if (text === small || !/^\w+$/.test(text)) return true
  report(place, 'name', `write extension tables and their columns in small letters: \`${small}\``)
  return false
}

export function checkExtensions(keys: Keys<'source'>, shape: RowShape, report: Report): void {
  const byRest = tablesIn(extendOf(keys, 'rest'))
  const byQuery = tablesIn(extendOf(keys, 'powerquery'))
  checkDeclared(byRest, shape, report)
  const read = new Set([...byRest, ...byQuery].map(({ text }) => text.toLowerCase()))
  const fields = keys.get('fields')?.value
  const queried = mapIn(mapIn(keys.get('powerquery')?.value), 'columns')
  for (const { key, name, value } of fields?.kind === 'map' ? fields.entries : []) {
    const isRead = read.has(name.toLowerCase())
    if (value.kind !== 'map' || !(isRead || EXTENSION_TABLE.test(name))) continue
    const isDelivered = queried?.entries.some((column) => column.name.startsWith(`${name}.`)) === true
    if (isSmall(key, report) && !isRead && !isDelivered) tellUnread(key, keys, report)
    for (const column of value.entries) isSmall(column.key, report)
  }
}

/** What PowerSchool is not known to have it leaves out silently, and what is not declared is dropped at the door. */
function checkDeclared(tables: readonly ScalarNode[], shape: RowShape, report: Report): void {
  for (const table of tables) {
    const name = table.text
    if (!isSmall(table, report) || shape.members.get(name)?.kind === 'group') continue
    report(table.place, 'path', `declare the columns of \`${name}\` in \`fields\`: \`${name}: { … }\``)
  }
}

function tellUnread({ text, place }: ScalarNode, keys: Keys<'source'>, report: Report): void {
  const rest = keys.has('rest') ? [`\`rest: { extend: [${text}] }\``] : []
  const query = keys.has('powerquery') ? [`\`powerquery: { extend: { ${text}: { …: ${keyOf(keys)} } } }\``] : []
  const removed = READERS.map((reader) => mapIn(keys.get(reader)?.value)?.removed?.get('extend'))
  const at = removed.find((found) => found !== undefined) ?? place
  report(
    at,
    'path',
    `nothing reads \`${text}\`: name it in ${[...rest, ...query].join(', for PowerQuery in ')}, or leave it out`,
  )
}

const READERS = ['rest', 'powerquery'] as const

function keyOf(keys: Keys<'source'>): string {
  const key = keys.get('key')?.value
  return key?.kind === 'scalar' ? key.text : '…'
}

/** The names in an `extend`: a word, a list of words, or the keys of a map. */
function tablesIn(node: Node | undefined): ScalarNode[] {
  if (node === undefined) return []
  if (node.kind === 'map') return node.entries.map(({ key }) => key)
  const items = node.kind === 'list' ? node.items : [node]
  return items.flatMap((item) => (item.kind === 'scalar' && !isFormula(item) ? item : []))
}

const extendOf = (keys: Keys<'source'>, reader: (typeof READERS)[number]): Node | undefined =>
  nodeIn(mapIn(keys.get(reader)?.value), 'extend')

const nodeIn = (map: MapNode | undefined, name: string): Node | undefined => map && entryOf(map, name)?.value

function mapIn(node: Node | undefined, name?: string): MapNode | undefined {
  const found = name === undefined || node?.kind !== 'map' ? node : nodeIn(node, name)
  return found?.kind === 'map' ? found : undefined
}
