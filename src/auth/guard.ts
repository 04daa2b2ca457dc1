// Decides who asks a OneRoster path with a bearer token, and whether their scopes suffice (RFC 6750).
import { type ConsumerRecord, findConsumer } from '../store/consumers.ts'
import type { Sql } from '../store/sql.ts'
import { type TokenCache, type TokenKey, verifyToken } from './access-token.ts'
import { hasExpired } from './credentials.ts'
import { coversScope, heldScopes, narrowScopes } from './scopes.ts'

/** Who asks, and what they may see. */
export interface AuthenticatedConsumer
  extends Pick<ConsumerRecord, 'id' | 'schools' | 'withheld' | 'switches' | 'requestsPerMinute'> {
  readonly scopes: readonly string[]
  /** What stays the same over a run of requests: the token's id, or the consumer's own where each request is signed. */
  readonly reader: string
}

export interface GuardDeps extends TokenKey {
  readonly sql: Sql
  readonly now: () => number
  /** From `createTokenCache`; one for each profile. */
  readonly cache: TokenCache
}

export interface Refusal<Status extends 401 | 403> {
  readonly ok: false
  readonly status: Status
  /** The value of the WWW-Authenticate header. */
  readonly wwwAuthenticate: string
  readonly description: string
}

export type BearerResult = { readonly ok: true; readonly consumer: AuthenticatedConsumer } | Refusal<401>
export type ScopeResult = { readonly ok: true } | Refusal<403>

const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i

/**
 * Accepts an access token of this profile in `Authorization: Bearer …` (scheme in any case; nowhere else, RFC 6750 §2.1).
 * The client is looked up every time: one that was removed is refused at once, also by another process, and a scope or
 * school it lost since is lost. A rotated secret ends no token that was fetched before; the lifetime does, or removal.
 */
export async function authenticateBearer(request: Request, deps: GuardDeps): Promise<BearerResult> {
  const header = request.headers.get('authorization')
  if (header === null)
    return unauthorized('No access token was sent. Use Authorization: Bearer with a token from /oauth/token.')
  const text = BEARER.exec(header)?.[1]
  if (text === undefined) return unauthorized('The Authorization header holds no bearer token.')
  const result = await verifyToken(text, deps)
  if (!result.ok) return unauthorized(REASONS[result.reason])
  const { id, clientId, clientCreatedMs, scopes } = result.token
  const consumer = findConsumer(deps.sql, clientId)
  if (consumer === undefined || consumer.createdMs !== clientCreatedMs) return unauthorized(REASONS.removed)
  if (hasExpired(consumer, deps.now())) return unauthorized(REASONS.ended)
  return { ok: true, consumer: consumerAsAuthenticated(consumer, { scopes, reader: `token ${id}` }) }
}

/** The consumer with those of the scopes that it holds now: a token's, or all of 1.1 for one that signs (OAuth 1.0a). */
export function consumerAsAuthenticated(
  consumer: ConsumerRecord,
  { scopes, reader }: Pick<AuthenticatedConsumer, 'scopes' | 'reader'>,
): AuthenticatedConsumer {
  const { id, schools, withheld, switches, requestsPerMinute } = consumer
  return {
    id,
    scopes: narrowScopes(heldScopes(consumer), scopes),
    reader,
    schools,
    withheld,
    switches,
    requestsPerMinute,
  }
}

/** Whether the consumer holds at least one of the scopes; `roster.readonly` counts for `roster-core.readonly`. */
export function requireScope(consumer: Pick<AuthenticatedConsumer, 'scopes'>, anyOf: readonly string[]): ScopeResult {
  if (anyOf.some((scope) => coversScope(consumer.scopes, scope))) return { ok: true }
  const description = `The access token lacks the scope for this. One of these is needed: ${anyOf.join(' ')}`
  return {
    ok: false,
    status: 403,
    wwwAuthenticate: `Bearer realm="oneroster", error="insufficient_scope", scope="${anyOf.join(' ')}"`,
    description,
  }
}

const REASONS = {
  expired: 'The access token has expired. Fetch a new one from /oauth/token.',
  invalid: 'The access token is not one of this server. Fetch one from /oauth/token.',
  ended: 'The credentials of this consumer have expired.',
  removed: 'The consumer of this access token no longer exists.',
} as const

function unauthorized(description: string): Refusal<401> {
  return {
    ok: false,
    status: 401,
    wwwAuthenticate: `Bearer realm="oneroster", error="invalid_token", error_description="${description}"`,
    description,
  }
}
