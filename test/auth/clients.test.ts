// The life of a consumer's credentials.
import { describe, expect, it } from 'vitest'
import {
  addClient,
  authenticateClient,
  ensureEnvironmentClient,
  listClients,
  removeClient,
  rotateClient,
} from '../../src/auth/clients.ts'
import { DEFAULT_SCOPES } from '../../src/auth/scopes.ts'
import { findConsumer, upsertConsumer } from '../../src/store/consumers.ts'
import { createProfile, type Profile, START_MS } from './profile.ts'

async function added(profile: Profile, schools?: readonly string[]) {
  const result = await addClient({ name: 'Sync', schools }, profile)
  if (!result.ok) throw new Error(result.message)
  return result
}

describe('adding a consumer', () => {
  it('tells the secret once and keeps only its hash', async () => {
    const profile = createProfile()
    const { client, secret } = await added(profile)
    expect(client).toEqual({
      id: expect.stringMatching(/^or-/),
      name: 'Sync',
      scopes: DEFAULT_SCOPES,
      schools: null,
      createdMs: START_MS,
      rotatedMs: null,
      source: 'command',
    })
    expect(listClients(profile.sql)).toEqual([client])
    expect(JSON.stringify(profile.sql.all('select * from consumers'))).not.toContain(secret)
    expect(await authenticateClient(client.id, secret, profile.sql)).toMatchObject({ id: client.id })
  })

  it('narrows to the scopes and schools given', async () => {
    const result = await addClient(
      { name: 'Sync', scopes: ['roster-core.readonly'], schools: ['100', ' 200', '100'] },
      createProfile(),
    )
    expect(result).toMatchObject({
      client: {
        scopes: ['https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly'],
        schools: ['100', '200'],
      },
    })
  })

  it.each([
    [{ name: ' ' }, 'name'],
    [{ name: 'x'.repeat(101) }, 'name'],
    [{ name: 'Sync', scopes: ['roster.readonyl'] }, 'Did you mean `roster.readonly`?'],
    [{ name: 'Sync', scopes: [] }, 'No scope'],
    [{ name: 'Sync', schools: ['', ' '] }, 'list of schools is empty'],
  ])('refuses %j', async (wanted, message) => {
    const profile = createProfile()
    expect(await addClient(wanted, profile)).toEqual({ ok: false, message: expect.stringContaining(message) })
    expect(listClients(profile.sql)).toEqual([])
  })
})

describe('checking credentials', () => {
  it('refuses a wrong secret, a foreign one and an unknown id', async () => {
    const profile = createProfile()
    const [first, second] = [await added(profile), await added(profile)]
    for (const [id, secret] of [
      [first.client.id, second.secret],
      [first.client.id, ''],
      [first.client.id, findConsumer(profile.sql, first.client.id)?.secretHash ?? ''],
      ['nobody', first.secret],
      ['', ''],
    ] as const) {
      expect(await authenticateClient(id, secret, profile.sql)).toBeUndefined()
    }
  })
})

describe('rotating a secret', () => {
  it('ends the old one and notes when', async () => {
    const profile = createProfile()
    const { client, secret: old } = await added(profile, ['100'])
    profile.clock.ms += 5_000
    const rotated = await rotateClient(client.id, profile)
    if (!rotated.ok) throw new Error(rotated.message)
    expect(rotated.client).toEqual({ ...client, rotatedMs: START_MS + 5_000 })
    expect(await authenticateClient(client.id, old, profile.sql)).toBeUndefined()
    expect(await authenticateClient(client.id, rotated.secret, profile.sql)).toBeDefined()
  })

  it('refuses an unknown id without repeating it', async () => {
    const result = await rotateClient('maybe-a-pasted-secret', createProfile())
    expect(result).toEqual({ ok: false, message: expect.not.stringContaining('pasted') })
  })
})

describe('removing a consumer', () => {
  it('ends it, once', async () => {
    const profile = createProfile()
    const { client, secret } = await added(profile)
    expect(removeClient(client.id, profile)).toEqual({ ok: true })
    expect(await authenticateClient(client.id, secret, profile.sql)).toBeUndefined()
    expect(removeClient(client.id, profile)).toMatchObject({ ok: false })
  })
})

describe('the consumer of the settings', () => {
  const wanted = { id: 'district', secret: 'a-long-enough-secret' }

  it('is added once and left alone by the next start', async () => {
    const profile = createProfile()
    expect(await ensureEnvironmentClient(wanted, profile)).toBe('added')
    const before = findConsumer(profile.sql, 'district')
    profile.clock.ms += 1_000
    expect(await ensureEnvironmentClient(wanted, profile)).toBe('unchanged')
    expect(findConsumer(profile.sql, 'district')).toEqual(before)
    expect(before).toMatchObject({ scopes: DEFAULT_SCOPES, schools: null, source: 'environment' })
  })

  it('follows a changed secret', async () => {
    const profile = createProfile()
    await ensureEnvironmentClient(wanted, profile)
    profile.clock.ms += 1_000
    expect(await ensureEnvironmentClient({ ...wanted, secret: 'another-long-secret' }, profile)).toBe('secret replaced')
    expect(await authenticateClient('district', wanted.secret, profile.sql)).toBeUndefined()
    expect(await authenticateClient('district', 'another-long-secret', profile.sql)).toMatchObject({
      createdMs: START_MS,
      rotatedMs: START_MS + 1_000,
    })
  })

  it('leaves with its settings, and nobody else does', async () => {
    const profile = createProfile()
    const { client } = await added(profile)
    await ensureEnvironmentClient(wanted, profile)
    expect(await ensureEnvironmentClient({ ...wanted, id: 'renamed' }, profile)).toBe('added')
    expect(listClients(profile.sql).map(({ id }) => id)).toEqual([client.id, 'renamed'])
    expect(await ensureEnvironmentClient(undefined, profile)).toBe('removed')
    expect(await ensureEnvironmentClient(undefined, profile)).toBe('unchanged')
    expect(listClients(profile.sql)).toEqual([client])
  })

  it('takes over a consumer of that id without widening it', async () => {
    const profile = createProfile()
    const { client } = await added(profile, ['100'])
    expect(await ensureEnvironmentClient({ ...wanted, id: client.id }, profile)).toBe('secret replaced')
    expect(findConsumer(profile.sql, client.id)).toMatchObject({ schools: ['100'], source: 'environment' })
  })

  it('is rotated and removed through the settings only', async () => {
    const profile = createProfile()
    await ensureEnvironmentClient(wanted, profile)
    const remedy = { ok: false, message: expect.stringContaining('ONEROSTER_CLIENT_') }
    expect(await rotateClient('district', profile)).toEqual(remedy)
    expect(removeClient('district', profile)).toEqual(remedy)
    expect(await authenticateClient('district', wanted.secret, profile.sql)).toBeDefined()
  })

  it('keeps the scopes it was given since', async () => {
    const profile = createProfile()
    await ensureEnvironmentClient(wanted, profile)
    const present = findConsumer(profile.sql, 'district')
    if (present === undefined) throw new Error('the consumer is missing')
    upsertConsumer(profile.sql, { ...present, scopes: ['only-this'] })
    await ensureEnvironmentClient(wanted, profile)
    expect(findConsumer(profile.sql, 'district')?.scopes).toEqual(['only-this'])
  })
})
