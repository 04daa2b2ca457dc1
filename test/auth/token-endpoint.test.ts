// The token endpoint, in the shapes that consumers use.
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { addClient, rotateClient, updateClient } from '../../src/auth/clients.ts'
import { createVerification } from '../../src/auth/credentials.ts'
import { authenticateBearer } from '../../src/auth/guard.ts'
import { DEFAULT_SCOPES } from '../../src/auth/scopes.ts'
import { hashSecret } from '../../src/auth/secrets.ts'
import { handleTokenRequest } from '../../src/auth/token-endpoint.ts'
import { insertConsumer } from '../../src/store/consumers.ts'
import { createProfile, PLAIN_CONSUMER, START_MS } from './profile.ts'

const TOKEN_URL = 'https://roster.example.org/oauth/token'
const FORM = 'application/x-www-form-urlencoded'
const CORE = 'https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly'
const CORE_V1P2 = 'https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly'
const GRADES = 'https://purl.imsglobal.org/spec/or/v1p1/scope/gradebook.delete'

interface Sent {
  readonly basic?: string
  readonly authorization?: string
  readonly body?: string
  readonly type?: string
  readonly query?: string
}

// The secret holds an escape, a slash and a colon, so that encoded and raw Basic headers differ.
const ID = 'district+one'
const SECRET = 'p%41ss/w:rd=0123456'

async function profileWithConsumer() {
  const profile = createProfile()
  insertConsumer(profile.sql, {
    ...PLAIN_CONSUMER,
    id: ID,
    secretHash: await hashSecret(SECRET, profile.random),
    scopes: DEFAULT_SCOPES,
  })
  return profile
}

function tokenRequest({ basic, authorization, body, type, query }: Sent): Request {
  const headers = new Headers()
  if (basic !== undefined) headers.set('authorization', `Basic ${btoa(basic)}`)
  if (authorization !== undefined) headers.set('authorization', authorization)
  if (type !== undefined) headers.set('content-type', type)
  return new Request(`${TOKEN_URL}${query ?? ''}`, { method: 'POST', headers, ...(body === undefined ? {} : { body }) })
}

async function send(sent: Sent) {
  const profile = await profileWithConsumer()
  const response = await handleTokenRequest(tokenRequest(sent), profile)
  const body: Record<string, unknown> = await response.json()
  return { response, body, profile }
}

const RAW = `${ID}:${SECRET}`
const ENCODED = `${encodeURIComponent(ID)}:${encodeURIComponent(SECRET)}`
const GRANT = 'grant_type=client_credentials'
const FORM_PAIR = `client_id=${encodeURIComponent(ID)}&client_secret=${encodeURIComponent(SECRET)}`

/** Parameters that are neither text nor a list of texts. The last two are as deep as 8 KB allow. */
const UNREADABLE = [
  '{"scope":[{"toString":1,"valueOf":1}]}',
  '{"grant_type":[{"toString":null}]}',
  '{"client_id":[{"join":1}]}',
  '{"client_secret":{"length":1}}',
  '{"scope":["a",["b"]]}',
  '{"scope":["a",null]}',
  '{"grant_type":1}',
  '{"scope":false}',
  `{"scope":${'['.repeat(4_050)}${']'.repeat(4_050)}}`,
  `{"scope":${'{"a":'.repeat(1_300)}1${'}'.repeat(1_300)}}`,
]

const JSON_PAIR = JSON.stringify({ client_id: ID, client_secret: SECRET })

