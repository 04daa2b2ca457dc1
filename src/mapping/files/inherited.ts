// Puts what a layer replaces in the place of the word `inherited` in a formula.
import type { Place, Report } from '../diagnostic.ts'
import { type Expression, isTooHigh, type Span } from '../formula/expression.ts'
import type { FormulaTree } from '../schema/mapping-tree.ts'
import { entryOf, type ListNode, type MapNode, type Node, type ScalarNode } from './tree.ts'

/** How several formulas are one: as a list, or as conditions that must `all` hold. */
export type Fold = 'list' | 'all'

export interface Binding {
  readonly fold: Fold
  /** Reads a formula of a layer below, its own `inherited` bound. */
  readonly parse: (node: ScalarNode) => FormulaTree | undefined
  readonly report: Report
}

/** The formula without the word, or undefined when there is a fault, which is reported. */
export function bindInherited(formula: FormulaTree, binding: Binding): FormulaTree | undefined {
  const { node } = formula
  if (!node.text.includes('inherited')) return formula
  const first = firstWord(formula.expression)
  if (first === undefined) return formula
  // Not from within the walk below: the layers' formulas would stand on each other's stack.
  const lower = lowerOf(node, node.placeAt(first.start + 1), binding)
  let isBroken = lower === 'broken'
  const expression = replaceWord(formula.expression, (names, span) => {
    if (names.length > 1 && lower !== 'broken') {
      const at = node.placeAt(span.start + 1)
      binding.report(at, 'path', `\`inherited\` is the value that is replaced, and has no \`${names[1]?.name}\``)
    }
    if (names.length > 1) isBroken = true
    return lower === 'broken' ? undefined : lower(span)
  })
  if (isBroken) return undefined
  if (!isTooHigh(expression)) return { ...formula, expression }
  binding.report(node.place, 'extends', 'with what it inherits this formula grows too large. Write it out.')
  return undefined
}

/** Of a `choose` that a formula inherits: each is an `if` in the one before. */
const MAX_CASES = 200

/** Makes the lower value an expression at the place of the word. */
type Lower = 'broken' | ((span: Span) => Expression)

function lowerOf({ inherited }: ScalarNode, at: Place, binding: Binding): Lower {
  if (inherited !== undefined) return asExpression(inherited, at, binding)
  const message = 'nothing is replaced here, so nothing is `inherited`. No layer below has a value in this place.'
  binding.report(at, 'extends', message)
  return 'broken'
}

function asExpression(node: Node, at: Place, binding: Binding): Lower {
  if (node.kind === 'list') return listExpression(node, at, binding)
  if (node.kind === 'map') return mapExpression(node, at, binding)
  const formula = node.text.startsWith('=') ? binding.parse(node) : constantFormula(node)
  if (formula === undefined) return 'broken'
  return (span) => ({ kind: 'inherited', node, expression: formula.expression, span })
}

/** Formulas count their offsets from after the `=`, so a constant begins at -1. */
function constantFormula(node: ScalarNode): FormulaTree {
  const span = { start: -1, end: node.text.length - 1 }
  const { value, quoted, text } = node
  if (typeof value === 'number' && !quoted && !isTextOfDigits(node))
    return { kind: 'formula', node, expression: { kind: 'number', value, span } }
  if (typeof value === 'boolean' && !quoted)
    return { kind: 'formula', node, expression: { kind: 'boolean', value, span } }
  return { kind: 'formula', node, expression: { kind: 'text', value: text, span } }
}

/** `007` and numbers too large to be exact: nobody counts with them, and as numbers they would be others. */
function isTextOfDigits({ text, value }: ScalarNode): boolean {
  return /^[-+]?0\d/.test(text) || !Number.isFinite(value) || Math.abs(Number(value)) > Number.MAX_SAFE_INTEGER
}

function listExpression({ items }: ListNode, at: Place, binding: Binding): Lower {
  const parts: ((span: Span) => Expression)[] = []
  for (const item of items) {
    const part = asExpression(item, at, binding)
    if (part === 'broken') return part
    parts.push(part)
  }
  if (binding.fold === 'list') return (span) => ({ kind: 'list', items: parts.map((part) => part(span)), span })
  return (span) =>
    parts
      .map((part) => part(span))
      .reduce<Expression>((left, right) => ({ kind: 'binary', operator: 'and', left, right, span }), {
        kind: 'boolean',
        value: true,
        span,
      })
}

/** Of maps, a `choose` can be said as a formula; a reference or a group cannot. */
function mapExpression(node: MapNode, at: Place, binding: Binding): Lower {
  const cases = entryOf(node, 'choose')?.value
  if (cases?.kind === 'list') return chooseExpression(cases, at, binding)
  const { file, line } = node.place
  binding.report(
    at,
    'extends',
    `\`inherited\` is a map here (${file}:${line}), which no formula can hold. Write \`=inherited\` alone: as an item of a list, or in a \`choose:\`.`,
  )
  return 'broken'
}

function chooseExpression({ items, place }: ListNode, at: Place, binding: Binding): Lower {
  if (items.length > MAX_CASES) {
    const message = `\`inherited\` is a \`choose\` of ${items.length} cases here, a formula can hold ${MAX_CASES}. Use a code table.`
    binding.report(at, 'extends', message)
    return 'broken'
  }
  let made: ((span: Span) => Expression) | undefined
  for (const item of items.toReversed()) {
    const part = (name: string) => {
      const value = item.kind === 'map' ? entryOf(item, name)?.value : undefined
      return value && asExpression(value, at, binding)
    }
    const [when, then, last] = [part('when'), part('then'), part('else')]
    if (when === 'broken' || then === 'broken' || last === 'broken') return 'broken'
    const rest = last ?? made
    if (when && then) {
      made = (span) => ({
        kind: 'call',
        name: 'if',
        nameSpan: span,
        args: [when(span), then(span), ...(rest ? [rest(span)] : [])],
        span,
      })
    } else made = rest
  }
  if (made) return made
  binding.report(place, 'shape', '`choose` is a list of `when` and `then`, with `else` last')
  return 'broken'
}

function firstWord(expression: Expression): Span | undefined {
  let first: Span | undefined
  replaceWord(expression, (_, span) => {
    first ??= span
    return undefined
  })
  return first
}

type Change = (names: Extract<Expression, { kind: 'path' }>['names'], span: Span) => Expression | undefined

function replaceWord(expression: Expression, change: Change): Expression {
  const inside = (part: Expression) => replaceWord(part, change)
  switch (expression.kind) {
    case 'path':
      return (expression.names[0]?.name === 'inherited' && change(expression.names, expression.span)) || expression
    case 'call':
      return { ...expression, args: expression.args.map(inside) }
    case 'list':
      return { ...expression, items: expression.items.map(inside) }
    case 'unary':
    case 'blank':
      return { ...expression, operand: inside(expression.operand) }
    case 'binary':
      return { ...expression, left: inside(expression.left), right: inside(expression.right) }
    case 'text':
    case 'number':
    case 'boolean':
    case 'inherited':
      return expression
    default:
      return expression satisfies never
  }
}
