// Signed requests: who is accepted, who is refused, and with which status.
import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { isOAuth1 } from '../../../src/auth/oauth1/header.ts'
import { authenticateOAuth1, type OAuth1Deps } from '../../../src/auth/oauth1/oauth1.ts'
import { BridgeError } from '../../../src/errors.ts'
import { seeded } from '../../oneroster/random.ts'
import {
  ACCEPTED,
  BASE,
  createServer,
  headerOf,
  KEY,
  NOW_SECONDS,
  rfc5849,
  SECRET,
  type Signing,
  sign,
} from './signer.ts'

const refusal = (status: number) => ({ ok: false, status, wwwAuthenticate: 'OAuth realm="oneroster"' })

describe('the scheme', () => {
  it.each<[string | undefined, boolean]>([
    ['OAuth oauth_nonce="1"', true],
    ['oauth oauth_nonce="1"', true],
    ['OAUTH, oauth_nonce="1"', true],
    ['OAuth', true],
    ['OAuth2 abc', false],
    ['Bearer OAuth', false],
    [undefined, false],
  ])('of %j is OAuth 1.0a: %s', (authorization, expected) => {
    expect(isOAuth1(new Request(BASE, { headers: authorization === undefined ? {} : { authorization } }))).toBe(
      expected,
    )
  })
})

describe('a signed request', () => {
  it('of the known test vector is accepted', async () => {
    const server = createServer({
      now: () => 10_000_000_000,
      secretsOf: async () => ({ secrets: ['client-secret'], mayUseSha1: false }),
    })
    const url =
      'https://test.com/ims/oneroster/v1p1/orgs?limit=100&offset=1515&filter=role%3D%27administrator%27%20OR%20role%3D%27student%27%20OR%20role%3D%27teacher%27'
    const authorization = `OAuth oauth_consumer_key="client-id", oauth_nonce="fake-nonce", oauth_timestamp="10000000", oauth_version="1.0", oauth_signature_method="HMAC-SHA256", oauth_signature="${rfc5849('03DqhuWFnTlc3WxDYEOVKYxM5xQyRGfJ4x6zqQjYQnM=')}"`
    expect(await server.ask(url, { headers: { authorization } })).toEqual({ ok: true, consumerKey: 'client-id' })
    expect(server.logged).toEqual([])
  })

  it.each<[string, Signing]>([
    ['HMAC-SHA256', {}],
    ['HMAC-SHA1', { hmac: 'sha1' }],
    ['HMAC-SHA2', { oauth: { oauth_signature_method: 'HMAC-SHA2' } }],
    ['hmac-sha1', { hmac: 'sha1', oauth: { oauth_signature_method: 'hmac-sha1' } }],
    ['oauth_version', { oauth: { oauth_version: '1.0' } }],
    ['an empty oauth_token', { oauth: { oauth_token: '' } }],
    ['oauth_callback', { oauth: { oauth_callback: 'about:blank' } }],
    ['HEAD', { method: 'HEAD' }],
    ['a nonce of one letter', { oauth: { oauth_nonce: 'n' } }],
    ['a nonce of 255 letters', { oauth: { oauth_nonce: 'n'.repeat(255) } }],
    ['a nonce that needs escapes', { oauth: { oauth_nonce: 'a+/=é ' } }],
  ])('with %s is accepted', async (_, signing) => {
    const server = createServer()
    expect(await server.askSigned(sign(signing))).toEqual(ACCEPTED)
    expect(server.logged).toEqual([])
  })

  it('is accepted with a secret that needs escapes', async () => {
    const secret = "a&b=c/d+é 'x'"
    const server = createServer({ secretsOf: async () => ({ secrets: [secret], mayUseSha1: true }) })
    expect(await server.askSigned(sign({ secret }))).toEqual(ACCEPTED)
  })

  it('is accepted with the previous secret while that may verify', async () => {
    const server = createServer({ secretsOf: async () => ({ secrets: ['new', SECRET], mayUseSha1: true }) })
    expect(await server.askSigned(sign({}))).toEqual(ACCEPTED)
  })

  it('signs the parameters of a form body, which stays readable', async () => {
    const server = createServer()
    const { oauth, url } = sign({ method: 'POST', form: [['name', 'Ada L']] })
    const headers = {
      authorization: headerOf(oauth),
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    }
    expect(await server.ask(url, { method: 'POST', headers, body: 'name=Ada+L' })).toEqual(ACCEPTED)
    expect(await server.ask(url, { method: 'POST', headers, body: 'name=Bob' })).toMatchObject(refusal(401))
    expect(await server.ask(url, { method: 'POST', headers, body: `name=${'x'.repeat(8_192)}` })).toMatchObject(
      refusal(400),
    )

    const request = new Request(url, { method: 'POST', headers, body: 'name=Ada+L' })
    await authenticateOAuth1(request, depsOf({ addresses: [url] }))
    expect(await request.text()).toBe('name=Ada+L')
  })

  it('leaves other bodies unsigned and unread', async () => {
    const { oauth, url } = sign({ method: 'PUT' })
    const headers = { authorization: headerOf(oauth), 'content-type': 'application/json' }
    const request = new Request(url, { method: 'PUT', headers, body: '{"a":1}' })
    expect(await authenticateOAuth1(request, depsOf({ addresses: [url] }))).toEqual(ACCEPTED)
    expect(request.bodyUsed).toBe(false)
    expect(await request.json()).toEqual({ a: 1 })
  })
})

