// Sealed secrets: what opens them, and what does not.
import { describe, expect, it } from 'vitest'
import { seal, unseal } from '../../src/auth/sealing.ts'
import { seededRandom } from './profile.ts'

const KEY = seededRandom(1)(32)

describe('a sealed secret', () => {
  it.each(['', 'a', 'Schlüssel 🔑 & more', 'x'.repeat(5_000)])('opens with its key and id: %j', async (secret) => {
    expect(await unseal(await seal(secret, KEY, 'sds'), KEY, 'sds')).toBe(secret)
  })

  it('does not show the secret, and never looks the same', async () => {
    const [first, second] = [await seal('correct-horse', KEY, 'sds'), await seal('correct-horse', KEY, 'sds')]
    expect(first).not.toBe(second)
    expect(first).not.toContain('correct')
    expect(atob((first.split('$')[2] ?? '').replaceAll('-', '+').replaceAll('_', '/'))).not.toContain('correct')
  })

  it('does not open with another key, nor in the row of another consumer', async () => {
    const sealed = await seal('correct-horse', KEY, 'sds')
    expect(await unseal(sealed, seededRandom(2)(32), 'sds')).toBeUndefined()
    expect(await unseal(sealed, KEY, 'other')).toBeUndefined()
  })

  it('does not open when one letter of it is another', async () => {
    const sealed = await seal('horse', KEY, 'sds')
    for (let at = 0; at < sealed.length - 1; at++) {
      const letter = sealed[at] === 'A' ? 'B' : 'A'
      expect(await unseal(sealed.slice(0, at) + letter + sealed.slice(at + 1), KEY, 'sds'), String(at)).toBeUndefined()
    }
  })

  it.each(['', 'horse', 'aes-256-gcm$$', `aes-256-gcm$${'A'.repeat(16)}$short`, 'pbkdf2-sha256$100000$x$y'])(
    'is not %j',
    async (text) => {
      expect(await unseal(text, KEY, 'sds')).toBeUndefined()
    },
  )
})
