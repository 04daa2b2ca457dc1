// Turns a rule into the closures that a run calls for each row.

import { isManyField, isRequired } from '../check/check-cycles.ts'
import { groupingSlot } from '../check/check-rule.ts'
import { typeOf } from '../check/infer.ts'
import { ANY, lookupScope, ruleScope, type Scope } from '../check/scope.ts'
import type { FieldValue, RunCode, StagedRow } from '../ports.ts'
import type { FieldTree, LookupTree, RuleTree } from '../schema/mapping-tree.ts'
import { shapeAt } from '../shape.ts'
import { flatten } from '../values.ts'
import { compileFormula } from './compile-formula.ts'
import { byRank, compileNarrowing, compileSelection } from './compile-selection.ts'
import { compileReason, compileValue, type Making } from './compile-value.ts'
import { compileKeeping, compileKeptId, isCreateOnly, type KeptId } from './create-only.ts'
import type { Make } from './field-value.ts'
import { bareFrame, type Evaluate, type Frame, MISSING, newFrame } from './frame.ts'
import type { FindLookup, Machine } from './machine.ts'

export interface RuleProgram {
  readonly id: string
  readonly collection: string
  readonly source: string
  readonly keySlot: number
  /** How many slots a frame has: lookups, candidates, `each` variables. */
  readonly slots: number
  readonly grouping?: { readonly slot: number; readonly sort: (rows: readonly StagedRow[]) => readonly StagedRow[] }
  readonly lookups: readonly FindLookup[]
  /** What lookups find that count as empty while the scope is decided. */
  readonly cuts: ReadonlyMap<number, Frame | readonly unknown[]> | undefined
  readonly where: readonly Evaluate[]
  /** Lookups that leave the row out when they find nothing. */
  readonly skipping: readonly { readonly index: number; readonly name: string }[]
  readonly sourcedId: Make
  /** Where the id of a row is that under which it was first published. */
  readonly keptId?: KeptId
  /** Required fields that can be blank. */
  readonly required: readonly {
    readonly name: string
    readonly make: Make
    readonly reason: (frame: Frame) => RunCode
  }[]
  readonly fields: readonly { readonly name: string; readonly make: Make }[]
  /** The fields that are the same in every record, and the others. */
  readonly constants: Readonly<Record<string, FieldValue>>
  readonly varying: readonly { readonly name: string; readonly make: Make }[]
  readonly metadata: readonly { readonly name: string; readonly make: Make }[]
}

export function compileRule(rule: RuleTree, machine: Machine): RuleProgram {
  const { tree, target } = machine
  const source = tree.sources.get(rule.from.text)
  const key = source && shapeAt(source.shape, [source.key.text])
  if (source === undefined || key?.kind !== 'scalar') throw new Error(`unchecked rule ${rule.id}`)
  const scope = ruleScope(tree, rule, source)
  const making = (field: FieldTree): Making => ({ scope, machine, field: target[rule.collection]?.fields[field.name] })
  const keeping = compileKeeping(rule, machine)
  const fields = rule.fields.map((field) => ({
    name: field.name,
    field,
    isConstant: field.value.kind === 'constant' && !isCreateOnly(rule, field.name),
    make: keeping(field.name, compileValue(field.value, making(field))),
  }))
  // Lists last: what makes a record fail early is cheap and single.
  const checked = fields
    .filter(({ field, isConstant }) => isRequired(rule, field, target) && !isConstant)
    .sort((a, b) => Number(isManyField(rule, a.field, target)) - Number(isManyField(rule, b.field, target)))
  const grouping = compileGrouping(rule, scope, machine)
  const cuts = machine.cuts.get(rule.id)
  const keptId = compileKeptId(rule, grouping?.slot ?? key.slot, machine)
  const ownId = prefixed(machine.idPrefix, compileValue(rule.sourcedId, { scope, machine, field: { type: 'text' } }))
  const program = {
    id: rule.id,
    collection: rule.collection,
    source: source.name,
    keySlot: key.slot,
    ...(grouping && { grouping }),
    lookups: rule.lookups.map((lookup, index) => compileLookup(lookup, lookupScope(scope, index), machine)),
    cuts: cuts && new Map([...cuts].map((index) => [index, rule.lookups[index]?.many ? [] : MISSING])),
    where: rule.where.map((formula) => compileFormula(formula, scope, machine)),
    skipping: rule.lookups.flatMap(({ name, many, missing }, index) =>
      many || missing === 'blank' ? [] : [{ index, name }],
    ),
    sourcedId: keptId ? (frame: Frame) => keptId.find(frame) ?? ownId(frame) : ownId,
    ...(keptId && { keptId }),
    required: checked.map(({ name, field, make }) => ({
      name,
      make,
      reason: compileReason(field.value, making(field)),
    })),
    fields: fields.map(({ name, make }) => ({ name, make })),
    constants: constantsOf(fields),
    varying: fields.flatMap(({ name, isConstant, make }) => (isConstant ? [] : [{ name, make }])),
    metadata: rule.metadata.map(({ name, value }) => ({
      name,
      make: compileValue(value, { scope, machine, field: undefined }),
    })),
  }
  return { ...program, slots: scope.slots.next }
}

/** References are made of ids, so this is the one place that knows the prefix. */
function prefixed(prefix: string, makeId: Make): Make {
  if (prefix === '') return makeId
  return (frame) => {
    const id = makeId(frame)
    return typeof id === 'string' ? prefix + id : id
  }
}

function constantsOf(fields: readonly { readonly name: string; readonly isConstant: boolean; readonly make: Make }[]) {
  const constants: Record<string, FieldValue> = {}
  for (const { name, isConstant, make } of fields) {
    const value = isConstant ? make(MISSING) : undefined
    if (value !== undefined) constants[name] = value
  }
  return constants
}

function compileLookup({ from, many }: LookupTree, scope: Scope, machine: Machine): FindLookup {
  if (from.kind === 'rows') {
    const { one, all } = compileSelection(from.selection, scope, machine)
    return many ? all : one
  }
  if (from.kind === 'broken') throw new Error('a broken lookup was compiled')
  const list = compileFormula(from.list, scope, machine)
  const type = typeOf(from.list, scope)
  const narrow = compileNarrowing(from, type.kind === 'list' ? type.of : ANY, scope, machine)
  return (frame) => narrow(frame, flatten([list(frame)]))
}

/** The rows of a group by `order`, equal ones by ordinal. */
function compileGrouping(rule: RuleTree, scope: Scope, machine: Machine): RuleProgram['grouping'] {
  const slot = groupingSlot(rule, scope)
  if (slot === undefined) return undefined
  const order = rule.order && compileFormula(rule.order, scope, machine)
  if (order === undefined) return { slot, sort: (rows) => rows }
  const rank = (staged: StagedRow) =>
    order(rule.lookups.length === 0 ? bareFrame(staged) : newFrame(staged, scope.slots.next))
  return {
    slot,
    sort: (rows) => {
      if (rows.length < 2) return rows
      const ranked = rows.map((staged) => ({ staged, rank: rank(staged) }))
      return ranked.sort((a, b) => byRank(a.rank, b.rank)).map(({ staged }) => staged)
    },
  }
}