describe('a token is granted', () => {
  it.each<[string, Sent]>([
    ['form-encoded Basic credentials', { basic: ENCODED, type: FORM, body: GRANT }],
    ['raw Basic credentials', { basic: RAW, type: FORM, body: GRANT }],
    ['Basic in lower case', { authorization: `basic ${btoa(RAW)}`, type: FORM, body: GRANT }],
    ['credentials in the form body', { type: FORM, body: `${GRANT}&${FORM_PAIR}` }],
    ['a form without a content type', { body: `${GRANT}&${FORM_PAIR}`, type: '' }],
    [
      'credentials in a JSON body',
      {
        type: 'application/json; charset=utf-8',
        body: JSON.stringify({ grant_type: 'client_credentials', client_id: ID, client_secret: SECRET }),
      },
    ],
    [
      'a JSON body that says it is a form',
      { type: FORM, body: JSON.stringify({ grant_type: 'client_credentials', client_id: ID, client_secret: SECRET }) },
    ],
    ['Basic and an empty JSON body', { basic: RAW, type: 'application/json', body: '' }],
    ['Basic and the grant in the query', { basic: RAW, query: `?${GRANT}` }],
    ['Basic and nothing else', { basic: RAW }],
    ['Basic and only a scope', { basic: RAW, type: FORM, body: `scope=${CORE}` }],
    ['Basic and the same client_id in the body', { basic: RAW, type: FORM, body: `${GRANT}&${FORM_PAIR}` }],
    [
      'Basic and a JSON scope in a body that says it is text',
      { basic: RAW, type: 'text/plain', body: `{"scope":"${CORE}"}` },
    ],
    ['Basic, encoded, and the same pair in the body', { basic: ENCODED, type: FORM, body: `${GRANT}&${FORM_PAIR}` }],
    ['Basic and the same pair as JSON', { basic: RAW, type: 'application/json', body: JSON_PAIR }],
    ['credentials in the body and the grant in the query', { type: FORM, body: FORM_PAIR, query: `?${GRANT}` }],
    [
      'credentials in JSON and the grant in the query',
      { type: 'application/json', body: JSON_PAIR, query: `?${GRANT}` },
    ],
    ['an empty grant, which is none', { basic: RAW, type: FORM, body: 'grant_type=' }],
    ['parameters that nobody knows', { basic: RAW, type: FORM, body: `${GRANT}&audience=x&resource=y`, query: '?v=1' }],
    [
      'JSON with parameters that nobody knows, and one that is left out',
      {
        basic: RAW,
        type: 'application/json',
        body: '{"scope":null,"__proto__":[{"toString":1}],"audience":{"a":[1]}}',
      },
    ],
    [
      'a JSON list of one grant',
      { basic: RAW, type: 'application/json', body: '{"grant_type":["client_credentials"]}' },
    ],
    ['an empty scope', { basic: RAW, type: FORM, body: `${GRANT}&scope=` }],
    [
      'a foreign Authorization header beside the body',
      { authorization: 'Bearer x', type: FORM, body: `${GRANT}&${FORM_PAIR}` },
    ],
  ])('to %s', async (_, sent) => {
    const { response, body, profile } = await send(sent)
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 3600 })
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('pragma')).toBe('no-cache')
    expect(response.headers.get('content-type')).toContain('application/json')
    const used = new Request('https://roster.example.org/', {
      headers: { authorization: `Bearer ${body.access_token}` },
    })
    expect(await authenticateBearer(used, profile)).toMatchObject({ ok: true, consumer: { id: ID } })
  })

  it('with claims that name the client, the scope and the times', async () => {
    const { body } = await send({ basic: RAW, type: FORM, body: GRANT })
    expect(decodeJwt(String(body.access_token))).toEqual({
      iss: 'default',
      sub: ID,
      scope: DEFAULT_SCOPES.join(' '),
      client_created: START_MS,
      iat: START_MS / 1000,
      exp: START_MS / 1000 + 3600,
      jti: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
    })
  })

  it('again and again, each token another and all of them good', async () => {
    const profile = await profileWithConsumer()
    const tokens = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const response = await handleTokenRequest(tokenRequest({ basic: RAW }), profile)
        return String((await response.json()).access_token)
      }),
    )
    expect(new Set(tokens).size).toBe(5)
    for (const token of tokens) {
      const used = new Request('https://roster.example.org/', { headers: { authorization: `Bearer ${token}` } })
      expect(await authenticateBearer(used, profile)).toMatchObject({ ok: true })
    }
  })

  it.each([
    ['', DEFAULT_SCOPES],
    [CORE, [CORE]],
    [`${CORE} ${GRADES} openid`, [CORE]],
    [`${CORE}  ${CORE}`, [CORE]],
    [`${CORE_V1P2} ${CORE}`, [CORE_V1P2, CORE]],
    [CORE_V1P2, [CORE_V1P2]],
  ])('for scope %j', async (scope, granted) => {
    const { body } = await send({ basic: RAW, type: FORM, body: `${GRANT}&scope=${encodeURIComponent(scope)}` })
    expect(body.scope).toBe(granted.join(' '))
  })

  it('for the scope of the query, and of a JSON list', async () => {
    const inQuery = await send({ basic: RAW, query: `?${GRANT}&scope=${encodeURIComponent(CORE)}` })
    expect(inQuery.body.scope).toBe(CORE)
    const inList = await send({ basic: RAW, type: 'application/json', body: JSON.stringify({ scope: [CORE, GRADES] }) })
    expect(inList.body.scope).toBe(CORE)
  })

  it('for the configured lifetime', async () => {
    const profile = { ...(await profileWithConsumer()), tokenLifetimeMs: 90_000 }
    const response = await handleTokenRequest(tokenRequest({ basic: RAW }), profile)
    expect(await response.json()).toMatchObject({ expires_in: 90 })
  })

  it('for no longer than the consumer lives', async () => {
    const profile = await profileWithConsumer()
    const lifetime = async () => {
      const response = await handleTokenRequest(tokenRequest({ basic: RAW }), profile)
      const { access_token: token, expires_in: seconds } = await response.json()
      return [seconds, (decodeJwt(token).exp ?? 0) * 1000 - profile.now()]
    }
    updateClient(ID, { expiresMs: START_MS + 90_500 }, profile)
    expect(await lifetime()).toEqual([90, 90_000])
    updateClient(ID, { expiresMs: START_MS + 7_200_000 }, profile)
    expect(await lifetime()).toEqual([3_600, 3_600_000])
  })

  it('and ends with its consumer, also in the last second', async () => {
    const profile = await profileWithConsumer()
    updateClient(ID, { expiresMs: START_MS + 400 }, profile)
    const response = await handleTokenRequest(tokenRequest({ basic: RAW }), profile)
    const { access_token: token } = await response.json()
    const used = new Request('https://roster.example.org/', { headers: { authorization: `Bearer ${token}` } })
    profile.clock.ms += 399
    expect(await authenticateBearer(used, profile)).toMatchObject({ ok: true })
    profile.clock.ms += 1
    expect(await authenticateBearer(used, profile)).toMatchObject({ ok: false, status: 401 })
  })

  it('without the scope of what is withheld', async () => {
    const profile = await profileWithConsumer()
    updateClient(ID, { withheld: ['demographics'] }, profile)
    const { scope } = await (await handleTokenRequest(tokenRequest({ basic: RAW }), profile)).json()
    expect(scope.split(' ')).toHaveLength(DEFAULT_SCOPES.length - 2)
    expect(scope).not.toContain('demographics')
  })

  it('for the old secret too, until the overlap ends', async () => {
    const profile = await profileWithConsumer()
    const rotated = await rotateClient(ID, { overlapMs: 60_000 }, profile)
    if (!rotated.ok) throw new Error(rotated.messages.join(' '))
    const statuses = async () => {
      const asked = [RAW, ENCODED, `${ID}:${rotated.secret}`].map(async (basic) => {
        return (await handleTokenRequest(tokenRequest({ basic }), profile)).status
      })
      return Promise.all(asked)
    }
    expect(await statuses()).toEqual([200, 200, 200])
    profile.clock.ms += 60_000
    expect(await statuses()).toEqual([401, 401, 200])
  })

  it('to a consumer that was just added', async () => {
    const profile = createProfile()
    const result = await addClient({ name: 'Sync' }, profile)
    if (!result.ok) throw new Error(result.messages.join(' '))
    const response = await handleTokenRequest(tokenRequest({ basic: `${result.client.id}:${result.secret}` }), profile)
    expect(response.status).toBe(200)
  })
})

