// What explanations work with: a run over the staged rows, and the scopes of its rules.

import type { CheckedMapping } from '../check/check.ts'
import { groupingSlot } from '../check/check-rule.ts'
import { ruleScope, type Scope } from '../check/scope.ts'
import type { RunInput, StagedRow } from '../ports.ts'
import type { Frame } from '../run/frame.ts'
import type { Machine } from '../run/machine.ts'
import { startRun } from '../run/run.ts'
import type { RuleTree, SourceTree } from '../schema/mapping-tree.ts'
import { shapeAt } from '../shape.ts'
import type { ExplainedLookup, RowName, Shown, Verdict } from './explain-data.ts'

export interface Explaining {
  readonly checked: CheckedMapping
  readonly machine: Machine
  /** A formula is told by its lookups, a lookup by the verdict on its row, and a verdict by formulas. */
  readonly tellers: Tellers
  /** The rows whose verdicts are being told, `users.student 7`: a ring of them ends here. */
  readonly path: readonly string[]
}

export interface Tellers {
  readonly lookup: (index: number, name: string, standing: Standing) => ExplainedLookup
  readonly verdict: (rule: RuleTree, frame: Frame, explaining: Explaining) => Verdict
}

/** A formula's place in the run: the rule, what its names mean, and the row. */
export interface Standing extends Explaining {
  readonly rule: RuleTree
  readonly scope: Scope
  readonly frame: Frame
}

export function startExplaining(checked: CheckedMapping, input: RunInput, tellers: Tellers): Explaining {
  return { checked, machine: startRun(checked, input).machine, tellers, path: [] }
}

/** Above the slots of the compiled rules, whose lookups write their own while an explanation goes through a list. */
const FIRST_SLOT = 1_000

export function standingOn(rule: RuleTree, frame: Frame, explaining: Explaining): Standing {
  const { tree } = explaining.checked
  const scope = ruleScope(tree, rule, sourceOf(rule, explaining))
  return { ...explaining, rule, frame, scope: { ...scope, slots: { next: FIRST_SLOT } } }
}

export function sourceOf(rule: RuleTree, { checked }: Explaining): SourceTree {
  const source = checked.tree.sources.get(rule.from.text)
  if (source === undefined) throw new Error(`unchecked rule ${rule.id}`)
  return source
}

export function ruleNamed(id: string, { checked }: Explaining): RuleTree {
  const rule = checked.tree.rules.get(id)
  if (rule === undefined) throw new Error(`no rule ${id}`)
  return rule
}

export function rowName(source: SourceTree, { ordinal, row }: Pick<StagedRow, 'ordinal' | 'row'>): RowName {
  const slot = keySlotOf(source)
  const key = row[slot]
  return { source: source.name, key: typeof key === 'string' || typeof key === 'number' ? key : ordinal }
}

export function keySlotOf({ shape, key }: SourceTree): number {
  const column = shapeAt(shape, [key.text])
  return column?.kind === 'scalar' ? column.slot : 0
}

/** The slot of the column by which rows become one, or of the key. */
export function identitySlotOf(rule: RuleTree, explaining: Explaining): number {
  const source = sourceOf(rule, explaining)
  return groupingSlot(rule, ruleScope(explaining.checked.tree, rule, source)) ?? keySlotOf(source)
}

/** Runs `work` as the scope pass does: lookups that need this very decision count as empty. */
export function whileScoping<T>(frame: Frame, work: () => T): T {
  const before = frame.isScoping
  frame.isScoping = true
  try {
    return work()
  } finally {
    frame.isScoping = before
  }
}

/** A value as JSON shows it; rows of lookups are told by themselves. */
export function shown(value: unknown): Shown {
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(shown)
  if (isFrame(value)) return '(row)'
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shown(part)]))
}

/** A row of a source, as lookups give it; objects in lists have no ordinal. */
export const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && 'ordinal' in value && 'row' in value
