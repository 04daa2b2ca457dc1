// The base string, against the examples of the standard.
import { describe, expect, it } from 'vitest'
import { baseString, parseAddress } from '../../../src/auth/oauth1/base-string.ts'
import { encodeStrictly } from '../../../src/auth/oauth1/encoders.ts'
import { readOAuthHeader } from '../../../src/auth/oauth1/header.ts'
import { decodePair, splitPairs } from '../../../src/auth/oauth1/pairs.ts'
import { readingsOf } from '../../../src/auth/oauth1/readings.ts'

function addressOf(text: string) {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`No address: ${text}`)
  return address
}

function uriOf(text: string): string | undefined {
  const base = baseString({ method: 'get', address: addressOf(text), parameters: '', encode: encodeStrictly })
  return decodeURIComponent(base.split('&')[1] ?? '')
}

describe('the base string', () => {
  it("is that of RFC 5849's example (section 3.4.1.1)", () => {
    const header = `OAuth realm="Example",
      oauth_consumer_key="9djdj82h48djs9d2",
      oauth_token="kkk9d7dh3k39sjv7",
      oauth_signature_method="HMAC-SHA1",
      oauth_timestamp="137131201",
      oauth_nonce="7d8f3e4a",
      oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"`
    const parameters = [
      ...(readOAuthHeader(header) ?? []).filter(({ name }) => name !== 'realm' && name !== 'oauth_signature'),
      ...splitPairs('c2&a3=2+q').map(decodePair),
    ]
    const addresses = [addressOf('http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b')]
    const [first] = readingsOf({ method: 'POST', addresses, parameters })
    expect(first).toMatchObject({
      alternate: null,
      base:
        'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D' +
        '%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1' +
        '%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
    })
  })

  it('names the method in capitals', () => {
    const address = addressOf('https://example.org/')
    expect(baseString({ method: 'get', address, parameters: '', encode: encodeStrictly })).toMatch(/^GET&/)
  })

  it.each([
    ['http://EXAMPLE.COM:80/r%20v/X?id=123', 'http://example.com/r%20v/X'],
    ['https://www.example.net:8080/?q=1', 'https://www.example.net:8080/'],
    ['HTTPS://Example.org:443/A/b', 'https://example.org/A/b'],
    ['http://example.org:443/a', 'http://example.org:443/a'],
    ['https://example.org', 'https://example.org/'],
    ['https://example.org?a=/b', 'https://example.org/'],
    ['https://example.org//a/../b/./%7e/%2F/', 'https://example.org//a/../b/./%7e/%2F/'],
    ['https://user:pass@example.org/a', 'https://example.org/a'],
    ['http://[::1]:3000/a', 'http://[::1]:3000/a'],
    ['https://example.org/a#b', 'https://example.org/a'],
  ])('takes %s for %s', (text, expected) => {
    expect(uriOf(text)).toBe(expected)
  })

  it.each(['', '/users', 'ftp://example.org/', 'https://', 'https:///users', 'https://a:b/'])(
    'finds no address in "%s"',
    (text) => {
      expect(parseAddress(text)).toBeUndefined()
    },
  )

  it('sorts by the encoded name, then by the encoded value, and keeps what comes twice', () => {
    const addresses = [addressOf('https://e.org/?b=2&a=%C3%A9&a=z&a=1&a=1&A=x&a%2B=1')]
    const [first] = readingsOf({ method: 'GET', addresses, parameters: [] })
    expect(decodeURIComponent(first?.base.split('&')[2] ?? '')).toBe('A=x&a=%C3%A9&a=1&a=1&a=z&a%2B=1&b=2')
  })

  it('is one alone for a request that no defect can spoil', () => {
    const addresses = [addressOf('https://e.org/users?limit=100&offset=0')]
    expect([...readingsOf({ method: 'GET', addresses, parameters: [] })]).toHaveLength(1)
  })

  it('is tried by the letter alone for a query of very many parameters', () => {
    const addresses = [addressOf(`https://e.org:8443/users?${"a='*~ '&".repeat(2_000)}`)]
    const alternates = [...readingsOf({ method: 'GET', addresses, parameters: [] })].map(({ alternate }) => alternate)
    expect(alternates).toEqual([null, 'without-port'])
  })
})
