// Signers that encode otherwise than the standard says: accepted, and known by name.
import { describe, expect, it } from 'vitest'
import { ACCEPTED, BASE, createServer, type Encoder, encoderThatLeaves, KEY, rfc5849, sign } from './signer.ts'

const FILTERS = [
  "givenName='Colin Robert'",
  "familyName='O'Brien'",
  "familyName='O''Brien' AND status='active'",
  "dateLastModified>'2026-01-15T08:00:00.000Z'",
  "title~'(A*B)!'",
  "username='~ada*'",
  "familyName='Żółć & Söhne=100%+1'",
  "familyName='😀'",
]

describe('a signature by the letter', () => {
  it.each(FILTERS)('is accepted with filter=%s', async (filter) => {
    const server = createServer()
    const query = [
      ['limit', '5000'],
      ['filter', filter],
      ['offset', '0'],
    ] as const
    expect(await server.askSigned(sign({ query }))).toEqual(ACCEPTED)
    expect(server.logged).toEqual([])
  })

  it.each([
    ['raw', "filter=dateLastModified>'2026-01-15T08:00:00.000Z'"],
    ['all escaped', 'filter=dateLastModified%3E%272026-01-15T08%3A00%3A00.000Z%27'],
    ['half escaped, lower case', "filter=dateLastModified%3e'2026-01-15T08%3a00:00.000Z%27"],
  ])('does not depend on how the query is written: %s', async (_, sentQuery) => {
    const server = createServer()
    const query = [['filter', "dateLastModified>'2026-01-15T08:00:00.000Z'"]] as const
    expect(await server.askSigned(sign({ query, sentQuery }))).toEqual(ACCEPTED)
    expect(server.logged).toEqual([])
  })

  it('takes + in a query for a blank and %2B for a plus', async () => {
    const server = createServer()
    const query = [['filter', "a='b c' AND d='+'"]] as const
    const sentQuery = 'filter=a%3D%27b+c%27+AND+d%3D%27%2B%27'
    expect(await server.askSigned(sign({ query, sentQuery }))).toEqual(ACCEPTED)
  })

  it('counts empty, nameless and repeated parameters', async () => {
    const query = [
      ['filter', ''],
      ['a', ''],
      ['a', '1'],
      ['a', '1'],
      ['', 'x'],
    ] as const
    const server = createServer()
    expect(await server.askSigned(sign({ query, sentQuery: 'filter=&a&a=1&&a=1&=x&' }))).toEqual(ACCEPTED)
  })

  it('accepts a query with broken escapes, which is for others to refuse', async () => {
    const query = [['filter', "name='100%'"]] as const
    const server = createServer()
    expect(await server.askSigned(sign({ query, sentQuery: "filter=name='100%'" }))).toEqual(ACCEPTED)
  })
})

const ODD = "title~'(A*B)! ~c'"

describe.each<[name: string, encode: Encoder]>([
  ['javascript', encoderThatLeaves("!'()*~")],
  ['java', encoderThatLeaves('*')],
  ['dotnet', encoderThatLeaves('!()*')],
  ['ruby', encoderThatLeaves('~', '+')],
  ['javascript-plus', encoderThatLeaves("!'()*~", '+')],
  ['java-plus', encoderThatLeaves('*', '+')],
  ['dotnet-plus', encoderThatLeaves('!()*', '+')],
])('the encoder of %s', (name, encode) => {
  const query = [
    ['limit', '100'],
    ['filter', ODD],
  ] as const

  it('is understood in parameters and base string', async () => {
    const server = createServer()
    expect(await server.askSigned(sign({ query, encode }))).toEqual(ACCEPTED)
    expect(server.alternates()).toEqual([{ consumer: KEY, alternate: name }])
  })

  it('is understood in parameters alone', async () => {
    const server = createServer()
    expect(await server.askSigned(sign({ query, encode, encodeParts: rfc5849 }))).toEqual(ACCEPTED)
    expect(server.alternates()).toEqual([{ consumer: KEY, alternate: name }])
  })

  it('is understood when it also wrote the query', async () => {
    const server = createServer()
    const sentQuery = query.map(([key, value]) => `${encode(key)}=${encode(value)}`).join('&')
    expect(await server.askSigned(sign({ query, sentQuery, encode }))).toEqual(ACCEPTED)
  })

  it('does not open with a wrong secret', async () => {
    const server = createServer()
    expect(await server.askSigned(sign({ query, encode, secret: 'wrong' }))).toMatchObject({ ok: false, status: 401 })
    expect(server.logged).toEqual([])
  })
})

