// Reads one rule of `entities` and its examples.
import { suggest } from '../check/suggest.ts'
import type { Report } from '../diagnostic.ts'
import type { MapEntry, MapNode, Node, ScalarNode } from '../files/tree.ts'
import type { ExampleTree, LookupTree, RuleTree } from './mapping-tree.ts'
import {
  expectMap,
  isFormula,
  isInherited,
  type Keys,
  needKey,
  readFormula,
  readFormulas,
  readKeys,
  readWord,
} from './schema-reader.ts'
import { checkName } from './schema-source.ts'
import { readLookup, readMembers, readValue } from './schema-value.ts'

/** The rule, `off` when it is switched off, undefined when it is too broken to look at further. */
export function readRule(
  entry: MapEntry,
  collectionKey: ScalarNode,
  report: Report,
  siblings: readonly string[] = [],
): RuleTree | 'off' | undefined {
  const { key, name } = entry
  const node = expectMap(entry.value, 'a rule', report)
  if (node === undefined || !checkName(key, 'a rule', report)) return undefined
  const keys = readKeys(node, 'rule', report)
  if (isUnknown(keys, entry, collectionKey, siblings, report)) return undefined
  if (!isEnabled(keys, report)) return 'off'
  const from = readWord(needKey(keys, 'from', key.place, report), '`from`', report)
  const id = needKey(keys, 'id', key.place, report)
  if (from === undefined || id === undefined) return undefined
  const onePer = readFormula(keys.get('one_per')?.value, '`one_per`', report)
  const order = readFormula(keys.get('order')?.value, '`order`', report)
  const createOnly = readCreateOnly(keys, report)
  const lonely = keys.has('one_per') ? undefined : keys.get('order')
  if (lonely) report(lonely.key.place, 'key', '`order` sorts the rows of a `one_per`, which this rule has not')
  return {
    id: `${collectionKey.text}.${name}`,
    collection: collectionKey.text,
    name,
    key,
    collectionKey,
    from,
    ...(onePer && { onePer }),
    ...(order && { order }),
    where: readFormulas(keys.get('where')?.value, '`where`', report),
    lookups: readLookups(keys, report),
    sourcedId: readValue(id, report),
    fields: readFields(keys, 'fields', report),
    metadata: readFields(keys, 'metadata', report),
    ...(createOnly.length > 0 && { createOnly }),
    examples: readExamples(keys, report),
  }
}

/** A rule that says neither was meant to change another one. */
function isUnknown(
  keys: Keys<'rule'>,
  entry: MapEntry,
  collection: ScalarNode,
  siblings: readonly string[],
  report: Report,
): boolean {
  const { name } = entry
  const others = siblings.filter((other) => other !== name)
  const has = (key: 'from' | 'id') => keys.has(key) || keys.removed?.has(key) === true
  if (others.length === 0 || has('from') || has('id')) return false
  const what = `there is no rule \`${collection.text}.${name}\``
  const message = !isEnabled(keys, () => {})
    ? `${what} to switch off.${suggest(name, others)}`
    : `${what} yet, and a new one needs \`from:\` and \`id:\`.${suggest(name, others)}`
  report(entry.key.place, 'key', message)
  return true
}

function isEnabled(keys: Keys<'rule'>, report: Report): boolean {
  const node = keys.get('enabled')?.value
  if (node === undefined) return true
  const value = node.kind === 'scalar' ? node.value : undefined
  if (typeof value !== 'boolean') report(node.place, 'type', '`enabled` is `true` or `false`')
  return value !== false
}

function readLookups(keys: Keys<'rule'>, report: Report): LookupTree[] {
  const entry = keys.get('with')
  const node = entry && expectMap(entry.value, '`with`', report)
  return (node?.entries ?? []).flatMap((lookup) =>
    checkName(lookup.key, 'a lookup', report) ? [readLookup(lookup, report)] : [],
  )
}

function readFields(keys: Keys<'rule'>, name: 'fields' | 'metadata', report: Report) {
  const entry = keys.get(name)
  const node = entry && expectMap(entry.value, `\`${name}\``, report)
  return node ? readMembers(node, report) : []
}

function readCreateOnly(keys: Keys<'rule'>, report: Report): ScalarNode[] {
  const node = keys.get('create_only')?.value
  const items = node?.kind === 'list' ? node.items : [node]
  const names = items.flatMap((item) => (item?.kind === 'scalar' && !isFormula(item) ? item.text : []))
  return items.flatMap((item) => {
    if (item === undefined || !isInherited(item)) return readWord(item, 'a name in `create_only`', report) ?? []
    const instead = names.length > 0 ? `: write \`create_only: [${names.join(', ')}]\`` : ''
    report(item.place, 'extends', `no layer below has a \`create_only\`, so there is nothing to inherit${instead}`)
    return []
  })
}

function readExamples(keys: Keys<'rule'>, report: Report): ExampleTree[] {
  const node = keys.get('examples')?.value
  if (node === undefined) return []
  if (node.kind === 'list') return node.items.flatMap((item) => readExample(item, report) ?? [])
  report(node.place, 'shape', '`examples` is a list')
  return []
}

function readExample(item: Node, report: Report): ExampleTree | undefined {
  const node = expectMap(item, 'an example', report)
  if (node === undefined) return undefined
  const keys = readKeys(node, 'example', report)
  const it = readWord(needKey(keys, 'it', node.place, report), '`it`', report)
  const rowNode = needKey(keys, 'row', node.place, report)
  const row = rowNode && expectMap(rowNode, '`row`', report)
  const givesNode = needKey(keys, 'gives', node.place, report)
  const gives = givesNode && readGives(givesNode, report)
  if (it === undefined || row === undefined || gives === undefined) return undefined
  const given = keys.get('given')
  const givenMap = given && expectMap(given.value, '`given`', report)
  return { it: it.text, place: node.place, row, gives, ...readGiven(givenMap, report) }
}

function readGives(node: Node, report: Report): MapNode | 'nothing' | undefined {
  if (node.kind === 'scalar' && node.text === 'nothing') return 'nothing'
  if (node.kind === 'map') return node
  report(node.place, 'shape', '`gives` is a map of fields, or the word `nothing`')
  return undefined
}

/** `settings`, `today` and `published` are words of the language here, all other keys are sources. */
function readGiven(
  map: MapNode | undefined,
  report: Report,
): Pick<ExampleTree, 'given' | 'settings' | 'today' | 'published'> {
  const given = new Map<string, { key: ScalarNode; rows: Node }>()
  let published: MapNode | undefined
  let settings: MapNode | undefined
  let today: ScalarNode | undefined
  for (const { key, name, value } of map?.entries ?? []) {
    if (name === 'today') today = readWord(value, '`today`', report)
    else if (name === 'published') published = expectMap(value, '`published`', report)
    else if (name === 'settings') settings = expectMap(value, '`settings`', report)
    else given.set(name, { key, rows: value })
  }
  return { given, ...(settings && { settings }), ...(today && { today }), ...(published && { published }) }
}
