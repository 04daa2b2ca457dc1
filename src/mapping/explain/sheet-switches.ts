// Rules that a setting switches off: their source is not read, or no row can be in their scope.
import type { CheckedMapping } from '../check/check.ts'
import { settingIn } from '../check/check-powerquery.ts'
import { type Expression, partsOf } from '../formula/expression.ts'
import { printFormula } from '../formula/print-formula.ts'
import { compileFormula } from '../run/compile-formula.ts'
import { MISSING } from '../run/frame.ts'
import { memoryRows } from '../run/memory-rows.ts'
import type { MappingTree, RuleTree } from '../schema/mapping-tree.ts'
import { TELLERS } from './explain.ts'
import { type Explaining, standingOn, startExplaining } from './explain-run.ts'
import { conjuncts } from './explain-verdict.ts'

/** By rule, `users.contact`: the words that say why, with these settings over the mapping's own. */
export function switchedOff(
  checked: CheckedMapping,
  settings: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, string> {
  // What is asked here reads settings alone: no row, and no day.
  const explaining = startExplaining(checked, { rows: memoryRows([]), settings, today: '' }, TELLERS)
  return new Map(
    [...checked.tree.rules.values()].flatMap((rule) => {
      const why = switchOf(rule, checked.tree, explaining)
      return why === undefined ? [] : [[rule.id, why] as const]
    }),
  )
}

function switchOf(rule: RuleTree, { sources }: MappingTree, explaining: Explaining): string | undefined {
  const { settings } = explaining.machine
  const when = sources.get(rule.from.text)?.when?.text
  const setting = when === undefined ? undefined : settingIn(when)
  if (when !== undefined && setting !== undefined && settings[setting] !== true) return `${when} is not true`
  const { scope } = standingOn(rule, MISSING, explaining)
  for (const formula of rule.where) {
    for (const expression of conjuncts(formula.expression)) {
      if (!readsSettingsAlone(expression, settings)) continue
      const holds = compileFormula({ ...formula, expression }, scope, explaining.machine)(MISSING)
      if (holds !== true) return `${printFormula(expression)} does not hold`
    }
  }
  return undefined
}

/** And has a value for each: those of the engine are known in a sync alone. */
function readsSettingsAlone(expression: Expression, settings: Readonly<Record<string, unknown>>): boolean {
  if (expression.kind === 'path') {
    const [first, name] = expression.names
    return first?.name === 'settings' && name !== undefined && settings[name.name] !== undefined
  }
  if (expression.kind === 'call' && expression.name === 'today') return false
  return partsOf(expression).every((part) => readsSettingsAlone(part, settings))
}
