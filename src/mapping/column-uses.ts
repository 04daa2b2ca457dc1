// Who uses which column of a source: what the enabled rules read, and what the bridge itself does.

import type { ReaderPlan } from './check-readers.ts'
import { splitInverse } from './check-value.ts'
import { columnAt, leafPaths } from './column-paths.ts'
import type { Expression } from './expression.ts'
import { lookupTypeIn, typeOf, withCandidate } from './infer.ts'
import type { FormulaTree, LookupTree, MappingTree, RuleTree, Selection, ValueTree } from './mapping-tree.ts'
import {
  ANY,
  type ColumnName,
  listColumnOf,
  lookupScope,
  resolvePath,
  rowsOf,
  ruleScope,
  type Scope,
  stagedType,
  withVariable,
} from './scope.ts'

/** Source → dotted path of a single value (in lists too) → uses, such as `users.student.givenName`. What is not used is not there. */
export type ColumnUses = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

interface Collecting {
  readonly tree: MappingTree
  readonly uses: Map<string, Map<string, string[]>>
  /** Lists whose members are gone through: what is read of the members is told where it is read. */
  readonly iterated: { readonly column: ColumnName; readonly use: string }[]
}

/** Examples do not count. Of a list that is used as a whole, every member is. */
export function columnUses(tree: MappingTree, readers: ReaderPlan): ColumnUses {
  const collecting: Collecting = { tree, uses: new Map(), iterated: [] }
  for (const rule of tree.rules.values()) useRule(rule, collecting)
  useByBridge(readers, collecting)
  for (const { column, use } of collecting.iterated) {
    const paths = leavesOf(column, tree)
    const known = collecting.uses.get(column.source)
    if (!paths.some((path) => known?.has(path))) useColumn(column, use, collecting)
  }
  return collecting.uses
}

/** The columns of `terms` by which the bridge finds the school year. */
const YEAR_COLUMNS = ['school_id', 'start_year', 'portion', 'start_date', 'end_date']

function useByBridge({ parents, within }: ReaderPlan, collecting: Collecting): void {
  const { tree } = collecting
  for (const [reader, plan] of [
    ['rest', parents],
    ['powerquery', within],
  ] as const) {
    for (const [name, parent] of plan) {
      const rows = rowsOf(tree, parent.name)
      if (rows) useColumn({ source: rows.source.name, path: parent.column }, `sources.${name}.${reader}`, collecting)
    }
  }
  for (const path of YEAR_COLUMNS) useColumn({ source: 'terms', path }, 'settings.start_year', collecting)
}

function useColumn(column: ColumnName, use: string, { tree, uses }: Collecting): void {
  const ofSource = uses.get(column.source) ?? new Map<string, string[]>()
  uses.set(column.source, ofSource)
  for (const path of leavesOf(column, tree)) {
    const known = ofSource.get(path) ?? []
    if (!known.includes(use)) ofSource.set(path, [...known, use])
  }
}

function leavesOf({ source, path }: ColumnName, tree: MappingTree): string[] {
  const top = tree.sources.get(source)?.shape
  const shape = top && columnAt(top, path)
  return shape ? leafPaths(shape, path) : []
}

function useRule(rule: RuleTree, collecting: Collecting): void {
  const source = collecting.tree.sources.get(rule.from.text)
  if (source === undefined) return
  const { id } = rule
  const scope = ruleScope(collecting.tree, rule, source)
  const using = (use: string): Using => ({ ...collecting, use: `${id}.${use}`, scope })
  for (const [index, lookup] of rule.lookups.entries()) {
    useLookup(lookup, { ...using(`with.${lookup.name}`), scope: lookupScope(scope, index) })
  }
  if (rule.onePer) useFormula(rule.onePer, using('one_per'))
  if (rule.order) useFormula(rule.order, using('order'))
  for (const formula of rule.where) useFormula(formula, using('where'))
  useValue(rule.sourcedId, using('id'))
  for (const { name, value } of rule.fields) useValue(value, using(name))
  for (const { name, value } of rule.metadata) useValue(value, using(`metadata.${name}`))
}

interface Using extends Collecting {
  readonly use: string
  readonly scope: Scope
}

