// The signature base string of RFC 5849 §3.4.1.
import type { Encode } from './encoders.ts'
import type { Pair } from './pairs.ts'

export interface Address {
  readonly scheme: string
  readonly host: string
  /** Empty for the scheme's default port. */
  readonly port: string
  /** As it was sent: its escapes are neither decoded nor changed. */
  readonly path: string
  /** As it was sent, without its `?`. */
  readonly query: string
}

export interface Signable {
  readonly method: string
  readonly address: Address
  /** The third part (`parameterPart`). */
  readonly parameters: string
  /** Encodes the first two parts. */
  readonly encode: Encode
}

const ADDRESS = /^(https?):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/i
const AUTHORITY = /^(?:[^@]*@)?(\[[^\]]*\]|[^:[\]]+)(?::(\d*))?$/
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

/** Takes an address apart without changing its path and query, as `URL` would (§3.4.1.2). Undefined for no web address. */
export function parseAddress(text: string): Address | undefined {
  const [, scheme, authority, path, query = ''] = ADDRESS.exec(text) ?? []
  const [, host, port = ''] = AUTHORITY.exec(authority ?? '') ?? []
  if (scheme === undefined || host === undefined) return undefined
  const lowerScheme = scheme.toLowerCase()
  return {
    scheme: lowerScheme,
    host: host.toLowerCase(),
    port: port === DEFAULT_PORTS[lowerScheme] ? '' : port,
    path: path === undefined || path === '' ? '/' : path,
    query,
  }
}

/** `METHOD&address&parameters`, each part encoded (§3.4.1.1). */
export function baseString({ method, address, parameters, encode }: Signable): string {
  const { scheme, host, port, path } = address
  const uri = `${scheme}://${host}${port === '' ? '' : `:${port}`}${path}`
  return `${encode(method.toUpperCase())}&${encode(uri)}&${parameters}`
}

/** The part that is the same for every address. The pairs are encoded already, in any order. */
export function parameterPart(pairs: readonly Pair[], encode: Encode): string {
  return encode(normalizeParameters(pairs))
}

/** Sorted by name, then by value; repeated ones stay (§3.4.1.3.2). Encoded text is ASCII, so that its order is the bytes'. */
function normalizeParameters(pairs: readonly Pair[]): string {
  return [...pairs]
    .sort((left, right) => compare(left.name, right.name) || compare(left.value, right.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&')
}

function compare(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
