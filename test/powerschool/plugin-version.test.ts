// The version of the plugin: it rises with the content, never falls, and says the day.
import { describe, expect, it } from 'vitest'
import { chooseVersion, compareVersions, isVersion, nextVersion } from '../../src/powerschool/plugin-version.ts'

const NOON = Date.UTC(2026, 4, 17, 12)

/** Math.random's place, the same in each run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('a new version', () => {
  it.each([
    [Date.UTC(2026, 4, 17), undefined, '2026.0517.000000'],
    [NOON, undefined, '2026.0517.043200'],
    [Date.UTC(2026, 11, 31, 23, 59, 59, 999), undefined, '2026.1231.086399'],
    [NOON, '1.0.0', '2026.0517.043200'],
    [NOON, '2026.0517.043199', '2026.0517.043200'],
    // The same second, and a clock that is behind.
    [NOON, '2026.0517.043200', '2026.0517.043201'],
    [NOON, '2026.0518.000000', '2026.0518.000001'],
    [NOON, '2027.0101.999999', '2027.0102.000000'],
    [NOON, '2027.9999.999999', '2028.0000.000000'],
    // Of others, not as wide as ours.
    [NOON, '2026.517.43200', '2026.0517.043201'],
    [NOON, '3000.1', '3000.0001.000001'],
    [NOON, 'draft', '2026.0517.043200'],
  ])('at %d after %s is %s', (nowMs, last, version) => {
    expect(nextVersion(nowMs, last)).toBe(version)
  })

  it('is refused where none is left', () => {
    expect(() => nextVersion(NOON, '9999.9999.999999')).toThrow(
      'No version of the plugin comes after 9999.9999.999999.',
    )
    expect(() => nextVersion(NOON, '20260517.1')).toThrow('No version')
  })

  it('is higher than the last, as numbers and as text, whatever the clock does', () => {
    const random = seeded(7)
    let last: string | undefined
    for (let step = 0; step < 5_000; step += 1) {
      const nowMs = Date.UTC(2000 + Math.floor(random() * 60), 0, 1) + Math.floor(random() * 400 * 86_400_000)
      const version: string = nextVersion(nowMs, last)
      expect(version).toMatch(/^\d{4}\.\d{4}\.\d{6}$/)
      expect(isVersion(version)).toBe(true)
      if (last !== undefined) {
        expect(compareVersions(version, last)).toBeGreaterThan(0)
        expect(version > last).toBe(true)
      }
      last = random() < 0.02 ? undefined : version
    }
  })
})

describe('the choice', () => {
  it.each([
    ['is new without anything known', [], { version: '2026.0517.043200', isNew: true }],
    [
      'stays when the content does',
      [{ version: '2026.0101.000000', isSame: true }],
      { version: '2026.0101.000000', isNew: false, before: '2026.0101.000000' },
    ],
    [
      'stays with a clock that is behind',
      [{ version: '2030.0101.000000', isSame: true }],
      { version: '2030.0101.000000', isNew: false, before: '2030.0101.000000' },
    ],
    [
      'rises with the content',
      [{ version: '2026.0101.000000', isSame: false }],
      { version: '2026.0517.043200', isNew: true, before: '2026.0101.000000' },
    ],
    [
      'rises above what is newer than the same content',
      [
        { version: '2026.0101.000000', isSame: true },
        { version: '2026.0601.000000', isSame: false },
      ],
      { version: '2026.0601.000001', isNew: true, before: '2026.0601.000000' },
    ],
    [
      'never gives the version of another content',
      [
        { version: '2026.0601.000000', isSame: true },
        { version: '2026.0601.000000', isSame: false },
      ],
      { version: '2026.0601.000001', isNew: true, before: '2026.0601.000000' },
    ],
  ])('%s', (_, known, expected) => {
    expect(chooseVersion(known, NOON)).toEqual(expected)
    expect(chooseVersion(known.toReversed(), NOON)).toEqual(expected)
  })
})
