// Makes the positioned tree of the YAML parser's nodes, and refuses what mappings do not use of YAML.
import { isAlias, isMap, isScalar, isSeq, type Node as YamlNode } from 'yaml'
import type { Place, Report } from '../diagnostic.ts'
import { type Source, scalarNode } from './scalar.ts'
import type { ListNode, MapEntry, MapNode, Node, ScalarNode } from './tree.ts'
import { TOO_DEEP } from './yaml-message.ts'

const MAX_DEPTH = 40
const CORE_TAG = 'tag:yaml.org,2002:'

interface Reading {
  readonly source: Source
  readonly report: Report
  readonly depth: number
}

/** The node, without what mappings do not use of YAML, which is reported. */
export function readNode(node: YamlNode, reading: Reading): Node | undefined {
  const { source, report, depth } = reading
  const place = source.placeOf(node.range?.[0] ?? 0)
  if (isAlias(node)) {
    report(place, 'yaml', `aliases (\`*${node.source}\`) are not used in mappings. Write the value out.`)
    return undefined
  }
  if (node.anchor) report(place, 'yaml', `anchors (\`&${node.anchor}\`) are not used in mappings. Remove it.`)
  if (node.tag)
    report(place, 'yaml', `tags (\`${node.tag.replace(CORE_TAG, '!!')}\`) are not used in mappings. Remove it.`)
  if (depth > MAX_DEPTH) {
    report(place, 'yaml', TOO_DEEP)
    return undefined
  }
  const inside = { source, report, depth: depth + 1 }
  if (isMap<YamlNode, YamlNode | null>(node)) return readMap(node, place, inside)
  if (isSeq<YamlNode>(node)) return readList(node, place, inside)
  return isScalar(node) ? scalarNode(node, source) : undefined
}

function readMap(
  node: { readonly flow?: boolean; readonly items: readonly { key: YamlNode; value: YamlNode | null }[] },
  place: Place,
  reading: Reading,
): MapNode {
  const entries: MapEntry[] = []
  const seen = new Map<string, Place>()
  let cut = false
  for (const item of node.items) {
    const key = isScalar(item.key) ? scalarNode(item.key, reading.source) : undefined
    if (key === undefined) {
      reading.report(reading.source.placeOf(item.key.range?.[0] ?? 0), 'yaml', 'a key must be a plain word')
      continue
    }
    // What follows a formula that a comma cut is a part of it: one message is enough.
    if (cut && item.value === null) continue
    if (key.text === '<<' && !key.quoted) {
      reading.report(key.place, 'yaml', 'merge keys (`<<`) are not used in mappings. Write the keys out.')
      continue
    }
    const value = item.value === null ? missingValue(key) : readNode(item.value, reading)
    cut = isCut(value)
    const first = seen.get(key.text)
    if (first !== undefined) {
      reading.report(key.place, 'duplicate', `\`${key.text}\` stands here twice, first in line ${first.line}`)
      continue
    }
    seen.set(key.text, key.place)
    if (value !== undefined) entries.push({ key, name: key.text, value })
  }
  return { kind: 'map', place, entries }
}

function readList(node: { readonly items: readonly YamlNode[] }, place: Place, reading: Reading): ListNode {
  const items: Node[] = []
  let cut = false
  for (const item of node.items) {
    const value = readNode(item, reading)
    if (value === undefined || (cut && value.kind === 'scalar' && !value.text.startsWith('='))) continue
    cut = isCut(value)
    items.push(value)
  }
  return { kind: 'list', place, items }
}

const isCut = (node: Node | undefined) => node?.kind === 'scalar' && node.cut === 'comma'

const missingValue = (key: ScalarNode): ScalarNode => ({ ...key, value: null, text: '', quoted: false })
