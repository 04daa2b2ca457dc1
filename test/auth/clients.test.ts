// The life of a consumer.
import { describe, expect, it } from 'vitest'
import {
  addClient,
  type ClientChange,
  DEFAULT_OVERLAP_MS,
  findClient,
  listClients,
  type NewClient,
  removeClient,
  rotateClient,
  updateClient,
} from '../../src/auth/clients.ts'
import { authenticateClient, signingSecretsOf } from '../../src/auth/credentials.ts'
import { DEFAULT_SCOPES } from '../../src/auth/scopes.ts'
import { findConsumer } from '../../src/store/consumers.ts'
import { createProfile, type Profile, publishSchools, START_MS } from './profile.ts'

const DAY_MS = 86_400_000

async function added(profile: Profile, wanted: Partial<NewClient> = {}) {
  const result = await addClient({ name: 'Sync', ...wanted }, profile)
  if (!result.ok) throw new Error(result.messages.join(' '))
  return result
}

async function rotated(profile: Profile, id: string, overlapMs?: number) {
  const result = await rotateClient(id, { overlapMs }, profile)
  if (!result.ok) throw new Error(result.messages.join(' '))
  return result
}

const opens = async (profile: Profile, id: string, secret: string) =>
  (await authenticateClient([{ id, secret }], profile)).ok

describe('adding a consumer', () => {
  it('tells the secret once and keeps only its hash and its seal', async () => {
    const profile = createProfile()
    const { client, secret, notes } = await added(profile)
    expect(client).toEqual({
      id: expect.stringMatching(/^or-/),
      name: 'Sync',
      scopes: DEFAULT_SCOPES,
      schools: null,
      withheld: [],
      switches: [],
      requestsPerMinute: null,
      createdMs: START_MS,
      rotatedMs: null,
      previousUntilMs: null,
      expiresMs: null,
      source: 'command',
    })
    expect(notes).toEqual([])
    expect(listClients(profile)).toEqual([client])
    expect(findClient(client.id, profile)).toEqual({ ok: true, client })
    expect(JSON.stringify(profile.sql.all('select * from consumers'))).not.toContain(secret)
    expect(await authenticateClient([{ id: client.id, secret }], profile)).toMatchObject({
      ok: true,
      consumer: { id: client.id },
    })
    expect(await signingSecretsOf(client.id, profile)).toEqual({ secrets: [secret], mayUseSha1: true })
  })

  it('gives it what is asked, each word once', async () => {
    const { client } = await added(createProfile(), {
      name: ' Sync ',
      scopes: ['roster-core.readonly'],
      schools: ['100', ' 200', '100'],
      withheld: ['contacts', 'contacts', ' demographics'],
      switches: ['noOAuth1', 'nativeBooleans', ''],
      requestsPerMinute: 600,
      expiresMs: START_MS + 1,
    })
    expect(client).toMatchObject({
      name: 'Sync',
      scopes: ['https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly'],
      schools: ['100', '200'],
      withheld: ['demographics', 'contacts'],
      switches: ['nativeBooleans', 'noOAuth1'],
      requestsPerMinute: 600,
      expiresMs: START_MS + 1,
    })
  })

  it.each<[NewClient, string]>([
    [{ name: ' ' }, 'name'],
    [{ name: 'x'.repeat(101) }, 'name'],
    [{ name: 'Sync', scopes: ['roster.readonyl'] }, 'Did you mean `roster.readonly`?'],
    [{ name: 'Sync', scopes: [] }, 'No scope'],
    [{ name: 'Sync', schools: ['', ' '] }, 'list of schools is empty'],
    [
      { name: 'Sync', withheld: ['contact'] },
      '`contact` is not something that can be withheld. Did you mean `contacts`?',
    ],
    [{ name: 'Sync', withheld: ['grades'] }, 'Known are demographics, contacts.'],
    [{ name: 'Sync', switches: ['nooauth1'] }, '`nooauth1` is not a switch. Did you mean `noOAuth1`?'],
    [{ name: 'Sync', requestsPerMinute: 0 }, 'whole number'],
    [{ name: 'Sync', requestsPerMinute: 1.5 }, 'whole number'],
    [{ name: 'Sync', requestsPerMinute: Number.NaN }, 'whole number'],
    [{ name: 'Sync', requestsPerMinute: 1_000_001 }, 'whole number'],
    [{ name: 'Sync', expiresMs: START_MS }, '2026-01-15T08:00:00.000Z has passed already'],
    [{ name: 'Sync', expiresMs: Number.NaN }, 'not a date'],
    [{ name: 'Sync', expiresMs: 9e15 }, 'not a date'],
  ])('refuses %j', async (wanted, message) => {
    const profile = createProfile()
    const refusal = { ok: false, reason: 'invalid', messages: [expect.stringContaining(message)] }
    expect(await addClient(wanted, profile)).toEqual(refusal)
    expect(listClients(profile)).toEqual([])
  })

  it('tells all that is wrong at once', async () => {
    const profile = createProfile()
    publishSchools(profile, ['100'])
    const wrong = {
      name: '',
      scopes: ['a', 'b'],
      withheld: ['c'],
      switches: ['d'],
      requestsPerMinute: -1,
      expiresMs: 0,
      schools: ['300'],
    }
    expect(await addClient(wrong, profile)).toMatchObject({ ok: false, messages: { length: 8 } })
  })
})

