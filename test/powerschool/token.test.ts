import { describe, expect, it } from 'vitest'
import { createTokenSource } from '../../src/powerschool/token.ts'
import { CLIENT_ID, CLIENT_SECRET, fakeClock, json } from './fake.ts'

function tokenSource(answer: (nth: number) => Response | Promise<Response>, clientSecret = CLIENT_SECRET) {
  const clock = fakeClock()
  const requests: { url: string; init: RequestInit }[] = []
  const tokens = createTokenSource({
    fetch(url, init) {
      requests.push({ url, init })
      return answer(requests.length)
    },
    url: 'https://sis.example.org',
    clientId: CLIENT_ID,
    clientSecret,
    now: clock.now,
  })
  return { tokens, requests, clock }
}

const given = (nth: number, expires: unknown = '1000') => json({ access_token: `token-${nth}`, expires_in: expires })

describe('the access token', () => {
  it('is asked for with Basic credentials and a form body', async () => {
    const { tokens, requests } = tokenSource((nth) => given(nth))
    expect(await tokens.token()).toBe('token-1')
    const { url, init } = requests[0] ?? { url: '', init: {} }
    const headers = new Headers(init.headers)
    expect(url).toBe('https://sis.example.org/oauth/access_token')
    expect(init.method).toBe('POST')
    expect(init.body).toBe('grant_type=client_credentials')
    expect(init.redirect).toBe('manual')
    expect(atob(headers.get('authorization')?.replace('Basic ', '') ?? '')).toBe(`${CLIENT_ID}:${CLIENT_SECRET}`)
    expect(headers.get('content-type')).toMatch(/^application\/x-www-form-urlencoded/)
    expect(headers.get('accept')).toBe('application/json')
  })

  it('takes a secret with characters beyond Latin-1', async () => {
    const { tokens, requests } = tokenSource((nth) => given(nth), 'żółw')
    await tokens.token()
    const sent = new Headers(requests[0]?.init.headers).get('authorization')?.replace('Basic ', '') ?? ''
    const bytes = Uint8Array.from(atob(sent), (letter) => letter.charCodeAt(0))
    expect(new TextDecoder().decode(bytes)).toBe(`${CLIENT_ID}:żółw`)
  })

  it('is requested once for fifty calls at a time', async () => {
    const { tokens, requests } = tokenSource((nth) => given(nth))
    const all = await Promise.all(Array.from({ length: 50 }, () => tokens.token()))
    expect(new Set(all)).toEqual(new Set(['token-1']))
    expect(requests).toHaveLength(1)
  })

  it('is kept until shortly before its end, which comes as text', async () => {
    const { tokens, requests, clock } = tokenSource((nth) => given(nth, '1000'))
    await tokens.token()
    clock.advance(939_000)
    expect(await tokens.token()).toBe('token-1')
    clock.advance(2_000)
    expect(await tokens.token()).toBe('token-2')
    expect(requests).toHaveLength(2)
  })

  it('is renewed within the hour when its life is not told', async () => {
    const { tokens, requests, clock } = tokenSource((nth) => json({ access_token: `token-${nth}` }))
    await tokens.token()
    clock.advance(3_600_000)
    await tokens.token()
    expect(requests).toHaveLength(2)
  })

  it('is dropped by invalidate only while it is the current one', async () => {
    const { tokens, requests } = tokenSource((nth) => given(nth))
    await tokens.token()
    tokens.invalidate('token-1')
    expect(await tokens.token()).toBe('token-2')
    tokens.invalidate('token-1')
    expect(await tokens.token()).toBe('token-2')
    expect(requests).toHaveLength(2)
  })

  it('is asked for anew after a failure, which all waiting calls share', async () => {
    const { tokens, requests } = tokenSource((nth) => (nth === 1 ? new Response('', { status: 503 }) : given(nth)))
    const results = await Promise.allSettled([tokens.token(), tokens.token(), tokens.token()])
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(await tokens.token()).toBe('token-2')
    expect(requests).toHaveLength(2)
  })

  const html = { 'content-type': 'text/html' }
  it.each([
    ['401', () => json({ error: 'invalid_client' }, { status: 401 }), 'powerschool-credentials'],
    ['401 without a body', () => new Response('', { status: 401 }), 'powerschool-credentials'],
    ['400 invalid_client', () => json({ error: 'invalid_client' }, { status: 400 }), 'powerschool-credentials'],
    ['400 for another reason', () => json({ error: 'invalid_request' }, { status: 400 }), 'powerschool-refused'],
    ['404', () => json({ message: 'no' }, { status: 404 }), 'powerschool-refused'],
    ['a web page', () => new Response('<html>', { headers: html }), 'powerschool-unavailable'],
    ['a web page with 404', () => new Response('<html>', { status: 404, headers: html }), 'powerschool-unavailable'],
    ['302', () => new Response('', { status: 302, headers: { location: 'https://x.org' } }), 'powerschool-unavailable'],
    ['500', () => new Response('', { status: 500 }), 'powerschool-unavailable'],
    ['429', () => new Response('', { status: 429 }), 'powerschool-busy'],
    ['JSON that is cut off', () => new Response('{"access_token":"tok'), 'powerschool-broken-answer'],
    ['JSON without a token', () => json({ token: 'tok' }), 'powerschool-broken-answer'],
    ['no connection', () => Promise.reject(new TypeError('fetch failed')), 'powerschool-unreachable'],
  ] as const)('answers %s with %s', async (_, answer, code) => {
    const { tokens } = tokenSource(answer)
    const failure = await tokens.token().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code, remedy: expect.stringMatching(/\w+/) })
    expect(`${failure} ${JSON.stringify(failure)}`).not.toMatch(/tok\b|secret-of|client-id-of/)
  })
})
