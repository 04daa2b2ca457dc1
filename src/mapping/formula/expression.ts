// The syntax tree of a formula.

import type { ScalarNode } from '../files/tree.ts'
import type { BinaryOperator, UnaryOperator } from './operators.ts'

/** Offsets in the formula's text, in UTF-16 units, without the leading `=`. `end` is the first offset after it. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface PathName {
  readonly name: string
  readonly span: Span
}

/** Parentheses leave no trace in the tree; the span of what stands in them is without them. */
export type Expression =
  | { readonly kind: 'text'; readonly value: string; readonly span: Span }
  | { readonly kind: 'number'; readonly value: number; readonly span: Span }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly span: Span }
  | { readonly kind: 'path'; readonly names: readonly PathName[]; readonly span: Span }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly nameSpan: Span
      readonly args: readonly Expression[]
      readonly span: Span
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly span: Span }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression; readonly span: Span }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
      readonly span: Span
    }
  /** The word `inherited`: the formula or constant of a layer below, whose offsets are those of its own `node`. */
  | { readonly kind: 'inherited'; readonly node: ScalarNode; readonly expression: Expression; readonly span: Span }
  /** `operand is blank`, or `is not blank` when negated. */
  | { readonly kind: 'blank'; readonly operand: Expression; readonly negated: boolean; readonly span: Span }

/** The most expressions in each other: walkers recurse, and take up to five frames of the stack for each. */
export const MAX_HEIGHT = 600

/** Whether more than MAX_HEIGHT expressions stand in each other. It does not recurse itself. */
export function isTooHigh(expression: Expression): boolean {
  let level: readonly Expression[] = [expression]
  for (let height = 1; level.length > 0; height++) {
    if (height > MAX_HEIGHT) return true
    level = level.flatMap(partsOf)
  }
  return false
}

/** The parts of which an expression is made, in the order of its text. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'call':
      return expression.args
    case 'list':
      return expression.items
    case 'binary':
      return [expression.left, expression.right]
    case 'unary':
    case 'blank':
      return [expression.operand]
    case 'inherited':
      return [expression.expression]
    case 'path':
    case 'text':
    case 'number':
    case 'boolean':
      return []
    default:
      return expression satisfies never
  }
}
