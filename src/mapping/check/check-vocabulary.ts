// Checks the tokens that a formula can give against a field's closed list.
import type { Report } from '../diagnostic.ts'
import type { ScalarNode } from '../files/tree.ts'
import type { Expression } from '../formula/expression.ts'
import type { MappingTree } from '../schema/mapping-tree.ts'
import { placeIn } from '../schema/schema-reader.ts'
import { suggest } from './suggest.ts'

/** `users.role` can't be "pupil". Known here: … */
export function tokenFault(token: string, vocabulary: readonly string[] | undefined, path: string): string | undefined {
  if (!vocabulary || vocabulary.includes(token)) return undefined
  return `\`${path}\` can't be "${token}".${suggest(token, vocabulary)}`
}

/** Looks at the texts and code tables that stand where the formula's value comes from. */
export function checkTokens(
  formula: { readonly node: ScalarNode; readonly expression: Expression },
  vocabulary: readonly string[] | undefined,
  path: string,
  tree: MappingTree,
  report: Report,
): void {
  if (!vocabulary) return
  for (const { token, node, at, table } of tokensOf(formula, tree)) {
    const fault = tokenFault(token, vocabulary, path)
    if (fault) report(placeIn(node, at), 'value', table ? `${fault} Table \`${table}\` gives it.` : fault)
  }
}

interface Token {
  readonly token: string
  /** The scalar that holds the text, and where in it. */
  readonly node: ScalarNode
  readonly at: number
  readonly table?: string
}

/** Which arguments of a function can become its value. */
const PASSED_ON: ReadonlyMap<string, (args: readonly Expression[]) => readonly Expression[]> = new Map([
  ['if', (args) => args.slice(1)],
  ['first', (args) => args],
  ['unless', (args) => args.slice(0, 1)],
  ['distinct', (args) => args],
])

function tokensOf(formula: { readonly node: ScalarNode; readonly expression: Expression }, tree: MappingTree): Token[] {
  const { node, expression } = formula
  const inside = (part: Expression) => tokensOf({ node, expression: part }, tree)
  if (expression.kind === 'inherited') return tokensOf(expression, tree)
  if (expression.kind === 'text') return [{ token: expression.value, node, at: expression.span.start }]
  if (expression.kind === 'list') return expression.items.flatMap(inside)
  if (expression.kind !== 'call') return []
  const { name, args, span } = expression
  if (name !== 'code') return (PASSED_ON.get(name)?.(args) ?? []).flatMap(inside)
  const table = args[0]?.kind === 'text' ? args[0].value : ''
  const codes = tree.tables.get(table)
  const otherwise = typeof codes?.otherwise === 'object' ? [codes.otherwise.value] : []
  return [...new Set([...(codes?.codes.values() ?? []), ...otherwise])].map((token) => ({
    token,
    node,
    at: span.start,
    table,
  }))
}
