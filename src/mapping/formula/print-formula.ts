// Prints a formula's tree in one normal form, for explanations and for the mapping's version.
import type { Expression } from './expression.ts'
import { BINDING, COMPARISON_BINDING, MINUS_BINDING, NOT_BINDING } from './operators.ts'

const ATOM = 9

/** The formula as text, without `=`, with only the parentheses it needs; parsing it gives the same tree (spans aside). */
export function printFormula(expression: Expression): string {
  switch (expression.kind) {
    case 'text':
      return `"${expression.value.replaceAll('\\', '\\\\').replaceAll('"', '""')}"`
    case 'number':
    case 'boolean':
      return String(expression.value)
    case 'path':
      return expression.names.map(({ name }) => name).join('.')
    case 'call':
      return `${expression.name}(${expression.args.map(printFormula).join(', ')})`
    case 'list':
      return `[${expression.items.map(printFormula).join(', ')}]`
    case 'unary':
      return expression.operator === 'not'
        ? `not ${within(expression.operand, NOT_BINDING)}`
        : `-${within(expression.operand, MINUS_BINDING)}`
    case 'inherited':
      return printFormula(expression.expression)
    case 'blank':
      return `${within(expression.operand, COMPARISON_BINDING + 1)} is ${expression.negated ? 'not ' : ''}blank`
    case 'binary': {
      const binding = bindingOf(expression)
      const leftLeast = binding === COMPARISON_BINDING ? binding + 1 : binding
      return `${within(expression.left, leftLeast)} ${expression.operator} ${within(expression.right, binding + 1)}`
    }
    default:
      return expression satisfies never
  }
}

/** In parentheses when it binds less tightly than its place asks. */
function within(expression: Expression, least: number): string {
  const printed = printFormula(expression)
  return bindingOf(expression) < least ? `(${printed})` : printed
}

function bindingOf(expression: Expression): number {
  if (expression.kind === 'binary') return BINDING.get(expression.operator) ?? ATOM
  if (expression.kind === 'inherited') return bindingOf(expression.expression)
  if (expression.kind === 'blank') return COMPARISON_BINDING
  if (expression.kind === 'unary') return expression.operator === 'not' ? NOT_BINDING : MINUS_BINDING
  return ATOM
}
