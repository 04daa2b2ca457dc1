// Turns a checked formula into a closure over the frame.

import { lookupTypeIn, typeOf } from '../check/infer.ts'
import { resolvePath, type Scope } from '../check/scope.ts'
import { type Expression, partsOf } from '../formula/expression.ts'
import type { BinaryOperator } from '../formula/operators.ts'
import { FUNCTIONS } from '../functions.ts'
import type { FormulaTree, RuleTree, Selection } from '../schema/mapping-tree.ts'
import { compareValues, isBlank, isBlankOrEmpty, isIn, isList, numberOf, textOf, type Value } from '../values.ts'
import { compileRoute } from './compile-path.ts'
import type { Evaluate } from './frame.ts'
import type { Machine } from './machine.ts'

export function compileFormula(formula: FormulaTree, scope: Scope, machine: Machine): Evaluate {
  return compile(formula.expression, { scope, machine, formula })
}

interface Compiling {
  readonly scope: Scope
  readonly machine: Machine
  readonly formula: FormulaTree
}

type Kind<K extends Expression['kind']> = Extract<Expression, { kind: K }>

function compile(expression: Expression, compiling: Compiling): Evaluate {
  switch (expression.kind) {
    case 'text':
    case 'number':
    case 'boolean': {
      const { value } = expression
      return () => value
    }
    case 'path': {
      const { scope, machine } = compiling
      const resolved = resolvePath(expression.names, scope, lookupTypeIn(scope.tree))
      if (!resolved.ok) throw new Error(`unchecked path: ${resolved.fault.message}`)
      return compileRoute(resolved.route, scope, machine)
    }
    case 'list':
      return compileList(expression, compiling)
    case 'blank': {
      const operand = compile(expression.operand, compiling)
      return expression.negated ? (frame) => !isBlankOrEmpty(operand(frame)) : (frame) => isBlankOrEmpty(operand(frame))
    }
    case 'unary':
      return compileUnary(expression, compiling)
    case 'binary':
      return compileBinary(expression, compiling)
    case 'inherited':
      return compile(expression.expression, compiling)
    case 'call':
      return compileCall(expression, compiling)
    default:
      return expression satisfies never
  }
}

function compileList({ items }: Kind<'list'>, compiling: Compiling): Evaluate {
  const members = items.map((item) => compile(item, compiling))
  return (frame) => {
    const list: Value[] = []
    for (const member of members) {
      const value = member(frame)
      if (isList(value)) list.push(...value)
      else if (!isBlank(value)) list.push(value)
    }
    return list
  }
}

function compileUnary({ operator, operand }: Kind<'unary'>, compiling: Compiling): Evaluate {
  const value = compile(operand, compiling)
  if (operator === 'not') return (frame) => value(frame) !== true
  return (frame) => {
    const number = numberOf(value(frame))
    return number === undefined ? undefined : -number
  }
}

function compileBinary(expression: Kind<'binary'>, compiling: Compiling): Evaluate {
  const { operator, left, right } = expression
  const { scope, machine } = compiling
  // A lookup that counts as empty for a while is not the same for the whole run.
  const mayFix = operator === 'in' && !machine.cuts.has(scope.rule.id)
  if (mayFix && isFixed(right, scope)) return compileFixedIn(expression, compiling)
  const a = compile(left, compiling)
  const b = compile(right, compiling)
  const areDates = [left, right].every(
    (side) => typeOf({ ...compiling.formula, expression: side }, scope).kind === 'date',
  )
  return (areDates ? DATES[operator] : undefined)?.(a, b) ?? BINARY[operator](a, b)
}

/** A list that is the same for the whole run is searched as a set: `it.school_id in schools.id`. */
function compileFixedIn({ left, right }: Kind<'binary'>, compiling: Compiling): Evaluate {
  const a = compile(left, compiling)
  const b = compile(right, compiling)
  let members: Set<Value> | undefined
  return (frame) => {
    if (members === undefined) {
      const list = b(frame)
      members = new Set(isList(list) ? list : [list])
    }
    const value = a(frame)
    return !isBlank(value) && members.has(value)
  }
}

