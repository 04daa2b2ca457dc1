// What must be known before a formula or a value can be worked out: the scopes of which rules, the rows of which sources.

import type { Place } from '../diagnostic.ts'
import { type Expression, partsOf } from '../formula/expression.ts'
import type { FormulaTree, LookupTree, MappingTree, RuleTree, Selection, ValueTree } from '../schema/mapping-tree.ts'
import { splitInverse } from './check-value.ts'
import { lookupTypeIn, typeOf, withCandidate } from './infer.ts'
import {
  ANY,
  lookupScope,
  resolvePath,
  rowsOf,
  ruleScope,
  type Scope,
  type Start,
  type Step,
  stagedType,
  withVariable,
} from './scope.ts'

export interface Needs {
  /** Rules whose scope is asked, with the first place that asks. */
  readonly rules: Map<string, Place>
  /** Sources that are read directly. */
  readonly sources: Set<string>
  /** Lookups that were looked into, `users.student.school`. */
  readonly lookups: Set<string>
  /** Decides on the rule's own lookups before they are looked into. */
  readonly enters?: (index: number) => boolean
}

export const noNeeds = (): Needs => ({ rules: new Map(), sources: new Set(), lookups: new Set() })

export function formulaNeeds({ expression }: FormulaTree, scope: Scope, needs: Needs): void {
  expressionNeeds(expression, scope, needs)
}

function expressionNeeds(expression: Expression, scope: Scope, needs: Needs): void {
  if (expression.kind === 'path') {
    const resolved = resolvePath(expression.names, scope, lookupTypeIn(scope.tree))
    if (resolved.ok) routeNeeds(resolved.route.start, resolved.route.steps, scope, needs)
    return
  }
  for (const part of partsOf(expression)) expressionNeeds(part, scope, needs)
}

function routeNeeds(start: Start, steps: readonly Step[], scope: Scope, needs: Needs): void {
  if (start.kind === 'lookup') {
    if (needs.enters?.(start.index) === false) return
    lookupNeeds(scope.rule, start.index, scope.tree, needs)
  }
  for (const step of steps) if (step.kind === 'lookup') lookupNeeds(step.rule, step.index, scope.tree, needs)
}

export function lookupNeeds(rule: RuleTree, index: number, tree: MappingTree, needs: Needs): void {
  const lookup: LookupTree | undefined = rule.lookups[index]
  const source = tree.sources.get(rule.from.text)
  if (lookup === undefined || source === undefined) return
  const name = `${rule.id}.${lookup.name}`
  if (needs.lookups.has(name)) return
  needs.lookups.add(name)
  const scope = lookupScope(ruleScope(tree, rule, source), index)
  const { from } = lookup
  if (from.kind === 'rows') selectionNeeds(from.selection, scope, needs)
  if (from.kind !== 'list') return
  formulaNeeds(from.list, scope, needs)
  const list = typeOf(from.list, scope)
  narrowingNeeds(from, withCandidate(scope, list.kind === 'list' ? list.of : ANY), needs)
}

function narrowingNeeds(
  { where, order }: { where: readonly FormulaTree[]; order?: FormulaTree },
  scope: Scope,
  needs: Needs,
): void {
  for (const formula of where) formulaNeeds(formula, scope, needs)
  if (order) formulaNeeds(order, scope, needs)
}

function selectionNeeds(selection: Selection, scope: Scope, needs: Needs): void {
  const { target, key, match } = selection
  const rows = rowsOf(scope.tree, target.text)
  if (rows?.rule && !needs.rules.has(rows.rule.id)) needs.rules.set(rows.rule.id, target.place)
  if (rows) needs.sources.add(rows.source.name)
  if (key) valueNeeds(key, scope, needs)
  for (const { value } of match ?? []) valueNeeds(value, scope, needs)
  narrowingNeeds(selection, withCandidate(scope, rows ? stagedType(rows.source, rows.rule) : ANY), needs)
}

export function valueNeeds(value: ValueTree, scope: Scope, needs: Needs): void {
  switch (value.kind) {
    case 'formula':
      formulaNeeds(value, scope, needs)
      return
    case 'list':
      for (const item of value.items) valueNeeds(item, scope, needs)
      return
    case 'group':
      for (const { value: member } of value.members) valueNeeds(member, scope, needs)
      return
    case 'ref':
      selectionNeeds(value.selection, scope, needs)
      return
    case 'inverse':
      for (const { node, rule } of splitInverse(value)) {
        const rows = rowsOf(scope.tree, rule)
        if (!rows?.rule) continue
        if (!needs.rules.has(rows.rule.id)) needs.rules.set(rows.rule.id, node.place)
        narrowingNeeds(value, withCandidate(scope, stagedType(rows.source, rows.rule)), needs)
      }
      return
    case 'each': {
      formulaNeeds(value.list, scope, needs)
      const list = typeOf(value.list, scope)
      const inner = withVariable(scope, value.as.text, list.kind === 'list' ? list.of : ANY)
      for (const formula of value.where) formulaNeeds(formula, inner, needs)
      valueNeeds(value.value, inner, needs)
      return
    }
    case 'choose':
      for (const { when, value: then } of value.cases) {
        formulaNeeds(when, scope, needs)
        valueNeeds(then, scope, needs)
      }
      if (value.otherwise) valueNeeds(value.otherwise, scope, needs)
      return
    case 'constant':
    case 'broken':
      return
    default:
      value satisfies never
  }
}
