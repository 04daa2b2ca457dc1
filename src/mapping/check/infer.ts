// The static type of a formula; what cannot be is reported at the character where it stands.
import type { Report } from '../diagnostic.ts'
import type { ScalarNode } from '../files/tree.ts'
import type { Expression, Span } from '../formula/expression.ts'
import type { BinaryOperator } from '../formula/operators.ts'
import { cannotCompare } from '../functions/comparable.ts'
import { describeType, memberType, type StaticType, unifyTypes } from '../functions/static-type.ts'
import { FUNCTIONS } from '../functions.ts'
import type { FormulaTree, LookupTree, RuleTree } from '../schema/mapping-tree.ts'
import { placeIn } from '../schema/schema-reader.ts'
import { functionHint } from './foreign-functions.ts'
import { misfit, settingAbove } from './layered-settings.ts'
import { ANY, lookupScope, resolvePath, rowsOf, ruleScope, type Scope, stagedType, withVariable } from './scope.ts'
import { impossibleWords } from './setting-words.ts'
import { suggest } from './suggest.ts'

interface Inference {
  readonly scope: Scope
  readonly node: ScalarNode
  readonly report: Report
}

/** Faults give `any`, which fits everywhere, so that each fault is told once. */
export function inferFormula(formula: FormulaTree, scope: Scope, report: Report): StaticType {
  return infer(formula.expression, { scope, node: formula.node, report })
}

/** The type without telling faults: for what has been checked, and for looking ahead. */
export const typeOf = (formula: FormulaTree, scope: Scope): StaticType => inferFormula(formula, scope, NO_FAULTS)

const NO_FAULTS: Report = () => {}
/** Far deeper than a mapping for people; what is deeper is taken as it comes. */
const MAX_LOOKUP_DEPTH = 100

/** By the lookup, which belongs to one tree. While a type is found it stands here as `any`: that ends a ring. */
const listTypes = new WeakMap<LookupTree, StaticType>()

/** The type of a lookup; `all: =formula` looks into the formula, and a ring of those gives `any`. */
export function lookupTypeIn(tree: Scope['tree'], depth = 0) {
  return (rule: RuleTree, index: number): StaticType => {
    const lookup = rule.lookups[index]
    const source = tree.sources.get(rule.from.text)
    if (lookup === undefined || source === undefined || lookup.from.kind === 'broken') return ANY
    if (lookup.from.kind === 'rows') {
      const rows = rowsOf(tree, lookup.from.selection.target.text)
      const row = rows ? stagedType(rows.source, rows.rule) : ANY
      return lookup.many ? { kind: 'list', of: row } : row
    }
    const known = listTypes.get(lookup)
    if (known !== undefined || depth > MAX_LOOKUP_DEPTH) return known ?? ANY
    listTypes.set(lookup, ANY)
    const scope = lookupScope(ruleScope(tree, rule, source), index)
    const { node, expression } = lookup.from.list
    const type = infer(expression, { scope, node, report: NO_FAULTS }, depth + 1)
    const list: StaticType = { kind: 'list', of: memberType(type) }
    listTypes.set(lookup, list)
    return list
  }
}

function infer(expression: Expression, inference: Inference, depth = 0): StaticType {
  const { scope } = inference
  const type = (part: Expression) => infer(part, inference, depth)
  switch (expression.kind) {
    case 'text':
    case 'boolean':
      return { kind: expression.kind }
    case 'number':
      return { kind: Number.isSafeInteger(expression.value) ? 'integer' : 'number' }
    case 'path': {
      const resolved = resolvePath(expression.names, scope, lookupTypeIn(scope.tree, depth))
      if (resolved.ok) return resolved.route.type
      const { span, code, message, missing } = resolved.fault
      inference.report(placeIn(inference.node, span.start), code, message, missing)
      return ANY
    }
    case 'list':
      return inferList(expression.items, inference, type)
    case 'blank':
      type(expression.operand)
      return { kind: 'boolean' }
    case 'unary': {
      const operand = type(expression.operand)
      if (expression.operator === 'not') {
        expectKind(operand, ['boolean'], '`not` takes boolean', expression.operand.span, inference)
        return { kind: 'boolean' }
      }
      expectKind(operand, NUMBERS, '`-` takes number', expression.operand.span, inference)
      return operand.kind === 'integer' ? operand : { kind: 'number' }
    }
    case 'binary':
      tellImpossibleWords(expression, inference)
      return inferBinary(expression, type(expression.left), type(expression.right), inference)
    case 'inherited':
      return infer(expression.expression, { ...inference, node: expression.node }, depth)
    case 'call':
      tellImpossibleWords(expression, inference)
      return inferCall(expression, expression.args.map(type), inference)
    default:
      return expression satisfies never
  }
}

