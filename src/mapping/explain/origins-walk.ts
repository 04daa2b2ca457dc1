// Goes through the values and formulas of a rule and tells a reader which columns, lookups, settings and tables they name.

import { splitInverse } from '../check/check-value.ts'
import { lookupTypeIn, typeOf, withCandidate } from '../check/infer.ts'
import {
  ANY,
  type ColumnName,
  listColumnOf,
  resolvePath,
  rowsOf,
  type Scope,
  stagedType,
  withVariable,
} from '../check/scope.ts'
import { type Expression, partsOf } from '../formula/expression.ts'
import type { FormulaTree, LookupTree, RuleTree, Selection, ValueTree } from '../schema/mapping-tree.ts'

/** Who is told; the same thing may be told several times. */
export interface Walker {
  /** A column, or a list or group of columns as a whole. */
  readonly column: (column: ColumnName) => void
  /** A list whose members are gone through: what is read of the members is told by itself. */
  readonly iterated?: (column: ColumnName) => void
  readonly lookup?: (rule: RuleTree, index: number) => void
  readonly setting?: (name: string) => void
  readonly table?: (name: string) => void
}

export interface Walking {
  readonly walker: Walker
  readonly scope: Scope
}

export function walkLookup({ from }: LookupTree, walking: Walking): void {
  if (from.kind === 'rows') walkSelection(from.selection, walking)
  if (from.kind !== 'list') return
  const type = walkMembers(from.list, walking)
  walkNarrowing(from, { ...walking, scope: withCandidate(walking.scope, type) })
}

export function walkSelection(selection: Selection, walking: Walking): void {
  const { target, key, match } = selection
  const { scope, walker } = walking
  const rows = rowsOf(scope.tree, target.text)
  if (rows === undefined) return
  const { source } = rows
  if (key) {
    walker.column({ source: source.name, path: source.key.text })
    walkValue(key, walking)
  }
  for (const { name, value } of match ?? []) {
    walker.column({ source: source.name, path: name })
    walkValue(value, walking)
  }
  walkNarrowing(selection, { ...walking, scope: withCandidate(scope, stagedType(source, rows.rule)) })
}

interface Narrowing {
  readonly where: readonly FormulaTree[]
  readonly order?: FormulaTree
}

function walkNarrowing({ where, order }: Narrowing, walking: Walking): void {
  for (const formula of where) walkFormula(formula, walking)
  if (order) walkFormula(order, walking)
}

export function walkValue(value: ValueTree, walking: Walking): void {
  switch (value.kind) {
    case 'formula':
      walkFormula(value, walking)
      return
    case 'list':
      for (const item of value.items) walkValue(item, walking)
      return
    case 'group':
      for (const member of value.members) walkValue(member.value, walking)
      return
    case 'ref':
      walkSelection(value.selection, walking)
      return
    case 'inverse':
      for (const { rule } of splitInverse(value)) {
        const rows = rowsOf(walking.scope.tree, rule)
        if (rows) {
          const scope = withCandidate(walking.scope, stagedType(rows.source, rows.rule))
          walkNarrowing(value, { ...walking, scope })
        }
      }
      return
    case 'each': {
      const type = walkMembers(value.list, walking)
      const inner = { ...walking, scope: withVariable(walking.scope, value.as.text, type) }
      for (const formula of value.where) walkFormula(formula, inner)
      walkValue(value.value, inner)
      return
    }
    case 'choose':
      for (const { when, value: then } of value.cases) {
        walkFormula(when, walking)
        walkValue(then, walking)
      }
      if (value.otherwise) walkValue(value.otherwise, walking)
      return
    case 'constant':
    case 'broken':
      return
    default:
      value satisfies never
  }
}

/** A list that is gone through. Gives the type of its members. */
function walkMembers(list: FormulaTree, walking: Walking) {
  const type = typeOf(list, walking.scope)
  const column = listColumnOf(type)
  if (column && list.expression.kind === 'path') {
    walkPath(list.expression, walking, false)
    walking.walker.iterated?.(column)
  } else walkFormula(list, walking)
  return type.kind === 'list' ? type.of : ANY
}

export const walkFormula = ({ expression }: FormulaTree, walking: Walking) => walkExpression(expression, walking)

function walkExpression(expression: Expression, walking: Walking): void {
  if (expression.kind === 'path') {
    walkPath(expression, walking, true)
    return
  }
  if (expression.kind === 'call' && expression.name === 'code') {
    const [table] = expression.args
    if (table?.kind === 'text') walking.walker.table?.(table.value)
  }
  for (const part of partsOf(expression)) walkExpression(part, walking)
}

/** Of a path through a list, the member that it ends at counts; a list at its end counts whole if `isWhole`. */
function walkPath(
  { names }: Extract<Expression, { kind: 'path' }>,
  { walker, scope }: Walking,
  isWhole: boolean,
): void {
  const resolved = resolvePath(names, scope, lookupTypeIn(scope.tree))
  if (!resolved.ok) return
  const { start, steps, type } = resolved.route
  if (start.kind === 'setting') walker.setting?.(start.name)
  if (start.kind === 'lookup') walker.lookup?.(scope.rule, start.index)
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'lookup') walker.lookup?.(step.rule, step.index)
    if (step.kind === 'lookup' || steps[index + 1]?.kind === 'member') continue
    if (index < steps.length - 1 || isWhole || listColumnOf(type) === undefined) walker.column(step.column)
  }
  // `it`, or an `each` variable, as it is.
  const column = steps.length === 0 && isWhole ? listColumnOf(type) : undefined
  if (column) walker.column(column)
}
