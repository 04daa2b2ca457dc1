// The guard of the OneRoster paths: bearer tokens and scopes.
import { SignJWT } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { createTokenCache, issueToken } from '../../src/auth/access-token.ts'
import { addClient, type NewClient, removeClient, rotateClient, updateClient } from '../../src/auth/clients.ts'
import { ensureEnvironmentClient } from '../../src/auth/environment-client.ts'
import { authenticateBearer, consumerAsAuthenticated, requireScope } from '../../src/auth/guard.ts'
import { DEFAULT_SCOPES, SCOPES, V1P1_SCOPES } from '../../src/auth/scopes.ts'
import { changeConsumer } from '../../src/store/consumers.ts'
import { createProfile, PLAIN_CONSUMER, type Profile, START_MS, seededRandom } from './profile.ts'

const BASE = 'https://purl.imsglobal.org/spec/or/v1p1/scope/'

function asks(authorization?: string): Request {
  return new Request('https://roster.example.org/ims/oneroster/v1p1/users', {
    headers: authorization === undefined ? {} : { authorization },
  })
}

async function profileWithToken(wanted: Partial<NewClient> = {}) {
  const profile = createProfile()
  const added = await addClient({ name: 'Sync', ...wanted }, profile)
  if (!added.ok) throw new Error(added.messages.join(' '))
  const { id: clientId, createdMs: clientCreatedMs } = added.client
  const token = await issueToken(
    { clientId, clientCreatedMs, scopes: DEFAULT_SCOPES },
    { ...profile, lifetimeSeconds: 3600 },
  )
  return { profile, client: added.client, token }
}

async function signed(profile: Profile, claims: Record<string, unknown>, header = { alg: 'HS256', typ: 'at+jwt' }) {
  const nowSeconds = profile.now() / 1000
  const fixed = { iss: 'default', sub: 'x', jti: 'one', scope: 'a', client_created: START_MS, exp: nowSeconds + 60 }
  const whole = { ...fixed, ...claims }
  return new SignJWT(whole).setProtectedHeader(header).sign(profile.signingKey)
}

