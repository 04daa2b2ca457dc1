// Compact sets of keys answer as a Set and a Map do: in stretches that are full, sparse, and neither numbers nor small.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../fixtures/powerschool/random.ts'
import { createKeyDays, createKeySet } from '../../src/store/key-set.ts'

type Key = string | number

/** So many keys, some of them twice. */
function keysOf(seed: number, count: number): Key[] {
  const { next, int, chance } = createRandom(seed)
  const span = chance(0.5) ? 2 * count : 1e9
  return Array.from({ length: count }, () => {
    if (chance(0.02)) return [-int(1, 50), 0.5, Number.MAX_SAFE_INTEGER, 2 ** 60][int(0, 3)] ?? 0
    if (chance(0.05)) return `${int(1, 300)}`
    return Math.floor(next() * span)
  })
}

const CASES = Array.from({ length: 8 }, (_, index) => [index + 1, [10, 300, 3_000, 40_000][index % 4] ?? 0] as const)

describe('a set of keys', () => {
  it.each(CASES)('of seed %i holds what a Set holds (%i keys)', (seed, count) => {
    const keys = keysOf(seed, count)
    const [compact, plain] = [createKeySet(), new Set<Key>()]
    for (const [place, key] of keys.entries()) {
      if (place % 2 === 0) {
        compact.add(key)
        plain.add(key)
      }
    }
    expect(compact.size).toBe(plain.size)
    expect(keys.filter((key) => compact.has(key) !== plain.has(key))).toEqual([])
  })

  it('tells a number from its text', () => {
    const keys = createKeySet()
    keys.add('7')
    expect([keys.has('7'), keys.has(7)]).toEqual([true, false])
  })
})

describe('the days of keys', () => {
  it.each(CASES)('of seed %i are those of a Map (%i keys)', (seed, count) => {
    const { int, chance } = createRandom(seed + 100)
    const keys = keysOf(seed, count)
    const wrong: Key[] = []
    const [compact, plain] = [createKeyDays(), new Map<Key, string | null>()]
    for (const key of [...keys, ...keys.slice(0, count / 2)]) {
      const day = chance(0.1) ? null : `2026-01-${int(10, 28)}`
      compact.set(key, day)
      plain.set(key, day)
      if (chance(0.3)) {
        const other = keys[int(0, count - 1)] ?? ''
        if (compact.delete(other) !== plain.delete(other)) wrong.push(other)
      }
    }
    expect([compact.size, wrong]).toEqual([plain.size, []])
    expect(keys.filter((key) => compact.get(key) !== plain.get(key))).toEqual([])
    expect([...compact.values()].sort()).toEqual([...plain.values()].sort())
    compact.clear()
    expect([compact.size, [...compact.values()].length, compact.get(keys[0] ?? '')]).toEqual([0, 0, undefined])
  })
})
