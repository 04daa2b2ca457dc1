// Where every field of every rule comes from: its text and place, what layers replaced, and what it reads.

import type { CheckedMapping } from '../check/check.ts'
import { leavesOf } from '../check/column-uses.ts'
import { type ColumnName, lookupScope, ruleScope } from '../check/scope.ts'
import type { Place } from '../diagnostic.ts'
import { type Expression, partsOf } from '../formula/expression.ts'
import type { FormulaTree, LookupTree, MappingTree, RuleTree, Selection, ValueTree } from '../schema/mapping-tree.ts'
import { placeOf, textOfFormula, textOfLookup, textOfNode, textOfValue } from './origins-text.ts'
import { type Walker, type Walking, walkFormula, walkLookup, walkValue } from './origins-walk.ts'

/** A text of the mapping, and what the word `inherited` in it stands for. */
export interface Origin {
  /** Of the value, in the file that holds the text. */
  readonly place: Place
  /** The formula or form on one line, as it is written. */
  readonly text: string
  /** What the layers below have in its place, the nearest first; each may inherit in its turn. */
  readonly inherited?: readonly Origin[]
}

export interface FieldOrigin extends Origin {
  readonly collection: string
  /** `users.student` */
  readonly rule: string
  /** `email`, `metadata.microsoft.userFlags`, `id`, `with.school` of a lookup, or `where` for the whole scope. */
  readonly field: string
  /** `students.contact_info.email`: what it reads, in order; then what its lookups read. */
  readonly columns: readonly string[]
  readonly settings: readonly string[]
  readonly tables: readonly string[]
  /** The lookups that it goes through, `users.student.school`, and those that they go through. */
  readonly lookups: readonly string[]
}

/**
 * By `users.student.email`, `users.student.metadata.x`, `users.student.id`, `users.student.with.school`,
 * `users.student.where`, in the order of the mapping. A rule without a `where` has no entry of that name; one of several conditions joins them by `; `.
 */
export function fieldOrigins({ tree }: Pick<CheckedMapping, 'tree'>): ReadonlyMap<string, FieldOrigin> {
  const origins = new Map<string, FieldOrigin>()
  for (const rule of tree.rules.values()) {
    for (const origin of ruleOrigins(rule, tree)) origins.set(`${rule.id}.${origin.field}`, origin)
  }
  return origins
}

function ruleOrigins(rule: RuleTree, tree: MappingTree): FieldOrigin[] {
  const source = tree.sources.get(rule.from.text)
  if (source === undefined) return []
  const scope = ruleScope(tree, rule, source)
  const { collection } = rule
  const ofValue = (field: string, value: ValueTree): FieldOrigin => ({
    ...originOf(value),
    collection,
    rule: rule.id,
    field,
    ...readsOf((walker) => walkValue(value, { walker, scope }), tree),
  })
  const [first, ...more] = rule.where
  const where = first && {
    ...originOf(first),
    text: rule.where.map(textOfFormula).join('; '),
    ...inheritedIn([first, ...more].map(({ expression }) => expression)),
    collection,
    rule: rule.id,
    field: 'where',
    ...readsOf((walker) => {
      for (const formula of rule.where) walkFormula(formula, { walker, scope })
    }, tree),
  }
  return [
    ...(where ? [where] : []),
    ...rule.lookups.map(
      (lookup, index): FieldOrigin => ({
        place: lookup.key.place,
        text: textOfLookup(lookup),
        ...inheritedIn(expressionsOfLookup(lookup)),
        collection,
        rule: rule.id,
        field: `with.${lookup.name}`,
        ...readsOf((walker) => walkLookup(lookup, { walker, scope: lookupScope(scope, index) }), tree),
      }),
    ),
    ofValue('id', rule.sourcedId),
    ...rule.fields.map(({ name, value }) => ofValue(name, value)),
    ...rule.metadata.map(({ name, value }) => ofValue(`metadata.${name}`, value)),
  ]
}

/** The text and place of a value, with what it inherits. */
export function originOf(value: ValueTree): Origin {
  return { place: placeOf(value), text: textOfValue(value), ...inheritedIn(expressionsOf(value)) }
}

