// Reads values (constants, formulas, lists, groups, references, each, choose), lookups and selections.
import type { Report } from '../diagnostic.ts'
import { entryOf, type MapEntry, type MapNode, type Node } from '../files/tree.ts'
import { GRAMMAR } from './grammar.ts'
import type { FieldTree, LookupTree, Selection, ValueTree } from './mapping-tree.ts'
import {
  expectMap,
  isEmpty,
  isFormula,
  type Keys,
  needKey,
  readFormula,
  readFormulas,
  readKeys,
  readOneOf,
  readWord,
} from './schema-reader.ts'
import { checkName } from './schema-source.ts'

const { missing: MISSING, take: TAKE } = GRAMMAR.lookup.keys

export function readValue(node: Node, report: Report): ValueTree {
  const broken: ValueTree = { kind: 'broken', place: node.place }
  if (node.kind === 'list') {
    return { kind: 'list', place: node.place, items: node.items.map((item) => readValue(item, report)) }
  }
  if (node.kind === 'map') {
    const special = SPECIAL_VALUES.find(([name]) => entryOf(node, name) !== undefined)
    if (special === undefined) return { kind: 'group', place: node.place, members: readMembers(node, report) }
    return special[1](node, report) ?? broken
  }
  if (isFormula(node)) return readFormula(node, 'a value', report) ?? broken
  if (node.value !== null) return { kind: 'constant', node, value: node.value }
  report(node.place, 'shape', 'a value is missing here')
  return broken
}

/** Named values, as in `fields`, `metadata`, groups and `match`. */
export function readMembers(node: MapNode, report: Report): FieldTree[] {
  return node.entries.map(({ key, name, value }) => ({ name, key, value: readValue(value, report) }))
}

type ReadSpecial = (node: MapNode, report: Report) => ValueTree | undefined

/** A map with one of these keys is not a group. */
const SPECIAL_VALUES: readonly (readonly [string, ReadSpecial])[] = [
  ['ref', (node, report) => readReference(node, 'ref', report)],
  ['refs', (node, report) => readReference(node, 'refs', report)],
  ['inverse', readInverse],
  ['each', readEach],
  ['choose', readChoose],
]

function readReference(node: MapNode, word: 'ref' | 'refs', report: Report): ValueTree | undefined {
  const keys = readKeys(node, word, report)
  const selection = readSelection(keys, word, node, report)
  return selection && { kind: 'ref', place: node.place, many: word === 'refs', selection }
}

function readInverse(node: MapNode, report: Report): ValueTree | undefined {
  const keys = readKeys(node, 'inverse', report)
  const named = keys.get('inverse')?.value
  const items = named?.kind === 'list' ? named.items : [named]
  const fields = items.flatMap((item) => readWord(item, '`inverse`', report) ?? [])
  const order = readFormula(keys.get('order')?.value, '`order`', report)
  const where = readFormulas(keys.get('where')?.value, '`where`', report)
  if (named?.kind === 'list' && named.items.length === 0)
    report(named.place, 'shape', '`inverse` names a field of a rule')
  return fields.length > 0 ? { kind: 'inverse', place: node.place, fields, where, ...(order && { order }) } : undefined
}

function readEach(node: MapNode, report: Report): ValueTree | undefined {
  const keys = readKeys(node, 'each', report)
  const list = readFormula(keys.get('each')?.value, '`each`', report)
  const as = readWord(needKey(keys, 'as', node.place, report), '`as`', report)
  const where = readFormulas(keys.get('where')?.value, '`where`', report)
  const body = needKey(keys, 'value', node.place, report)
  const value = body && readValue(body, report)
  if (as && !checkName(as, 'the variable of an `each`', report)) return undefined
  return list && as && value && { kind: 'each', place: node.place, list, as, where, value }
}

