// Why the row of an example gives no record: the condition that does not hold and what it read, the lookup that found nothing.
import { lookupTypeIn } from '../check/infer.ts'
import { lookupScope, resolvePath, rowsOf, ruleScope, type Scope } from '../check/scope.ts'
import { type Expression, partsOf } from '../formula/expression.ts'
import { printFormula } from '../formula/print-formula.ts'
import type { RunReport, StagedRow } from '../ports.ts'
import type { FormulaTree, RuleTree, Selection, SourceTree } from '../schema/mapping-tree.ts'
import { isBlank, type Value } from '../values.ts'
import { compileFormula } from './compile-formula.ts'
import type { Frame } from './frame.ts'
import type { Machine } from './machine.ts'

interface Asking {
  readonly rule: RuleTree
  readonly source: SourceTree
  readonly scope: Scope
  readonly machine: Machine
  readonly frame: Frame
}

/** Above the slots of the compiled rule. */
const FIRST_SLOT = 1_000

/** What an example tells of a row that was left out in this run. */
export function whyLeftOut(rule: RuleTree, staged: StagedRow, machine: Machine, report: RunReport): string {
  const source = machine.tree.sources.get(rule.from.text)
  if (source === undefined) throw new Error(`unchecked rule ${rule.id}`)
  const scope = { ...ruleScope(machine.tree, rule, source), slots: { next: FIRST_SLOT } }
  const frame = machine.rule(rule.id).frameOf(staged)
  frame.isScoping = true
  const asking: Asking = { rule, source, scope, machine, frame }
  const found = report.diagnostics.filter(({ code, rule: of }) => of === rule.id && report.rules[of]?.leftOut[code])
  if (found.length === 0) return failingCondition(asking)
  return found
    .map(({ code, field }) => {
      const said = field ? `${code} of \`${field}\`` : code
      const more = code === 'lookup-missing' ? missingRow(field, asking) : undefined
      return more === undefined ? said : `${said}: ${more}`
    })
    .join(', ')
}

function failingCondition(asking: Asking): string {
  for (const formula of asking.rule.where) {
    for (const expression of conjuncts(formula.expression)) {
      if (evaluate({ ...formula, expression }, asking) === true) continue
      const because = readBy(expression, formula, asking)
      return `\`=${printFormula(expression)}\` in \`where\` does not hold${because === undefined ? '' : `: ${because}`}`
    }
  }
  return '`where` does not hold'
}

function conjuncts(expression: Expression): Expression[] {
  if (expression.kind === 'inherited') return conjuncts(expression.expression)
  const isAnd = expression.kind === 'binary' && expression.operator === 'and'
  return isAnd ? [...conjuncts(expression.left), ...conjuncts(expression.right)] : [expression]
}

/** The first path that is blank, or else the value of the first. */
function readBy(expression: Expression, formula: FormulaTree, asking: Asking): string | undefined {
  const read = pathsIn(expression).map((path) => ({ path, value: evaluate({ ...formula, expression: path }, asking) }))
  const plain = read.filter(({ value }) => !isObject(value))
  const told = plain.find(({ value }) => isBlank(value)) ?? plain[0]
  return told && `${named(told.path, asking)} is ${shown(told.value)}`
}

function pathsIn(expression: Expression): Expression[] {
  return expression.kind === 'path' ? [expression] : partsOf(expression).flatMap(pathsIn)
}

/** A column of the row itself stands in `row`. */
function named(path: Expression, { scope }: Asking): string {
  const resolved = path.kind === 'path' ? resolvePath(path.names, scope, lookupTypeIn(scope.tree)) : undefined
  const isOwn = resolved?.ok === true && resolved.route.start.kind === 'row'
  return `\`${printFormula(path)}\`${isOwn ? ' of `row`' : ''}`
}

/** By which key, or columns, a lookup found nothing, and where the row would have to stand. */
function missingRow(name: string | undefined, asking: Asking): string | undefined {
  const index = asking.rule.lookups.findIndex((lookup) => lookup.name === name)
  const from = asking.rule.lookups[index]?.from
  if (from?.kind !== 'rows') return undefined
  const rows = rowsOf(asking.machine.tree, from.selection.target.text)
  if (rows === undefined) return undefined
  const inner = { ...asking, scope: lookupScope(asking.scope, index) }
  const wanted = wantedBy(from.selection, rows.source, inner)
  return wanted.length === 0
    ? `there is no row in \`given: ${rows.source.name}\``
    : `no row in \`given: ${rows.source.name}\` has ${wanted.join(' and ')}`
}

function wantedBy({ key, match }: Selection, source: SourceTree, asking: Asking): string[] {
  const parts = key ? [{ name: source.key.text, value: key }] : (match ?? [])
  return parts.flatMap(({ name, value }) => {
    if (value.kind === 'constant') return `the \`${name}\` ${shown(value.value)}`
    if (value.kind !== 'formula') return []
    return `the \`${name}\` that \`=${printFormula(value.expression)}\` gives, which is ${shown(evaluate(value, asking))}`
  })
}

const evaluate = (formula: FormulaTree, { scope, machine, frame }: Asking): Value =>
  compileFormula(formula, scope, machine)(frame)

/** Rows, and objects in lists. */
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (!Array.isArray(value) || value.some(isObject))

const shown = (value: Value) => (isBlank(value) ? 'blank' : JSON.stringify(value))
