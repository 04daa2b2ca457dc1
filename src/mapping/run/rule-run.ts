// One rule at work: decides once for each row whether it is published and under which id, and makes its fields.

import type { FieldValue, MappedRecord, Reference, RuleTally, StagedRow } from '../ports.ts'
import type { RuleProgram } from './compile-rule.ts'
import { type Frame, MISSING, newFrame, OUT_OF_SCOPE, refillFrame } from './frame.ts'
import type { Machine, RunningRule } from './machine.ts'
import type { LeftOut } from './run-tally.ts'

const UNKNOWN = 0
const IN = 1
const OUT = 2

export class RuleRun implements RunningRule {
  readonly tally: RuleTally
  readonly #machine: Machine
  readonly #program: () => RuleProgram
  /** The decision on each row by ordinal. */
  #decided: Uint8Array
  /** References by source key, for rules that are referred to by key; null when there is nothing to refer to. */
  readonly #references = new Map<string | number, Reference | null>()

  /** `decided`: what a run that this one goes on with has decided. */
  constructor(id: string, machine: Machine, program: () => RuleProgram, decided?: Uint8Array) {
    this.#decided = decided ?? new Uint8Array(1024)
    this.#machine = machine
    this.#program = program
    this.tally = machine.tally.rule(id)
  }

  /** The decision on each row by ordinal, as far as there are any. */
  get decided(): Uint8Array {
    return this.#decided.subarray(0, this.#decided.findLastIndex((decision) => decision !== UNKNOWN) + 1)
  }

  get isGrouped(): boolean {
    return this.#program().grouping !== undefined
  }

  /** The frame of a row in one that the caller alone holds, where rows are not grouped. */
  frameIn(own: Frame | undefined, staged: StagedRow): Frame {
    if (own === undefined || this.isGrouped) return this.frameOf(staged)
    refillFrame(own, staged)
    return own
  }

  frameOf(staged: StagedRow): Frame {
    const { grouping, slots, source } = this.#program()
    if (grouping === undefined) return newFrame(staged, slots)
    const shared = staged.row[grouping.slot]
    // Rejected in the end, but first asked whether it is in scope at all, as a group of its own.
    if (typeof shared !== 'string' && typeof shared !== 'number') return newFrame(staged, slots, [staged])
    const group = grouping.sort(this.#machine.rows.byMatch(source, [grouping.slot], [shared]))
    return newFrame(group[0] ?? staged, slots, group)
  }

  lookUp(index: number, frame: Frame): Frame | readonly unknown[] | undefined {
    const found = this.#find(index, frame)
    return found === MISSING || found === OUT_OF_SCOPE ? undefined : found
  }

  #find(index: number, frame: Frame): Frame | readonly unknown[] {
    const known = frame.slots[index]
    // Only this method writes the slots of lookups.
    if (known !== undefined) return known as Frame | readonly unknown[]
    const { lookups, cuts } = this.#program()
    const empty = frame.isScoping ? cuts?.get(index) : undefined
    if (empty) return empty
    const found = lookups[index]?.(frame) ?? MISSING
    frame.slots[index] = found
    return found
  }

