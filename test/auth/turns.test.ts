// How many pieces of costly work run, wait and are turned away.
import { describe, expect, it } from 'vitest'
import { createTurns } from '../../src/auth/turns.ts'

/** Work that ends when the test says so. */
function stoppable() {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  return {
    begun,
    work: (name: string) => () =>
      new Promise<string>((resolve) => {
        begun.push(name)
        ends.set(name, () => resolve(name))
      }),
    end: (name: string) => ends.get(name)?.(),
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('turns', () => {
  it('are taken in the order of asking, so many at once, and refused when too many wait', async () => {
    const turns = createTurns({ atOnce: 2, waiting: 1 })
    const { begun, work, end } = stoppable()
    const [first, second, third] = ['a', 'b', 'c'].map((name) => turns.take(work(name)))
    expect(turns.take(work('d'))).toBeUndefined()
    await settle()
    expect(begun).toEqual(['a', 'b'])
    end('b')
    expect(await second).toBe('b')
    await settle()
    expect(begun).toEqual(['a', 'b', 'c'])
    const fifth = turns.take(work('e'))
    end('a')
    end('c')
    expect([await first, await third]).toEqual(['a', 'c'])
    await settle()
    end('e')
    expect(await fifth).toBe('e')
  })

  it('go on after work that failed', async () => {
    const turns = createTurns({ atOnce: 1, waiting: 1 })
    const failed = turns.take(async () => {
      throw new Error('no')
    })
    const next = turns.take(async () => 'next')
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('next')
    expect(await turns.take(async () => 'later')).toBe('later')
  })
})
