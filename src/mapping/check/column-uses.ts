// Who uses which column of a source: what the enabled rules read, and what the bridge itself does.

import type { Place } from '../diagnostic.ts'
import { placeOf } from '../explain/origins-text.ts'
import { type Walking, walkFormula, walkLookup, walkValue } from '../explain/origins-walk.ts'
import type { MappingTree, RuleTree, SourceTree, ValueTree } from '../schema/mapping-tree.ts'
import type { CheckedMapping } from './check.ts'
import type { ReaderPlan } from './check-readers.ts'
import { columnAt, leafPaths } from './column-paths.ts'
import { type ColumnName, lookupScope, rowsOf, ruleScope, type Scope } from './scope.ts'

/** Source → dotted path of a single value (in lists too) → uses, such as `users.student.givenName`. What is not used is not there. */
export type ColumnUses = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

/** Who reads a column: a field, `id`, `where`, `with.<lookup>` of a rule; or the bridge, `sources.sections.rest`. */
export interface ColumnReader {
  readonly use: string
  /** Where what reads stands; nothing written reads the columns by which the bridge finds the school year. */
  readonly place?: Place
}

interface Collecting {
  readonly tree: MappingTree
  readonly uses: Map<string, Map<string, ColumnReader[]>>
  /** Lists whose members are gone through: what is read of the members is told where it is read. */
  readonly iterated: { readonly column: ColumnName; readonly reader: ColumnReader }[]
}

/** Examples do not count. Of a list that is used as a whole, every member is. */
export function columnUses(tree: MappingTree, readers: ReaderPlan): ColumnUses {
  const { uses } = collect(tree, readers)
  return new Map(
    [...uses].map(([source, columns]) => [
      source,
      new Map([...columns].map(([path, found]) => [path, found.map(({ use }) => use)])),
    ]),
  )
}

/**
 * Every declared column, `students.contact_info.email`, with who reads it, in the order of the declarations; a column that
 * nobody reads has none. What the bridge needs of a column to read the source counts here too.
 */
export function columnReaders({ tree, readers }: CheckedMapping): ReadonlyMap<string, readonly ColumnReader[]> {
  const collecting = collect(tree, readers)
  for (const source of tree.sources.values()) useBySource(source, collecting)
  return new Map(
    [...tree.sources.values()].flatMap(({ name, shape }) =>
      leafPaths(shape).map((path) => [`${name}.${path}`, collecting.uses.get(name)?.get(path) ?? []] as const),
    ),
  )
}

function collect(tree: MappingTree, readers: ReaderPlan): Collecting {
  const collecting: Collecting = { tree, uses: new Map(), iterated: [] }
  for (const rule of tree.rules.values()) useRule(rule, collecting)
  useByBridge(readers, collecting)
  for (const { column, reader } of collecting.iterated) {
    const paths = leavesOf(column, tree)
    const known = collecting.uses.get(column.source)
    if (!paths.some((path) => known?.has(path))) useColumn(column, reader, collecting)
  }
  return collecting
}

/** The columns of `terms` by which the bridge finds the school year. */
const YEAR_COLUMNS = ['school_id', 'start_year', 'portion', 'start_date', 'end_date']

function useByBridge({ parents, within }: ReaderPlan, collecting: Collecting): void {
  const { tree } = collecting
  for (const [reader, plan] of [
    ['rest', parents],
    ['powerquery', within],
  ] as const) {
    for (const [name, parent] of plan) {
      const rows = rowsOf(tree, parent.name)
      const place = tree.sources.get(name)?.[reader]?.place
      const column = rows && { source: rows.source.name, path: parent.column }
      if (column) useColumn(column, { use: `sources.${name}.${reader}`, ...(place && { place }) }, collecting)
    }
  }
  for (const path of YEAR_COLUMNS) useColumn({ source: 'terms', path }, { use: 'settings.start_year' }, collecting)
}

/** What a source needs of its own columns: its key, and what its PowerQuery names. */
function useBySource({ name, key, powerquery }: SourceTree, collecting: Collecting): void {
  const use = (word: string, path: string, place: Place) =>
    useColumn({ source: name, path }, { use: `sources.${name}.${word}`, place }, collecting)
  use('key', key.text, key.place)
  if (powerquery === undefined) return
  const { changed, within, extend } = powerquery
  if (changed) use('changed', changed.text, changed.place)
  if (within) use('within', within.path.text, within.path.place)
  for (const { table, to } of extend) use(`extend.${table.text}`, to.text, to.place)
}

function useColumn(column: ColumnName, reader: ColumnReader, { tree, uses }: Collecting): void {
  const ofSource = uses.get(column.source) ?? new Map<string, ColumnReader[]>()
  uses.set(column.source, ofSource)
  for (const path of leavesOf(column, tree)) {
    const known = ofSource.get(path)
    if (known === undefined) ofSource.set(path, [reader])
    else if (!known.some(({ use }) => use === reader.use)) known.push(reader)
  }
}

/** The dotted paths of the single values in a column, which may be a list or a group. */
export function leavesOf({ source, path }: ColumnName, tree: MappingTree): string[] {
  const top = tree.sources.get(source)?.shape
  const shape = top && columnAt(top, path)
  return shape ? leafPaths(shape, path) : []
}

function useRule(rule: RuleTree, collecting: Collecting): void {
  const source = collecting.tree.sources.get(rule.from.text)
  if (source === undefined) return
  const scope = ruleScope(collecting.tree, rule, source)
  const as = (use: string, place: Place, inner: Scope = scope) =>
    walkingAs(`${rule.id}.${use}`, place, inner, collecting)
  for (const [index, lookup] of rule.lookups.entries()) {
    walkLookup(lookup, as(`with.${lookup.name}`, lookup.key.place, lookupScope(scope, index)))
  }
  if (rule.onePer) walkFormula(rule.onePer, as('one_per', rule.onePer.node.place))
  if (rule.order) walkFormula(rule.order, as('order', rule.order.node.place))
  for (const formula of rule.where) walkFormula(formula, as('where', formula.node.place))
  const value = (use: string, tree: ValueTree) => walkValue(tree, as(use, placeOf(tree)))
  value('id', rule.sourcedId)
  for (const field of rule.fields) value(field.name, field.value)
  for (const field of rule.metadata) value(`metadata.${field.name}`, field.value)
}

function walkingAs(use: string, place: Place, scope: Scope, collecting: Collecting): Walking {
  const reader = { use, place }
  const walker = {
    column: (column: ColumnName) => useColumn(column, reader, collecting),
    iterated: (column: ColumnName) => void collecting.iterated.push({ column, reader }),
  }
  return { walker, scope }
}
