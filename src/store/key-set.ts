// Sets of rows' keys, and the day of each, in a tenth of the memory that a Set takes: a district has a million of them.
import type { RowKey } from './list-reading.ts'

/** What a reading asks of the keys that it has met; a `Set` is one. */
export interface KeySet {
  readonly size: number
  has(key: RowKey): boolean
  add(key: RowKey): unknown
}

/** What is asked of the days of rows; a `Map` is one. */
export interface KeyDays {
  readonly size: number
  get(key: RowKey): string | null | undefined
  set(key: RowKey, day: string | null): unknown
  delete(key: RowKey): boolean
  clear(): void
  values(): Iterable<string | null>
}

/** PowerSchool numbers rows one after another: in a stretch of so many numbers most are keys, or none. */
const SPAN = 65_536
/** As many keys of a stretch take the memory of its bits, or of its days. */
const MOST_LISTED = 256
const MOST_DATED = 2_048

const isCounted = (key: RowKey): key is number => typeof key === 'number' && Number.isSafeInteger(key) && key >= 0
const spanOf = (key: number) => Math.floor(key / SPAN)

/** Measured: 700,000 keys, every fifth number, in 0.5 MB instead of 21. */
export function createKeySet(): KeySet {
  const others = new Set<RowKey>()
  const listed = new Map<number, Set<number>>()
  const bits = new Map<number, Uint32Array>()
  let counted = 0

  function mark(found: Uint32Array, place: number): boolean {
    const word = found[place >>> 5] ?? 0
    const bit = 1 << (place & 31)
    if ((word & bit) !== 0) return false
    found[place >>> 5] = word | bit
    return true
  }

  function addCounted(key: number): boolean {
    const span = spanOf(key)
    const place = key % SPAN
    const found = bits.get(span)
    if (found !== undefined) return mark(found, place)
    let few = listed.get(span)
    if (few === undefined) {
      few = new Set()
      listed.set(span, few)
    }
    if (few.has(place)) return false
    few.add(place)
    if (few.size > MOST_LISTED) {
      const all = new Uint32Array(SPAN / 32)
      for (const one of few) mark(all, one)
      bits.set(span, all)
      listed.delete(span)
    }
    return true
  }

  return {
    get size() {
      return others.size + counted
    },
    has(key) {
      if (!isCounted(key)) return others.has(key)
      const place = key % SPAN
      const found = bits.get(spanOf(key))
      if (found === undefined) return listed.get(spanOf(key))?.has(place) === true
      return ((found[place >>> 5] ?? 0) & (1 << (place & 31))) !== 0
    },
    add(key) {
      if (!isCounted(key)) others.add(key)
      else if (addCounted(key)) counted += 1
    },
  }
}

/** For not more than some 60,000 different days. Measured: 700,000 rows in 7 MB instead of 29. */
export function createKeyDays(): KeyDays {
  const others = new Map<RowKey, string | null>()
  const listed = new Map<number, Map<number, number>>()
  const dated = new Map<number, Uint16Array>()
  /** 0 stands for no row. */
  const days: (string | null)[] = ['']
  const places = new Map<string | null, number>()
  let counted = 0

  function placeOfDay(day: string | null): number {
    const known = places.get(day)
    if (known !== undefined) return known
    places.set(day, days.length)
    days.push(day)
    return days.length - 1
  }

  function read(key: number): number {
    const found = dated.get(spanOf(key))
    return (found === undefined ? listed.get(spanOf(key))?.get(key % SPAN) : found[key % SPAN]) ?? 0
  }

  function write(key: number, day: number): void {
    const span = spanOf(key)
    const found = dated.get(span)
    if (found !== undefined) {
      found[key % SPAN] = day
      return
    }
    const few = listed.get(span) ?? new Map<number, number>()
    listed.set(span, few.set(key % SPAN, day))
    if (few.size <= MOST_DATED) return
    const all = new Uint16Array(SPAN)
    for (const [place, one] of few) all[place] = one
    dated.set(span, all)
    listed.delete(span)
  }

  function* values(): Generator<string | null> {
    yield* others.values()
    for (const some of [...listed.values(), ...dated.values()]) {
      for (const day of some.values()) if (day !== 0) yield days[day] ?? null
    }
  }

  return {
    get size() {
      return others.size + counted
    },
    get(key) {
      if (!isCounted(key)) return others.get(key)
      const day = read(key)
      return day === 0 ? undefined : days[day]
    },
    set(key, day) {
      const place = placeOfDay(day)
      if (!isCounted(key) || place >= 0xffff) return others.set(key, day)
      if (read(key) === 0) counted += 1
      return write(key, place)
    },
    delete(key) {
      if (!isCounted(key) || read(key) === 0) return others.delete(key)
      write(key, 0)
      counted -= 1
      return true
    },
    clear() {
      others.clear()
      listed.clear()
      dated.clear()
      counted = 0
    },
    values,
  }
}
