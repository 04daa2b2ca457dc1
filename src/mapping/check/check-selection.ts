// Checks which rows a lookup or a reference asks for: the source or rule, the key, the columns, the narrowing.
import type { Report } from '../diagnostic.ts'
import type { ScalarNode } from '../files/tree.ts'
import { cannotCompare } from '../functions/comparable.ts'
import { describeType, memberType, type StaticType } from '../functions/static-type.ts'
import type { FormulaTree, MappingTree, RuleTree, Selection, SourceTree, ValueTree } from '../schema/mapping-tree.ts'
import { shapeAt } from '../shape.ts'
import { inferFormula, withCandidate } from './infer.ts'
import { ANY, rowsOf, type Scope, stagedType, typeOfData } from './scope.ts'
import { suggest } from './suggest.ts'

interface Rows {
  readonly source: SourceTree
  readonly rule?: RuleTree
}

/** The rows that a selection looks at, or undefined when there is a fault in the name (which may be told already). */
export function checkSelection(selection: Selection, scope: Scope, report: Report): Rows | undefined {
  const rows = checkTarget(selection.target, scope.tree, report)
  if (rows === undefined) return undefined
  const { source, rule } = rows
  if (selection.key) checkKey(selection.key, source, scope, report)
  for (const { name, key, value } of selection.match ?? []) {
    const column = shapeAt(source.shape, name.split('.'))
    if (column === undefined) {
      const hint = suggest(name, [...source.shape.members.keys()])
      const missing = [`sources.${source.name}.fields.${name}`]
      report(key.place, 'path', `\`${source.name}\` has no column \`${name}\`.${hint}`, missing)
    } else if (column.kind !== 'scalar') {
      report(key.place, 'type', `\`match\` compares single values, \`${source.name}.${name}\` is a ${column.kind}`)
    } else checkCompared(value, { kind: column.type }, scope, report)
  }
  checkNarrowing(selection, stagedType(source, rule), scope, report)
  return rows
}

export function checkTarget(target: ScalarNode, tree: MappingTree, report: Report): Rows | undefined {
  const rows = rowsOf(tree, target.text)
  const isRule = target.text.includes('.')
  if (rows || tree.seen.has(`${isRule ? 'entities' : 'sources'}.${target.text}`)) {
    if (tree.off.has(target.text))
      report(target.place, 'ref', `\`${target.text}\` is switched off (\`enabled: false\`)`, [
        `entities.${target.text}`,
      ])
    return rows
  }
  const known = isRule ? [...tree.rules.keys()] : [...tree.sources.keys(), ...tree.rules.keys()]
  const what = isRule ? 'rule' : 'source'
  const message = `there is no ${what} \`${target.text}\`.${suggest(target.text, known)}`
  const missing = [`${isRule ? 'entities' : 'sources'}.${target.text}`]
  report(target.place, isRule ? 'ref' : 'name', message, missing)
  return undefined
}

function checkKey(key: ValueTree, source: SourceTree, scope: Scope, report: Report): void {
  const column = shapeAt(source.shape, [source.key.text])
  if (column?.kind !== 'scalar') return
  const type = checkCompared(key, { kind: column.type }, scope, report)
  if (type?.kind === 'list' && key.kind === 'formula') {
    report(
      key.node.place,
      'type',
      '`key` is one value, this gives a list. Write `match:` to find by any of its members.',
    )
  }
}

/** A list on the value's side stands for any of its members. Gives the value's type. */
function checkCompared(value: ValueTree, column: StaticType, scope: Scope, report: Report): StaticType | undefined {
  if (value.kind === 'broken') return undefined
  if (value.kind !== 'formula' && value.kind !== 'constant') {
    report(value.place, 'shape', `a formula or a constant belongs here, not a ${value.kind}`)
    return undefined
  }
  const type = value.kind === 'formula' ? inferFormula(value, scope, report) : constantType(value.value, column)
  const message = cannotCompare(memberType(type), column, '=')
  if (message) report(value.node.place, 'type', message)
  return type
}

/** A constant for a text or date column is taken as written. */
const constantType = (value: unknown, column: StaticType): StaticType =>
  column.kind === 'text' || column.kind === 'date' ? column : typeOfData(value)

interface Narrowing {
  readonly where: readonly FormulaTree[]
  readonly order?: FormulaTree
}

/** `where` and `order` see the candidate as `it`. */
export function checkNarrowing(narrowing: Narrowing, it: StaticType, scope: Scope, report: Report): void {
  const inner = withCandidate(scope, it)
  checkWhere(narrowing.where, inner, report)
  if (narrowing.order) checkOrder(narrowing.order, inner, report)
}

export function checkWhere(where: readonly FormulaTree[], scope: Scope, report: Report): void {
  for (const formula of where) {
    const type = inferFormula(formula, scope, report)
    if (!['boolean', 'any', 'blank'].includes(type.kind)) {
      const hint = type.kind === 'list' ? 'Ask for count( ) > 0.' : 'Compare it with something, or ask `is not blank`.'
      report(formula.node.place, 'type', `\`where\` takes boolean, this gives ${describeType(type)}. ${hint}`)
    }
  }
}

export function checkOrder(order: FormulaTree, scope: Scope, report: Report): void {
  const type = inferFormula(order, scope, report)
  if (type.kind !== 'list' && type.kind !== 'row') return
  report(order.node.place, 'type', `\`order\` takes a single value, this gives ${describeType(type)}`)
}

/** The type of a candidate of a list. */
export const candidateType = (list: StaticType): StaticType => (list.kind === 'list' ? memberType(list) : ANY)
