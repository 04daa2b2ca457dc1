// The rate limit of each consumer.
import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../src/auth/rate-limit.ts'
import { START_MS, seededRandom } from './profile.ts'

function limiter(remembered?: number) {
  const clock = { ms: START_MS }
  return { clock, ...createRateLimiter(() => clock.ms, remembered) }
}

function takeAll({ take }: ReturnType<typeof limiter>, perMinute: number, id = 'sds'): number {
  let taken = 0
  while (take(id, perMinute).ok) taken += 1
  return taken
}

describe('a rate limit', () => {
  it('lets a minute of requests through at once, and then tells how long to wait', () => {
    const limit = limiter()
    expect(takeAll(limit, 30)).toBe(30)
    expect(limit.take('sds', 30)).toEqual({ ok: false, retryAfterSeconds: 2 })
    expect(takeAll(limit, 1, 'slow')).toBe(1)
    expect(limit.take('slow', 1)).toEqual({ ok: false, retryAfterSeconds: 60 })
    expect(takeAll(limit, 100_000, 'fast')).toBe(100_000)
    expect(limit.take('fast', 100_000)).toEqual({ ok: false, retryAfterSeconds: 1 })
  })

  it('fills again with time, up to a minute of requests', () => {
    const limit = limiter()
    takeAll(limit, 30)
    limit.clock.ms += 10_000
    expect(takeAll(limit, 30)).toBe(5)
    limit.clock.ms += 3_600_000
    expect(takeAll(limit, 30)).toBe(30)
  })

  it('keeps its word: after the wait one more is let through, and not a second earlier', () => {
    const bytes = seededRandom(5)
    const numberOf = () => bytes(3).reduce((sum, byte) => sum * 256 + byte, 0)
    for (let round = 0; round < 300; round++) {
      const limit = limiter()
      const perMinute = 1 + (numberOf() % 250)
      takeAll(limit, perMinute)
      limit.clock.ms += numberOf() % 90_000
      takeAll(limit, perMinute)
      const refused = limit.take('sds', perMinute)
      if (refused.ok) throw new Error('a bucket that was emptied is not empty')
      limit.clock.ms += (refused.retryAfterSeconds - 1) * 1_000
      expect(refused.retryAfterSeconds === 1 || !limit.take('sds', perMinute).ok).toBe(true)
      limit.clock.ms += 1_000
      expect(limit.take('sds', perMinute)).toEqual({ ok: true })
    }
  })

  it('holds for each consumer by itself, and for none without a limit', () => {
    const limit = limiter()
    takeAll(limit, 5)
    expect(takeAll(limit, 5, 'other')).toBe(5)
    for (let at = 0; at < 1_000; at++) expect(limit.take('free', null)).toEqual({ ok: true })
  })

  it('follows a limit that is changed', () => {
    const limit = limiter()
    takeAll(limit, 100)
    limit.clock.ms += 60_000
    expect(takeAll(limit, 10)).toBe(10)
    limit.clock.ms += 6_000
    expect(takeAll(limit, 1_000)).toBe(100)
  })

  it('neither blocks nor gives when the clock steps back', () => {
    const limit = limiter()
    takeAll(limit, 60)
    limit.clock.ms -= 86_400_000
    expect(limit.take('sds', 60)).toEqual({ ok: false, retryAfterSeconds: 1 })
    limit.clock.ms += 2_000
    expect(takeAll(limit, 60)).toBe(2)
  })

  it('forgets whoever asked the longest ago', () => {
    const limit = limiter(2)
    for (const id of ['one', 'two', 'three']) takeAll(limit, 3, id)
    expect(limit.take('three', 3).ok).toBe(false)
    expect(limit.take('one', 3).ok).toBe(true)
  })
})