function tellImpossibleWords(expression: Expression, { scope, node, report }: Inference): void {
  for (const { span, message, missing } of impossibleWords(expression, scope)) {
    report(placeIn(node, span.start), 'value', message, missing)
  }
}

const NUMBERS = ['integer', 'number'] as const
const PRINTABLE = ['text', 'date', 'integer', 'number'] as const

function fault({ node, report }: Inference, span: Span, message: string): void {
  report(placeIn(node, span.start), 'type', message)
}

function expectKind(
  type: StaticType,
  kinds: readonly StaticType['kind'][],
  what: string,
  span: Span,
  inference: Inference,
): boolean {
  if (type.kind === 'any' || type.kind === 'blank' || kinds.includes(type.kind)) return true
  fault(inference, span, `${what}, this gives ${describeType(type)}.${adviceFor(type, kinds)}`)
  return false
}

function adviceFor(type: StaticType, kinds: readonly StaticType['kind'][]): string {
  if (type.kind === 'list') return kinds.includes('boolean') ? ' Ask for count( ) > 0.' : ' Wrap it in first( ).'
  if (type.kind === 'row') return kinds.includes('boolean') ? ' Write `is not blank`.' : ' Name one of its columns.'
  if (kinds.includes('text')) return ' Wrap it in text( ).'
  if (kinds.includes('boolean')) return ' Compare it with something.'
  return type.kind === 'text' ? ' Wrap it in number( ).' : ''
}

function inferList(
  items: readonly Expression[],
  inference: Inference,
  type: (part: Expression) => StaticType,
): StaticType {
  let common: StaticType = { kind: 'blank' }
  for (const item of items) {
    const member = memberType(type(item))
    const unified = unifyTypes(common, member)
    if (unified === undefined) {
      fault(
        inference,
        item.span,
        `a list holds one type: this is ${describeType(member)}, before it ${describeType(common)}`,
      )
      return { kind: 'list', of: ANY }
    }
    common = unified
  }
  return { kind: 'list', of: common }
}

type Binary = Extract<Expression, { kind: 'binary' }>
type Infer = (expression: Binary, left: StaticType, right: StaticType, inference: Inference) => StaticType

const BOOLEAN: StaticType = { kind: 'boolean' }

const logical: Infer = ({ operator, left: a, right: b }, left, right, inference) => {
  expectKind(left, ['boolean'], `\`${operator}\` takes boolean`, a.span, inference)
  expectKind(right, ['boolean'], `\`${operator}\` takes boolean`, b.span, inference)
  return BOOLEAN
}

const comparison: Infer = ({ operator, left: a, right: b }, left, right, inference) => {
  const message = cannotCompare(left, right, operator)
  if (message && !tellSetting(b, left, inference) && !tellSetting(a, right, inference)) {
    fault(inference, b.span, message)
  }
  return BOOLEAN
}

/** Whether what is compared with a value of this type is the setting of a layer above, whose author is told. */
function tellSetting(expression: Expression, wanted: StaticType, inference: Inference, isList = false): boolean {
  const { scope, report, node } = inference
  const { place } = node
  const setting = settingAbove(expression, place, scope)
  if (setting) report(setting.place, 'type', misfit(setting, wanted, isList, placeIn(node, expression.span.start)))
  return setting !== undefined
}

