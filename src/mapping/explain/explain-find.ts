// Finds the rows of a rule that give a sourcedId.

import { lookupTypeIn } from '../check/infer.ts'
import { resolvePath } from '../check/scope.ts'
import type { Expression } from '../formula/expression.ts'
import { allRows } from '../run/compile-selection.ts'
import type { Frame } from '../run/frame.ts'
import type { RunningRule } from '../run/machine.ts'
import type { RuleTree } from '../schema/mapping-tree.ts'
import { type Explaining, identitySlotOf, keySlotOf, sourceOf, standingOn, whileScoping } from './explain-run.ts'

export interface FoundRows {
  /** Those that give the id; one that would, if a lookup in its id found something, when there is no other. */
  readonly frames: readonly Frame[]
  /** Whether the ids of the rule are of another form, so that none of its rows can have this one. */
  readonly isOtherForm: boolean
}

/** Goes through the whole source, unless the form of the id says in which rows it can be, or that it is in none. */
export function rowsWithId(rule: RuleTree, sourcedId: string, explaining: Explaining): FoundRows {
  const { machine } = explaining
  const source = sourceOf(rule, explaining)
  const running = machine.rule(rule.id)
  const keepsIds = rule.createOnly?.some(({ text }) => text === 'id') === true
  const guess = guessRows(rule, sourcedId, explaining)
  if (guess === 'other-form' && !keepsIds) return { frames: [], isOtherForm: true }
  const near = Array.isArray(guess) ? guess : []
  const isGuessed = Array.isArray(guess) && !keepsIds
  const frames: Frame[] = []
  for (const staged of isGuessed ? [] : allRows(source.name, machine)) {
    const frame = running.frameOf(staged)
    if (frame.ordinal === staged.ordinal && idOf(frame, running) === sourcedId) frames.push(frame)
  }
  if (isGuessed) frames.push(...near.filter((frame) => idOf(frame, running) === sourcedId))
  if (frames.length > 0) return { frames, isOtherForm: false }
  const [nearest] = near.filter((frame) => running.sourcedIdOf(frame) === undefined)
  return { frames: nearest ? [nearest] : [], isOtherForm: false }
}

const idOf = (frame: Frame, running: RunningRule) => whileScoping(frame, () => running.sourcedIdOf(frame))

/**
 * Reads the id backwards, where its formula joins texts and values by `&`: none of these is blank in an id. The only rows that
 * can give it, in their order; undefined where they cannot be told.
 */
function guessRows(rule: RuleTree, wholeId: string, explaining: Explaining): Frame[] | 'other-form' | undefined {
  if (rule.sourcedId.kind !== 'formula') return undefined
  const { idPrefix } = explaining.machine
  if (!wholeId.startsWith(idPrefix)) return 'other-form'
  const sourcedId = wholeId.slice(idPrefix.length)
  const parts = joined(rule.sourcedId.expression)
  const values = parts.filter(({ kind }) => kind !== 'text')
  if (values.length > MAX_VALUES || sourcedId.length > MAX_LENGTH) return undefined
  if (!patternOf(parts).test(sourcedId)) return 'other-form'
  const slot = identitySlotOf(rule, explaining)
  const at = parts.findIndex((part) => cellOf(part, rule, explaining) === slot)
  const texts = at < 0 ? [] : textsAt(parts, at, sourcedId)
  if (at < 0 || texts.length > MAX_TEXTS) return undefined
  return texts.flatMap((text) => frameOf(text, slot, rule, explaining) ?? []).toSorted((a, b) => a.ordinal - b.ordinal)
}

/** What can stand at one place of the id: `sec5t7t8` of `"sec" & id & "t" & …` has `5` and `5t7`. */
function textsAt(parts: readonly Expression[], at: number, sourcedId: string): string[] {
  const [before, after] = [patternOf(parts.slice(0, at)), patternOf(parts.slice(at + 1))]
  const places = Array.from({ length: sourcedId.length + 1 }, (_, place) => place)
  const starts = places.filter((place) => before.test(sourcedId.slice(0, place)))
  const ends = places.filter((place) => after.test(sourcedId.slice(place)))
  return starts.flatMap((start) => ends.filter((end) => end > start).map((end) => sourcedId.slice(start, end)))
}

const patternOf = (parts: readonly Expression[]) =>
  new RegExp(`^${parts.map((part) => (part.kind === 'text' ? escaped(part.value) : '(.+)')).join('')}$`, 's')

/** Whether a text looks like an id of the rule: by the word that its formula begins with, without which any text would. */
export function isIdOf(wholeId: string, { sourcedId }: RuleTree, idPrefix = ''): boolean {
  if (sourcedId.kind !== 'formula' || wholeId.length > MAX_LENGTH || !wholeId.startsWith(idPrefix)) return false
  const text = wholeId.slice(idPrefix.length)
  const parts = joined(sourcedId.expression)
  const values = parts.filter(({ kind }) => kind !== 'text')
  return parts[0]?.kind === 'text' && values.length <= MAX_VALUES && patternOf(parts).test(text)
}

/** They bound the search for where one value ends and the next begins. */
const MAX_VALUES = 3
const MAX_LENGTH = 255
const MAX_TEXTS = 20

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

function joined(expression: Expression): Expression[] {
  if (expression.kind === 'inherited') return joined(expression.expression)
  const isJoin = expression.kind === 'binary' && expression.operator === '&'
  return isJoin ? [...joined(expression.left), ...joined(expression.right)] : [expression]
}

/** The slot of the row's own column that a path names. */
function cellOf(part: Expression, rule: RuleTree, explaining: Explaining): number | undefined {
  if (part.kind !== 'path') return undefined
  const { scope } = standingOn(rule, NO_FRAME, explaining)
  const resolved = resolvePath(part.names, scope, lookupTypeIn(scope.tree))
  if (!resolved.ok || resolved.route.start.kind !== 'row' || resolved.route.steps.length !== 1) return undefined
  const [step] = resolved.route.steps
  return step?.kind === 'cell' ? step.slot : undefined
}

const NO_FRAME: Frame = { ordinal: 0, row: [], group: undefined, slots: [], isScoping: false, sourcedId: undefined }

function frameOf(text: string, slot: number, rule: RuleTree, explaining: Explaining): Frame | undefined {
  const { machine } = explaining
  const source = sourceOf(rule, explaining)
  const isKey = slot === keySlotOf(source)
  // Numbers are written in one way only.
  for (const value of /^-?\d{1,15}$/.test(text) && String(Number(text)) === text ? [Number(text), text] : [text]) {
    const [staged] = isKey
      ? [machine.rows.byKey(source.name, value)]
      : machine.rows.byMatch(source.name, [slot], [value])
    if (staged) return machine.rule(rule.id).frameOf(staged)
  }
  return undefined
}
