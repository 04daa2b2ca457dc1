// Checks one rule: its source, lookups, scope, id and fields.

import type { Report } from '../diagnostic.ts'
import { describeType } from '../functions/static-type.ts'
import { isKeyOf } from '../schema/grammar.ts'
import type { FieldTree, LookupTree, MappingTree, RuleTree, ValueTree } from '../schema/mapping-tree.ts'
import { checkCreateOnly } from './check-create-only.ts'
import { candidateType, checkNarrowing, checkOrder, checkSelection, checkWhere } from './check-selection.ts'
import { checkValue } from './check-value.ts'
import { inferFormula, lookupTypeIn } from './infer.ts'
import { lookupScope, resolvePath, ruleScope, type Scope } from './scope.ts'
import { suggest } from './suggest.ts'
import type { TargetModel } from './target.ts'

export function checkRule(rule: RuleTree, tree: MappingTree, target: TargetModel, report: Report): void {
  const fields = Object.hasOwn(target, rule.collection) ? target[rule.collection]?.fields : undefined
  const source = tree.sources.get(rule.from.text)
  if (source === undefined) {
    if (tree.seen.has(`sources.${rule.from.text}`)) return
    report(
      rule.from.place,
      'name',
      `there is no source \`${rule.from.text}\`.${suggest(rule.from.text, [...tree.sources.keys()])}`,
      [`sources.${rule.from.text}`],
    )
    return
  }
  const scope = ruleScope(tree, rule, source)
  for (const [index, lookup] of rule.lookups.entries()) checkLookup(lookup, lookupScope(scope, index), report)
  checkGrouping(rule, scope, report)
  checkWhere(rule.where, scope, report)
  checkValue(rule.sourcedId, { path: 'id', field: { type: 'text' }, scope, report })
  checkNotEmpty(rule.sourcedId, 'id', report)
  for (const { name, value } of rule.metadata) {
    checkValue(value, { path: `metadata.${name}`, field: undefined, scope, report })
  }
  if (fields === undefined) return
  for (const field of rule.fields) checkField(field, fields, scope, report)
  checkCreateOnly(rule, fields, report)
  for (const [name, field] of Object.entries(fields)) {
    if (!field.required || rule.fields.some((filled) => filled.name === name)) continue
    report(
      tree.removed.get(`entities.${rule.id}.fields.${name}`) ?? rule.key.place,
      'required',
      `\`${rule.id}\` fills no \`${name}\`, which every record of ${rule.collection} needs`,
    )
  }
}

/** Fields that the engine fills. */
const OWNED: Readonly<Record<string, string>> = {
  sourcedId: 'It is the `id:` of the rule.',
  status: 'The engine keeps it.',
  dateLastModified: 'The engine keeps it.',
  href: 'The engine keeps it.',
  metadata: 'It stands beside `fields:`, not in it.',
}

function checkField(field: FieldTree, fields: TargetModel[string]['fields'], scope: Scope, report: Report): void {
  const { name, key, value } = field
  const { collection } = scope.rule
  if (Object.hasOwn(fields, name)) {
    const target = fields[name]
    checkValue(value, { path: `${collection}.${name}`, field: target, scope, report })
    if (target?.required && target.type === 'text' && !target.vocabulary) checkNotEmpty(value, name, report)
    return
  }
  const misplaced = isKeyOf('rule', name)
    ? 'It is a key of the rule: put it two blanks further left, beside `fields:`.'
    : undefined
  const owned = Object.hasOwn(OWNED, name) ? OWNED[name] : misplaced
  const hint = owned === undefined ? suggest(name, Object.keys(fields)) : ` ${owned}`
  report(key.place, 'key', `${collection} have no field \`${name}\`.${hint}`)
}

/** A constant that is no text at all would hold every row back. */
function checkNotEmpty(value: ValueTree, name: string, report: Report): void {
  if (value.kind !== 'constant' || value.node.text !== '') return
  report(value.node.place, 'required', `\`${name}\` can't be empty, every record needs it`)
}

const RESERVED = ['it', 'rows', 'settings', 'inherited']

function checkLookup(lookup: LookupTree, scope: Scope, report: Report): void {
  const { name, key, from } = lookup
  if (RESERVED.includes(name))
    report(key.place, 'name', `\`${name}\` is a word of the language. Give the lookup another name.`)
  else if (scope.source.shape.members.has(name)) {
    report(key.place, 'name', `the lookup \`${name}\` hides the column of that name. Give it another name.`)
  }
  if (from.kind === 'rows') checkSelection(from.selection, scope, report)
  if (from.kind !== 'list') return
  const type = inferFormula(from.list, scope, report)
  if (type.kind !== 'list' && type.kind !== 'any') {
    report(from.list.node.place, 'type', `\`all\` takes a list, this gives ${describeType(type)}`)
  }
  checkNarrowing(from, candidateType(type), scope, report)
}

/** `one_per` is a column, because the rows of a group are found by an index. */
function checkGrouping(rule: RuleTree, scope: Scope, report: Report): void {
  if (rule.order) checkOrder(rule.order, scope, report)
  if (!rule.onePer) return
  const type = inferFormula(rule.onePer, scope, report)
  if (type.kind !== 'any' && groupingSlot(rule, scope) === undefined) {
    report(rule.onePer.node.place, 'shape', '`one_per` is a column of the row, such as `=users_dcid`')
  }
}

/** The slot of the column that the rows of a group share. */
export function groupingSlot(rule: RuleTree, scope: Scope): number | undefined {
  const expression = rule.onePer?.expression
  if (expression?.kind !== 'path') return undefined
  const resolved = resolvePath(expression.names, scope, lookupTypeIn(scope.tree))
  if (!resolved.ok || resolved.route.start.kind !== 'row' || resolved.route.type.kind === 'list') return undefined
  const [step, ...more] = resolved.route.steps
  return step?.kind === 'cell' && more.length === 0 ? step.slot : undefined
}