describe('a token is refused', () => {
  it.each<[string, number, string, Sent]>([
    ['a wrong secret', 401, 'invalid_client', { basic: `${ID}:wrong`, body: GRANT, type: FORM }],
    ['an unknown client', 401, 'invalid_client', { basic: `nobody:${SECRET}`, body: GRANT, type: FORM }],
    ['an empty secret', 401, 'invalid_client', { basic: `${ID}:` }],
    ['no credentials', 401, 'invalid_client', { body: GRANT, type: FORM }],
    ['nothing at all', 401, 'invalid_client', {}],
    ['an id without a secret', 401, 'invalid_client', { body: `${GRANT}&client_id=x`, type: FORM }],
    ['Basic that is not base64', 401, 'invalid_client', { authorization: 'Basic ***', body: GRANT, type: FORM }],
    ['Basic without a colon', 401, 'invalid_client', { basic: 'nocolon', body: GRANT, type: FORM }],
    ['Basic with nothing behind it', 401, 'invalid_client', { authorization: 'Basic', body: GRANT, type: FORM }],
    ['a broken escape in Basic', 401, 'invalid_client', { basic: `%zz:${SECRET}`, body: GRANT, type: FORM }],
    ['another scheme', 401, 'invalid_client', { authorization: `Bearer ${btoa(RAW)}`, body: GRANT, type: FORM }],
    ['another grant', 400, 'unsupported_grant_type', { basic: RAW, body: 'grant_type=password', type: FORM }],
    ['body credentials without a grant', 400, 'invalid_request', { body: FORM_PAIR, type: FORM }],
    ['only foreign scopes', 400, 'invalid_scope', { basic: RAW, body: `${GRANT}&scope=${GRADES}`, type: FORM }],
    ['a parameter sent twice', 400, 'invalid_request', { basic: RAW, body: `${GRANT}&${GRANT}`, type: FORM }],
    ['two different clients', 400, 'invalid_request', { basic: RAW, body: `${GRANT}&client_id=other`, type: FORM }],
    ['a secret in the URL', 400, 'invalid_request', { query: `?${GRANT}&${FORM_PAIR}` }],
    ['JSON that is none', 400, 'invalid_request', { basic: RAW, body: '{"grant_type"', type: 'application/json' }],
    ['JSON that is no object', 400, 'invalid_request', { basic: RAW, body: '[1]', type: 'application/json' }],
    ...UNREADABLE.map((body): [string, number, string, Sent] => [
      `${body.slice(0, 40)} as JSON`,
      400,
      'invalid_request',
      { basic: RAW, body, type: 'application/json' },
    ]),
    ['a multipart body', 400, 'invalid_request', { basic: RAW, body: '--x', type: 'multipart/form-data; boundary=x' }],
    ['a body over 8 KB', 413, 'invalid_request', { basic: RAW, body: `${GRANT}&x=${'a'.repeat(8_200)}`, type: FORM }],
  ])('to %s', async (_, status, error, sent) => {
    const { response, body } = await send(sent)
    expect([response.status, body.error]).toEqual([status, error])
    expect(body.access_token).toBeUndefined()
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('pragma')).toBe('no-cache')
    expect(response.headers.get('www-authenticate')?.startsWith('Basic ') ?? false).toBe(status === 401)
    // RFC 6749 section 5.2: the letters that a description may hold.
    expect(body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  })

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('to %s', async (method) => {
    const response = await handleTokenRequest(new Request(TOKEN_URL, { method }), await profileWithConsumer())
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
  })

  it('in the same words whether the client exists or not', async () => {
    const known = await send({ basic: `${ID}:wrong-secret`, body: GRANT, type: FORM })
    const unknown = await send({ basic: 'nobody:wrong-secret', body: GRANT, type: FORM })
    expect(known.body).toEqual(unknown.body)
    expect([...known.response.headers]).toEqual([...unknown.response.headers])
  })

  it('to a consumer that has expired, which is told to who knows the secret', async () => {
    const profile = await profileWithConsumer()
    updateClient(ID, { expiresMs: START_MS + 1_000 }, profile)
    profile.clock.ms += 1_000
    for (const basic of [RAW, ENCODED]) {
      const response = await handleTokenRequest(tokenRequest({ basic }), profile)
      expect([response.status, await response.json()]).toEqual([
        401,
        { error: 'invalid_client', error_description: 'The credentials of this client have expired' },
      ])
    }
    const guessed = await handleTokenRequest(tokenRequest({ basic: `${ID}:wrong` }), profile)
    expect(await guessed.json()).toEqual({
      error: 'invalid_client',
      error_description: 'The client id or secret is wrong',
    })
  })

  it('without reading an endless body to its end', async () => {
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(1_024).fill(97))
      },
    })
    const request = new Request(TOKEN_URL, { method: 'POST', body: endless, duplex: 'half' } as RequestInit)
    const response = await handleTokenRequest(request, await profileWithConsumer())
    expect(response.status).toBe(413)
    expect(pulled).toBeLessThan(20)
  })
})

