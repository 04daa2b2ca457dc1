// Explains a record: why each field has its value, or why the record is not there.
import type { CheckedMapping } from '../check/check.ts'
import { isRequired } from '../check/check-cycles.ts'
import type { RunInput } from '../ports.ts'
import type { Frame } from '../run/frame.ts'
import type { FieldTree, RuleTree, SourceTree } from '../schema/mapping-tree.ts'
import { shapeAt } from '../shape.ts'
import type { ExplainedField, ExplainedRecord, RuleNote, Verdict } from './explain-data.ts'
import { elsewhereOf } from './explain-elsewhere.ts'
import { rowsWithId } from './explain-find.ts'
import { explainFormula } from './explain-formula.ts'
import { explainLookup } from './explain-lookup.ts'
import {
  type Explaining,
  identitySlotOf,
  rowName,
  type Standing,
  shown,
  sourceOf,
  standingOn,
  startExplaining,
  type Tellers,
} from './explain-run.ts'
import { explainValue, madeOf } from './explain-value.ts'
import { explainVerdict } from './explain-verdict.ts'
import { removalOf, removedFields } from './history.ts'
import { originOf } from './origins.ts'

export interface ExplainQuestion {
  readonly collection: string
  readonly sourcedId: string
  /** `email`, `metadata.x`; without it all fields. */
  readonly field?: string
  readonly crawl?: CrawlFacts
}

/** How the rows were read. */
export interface CrawlFacts {
  readonly template: 'rest' | 'powerquery'
  /** Sources that it did not read. */
  readonly unread: readonly string[]
}

const NO_FACTS: CrawlFacts = { template: 'rest', unread: [] }

interface Found {
  readonly rule: RuleTree
  readonly frame: Frame
}

type MappedExplanation = NonNullable<ExplainedRecord['record']>

/** Over the rows of `input`, all in one go: it looks through every row of the collection's rules where it must. */
export function explainRecord(checked: CheckedMapping, input: RunInput, question: ExplainQuestion): ExplainedRecord {
  return explainId(question, startTelling(checked, input))
}

export interface RowQuestion {
  readonly rule: string
  /** As it is typed: a number where the source's key is one. */
  readonly key: string
  readonly field?: string
  readonly crawl?: CrawlFacts
}

/** The record that a rule makes of the row with this key, or why it makes none. */
export function explainRow(checked: CheckedMapping, input: RunInput, question: RowQuestion): ExplainedRecord {
  const explaining = startTelling(checked, input)
  const rule = checked.tree.rules.get(question.rule)
  const [collection = ''] = question.rule.split('.')
  const asked = `${question.rule}/${question.key}`
  const frame = rule && frameByKey(rule, question.key, explaining)
  if (rule === undefined || frame === undefined) {
    const rules = [rule ? noteOn(rule, question.crawl, explaining) : noteOfRule(question.rule, checked)]
    const found = rule ? elsewhereOf(rule, [question.key], explaining) : []
    const elsewhere = found.length > 0 ? { elsewhere: found } : {}
    return { asked, collection, sourcedId: undefined, isMapped: false, rows: [], rules, ...elsewhere }
  }
  const sourcedId = explaining.machine.rule(rule.id).sourcedIdOf(frame)
  if (sourcedId !== undefined) return { asked, ...explainId({ ...question, collection, sourcedId }, explaining) }
  const rows = [explainVerdict(rule, frame, explaining)]
  return { asked, collection, sourcedId, isMapped: false, rows, rules: [] }
}

export const TELLERS: Tellers = { lookup: explainLookup, verdict: explainVerdict }

export function startTelling(checked: CheckedMapping, input: RunInput): Explaining {
  return startExplaining(checked, input, TELLERS)
}

