// Keys of a rule that stand where the names of rules belong: the blanks before them are too few.
import type { Report } from '../diagnostic.ts'
import { isKeyOf } from '../schema/grammar.ts'
import type { MapEntry, MapNode, Node } from './tree.ts'

/** The collection without such keys, which are reported once, and without the empty name of the rule that they belong to. */
export function withoutMisplaced(collection: MapEntry, report: Report): MapEntry {
  const { value } = collection
  const stray = value.kind === 'map' ? value.entries.filter(isStray) : []
  const [first] = stray
  if (value.kind !== 'map' || first === undefined) return collection
  const names = stray.map(({ name }) => `\`${name}\``)
  const [are, them] = names.length === 1 ? ['is a key', 'it'] : ['are keys', 'them']
  const owner = ownerOf(first, value)
  const where =
    owner === undefined
      ? `the name of a collection and that of the rule stand above ${them}: entities, users, student, ${first.name}`
      : `put ${them} two blanks further right, below \`${owner.name}:\``
  report(first.key.place, 'shape', `${names.join(', ')} ${are} of a rule: ${where}`)
  const entries = value.entries.filter((entry) => !stray.includes(entry) && !isEmpty(entry.value))
  return { ...collection, value: { ...value, entries } }
}

/** A rule may be called as a key is; then it has keys of a rule itself. `null` takes such a rule away. */
function isStray({ name, value }: MapEntry): boolean {
  if (!isKeyOf('rule', name)) return false
  if (value.kind === 'scalar') return value.value !== null
  return value.kind === 'list' || !value.entries.some((entry) => isKeyOf('rule', entry.name))
}

/** The rule above, or else the one below. */
function ownerOf(stray: MapEntry, { entries }: MapNode): MapEntry | undefined {
  const isRule = (entry: MapEntry) => !isKeyOf('rule', entry.name)
  const at = entries.indexOf(stray)
  return entries.slice(0, at).findLast(isRule) ?? entries.slice(at).find(isRule)
}

/** Nothing was written, not even `null`. */
const isEmpty = (node: Node) => node.kind === 'scalar' && node.value === null && node.text === ''