describe('other habits', () => {
  it.each([
    ['escapes in lower case', 'filter=role%3d%27student%27', rfc5849],
    ['nothing escaped', "filter=role='student'", rfc5849],
    ['nothing escaped, and a lax base string', "filter=role='student'", encoderThatLeaves("!'()*~")],
  ])('a query that was signed as it was written: %s', async (_, sentQuery, encodeParts) => {
    const value = sentQuery.slice('filter='.length)
    const server = createServer()
    const signed = sign({ sentQuery, signedQuery: [['filter', value]], encodeParts })
    expect(await server.askSigned(signed)).toEqual(ACCEPTED)
    expect(server.logged).toHaveLength(1)
  })

  it('a port that was left out', async () => {
    const server = createServer()
    const url = 'https://roster.example.org:8443/ims/oneroster/v1p1/orgs'
    const signedUrl = url.replace(':8443', '')
    expect(await server.askSigned(sign({ url, signedUrl }))).toEqual(ACCEPTED)
    expect(server.alternates()).toEqual([{ consumer: KEY, alternate: 'without-port' }])
  })

  it('a port that was left out, by a lax encoder', async () => {
    const server = createServer()
    const url = 'http://roster.example.org:3000/ims/oneroster/v1p1/orgs'
    const query = [['filter', "type='school'"]] as const
    const signed = sign({ url, signedUrl: url.replace(':3000', ''), query, encode: encoderThatLeaves("!'()*~") })
    expect(await server.askSigned(signed)).toEqual(ACCEPTED)
    expect(server.alternates()).toEqual([{ consumer: KEY, alternate: 'without-port, javascript' }])
  })

  it('empty parameters that were not signed', async () => {
    const query = [['limit', '100']] as const
    const { url, oauth } = sign({ query, hmac: 'sha1' })
    const server = createServer()
    const result = await server.askSigned({
      url: `${url}&fields=`,
      method: 'GET',
      oauth: [...oauth, ['oauth_token', ''], ['oauth_callback', '']],
    })
    expect(result).toEqual(ACCEPTED)
    expect(server.alternates()).toEqual([{ consumer: KEY, alternate: 'without-empty' }])
  })

  it('a second address, by the letter before any alternate of the first', async () => {
    const server = createServer()
    const query = [['filter', "role='student'"]] as const
    const signed = sign({ query })
    const publicUrl = signed.url.replace('roster.example.org', 'public.example.org')
    expect(await server.askSigned(signed, [publicUrl, 'no address', signed.url])).toEqual(ACCEPTED)
    expect(server.logged).toEqual([])
  })

  it('no address at all refuses', async () => {
    expect(await createServer().askSigned(sign({}), [])).toMatchObject({ ok: false, status: 401 })
  })

  it.each([
    ['another path', (url: string) => url.replace('/users', '/orgs')],
    ['a slash more', (url: string) => url.replace('/users', '/users/')],
    ['another host', (url: string) => url.replace('roster', 'evil')],
    ['another scheme', (url: string) => url.replace('https', 'http')],
    ['another value', (url: string) => url.replace('100', '101')],
    ['a parameter more', (url: string) => `${url}&offset=100`],
    ['a parameter less', (url: string) => url.replace(/\?.*/, '')],
    ['a path that was normalised', (url: string) => url.replace(BASE, `${BASE}/a/..`)],
  ])('%s is not what was signed', async (_, change) => {
    const signed = sign({ query: [['limit', '100']] })
    expect(await createServer().askSigned({ ...signed, url: change(signed.url) })).toMatchObject({
      ok: false,
      status: 401,
    })
  })
})