function explainId(question: ExplainQuestion, explaining: Explaining): ExplainedRecord {
  const { collection, sourcedId, field, crawl } = question
  const { tree } = explaining.checked
  const found: Found[] = []
  const rules: RuleNote[] = []
  for (const rule of tree.rules.values()) {
    if (rule.collection !== collection) continue
    const { frames, isOtherForm } = rowsWithId(rule, sourcedId, explaining)
    found.push(...frames.map((frame) => ({ rule, frame })))
    if (isOtherForm) rules.push(otherForm(rule))
    else if (frames.length === 0) rules.unshift(noteOn(rule, crawl, explaining))
  }
  for (const id of switchedOff(collection, explaining.checked)) rules.push(noteOfRule(id, explaining.checked))
  const winner = chosenOf(found, sourcedId, explaining)
  const rows = found.map((one) => verdictOn(one, winner, explaining))
  if (winner === undefined) {
    const elsewhere = found.length === 0 ? elsewhereIn(collection, sourcedId, explaining) : {}
    return { collection, sourcedId, isMapped: false, rows, rules, ...elsewhere }
  }
  return { collection, sourcedId, isMapped: true, record: recordOf(winner, field, explaining), rows, rules }
}

/** The row whose record has this id. */
export function winnerOf(collection: string, sourcedId: string, explaining: Explaining): Found | undefined {
  const rules = [...explaining.checked.tree.rules.values()].filter((rule) => rule.collection === collection)
  const found = rules.flatMap((rule) =>
    rowsWithId(rule, sourcedId, explaining).frames.map((frame): Found => ({ rule, frame })),
  )
  return chosenOf(found, sourcedId, explaining)
}

function chosenOf(found: readonly Found[], sourcedId: string, explaining: Explaining): Found | undefined {
  const published = found.filter(({ rule, frame }) => explaining.machine.rule(rule.id).isIn(frame))
  return published.find((one) => keepsId(one, sourcedId, explaining)) ?? published[0]
}

/** Each source of the collection is looked through once, for the id and for what is behind its first letters. */
function elsewhereIn(
  collection: string,
  sourcedId: string,
  explaining: Explaining,
): Pick<ExplainedRecord, 'elsewhere'> {
  const rules = [...explaining.checked.tree.rules.values()].filter((rule) => rule.collection === collection)
  const first = rules.filter((rule, at) => rules.findIndex(({ from }) => from.text === rule.from.text) === at)
  const { idPrefix } = explaining.machine
  const bareId = sourcedId.startsWith(idPrefix) ? sourcedId.slice(idPrefix.length) : sourcedId
  const values = [bareId, bareId.replace(/^[a-z]+(?=\d)/i, '')]
  const elsewhere = first.flatMap((rule) => elsewhereOf(rule, values, explaining))
  return elsewhere.length > 0 ? { elsewhere } : {}
}

/** Of rows that give one id, one is published: the first, or the one that was first published under it. */
function verdictOn({ rule, frame }: Found, winner: Found | undefined, explaining: Explaining): Verdict {
  const verdict = explainVerdict(rule, frame, explaining)
  if (!verdict.isPublished || winner === undefined || winner.frame === frame) return verdict
  const row = rowName(sourceOf(winner.rule, explaining), winner.frame)
  return { ...verdict, isPublished: false, reason: { kind: 'repeated', rule: winner.rule.id, row } }
}

function keepsId({ rule, frame }: Found, sourcedId: string, explaining: Explaining): boolean {
  if (rule.createOnly?.every(({ text }) => text !== 'id') ?? true) return false
  const key = frame.row[identitySlotOf(rule, explaining)]
  const isKey = typeof key === 'string' || typeof key === 'number'
  return isKey && explaining.machine.published?.idOf(rule.id, key) === sourcedId
}

function recordOf({ rule, frame }: Found, only: string | undefined, explaining: Explaining): MappedExplanation {
  const standing = standingOn(rule, frame, explaining)
  const isAsked = ({ name }: Pick<FieldTree, 'name'>, prefix = '') => only === undefined || `${prefix}${name}` === only
  return {
    rule: rule.id,
    row: rowName(sourceOf(rule, explaining), frame),
    where: rule.where.map((formula) => explainFormula(formula, standing)),
    fields: [
      ...rule.fields.filter((field) => isAsked(field)).map((field) => fieldOf(field, standing)),
      ...rule.metadata.filter((field) => isAsked(field, 'metadata.')).map((field) => metadataOf(field, standing)),
    ],
    removed: removedFields(rule, explaining.checked).filter((field) => isAsked(field)),
  }
}

