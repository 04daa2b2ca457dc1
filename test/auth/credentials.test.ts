// Checking consumers' credentials.
import { describe, expect, it, vi } from 'vitest'
import { addClient, type NewClient, removeClient, rotateClient, updateClient } from '../../src/auth/clients.ts'
import { authenticateClient, createVerification, signingSecretsOf } from '../../src/auth/credentials.ts'
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
      expect(await authenticateClient([{ id, secret }], profile)).toEqual(WRONG)
    }
  })

  it('are expired from the instant on, for those alone who know the secret', async () => {
    const profile = createProfile()
    const { id, secret } = await added(profile, { expiresMs: START_MS + 1_000 })
    profile.clock.ms += 999
    expect(await authenticateClient([{ id, secret }], profile)).toMatchObject({ ok: true })
    profile.clock.ms += 1
    expect(await authenticateClient([{ id, secret }], profile)).toEqual({ ok: false, reason: 'expired' })
    expect(await authenticateClient([{ id, secret: 'wrong' }], profile)).toEqual(WRONG)
    updateClient(id, { expiresMs: null }, profile)
    expect(await authenticateClient([{ id, secret }], profile)).toMatchObject({ ok: true })
  })

  it('cost the same work where they are wrong, whoever it is', async () => {
    const profile = createProfile()
    const [plain, inOverlap] = [await added(profile), await added(profile)]
    await rotateClient(inOverlap.id, {}, profile)
    for (const id of [plain.id, inOverlap.id, 'nobody']) {
      const derive = vi.spyOn(crypto.subtle, 'deriveBits')
      try {
        await authenticateClient([{ id, secret: 'wrong' }], profile)
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

describe('a secret that was right before', () => {
  const derivations = async (work: () => Promise<unknown>): Promise<number> => {
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    try {
      await work()
      return derive.mock.calls.length
    } finally {
      derive.mockRestore()
    }
  }

  it('is not verified again, in whichever place of the readings', async () => {
    const profile = { ...createProfile(), verification: createVerification() }
    const { id, secret } = await added(profile)
    const readings = [
      { id, secret: 'another reading' },
      { id, secret },
    ]
    expect(await derivations(() => authenticateClient(readings, profile))).toBe(3)
    let again: unknown
    const ask = async () => {
      again = await authenticateClient(readings, profile)
    }
    expect(await derivations(ask)).toBe(0)
    expect(again).toMatchObject({ ok: true, consumer: { id } })
    expect(await derivations(() => authenticateClient([{ id, secret: 'wrong' }], profile))).toBe(2)
    expect(await derivations(() => authenticateClient([{ id: 'nobody', secret }], profile))).toBe(2)
  })

  it('is forgotten when it is replaced, its overlap ends, or its consumer expires or goes', async () => {
    const profile = { ...createProfile(), verification: createVerification() }
    const { id, secret } = await added(profile)
    const ask = () => authenticateClient([{ id, secret }], profile)
    expect(await ask()).toMatchObject({ ok: true })
    updateClient(id, { expiresMs: START_MS + 1_000 }, profile)
    await rotateClient(id, { overlapMs: 500 }, profile)
    expect(await ask()).toMatchObject({ ok: true })
    profile.clock.ms += 500
    expect(await ask()).toEqual(WRONG)
    const rotated = await rotateClient(id, { overlapMs: 0 }, profile)
    const present = () => authenticateClient([{ id, secret: rotated.ok ? rotated.secret : '' }], profile)
    expect(await present()).toMatchObject({ ok: true })
    profile.clock.ms += 500
    expect(await present()).toEqual({ ok: false, reason: 'expired' })
    removeClient(id, profile)
    expect(await present()).toEqual(WRONG)
  })

  it("is one consumer's own", async () => {
    const profile = { ...createProfile(), verification: createVerification() }
    const [first, second] = [await added(profile), await added(profile)]
    expect(await authenticateClient([first], profile)).toMatchObject({ ok: true })
    expect(await authenticateClient([{ id: second.id, secret: first.secret }], profile)).toEqual(WRONG)
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
