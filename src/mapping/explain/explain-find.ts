// Finds the rows of a rule that give a sourcedId.

import { lookupTypeIn } from '../check/infer.ts'
import { resolvePath } from '../check/scope.ts'
import type { Expression } from '../formula/expression.ts'
import { allRows } from '../run/compile-selection.ts'
import type { Frame } from '../run/frame.ts'
import type { RuleTree } from '../schema/mapping-tree.ts'
import { type Explaining, identitySlotOf, keySlotOf, sourceOf, standingOn, whileScoping } from './explain-run.ts'

export interface FoundRows {
  /** Those that give the id; one that would, if a lookup in its id found something, when there is no other. */
  readonly frames: readonly Frame[]
  /** Whether the ids of the rule are of another form, so that none of its rows can have this one. */
  readonly isOtherForm: boolean
}

/** Goes through the whole source, unless the form of the id says in which row it is, or that it is in none. */
export function rowsWithId(rule: RuleTree, sourcedId: string, explaining: Explaining): FoundRows {
  const { machine } = explaining
  const source = sourceOf(rule, explaining)
  const running = machine.rule(rule.id)
  const keepsIds = rule.createOnly?.some(({ text }) => text === 'id') === true
  const guess = guessRow(rule, sourcedId, explaining)
  if (guess.isSure && !keepsIds) return { frames: guess.frame ? [guess.frame] : [], isOtherForm: guess.isOtherForm }
  const frames: Frame[] = []
  for (const staged of allRows(source.name, machine)) {
    const frame = running.frameOf(staged)
    const id = frame.ordinal === staged.ordinal ? whileScoping(frame, () => running.sourcedIdOf(frame)) : undefined
    if (id === sourcedId) frames.push(frame)
  }
  const near = guess.frame
  const isNear = frames.length === 0 && near !== undefined && running.sourcedIdOf(near) === undefined
  return { frames: isNear ? [near] : frames, isOtherForm: false }
}

interface Guess {
  /** Nothing but this row, or none, can give the id. */
  readonly isSure: boolean
  readonly isOtherForm: boolean
  readonly frame?: Frame | undefined
}

const NO_GUESS: Guess = { isSure: false, isOtherForm: false }

/** Reads the id backwards, where its formula joins texts and values by `&`: none of these is blank in an id. */
function guessRow(rule: RuleTree, sourcedId: string, explaining: Explaining): Guess {
  if (rule.sourcedId.kind !== 'formula') return NO_GUESS
  const parts = joined(rule.sourcedId.expression)
  const values = parts.filter(({ kind }) => kind !== 'text')
  if (values.length > MAX_VALUES || sourcedId.length > MAX_LENGTH) return NO_GUESS
  const pattern = parts.map((part) => (part.kind === 'text' ? escaped(part.value) : '(.+)')).join('')
  const groups = new RegExp(`^${pattern}$`, 's').exec(sourcedId)
  if (groups === null) return { isSure: true, isOtherForm: true }
  const slot = identitySlotOf(rule, explaining)
  const at = parts.findIndex((part) => cellOf(part, rule, explaining) === slot)
  const text = groups[1 + parts.slice(0, at).filter(({ kind }) => kind !== 'text').length]
  if (at < 0 || text === undefined) return NO_GUESS
  const isSure = parts.every((part, index) => index === at || part.kind === 'text')
  return { isSure, isOtherForm: false, frame: frameOf(text, slot, rule, explaining) }
}

/** They bound the search for where one value ends and the next begins. */
const MAX_VALUES = 3
const MAX_LENGTH = 255

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
