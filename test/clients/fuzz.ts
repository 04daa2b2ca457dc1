// Random requests, repeatable by their seed: valid in many parts, broken in some, hostile in others.
import { itemAt, type Random } from '../../fixtures/powerschool/random.ts'
import {
  BASES,
  BROKEN,
  EMPTY_LISTS,
  HEADERS,
  JOINTS,
  LISTS,
  METHODS,
  NASTY,
  NESTED,
  OTHER_PATHS,
  PARAMETERS,
  PREDICATES,
  SUBTYPES,
} from './fuzz-words.ts'
import { LIBRARIES, sign } from './oauth1.ts'
import type { Credentials } from './tokens.ts'

export interface FuzzRequest {
  /** The place of the consumer whose credentials it may hold. */
  readonly who: number
  /** Below the origin, as it is written. */
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface FuzzConsumer {
  /** A token that opens something. */
  readonly token: string
  readonly credentials: Credentials
}

/** What the requests may know: consumers, and ids of records, seen and unseen. */
export interface FuzzMaterial {
  readonly consumers: readonly FuzzConsumer[]
  readonly ids: readonly string[]
  readonly nowMs: number
  readonly publicUrl: string
}

/** Makes one request after another. */
export function createFuzz(random: Random, material: FuzzMaterial): () => FuzzRequest {
  const { chance, int, pick } = random
  const collections = Object.keys(LISTS)
  let nonces = 0

  const letters = (length: number) =>
    Array.from({ length }, () => String.fromCodePoint(chance(0.8) ? int(33, 126) : int(160, 0xd7ff))).join('')
  const value = (): string => {
    if (chance(0.35)) return pick(material.ids)
    if (chance(0.8)) return pick(NASTY)
    return chance(0.9) ? letters(int(1, 12)) : letters(int(500, 3000))
  }
  const quoted = (text: string) =>
    chance(0.93) ? `'${text}'` : pick([text, `"${text}"`, `'${text}`, `’${text}’`, `${text}'`])

  const field = (): string => {
    if (chance(0.85)) return pick(LISTS[pick(collections)] ?? [])
    return pick([
      'sourcedId',
      'status',
      'dateLastModified',
      'metadata',
      'metadata.x',
      'a.b.c.d',
      '',
      '.',
      'Sourcedid',
      'body',
      'r.seq',
      letters(3),
    ])
  }
  const clause = (known: readonly string[]) =>
    `${chance(0.75) ? pick([...known, 'sourcedId', 'status', 'dateLastModified']) : field()}${chance(0.85) ? pick(PREDICATES.slice(0, 7)) : pick(PREDICATES)}${quoted(value())}`
  const filter = (known: readonly string[]): string => {
    const clauses = chance(0.98) ? int(1, 3) : int(20, 400)
    let text = clause(known)
    for (let made = 1; made < clauses; made += 1) {
      text += (chance(0.9) ? pick(JOINTS.slice(0, 4)) : pick(JOINTS)) + clause(known)
    }
    if (chance(0.02)) return `${'('.repeat(int(1, 2000))}${text}`
    return chance(0.03) ? text.slice(0, int(0, text.length)) : text
  }

  const parameter = (known: readonly string[]): string => {
    const name = chance(0.93)
      ? pick(PARAMETERS)
      : pick(['Limit', ' limit ', '$filter', 'filter[]', '__proto__', '', letters(2)])
    const sane = new Map<string, () => string>([
      ['limit', () => String(int(1, 60))],
      ['offset', () => String(int(0, 60))],
      ['sort', () => pick([...known, 'sourcedId', 'dateLastModified', 'nothing'])],
      ['orderBy', () => pick(['asc', 'desc', 'ASC'])],
      ['filter', () => filter(known)],
      ['fields', () => Array.from({ length: int(1, 3) }, () => pick([...known, 'sourcedId', 'status'])).join(',')],
    ])
    const isFree = name === 'sort' || name === 'fields'
    // Warnings repeat what was sent there, which must not look like a leak.
    const odd = () => (isFree ? pick(NASTY) : value())
    const text = chance(0.85) ? (sane.get(name)?.() ?? odd()) : odd()
    return `${encodeURIComponent(name)}=${written(text)}`
  }
  /** Encoded once, left as it is, encoded twice, or broken. */
  const written = (text: string): string => {
    const safe = text.toWellFormed()
    if (chance(0.75)) return encodeURIComponent(safe)
    if (chance(0.6)) return safe.replaceAll(' ', '+')
    return chance(0.5) ? encodeURIComponent(encodeURIComponent(safe)) : safe + pick(BROKEN)
  }

  const id = () => (chance(0.85) ? pick(material.ids) : written(pick(NASTY)))
  const place = (): { readonly path: string; readonly known: readonly string[] } => {
    const list = pick(collections)
    const known = LISTS[list] ?? []
    const base = chance(0.9) ? pick(BASES.slice(0, 4)) : pick(BASES)
    if (chance(0.35)) return { path: base + list, known }
    if (chance(0.15)) return { path: base + pick(SUBTYPES), known: LISTS.users ?? [] }
    if (chance(0.5)) return { path: base + pick(NESTED).replaceAll('*', id), known }
    if (chance(0.6)) return { path: `${base}${chance(0.7) ? list : pick(SUBTYPES)}/${id()}`, known }
    if (chance(0.5)) return { path: base + pick(EMPTY_LISTS) + (chance(0.3) ? `/${id()}` : ''), known }
    if (chance(0.5)) return { path: pick(OTHER_PATHS), known }
    return { path: `${base}${written(letters(int(0, 8)))}/${written(pick(NASTY))}`, known }
  }

  const authorization = (path: string, { token, credentials }: FuzzConsumer): string | undefined => {
    if (chance(0.86)) return `Bearer ${token}`
    const shapes = [
      () => undefined,
      () => '',
      () => 'Bearer',
      () => `bearer   ${token}`,
      () => `Bearer ${token.slice(0, int(0, token.length))}`,
      () => `Bearer ${token} ${token}`,
      () => `Bearer ${token.split('.').reverse().join('.')}`,
      () => `Bearer ${btoa('{"alg":"none"}')}.${token.split('.')[1]}.`,
      () => `Basic ${btoa(`${credentials.id}:x`)}`,
      () => 'Basic %%%',
      () => `OAuth ${['', ',', '=', 'realm="', 'oauth_consumer_key=', 'oauth_nonce="a"', '"'.repeat(9)][int(0, 6)]}`,
      () => scrambled(signed(path, credentials)),
      () => signed(path, credentials),
      () => `OAuth ${latin(letters(60))}`,
      () => latin(letters(int(1, 40))),
      () => `Digest username="${credentials.id}"`,
      () => 'x'.repeat(7000),
    ]
    return pick(shapes)()
  }
  const signed = (path: string, credentials: Credentials): string => {
    nonces += 1
    const { nowMs, publicUrl } = material
    const [address = '', query = ''] = `${publicUrl}${path}`.split(/\?(.*)/s)
    const pairs = [...new URLSearchParams(query)]
    return sign(pick(Object.values(LIBRARIES)), address, pairs, { credentials, nowMs, nonce: `n${nonces}` })
      .authorization
  }
  const scrambled = (text: string): string => {
    const at = int(0, text.length)
    return text.slice(0, at) + pick(['', '"', ',', '=', '%', 'é', text.slice(0, 30)]) + text.slice(at + int(0, 12))
  }

  return () => {
    const who = int(0, material.consumers.length - 1)
    const consumer = itemAt(material.consumers, who)
    if (chance(0.01)) return { who, ...tokenRequest(random, consumer.credentials, letters) }
    const { path: start, known } = place()
    const mark = chance(0.97) ? '?' : pick(['??', '?&', '#?', '?='])
    const parameters = Array.from({ length: int(0, 4) }, () => (chance(0.99) ? parameter(known) : pick(BROKEN)))
    const path = start + (parameters.length === 0 ? '' : mark) + parameters.join('&')
    const method = chance(0.9) ? 'GET' : pick(METHODS)
    const extra = Object.keys(HEADERS)
      .filter(() => chance(0.08))
      .map((name) => [name, latin(pick(HEADERS[name] ?? ['']))] as const)
    const shown = authorization(path, consumer)
    return {
      who,
      path,
      method,
      headers: { ...Object.fromEntries(extra), ...(shown === undefined ? {} : { authorization: latin(shown) }) },
      ...(method !== 'GET' && method !== 'get' && method !== 'HEAD' && chance(0.5) ? { body: pick(BODIES) } : {}),
    }
  }
}

const BODIES = [
  '',
  '{}',
  '{',
  '[]',
  'null',
  '{"lineItem":{"title":1}}',
  '{"lineItem":null}',
  'a=b&a=c',
  '\u0000',
  '"'.repeat(5000),
]

/** Token requests; those whose client exists are rare, because a wrong secret costs what a right one does. */
function tokenRequest(
  { int, pick, chance }: Random,
  credentials: Credentials,
  letters: (length: number) => string,
): Omit<FuzzRequest, 'who'> {
  const isKnown = chance(0.03)
  const id = isKnown ? credentials.id : pick(['', 'nobody', letters(4), 'a:b'])
  const secret = isKnown && chance(0.5) ? credentials.secret : pick(NASTY)
  const fields = {
    grant_type: pick(['client_credentials', 'password', '', 'refresh_token', letters(3)]),
    scope: pick(['', 'x', 'https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly', letters(30)]),
    ...(chance(0.5) ? { client_id: id, client_secret: secret } : {}),
  }
  const wellFormed = Object.entries(fields).map(([name, text]) => [name, text.toWellFormed()])
  const bodies = [
    new URLSearchParams(wellFormed).toString(),
    JSON.stringify(fields),
    JSON.stringify([fields]),
    `${new URLSearchParams(wellFormed)}&grant_type=twice`,
    '{"grant_type":',
    '{"grant_type":{"a":[]},"scope":[1,null]}',
    '%%%=%%%',
    letters(int(1, 50)),
    'x'.repeat(20_000),
    '',
  ]
  const encoded = Buffer.from(`${id}:${secret}`).toString('base64')
  const method = chance(0.9) ? 'POST' : pick(['GET', 'PUT', 'OPTIONS', 'DELETE'])
  return {
    path:
      pick(['/oauth/token', '/token', '/oauth2/token', '/oauth/token/', '/OAuth/Token']) +
      pick(['', '', '?grant_type=client_credentials', '?scope=%zz', '?client_secret=x']),
    method,
    headers: {
      ...(chance(0.5)
        ? { authorization: latin(pick([`Basic ${encoded}`, 'Basic', 'Basic ====', `Basic ${encoded} x`, 'Bearer x'])) }
        : {}),
      ...(chance(0.8) ? { 'content-type': pick(HEADERS['content-type'] ?? ['']) } : {}),
    },
    ...(method === 'GET' ? {} : { body: pick(bodies) }),
  }
}

/** What a header can hold: one line of Latin-1. */
function latin(text: string): string {
  return text.replace(/[^\x20-\x7e\xa0-\xff]/gu, '?').trim()
}
