// Merges the files of a mapping into one tree in the language's own terms.
import type { Place, Report } from './diagnostic.ts'
import { loadFile, type MappingFile } from './load.ts'
import type { MappingTree, RuleTree, SettingTree, SourceTree, TableTree } from './mapping-tree.ts'
import { expectMap, readKeys } from './schema-reader.ts'
import { readRule } from './schema-rule.ts'
import { readSetting, readSource, readTable } from './schema-source.ts'
import type { MapEntry, ScalarNode } from './tree.ts'

interface Merged {
  readonly settings: Map<string, SettingTree>
  readonly sources: Map<string, SourceTree>
  readonly tables: Map<string, TableTree>
  readonly rules: Map<string, RuleTree>
  readonly off: Set<string>
  /** Where each key was met first, `sources.students`. */
  readonly seen: Map<string, Place>
  readonly report: Report
}

const FILE_KEYS = ['extends', 'settings', 'sources', 'tables', 'entities'] as const

/** The mapping of these files in any order. Every fault goes to `report`; what is broken is left out of the tree. */
export function readMapping(files: readonly MappingFile[], report: Report): MappingTree {
  const merged: Merged = {
    settings: new Map(),
    sources: new Map(),
    tables: new Map(),
    rules: new Map(),
    off: new Set(),
    seen: new Map(),
    report,
  }
  for (const file of files) readFile(file, merged)
  return merged
}

function readFile(file: MappingFile, merged: Merged): void {
  const root = loadFile(file, merged.report)
  if (root === undefined) return
  const keys = readKeys(root, 'a mapping file', FILE_KEYS, merged.report)
  const layer = keys.get('extends')
  if (layer) merged.report(layer.key.place, 'extends', 'layers that extend another mapping are not read yet')
  for (const name of ['settings', 'sources', 'tables', 'entities'] as const) {
    const section = keys.get(name)
    const map = section && expectMap(section.value, `\`${name}\``, merged.report)
    for (const entry of map?.entries ?? []) readEntry(name, entry, merged)
  }
}

function readEntry(section: 'settings' | 'sources' | 'tables' | 'entities', entry: MapEntry, merged: Merged): void {
  if (section === 'entities') {
    readCollection(entry, merged)
    return
  }
  if (!isNew(`${section}.${entry.name}`, entry.key, merged)) return
  const { name } = entry
  if (section === 'settings') keep(merged.settings, name, readSetting(entry, merged.report))
  else if (section === 'sources') keep(merged.sources, name, readSource(entry, merged.report))
  else keep(merged.tables, name, readTable(entry, merged.report))
}

/** A collection's rules may stand in several files, a rule only in one. */
function readCollection(collection: MapEntry, merged: Merged): void {
  const map = expectMap(collection.value, 'a collection', merged.report)
  for (const entry of map?.entries ?? []) {
    const id = `${collection.name}.${entry.name}`
    if (!isNew(`entities.${id}`, entry.key, merged)) continue
    const rule = readRule(entry, collection.key, merged.report)
    if (rule === 'off') merged.off.add(id)
    else keep(merged.rules, id, rule)
  }
}

function isNew(path: string, key: ScalarNode, { seen, report }: Merged): boolean {
  const first = seen.get(path)
  if (first === undefined) {
    seen.set(path, key.place)
    return true
  }
  report(key.place, 'duplicate', `\`${path}\` stands in two files of one layer, first in ${first.file}:${first.line}`)
  return false
}

function keep<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value !== undefined) map.set(name, value)
}