describe('a bearer token', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])('opens with the scheme %s', async (scheme) => {
    const facts = {
      schools: ['100'],
      withheld: ['contacts'],
      switches: ['nativeBooleans'],
      requestsPerMinute: 60,
    } as const
    const { profile, client, token } = await profileWithToken(facts)
    expect(await authenticateBearer(asks(`${scheme} ${token}`), profile)).toEqual({
      ok: true,
      consumer: { id: client.id, scopes: DEFAULT_SCOPES, reader: expect.stringMatching(/^token ./), ...facts },
    })
  })

  it.each<[string, (token: string) => string | undefined]>([
    ['no header', () => undefined],
    ['an empty header', () => ''],
    ['no token', () => 'Bearer'],
    ['another scheme', (token) => `Basic ${token}`],
    ['no scheme', (token) => token],
    ['two tokens', (token) => `Bearer ${token}, Bearer ${token}`],
    ['letters that no token holds', (token) => `Bearer ${token}"`],
    ['words', () => 'Bearer something'],
    ['a cut token', (token) => `Bearer ${token.slice(0, -2)}`],
    ['a changed claim', (token) => `Bearer ${token.replace(/\.(.)/, (_, first) => `.${first === 'e' ? 'f' : 'e'}`)}`],
    ['no signature', (token) => `Bearer ${token.split('.').slice(0, 2).join('.')}.`],
    ['the algorithm none', (token) => `Bearer ${btoa('{"alg":"none","typ":"at+jwt"}')}.${token.split('.')[1]}.`],
    ['a token as long as a book', () => `Bearer ${'a'.repeat(20_000)}`],
  ])('is refused with %s', async (_, header) => {
    const { profile, token } = await profileWithToken()
    const result = await authenticateBearer(asks(header(token)), profile)
    expect(result).toMatchObject({ ok: false, status: 401 })
    if (result.ok) return
    expect(result.wwwAuthenticate).toMatch(
      /^Bearer realm="oneroster", error="invalid_token", error_description="[^"\\]+"$/,
    )
    expect(JSON.stringify(result)).not.toContain(token.slice(0, 20))
  })

  it.each<[string, Record<string, unknown>, { alg: string; typ: string }?]>([
    ['another issuer', { iss: 'other-profile' }],
    ['no end', { exp: undefined }],
    ['no client', { sub: undefined }],
    ['a client that never was', { sub: 'nobody' }],
    ['no scope', { scope: undefined }],
    ['a scope that is no text', { scope: 7 }],
    ['no birth of its client', { client_created: undefined }],
    ['another type', {}, { alg: 'HS256', typ: 'JWT' }],
    ['another algorithm', {}, { alg: 'HS512', typ: 'at+jwt' }],
  ])('is refused with %s, though signed with our key', async (_, claims, header) => {
    const { profile, client } = await profileWithToken()
    const token = await signed(profile, { sub: client.id, ...claims }, header)
    expect(await authenticateBearer(asks(`Bearer ${token}`), profile)).toMatchObject({ ok: false, status: 401 })
  })

  it('that only those faults would spoil is accepted', async () => {
    const { profile, client } = await profileWithToken()
    const token = await signed(profile, { sub: client.id })
    expect(await authenticateBearer(asks(`Bearer ${token}`), profile)).toMatchObject({ ok: true })
  })

  it('is refused when another key signed it', async () => {
    const { profile, token } = await profileWithToken()
    const other = { ...profile, signingKey: seededRandom(99)(32) }
    expect(await authenticateBearer(asks(`Bearer ${token}`), other)).toMatchObject({ ok: false, status: 401 })
  })

  it('outlives a restart', async () => {
    const { profile, token } = await profileWithToken()
    const restarted = { ...profile, cache: createTokenCache() }
    expect(await authenticateBearer(asks(`Bearer ${token}`), restarted)).toMatchObject({ ok: true })
  })

  it.each(['fresh', 'remembered'])('ends to the millisecond (%s)', async (state) => {
    const { profile, client } = await profileWithToken()
    profile.clock.ms += 123
    const token = await issueToken(
      { clientId: client.id, clientCreatedMs: client.createdMs, scopes: DEFAULT_SCOPES },
      { ...profile, lifetimeSeconds: 60 },
    )
    const ask = () => {
      if (state === 'fresh') profile.cache.clear()
      return authenticateBearer(asks(`Bearer ${token}`), profile)
    }
    expect(await ask()).toMatchObject({ ok: true })
    profile.clock.ms += 59_999
    expect(await ask()).toMatchObject({ ok: true })
    profile.clock.ms += 1
    expect(await ask()).toMatchObject({ ok: false, status: 401, description: expect.stringContaining('expired') })
    expect(profile.cache.size).toBe(0)
  })

  it('is checked once and then remembered', async () => {
    const { profile, token } = await profileWithToken()
    const verify = vi.spyOn(crypto.subtle, 'verify')
    try {
      for (let at = 0; at < 10; at++) await authenticateBearer(asks(`Bearer ${token}`), profile)
      expect(verify).toHaveBeenCalledTimes(1)
    } finally {
      verify.mockRestore()
    }
  })

  it('that is refused is not remembered', async () => {
    const { profile, token } = await profileWithToken()
    for (let at = 0; at < 10; at++) await authenticateBearer(asks(`Bearer ${token}${at}`), profile)
    expect(profile.cache.size).toBe(0)
  })
})

