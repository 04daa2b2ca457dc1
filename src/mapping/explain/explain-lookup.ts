// Explains a lookup on one row: what it asked for, what it found, and why nothing or something that is not published.

import { typeOf, withCandidate } from '../check/infer.ts'
import { ANY, lookupScope, rowsOf, stagedType } from '../check/scope.ts'
import { compileFormula } from '../run/compile-formula.ts'
import { compileSelection } from '../run/compile-selection.ts'
import { type Frame, OUT_OF_SCOPE } from '../run/frame.ts'
import type { FormulaTree, LookupTree, Selection, SourceTree, ValueTree } from '../schema/mapping-tree.ts'
import { flatten } from '../values.ts'
import type { ExplainedInput, ExplainedLookup, RowName, Verdict } from './explain-data.ts'
import { collectInputs, explainFormula, readFormula } from './explain-formula.ts'
import { isFrame, rowName, type Standing, shown } from './explain-run.ts'
import { textOfLookup } from './origins-text.ts'

const SHOWN_ROWS = 5
const SHOWN_REASONS = 3

/** `standing` is on the row that asks. */
export function explainLookup(index: number, name: string, standing: Standing): ExplainedLookup {
  const { rule, machine, frame } = standing
  const lookup = rule.lookups[index]
  if (lookup === undefined) throw new Error(`no lookup ${index} of ${rule.id}`)
  const given = machine.rule(rule.id).lookUp(index, frame)
  const isCut = frame.slots[index] === undefined
  const found = [given ?? []].flat()
  const inner: Standing = { ...standing, scope: lookupScope(standing.scope, index) }
  const candidates = candidatesOf(lookup, inner)
  const state = isCut
    ? 'cut'
    : frame.slots[index] === OUT_OF_SCOPE
      ? 'out-of-scope'
      : found.length > 0
        ? 'found'
        : 'missing'
  return {
    kind: 'lookup',
    name,
    rule: rule.id,
    place: lookup.key.place,
    text: textOfLookup(lookup),
    state,
    found: found.length,
    rows: namesOf(found, candidates.source).slice(0, SHOWN_ROWS),
    matched: Math.max(candidates.members.length, found.length),
    ...(candidates.source === undefined && { value: shown(found) }),
    inputs: inputsOf(lookup, inner),
    rejected: state === 'found' || state === 'cut' ? [] : rejectedBy(lookup, candidates, inner),
    because: state === 'found' || state === 'cut' ? [] : unpublished(lookup, inner),
  }
}

interface Candidates {
  readonly members: readonly unknown[]
  readonly source?: SourceTree
}

/** What a lookup chooses from: its rows, or the members of its list, before `where` and `take`. */
function candidatesOf({ from }: LookupTree, standing: Standing): Candidates {
  const { scope, machine, frame } = standing
  if (from.kind === 'broken') return { members: [] }
  if (from.kind === 'list') return { members: flatten([compileFormula(from.list, scope, machine)(frame)]) }
  const rows = rowsOf(scope.tree, from.selection.target.text)
  const found = compileSelection(plain(from.selection), scope, machine).all(frame)
  return rows ? { members: found, source: rows.source } : { members: found }
}

/** The same rows without narrowing. */
function plain({ target, key, match }: Selection): Selection {
  return { target, where: [], ...(key && { key }), ...(match && { match }) }
}

const namesOf = (members: readonly unknown[], source: SourceTree | undefined): RowName[] =>
  source ? members.filter(isFrame).map((member) => rowName(source, member)) : []

/** What the key and the compared columns read. */
function inputsOf({ from }: LookupTree, standing: Standing): ExplainedInput[] {
  return collectInputs((inputs) => {
    if (from.kind === 'list') readFormula(from.list, standing, inputs)
    if (from.kind !== 'rows') return
    for (const value of operandsOf(from.selection)) {
      if (value.kind === 'formula') readFormula(value, standing, inputs)
    }
  })
}

export const operandsOf = ({ key, match }: Selection): ValueTree[] => [
  ...(key ? [key] : []),
  ...(match ?? []).map(({ value }) => value),
]

/** The first candidates, each with the condition that turns it away. */
function rejectedBy({ from }: LookupTree, { members, source }: Candidates, standing: Standing) {
  if (from.kind === 'broken') return []
  const where = from.kind === 'rows' ? from.selection.where : from.where
  if (where.length === 0) return []
  const scope = withCandidate(standing.scope, memberType(from, standing))
  const { frame } = standing
  return members.slice(0, SHOWN_REASONS).flatMap((member) => {
    frame.slots[scope.slot] = member
    const condition = firstFailing(where, { ...standing, scope })
    const [row] = namesOf([member], source)
    return condition ? [{ ...(row && { row }), condition: explainFormula(condition, { ...standing, scope }) }] : []
  })
}

function memberType(from: LookupTree['from'], { scope }: Standing) {
  if (from.kind === 'list') {
    const type = typeOf(from.list, scope)
    return type.kind === 'list' ? type.of : ANY
  }
  const rows = from.kind === 'rows' ? rowsOf(scope.tree, from.selection.target.text) : undefined
  return rows ? stagedType(rows.source, rows.rule) : ANY
}

export function firstFailing(conditions: readonly FormulaTree[], standing: Standing): FormulaTree | undefined {
  return conditions.find(
    (formula) => compileFormula(formula, standing.scope, standing.machine)(standing.frame) !== true,
  )
}

function unpublished({ from }: LookupTree, standing: Standing): Verdict[] {
  return from.kind === 'rows' ? verdictsOn(from.selection, standing) : []
}

/** Of a selection of a rule's rows: the verdicts on the first of them that are not published. */
export function verdictsOn(selection: Selection, standing: Standing): Verdict[] {
  const { scope, machine, frame, tellers } = standing
  const rows = rowsOf(scope.tree, selection.target.text)
  const rule = rows?.rule
  // All rows of a rule, for `match: {}`, would be a search of its own.
  if (rows === undefined || rule === undefined || operandsOf(selection).length === 0) return []
  const { source } = rows
  const target = { ...selection.target, text: source.name }
  const running = machine.rule(rule.id)
  const frames = compileSelection({ ...plain(selection), target }, scope, machine)
    .all(frame)
    .slice(0, SHOWN_REASONS)
    .flatMap((found) => machine.rows.byOrdinal(source.name, found.ordinal) ?? [])
    .map((staged): Frame => running.frameOf(staged))
  return frames.filter((found) => !running.isIn(found)).map((found) => tellers.verdict(rule, found, standing))
}
