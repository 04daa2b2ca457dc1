// Reads the parameters of an `Authorization: OAuth …` header, in every shape that signers write it.
import type { Pair } from './pairs.ts'

const SCHEME = /^\s*OAuth(?=[\s,]|$)/i
const REST_IS_EMPTY = /[\s,]*$/y
/** A quote that ends in the middle of something opened nothing: its partner is missing. */
const PARAMETER = /[\s,]*([^\s,="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"(?=[\s,]|$)|([^\s,]*)))?/y
const STRAY_QUOTES = /^"|"$/g

/** Node accepts 16 KB of headers in all; a signature needs some 400 bytes. */
const LONGEST_HEADER = 8_192

/** Whether the request claims to be signed by OAuth 1.0a: an Authorization header of the scheme `OAuth`, in any case. */
export function isOAuth1(request: Request): boolean {
  return SCHEME.test(request.headers.get('authorization') ?? '')
}

/**
 * The decoded parameters in order, `realm` among them (RFC 5849 §3.5.1). Forgives missing quotes, blanks anywhere, a
 * comma after the scheme or at the end. Undefined for another scheme, a header over 8 KB, and what cannot be told apart
 * or decoded.
 */
export function readOAuthHeader(header: string): readonly Pair[] | undefined {
  const scheme = SCHEME.exec(header)
  if (scheme === null || header.length > LONGEST_HEADER) return undefined
  const pairs: Pair[] = []
  let at = scheme[0].length
  while (!matchesAt(REST_IS_EMPTY, header, at)) {
    const match = matchesAt(PARAMETER, header, at)
    if (match === null) return undefined
    const [all, rawName = '', quoted, bare = ''] = match
    const name = decodePercent(rawName)
    const value = decodePercent(quoted ?? bare.replace(STRAY_QUOTES, ''))
    if (name === undefined) return undefined
    // The realm is a quoted string and not percent-encoded; nobody needs what it says.
    if (value === undefined && name !== 'realm') return undefined
    pairs.push({ name, value: value ?? '' })
    at += all.length
  }
  return pairs
}

function matchesAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at
  return sticky.exec(text)
}

/** `+` stays: only forms write blanks so. */
function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // decodeURIComponent has no other failure than a malformed escape.
    return undefined
  }
}
