// What was used last is remembered, within the bound.
import { describe, expect, it } from 'vitest'
import { createRecent } from '../src/recent.ts'

function recentOf(options: Parameters<typeof createRecent<string>>[0], ...keys: readonly string[]) {
  const recent = createRecent<string>(options)
  for (const key of keys) recent.set(key, key.toUpperCase())
  return recent
}

const known = (recent: { get(key: string): unknown }, ...keys: readonly string[]) =>
  keys.filter((key) => recent.get(key) !== undefined)

describe('what is remembered', () => {
  it('is what was set last, up to the bound', () => {
    expect(known(recentOf({ max: 2 }, 'a', 'b', 'c'), 'a', 'b', 'c')).toEqual(['b', 'c'])
  })

  it('is what was used last', () => {
    const recent = recentOf({ max: 2 }, 'a', 'b')
    recent.get('a')
    recent.set('c', 'C')
    expect(known(recent, 'a', 'b', 'c')).toEqual(['a', 'c'])
  })

  it('is the last value of a key, which is used by that', () => {
    const recent = recentOf({ max: 2 }, 'a', 'b')
    recent.set('a', 'new')
    recent.set('c', 'C')
    expect([recent.get('a'), recent.get('b')]).toEqual(['new', undefined])
  })

  it('is not what was deleted, which makes room', () => {
    const recent = recentOf({ max: 2 }, 'a', 'b')
    recent.delete('b')
    recent.delete('never there')
    recent.set('c', 'C')
    expect(known(recent, 'a', 'b', 'c')).toEqual(['a', 'c'])
  })
})

describe('with sizes', () => {
  const sizeOf = (_value: string, key: string) => key.length

  it('sums them up', () => {
    expect(known(recentOf({ max: 5, sizeOf }, 'aa', 'bb', 'c', 'dd'), 'aa', 'bb', 'c', 'dd')).toEqual(['bb', 'c', 'dd'])
  })

  it('forgets several for a large one', () => {
    expect(known(recentOf({ max: 5, sizeOf }, 'aa', 'bb', 'cccc'), 'aa', 'bb', 'cccc')).toEqual(['cccc'])
  })

  it('counts a replaced one once', () => {
    const recent = recentOf({ max: 4, sizeOf }, 'aa', 'aa', 'aa', 'bb')
    expect(known(recent, 'aa', 'bb')).toEqual(['aa', 'bb'])
  })

  it.each([
    [{ max: 5, sizeOf }, 'cccccc'],
    [{ max: 5, largest: 3, sizeOf }, 'cccc'],
  ])('lets %o be crowded out by none that is too large', (options, large) => {
    expect(known(recentOf(options, 'aa', 'bb', large), 'aa', 'bb', large)).toEqual(['aa', 'bb'])
  })

  it('forgets what becomes too large', () => {
    const sizes = createRecent<number>({ max: 5, sizeOf: (value) => value })
    sizes.set('a', 1)
    sizes.set('a', 6)
    expect(sizes.get('a')).toBeUndefined()
  })
})