function fieldOf(field: FieldTree, standing: Standing): ExplainedField {
  const { rule, frame, machine, checked } = standing
  const value = machine.rule(rule.id).field(field.name, frame)
  const keeping = rule.createOnly?.find(({ text }) => text === field.name)
  const target = checked.target[rule.collection]?.fields[field.name]
  const own = keeping ? madeOf(field.value, target, standing) : value
  const isKept = keeping !== undefined && JSON.stringify(own) !== JSON.stringify(value)
  const isNeeded = isRequired(rule, field, checked.target)
  return {
    name: field.name,
    ...explainValue(field.value, value, standing),
    isRequired: isNeeded,
    ...(isKept && { kept: { place: keeping.place, now: shown(own) } }),
  }
}

function metadataOf({ name, value }: FieldTree, standing: Standing): ExplainedField {
  const made = madeOf(value, undefined, standing)
  return { name: `metadata.${name}`, ...explainValue(value, made, standing), isRequired: false }
}

/** Undefined where the source has no such row. */
function frameByKey(rule: RuleTree, key: string, explaining: Explaining): Frame | undefined {
  const source = sourceOf(rule, explaining)
  const shape = shapeAt(source.shape, [source.key.text])
  const isText = shape?.kind === 'scalar' && shape.type === 'text'
  const staged = explaining.machine.rows.byKey(source.name, isText ? key : Number(key))
  return staged && explaining.machine.rule(rule.id).frameOf(staged)
}

function otherForm({ id, sourcedId }: RuleTree): RuleNote {
  const { place, text } = originOf(sourcedId)
  return { rule: id, state: 'other-form', place, text }
}

function noteOn(rule: RuleTree, crawl: CrawlFacts | undefined, explaining: Explaining): RuleNote {
  return { rule: rule.id, ...readingOf(sourceOf(rule, explaining), crawl, explaining) }
}

/** Whether and how the last crawl read a source. */
export function readingOf(
  { name, when, rest, powerquery }: SourceTree,
  crawl: CrawlFacts | undefined,
  explaining: Explaining,
): Omit<RuleNote, 'rule'> {
  const { template, unread } = crawl ?? NO_FACTS
  const rowCount = explaining.machine.rows.count(name)
  const setting = when?.text.replace(/^settings\./, '')
  const isOff = setting !== undefined && explaining.machine.settings[setting] !== true
  const lacksReader = template === 'rest' && rest === undefined
  if (isOff || lacksReader || unread.includes(name)) {
    const why = isOff ? { when: setting } : lacksReader ? { needs: 'powerquery' as const } : {}
    return { state: 'not-read', source: name, ...why }
  }
  const isByQuery = template === 'powerquery' && powerquery !== undefined
  const reader = isByQuery ? powerquery.place : rest?.place
  const filter = isByQuery ? undefined : rest?.q?.text
  return {
    state: 'no-row',
    source: name,
    rowCount,
    ...(filter !== undefined && { filter }),
    ...(reader && { reader }),
  }
}

function switchedOff(collection: string, { tree }: CheckedMapping): string[] {
  const removed = [...tree.removed.keys()].flatMap((path) => /^entities\.([^.]+\.[^.]+)$/.exec(path)?.[1] ?? [])
  const all = new Set([...tree.off, ...removed])
  return [...all].filter((id) => id.startsWith(`${collection}.`) && !tree.rules.has(id))
}

/** Of a rule that is switched off or taken away. */
export function noteOfRule(rule: string, { tree }: CheckedMapping): RuleNote {
  const path = `entities.${rule}`
  const place = removalOf(path, tree) ?? tree.seen.get(path)
  return { rule, state: tree.off.has(rule) ? 'off' : 'removed', ...(place && { place }) }
}
