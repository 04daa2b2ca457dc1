// Ids, secrets and their hashes.
import { describe, expect, it, vi } from 'vitest'
import { createClientId, createSecret, hashSecret, isSame, verifySecret } from '../../src/auth/secrets.ts'
import { seededRandom } from './profile.ts'

describe('generated values', () => {
  it('hold 256 bits in letters that need no escaping', () => {
    expect(createSecret()).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  it('differ each time', () => {
    expect(new Set(Array.from({ length: 100 }, () => createSecret())).size).toBe(100)
    expect(new Set(Array.from({ length: 100 }, () => createClientId())).size).toBe(100)
  })

  it('include ids that a command line does not take for an option', () => {
    const random = seededRandom(3)
    for (let at = 0; at < 200; at++) expect(createClientId(random)).toMatch(/^or-[A-Za-z0-9_-]{22}$/)
  })
})

describe('hashes', () => {
  it('verify their own secret and no other', async () => {
    const hash = await hashSecret('correct horse')
    expect(await verifySecret('correct horse', hash)).toBe(true)
    for (const wrong of ['correct hors', 'correct horse ', 'Correct horse', '']) {
      expect(await verifySecret(wrong, hash)).toBe(false)
    }
  })

  it('differ for the same secret, and hold neither it nor more iterations than Workers allow', async () => {
    const [first, second] = [await hashSecret('correct-horse'), await hashSecret('correct-horse')]
    expect(first).not.toBe(second)
    expect(first).not.toContain('correct')
    expect(Number(first.split('$')[1])).toBeLessThanOrEqual(100_000)
  })

  it.each([
    undefined,
    '',
    'plain text',
    'pbkdf2-sha256$100000$c2FsdHNhbHRzYWx0c2FsdA$short',
    `pbkdf2-sha256$999999$${'A'.repeat(22)}$${'A'.repeat(43)}`,
    `pbkdf2-sha256$0$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  ])('never verify against %j, at the cost of a real one', async (stored) => {
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    try {
      expect(await verifySecret('anything', stored)).toBe(false)
      expect(derive.mock.calls.map(([parameters]) => parameters)).toMatchObject([{ iterations: 100_000 }])
    } finally {
      derive.mockRestore()
    }
  })
})

describe('comparison', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values)

  it.each([
    [bytes(), bytes(), true],
    [bytes(1, 2, 3), bytes(1, 2, 3), true],
    [bytes(1, 2, 3), bytes(0, 2, 3), false],
    [bytes(1, 2, 3), bytes(1, 2, 4), false],
    [bytes(1, 2, 3), bytes(1, 2), false],
  ])('of %j and %j is %j', (left, right, expected) => {
    expect(isSame(left, right)).toBe(expected)
  })

  it('looks at every byte wherever the first difference is', () => {
    const reads = (differentAt: number) => {
      let count = 0
      const right = bytes(...Array.from({ length: 32 }, (_, at) => (at === differentAt ? 1 : 0)))
      const watched = new Proxy(right, {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) count++
          return Reflect.get(target, key, target)
        },
      })
      expect(isSame(new Uint8Array(32), watched)).toBe(false)
      return count
    }
    expect(reads(0)).toBe(32)
    expect(reads(31)).toBe(32)
  })
})