function depsOf(change: Partial<OAuth1Deps>): OAuth1Deps {
  const { sql } = createServer()
  return {
    sql,
    now: () => NOW_SECONDS * 1000,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    addresses: [],
    secretsOf: async () => ({ secrets: [SECRET], mayUseSha1: true }),
    ...change,
  }
}

describe('a body hash', () => {
  const body = '{"lineItem":{"title":"Test"}}'
  const put = async (hash: string, sent: string | undefined, hmac: 'sha256' | 'sha1' = 'sha256') => {
    const { oauth, url } = sign({ method: 'PUT', hmac, oauth: { oauth_body_hash: hash } })
    const init = { method: 'PUT', headers: { authorization: headerOf(oauth), 'content-type': 'application/json' } }
    return createServer().ask(url, sent === undefined ? init : { ...init, body: sent })
  }
  const hashOf = (text: string, algorithm = 'sha256') => createHash(algorithm).update(text).digest('base64')

  it('that fits is accepted, by the hash of the method', async () => {
    expect(await put(hashOf(body), body)).toEqual(ACCEPTED)
    expect(await put(hashOf(body, 'sha1'), body, 'sha1')).toEqual(ACCEPTED)
    expect(await put(hashOf(''), undefined)).toEqual(ACCEPTED)
  })

  it('that does not fit is refused', async () => {
    expect(await put(hashOf(body), `${body} `)).toMatchObject(refusal(401))
    expect(await put(hashOf(body, 'sha1'), body)).toMatchObject(refusal(401))
    expect(await put('not base64!', body)).toMatchObject(refusal(401))
    expect(await put('', body)).toMatchObject(refusal(401))
  })

  it('of a body over 1 MB is refused', async () => {
    const long = 'x'.repeat(1_048_577)
    expect(await put(hashOf(long), long)).toMatchObject(refusal(400))
  })
})

