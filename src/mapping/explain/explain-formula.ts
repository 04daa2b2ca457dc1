// Explains a formula on one row: its value, what `inherited` stands for, and everything that it reads.

import { lookupTypeIn } from '../check/infer.ts'
import { type Route, resolvePath, type Step } from '../check/scope.ts'
import { type Expression, partsOf } from '../formula/expression.ts'
import { compileFormula } from '../run/compile-formula.ts'
import { compileRoute } from '../run/compile-path.ts'
import type { FormulaTree } from '../schema/mapping-tree.ts'
import { neededArguments } from './explain-choice.ts'
import type { ExplainedColumn, ExplainedInput, ExplainedText, RowName } from './explain-data.ts'
import { isFrame, rowName, type Standing, shown, standingOn } from './explain-run.ts'
import { inheritedParts } from './origins.ts'
import { textOfFormula } from './origins-text.ts'

export function explainFormula(formula: FormulaTree, standing: Standing): ExplainedText {
  return {
    place: formula.node.place,
    text: textOfFormula(formula),
    value: shown(evaluate(formula, standing)),
    ...inheritedBy(formula.expression, standing),
    inputs: collectInputs((inputs) => readFormula(formula, standing, inputs)),
  }
}

export const evaluate = (formula: FormulaTree, { scope, machine, frame }: Standing) =>
  compileFormula(formula, scope, machine)(frame)

/** With the values that they have on this row; what they read is told where the formula on top is. */
export function inheritedBy(expression: Expression, standing: Standing): { inherited?: readonly ExplainedText[] } {
  const inherited = inheritedParts(expression).map(({ node, expression: lower }): ExplainedText => {
    const formula: FormulaTree = { kind: 'formula', node, expression: lower }
    return {
      place: node.place,
      text: textOfFormula(formula),
      value: shown(evaluate(formula, standing)),
      ...inheritedBy(lower, standing),
      inputs: [],
    }
  })
  const once = inherited.filter(({ place }, at) => inherited.findIndex((other) => isSame(other.place, place)) === at)
  return once.length > 0 ? { inherited: once } : {}
}

const isSame = (a: ExplainedText['place'], b: ExplainedText['place']) =>
  a.file === b.file && a.line === b.line && a.column === b.column

/** What was told so far, by what it is. */
export type Inputs = Map<string, ExplainedInput>

export function collectInputs(read: (inputs: Inputs) => void): ExplainedInput[] {
  const inputs: Inputs = new Map()
  read(inputs)
  return [...inputs.values()]
}

export function readFormula(formula: FormulaTree, standing: Standing, inputs: Inputs): void {
  readExpression(formula.expression, formula, standing, inputs)
}

function readExpression(expression: Expression, formula: FormulaTree, standing: Standing, inputs: Inputs): void {
  if (expression.kind === 'path') readPath(expression, standing, inputs)
  const evaluateIn = (part: Expression) => evaluate({ ...formula, expression: part }, standing)
  const parts = expression.kind === 'call' ? neededArguments(expression, evaluateIn) : partsOf(expression)
  for (const part of parts) readExpression(part, formula, standing, inputs)
  if (expression.kind !== 'call') return
  if (expression.name === 'today') inputs.set('today()', { kind: 'today', value: standing.machine.context.today })
  if (expression.name === 'code') readCode(expression, formula, standing, inputs)
}

type Call = Extract<Expression, { kind: 'call' }>

function readCode(call: Call, formula: FormulaTree, standing: Standing, inputs: Inputs): void {
  const [name, argument] = call.args
  const table = name?.kind === 'text' ? standing.checked.tree.tables.get(name.value) : undefined
  if (name?.kind !== 'text' || argument === undefined) return
  const valueIn = (expression: Expression) => evaluate({ ...formula, expression }, standing)
  const code = shown(valueIn(argument))
  inputs.set(`code ${name.value} ${JSON.stringify(code)}`, {
    kind: 'table',
    table: name.value,
    place: table?.place,
    code,
    value: shown(valueIn(call)),
    isListed: table?.codes.has(String(code)) === true,
  })
}

type Path = Extract<Expression, { kind: 'path' }>

function readPath({ names }: Path, standing: Standing, inputs: Inputs): void {
  const { scope, machine } = standing
  const resolved = resolvePath(names, scope, lookupTypeIn(scope.tree))
  if (!resolved.ok) return
  const { route } = resolved
  const path = names.map(({ name }) => name).join('.')
  if (route.start.kind === 'setting') {
    inputs.set(path, { kind: 'setting', path, value: shown(machine.settings[route.start.name]) })
    return
  }
  readLookups(
    names.map(({ name }) => name),
    route,
    standing,
    inputs,
  )
  const column = explainColumn(path, route, standing)
  if (column && !inputs.has(path)) inputs.set(path, column)
}

/** The lookups that a path goes through, as far as each gives one row. */
function readLookups(names: readonly string[], route: Route, standing: Standing, inputs: Inputs): void {
  const { tellers, scope, checked } = standing
  const [first] = names
  if (route.start.kind === 'lookup' && first !== undefined && !inputs.has(`lookup ${first}`)) {
    inputs.set(`lookup ${first}`, tellers.lookup(route.start.index, first, standing))
  }
  for (const [at, step] of route.steps.entries()) {
    if (step.kind !== 'lookup' || step.many) continue
    const holder = valueAt(route, route.steps.slice(0, at), standing)
    const lookup = step.rule.lookups[step.index]
    const name = `${nameUpTo(names, lookup?.name)}`
    if (!isFrame(holder) || inputs.has(`lookup ${name}`)) continue
    const inner = standingOn(step.rule, holder, standing)
    inputs.set(
      `lookup ${name}`,
      tellers.lookup(step.index, name, { ...inner, checked, scope: { ...inner.scope, tree: scope.tree } }),
    )
  }
}

const nameUpTo = (names: readonly string[], last: string | undefined) =>
  names.slice(0, names.indexOf(last ?? '') + 1).join('.')

function valueAt({ start, type }: Route, steps: readonly Step[], { scope, machine, frame }: Standing): unknown {
  return compileRoute({ start, steps, type }, scope, machine)(frame)
}

const SHOWN_ROWS = 5

/** The value at the end of a path, and the rows that it stands in. */
function explainColumn(path: string, route: Route, standing: Standing): ExplainedColumn | undefined {
  const last = route.steps.findLastIndex(({ kind }) => kind === 'cell')
  const step = route.steps[last]
  if (route.steps.at(-1)?.kind === 'lookup' || (route.steps.length === 0 && route.start.kind !== 'variable')) return
  const value = shown(valueAt(route, route.steps, standing))
  if (step?.kind !== 'cell') return { kind: 'column', path, value, rows: [], rowCount: 0 }
  const source = standing.checked.tree.sources.get(step.column.source)
  const holders = [valueAt(route, route.steps.slice(0, last), standing)].flat().filter(isFrame)
  const rows: RowName[] = source ? holders.slice(0, SHOWN_ROWS).map((holder) => rowName(source, holder)) : []
  return { kind: 'column', path, value, rows, rowCount: holders.length }
}
