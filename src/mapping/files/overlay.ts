// Lays one layer of a mapping over what stands below it: maps merge by key, all else replaces, `null` removes.

import { suggest } from '../check/suggest.ts'
import type { Place, Report } from '../diagnostic.ts'
import { MARKS } from '../schema/grammar.ts'
import { expectMap } from '../schema/schema-reader.ts'
import { inheriting } from './overlay-inherited.ts'
import { withFittingSettings } from './overlay-settings.ts'
import { FILE_ZONE, type Zone, zoneBelow } from './overlay-zones.ts'
import type { MapEntry, MapNode, Node, ScalarNode } from './tree.ts'

/** The tree of `lower` as `upper` changes it. Every node keeps the place of the file that holds its text. */
export function overlayTree(lower: MapNode, upper: MapNode, report: Report): MapNode {
  return mergeMaps(lower, withFittingSettings(upper, lower, report), FILE_ZONE, report)
}

/** Examples belong to the layer that wrote them: they are no part of what the layers above see. */
export function withoutExamples(root: MapNode): MapNode {
  const inRule = (rule: Node) => without(rule, 'examples')
  const inCollection = (collection: Node) => mapValues(collection, inRule)
  const entries = root.entries.map((entry) =>
    entry.name === 'entities' ? { ...entry, value: mapValues(entry.value, inCollection) } : entry,
  )
  return { ...root, entries }
}

function mapValues(node: Node, change: (value: Node) => Node): Node {
  if (node.kind !== 'map') return node
  return { ...node, entries: node.entries.map((entry) => ({ ...entry, value: change(entry.value) })) }
}

function without(node: Node, name: string): Node {
  if (node.kind !== 'map') return node
  return { ...node, entries: node.entries.filter((entry) => entry.name !== name) }
}

function mergeMaps(lower: MapNode, upper: MapNode, zone: Zone, report: Report): MapNode {
  const entries = new Map(lower.entries.map((entry) => [entry.name, entry]))
  const removed = new Map<string, Place>(lower.removed)
  for (const entry of upper.entries) {
    const { name, value } = entry
    const below = entries.get(name)
    const inside = zoneBelow(zone, name)
    if (isNothing(value)) {
      if (value.text === '') reportEmpty(entry, report)
      else if (inside.kind === 'own') reportOwn(entry, report)
      else if (below === undefined) reportAbsent(entry, [...entries.keys()], report)
      else {
        entries.delete(name)
        removed.set(name, value.place)
      }
    } else {
      entries.set(name, mergeEntry(below, entry, inside, report))
      removed.delete(name)
    }
  }
  const { kind, place } = lower
  return { kind, place, entries: [...entries.values()], ...(removed.size > 0 && { removed }) }
}

function mergeEntry(below: MapEntry | undefined, entry: MapEntry, zone: Zone, report: Report): MapEntry {
  const { key, name, value } = entry
  if (zone.kind === 'own') return entry
  if (zone.kind === 'map' && below === undefined) {
    // What is new can hold nothing to remove.
    return value.kind === 'map' ? { key, name, value: mergeMaps(emptyAt(value), value, zone, report) } : entry
  }
  if (below?.value.kind === 'map' && zone.kind === 'map' && value.kind !== 'map') {
    expectMap(value, `\`${name}\``, report)
    return below
  }
  const isMerged = zone.kind === 'map' || zone.kind === 'columns' || (zone.kind === 'value' && !isWhole(value))
  if (isMerged && below?.value.kind === 'map' && value.kind === 'map') {
    return { key: below.key, name, value: mergeMaps(below.value, value, zone, report) }
  }
  return { key, name, value: inheriting(value, below?.value, report) }
}

const emptyAt = ({ kind, place }: MapNode): MapNode => ({ kind, place, entries: [] })

const isWhole = (node: Node) => node.kind === 'map' && node.entries.some(({ name }) => MARKS.has(name))

const isNothing = (node: Node): node is ScalarNode => node.kind === 'scalar' && node.value === null

function reportEmpty({ key, name, value }: MapEntry, report: Report): void {
  report(value.place, 'extends', `nothing stands here. Write a value, or \`null\` to remove \`${key.text || name}\`.`)
}

function reportAbsent({ key, name }: MapEntry, known: readonly string[], report: Report): void {
  report(key.place, 'extends', `there is no \`${name}\` here to remove.${suggest(name, known)}`)
}

function reportOwn({ key, name }: MapEntry, report: Report): void {
  const message = `\`${name}\` are not inherited, so there are none to remove: those of a layer below are run against it alone`
  report(key.place, 'extends', message)
}
