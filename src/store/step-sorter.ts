// Sorts the values of a long list as SQLite orders them, in short steps.
import type { SqlValue } from './sql.ts'

export interface StepSorter {
  /** A step: the values that come next, a few thousand. */
  add(values: readonly SqlValue[]): void
  /** The places of the values (0 for the first that was added), upwards; equal ones as they came. Called once. */
  sorted(pause: () => Promise<void>): Promise<{
    readonly present: Uint32Array
    /** The places of nulls, as they came. */
    readonly missing: Uint32Array
  }>
}

/** Values that are merged in a step: 1 ms. */
const MERGED = 10_000

/** Merge sort from below: what is added is sorted at once, and the sorted runs are merged two by two. */
export function createStepSorter(): StepSorter {
  const values: SqlValue[] = []
  const missing: number[] = []
  let runs: Uint32Array[] = []
  /** Whether JavaScript compares all texts so far as SQLite does, which is ten times as fast. */
  let arePlain = true
  const compareTexts = (a: string, b: string) => (arePlain ? Number(a > b) - Number(a < b) : byCodePoints(a, b))
  const compare = (a: number, b: number) => compareValues(values[a] ?? null, values[b] ?? null, compareTexts) || a - b

  return {
    add(more) {
      const run: number[] = []
      for (const value of more) {
        const places = value === null ? missing : run
        places.push(values.length)
        values.push(value)
        if (arePlain && typeof value === 'string' && MAY_DIFFER.test(value)) arePlain = false
      }
      if (run.length > 0) runs.push(Uint32Array.from(run).sort(compare))
    },
    async sorted(pause) {
      const inSteps = pauseEvery(MERGED, pause)
      while (runs.length > 1) {
        const merged: Uint32Array[] = []
        for (let index = 0; index < runs.length; index += 2) {
          const [a, b] = [runs[index], runs[index + 1]]
          if (a !== undefined) merged.push(b === undefined ? a : await merge(a, b, compare, inSteps))
        }
        runs = merged
      }
      return { present: runs[0] ?? new Uint32Array(0), missing: Uint32Array.from(missing) }
    },
  }
}

/** To be called once for each piece of work; a promise, when it is time to wait. */
function pauseEvery(pieces: number, pause: () => Promise<void>): () => Promise<void> | undefined {
  let done = 0
  return () => {
    done += 1
    return done % pieces === 0 ? pause() : undefined
  }
}

async function merge(
  a: Uint32Array,
  b: Uint32Array,
  compare: (a: number, b: number) => number,
  afterEach: () => Promise<void> | undefined,
): Promise<Uint32Array> {
  const merged = new Uint32Array(a.length + b.length)
  let [fromA, fromB] = [0, 0]
  for (let place = 0; place < merged.length; place++) {
    const [nextA, nextB] = [a[fromA], b[fromB]]
    if (nextA !== undefined && (nextB === undefined || compare(nextA, nextB) < 0)) {
      merged[place] = nextA
      fromA += 1
    } else {
      merged[place] = nextB ?? 0
      fromB += 1
    }
    const wait = afterEach()
    if (wait !== undefined) await wait
  }
  return merged
}

/** As SQLite orders values that are not null: numbers before texts, and texts by their code points. */
function compareValues(a: SqlValue, b: SqlValue, compareTexts: (a: string, b: string) => number): number {
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return rankOf(a) - rankOf(b)
}

function rankOf(value: SqlValue): number {
  return typeof value === 'number' ? 0 : 1
}

/** UTF-16 units are in another order than code points where a surrogate meets what is above the surrogates. */
const MAY_DIFFER = /[\ud800-\uffff]/

function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let place = 0; place < length; place++) {
    const [unitA, unitB] = [a.charCodeAt(place), b.charCodeAt(place)]
    if (unitA !== unitB) return surrogatesLast(unitA) - surrogatesLast(unitB)
  }
  return a.length - b.length
}

function surrogatesLast(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