describe('narrowing a consumer to schools', () => {
  it('takes numbers and sourcedIds of the current snapshot', async () => {
    const profile = createProfile()
    publishSchools(profile, ['100', '200'])
    const { client, notes } = await added(profile, { schools: ['200', 'school-100'] })
    expect([client.schools, notes]).toEqual([['200', 'school-100'], []])
  })

  it.each(['300', 'district', '999', '400', 'school-closed', '600', 'SCHOOL-100', "' or 1=1 --"])(
    'refuses %j, which is no school of it',
    async (school) => {
      const profile = createProfile()
      publishSchools(profile, ['100', '20'])
      expect(await addClient({ name: 'Sync', schools: ['100', school] }, profile)).toEqual({
        ok: false,
        reason: 'invalid',
        messages: [`The current snapshot has no school \`${school}\`. Its schools are 20, 100.`],
      })
    },
  )

  it('names no more than twenty of the schools there are', async () => {
    const profile = createProfile()
    publishSchools(
      profile,
      Array.from({ length: 25 }, (_, at) => String(at + 1)),
    )
    const result = await addClient({ name: 'Sync', schools: ['x', 'y'] }, profile)
    expect(result).toMatchObject({
      messages: [expect.stringMatching(/no school `x`, `y`\. Its schools are 1, 2, 3, .*, 19, 20 and 5 more\.$/)],
    })
  })

  it('is believed while there is no snapshot, and says so', async () => {
    const { client, notes } = await added(createProfile(), { schools: ['300'] })
    expect([client.schools, notes]).toEqual([['300'], [expect.stringContaining('could not be checked')]])
  })
})