  isIn(frame: Frame): boolean {
    const { ordinal } = frame
    const known = this.#decided[ordinal] ?? UNKNOWN
    if (known !== UNKNOWN) return known === IN
    if (ordinal >= this.#decided.length) this.#grow(ordinal)
    const { tally } = this.#machine
    const held = tally.hold()
    frame.isScoping = true
    const reason = this.#decide(frame)
    frame.isScoping = false
    if (reason === 'where') this.tally.outOfScope++
    else if (reason) tally.leaveOut(this.tally, reason, this.keyOf(frame))
    tally.release(held, reason !== undefined && reason !== 'where')
    this.#decided[ordinal] = reason === undefined ? IN : OUT
    return reason === undefined
  }

  #grow(ordinal: number): void {
    const larger = new Uint8Array(Math.max(ordinal + 1, this.#decided.length * 2))
    larger.set(this.#decided)
    this.#decided = larger
  }

  #decide(frame: Frame): LeftOut | 'where' | undefined {
    const { id, where, skipping, required, grouping } = this.#program()
    const { tally } = this.#machine
    const key = this.keyOf(frame)
    tally.at(id, key, undefined)
    for (const condition of where) {
      if (condition(frame) === true) continue
      // A scope that asks a lookup which found nothing is not false, it is unknown.
      return this.#missing(frame, skipping, true) ?? 'where'
    }
    if (grouping && (frame.row[grouping.slot] ?? undefined) === undefined) {
      return { code: 'required-blank', field: 'one_per' }
    }
    const missing = this.#missing(frame, skipping, false)
    if (missing) return missing
    if (this.sourcedIdOf(frame) === undefined) return { code: 'required-blank', field: 'id' }
    for (const { name, make, reason } of required) {
      tally.at(id, key, name)
      if (make(frame) === undefined) return { code: reason(frame), field: name }
    }
    return undefined
  }

  #missing(frame: Frame, skipping: RuleProgram['skipping'], onlyKnown: boolean): LeftOut | undefined {
    for (const { index, name } of skipping) {
      if (onlyKnown && frame.slots[index] === undefined) continue
      const found = this.#find(index, frame)
      if (found === MISSING) return { code: 'lookup-missing', field: name }
      if (found === OUT_OF_SCOPE) return { code: 'ref-out-of-scope', field: name }
    }
    return undefined
  }

  keyOf(frame: Frame): string | number {
    const key = frame.row[this.#program().keySlot]
    return typeof key === 'string' || typeof key === 'number' ? key : frame.ordinal
  }

  sourcedIdOf(frame: Frame): string | undefined {
    if (frame.sourcedId === undefined) {
      const value = this.#program().sourcedId(frame)
      if (typeof value === 'string') frame.sourcedId = value
    }
    return frame.sourcedId
  }

  /** The id under which the row was published before, where the rule keeps it. */
  keptIdOf(frame: Frame): string | undefined {
    return this.#program().keptId?.find(frame)
  }

  referenceOf(frame: Frame): Reference | undefined {
    const sourcedId = this.sourcedIdOf(frame)
    return sourcedId === undefined ? undefined : { collection: this.#program().collection, sourcedId }
  }

  referenceByKey(key: string | number): Reference | undefined {
    const known = this.#references.get(key)
    if (known !== undefined) return known ?? undefined
    const { source } = this.#program()
    if (this.#machine.isEmpty(source)) return undefined
    const staged = this.#machine.rows.byKey(source, key)
    const frame = staged && this.frameOf(staged)
    const reference = frame && this.isIn(frame) ? this.referenceOf(frame) : undefined
    this.#references.set(key, reference ?? null)
    return reference
  }

  field(name: string, frame: Frame): FieldValue | undefined {
    return this.#program()
      .fields.find((field) => field.name === name)
      ?.make(frame)
  }

  /** The record of a published row. */
  record(frame: Frame, sourcedId: string): MappedRecord {
    const { id, collection, constants, varying, metadata, keptId } = this.#program()
    const { tally } = this.#machine
    const key = this.keyOf(frame)
    const values: Record<string, FieldValue> = { ...constants }
    for (const { name, make } of varying) {
      tally.at(id, key, name)
      const value = make(frame)
      if (value !== undefined) values[name] = value
    }
    let more: Record<string, FieldValue> | undefined
    for (const { name, make } of metadata) {
      tally.at(id, key, `metadata.${name}`)
      const value = make(frame)
      if (value === undefined) continue
      more ??= {}
      more[name] = value
    }
    const rowKey = keptId?.rowKey(frame)
    const record = { collection, rule: id, sourcedId, fields: values }
    const whole = more ? { ...record, metadata: more } : record
    return rowKey === undefined ? whole : { ...whole, rowKey }
  }
}
