// Turns a selection (rows by key or by columns, narrowed and put in order) into a closure that finds them.

import { withCandidate } from '../check/infer.ts'
import { rowsOf, type Scope, stagedType } from '../check/scope.ts'
import type { StaticType } from '../functions/static-type.ts'
import type { StagedRow } from '../ports.ts'
import type { FieldTree, FormulaTree, Selection, SourceTree, ValueTree } from '../schema/mapping-tree.ts'
import { shapeAt } from '../shape.ts'
import { compareKeys, compareText, compareValues, isBlank, isList, type Value } from '../values.ts'
import { compileFormula, isFixedSelection } from './compile-formula.ts'
import { bareFrame, type Evaluate, type Frame, MISSING, OUT_OF_SCOPE } from './frame.ts'
import type { Machine, RunningRule } from './machine.ts'

interface Finder {
  /** The one row, or MISSING or OUT_OF_SCOPE. */
  readonly one: (frame: Frame) => Frame
  readonly all: (frame: Frame) => readonly Frame[]
}

const READ_AT_ONCE = 500

/** `isReference`: rows of equal order go by sourcedId, not by key. */
export function compileSelection(selection: Selection, scope: Scope, machine: Machine, isReference = false): Finder {
  const rows = rowsOf(scope.tree, selection.target.text)
  if (rows === undefined) throw new Error(`unchecked target ${selection.target.text}`)
  const rule = rows.rule && machine.rule(rows.rule.id)
  const isNarrowed = selection.where.length > 0 || selection.order !== undefined
  if (selection.key && !isNarrowed) return findByKey(selection.key, selection.target.text, scope, machine)
  const staged = compileStaged(selection, rows.source, scope, machine)
  const narrow = compileNarrowing(
    selection,
    stagedType(rows.source, rows.rule),
    scope,
    machine,
    isReference ? rule : undefined,
  )
  let sawOutOfScope = false
  const search = (frame: Frame): readonly Frame[] => {
    const found: Frame[] = []
    sawOutOfScope = false
    const groups = rule?.isGrouped ? new Set<number>() : undefined
    for (const row of staged(frame)) {
      const candidate = rule ? rule.frameOf(row) : bareFrame(row)
      if (groups?.has(candidate.ordinal)) continue
      groups?.add(candidate.ordinal)
      if (rule && !rule.isIn(candidate)) sawOutOfScope = true
      else found.push(candidate)
    }
    return narrow(frame, found) as readonly Frame[]
  }
  const all = isFixedSelection(selection, scope) ? once(search) : search
  return { all, one: (frame) => all(frame)[0] ?? (sawOutOfScope ? OUT_OF_SCOPE : MISSING) }
}

/** What does not depend on the row is looked up once a run. */
function once<T>(work: (frame: Frame) => T): (frame: Frame) => T {
  let result: { readonly value: T } | undefined
  return (frame) => {
    result ??= { value: work(frame) }
    return result.value
  }
}

function findByKey(key: ValueTree, target: string, scope: Scope, machine: Machine): Finder {
  const value = compileOperand(key, undefined, scope, machine)
  const find = machine.findByKey(target)
  const one = (frame: Frame): Frame => {
    const wanted = value(frame)
    return typeof wanted === 'string' || typeof wanted === 'number' ? find(wanted) : MISSING
  }
  return {
    one,
    all: (frame) => {
      const found = one(frame)
      return found === MISSING || found === OUT_OF_SCOPE ? [] : [found]
    },
  }
}

/** A formula, or a constant as the column has it. */
export function compileOperand(
  value: ValueTree,
  column: StaticType | undefined,
  scope: Scope,
  machine: Machine,
): Evaluate {
  if (value.kind === 'formula') return compileFormula(value, scope, machine)
  if (value.kind !== 'constant') throw new Error(`unchecked operand ${value.kind}`)
  const isText = column?.kind === 'text' || column?.kind === 'date'
  const constant = isText ? value.node.text : value.value
  return () => constant
}

type Find = (frame: Frame) => Iterable<StagedRow>

function compileStaged(selection: Selection, source: SourceTree, scope: Scope, machine: Machine): Find {
  const find = compileFind(selection, source, scope, machine)
  return (frame) => (machine.isEmpty(source.name) ? [] : find(frame))
}

function compileFind(selection: Selection, source: SourceTree, scope: Scope, machine: Machine): Find {
  const { rows } = machine
  if (selection.key) {
    const key = compileOperand(selection.key, undefined, scope, machine)
    return (frame) => {
      const wanted = key(frame)
      const found =
        typeof wanted === 'string' || typeof wanted === 'number' ? rows.byKey(source.name, wanted) : undefined
      return found ? [found] : []
    }
  }
  const columns = (selection.match ?? []).map((column) => compileColumn(column, source, scope, machine))
  if (columns.length === 0) return () => allRows(source.name, machine)
  const [only] = columns
  if (only && isMatchOfKey(selection.match, source)) return findByKeys(only.value, source, machine)
  const slots = columns.map(({ slot }) => slot)
  const key = shapeAt(source.shape, [source.key.text])
  const keySlot = key?.kind === 'scalar' ? key.slot : 0
  return (frame) => {
    const values: Value[] = []
    let isListed = false
    for (const { value } of columns) {
      const wanted = value(frame)
      if (isBlank(wanted)) return []
      if (isList(wanted)) isListed = true
      values.push(wanted)
    }
    // Blanks are gone and the checker has seen to it that lists hold scalars.
    if (!isListed) return rows.byMatch(source.name, slots, values as (string | number | boolean)[])
    const found = new Map<number, StagedRow>()
    for (const choice of combinations(values)) {
      for (const row of rows.byMatch(source.name, slots, choice)) found.set(row.ordinal, row)
    }
    return [...found.values()].sort((a, b) => compareKeys(a.row[keySlot], b.row[keySlot]))
  }
}

