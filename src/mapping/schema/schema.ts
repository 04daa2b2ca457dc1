// Reads a mapping, the layers over each other, into one tree in the language's own terms.
import { suggest } from '../check/suggest.ts'
import { newSettings, tellUnread } from '../check/unread-settings.ts'
import type { Place, Report } from '../diagnostic.ts'
import { layerTree, SECTIONS } from '../files/layer-tree.ts'
import type { MappingFile } from '../files/load.ts'
import { overlayTree, withoutExamples } from '../files/overlay.ts'
import { entryOf, type MapEntry, type MapNode, type Node, type ScalarNode } from '../files/tree.ts'
import type { MappingTree, RuleTree, SettingTree, SourceTree, TableTree } from './mapping-tree.ts'
import { expectMap } from './schema-reader.ts'
import { readRule } from './schema-rule.ts'
import { readSetting } from './schema-setting.ts'
import { readSource, readTable } from './schema-source.ts'

interface Merged {
  readonly layers: readonly string[]
  readonly settings: Map<string, SettingTree>
  readonly sources: Map<string, SourceTree>
  readonly tables: Map<string, TableTree>
  readonly rules: Map<string, RuleTree>
  readonly off: Set<string>
  readonly seen: Map<string, Place>
  readonly removed: Map<string, Place>
  readonly report: Report
  /** Those that there are, where that is known. */
  readonly collections: readonly string[] | undefined
}

interface ReadOptions {
  readonly examples?: boolean
  /** Whether no layer is still to come that may read what these set. */
  readonly isWhole?: boolean
  readonly collections?: readonly string[]
}

/**
 * The mapping of these files in any order, and of the layers over them, the lowest first. Every fault goes to `report`; what is
 * broken is left out of the tree. Without `examples` none are read; rules of other than these `collections` are refused.
 */
export function readMapping(
  files: readonly MappingFile[],
  layers: readonly MappingFile[],
  report: Report,
  { examples = true, isWhole = true, collections }: ReadOptions = {},
): MappingTree {
  const merged: Merged = {
    layers: layers.map(({ path }) => path),
    settings: new Map(),
    sources: new Map(),
    tables: new Map(),
    rules: new Map(),
    off: new Set(),
    seen: new Map(),
    removed: new Map(),
    report,
    collections,
  }
  const root = mergeLayers(files, layers, report, { examples, isWhole })
  noteRemoved(root, '', merged.removed)
  for (const section of SECTIONS) {
    const node = entryOf(root, section)?.value
    for (const entry of node?.kind === 'map' ? node.entries : []) readEntry(section, entry, merged)
  }
  const { layers: _, collections: __, report: ___, ...tree } = merged
  return tree
}

/** Only the examples of the nearest layer are read. */
function mergeLayers(
  files: readonly MappingFile[],
  layers: readonly MappingFile[],
  report: Report,
  { examples, isWhole }: { readonly examples: boolean; readonly isWhole: boolean },
): MapNode {
  let root = layerTree(files, report, { examples: examples && layers.length === 0 })
  const trees = [root]
  const fresh: ScalarNode[] = []
  for (const [index, layer] of layers.entries()) {
    const isNearest = index === layers.length - 1
    const upper = layerTree([layer], report, { mayExtend: true, examples: examples && isNearest })
    fresh.push(...newSettings(root, upper))
    trees.push(upper)
    root = overlayTree(withoutExamples(root), upper, report)
  }
  if (isWhole) tellUnread(fresh, trees, report)
  return examples ? root : withoutExamples(root)
}

/** Where layers say `null`: `sources.students.fields.phones`. */
function noteRemoved(node: Node, path: string, removed: Map<string, Place>): void {
  if (node.kind !== 'map') return
  for (const [name, place] of node.removed ?? []) removed.set(`${path}${name}`, place)
  for (const { name, value } of node.entries) noteRemoved(value, `${path}${name}.`, removed)
}

function readEntry(section: (typeof SECTIONS)[number], entry: MapEntry, merged: Merged): void {
  const { name, key } = entry
  const { report } = merged
  if (section === 'entities') {
    readCollection(entry, merged)
    return
  }
  merged.seen.set(`${section}.${name}`, key.place)
  if (section === 'settings') keep(merged.settings, name, overLayers(readSetting(entry, report), merged))
  else if (section === 'sources') keep(merged.sources, name, readSource(entry, report))
  else keep(merged.tables, name, readTable(entry, report))
}

function overLayers(setting: SettingTree | undefined, { layers }: Merged): SettingTree | undefined {
  const height = setting ? layers.lastIndexOf(setting.place.file) : -1
  return setting && (height < 0 ? setting : { ...setting, over: layers.slice(height) })
}

function readCollection(collection: MapEntry, merged: Merged): void {
  const map = expectMap(collection.value, 'a collection', merged.report)
  const { name, key } = collection
  const isKnown = merged.collections?.includes(name) !== false
  const siblings = map?.entries.map((entry) => entry.name) ?? []
  for (const entry of map?.entries ?? []) {
    const id = `${collection.name}.${entry.name}`
    merged.seen.set(`entities.${id}`, entry.key.place)
    const rule = readRule(entry, key, isKnown ? merged.report : NO_REPORT, siblings)
    if (rule === 'off') {
      merged.off.add(id)
      merged.removed.set(`entities.${id}`, switchOf(entry))
    } else if (isKnown) keep(merged.rules, id, rule)
    else merged.report(key.place, 'name', `there is no collection \`${name}\`.${collectionHint(collection, merged)}`)
  }
}

const NO_REPORT: Report = () => {}

/** The collection that has a rule of this name, or one of a like name. */
function collectionHint({ name, value }: MapEntry, { collections = [], rules, off }: Merged): string {
  const names = value.kind === 'map' ? value.entries.map((entry) => entry.name) : []
  const hasRule = (id: string) => rules.has(id) || off.has(id)
  const owner = collections.find((known) => names.some((rule) => hasRule(`${known}.${rule}`)))
  return owner === undefined ? suggest(name, collections) : ` Did you mean \`${owner}\`?`
}

/** Where it says `enabled: false`. */
function switchOf({ key, value }: MapEntry): Place {
  const enabled = value.kind === 'map' ? entryOf(value, 'enabled') : undefined
  return enabled?.value.place ?? key.place
}

function keep<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value !== undefined) map.set(name, value)
}