describe('when the consumer changes', () => {
  it('removal ends its tokens at once, also a remembered one', async () => {
    const { profile, client, token } = await profileWithToken()
    expect(await authenticateBearer(asks(`Bearer ${token}`), profile)).toMatchObject({ ok: true })
    removeClient(client.id, profile)
    expect(await authenticateBearer(asks(`Bearer ${token}`), profile)).toMatchObject({ ok: false, status: 401 })
  })

  it('a token of an earlier life does not open the next one of the same id', async () => {
    const profile = createProfile()
    const wanted = { id: 'district', secret: 'a-long-enough-secret' }
    await ensureEnvironmentClient(wanted, profile)
    const token = await issueToken(
      { clientId: 'district', clientCreatedMs: START_MS, scopes: DEFAULT_SCOPES },
      { ...profile, lifetimeSeconds: 3600 },
    )
    expect(await authenticateBearer(asks(`Bearer ${token}`), profile)).toMatchObject({ ok: true })
    await ensureEnvironmentClient(undefined, profile)
    profile.clock.ms += 1
    await ensureEnvironmentClient(wanted, profile)
    expect(await authenticateBearer(asks(`Bearer ${token}`), profile)).toMatchObject({ ok: false, status: 401 })
  })

  it('rotation lets a token live to its end', async () => {
    const { profile, client, token } = await profileWithToken()
    await rotateClient(client.id, { overlapMs: 0 }, profile)
    expect(await authenticateBearer(asks(`Bearer ${token}`), profile)).toMatchObject({ ok: true })
  })

  it('scopes and schools that it lost are lost to its tokens, and gained ones are not gained', async () => {
    const { profile, client, token } = await profileWithToken()
    const scopes = [`${BASE}roster-core.readonly`, `${BASE}gradebook.delete`]
    changeConsumer(profile.sql, client.id, () => ({ scopes, schools: ['200'] }))
    expect(await authenticateBearer(asks(`Bearer ${token}`), profile)).toMatchObject({
      ok: true,
      consumer: { id: client.id, scopes: [`${BASE}roster-core.readonly`], schools: ['200'] },
    })
  })

  it('demographics that are withheld now are lost with their scopes', async () => {
    const { profile, client, token } = await profileWithToken()
    updateClient(client.id, { withheld: ['demographics'] }, profile)
    const result = await authenticateBearer(asks(`Bearer ${token}`), profile)
    expect(result).toMatchObject({ ok: true, consumer: { withheld: ['demographics'] } })
    if (!result.ok) return
    expect(result.consumer.scopes).toEqual(DEFAULT_SCOPES.filter((scope) => !scope.includes('demographics')))
  })

  it('its expiry ends its tokens, also a remembered one, and a later expiry opens them again', async () => {
    const { profile, client, token } = await profileWithToken({ expiresMs: START_MS + 1_000 })
    const ask = () => authenticateBearer(asks(`Bearer ${token}`), profile)
    expect(await ask()).toMatchObject({ ok: true })
    profile.clock.ms += 999
    expect(await ask()).toMatchObject({ ok: true })
    profile.clock.ms += 1
    expect(await ask()).toMatchObject({
      ok: false,
      status: 401,
      wwwAuthenticate: expect.stringContaining('error="invalid_token"'),
      description: expect.stringContaining('expired'),
    })
    updateClient(client.id, { expiresMs: null }, profile)
    expect(await ask()).toMatchObject({ ok: true })
  })
})

describe('a consumer without a token', () => {
  it('has those of the scopes that it holds', () => {
    const record = { ...PLAIN_CONSUMER, scopes: SCOPES.filter((scope) => scope.includes('/roster')) }
    expect(consumerAsAuthenticated(record, { scopes: V1P1_SCOPES, reader: 'client x' })).toEqual({
      reader: 'client x',
      id: record.id,
      scopes: V1P1_SCOPES.slice(0, 3),
      schools: null,
      withheld: [],
      switches: [],
      requestsPerMinute: null,
    })
    const withheld = consumerAsAuthenticated(
      { ...record, withheld: ['demographics'] },
      { scopes: SCOPES, reader: 'client x' },
    )
    expect(
      requireScope(
        withheld,
        SCOPES.filter((scope) => scope.includes('demographics')),
      ).ok,
    ).toBe(false)
  })
})

describe('scopes', () => {
  it.each([
    [['roster.readonly'], ['roster.readonly'], true],
    [['roster.readonly'], ['roster-core.readonly'], true],
    [['roster-core.readonly'], ['roster-core.readonly', 'roster.readonly'], true],
    [['roster-core.readonly'], ['roster.readonly'], false],
    [['roster.readonly', 'roster-core.readonly'], ['roster-demographics.readonly'], false],
    [[], ['roster.readonly'], false],
  ])('%j suffice for any of %j: %s', (held, needed, expected) => {
    const url = (name: string) => `${BASE}${name}`
    const result = requireScope({ scopes: held.map(url) }, needed.map(url))
    expect(result.ok).toBe(expected)
    if (result.ok) return
    expect(result).toMatchObject({
      status: 403,
      wwwAuthenticate: `Bearer realm="oneroster", error="insufficient_scope", scope="${needed.map(url).join(' ')}"`,
    })
  })
})