/** A `match` of the key alone needs no index: rows are found by key anyway. */
function isMatchOfKey(match: readonly FieldTree[] | undefined, { key }: SourceTree): boolean {
  return match?.length === 1 && match[0]?.name === key.text
}

function findByKeys(value: Evaluate, source: SourceTree, { rows }: Machine): Find {
  const find = (wanted: Value): StagedRow[] => {
    const found = typeof wanted === 'string' || typeof wanted === 'number' ? rows.byKey(source.name, wanted) : undefined
    return found ? [found] : []
  }
  return (frame) => {
    const wanted = value(frame)
    return isList(wanted) ? [...new Set(wanted)].sort(compareKeys).flatMap(find) : find(wanted)
  }
}

function compileColumn({ name, value }: FieldTree, source: SourceTree, scope: Scope, machine: Machine) {
  const shape = shapeAt(source.shape, name.split('.'))
  if (shape?.kind !== 'scalar') throw new Error(`unchecked column ${name}`)
  return { slot: shape.slot, value: compileOperand(value, { kind: shape.type }, scope, machine) }
}

/** The slots that a `match` compares, in its order; they ask for an index. None where rows are found by key. */
export function matchedSlots(match: readonly FieldTree[], source: SourceTree): number[] {
  if (isMatchOfKey(match, source)) return []
  return match.flatMap(({ name }) => {
    const shape = shapeAt(source.shape, name.split('.'))
    return shape?.kind === 'scalar' ? [shape.slot] : []
  })
}

function combinations(values: readonly Value[]): (string | number | boolean)[][] {
  let choices: (string | number | boolean)[][] = [[]]
  for (const value of values) {
    const members = (isList(value) ? value : [value]).filter((member) => typeof member !== 'object' && !isBlank(member))
    choices = choices.flatMap((choice) => members.map((member) => [...choice, member as string | number | boolean]))
  }
  return choices
}

export function* allRows(source: string, { rows }: Pick<Machine, 'rows'>): Generator<StagedRow> {
  let after = 0
  for (;;) {
    const batch = rows.batch(source, after, READ_AT_ONCE)
    yield* batch
    const last = batch[batch.length - 1]
    if (last === undefined) return
    after = last.ordinal
  }
}

interface Narrowing {
  readonly where: readonly FormulaTree[]
  readonly order?: FormulaTree
  readonly take?: 'first' | 'last'
}

/** Applies `where`, `order` and `take` to candidates. With `ties`, rows of equal order go by that rule's sourcedId. */
export function compileNarrowing(
  narrowing: Narrowing,
  type: StaticType,
  scope: Scope,
  machine: Machine,
  ties?: RunningRule,
): (frame: Frame, found: readonly unknown[]) => readonly unknown[] {
  const inner = withCandidate(scope, type)
  const { slot } = inner
  const where = narrowing.where.map((formula) => compileFormula(formula, inner, machine))
  const order = narrowing.order && compileFormula(narrowing.order, inner, machine)
  const { take } = narrowing
  const holds = (frame: Frame, candidate: unknown) => {
    frame.slots[slot] = candidate
    return where.every((condition) => condition(frame) === true)
  }
  return (frame, found) => {
    let list = where.length === 0 ? found : found.filter((candidate) => holds(frame, candidate))
    if (order && list.length > 1) {
      const ranked = list.map((candidate) => {
        frame.slots[slot] = candidate
        return { candidate, rank: order(frame) }
      })
      ranked.sort((a, b) => byRank(a.rank, b.rank) || (ties ? byId(ties, a.candidate, b.candidate) : 0))
      // Blank ranks last, but the last is one that has a rank: the newest visit is none without a day.
      const known = take === 'last' ? ranked.filter(({ rank }) => !isBlank(rank)) : ranked
      list = (known.length > 0 ? known : ranked).map(({ candidate }) => candidate)
    }
    if (take === undefined) return list
    return take === 'first' ? list.slice(0, 1) : list.slice(-1)
  }
}

/** Blank ranks last. */
export function byRank(a: Value, b: Value): number {
  return compareValues(a, b) ?? Number(isBlank(a)) - Number(isBlank(b))
}

function byId(rule: RunningRule, a: unknown, b: unknown): number {
  // With `ties` the candidates are frames of that rule.
  return compareText(rule.sourcedIdOf(a as Frame) ?? '', rule.sourcedIdOf(b as Frame) ?? '')
}
