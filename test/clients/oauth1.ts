// OAuth 1.0a as the libraries in the field sign: each with the percent-encoding, address and header that it writes.
import { createHmac } from 'node:crypto'
import { CONSUMER } from '../support/known.ts'
import type { Credentials } from './tokens.ts'
import type { Wire, WireAnswer } from './wire.ts'

type Encode = (text: string) => string
type Pair = readonly [name: string, value: string]

const upper = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
const strict: Encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, upper)

/** How each platform's own function percent-encodes. */
const ENCODERS = {
  /** As RFC 5849 §3.6 has it: Python's `quote`, PHP's `rawurlencode`. */
  strict,
  /** `encodeURIComponent` and `querystring.escape` leave `! ' ( ) *`. */
  javascript: encodeURIComponent,
  /** `URLEncoder` with `+` repaired leaves `*` and encodes `~`. */
  java: (text: string) => strict(text).replaceAll('%2A', '*').replaceAll('~', '%7E'),
  /** `CGI.escape` writes a blank as `+`. */
  ruby: (text: string) => strict(text).replaceAll('%20', '+'),
  /** `HttpUtility.UrlEncode` with `+` repaired and hex in upper case leaves `! ( ) *` and encodes `~`. */
  dotnet: (text: string) =>
    strict(text)
      .replace(/%2[189A]/g, (written) => decodeURIComponent(written))
      .replaceAll('~', '%7E'),
} as const satisfies Readonly<Record<string, Encode>>

export interface Library {
  readonly method: 'HMAC-SHA1' | 'HMAC-SHA256'
  /** Encodes values, addresses and the whole for signing. */
  readonly encode: Encode
  /** Encodes what is sent in the query. */
  readonly encodeQuery: Encode
  /** Header parameters besides the usual ones. */
  readonly extra?: readonly Pair[]
  readonly dropsPort?: boolean
  readonly leavesOutEmpty?: boolean
  readonly header?: (pairs: readonly string[]) => string
}

const separated = (pairs: readonly string[]) => `OAuth ${pairs.join(', ')}`

export const LIBRARIES = {
  /** School Data Sync and Grade Sync: one line without blanks, empty parameters not signed. */
  sds: {
    method: 'HMAC-SHA1',
    encode: strict,
    encodeQuery: (text) => encodeURIComponent(text).replaceAll('%3D', '='),
    extra: [['oauth_version', '1.0']],
    leavesOutEmpty: true,
    header: (pairs) => `OAuth ${pairs.join(',')}`,
  },
  python: { method: 'HMAC-SHA256', encode: strict, encodeQuery: (text) => ENCODERS.ruby(text) },
  node: {
    method: 'HMAC-SHA256',
    encode: ENCODERS.javascript,
    // The HTTP library that it uses has an encoding of its own.
    encodeQuery: (text) =>
      encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%3A', ':').replaceAll('%2C', ','),
  },
  php: { method: 'HMAC-SHA256', encode: strict, encodeQuery: strict, dropsPort: true },
  java: { method: 'HMAC-SHA256', encode: ENCODERS.java, encodeQuery: ENCODERS.java },
  ruby: { method: 'HMAC-SHA256', encode: ENCODERS.ruby, encodeQuery: ENCODERS.ruby, dropsPort: true },
  dotnet: {
    method: 'HMAC-SHA1',
    encode: ENCODERS.dotnet,
    encodeQuery: ENCODERS.dotnet,
    extra: [['oauth_version', '1.0']],
  },
  /** Moodle's helper keeps a callback in the header, and its HTTP library a comma behind the scheme. */
  moodle: {
    method: 'HMAC-SHA256',
    encode: strict,
    encodeQuery: strict,
    extra: [
      ['oauth_callback', 'about:blank'],
      ['oauth_token', ''],
      ['oauth_version', '1.0'],
    ],
    header: (pairs) => `OAuth, ${pairs.join(',')}`,
  },
  /** TCI's middleware for Faraday. */
  faraday: { method: 'HMAC-SHA1', encode: strict, encodeQuery: ENCODERS.ruby, extra: [['oauth_version', '1.0']] },
} as const satisfies Readonly<Record<string, Library>>

export interface SignedRequest {
  readonly address: string
  readonly authorization: string
}

export interface SigningOptions {
  readonly credentials?: Credentials
  readonly nowMs: number
  readonly nonce: string
}

/** The address with its query as the library sends it, and its header. */
export function sign(
  library: Library,
  address: string,
  query: readonly Pair[],
  options: SigningOptions,
): SignedRequest {
  const { encode, extra = [], header = separated, leavesOutEmpty = false } = library
  const { credentials = CONSUMER, nowMs, nonce } = options
  const own: readonly Pair[] = [
    ['oauth_consumer_key', credentials.id],
    ['oauth_signature_method', library.method],
    ['oauth_timestamp', String(Math.floor(nowMs / 1000))],
    ['oauth_nonce', nonce],
    ...extra,
  ]
  const parameters = [...own, ...query]
    .filter(([, value]) => value !== '' || !leavesOutEmpty)
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const signed = library.dropsPort ? address.replace(/^(https?:\/\/[^/:]+):\d+/, '$1') : address
  const text = `GET&${encode(signed)}&${encode(parameters)}`
  const hmac = createHmac(library.method === 'HMAC-SHA1' ? 'sha1' : 'sha256', `${encode(credentials.secret)}&`)
  const signature = hmac.update(text).digest('base64')
  const pairs = [...own, ['oauth_signature', signature] as const].map(
    ([name, value]) => `${name}="${encodeURIComponent(value)}"`,
  )
  const written = query.map(([name, value]) => `${library.encodeQuery(name)}=${library.encodeQuery(value)}`).join('&')
  return { address: written === '' ? address : `${address}?${written}`, authorization: header(pairs) }
}

export interface SigningClient {
  /** Signs and sends a request of a path below the base. */
  get(path: string, query?: Readonly<Record<string, string>>): Promise<WireAnswer>
}

let signedRequests = 0

/** Eight to ten letters, as ClassLink's libraries make them; never twice, whatever client asks. */
function nextNonce(): string {
  signedRequests += 1
  return createHmac('sha256', 'nonces')
    .update(String(signedRequests))
    .digest('hex')
    .slice(0, 8 + (signedRequests % 3))
}

/** A client that signs every request of its own. */
export function signingClient(
  wire: Wire,
  library: Library,
  { now, credentials = CONSUMER }: { readonly now: () => number; readonly credentials?: Credentials },
): SigningClient {
  return {
    get(path, query = {}) {
      const address = `${wire.publicUrl}/ims/oneroster/v1p1${path}`
      const request = sign(library, address, Object.entries(query), {
        credentials,
        nowMs: now(),
        nonce: nextNonce(),
      })
      return wire.send(request.address, { headers: { authorization: request.authorization } })
    },
  }
}
