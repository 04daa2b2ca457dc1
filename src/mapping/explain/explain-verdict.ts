// Why a rule publishes a row or leaves it out, decided as the run decides it, with the reason told.
import { isManyField, isRequired } from '../check/check-cycles.ts'
import type { Expression } from '../formula/expression.ts'
import { printFormula } from '../formula/print-formula.ts'
import type { Frame } from '../run/frame.ts'
import type { FieldTree, FormulaTree, RuleTree } from '../schema/mapping-tree.ts'
import { isBlank } from '../values.ts'
import type { Reason, Verdict } from './explain-data.ts'
import { evaluate, explainFormula } from './explain-formula.ts'
import { explainLookup, firstFailing } from './explain-lookup.ts'
import {
  type Explaining,
  identitySlotOf,
  rowName,
  type Standing,
  sourceOf,
  standingOn,
  whileScoping,
} from './explain-run.ts'
import { explainValue } from './explain-value.ts'

/** How far one row's verdict may lead to another's. */
const MAX_DEPTH = 8

/** The row of `frame` is asked anew: what was looked up for it before does not count. */
export function explainVerdict(rule: RuleTree, frame: Frame, explaining: Explaining): Verdict {
  const source = sourceOf(rule, explaining)
  const row = rowName(source, frame)
  const running = explaining.machine.rule(rule.id)
  const group = frame.group && frame.group.length > 1 ? frame.group.map((staged) => rowName(source, staged)) : undefined
  const isPublished = running.isIn(frame)
  const verdict = { rule: rule.id, row, ...(group && { group }), sourcedId: running.sourcedIdOf(frame), isPublished }
  if (isPublished) return verdict
  const step = `${rule.id} ${row.key}`
  if (explaining.path.includes(step) || explaining.path.length === MAX_DEPTH) {
    return { ...verdict, reason: { kind: 'ring' } }
  }
  const staged = explaining.machine.rows.byOrdinal(source.name, frame.ordinal)
  const fresh = staged ? running.frameOf(staged) : frame
  const standing = standingOn(rule, fresh, { ...explaining, path: [...explaining.path, step] })
  const reason = whileScoping(fresh, () => reasonOf(standing))
  return reason ? { ...verdict, reason } : verdict
}

/** In the order in which the run asks. */
function reasonOf(standing: Standing): Reason | undefined {
  const { rule, frame } = standing
  const failing = firstFailing(rule.where, standing)
  if (failing) {
    return skippedBy(standing, true) ?? failingCondition(failing, standing)
  }
  if (rule.onePer && isBlank(frame.row[identitySlotOf(rule, standing)] as never)) {
    return { kind: 'required', field: 'one_per', value: explainFormula(rule.onePer, standing) }
  }
  const skipped = skippedBy(standing, false)
  if (skipped) return skipped
  const sourcedId = standing.machine.rule(rule.id).sourcedIdOf(frame)
  if (sourcedId === undefined) {
    return { kind: 'required', field: 'id', value: explainValue(rule.sourcedId, sourcedId, standing) }
  }
  return blankField(standing)
}

function failingCondition(formula: FormulaTree, standing: Standing): Reason {
  const parts = conjuncts(formula.expression)
  const failing = parts.filter((expression) => evaluate({ ...formula, expression }, standing) !== true)
  return {
    kind: 'where',
    condition: explainFormula(formula, standing),
    ...(parts.length > 1 && { failing: failing.map(printFormula) }),
  }
}

/** What `and` joins. */
export function conjuncts(expression: Expression): Expression[] {
  if (expression.kind === 'inherited') return conjuncts(expression.expression)
  const isAnd = expression.kind === 'binary' && expression.operator === 'and'
  return isAnd ? [...conjuncts(expression.left), ...conjuncts(expression.right)] : [expression]
}

/** The first lookup that leaves the row out; with `onlyKnown` of those that were asked. */
function skippedBy(standing: Standing, onlyKnown: boolean): Reason | undefined {
  const { rule, frame } = standing
  for (const [index, { name, many, missing }] of rule.lookups.entries()) {
    if (many || missing === 'blank' || (onlyKnown && frame.slots[index] === undefined)) continue
    const lookup = explainLookup(index, name, standing)
    if (lookup.state === 'missing' || lookup.state === 'out-of-scope') return { kind: 'lookup', lookup }
  }
  return undefined
}

function blankField(standing: Standing): Reason | undefined {
  const { rule, machine, frame } = standing
  const { target } = standing.checked
  const rank = (field: FieldTree) => Number(isManyField(rule, field, target))
  const required = rule.fields.filter((field) => isRequired(rule, field, target)).sort((a, b) => rank(a) - rank(b))
  for (const field of required) {
    if (machine.rule(rule.id).field(field.name, frame) !== undefined) continue
    return { kind: 'required', field: field.name, value: explainValue(field.value, undefined, standing) }
  }
  return undefined
}
