// Checks the tokens that a formula can give against a field's closed list.
import type { Report } from './diagnostic.ts'
import type { Expression } from './expression.ts'
import type { FormulaTree, MappingTree } from './mapping-tree.ts'
import { placeIn } from './schema-reader.ts'
import { suggest } from './suggest.ts'

/** `users.role` can't be "pupil". Known here: … */
export function tokenFault(token: string, vocabulary: readonly string[] | undefined, path: string): string | undefined {
  if (!vocabulary || vocabulary.includes(token)) return undefined
  return `\`${path}\` can't be "${token}".${suggest(token, vocabulary)}`
}

/** Looks at the texts and code tables that stand where the formula's value comes from. */
export function checkTokens(
  formula: FormulaTree,
  vocabulary: readonly string[] | undefined,
  path: string,
  tree: MappingTree,
  report: Report,
): void {
  if (!vocabulary) return
  for (const { token, at, table } of tokensOf(formula.expression, tree)) {
    const fault = tokenFault(token, vocabulary, path)
    if (fault) report(placeIn(formula.node, at), 'value', table ? `${fault} Table \`${table}\` gives it.` : fault)
  }
}

interface Token {
  readonly token: string
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

function tokensOf(expression: Expression, tree: MappingTree): Token[] {
  if (expression.kind === 'text') return [{ token: expression.value, at: expression.span.start }]
  if (expression.kind === 'list') return expression.items.flatMap((item) => tokensOf(item, tree))
  if (expression.kind !== 'call') return []
  const { name, args, span } = expression
  if (name !== 'code') return (PASSED_ON.get(name)?.(args) ?? []).flatMap((arg) => tokensOf(arg, tree))
  const table = args[0]?.kind === 'text' ? args[0].value : ''
  const codes = tree.tables.get(table)
  const otherwise = typeof codes?.otherwise === 'object' ? [codes.otherwise.value] : []
  return [...new Set([...(codes?.codes.values() ?? []), ...otherwise])].map((token) => ({
    token,
    at: span.start,
    table,
  }))
}