describe('changing a consumer', () => {
  it('replaces what is given and leaves the rest', async () => {
    const profile = createProfile()
    const { client, secret } = await added(profile, {
      schools: ['100'],
      withheld: ['contacts'],
      switches: ['noHmacSha1'],
    })
    const change = {
      name: ' Renamed ',
      scopes: ['v1p2/roster.readonly'],
      withheld: ['contacts', 'demographics'],
      switches: ['nativeBooleans'],
      requestsPerMinute: 5,
      expiresMs: START_MS + 5,
    }
    const changed = {
      ...client,
      ...change,
      name: 'Renamed',
      scopes: ['https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly'],
      withheld: ['demographics', 'contacts'],
    }
    expect(updateClient(client.id, change, profile)).toEqual({ ok: true, client: changed })
    expect(updateClient(client.id, {}, profile)).toEqual({ ok: true, client: changed })
    const emptied = { withheld: ['contacts'], switches: [], requestsPerMinute: null, expiresMs: null }
    expect(updateClient(client.id, emptied, profile)).toEqual({ ok: true, client: { ...changed, ...emptied } })
    expect(await opens(profile, client.id, secret)).toBe(true)
  })

  it.each<[ClientChange, string]>([
    [{ schools: ['200'] }, 'The schools of a consumer cannot be changed: its delta reads'],
    [{ schools: ['100'] }, 'Add a new consumer'],
    [{ schools: null }, 'cannot be changed'],
    [{ withheld: ['demographics'] }, 'Name contacts among what is withheld, or add a new consumer.'],
    [{ withheld: [] }, 'Whether a consumer sees contacts cannot be changed: its delta reads'],
    [{ name: '' }, 'name'],
    [{ scopes: ['nope'] }, 'not a OneRoster scope'],
  ])('refuses %j', async (change, message) => {
    const profile = createProfile()
    const { client } = await added(profile, { schools: ['100', '200'], withheld: ['contacts'] })
    const refusal = { ok: false, reason: 'invalid', messages: [expect.stringContaining(message)] }
    expect(updateClient(client.id, { requestsPerMinute: 7, ...change }, profile)).toEqual(refusal)
    expect(listClients(profile)).toEqual([client])
  })

  it('refuses to take contacts away later, and takes its own schools for no change', async () => {
    const profile = createProfile()
    const { client } = await added(profile, { schools: ['100', '200'] })
    expect(updateClient(client.id, { withheld: ['contacts'] }, profile)).toMatchObject({
      ok: false,
      messages: [expect.stringContaining('Leave contacts out, or add a new consumer.')],
    })
    expect(updateClient(client.id, { schools: ['200', '100'] }, profile)).toEqual({ ok: true, client })
  })

  it('tells all that is wrong at once', async () => {
    const profile = createProfile()
    const { client } = await added(profile)
    const wrong = { name: '', switches: ['x'], schools: ['1'], withheld: ['contacts'] }
    expect(updateClient(client.id, wrong, profile)).toMatchObject({ messages: { length: 4 } })
  })

  it('opens what is closed for an empty list, and never for an empty text', async () => {
    const profile = createProfile()
    const { client } = await added(profile, { withheld: ['demographics'], switches: ['noOAuth1'] })
    const refused = updateClient(client.id, { withheld: [''], switches: [' ', ''] }, profile)
    expect(refused).toEqual({
      ok: false,
      reason: 'invalid',
      messages: [
        'An empty text is not something that can be withheld. Known are demographics, contacts.',
        expect.stringContaining('An empty text is not a switch.'),
      ],
    })
    expect(findClient(client.id, profile)).toEqual({ ok: true, client })
    expect(updateClient(client.id, { withheld: [], switches: [] }, profile)).toMatchObject({
      ok: true,
      client: { withheld: [], switches: [] },
    })
  })

  it('refuses an unknown id', () => {
    expect(updateClient('nobody', { name: 'Somebody' }, createProfile())).toMatchObject({ reason: 'unknown' })
  })
})

