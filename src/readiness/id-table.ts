// The sourcedIds of a collection, those that were delivered and those that were only referred to, with marks on each.
import { type Halves, hashInto } from './hash.ts'
import { type NumberTableState, openNumberTable } from './number-table.ts'
import { grown, moreThan, openPackedTexts, type PackedTextsState } from './packed-texts.ts'

export interface IdTable {
  /** The same number for the same id, compared exactly; numbers count from 0. */
  numberOf(id: string): number
  idOf(number: number): string
  marksOf(number: number): number
  /** Adds bits, at most eight. */
  mark(number: number, bits: number): void
  /** Which rule of the mapping made it, as a number. */
  ruleOf(number: number): number
  setRule(number: number, rule: number): void
  readonly size: number
  state(): IdTableState
}

export interface IdTableState {
  readonly numbers: NumberTableState
  readonly ids: PackedTextsState
  readonly marks: Uint8Array
  readonly rules: Uint8Array
}

export function openIdTable(from?: IdTableState): IdTable {
  const numbers = openNumberTable(from?.numbers)
  const ids = openPackedTexts(from?.ids)
  const halves: Halves = { low: 0, high: 0 }
  let marks = from?.marks ?? new Uint8Array(1 << 7)
  let rules = from?.rules ?? new Uint8Array(1 << 7)
  let wanted = ''
  let lastNumber = -1
  // One closure for all look-ups.
  const isWanted = (number: number) => ids.is(number, wanted)

  return {
    get size() {
      return ids.size
    },
    numberOf(id) {
      // Neighbouring enrollments are of one school, and often of one class.
      if (id === wanted && lastNumber >= 0) return lastNumber
      hashInto(halves, id)
      wanted = id
      const number = numbers.find(halves.low, isWanted)
      if (number === ids.size) {
        ids.add(id)
        if (number === marks.length) {
          marks = grown(marks, new Uint8Array(moreThan(number)))
          rules = grown(rules, new Uint8Array(moreThan(number)))
        }
      }
      lastNumber = number
      return number
    },
    idOf: (number) => ids.textOf(number),
    marksOf: (number) => marks[number] ?? 0,
    mark(number, bits) {
      marks[number] = (marks[number] ?? 0) | bits
    },
    ruleOf: (number) => rules[number] ?? 0,
    setRule(number, rule) {
      rules[number] = rule
    },
    state: () => ({
      numbers: numbers.state(),
      ids: ids.state(),
      marks: marks.subarray(0, ids.size),
      rules: rules.subarray(0, ids.size),
    }),
  }
}
