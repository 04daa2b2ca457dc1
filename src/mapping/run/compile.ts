// Makes of a checked mapping what the crawl, the store and the sync need: sources in crawl order, indexes, runs.
import type { CheckedMapping } from '../check/check.ts'
import { settingIn } from '../check/check-powerquery.ts'
import type { Parent } from '../check/check-readers.ts'
import { groupingSlot } from '../check/check-rule.ts'
import { columnUses } from '../check/column-uses.ts'
import { rowsOf, ruleScope } from '../check/scope.ts'
import type { MappingRun, RunInput, RunState } from '../ports.ts'
import { compilePowerquery } from '../query/compile-powerquery.ts'
import type { PowerqueryReader } from '../query/powerquery-plan.ts'
import type { RestTree, RuleTree, Selection, SourceTree, ValueTree } from '../schema/mapping-tree.ts'
import { type RowShape, shapeAt } from '../shape.ts'
import { matchedSlots } from './compile-selection.ts'
import { startRun } from './run.ts'

interface RestReader {
  readonly get: string
  /** With placeholders `{settings.name}`; a list asks for one paged request for each of its values. */
  readonly q?: string
  readonly expand: readonly string[]
  readonly extend: readonly string[]
  /** The dotted path of the rows in an answer. */
  readonly rows: string
  /** The `{orgs.school.id}` or `{sections.id}` of `get`: one paged request for each row that the rule publishes, or of the source. */
  readonly parent?: Parent
}

export interface SourcePlan {
  readonly name: string
  readonly key: string
  readonly keySlot: number
  readonly width: number
  readonly shape: RowShape
  readonly rest?: RestReader
  readonly powerquery?: PowerqueryReader
  /** The name of a setting: the source is read only where it is true. */
  readonly when?: string
}

interface Index {
  readonly source: string
  readonly slots: readonly number[]
}

export interface Mapping {
  /** What it was compiled from: for explanations, and for what its parts mean. */
  readonly checked: CheckedMapping
  /** A parent, and what a parent rule's scope reads, comes before its children; what asks for `settings.start_year` after `terms`. */
  readonly sources: readonly SourcePlan[]
  readonly indexes: readonly Index[]
  readonly settings: Readonly<Record<string, unknown>>
  readonly collections: readonly string[]
  /** The source that a rule reads. */
  sourceOf(rule: string): string
  /** `from`: the state of a run of this mapping with the same input, to go on with. */
  startRun(input: RunInput, from?: RunState): MappingRun
}

export function compileMapping(checked: CheckedMapping): Mapping {
  const { tree, readers } = checked
  const uses = columnUses(tree, readers)
  const ordered = readers.order.flatMap((name) => tree.sources.get(name) ?? [])
  return {
    checked,
    sources: ordered.map((source) =>
      sourcePlan(source, readers.parents.get(source.name), compilePowerquery(source, checked, uses)),
    ),
    indexes: indexesOf(checked),
    settings: Object.fromEntries([...tree.settings].map(([name, { value }]) => [name, value])),
    collections: [...new Set([...tree.rules.values()].map(({ collection }) => collection))],
    sourceOf: (id) => {
      const rule = tree.rules.get(id)
      if (rule === undefined) throw new Error(`no rule ${id}`)
      return rule.from.text
    },
    startRun: (input, from) => startRun(checked, input, from),
  }
}

/**
 * The same mapping with a text before every sourcedId that its formulas give, and so before every reference: the ids of
 * several districts stay apart. Whatever explains or previews what is published must be given this mapping too.
 */
export function withIdPrefix(mapping: Mapping, idPrefix: string): Mapping {
  return idPrefix === '' ? mapping : compileMapping({ ...mapping.checked, idPrefix })
}

function sourcePlan(
  source: SourceTree,
  parent: Parent | undefined,
  powerquery: PowerqueryReader | undefined,
): SourcePlan {
  const { name, key, shape, rest } = source
  const when = source.when && settingIn(source.when.text)
  const column = shapeAt(shape, [key.text])
  return {
    name,
    key: key.text,
    keySlot: column?.kind === 'scalar' ? column.slot : 0,
    width: shape.width,
    shape,
    ...(rest && { rest: restReader(rest, parent) }),
    ...(powerquery && { powerquery }),
    ...(when !== undefined && { when }),
  }
}

function restReader({ get, q, expand, extend, rows }: RestTree, parent: Parent | undefined): RestReader {
  return { get: get.text, expand, extend, rows, ...(q && { q: q.text }), ...(parent && { parent }) }
}

/** An index for every `match` and `one_per`, each once. */
function indexesOf({ tree }: CheckedMapping): Index[] {
  const indexes = new Map<string, Index>()
  const add = (source: string, slots: readonly number[]) => {
    if (slots.length > 0) indexes.set(`${source} ${slots.join(' ')}`, { source, slots })
  }
  for (const rule of tree.rules.values()) {
    for (const { target, match } of selectionsOf(rule)) {
      const rows = rowsOf(tree, target.text)
      if (rows && match) add(rows.source.name, matchedSlots(match, rows.source))
    }
    const source = tree.sources.get(rule.from.text)
    const slot = source && groupingSlot(rule, ruleScope(tree, rule, source))
    if (source && slot !== undefined) add(source.name, [slot])
  }
  return [...indexes.values()]
}

function selectionsOf(rule: RuleTree): Selection[] {
  const looked = rule.lookups.flatMap(({ from }) => (from.kind === 'rows' ? [from.selection] : []))
  return [...looked, ...rule.fields.flatMap(({ value }) => selectionsIn(value))]
}

function selectionsIn(value: ValueTree): Selection[] {
  switch (value.kind) {
    case 'ref':
      return [value.selection]
    case 'list':
      return value.items.flatMap(selectionsIn)
    case 'group':
      return value.members.flatMap(({ value: member }) => selectionsIn(member))
    case 'each':
      return selectionsIn(value.value)
    case 'choose':
      return [...value.cases.map((item) => item.value), ...(value.otherwise ? [value.otherwise] : [])].flatMap(
        selectionsIn,
      )
    default:
      return []
  }
}
