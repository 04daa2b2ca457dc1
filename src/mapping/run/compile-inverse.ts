// `inverse`: all records of a rule, or of several, whose field refers to this record.
import { splitInverse } from '../check/check-value.ts'
import { withCandidate } from '../check/infer.ts'
import { rowsOf, type Scope, stagedType } from '../check/scope.ts'
import type { FieldValue, Reference } from '../ports.ts'
import type { InverseTree } from '../schema/mapping-tree.ts'
import { compareText, type Value } from '../values.ts'
import { compileFormula } from './compile-formula.ts'
import { allRows, byRank } from './compile-selection.ts'
import { isReference, listOf, type Make } from './field-value.ts'
import type { Evaluate, Frame } from './frame.ts'
import type { Machine } from './machine.ts'

interface Found {
  readonly reference: Reference
  readonly rank: Value
}

/** The records of one rule that refer to the frame's. */
type Find = (frame: Frame, sourcedId: string) => Found[]

/** Ties of `order` go by sourcedId. */
export function compileInverse(value: InverseTree, scope: Scope, machine: Machine): Make {
  const own = machine.rule(scope.rule.id)
  const finders = splitInverse(value).map(({ rule, name }) => compileFinder({ rule, name, value }, scope, machine))
  const isSorted = value.order !== undefined || finders.length > 1
  return (frame) => {
    const sourcedId = own.sourcedIdOf(frame) ?? ''
    const found = finders.flatMap((find) => find(frame, sourcedId))
    if (isSorted && found.length > 1) {
      found.sort((a, b) => byRank(a.rank, b.rank) || compareText(a.reference.sourcedId, b.reference.sourcedId))
    }
    return listOf(found.map(({ reference }) => reference))
  }
}

interface FieldOf {
  readonly rule: string
  readonly name: string
  readonly value: InverseTree
}

/** The table of who refers to whom is made at first use, by ordinals only. */
function compileFinder({ rule: id, name, value }: FieldOf, scope: Scope, machine: Machine): Find {
  const rows = rowsOf(scope.tree, id)
  if (rows?.rule === undefined) throw new Error(`unchecked inverse ${id}`)
  const { source } = rows
  const target = machine.rule(id)
  const inner = withCandidate(scope, stagedType(source, rows.rule))
  const { slot } = inner
  const where = value.where.map((formula) => compileFormula(formula, inner, machine))
  const order: Evaluate = value.order ? compileFormula(value.order, inner, machine) : () => undefined
  let referrers: Map<string, number[]> | undefined
  const collect = () => {
    const found = new Map<string, number[]>()
    for (const staged of allRows(source.name, machine)) {
      const frame = target.frameOf(staged)
      if (frame.ordinal !== staged.ordinal || !target.isIn(frame)) continue
      for (const sourcedId of sourcedIds(target.field(name, frame), scope.rule.collection)) {
        const ordinals = found.get(sourcedId)
        if (ordinals) ordinals.push(staged.ordinal)
        else found.set(sourcedId, [staged.ordinal])
      }
    }
    return found
  }
  return (frame, own) => {
    referrers ??= collect()
    return (referrers.get(own) ?? []).flatMap((ordinal) => {
      const staged = machine.rows.byOrdinal(source.name, ordinal)
      if (staged === undefined) return []
      const candidate = target.frameOf(staged)
      frame.slots[slot] = candidate
      if (!where.every((condition) => condition(frame) === true)) return []
      const reference = target.referenceOf(candidate)
      return reference ? [{ reference, rank: order(frame) }] : []
    })
  }
}

function sourcedIds(value: FieldValue | undefined, collection: string): string[] {
  if (value === undefined) return []
  const list = (Array.isArray(value) ? value : [value]) as readonly FieldValue[]
  return list.flatMap((item) => (isReference(item) && item.collection === collection ? [item.sourcedId] : []))
}
