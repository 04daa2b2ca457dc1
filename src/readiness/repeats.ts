// Tells values that were seen before, by hashes of 64 bits: no value is kept.
import { type Halves, hashInto } from './hash.ts'
import { type NumberTableState, openNumberTable } from './number-table.ts'
import { grown, moreThan } from './packed-texts.ts'

/** Who had the value first, and whether this is the first time that it is seen again. */
export interface Repeat {
  readonly first: number
  readonly isSecond: boolean
}

/** For each value of a kind, the number of who had it first. */
export interface Repeats {
  /**
   * Nothing when the value is new. Two different values are taken for one with a chance of n²/2⁶⁵ among n values: of 300,000
   * one in 400 million.
   */
  note(value: string, owner: number): Repeat | undefined
  state(): RepeatsState
}

export interface RepeatsState {
  readonly numbers: NumberTableState
  readonly highs: Uint32Array
  readonly owners: Uint32Array
}

export function openRepeats(from?: RepeatsState): Repeats {
  const numbers = openNumberTable(from?.numbers)
  const halves: Halves = { low: 0, high: 0 }
  let highs = from?.highs ?? new Uint32Array(1 << 7)
  // Twice the owner's number, plus one once the value was seen again.
  let owners = from?.owners ?? new Uint32Array(1 << 7)
  let known = from?.highs.length ?? 0
  const isSame = (number: number) => highs[number] === halves.high

  return {
    note(value, owner) {
      hashInto(halves, value)
      const number = numbers.find(halves.low, isSame)
      if (number < known) {
        const held = owners[number] ?? 0
        owners[number] = held | 1
        return { first: held >>> 1, isSecond: (held & 1) === 0 }
      }
      if (number === highs.length) {
        highs = grown(highs, new Uint32Array(moreThan(number)))
        owners = grown(owners, new Uint32Array(moreThan(number)))
      }
      highs[number] = halves.high
      owners[number] = owner * 2
      known += 1
      return undefined
    },
    state: () => ({ numbers: numbers.state(), highs: highs.subarray(0, known), owners: owners.subarray(0, known) }),
  }
}