describe('a flood of wrong secrets', () => {
  it('is answered with 503 where too many wait, and keeps out nobody who was right before', async () => {
    const profile = { ...(await profileWithConsumer()), verification: createVerification({ atOnce: 1, waiting: 2 }) }
    const ask = (basic: string) => handleTokenRequest(tokenRequest({ basic }), profile)
    expect((await ask(RAW)).status).toBe(200)
    const flood = Promise.all(Array.from({ length: 6 }, (_, at) => ask(`nobody-${at}:wrong`)))
    expect([(await ask(RAW)).status, (await ask(ENCODED)).status]).toEqual([200, 200])
    const answers = await flood
    expect(answers.map(({ status }) => status).toSorted()).toEqual([401, 401, 401, 503, 503, 503])
    const busy = answers.find(({ status }) => status === 503)
    expect(busy?.headers.get('retry-after')).toBe('5')
    expect(busy?.headers.get('cache-control')).toBe('no-store')
    expect(await busy?.json()).toEqual({
      error: 'temporarily_unavailable',
      error_description: 'Too many token requests at once. Ask again later',
    })
    expect((await ask(`${ID}:wrong`)).status).toBe(401)
  })
})

describe('what is told and logged', () => {
  it('never holds a secret, a token or an unknown id', async () => {
    const shapes: Sent[] = [
      { basic: RAW },
      { basic: `${ID}:hunter2-wrong` },
      { basic: `hunter2-as-id:${SECRET}` },
      { type: FORM, body: `${GRANT}&client_id=hunter2&client_secret=hunter2` },
      { query: '?client_secret=hunter2' },
      { basic: RAW, type: FORM, body: `${GRANT}&scope=hunter2` },
    ]
    for (const shape of shapes) {
      const { response, body, profile } = await send(shape)
      const told = JSON.stringify([profile.lines, response.ok ? null : body, [...response.headers]])
      for (const hidden of ['hunter2', SECRET, 'eyJ']) expect(told).not.toContain(hidden)
    }
  })

  it('names a known client whose secret was wrong', async () => {
    const { profile } = await send({ basic: `${ID}:wrong` })
    expect(profile.lines).toEqual([
      { level: 'warn', event: 'token-refused', fields: { client: ID, error: 'invalid_client', reason: 'wrong' } },
    ])
  })
})