describe('rotating a secret', () => {
  it('lets the old one work until the overlap ends', async () => {
    const profile = createProfile()
    const { client, secret: old } = await added(profile)
    profile.clock.ms += 5_000
    const { client: shown, secret, notes } = await rotated(profile, client.id, 60_000)
    expect(shown).toEqual({ ...client, rotatedMs: START_MS + 5_000, previousUntilMs: START_MS + 65_000 })
    expect(notes).toEqual([])
    profile.clock.ms += 59_999
    expect([await opens(profile, client.id, old), await opens(profile, client.id, secret)]).toEqual([true, true])
    expect(await signingSecretsOf(client.id, profile)).toMatchObject({ secrets: [secret, old] })
    profile.clock.ms += 1
    expect([await opens(profile, client.id, old), await opens(profile, client.id, secret)]).toEqual([false, true])
    expect(await signingSecretsOf(client.id, profile)).toMatchObject({ secrets: [secret] })
    expect(listClients(profile)).toEqual([{ ...shown, previousUntilMs: null }])
  })

  it('gives a day when nothing is said, and nothing when that is said', async () => {
    const profile = createProfile()
    const { client, secret: first } = await added(profile)
    const { client: shown, secret: second } = await rotated(profile, client.id)
    expect(shown.previousUntilMs).toBe(START_MS + DEFAULT_OVERLAP_MS)
    expect(DEFAULT_OVERLAP_MS).toBe(DAY_MS)
    const { secret: third } = await rotated(profile, client.id, 0)
    for (const secret of [first, second]) expect(await opens(profile, client.id, secret)).toBe(false)
    expect(await opens(profile, client.id, third)).toBe(true)
    expect(await signingSecretsOf(client.id, profile)).toMatchObject({ secrets: [third] })
    expect(findConsumer(profile.sql, client.id)?.previous).toBeNull()
  })

  it('again in an overlap drops the oldest', async () => {
    const profile = createProfile()
    const { client, secret: first } = await added(profile)
    const { secret: second } = await rotated(profile, client.id)
    const { secret: third } = await rotated(profile, client.id)
    expect(await opens(profile, client.id, first)).toBe(false)
    for (const secret of [second, third]) expect(await opens(profile, client.id, secret)).toBe(true)
    expect(await signingSecretsOf(client.id, profile)).toMatchObject({ secrets: [third, second] })
  })

  it('twice at the same time leaves two secrets that both work', async () => {
    const profile = createProfile()
    const { client } = await added(profile)
    const both = await Promise.all([rotated(profile, client.id), rotated(profile, client.id)])
    for (const { secret } of both) expect(await opens(profile, client.id, secret)).toBe(true)
  })

  it('does not keep the secrets readable', async () => {
    const profile = createProfile()
    const { client, secret: old } = await added(profile)
    const { secret } = await rotated(profile, client.id)
    const stored = JSON.stringify(profile.sql.all('select * from consumers'))
    for (const hidden of [old, secret]) expect(stored).not.toContain(hidden)
    const shown = JSON.stringify([client, listClients(profile)])
    expect(shown).not.toMatch(/pbkdf2|aes-256/)
  })

  it.each([-1, 0.5, 91 * DAY_MS, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses an overlap of %d ms',
    async (overlapMs) => {
      const profile = createProfile()
      const { client, secret } = await added(profile)
      expect(await rotateClient(client.id, { overlapMs }, profile)).toEqual({
        ok: false,
        reason: 'invalid',
        messages: ['The overlap must be between 0 and 90 days.'],
      })
      expect(await opens(profile, client.id, secret)).toBe(true)
    },
  )

  it('says so where the consumer has expired', async () => {
    const profile = createProfile()
    const { client } = await added(profile, { expiresMs: START_MS + 1 })
    profile.clock.ms += 1
    const { notes } = await rotated(profile, client.id)
    expect(notes).toEqual([expect.stringContaining('has expired')])
  })

  it('refuses an unknown id without repeating it', async () => {
    const result = await rotateClient('maybe-a-pasted-secret', {}, createProfile())
    expect(result).toEqual({ ok: false, reason: 'unknown', messages: [expect.not.stringContaining('pasted')] })
  })
})

describe('removing a consumer', () => {
  it('ends it, once', async () => {
    const profile = createProfile()
    const { client, secret } = await added(profile)
    expect(removeClient(client.id, profile)).toEqual({ ok: true })
    expect(await opens(profile, client.id, secret)).toBe(false)
    expect(findClient(client.id, profile)).toMatchObject({ reason: 'unknown' })
    expect(removeClient(client.id, profile)).toMatchObject({ ok: false, reason: 'unknown' })
  })
})
