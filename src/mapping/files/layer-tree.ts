// Puts the files of one layer together as one positioned tree.
import type { Place, Report } from '../diagnostic.ts'
import type { KeyOf } from '../schema/grammar.ts'
import { expectMap, type Keys, readKeys } from '../schema/schema-reader.ts'
import { loadFile, type MappingFile } from './load.ts'
import { withoutMisplaced } from './misplaced.ts'
import type { MapEntry, MapNode, ScalarNode } from './tree.ts'

/** In the order in which they are read: rules after what they use. */
export const SECTIONS = ['settings', 'sources', 'tables', 'entities'] as const satisfies readonly KeyOf<'file'>[]

interface Union {
  readonly sections: Map<string, { readonly key: ScalarNode; readonly entries: Map<string, MapEntry> }>
  /** Where each key was met first, `sources.students`. */
  readonly seen: Map<string, Place>
  readonly report: Report
}

const NO_LAYER =
  'this file is a part of the mapping that layers extend. Keep a layer in a folder of its own, and name it in the setting MAPPING or after --mapping.'

/** The files in any order. A key that stands in two of them is reported, and counts where it stands first. */
export function layerTree(
  files: readonly MappingFile[],
  report: Report,
  { mayExtend = false, examples = true } = {},
): MapNode {
  const union: Union = { sections: new Map(), seen: new Map(), report }
  for (const file of files) {
    const root = loadFile(file, report, { examples })
    const keys = root && readKeys(root, 'file', report)
    const layer = keys?.get('extends')
    if (layer && !mayExtend) report(layer.key.place, 'extends', NO_LAYER)
    if (keys) addFile(keys, union)
  }
  const place: Place = { file: files[0]?.path ?? '', line: 1, column: 1 }
  const entries = [...union.sections].map(([name, section]): MapEntry => {
    const map: MapNode = { kind: 'map', place: section.key.place, entries: [...section.entries.values()] }
    return { key: section.key, name, value: map }
  })
  return { kind: 'map', place, entries }
}

function addFile(keys: Keys<'file'>, union: Union): void {
  for (const name of SECTIONS) {
    const section = keys.get(name)
    const map = section && expectMap(section.value, `\`${name}\``, union.report)
    if (section === undefined || map === undefined) continue
    const { entries } = union.sections.get(name) ?? { entries: new Map<string, MapEntry>() }
    if (!union.sections.has(name)) union.sections.set(name, { key: section.key, entries })
    for (const entry of map.entries) {
      if (name === 'entities') addCollection(withoutMisplaced(entry, union.report), entries, union)
      else if (isNew(`${name}.${entry.name}`, entry.key, union)) entries.set(entry.name, entry)
    }
  }
}

/** A collection's rules may stand in several files, a rule only in one. */
function addCollection(collection: MapEntry, entries: Map<string, MapEntry>, union: Union): void {
  const { key, name, value } = entries.get(collection.name) ?? collection
  if (collection.value.kind !== 'map' || value.kind !== 'map') {
    if (!entries.has(name)) entries.set(name, collection)
    else expectMap(collection.value, 'a collection', union.report)
    return
  }
  const before = entries.has(name) ? value.entries : []
  const fresh = collection.value.entries.filter((rule) => isNew(`entities.${name}.${rule.name}`, rule.key, union))
  entries.set(name, { key, name, value: { ...value, entries: [...before, ...fresh] } })
}

function isNew(path: string, key: ScalarNode, { seen, report }: Union): boolean {
  const first = seen.get(path)
  if (first === undefined) {
    seen.set(path, key.place)
    return true
  }
  report(key.place, 'duplicate', `\`${path}\` stands in two files of one layer, first in ${first.file}:${first.line}`)
  return false
}