type Combine = (a: Evaluate, b: Evaluate) => Evaluate

const ordered =
  (holds: (order: number) => boolean): Combine =>
  (a, b) =>
  (frame) => {
    const order = compareValues(a(frame), b(frame))
    return order !== undefined && holds(order)
  }

const arithmetic =
  (work: (x: number, y: number) => number): Combine =>
  (a, b) =>
  (frame) => {
    const x = numberOf(a(frame))
    const y = numberOf(b(frame))
    return x === undefined || y === undefined ? undefined : numberOf(work(x, y))
  }

const BINARY: Readonly<Record<BinaryOperator, Combine>> = {
  or: (a, b) => (frame) => a(frame) === true || b(frame) === true,
  and: (a, b) => (frame) => a(frame) === true && b(frame) === true,
  '=': (a, b) => (frame) => {
    const value = a(frame)
    return value === b(frame) && !isBlank(value)
  },
  '!=': (a, b) => (frame) => {
    const x = a(frame)
    const y = b(frame)
    return x !== y && !isBlank(x) && !isBlank(y)
  },
  '<': ordered((order) => order < 0),
  '<=': ordered((order) => order <= 0),
  '>': ordered((order) => order > 0),
  '>=': ordered((order) => order >= 0),
  in: (a, b) => (frame) => isIn(a(frame), b(frame)),
  '&': (a, b) => (frame) => {
    const x = textOf(a(frame))
    const y = textOf(b(frame))
    return x === undefined || y === undefined ? undefined : x + y
  },
  '+': arithmetic((x, y) => x + y),
  '-': arithmetic((x, y) => x - y),
  '*': arithmetic((x, y) => x * y),
  '/': arithmetic((x, y) => x / y),
}

const dates =
  (holds: (x: string, y: string) => boolean): Combine =>
  (a, b) =>
  (frame) => {
    const x = a(frame)
    const y = b(frame)
    return typeof x === 'string' && typeof y === 'string' && holds(x, y)
  }

/** Days compare as the engine compares texts: ten digits and hyphens. */
const DATES: Partial<Record<BinaryOperator, Combine>> = {
  '<': dates((x, y) => x < y),
  '<=': dates((x, y) => x <= y),
  '>': dates((x, y) => x > y),
  '>=': dates((x, y) => x >= y),
}

type MakeCall = (args: readonly Evaluate[]) => Evaluate | undefined

/** Keys and results in turn after the value; a last one alone is the result of all others. */
function compileSwitch([value, ...rest]: readonly Evaluate[]): Evaluate | undefined {
  const other = rest.length % 2 === 1 ? rest.at(-1) : undefined
  const pairs: { readonly key: Evaluate; readonly result: Evaluate }[] = []
  for (let i = 0; i + 1 < rest.length; i += 2) {
    const [key, result] = [rest[i], rest[i + 1]]
    if (key && result) pairs.push({ key, result })
  }
  return (
    value &&
    ((frame) => {
      const found = value(frame)
      const pair = isBlank(found) ? undefined : pairs.find(({ key }) => key(frame) === found)
      return pair ? pair.result(frame) : other?.(frame)
    })
  )
}

/** Functions that work out only the arguments that they need. */
const LAZY: Readonly<Record<string, MakeCall>> = {
  if: ([condition, value, other]) =>
    condition && value && ((frame) => (condition(frame) === true ? value(frame) : other?.(frame))),
  switch: compileSwitch,
  unless: ([value, condition]) =>
    value && condition && ((frame) => (condition(frame) === true ? undefined : value(frame))),
  first: (args) => (frame) => {
    for (const arg of args) {
      const value = arg(frame)
      const found = isList(value) ? value.find((member) => !isBlank(member)) : value
      if (!isBlank(found)) return found
    }
    return undefined
  },
}

