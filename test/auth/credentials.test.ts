// Checking consumers' credentials.
import { describe, expect, it, vi } from 'vitest'
import { addClient, type NewClient, rotateClient, updateClient } from '../../src/auth/clients.ts'
import { authenticateClient, signingSecretsOf } from '../../src/auth/credentials.ts'
import { findConsumer } from '../../src/store/consumers.ts'
import { createProfile, type Profile, START_MS, seededRandom } from './profile.ts'

async function added(profile: Profile, wanted: Partial<NewClient> = {}) {
  const result = await addClient({ name: 'Sync', ...wanted }, profile)
  if (!result.ok) throw new Error(result.messages.join(' '))
  return { id: result.client.id, secret: result.secret }
}

const WRONG = { ok: false, reason: 'wrong' }

describe('an id and a secret', () => {
  it('are refused where one is wrong, foreign or a hash', async () => {
    const profile = createProfile()
    const [first, second] = [await added(profile), await added(profile)]
    for (const [id, secret] of [
      [first.id, second.secret],
      [first.id, ''],
      [first.id, findConsumer(profile.sql, first.id)?.secretHash ?? ''],
      [first.id, findConsumer(profile.sql, first.id)?.sealedSecret ?? ''],
      ['nobody', first.secret],
      ['', ''],
    ] as const) {
      expect(await authenticateClient(id, secret, profile)).toEqual(WRONG)
    }
  })

  it('are expired from the instant on, for those alone who know the secret', async () => {
    const profile = createProfile()
    const { id, secret } = await added(profile, { expiresMs: START_MS + 1_000 })
    profile.clock.ms += 999
    expect(await authenticateClient(id, secret, profile)).toMatchObject({ ok: true })
    profile.clock.ms += 1
    expect(await authenticateClient(id, secret, profile)).toEqual({ ok: false, reason: 'expired' })
    expect(await authenticateClient(id, 'wrong', profile)).toEqual(WRONG)
    updateClient(id, { expiresMs: null }, profile)
    expect(await authenticateClient(id, secret, profile)).toMatchObject({ ok: true })
  })

  it('cost the same work where they are wrong, whoever it is', async () => {
    const profile = createProfile()
    const [plain, inOverlap] = [await added(profile), await added(profile)]
    await rotateClient(inOverlap.id, {}, profile)
    for (const id of [plain.id, inOverlap.id, 'nobody']) {
      const derive = vi.spyOn(crypto.subtle, 'deriveBits')
      try {
        await authenticateClient(id, 'wrong', profile)
        expect(derive.mock.calls.map(([parameters]) => parameters)).toMatchObject([
          { iterations: 100_000 },
          { iterations: 100_000 },
        ])
      } finally {
        derive.mockRestore()
      }
    }
  })
})

describe('the secrets that may have signed', () => {
  it('are those of consumers that exist, have not expired and may sign', async () => {
    const profile = createProfile()
    const { id, secret } = await added(profile, { expiresMs: START_MS + 1_000 })
    expect(await signingSecretsOf(id, profile)).toEqual({ secrets: [secret], mayUseSha1: true })
    updateClient(id, { switches: ['noHmacSha1'] }, profile)
    expect(await signingSecretsOf(id, profile)).toEqual({ secrets: [secret], mayUseSha1: false })
    updateClient(id, { switches: ['noOAuth1'] }, profile)
    expect(await signingSecretsOf(id, profile)).toBeUndefined()
    updateClient(id, { switches: [] }, profile)
    profile.clock.ms += 1_000
    expect(await signingSecretsOf(id, profile)).toBeUndefined()
    expect(await signingSecretsOf('nobody', profile)).toBeUndefined()
    expect(await signingSecretsOf('', profile)).toBeUndefined()
  })

  it('are none where another key sealed them, or another row holds them', async () => {
    const profile = createProfile()
    const [first, second] = [await added(profile), await added(profile)]
    expect(await signingSecretsOf(first.id, { ...profile, sealingKey: seededRandom(99)(32) })).toBeUndefined()
    const sealed = findConsumer(profile.sql, second.id)?.sealedSecret ?? ''
    profile.sql.run('update consumers set sealed_secret = ? where id = ?', sealed, first.id)
    expect(await signingSecretsOf(first.id, profile)).toBeUndefined()
    profile.sql.run('update consumers set sealed_secret = null')
    expect(await signingSecretsOf(second.id, profile)).toBeUndefined()
  })

  it('are the one that opens, in an overlap that began before secrets were sealed', async () => {
    const profile = createProfile()
    const { id } = await added(profile)
    profile.sql.run('update consumers set sealed_secret = null')
    const rotated = await rotateClient(id, {}, profile)
    if (!rotated.ok) throw new Error(rotated.messages.join(' '))
    expect(await signingSecretsOf(id, profile)).toMatchObject({ secrets: [rotated.secret] })
  })
})
