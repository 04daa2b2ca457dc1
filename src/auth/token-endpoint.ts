// The token endpoint: client credentials in, access token out (RFC 6749 §4.4, with the leniencies consumers need).
import type { Log } from '../log.ts'
import { type ConsumerRecord, findConsumer } from '../store/consumers.ts'
import { issueToken, type TokenKey } from './access-token.ts'
import { authenticateClient, type CredentialDeps } from './credentials.ts'
import { heldScopes, narrowScopes } from './scopes.ts'
import type { RandomBytes } from './secrets.ts'
import { readTokenRequest, type TokenRefusal, type TokenRequest } from './token-request.ts'

export interface TokenEndpointDeps extends TokenKey, CredentialDeps {
  readonly log: Log
  readonly tokenLifetimeMs: number
  /** Cryptographic randomness; the runtime's own when left out. */
  readonly random?: RandomBytes
}

const CLIENT_CREDENTIALS = 'client_credentials'

/** RFC 6749 §5.1: neither token nor refusal may be kept by a cache. */
const UNCACHED = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const

const EXTRA_HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'WWW-Authenticate': 'Basic realm="oneroster", charset="UTF-8"' },
  405: { Allow: 'POST' },
  // Longer than all that may wait takes.
  503: { 'Retry-After': '5' },
}

/**
 * Answers 200 with a new bearer token, or RFC 6749 §5.2's errors: 401 for credentials, 400 for the rest (405 for another
 * method, 413 for a long body, 503 while too many ask with secrets that were not right before). No scope asked = all of the
 * consumer's; unknown or foreign scopes are left out, and only when none remains is the request refused. A new token ends no
 * earlier one. That credentials have expired is told to those alone who know the secret.
 */
export async function handleTokenRequest(request: Request, deps: TokenEndpointDeps): Promise<Response> {
  if (request.method !== 'POST') return answer(refusal(405, 'invalid_request', 'Send the request with POST'))
  const read = await readTokenRequest(request)
  if (!read.ok) return answer(read)
  const refused = refuseGrant(read.request)
  if (refused !== undefined) return answer(refused)

  const { credentials, scopes: asked } = read.request
  const authenticated = await authenticateClient(credentials, deps)
  if (!authenticated.ok) {
    const { reason } = authenticated
    // Only an id that exists is logged: another may be a secret in the wrong place.
    const client = credentials.find(({ id }) => findConsumer(deps.sql, id) !== undefined)?.id
    deps.log.warn('token-refused', { client, error: UNAUTHENTIC[reason].error, reason })
    return answer(UNAUTHENTIC[reason])
  }
  const { consumer } = authenticated
  const held = heldScopes(consumer)
  const scopes = asked.length === 0 ? held : narrowScopes(held, asked)
  if (scopes.length === 0) {
    deps.log.warn('token-refused', { client: consumer.id, error: 'invalid_scope' })
    return answer(refusal(400, 'invalid_scope', 'The client holds none of the scopes asked for'))
  }
  return grant(consumer, scopes, deps)
}

const UNAUTHENTIC = {
  wrong: refusal(401, 'invalid_client', 'The client id or secret is wrong'),
  expired: refusal(401, 'invalid_client', 'The credentials of this client have expired'),
  busy: refusal(503, 'temporarily_unavailable', 'Too many token requests at once. Ask again later'),
} as const

/** A missing grant_type is forgiven where a Basic header says enough: some consumers send an empty body. */
function refuseGrant({ grantType, isBasic, credentials }: TokenRequest): TokenRefusal | undefined {
  if (grantType !== undefined && grantType !== CLIENT_CREDENTIALS) {
    return refusal(400, 'unsupported_grant_type', 'Only client_credentials is supported')
  }
  if (credentials.length === 0) {
    const ways = 'use a Basic header, or client_id and client_secret in the body'
    return refusal(401, 'invalid_client', `No client credentials were sent: ${ways}`)
  }
  if (grantType === undefined && !isBasic) {
    return refusal(400, 'invalid_request', 'grant_type=client_credentials is missing')
  }
  return undefined
}

async function grant(consumer: ConsumerRecord, scopes: readonly string[], deps: TokenEndpointDeps): Promise<Response> {
  // A token does not promise more than its consumer's own end, at which the guard refuses it whatever it promised.
  const leftMs = (consumer.expiresMs ?? Number.POSITIVE_INFINITY) - deps.now()
  const lifetimeSeconds = Math.max(1, Math.floor(Math.min(deps.tokenLifetimeMs, leftMs) / 1000))
  const token = await issueToken(
    { clientId: consumer.id, clientCreatedMs: consumer.createdMs, scopes },
    { ...deps, lifetimeSeconds },
  )
  deps.log.info('token-issued', { client: consumer.id, scopes: scopes.length })
  return Response.json(
    { access_token: token, token_type: 'bearer', expires_in: lifetimeSeconds, scope: scopes.join(' ') },
    { headers: UNCACHED },
  )
}

function refusal(status: TokenRefusal['status'], error: TokenRefusal['error'], description: string): TokenRefusal {
  return { ok: false, status, error, description }
}

function answer({ status, error, description }: TokenRefusal): Response {
  const headers = { ...UNCACHED, ...EXTRA_HEADERS[status] }
  return Response.json({ error, error_description: description }, { status, headers })
}