const membership: Infer = ({ right: b, left: a }, left, right, inference) => {
  if (left.kind === 'list') {
    fault(inference, a.span, '`in` asks for one value on its left, this gives a list')
  } else if (right.kind !== 'list' && right.kind !== 'any' && right.kind !== 'blank') {
    fault(inference, b.span, `\`in\` takes a list on its right, this gives ${describeType(right)}. Write = to compare.`)
  } else {
    const message = cannotCompare(left, memberType(right), '=')
    if (message && !tellSetting(b, left, inference, true)) fault(inference, b.span, message)
  }
  return BOOLEAN
}

const joining: Infer = ({ left: a, right: b }, left, right, inference) => {
  expectKind(left, PRINTABLE, '`&` takes text or number', a.span, inference)
  expectKind(right, PRINTABLE, '`&` takes text or number', b.span, inference)
  return { kind: 'text' }
}

const arithmetic: Infer = ({ operator, left: a, right: b }, left, right, inference) => {
  const hint = (type: StaticType) =>
    type.kind === 'date'
      ? ' (days are added with add_days)'
      : type.kind === 'text' && operator === '+'
        ? ' (texts are joined with &)'
        : ''
  const fitsLeft = expectKind(left, NUMBERS, `\`${operator}\` takes number${hint(left)}`, a.span, inference)
  const fitsRight = expectKind(right, NUMBERS, `\`${operator}\` takes number${hint(right)}`, b.span, inference)
  if (!fitsLeft || !fitsRight) return ANY
  const isInteger = left.kind === 'integer' && right.kind === 'integer' && operator !== '/'
  return { kind: isInteger ? 'integer' : 'number' }
}

const BINARY: Readonly<Record<BinaryOperator, Infer>> = {
  or: logical,
  and: logical,
  '=': comparison,
  '!=': comparison,
  '<': comparison,
  '<=': comparison,
  '>': comparison,
  '>=': comparison,
  in: membership,
  '&': joining,
  '+': arithmetic,
  '-': arithmetic,
  '*': arithmetic,
  '/': arithmetic,
}

const inferBinary: Infer = (expression, left, right, inference) =>
  BINARY[expression.operator](expression, left, right, inference)

function inferCall(
  call: Extract<Expression, { kind: 'call' }>,
  args: readonly StaticType[],
  inference: Inference,
): StaticType {
  const spec = FUNCTIONS[call.name]
  if (spec === undefined) {
    const message = `there is no function \`${call.name}\`.${functionHint(call.name)}`
    inference.report(placeIn(inference.node, call.nameSpan.start), 'name', message)
    return ANY
  }
  const literals = call.args.map((arg) =>
    arg.kind === 'text' || arg.kind === 'number' || arg.kind === 'boolean' ? arg.value : undefined,
  )
  const checked = spec.check(args, literals)
  if (!checked.ok) {
    const wrong = call.args[checked.index]
    const setting = settingAbove(wrong, inference.node.place, inference.scope)
    if (setting) {
      const { file, line } = placeIn(inference.node, wrong?.span.start ?? 0)
      inference.report(
        setting.place,
        'type',
        `\`settings.${setting.name}\` does not fit ${file}:${line}: ${checked.message}`,
      )
    } else fault(inference, wrong?.span ?? call.span, checked.message)
    return ANY
  }
  if (call.name === 'code') checkTable(call, inference)
  return checked.type
}

function checkTable(call: Extract<Expression, { kind: 'call' }>, { scope, node, report }: Inference): void {
  const [table] = call.args
  const { tables, seen } = scope.tree
  if (table?.kind !== 'text' || tables.has(table.value) || seen.has(`tables.${table.value}`)) return
  const hint = suggest(table.value, [...tables.keys()])
  const message = `there is no table \`${table.value}\`.${hint}`
  report(placeIn(node, table.span.start), 'name', message, [`tables.${table.value}`])
}

/** A scope with the candidate of a selection as `it`. */
export const withCandidate = (scope: Scope, type: StaticType) => withVariable(scope, 'it', type)
