// The consumer of the settings, and how it follows them.
import { describe, expect, it } from 'vitest'
import {
  addClient,
  findClient,
  listClients,
  type NewClient,
  removeClient,
  rotateClient,
  updateClient,
} from '../../src/auth/clients.ts'
import { authenticateClient, countUnopenable, signingSecretsOf } from '../../src/auth/credentials.ts'
import { ensureEnvironmentClient } from '../../src/auth/environment-client.ts'
import { DEFAULT_SCOPES } from '../../src/auth/scopes.ts'
import { findConsumer } from '../../src/store/consumers.ts'
import { createProfile, type Profile, START_MS, seededRandom } from './profile.ts'

async function added(profile: Profile, wanted: Partial<NewClient> = {}) {
  const result = await addClient({ name: 'Sync', ...wanted }, profile)
  if (!result.ok) throw new Error(result.messages.join(' '))
  return result
}

const opens = async (profile: Profile, id: string, secret: string) =>
  (await authenticateClient([{ id, secret }], profile)).ok

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
    expect(await opens(profile, 'district', wanted.secret)).toBe(false)
    expect(await authenticateClient([{ id: 'district', secret: 'another-long-secret' }], profile)).toMatchObject({
      ok: true,
      consumer: { createdMs: START_MS, rotatedMs: START_MS + 1_000, previous: null },
    })
    expect(await signingSecretsOf('district', profile)).toMatchObject({ secrets: ['another-long-secret'] })
  })

  it('leaves with its settings, and nobody else does', async () => {
    const profile = createProfile()
    const { client } = await added(profile)
    await ensureEnvironmentClient(wanted, profile)
    expect(await ensureEnvironmentClient({ ...wanted, id: 'renamed' }, profile)).toBe('added')
    expect(listClients(profile).map(({ id }) => id)).toEqual([client.id, 'renamed'])
    expect(await ensureEnvironmentClient(undefined, profile)).toBe('removed')
    expect(await ensureEnvironmentClient(undefined, profile)).toBe('unchanged')
    expect(listClients(profile)).toEqual([client])
  })

  it('takes over a consumer of that id without widening it', async () => {
    const profile = createProfile()
    const { client } = await added(profile, { schools: ['100'] })
    expect(await ensureEnvironmentClient({ ...wanted, id: client.id }, profile)).toBe('secret replaced')
    expect(findConsumer(profile.sql, client.id)).toMatchObject({ schools: ['100'], source: 'environment' })
  })

  it('takes over a consumer whose secret it names, and ends its overlap', async () => {
    const profile = createProfile()
    const { client, secret: old } = await added(profile)
    const rotated = await rotateClient(client.id, {}, profile)
    if (!rotated.ok) throw new Error(rotated.messages.join(' '))
    expect(await ensureEnvironmentClient({ id: client.id, secret: rotated.secret }, profile)).toBe('unchanged')
    expect(findConsumer(profile.sql, client.id)).toMatchObject({ source: 'environment', previous: null })
    expect([await opens(profile, client.id, old), await opens(profile, client.id, rotated.secret)]).toEqual([
      false,
      true,
    ])
  })

  it('is rotated and removed through the settings only', async () => {
    const profile = createProfile()
    await ensureEnvironmentClient(wanted, profile)
    const remedy = { ok: false, reason: 'settings', messages: [expect.stringContaining('ONEROSTER_CLIENT_')] }
    expect(await rotateClient('district', {}, profile)).toEqual(remedy)
    expect(removeClient('district', profile)).toEqual(remedy)
    expect(await opens(profile, 'district', wanted.secret)).toBe(true)
  })

  it('may sign', async () => {
    const profile = createProfile()
    await ensureEnvironmentClient(wanted, profile)
    expect(await signingSecretsOf('district', profile)).toEqual({ secrets: [wanted.secret], mayUseSha1: true })
    expect(JSON.stringify(profile.sql.all('select * from consumers'))).not.toContain(wanted.secret)
  })

  it('is sealed anew where its seal is missing or another key has made it', async () => {
    const profile = createProfile()
    await ensureEnvironmentClient(wanted, profile)
    profile.sql.run('update consumers set sealed_secret = null')
    expect(await countUnopenable(profile)).toBe(0)
    expect(await ensureEnvironmentClient(wanted, profile)).toBe('sealed anew')
    const moved = { ...profile, sealingKey: seededRandom(77)(32) }
    expect(await signingSecretsOf('district', moved)).toBeUndefined()
    expect(await countUnopenable(moved)).toBe(1)
    expect(await ensureEnvironmentClient(wanted, moved)).toBe('sealed anew')
    expect(await signingSecretsOf('district', moved)).toMatchObject({ secrets: [wanted.secret] })
    expect(await ensureEnvironmentClient(wanted, moved)).toBe('unchanged')
    expect(findConsumer(profile.sql, 'district')).toMatchObject({ createdMs: START_MS, rotatedMs: null })
  })

  it('keeps all that it was given since', async () => {
    const profile = createProfile()
    await ensureEnvironmentClient(wanted, profile)
    const given = {
      name: 'District',
      scopes: ['roster-core.readonly'],
      withheld: ['demographics'],
      switches: ['nativeBooleans'],
      requestsPerMinute: 60,
      expiresMs: START_MS + 60_000,
    }
    const changed = updateClient('district', given, profile)
    expect(changed).toMatchObject({ ok: true, client: { ...given, scopes: { length: 1 } } })
    await ensureEnvironmentClient(wanted, profile)
    await ensureEnvironmentClient({ ...wanted, secret: 'another-long-secret' }, profile)
    expect(findClient('district', profile)).toMatchObject({
      ok: true,
      client: { ...given, scopes: { length: 1 }, source: 'environment' },
    })
  })
})