function compileCall(call: Kind<'call'>, compiling: Compiling): Evaluate {
  const { name, args } = call
  const decided = decidedBySettings(call, compiling)
  if (decided) return decided.branch ? compile(decided.branch, compiling) : () => undefined
  const values = args.map((arg) => compile(arg, compiling))
  const lazy = LAZY[name]?.(values)
  if (lazy) return lazy
  const spec = FUNCTIONS[name]
  if (spec === undefined) throw new Error(`unchecked function ${name}`)
  const { context } = compiling.machine
  const [a, b] = values
  const { evaluate } = spec
  if (name === 'today') {
    const { today } = context
    return () => today
  }
  if (a === undefined) return () => evaluate([], context)
  if (b === undefined) return (frame) => evaluate([a(frame)], context)
  if (values.length === 2) return (frame) => evaluate([a(frame), b(frame)], context)
  return (frame) => {
    const given: Value[] = []
    for (const value of values) given.push(value(frame))
    return evaluate(given, context)
  }
}

interface Decided {
  /** Absent where the choice gives nothing. */
  readonly branch: Expression | undefined
}

/** What `if` and `switch` choose for the whole run, when settings and constants alone decide; rows are spared the question. */
function decidedBySettings({ name, args }: Kind<'call'>, compiling: Compiling): Decided | undefined {
  const [asked, ...rest] = args
  const found = asked && settingOrConstant(asked, compiling)
  if (found === undefined) return undefined
  if (name === 'if') return { branch: found.value === true ? rest[0] : rest[1] }
  if (name !== 'switch') return undefined
  for (let i = 0; i + 1 < rest.length; i += 2) {
    const key = rest[i] && settingOrConstant(rest[i], compiling)
    if (key === undefined) return undefined
    if (key.value === found.value && !isBlank(found.value)) return { branch: rest[i + 1] }
  }
  return { branch: rest.length % 2 === 1 ? rest.at(-1) : undefined }
}

function settingOrConstant(
  expression: Expression | undefined,
  { scope, machine }: Compiling,
): { readonly value: Value } | undefined {
  if (expression?.kind === 'text' || expression?.kind === 'number' || expression?.kind === 'boolean') {
    return { value: expression.value }
  }
  if (expression?.kind !== 'path') return undefined
  const resolved = resolvePath(expression.names, scope, lookupTypeIn(scope.tree))
  if (!resolved.ok || resolved.route.start.kind !== 'setting') return undefined
  return { value: machine.settings[resolved.route.start.name] }
}

/** Whether a formula gives the same for every row of the run: it names settings and lookups that are fixed themselves. */
function isFixed(expression: Expression, scope: Scope, own: ReadonlySet<number> = new Set()): boolean {
  if (expression.kind !== 'path') return partsOf(expression).every((part) => isFixed(part, scope, own))
  const resolved = resolvePath(expression.names, scope, lookupTypeIn(scope.tree))
  if (!resolved.ok) return false
  const { start } = resolved.route
  if (start.kind === 'setting') return true
  if (start.kind === 'variable') return own.has(start.slot)
  return start.kind === 'lookup' && isFixedLookup(scope.rule, start.index, scope)
}

function isFixedLookup(rule: RuleTree, index: number, scope: Scope): boolean {
  const from = rule.lookups[index]?.from
  const isSameRule = scope.rule.id === rule.id
  return isSameRule && from?.kind === 'rows' && isFixedSelection(from.selection, { ...scope, lookups: index })
}

/** Whether a selection finds the same rows for every row: its key and columns are fixed, its narrowing asks only the candidate. */
export function isFixedSelection(selection: Selection, scope: Scope): boolean {
  const values = [...(selection.key ? [selection.key] : []), ...(selection.match ?? []).map(({ value }) => value)]
  const isFixedValue = values.every(
    (value) => value.kind === 'constant' || (value.kind === 'formula' && isFixed(value.expression, scope)),
  )
  const narrowing = [...selection.where, ...(selection.order ? [selection.order] : [])]
  return isFixedValue && narrowing.every((formula) => asksOnlyCandidate(formula.expression, scope))
}

/** The candidate of a selection is named `it`; any other name must be fixed. */
function asksOnlyCandidate(expression: Expression, scope: Scope): boolean {
  const candidate = { type: { kind: 'any' }, slot: -1 } as const
  const inner: Scope = { ...scope, variables: new Map([...scope.variables, ['it', candidate]]) }
  return isFixed(expression, inner, new Set([-1]))
}
