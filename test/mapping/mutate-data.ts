// Changes mappings as plain data at random, with seeds, into what an author might have written.
import { GRAMMAR } from '../../src/mapping/schema/grammar.ts'

/** A seeded generator (mulberry32), so that each run tries the same files. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

export type Data = string | number | boolean | null | undefined | Data[] | { [key: string]: Data }

/** Every part of a tree, with the key under which it stands. */
export function partsOf(data: Data, key = ''): { readonly key: string; readonly data: Data }[] {
  const below = Array.isArray(data)
    ? data.flatMap((item) => partsOf(item, key))
    : typeof data === 'object' && data !== null
      ? Object.entries(data).flatMap(([name, value]) => partsOf(value, name))
      : []
  return [{ key, data }, ...below]
}

export const KEYS = [...new Set(Object.values(GRAMMAR).flatMap((kind) => Object.keys(kind.keys)))]
const ODD: readonly Data[] = [
  null,
  'x',
  '=id',
  '=inherited',
  '=[=inherited]',
  7,
  true,
  false,
  [],
  {},
  ['=inherited'],
  'nothing',
  'skip',
  '01',
]

/** A copy with one part changed into another, taken away, or joined by one more. */
export function mutate(
  data: Data,
  pool: readonly { readonly key: string; readonly data: Data }[],
  random: (below: number) => number,
): Data {
  const count = partsOf(data).length
  const at = 1 + random(Math.max(1, count - 1))
  const pick = <T>(list: readonly T[]): T | undefined => list[random(list.length)]
  let seen = 0
  const change = (part: Data, key: string): Data => {
    if (seen++ !== at) return copy(part)
    const alike = pool.filter((other) => other.key === key)
    const grown = typeof part === 'object' && part !== null && !Array.isArray(part)
    switch (random(grown ? 6 : 5)) {
      case 0:
        return undefined
      case 1:
        return pick(ODD)
      case 2:
        return [part]
      case 3:
        return Array.isArray(part) ? part[0] : (pick(pool)?.data ?? null)
      case 4:
        return pick(alike)?.data
      default:
        return { ...(part as object), [pick(KEYS) ?? '']: pick(random(2) ? ODD : pool.map((other) => other.data)) }
    }
  }
  const copy = (part: Data): Data => {
    if (Array.isArray(part)) return part.map((item) => change(item, '')).filter((item) => item !== undefined)
    if (typeof part !== 'object' || part === null) return part
    const entries = Object.entries(part).map(([name, value]) => [name, change(value, name)])
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  }
  seen = 1
  return copy(data)
}
