// Decides who signed a request by two-legged OAuth 1.0a (RFC 5849), as OneRoster 1.1 uses it.
import { BridgeError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { rememberNonce } from '../../store/nonces.ts'
import type { Sql } from '../../store/sql.ts'
import { parseAddress } from './base-string.ts'
import { readBody } from './body.ts'
import { readOAuthHeader } from './header.ts'
import { decodePair, type Pair, splitPairs } from './pairs.ts'
import { type Protocol, readProtocol } from './protocol.ts'
import { readingsOf } from './readings.ts'
import { findSignedReading, isBodyHash } from './signature.ts'

/** How far a timestamp may be from the clock. */
export interface TimestampWindow {
  readonly pastMs: number
  readonly futureMs: number
}

export interface SigningSecrets {
  /** The consumer's own, and its previous one while the overlap of a rotation lasts. */
  readonly secrets: readonly string[]
  readonly mayUseSha1: boolean
}

export interface OAuth1Deps {
  readonly sql: Sql
  readonly now: () => number
  readonly log: Log
  /**
   * Under which the request may have been signed, the configured public one first: absolute, with path and query in the
   * very letters that were sent.
   */
  readonly addresses: readonly string[]
  /** Undefined: there is no such consumer, or it may not sign (now). */
  readonly secretsOf: (consumerKey: string) => Promise<SigningSecrets | undefined>
  /** 10 minutes back and 5 ahead when left out. */
  readonly window?: TimestampWindow
}

export interface OAuth1Refusal {
  readonly ok: false
  readonly status: 400 | 401
  /** The value of the WWW-Authenticate header. */
  readonly wwwAuthenticate: string
  readonly description: string
}

/** Nothing is wrong with the request, but it cannot be decided now. */
export interface OAuth1Delay {
  readonly ok: false
  readonly status: 503
  readonly retryAfterSeconds: number
  readonly description: string
}

export type OAuth1Result = { readonly ok: true; readonly consumerKey: string } | OAuth1Refusal | OAuth1Delay

const DEFAULT_WINDOW: TimestampWindow = { pastMs: 10 * 60_000, futureMs: 5 * 60_000 }
const LONGEST_NONCE = 255
/** As long as another process may hold the database before a statement gives up. */
const STORE_RETRY_SECONDS = 5
const FORM_BYTES = 8_192
const HASHED_BODY_BYTES = 1_048_576

/** Signs for whom nobody knows, so that an unknown key costs what a wrong signature costs. What it signs is refused. */
const NOBODY: SigningSecrets = { secrets: ['nobody'], mayUseSha1: true }

/**
 * Accepts a request that a consumer signed with HMAC-SHA256 (also called HMAC-SHA2) or HMAC-SHA1, lately and not before.
 * The base string is RFC 5849's; what a signer's known defects make of it is accepted too, and logged as
 * `oauth1-alternate`. 400 for parameters that are missing, repeated or not supported; 401 for a wrong key, signature,
 * timestamp or nonce; 503 when the store cannot take the nonce now. The body stays readable. Used nonces are in the
 * store, so that a restart forgets none.
 */
export async function authenticateOAuth1(request: Request, deps: OAuth1Deps): Promise<OAuth1Result> {
  const header = readOAuthHeader(request.headers.get('authorization') ?? '')
  if (header === undefined) return refused(400, 'The Authorization header is not OAuth with name="value" parameters.')
  const form = await readForm(request)
  if (form === undefined) return refused(400, `The form body cannot be read, or is over ${FORM_BYTES} bytes.`)
  const addresses = deps.addresses.map(parseAddress).filter((address) => address !== undefined)
  const query = splitPairs(addresses[0]?.query ?? '').map(decodePair)
  const read = readProtocol(header, [...query, ...form])
  if (!read.ok) return refused(400, read.fault)
  const { protocol } = read
  const untimely = findTimeFault(protocol, deps)
  if (untimely !== undefined) return refused(401, untimely)

  const known = await deps.secretsOf(protocol.consumerKey)
  const isKnown = known !== undefined && known.secrets.length > 0
  const { secrets, mayUseSha1 } = isKnown ? known : NOBODY
  const readings = readingsOf({ method: request.method, addresses, parameters: [...protocol.signed, ...form] })
  const reading = await findSignedReading(readings, { hash: protocol.hash, signature: protocol.signature, secrets })
  // One wording for both: an answer must not tell which consumers exist.
  if (!isKnown || reading === undefined) return refused(401, WRONG)
  if (protocol.hash === 'SHA-1' && !mayUseSha1) {
    return refused(400, 'HMAC-SHA1 is switched off for this consumer. Use HMAC-SHA256.')
  }
  const wrongBody = await findBodyFault(request, protocol)
  if (wrongBody !== undefined) return wrongBody
  const usedOrDelayed = useNonce(protocol, deps)
  if (usedOrDelayed !== undefined) return usedOrDelayed
  if (reading.alternate !== null) {
    deps.log.info('oauth1-alternate', { consumer: protocol.consumerKey, alternate: reading.alternate })
  }
  return { ok: true, consumerKey: protocol.consumerKey }
}

/** The parameters of a form body, which are signed (§3.4.1.3.1); no other body is read here. */
async function readForm(request: Request): Promise<readonly Pair[] | undefined> {
  const contentType = request.headers.get('content-type') ?? ''
  if (!/^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType)) return []
  const body = await readBody(request, FORM_BYTES)
  return body === undefined ? undefined : splitPairs(new TextDecoder().decode(body)).map(decodePair)
}