function readChoose(node: MapNode, report: Report): ValueTree | undefined {
  const cases = readKeys(node, 'choose', report).get('choose')?.value
  if (cases?.kind !== 'list' || cases.items.length === 0) {
    report(cases?.place ?? node.place, 'shape', '`choose` is a list of `when` and `then`, with `else` last')
    return undefined
  }
  const whens: { when: NonNullable<ReturnType<typeof readFormula>>; value: ValueTree }[] = []
  let otherwise: ValueTree | undefined
  for (const item of cases.items) {
    const map = expectMap(item, 'a case of `choose`', report)
    const keys = map && readKeys(map, 'case', report)
    if (map === undefined || keys === undefined) continue
    if (otherwise) report(map.place, 'shape', 'nothing may follow the `else` of a `choose`')
    const last = keys.get('else')?.value
    if (last && !keys.has('when')) {
      const then = keys.get('then')
      if (then) report(then.key.place, 'shape', ELSE_ALONE)
      otherwise = readValue(last, report)
    } else {
      const when = readFormula(needKey(keys, 'when', map.place, report), '`when`', report)
      const then = needKey(keys, 'then', map.place, report)
      if (last) report(last.place, 'shape', ELSE_ALONE)
      if (when && then) whens.push({ when, value: readValue(then, report) })
    }
  }
  return { kind: 'choose', place: node.place, cases: whens, ...(otherwise && { otherwise }) }
}

const ELSE_ALONE = '`else` stands in a case of its own, the last one'

/** `{ in: courses, key: =course_id }` and its kin. */
export function readLookup({ key, name, value }: MapEntry, report: Report): LookupTree {
  const node = expectMap(value, 'a lookup', report)
  const broken: LookupTree = { name, key, many: false, from: { kind: 'broken' }, missing: 'skip' }
  if (node === undefined) return broken
  const keys = readKeys(node, 'lookup', report)
  const word = keys.has('all') ? 'all' : 'in'
  const target = needKey(keys, word, node.place, report)
  if (target === undefined) return broken
  const both = word === 'all' ? keys.get('in') : undefined
  if (both) report(both.key.place, 'shape', 'a lookup takes `in` (one row) or `all` (a list), not both')
  const many = word === 'all'
  if (!many && isFormula(target)) {
    report(target.place, 'shape', '`in` names a source or a rule. The members of a list are found with `all`.')
    return broken
  }
  const missingAt = keys.get('missing')?.value
  if (many && missingAt)
    report(missingAt.place, 'shape', '`all` gives a list, which may be empty: it takes no `missing`')
  const missing = readOneOf(missingAt, { what: '`missing`', words: MISSING.takes.oneOf, report }) ?? 'skip'
  const from = isFormula(target) ? readList(target, keys, report) : readRows(keys, word, node, report)
  return from ? { name, key, many, from, missing } : broken
}

function readRows(
  keys: Keys<'lookup'>,
  word: 'in' | 'all',
  node: MapNode,
  report: Report,
): LookupTree['from'] | undefined {
  const selection = readSelection(keys, word, node, report)
  return selection && { kind: 'rows', selection }
}

function readList(target: Node, keys: Keys<'lookup'>, report: Report): LookupTree['from'] | undefined {
  for (const name of ['key', 'match'] as const) {
    const entry = keys.get(name)
    if (entry)
      report(entry.key.place, 'key', `the list of a formula takes no \`${name}\`, only \`where\`, \`order\`, \`take\``)
  }
  const list = readFormula(target, '`all`', report)
  return list && { kind: 'list', list, ...readNarrowing(keys, report) }
}

type Selecting = Keys<'lookup' | 'ref' | 'refs'>

function readSelection(
  keys: Selecting,
  word: 'in' | 'all' | 'ref' | 'refs',
  node: MapNode,
  report: Report,
): Selection | undefined {
  const target = readWord(keys.get(word)?.value, `\`${word}\``, report)
  const key = keys.get('key')?.value
  const match = keys.get('match')?.value
  if ((key === undefined) === (match === undefined)) {
    report(node.place, 'key', `\`${word}\` needs \`key:\` or \`match:\`${key ? ', not both' : ''}`)
    return undefined
  }
  const matchMap = match && expectMap(match, '`match`', report)
  if (target === undefined || (match && matchMap === undefined)) return undefined
  return {
    target,
    ...(key && !isEmpty(key) && { key: readValue(key, report) }),
    ...(matchMap && { match: readMembers(matchMap, report) }),
    ...readNarrowing(keys, report),
  }
}

function readNarrowing(keys: Selecting, report: Report) {
  const order = readFormula(keys.get('order')?.value, '`order`', report)
  const take = readOneOf(keys.get('take')?.value, { what: '`take`', words: TAKE.takes.oneOf, report })
  const where = readFormulas(keys.get('where')?.value, '`where`', report)
  return { where, ...(order && { order }), ...(take && { take }) }
}
