// Plain words that are exactly the path of a column or lookup: the `=` of a formula was forgotten.
import type { ConstantTree } from '../schema/mapping-tree.ts'
import { lookupTypeIn } from './infer.ts'
import { type Route, resolvePath, type Scope } from './scope.ts'

const PATH = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/

/** What to say of a constant that names a column; undefined for all other words, and for those in quotes. */
export function forgottenFormula({ node }: ConstantTree, scope: Scope): string | undefined {
  const { text, value, quoted } = node
  if (quoted || typeof value !== 'string' || !PATH.test(text)) return undefined
  const names = text.split('.').map((name) => ({ name, span: { start: 0, end: 0 } }))
  const resolved = resolvePath(names, scope, lookupTypeIn(scope.tree))
  const what = resolved.ok ? describe(resolved.route, scope) : undefined
  if (!resolved.ok || what === undefined) return undefined
  const isRow = resolved.route.type.kind === 'row'
  const write = isRow ? `If you mean a value of it, write \`=${text}.…\`` : `If you mean its value, write \`=${text}\``
  return `\`${text}\` is ${what}. ${write}; if you mean these words, quote them.`
}

function describe({ start, steps }: Route, { rule, source }: Scope): string | undefined {
  if (start.kind === 'row') return `a column of ${source.name}`
  if (start.kind !== 'lookup') return undefined
  const name = rule.lookups[start.index]?.name
  return steps.length === 0 ? `a lookup of \`${rule.id}\`` : `a column of the lookup \`${name}\``
}