function findTimeFault({ timestamp, nonce }: Protocol, { now, window = DEFAULT_WINDOW }: OAuth1Deps) {
  if (!/^\d{1,12}$/.test(timestamp))
    return 'oauth_timestamp must be a whole number of seconds since 1970-01-01T00:00:00Z.'
  const aheadMs = Number(timestamp) * 1000 - now()
  if (aheadMs < -window.pastMs || aheadMs > window.futureMs) {
    const time = `${new Date(now()).toISOString()} (${Math.floor(now() / 1000)})`
    return `oauth_timestamp is too far from the time of this server, which is ${time}. Set the clock right, sign anew.`
  }
  return nonce.length > LONGEST_NONCE ? `oauth_nonce is over ${LONGEST_NONCE} characters.` : undefined
}

/** Nobody has to send a body's hash; who does gets it verified. */
async function findBodyFault(request: Request, { bodyHash, hash }: Protocol): Promise<OAuth1Refusal | undefined> {
  if (bodyHash === undefined) return undefined
  const body = await readBody(request, HASHED_BODY_BYTES)
  if (body === undefined) return refused(400, `The body cannot be read, or is over ${HASHED_BODY_BYTES} bytes.`)
  if (await isBodyHash(bodyHash, body, hash)) return undefined
  return refused(401, 'oauth_body_hash is not the hash of the body that was sent.')
}

/** Undefined when the nonce is new, and remembered. Without that nothing is let in: it could be let in again. */
function useNonce(
  { timestamp, consumerKey, nonce }: Protocol,
  deps: OAuth1Deps,
): OAuth1Refusal | OAuth1Delay | undefined {
  const { pastMs, futureMs } = deps.window ?? DEFAULT_WINDOW
  // One window longer than timestamps are accepted: a clock that is set back accepts older ones again.
  const forgetBefore = (deps.now() - pastMs - (pastMs + futureMs)) / 1000
  try {
    const isNew = rememberNonce(deps.sql, { timestamp: Number(timestamp), consumer: consumerKey, nonce }, forgetBefore)
    return isNew ? undefined : refused(401, 'The nonce was used before. Use a new one for each request.')
  } catch (error) {
    if (!(error instanceof BridgeError && error.code === 'store-failed')) throw error
    deps.log.warn('oauth1-nonce-failed', { consumer: consumerKey, message: error.message, remedy: error.remedy })
    const description = 'The nonce cannot be noted at the moment. Sign anew and ask again later.'
    return { ok: false, status: 503, retryAfterSeconds: STORE_RETRY_SECONDS, description }
  }
}

/** RFC 5849 §3.5.1's challenge. */
export const OAUTH1_CHALLENGE = 'OAuth realm="oneroster"'

const WRONG =
  'The consumer key or the signature is wrong. Check the key, the secret, and that the address was signed under which this server is known to its consumers.'

function refused(status: 400 | 401, description: string): OAuth1Refusal {
  return { ok: false, status, wwwAuthenticate: OAUTH1_CHALLENGE, description }
}