function useLookup({ from }: LookupTree, using: Using): void {
  if (from.kind === 'rows') useSelection(from.selection, using)
  if (from.kind !== 'list') return
  const type = useMembers(from.list, using)
  useNarrowing(from, { ...using, scope: withCandidate(using.scope, type) })
}

function useSelection(selection: Selection, using: Using): void {
  const { target, key, match } = selection
  const rows = rowsOf(using.tree, target.text)
  if (rows === undefined) return
  const { source } = rows
  if (key) {
    useColumn({ source: source.name, path: source.key.text }, using.use, using)
    useValue(key, using)
  }
  for (const { name, value } of match ?? []) {
    useColumn({ source: source.name, path: name }, using.use, using)
    useValue(value, using)
  }
  useNarrowing(selection, { ...using, scope: withCandidate(using.scope, stagedType(source, rows.rule)) })
}

interface Narrowing {
  readonly where: readonly FormulaTree[]
  readonly order?: FormulaTree
}

function useNarrowing({ where, order }: Narrowing, using: Using): void {
  for (const formula of where) useFormula(formula, using)
  if (order) useFormula(order, using)
}

function useValue(value: ValueTree, using: Using): void {
  switch (value.kind) {
    case 'formula':
      useFormula(value, using)
      return
    case 'list':
      for (const item of value.items) useValue(item, using)
      return
    case 'group':
      for (const member of value.members) useValue(member.value, using)
      return
    case 'ref':
      useSelection(value.selection, using)
      return
    case 'inverse':
      for (const { rule } of splitInverse(value)) {
        const rows = rowsOf(using.tree, rule)
        if (rows)
          useNarrowing(value, { ...using, scope: withCandidate(using.scope, stagedType(rows.source, rows.rule)) })
      }
      return
    case 'each': {
      const type = useMembers(value.list, using)
      const inner = { ...using, scope: withVariable(using.scope, value.as.text, type) }
      for (const formula of value.where) useFormula(formula, inner)
      useValue(value.value, inner)
      return
    }
    case 'choose':
      for (const { when, value: then } of value.cases) {
        useFormula(when, using)
        useValue(then, using)
      }
      if (value.otherwise) useValue(value.otherwise, using)
      return
    case 'constant':
    case 'broken':
      return
    default:
      value satisfies never
  }
}

/** A list that is gone through. Gives the type of its members. */
function useMembers(list: FormulaTree, using: Using) {
  const type = typeOf(list, using.scope)
  const column = listColumnOf(type)
  if (column && list.expression.kind === 'path') {
    usePath(list.expression, using, false)
    using.iterated.push({ column, use: using.use })
  } else useFormula(list, using)
  return type.kind === 'list' ? type.of : ANY
}

const useFormula = ({ expression }: FormulaTree, using: Using) => useExpression(expression, using)

function useExpression(expression: Expression, using: Using): void {
  switch (expression.kind) {
    case 'path':
      usePath(expression, using, true)
      return
    case 'list':
      for (const item of expression.items) useExpression(item, using)
      return
    case 'call':
      for (const arg of expression.args) useExpression(arg, using)
      return
    case 'unary':
    case 'blank':
      useExpression(expression.operand, using)
      return
    case 'binary':
      useExpression(expression.left, using)
      useExpression(expression.right, using)
      return
    case 'inherited':
      useExpression(expression.expression, using)
      return
    case 'text':
    case 'number':
    case 'boolean':
      return
    default:
      expression satisfies never
  }
}

/** Of a path through a list, the member that it ends at counts; a list at its end counts whole if `isWhole`. */
function usePath({ names }: Extract<Expression, { kind: 'path' }>, using: Using, isWhole: boolean): void {
  const resolved = resolvePath(names, using.scope, lookupTypeIn(using.tree))
  if (!resolved.ok) return
  const { steps, type } = resolved.route
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'lookup' || steps[index + 1]?.kind === 'member') continue
    if (index < steps.length - 1 || isWhole || listColumnOf(type) === undefined)
      useColumn(step.column, using.use, using)
  }
  // `it`, or an `each` variable, as it is.
  const column = steps.length === 0 && isWhole ? listColumnOf(type) : undefined
  if (column) useColumn(column, using.use, using)
}