describe('the header', () => {
  const { url, oauth } = sign({ oauth: { oauth_callback: 'about:blank', oauth_token: '' } })
  const strict = headerOf(oauth)

  it.each<[string, string]>([
    ['a realm', strict.replace('OAuth ', 'OAuth realm="http://example.org/, \\"x\\" 100%", ')],
    ['a realm of nothing', strict.replace('OAuth ', 'OAuth realm="",')],
    ['a comma after the scheme', strict.replace('OAuth ', 'OAuth, ')],
    ['a scheme in small letters', strict.replace('OAuth', 'oauth')],
    ['no blanks', strict.replaceAll(', ', ',')],
    ['many blanks', strict.replaceAll(', ', ' ,\t ').replaceAll('=', ' = ')],
    ['no commas', strict.replaceAll(', ', ' ')],
    ['a comma at the end', `${strict},`],
    ['no quotes', strict.replaceAll('"', '')],
    ['half of the quotes', strict.replaceAll(/([^"=])",/g, '$1,')],
    [
      'a signature without its escapes',
      strict.replace(/(oauth_signature=")([^"]*)/, (_, name, value) => name + decodeURIComponent(value)),
    ],
    ['another order', headerOf(oauth.toReversed())],
  ])('is read with %s', async (_, authorization) => {
    const server = createServer()
    expect(await server.ask(url, { headers: { authorization } })).toEqual(ACCEPTED)
    expect(server.logged).toEqual([])
  })

  it.each<[string, string]>([
    ['nothing', 'OAuth'],
    ['another scheme', 'Bearer abc'],
    ['stray quotes', 'OAuth "a"="b"'],
    ['no name', 'OAuth ="b"'],
    ['a broken escape', strict.replace('about%3Ablank', 'about%ZZ')],
    ['a broken name', `${strict}, %zz="1"`],
    ['a length over 8 KB', `${strict}, a="${'x'.repeat(8_192)}"`],
    ['two signatures', `${strict}, ${strict}`],
    ['a nonce twice', `${strict}, oauth_nonce="nonce-1"`],
    ['something else twice', `${strict}, a="1", a="1"`],
    ['names in capitals', strict.replace('oauth_nonce', 'OAUTH_NONCE')],
  ])('is refused with 400 for %s', async (_, authorization) => {
    expect(await createServer().ask(url, { headers: { authorization } })).toMatchObject(refusal(400))
  })

  it.each(['oauth_consumer_key', 'oauth_signature_method', 'oauth_timestamp', 'oauth_nonce'])(
    'is refused with 400 without %s, or with it empty',
    async (name) => {
      for (const value of [undefined, '']) {
        const result = await createServer().askSigned(sign({ oauth: { [name]: value } }))
        expect(result).toMatchObject({ ...refusal(400), description: expect.stringContaining(name) })
      }
    },
  )

  it('is refused with 400 without a signature', async () => {
    const unsigned = { ...sign({}), oauth: oauth.filter(([name]) => name !== 'oauth_signature') }
    expect(await createServer().askSigned(unsigned)).toMatchObject(refusal(400))
  })

  it('is refused with 400 when the query or the form repeats it', async () => {
    const signed = sign({ query: [['oauth_nonce', 'nonce-1']] })
    expect(await createServer().askSigned(signed)).toMatchObject(refusal(400))
    const headers = { authorization: headerOf(oauth), 'content-type': 'application/x-www-form-urlencoded' }
    const result = await createServer().ask(url, { method: 'POST', headers, body: 'oauth_timestamp=1' })
    expect(result).toMatchObject(refusal(400))
  })

  it.each(['PLAINTEXT', 'RSA-SHA1', 'RSA-SHA256', 'HMAC-SHA512', 'constructor', 'MD5'])(
    'is refused with 400 for %s, and told what is supported',
    async (method) => {
      const result = await createServer().askSigned(sign({ oauth: { oauth_signature_method: method } }))
      expect(result).toMatchObject({
        ...refusal(400),
        description: expect.stringContaining('HMAC-SHA256 or HMAC-SHA1'),
      })
    },
  )

  it.each([
    ['oauth_version', '2.0'],
    ['oauth_token', 'token'],
  ])('is refused with 400 for %s=%s', async (name, value) => {
    expect(await createServer().askSigned(sign({ oauth: { [name]: value } }))).toMatchObject(refusal(400))
  })
})

describe('what is wrong', () => {
  it('is not told apart: an unknown key, a wrong secret, a broken signature, a consumer without secrets', async () => {
    const broken = sign({})
    const results = [
      await createServer().askSigned(sign({ key: 'or-other' })),
      await createServer().askSigned(sign({ key: 'or-other', secret: 'nobody' })),
      await createServer().askSigned(sign({ secret: 'wrong' })),
      await createServer().askSigned({
        ...broken,
        oauth: broken.oauth.map(([name, value]) => [name, name === 'oauth_signature' ? '***' : value]),
      }),
      await createServer().askSigned({
        ...broken,
        oauth: broken.oauth.map(([name, value]) => [name, name === 'oauth_signature' ? value.slice(0, 8) : value]),
      }),
      await createServer().askSigned(sign({ hmac: 'sha1', oauth: { oauth_signature_method: 'HMAC-SHA256' } })),
      await createServer({ secretsOf: async () => ({ secrets: [], mayUseSha1: true }) }).askSigned(
        sign({ secret: 'nobody' }),
      ),
    ]
    expect(results[0]).toMatchObject(refusal(401))
    for (const result of results) expect(result).toEqual(results[0])
  })

  it('is HMAC-SHA1 where it is switched off, told only to who has the secret', async () => {
    const server = createServer({ secretsOf: async () => ({ secrets: [SECRET], mayUseSha1: false }) })
    const result = await server.askSigned(sign({ hmac: 'sha1' }))
    expect(result).toMatchObject({ ...refusal(400), description: expect.stringContaining('HMAC-SHA256') })
    expect(await server.askSigned(sign({ hmac: 'sha1', secret: 'wrong' }))).toMatchObject(refusal(401))
    expect(await server.askSigned(sign({}))).toEqual(ACCEPTED)
  })

  it('leaves nothing of it in the log or the answer', async () => {
    const server = createServer()
    const query = [['filter', "familyName='Lovelace'"]] as const
    const wrong = await server.askSigned(sign({ query, secret: 'wrong' }))
    await server.askSigned(sign({ query, encode: (text) => rfc5849(text).replaceAll('%27', "'") }))
    const { oauth } = sign({ query })
    const said = JSON.stringify([server.logged, wrong])
    expect(server.logged).toHaveLength(1)
    for (const secret of ['Lovelace', SECRET, oauth.at(-1)?.[1] ?? '']) expect(said).not.toContain(secret)
  })
})

describe('the timestamp', () => {
  const at = async (seconds: number | string, change: Partial<OAuth1Deps> = {}, clockMs = NOW_SECONDS * 1000) => {
    const server = createServer(change)
    server.clock.ms = clockMs
    return server.askSigned(sign({ oauth: { oauth_timestamp: String(seconds) } }))
  }

  it('may be ten minutes old and five minutes ahead', async () => {
    expect(await at(NOW_SECONDS - 600)).toEqual(ACCEPTED)
    expect(await at(NOW_SECONDS + 300)).toEqual(ACCEPTED)
    expect(await at(NOW_SECONDS - 601)).toMatchObject(refusal(401))
    expect(await at(NOW_SECONDS + 301)).toMatchObject(refusal(401))
    expect(await at(NOW_SECONDS - 600, {}, NOW_SECONDS * 1000 + 1)).toMatchObject(refusal(401))
  })

  it('is judged by the window that is set', async () => {
    const window = { pastMs: 45 * 60_000, futureMs: 0 }
    expect(await at(NOW_SECONDS - 2700, { window })).toEqual(ACCEPTED)
    expect(await at(NOW_SECONDS + 1, { window })).toMatchObject(refusal(401))
  })

  it('that is off learns the time of the server', async () => {
    expect(await at(0)).toMatchObject({
      description: expect.stringContaining(`2026-01-15T08:00:00.000Z (${NOW_SECONDS})`),
    })
  })

  it.each(['now', '-1', '1.5', '1e9', ' 1', `${NOW_SECONDS}.0`, '0x10', '9'.repeat(13)])('is no "%s"', async (text) => {
    expect(await at(text)).toMatchObject(refusal(401))
  })
})

describe('the nonce', () => {
  it('opens once', async () => {
    const server = createServer()
    expect(await server.askSigned(sign({}))).toEqual(ACCEPTED)
    expect(await server.askSigned(sign({}))).toMatchObject({
      ...refusal(401),
      description: expect.stringContaining('nonce'),
    })
    expect(await server.askSigned(sign({ oauth: { oauth_nonce: 'nonce-2' } }))).toEqual(ACCEPTED)
    expect(await server.askSigned(sign({ oauth: { oauth_timestamp: String(NOW_SECONDS + 1) } }))).toEqual(ACCEPTED)
  })

  it('opens once when two ask at the same time', async () => {
    const server = createServer()
    const results = await Promise.all([1, 2, 3].map(() => server.askSigned(sign({}))))
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
  })

  it('opens once over a restart, and to the end of its window', async () => {
    const server = createServer()
    expect(await server.askSigned(sign({}))).toEqual(ACCEPTED)
    const restarted = createServer({ sql: server.sql })
    restarted.clock.ms += 600_000
    expect(await restarted.askSigned(sign({ oauth: { oauth_nonce: 'nonce-2' } }))).toEqual(ACCEPTED)
    expect(await restarted.askSigned(sign({}))).toMatchObject(refusal(401))
  })

  it('opens once when the clock is set back in between', async () => {
    const server = createServer()
    expect(await server.askSigned(sign({}))).toEqual(ACCEPTED)
    server.clock.ms += 25 * 60_000
    const later = String(NOW_SECONDS + 25 * 60)
    expect(await server.askSigned(sign({ oauth: { oauth_timestamp: later } }))).toEqual(ACCEPTED)
    server.clock.ms -= 15 * 60_000
    expect(await server.askSigned(sign({}))).toMatchObject({ description: expect.stringContaining('nonce') })
  })

  it('is forgotten when its timestamp is long past', async () => {
    const server = createServer()
    await server.askSigned(sign({}))
    server.clock.ms += 3_600_000
    await server.askSigned(sign({ oauth: { oauth_timestamp: String(NOW_SECONDS + 3600) } }))
    expect(server.sql.all('select timestamp from nonces')).toEqual([{ timestamp: NOW_SECONDS + 3600 }])
  })

  it('belongs to its consumer', async () => {
    const server = createServer({ secretsOf: async () => ({ secrets: [SECRET], mayUseSha1: true }) })
    expect(await server.askSigned(sign({}))).toEqual(ACCEPTED)
    expect(await server.askSigned(sign({ key: 'or-other' }))).toMatchObject({ ok: true, consumerKey: 'or-other' })
  })

  it('is not used up by a request that is refused', async () => {
    const server = createServer()
    await server.askSigned(sign({ secret: 'wrong' }))
    expect(server.sql.all('select * from nonces')).toEqual([])
    expect(await server.askSigned(sign({}))).toEqual(ACCEPTED)
  })

  it('that the store cannot take now is answered with 503, and opens when it can', async () => {
    const server = createServer()
    const locked = new BridgeError('store-failed', 'The database is locked.', { remedy: 'Wait.' })
    const busy = createServer({
      sql: {
        ...server.sql,
        transaction() {
          throw locked
        },
      },
    })
    expect(await busy.askSigned(sign({}))).toEqual({
      ok: false,
      status: 503,
      retryAfterSeconds: 5,
      description: expect.stringContaining('ask again'),
    })
    expect(busy.logged).toEqual([
      {
        event: 'oauth1-nonce-failed',
        fields: { consumer: KEY, message: 'The database is locked.', remedy: 'Wait.' },
      },
    ])
    expect(await server.askSigned(sign({}))).toEqual(ACCEPTED)
  })

  it('has no more than 255 characters', async () => {
    const result = await createServer().askSigned(sign({ oauth: { oauth_nonce: 'n'.repeat(256) } }))
    expect(result).toMatchObject(refusal(401))
  })
})

describe('the work for whom nobody knows', () => {
  const signings = async (letters: number) => {
    const server = createServer()
    const spoilt = "!'()* ".repeat(letters).slice(0, letters)
    const signed = sign({ key: 'or-other', url: 'http://example.org:3000/users', query: [['filter', spoilt]] })
    const made = vi.spyOn(crypto.subtle, 'sign')
    try {
      expect(await server.askSigned(signed)).toMatchObject(refusal(401))
      return made.mock.calls.length
    } finally {
      made.mockRestore()
    }
  }

  it('holds each defect where that is cheap, and the letter of the standard alone where it is not', async () => {
    expect(await signings(100)).toBeGreaterThan(20)
    expect(await signings(2_049)).toBe(2)
    expect(await signings(8_000)).toBe(2)
  })
})

describe('whatever is sent', () => {
  const PIECES = [
    'oauth_consumer_key',
    'oauth_nonce',
    'oauth_timestamp',
    'oauth_signature',
    'oauth_signature_method',
    'oauth_version',
    'oauth_token',
    'oauth_body_hash',
    'realm',
    '=',
    '="',
    '"',
    ',',
    ' ',
    '\t',
    '\\',
    '%',
    '%zz',
    '%C3',
    '%27',
    '%00',
    '+',
    '&',
    KEY,
    String(NOW_SECONDS),
    'HMAC-SHA256',
    'HMAC-SHA1',
    'é',
    "'",
    '__proto__',
    '1.0',
    '-1',
    '=',
    ',',
  ]
  const STATUSES = [400, 401]

  it('is answered with 400 or 401 and never throws', async () => {
    const random = seeded(20_260_115)
    const server = createServer()
    const text = (most: number) => Array.from({ length: random.below(most) }, () => random.pick(PIECES)).join('')
    for (let round = 0; round < 3_000; round++) {
      const authorization = `OAuth ${text(40)}`
      const url = `http://h:1/${text(4)}?${text(20)}`
      const result = await server.ask('http://h:1/', { headers: { authorization } }, [url, text(5)])
      expect(result.ok ? authorization : STATUSES).toContain(result.ok ? undefined : result.status)
    }
  })

  it('is refused when a value that was signed is changed in any place', async () => {
    const random = seeded(7)
    const server = createServer()
    const signed = sign({ query: [['filter', "role='student'"]] })
    const pieces = PIECES.filter((piece) => !/[",\s\\]/.test(piece) && piece !== '=')
    for (let round = 0; round < 1_000; round++) {
      const changed = random.below(signed.oauth.length)
      const values = signed.oauth.map(([name, value], at) => {
        const encoded = rfc5849(value)
        const cut = random.below(encoded.length)
        return `${name}="${at === changed ? encoded.slice(0, cut) + random.pick(pieces) + encoded.slice(cut) : encoded}"`
      })
      const result = await server.ask(signed.url, { headers: { authorization: `OAuth ${values.join(',')}` } })
      expect(result).toMatchObject({ ok: false })
    }
  })
})
