// What stood in a place of the mapping before a layer replaced it, or took it away.
import type { CheckedMapping } from '../check/check.ts'
import type { Place } from '../diagnostic.ts'
import type { LookupTree, MappingTree, RuleTree, ValueTree } from '../schema/mapping-tree.ts'
import { operandsOf } from './explain-lookup.ts'
import { placeOf, textOfFormula, textOfLookup, textOfValue } from './origins-text.ts'

/** A text of the mapping, and where it stands: the first place is that of its beginning. */
export interface Said {
  readonly text: string
  /** One for each file that a part of it stands in. */
  readonly places: readonly [Place, ...Place[]]
}

/** A field that a layer below fills and no more. */
export interface RemovedField {
  /** `middleName`, `metadata.state.id` */
  readonly name: string
  /** Where it is taken away. */
  readonly place: Place
  /** What stood there, the nearest layer first. */
  readonly before: readonly Said[]
}

type Layers = Pick<CheckedMapping, 'tree' | 'below'>

/** What the layers below have in its place, the nearest first, each once. `pick` finds it in a layer. */
export function replacedBy(
  now: Said | undefined,
  { below }: Layers,
  pick: (tree: MappingTree) => Said | undefined,
): Said[] {
  const found: Said[] = []
  for (const tree of below()) {
    const said = pick(tree)
    const above = found.at(-1) ?? now
    if (said && !(above && isSame(said, above))) found.push(said)
  }
  return found
}

const isSame = (a: Said, b: Said) =>
  a.text === b.text && a.places.map(placeKey).join() === b.places.map(placeKey).join()

const placeKey = ({ file, line, column }: Place) => `${file}:${line}:${column}`

/** Of a field, `metadata.x`, `id`, `with.x` or `where`. */
export function saidOf(rule: RuleTree | undefined, field: string): Said | undefined {
  if (rule === undefined) return undefined
  if (field === 'where') return saidOfWhere(rule)
  if (field.startsWith('with.')) return saidOfLookup(rule.lookups.find(({ name }) => `with.${name}` === field))
  const value = field === 'id' ? rule.sourcedId : valuesOf(rule).get(field)
  return value && { text: textOfValue(value), places: byFile([placeOf(value), ...partPlaces(value)]) }
}

function saidOfWhere({ where }: RuleTree): Said | undefined {
  const [first, ...more] = where.map(({ node }) => node.place)
  return first && { text: where.map(textOfFormula).join('; '), places: byFile([first, ...more]) }
}

/** A layer may change one key of it alone. */
function saidOfLookup(lookup: LookupTree | undefined): Said | undefined {
  if (lookup === undefined) return undefined
  const { key, from } = lookup
  const text = textOfLookup(lookup)
  if (from.kind === 'broken') return { text, places: [key.place] }
  const { where, order } = from.kind === 'rows' ? from.selection : from
  const values = from.kind === 'rows' ? operandsOf(from.selection) : [from.list]
  const formulas = [...where, ...(order ? [order] : [])]
  return { text, places: byFile([key.place, ...[...values, ...formulas].map(placeOf)]) }
}

const valuesOf = ({ fields, metadata }: RuleTree): ReadonlyMap<string, ValueTree> =>
  new Map([
    ...fields.map(({ name, value }) => [name, value] as const),
    ...metadata.map(({ name, value }) => [`metadata.${name}`, value] as const),
  ])

/** Of what layers can put together: the items of a list, the members of a group. */
function partPlaces(value: ValueTree): Place[] {
  const parts =
    value.kind === 'list' ? value.items : value.kind === 'group' ? value.members.map((member) => member.value) : []
  return parts.flatMap((part) => [placeOf(part), ...partPlaces(part)])
}

/** The first of each file, in their order. */
export function byFile([first, ...more]: readonly [Place, ...Place[]]): [Place, ...Place[]] {
  const others = new Map<string, Place>()
  for (const place of more) if (place.file !== first.file && !others.has(place.file)) others.set(place.file, place)
  return [first, ...others.values()]
}

/** The fields that layers took away from a rule, in the order in which the layer below had them. */
export function removedFields(rule: RuleTree, checked: Layers): RemovedField[] {
  const own = valuesOf(rule)
  const lower = checked.below().flatMap((tree) => tree.rules.get(rule.id) ?? [])
  const names = new Set(lower.flatMap((one) => [...valuesOf(one).keys()]).filter((name) => !own.has(name)))
  return [...names].map((name) => {
    const path = `entities.${rule.id}.${name.startsWith('metadata.') ? name : `fields.${name}`}`
    return {
      name,
      place: removalOf(path, checked.tree) ?? rule.key.place,
      before: replacedBy(undefined, checked, (tree) => saidOf(tree.rules.get(rule.id), name)),
    }
  })
}

/** Where the thing at a path, or what it is a part of, is taken away. */
export function removalOf(path: string, { removed }: Pick<MappingTree, 'removed'>): Place | undefined {
  const place = removed.get(path)
  const end = path.lastIndexOf('.')
  return place ?? (end > 0 ? removalOf(path.slice(0, end), { removed }) : undefined)
}

/** Rules that a layer takes away or switches off, and those that are switched off from the beginning. */
export function removedRules({
  tree,
  below,
}: Layers): { rule: string; state: 'off' | 'removed'; place: Place | undefined }[] {
  const lower = below().flatMap((one) => [...one.rules.keys(), ...one.off])
  const gone = new Set([...tree.off, ...lower.filter((id) => !tree.rules.has(id))])
  return [...gone].map((rule) => ({
    rule,
    state: tree.off.has(rule) ? 'off' : 'removed',
    place: removalOf(`entities.${rule}`, tree),
  }))
}
