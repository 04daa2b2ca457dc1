// Which maps of a mapping file a layer adds to, and which values it replaces as a whole.

/**
 * `map`: a map, merged key by key. `columns`: a map is merged, a type or a list is replaced. `value`: a map that says what
 * it is (`ref`, `each`, `in` …) is replaced, one that does not is merged. `leaf`: replaced. `own`: each layer has its own.
 */
export type Zone =
  | { readonly kind: 'map'; readonly known?: Readonly<Record<string, Zone>>; readonly others: Zone }
  | { readonly kind: 'columns' | 'value' | 'leaf' | 'own' }

const LEAF: Zone = { kind: 'leaf' }
const VALUE: Zone = { kind: 'value' }
const COLUMNS: Zone = { kind: 'columns' }

const mapOf = (others: Zone, known?: Readonly<Record<string, Zone>>): Zone => ({
  kind: 'map',
  others,
  ...(known && { known }),
})

const READER = mapOf(COLUMNS)
const SOURCE = mapOf(LEAF, { fields: mapOf(COLUMNS), rest: READER, powerquery: READER })
const RULE = mapOf(LEAF, {
  with: mapOf(VALUE),
  id: VALUE,
  fields: mapOf(VALUE),
  metadata: mapOf(VALUE),
  examples: { kind: 'own' },
})

export const FILE_ZONE = mapOf(LEAF, {
  settings: mapOf(LEAF),
  sources: mapOf(SOURCE),
  tables: mapOf(mapOf(LEAF)),
  entities: mapOf(mapOf(RULE)),
})

/** The zone of what stands under a key. */
export function zoneBelow(zone: Zone, name: string): Zone {
  if (zone.kind !== 'map') return zone
  return zone.known && Object.hasOwn(zone.known, name) ? (zone.known[name] ?? zone.others) : zone.others
}