function inheritedIn(expressions: readonly Expression[]): Pick<Origin, 'inherited'> {
  const inherited = expressions.flatMap(inheritedOf)
  const seen = new Set<string>()
  const once = inherited.filter(({ place: { file, line, column } }) => {
    const at = `${file}:${line}:${column}`
    return !seen.has(at) && seen.add(at)
  })
  return once.length > 0 ? { inherited: once } : {}
}

type Inherited = Extract<Expression, { kind: 'inherited' }>

/** The texts that `inherited` stands for in a formula, not those that stand in these. */
export const inheritedOf = (expression: Expression): Origin[] =>
  inheritedParts(expression).map((part) => ({
    place: part.node.place,
    text: textOfNode(part.node),
    ...inheritedIn([part.expression]),
  }))

export function inheritedParts(expression: Expression): Inherited[] {
  return expression.kind === 'inherited' ? [expression] : partsOf(expression).flatMap(inheritedParts)
}

const ofFormulas = (formulas: readonly (FormulaTree | undefined)[]): Expression[] =>
  formulas.flatMap((formula) => formula?.expression ?? [])

function expressionsOfLookup({ from }: LookupTree): Expression[] {
  if (from.kind === 'rows') return expressionsOfSelection(from.selection)
  return from.kind === 'list' ? ofFormulas([from.list, ...from.where, from.order]) : []
}

function expressionsOfSelection({ key, match, where, order }: Selection): Expression[] {
  const operands = [...(key ? [key] : []), ...(match ?? []).map((member) => member.value)]
  return [...operands.flatMap(expressionsOf), ...ofFormulas([...where, order])]
}

/** Every formula in a value, in the order of its text. */
function expressionsOf(value: ValueTree): Expression[] {
  switch (value.kind) {
    case 'formula':
      return [value.expression]
    case 'list':
      return value.items.flatMap(expressionsOf)
    case 'group':
      return value.members.flatMap((member) => expressionsOf(member.value))
    case 'ref':
      return expressionsOfSelection(value.selection)
    case 'inverse':
      return ofFormulas([...value.where, value.order])
    case 'each':
      return [...ofFormulas([value.list, ...value.where]), ...expressionsOf(value.value)]
    case 'choose':
      return [
        ...value.cases.flatMap(({ when, value: then }) => [when.expression, ...expressionsOf(then)]),
        ...(value.otherwise ? expressionsOf(value.otherwise) : []),
      ]
    case 'constant':
    case 'broken':
      return []
    default:
      return value satisfies never
  }
}

type Reads = Pick<FieldOrigin, 'columns' | 'settings' | 'tables' | 'lookups'>

/** What a walk tells, and what the lookups tell that it comes by. */
function readsOf(walk: (walker: Walker) => void, tree: MappingTree): Reads {
  const columns = new Set<string>()
  const settings = new Set<string>()
  const tables = new Set<string>()
  const lookups = new Map<string, () => void>()
  const iterated: ColumnName[] = []
  const walker: Walker = {
    column: (column) => {
      for (const path of leavesOf(column, tree)) columns.add(`${column.source}.${path}`)
    },
    iterated: (column) => void iterated.push(column),
    setting: (name) => void settings.add(name),
    table: (name) => void tables.add(name),
    lookup: (rule, index) => {
      const lookup = rule.lookups[index]
      const source = tree.sources.get(rule.from.text)
      const name = `${rule.id}.${lookup?.name}`
      if (lookup === undefined || source === undefined || lookups.has(name)) return
      const walking: Walking = { walker, scope: lookupScope(ruleScope(tree, rule, source), index) }
      lookups.set(name, () => walkLookup(lookup, walking))
    },
  }
  walk(walker)
  // A map goes on to what is added to it meanwhile.
  for (const walkOne of lookups.values()) walkOne()
  for (const column of iterated) {
    const leaves = leavesOf(column, tree).map((path) => `${column.source}.${path}`)
    if (!leaves.some((leaf) => columns.has(leaf))) for (const leaf of leaves) columns.add(leaf)
  }
  return { columns: [...columns], settings: [...settings], tables: [...tables], lookups: [...lookups.keys()] }
}
