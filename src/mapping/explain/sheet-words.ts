// Says in plain words what a value is, where that can be said shortly.
import { splitInverse } from '../check/check-value.ts'
import { lookupTypeIn } from '../check/infer.ts'
import { resolvePath, ruleScope, type Scope } from '../check/scope.ts'
import type { Expression } from '../formula/expression.ts'
import type { FormulaTree, LookupTree, MappingTree, RuleTree, ValueTree } from '../schema/mapping-tree.ts'
import { textOfFormula } from './origins-text.ts'

/** Empty where only the formula tells. */
export function wordsOfValue(value: ValueTree, rule: RuleTree, tree: MappingTree): string {
  const source = tree.sources.get(rule.from.text)
  return source ? valueWords(value, ruleScope(tree, rule, source)) : ''
}

/** Which rows a rule is about: the lookups that must find something, and whether there are conditions besides. */
export function wordsOfScope({ from, onePer, order, where, lookups }: RuleTree): string {
  const plain = (formula: FormulaTree) => textOfFormula(formula).replace(/^=\s*/, '')
  const first = order ? ` (the first by ${plain(order)} counts)` : ''
  const one = onePer ? `, those with one ${plain(onePer)} together${first}` : ''
  const needed = lookups.filter(({ many, missing }) => !many && missing === 'skip').map(({ name }) => name)
  const found = needed.length > 0 ? `, whose ${needed.join(', ')} ${needed.length > 1 ? 'are' : 'is'} found` : ''
  const condition = where.length > 0 ? ', for which this holds' : ''
  return `${found === '' && condition === '' ? 'all ' : ''}rows of ${from.text}${one}${found}${condition}`
}

/** What a lookup is of; its formula tells the rest. */
export function wordsOfLookup({ from, many }: LookupTree): string {
  if (from.kind === 'broken') return ''
  if (from.kind === 'list') return many ? 'members of a list' : 'a member of a list'
  const { text } = from.selection.target
  return many ? `rows of ${text}` : `one row of ${text}`
}

function valueWords(value: ValueTree, scope: Scope): string {
  switch (value.kind) {
    case 'constant':
      return `always ${JSON.stringify(value.value)}`
    case 'formula':
      return expressionWords(value.expression, scope)
    case 'ref':
      return `${value.many ? 'references' : 'reference'} to ${value.selection.target.text}`
    case 'inverse': {
      const fields = splitInverse(value).map(({ rule, name }) => `${rule} by its ${name}`)
      return `every record that refers to it: ${fields.join(', ')}`
    }
    case 'each':
      return value.value.kind === 'ref' ? `references to ${value.value.selection.target.text}, a list` : ''
    case 'choose': {
      const parts = [...value.cases.map((item) => item.value), ...(value.otherwise ? [value.otherwise] : [])]
      const words = parts.map((part) => valueWords(part, scope))
      return words.every((word) => word !== '') ? `by condition: ${words.join('; or ')}` : ''
    }
    case 'list': {
      const words = value.items.map((item) => valueWords(item, scope))
      return words.every((word) => word !== '') ? words.join(', and ') : ''
    }
    case 'group': {
      const words = value.members.map(({ name, value: member }) => [name, valueWords(member, scope)] as const)
      return words.every(([, word]) => word !== '') ? words.map(([name, word]) => `${name}: ${word}`).join(', ') : ''
    }
    case 'broken':
      return ''
    default:
      return value satisfies never
  }
}

function expressionWords(expression: Expression, scope: Scope): string {
  switch (expression.kind) {
    case 'text':
    case 'number':
    case 'boolean':
      return `always ${JSON.stringify(expression.value)}`
    case 'path':
      return pathWords(expression, scope)
    case 'call':
      return callWords(expression, scope)
    case 'inherited':
      return expressionWords(expression.expression, scope)
    case 'binary': {
      if (expression.operator !== '&') return ''
      const words = [expression.left, expression.right].map((side) => joinedWords(side, scope))
      return words.every((word) => word !== '') ? words.join(' and ') : ''
    }
    default:
      return ''
  }
}

const joinedWords = (side: Expression, scope: Scope) =>
  side.kind === 'text' ? JSON.stringify(side.value) : expressionWords(side, scope)

type Kind<K extends Expression['kind']> = Extract<Expression, { kind: K }>

function pathWords({ names }: Kind<'path'>, scope: Scope): string {
  const resolved = resolvePath(names, scope, lookupTypeIn(scope.tree))
  if (!resolved.ok) return ''
  const { start, steps } = resolved.route
  if (start.kind === 'setting') return `the setting ${start.name}`
  const last = steps.at(-1)
  if (last === undefined || last.kind === 'lookup') return ''
  const column = `${last.column.source}.${last.column.path}`
  const by = start.kind === 'lookup' ? `, found by ${names[0]?.name}` : ''
  return `${column}${by}`
}

function callWords({ name, args }: Kind<'call'>, scope: Scope): string {
  const [first, second] = args
  if (name === 'code' && first?.kind === 'text' && second) {
    const code = expressionWords(second, scope)
    return code === '' ? '' : `${code}, by the table ${first.value}`
  }
  const words = args.map((arg) => expressionWords(arg, scope))
  if (words.length === 0 || words.some((word) => word === '')) return ''
  if (name === 'first' && words.length > 1) return `the first that is not blank: ${words.join('; ')}`
  return words.length === 1 ? `${words[0]}, by ${name}( )` : ''
}
