// Counts what becomes of the rows of a rule, or of a collection's rules: published, out of scope and by which condition, left out and why.
import type { CheckedMapping } from '../check/check.ts'
import type { Place } from '../diagnostic.ts'
import { printFormula } from '../formula/print-formula.ts'
import type { MappedRecord, RuleCounts, RunCode, RunDiagnostic, RunInput } from '../ports.ts'
import { compileFormula } from '../run/compile-formula.ts'
import { allRows } from '../run/compile-selection.ts'
import { type Evaluate, type Frame, MISSING, OUT_OF_SCOPE } from '../run/frame.ts'
import { type RowRun, startRun } from '../run/run.ts'
import type { FormulaTree, RuleTree } from '../schema/mapping-tree.ts'
import { type CrawlFacts, noteOfRule, readingOf, TELLERS } from './explain.ts'
import type { RuleNote } from './explain-data.ts'
import { type Explaining, sourceOf, standingOn, whileScoping } from './explain-run.ts'
import { conjuncts } from './explain-verdict.ts'
import { removedRules } from './history.ts'
import { textOfFormula, textOfValue } from './origins-text.ts'

export interface ExplainedCounts {
  /** `users`, or the collection of the rule that was asked for. */
  readonly collection: string
  readonly rules: readonly CountedRule[]
  /** Rules without rows: switched off, taken away, or of a source that was not read. */
  readonly notes: readonly RuleNote[]
  /** Of a small collection all of them; of none a rule alone was asked for. */
  readonly records?: readonly NamedRecord[]
  /** How many the collection has. */
  readonly recordCount: number
}

export interface NamedRecord {
  readonly sourcedId: string
  /** The `name` or `title`, where there is one. */
  readonly name?: string
  readonly identifier?: string
}

export interface CountedRule {
  readonly rule: string
  readonly place: Place
  readonly source: string
  /** How it makes ids: `="stu" & id`. */
  readonly idText: string
  readonly read: number
  readonly published: number
  readonly outOfScope: number
  /** Rows that `one_per` put to another. */
  readonly together: number
  /** The first condition that does not hold for them; of a rule that was asked for. */
  readonly conditions?: readonly CountedCondition[]
  /** By reason and field, with the keys of the first 20. */
  readonly leftOut: readonly RunDiagnostic[]
  /** Records that are published without a value that cannot be used. */
  readonly blanked: readonly RunDiagnostic[]
}

export interface CountedCondition {
  readonly place: Place
  readonly text: string
  readonly count: number
}

/** A collection is small up to so many records. */
const SMALL = 50

const LEAVING: ReadonlySet<RunCode> = new Set(['lookup-missing', 'required-blank', 'id-repeated', 'ref-out-of-scope'])

export interface CountsQuestion {
  readonly collection: string
  /** `users.student`; without it all rules of the collection. */
  readonly rule?: string
  readonly crawl?: CrawlFacts
}

/** Makes all records of the collection, as a sync does, and keeps none of them. */
export function explainCounts(checked: CheckedMapping, input: RunInput, question: CountsQuestion): ExplainedCounts {
  const { collection, rule: only, crawl } = question
  const run = startRun(checked, input)
  const explaining: Explaining = { checked, machine: run.machine, tellers: TELLERS, path: [] }
  const records: NamedRecord[] = []
  let recordCount = 0
  for (const batch of run.records({ collections: new Set([collection]) })) {
    recordCount += batch.length
    for (const record of batch) if (records.length < SMALL) records.push(named(record))
  }
  const report = run.report()
  const rules = [...checked.tree.rules.values()].filter((rule) =>
    only === undefined ? rule.collection === collection : rule.id === only,
  )
  const gone = removedRules(checked).filter(({ rule }) =>
    only === undefined ? rule.startsWith(`${collection}.`) : rule === only,
  )
  const unread = rules.flatMap((rule): RuleNote[] => {
    const note = readingOf(sourceOf(rule, explaining), crawl, explaining)
    return note.state === 'not-read' ? [{ rule: rule.id, ...note }] : []
  })
  return {
    collection,
    rules: rules.map((rule) => ({
      ...countsOf(rule, report.rules[rule.id], report.diagnostics),
      ...(only !== undefined && { conditions: conditionsOf(rule, run, explaining) }),
    })),
    notes: [...unread, ...gone.map(({ rule }) => noteOfRule(rule, checked))],
    ...(only === undefined && recordCount <= SMALL && { records }),
    recordCount,
  }
}

function named({ sourcedId, fields }: MappedRecord): NamedRecord {
  const { name = fields.title, identifier } = fields
  return {
    sourcedId,
    ...(typeof name === 'string' && { name }),
    ...(typeof identifier === 'string' && { identifier }),
  }
}

type Counted = Omit<CountedRule, 'conditions'>

function countsOf(rule: RuleTree, counts: RuleCounts | undefined, diagnostics: readonly RunDiagnostic[]): Counted {
  const { read, published, outOfScope, leftOut } = counts ?? { read: 0, published: 0, outOfScope: 0, leftOut: {} }
  const own = diagnostics.filter((one) => one.rule === rule.id)
  const away = Object.values(leftOut).reduce((sum, count) => sum + count, 0)
  return {
    rule: rule.id,
    place: rule.key.place,
    source: rule.from.text,
    idText: textOfValue(rule.sourcedId),
    read,
    published,
    outOfScope,
    together: Math.max(0, read - published - outOfScope - away),
    leftOut: own.filter(({ code }) => LEAVING.has(code)),
    blanked: own.filter(({ code }) => !LEAVING.has(code)),
  }
}

interface Part {
  readonly whole: Evaluate
  readonly text: string
  readonly place: Place
  readonly holds: (frame: Frame) => boolean
  count: number
}

/** Of the rows that are out of scope, by the first part that does not hold. They have been decided: that is remembered. */
function conditionsOf(rule: RuleTree, { machine }: RowRun, explaining: Explaining): CountedCondition[] {
  const running = machine.rule(rule.id)
  const { scope } = standingOn(rule, MISSING, explaining)
  const parts = rule.where.flatMap((formula) => partsOf(formula, (part) => compileFormula(part, scope, machine)))
  const skipping = rule.lookups.flatMap(({ many, missing }, index) => (many || missing === 'blank' ? [] : [index]))
  for (const staged of allRows(rule.from.text, machine)) {
    const frame = running.frameOf(staged)
    if (frame.ordinal !== staged.ordinal || running.isIn(frame)) continue
    // What was decided on this row before was not looked up in this frame.
    const fresh = running.frameOf(staged)
    const failing = whileScoping(fresh, () => parts.find(({ holds }) => !holds(fresh)))
    if (failing) whileScoping(fresh, () => failing.whole(fresh))
    const isUnknown = skipping.some((index) => {
      const found = fresh.slots[index]
      return found === MISSING || found === OUT_OF_SCOPE
    })
    if (failing && !isUnknown) failing.count++
  }
  return parts.filter(({ count }) => count > 0).map(({ text, place, count }) => ({ place, text, count }))
}

function partsOf(formula: FormulaTree, compile: (part: FormulaTree) => Evaluate): Part[] {
  const parts = conjuncts(formula.expression)
  const whole = compile(formula)
  return parts.map((expression) => {
    const evaluate = compile({ ...formula, expression })
    return {
      whole,
      text: parts.length > 1 ? printFormula(expression) : textOfFormula(formula).replace(/^=\s*/, ''),
      place: formula.node.place,
      holds: (frame) => evaluate(frame) === true,
      count: 0,
    }
  })
}
