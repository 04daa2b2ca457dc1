// Decides who asks a OneRoster path: by a bearer token, or in v1.1 also by an OAuth 1.0a signature.
import { signingSecretsOf } from '../auth/credentials.ts'
import { type AuthenticatedConsumer, authenticateBearer, consumerAsAuthenticated } from '../auth/guard.ts'
import { isOAuth1 } from '../auth/oauth1/header.ts'
import { authenticateOAuth1, OAUTH1_CHALLENGE, type OAuth1Delay, type OAuth1Refusal } from '../auth/oauth1/oauth1.ts'
import { type Context, TOKEN_ISSUER } from '../context.ts'
import { MAX_QUERY_LENGTH } from '../oneroster/query.ts'
import { findConsumer } from '../store/consumers.ts'
import type { RosterRequest } from './roster-service.ts'

export type Authentication =
  | { readonly ok: true; readonly consumer: AuthenticatedConsumer }
  | OAuth1Refusal
  /** To be asked again: nothing is wrong with the request. */
  | OAuth1Delay

/** v1.2 knows OAuth 2 alone (facts 4.1): a signature is refused there like a missing token. */
export async function authenticate(context: Context, asked: RosterRequest): Promise<Authentication> {
  const { request, service } = asked
  if (service.version === 'v1p1' && isOAuth1(request)) return signedBy(context, asked)
  return authenticateBearer(request, {
    sql: context.sql,
    now: context.now,
    cache: context.tokenCache,
    signingKey: context.signingKey,
    issuer: TOKEN_ISSUER,
  })
}

async function signedBy(context: Context, { request, sentPath, query }: RosterRequest): Promise<Authentication> {
  // Before any work: whoever knows no secret can have a signature checked, and that takes the longer the longer this is.
  if (query.length > MAX_QUERY_LENGTH) return LONG_QUERY
  const { sql, now, log, sealingKey, oauth1WindowMs } = context
  const signed = await authenticateOAuth1(request, {
    sql,
    now,
    log,
    addresses: addressesOf(context, request).map((address) => `${address}${sentPath}${query}`),
    secretsOf: (id) => signingSecretsOf(id, { sql, now, sealingKey }),
    window: { pastMs: oauth1WindowMs, futureMs: oauth1WindowMs / 2 },
  })
  if (!signed.ok) return signed
  const consumer = findConsumer(sql, signed.consumerKey)
  if (consumer === undefined) return REMOVED
  // A signature asks for no scope: it has all of the consumer's; those of other versions open nothing here.
  const asked = { scopes: consumer.scopes, reader: `client ${consumer.id}` }
  return { ok: true, consumer: consumerAsAuthenticated(consumer, asked) }
}

const LONG_QUERY: OAuth1Refusal = {
  ok: false,
  status: 400,
  wwwAuthenticate: OAUTH1_CHALLENGE,
  description: `The query is longer than ${MAX_QUERY_LENGTH} characters.`,
}

/** It was there when its signature was verified, an instant ago. */
const REMOVED: OAuth1Refusal = {
  ok: false,
  status: 401,
  wwwAuthenticate: OAUTH1_CHALLENGE,
  description: 'The consumer no longer exists.',
}

/** Where the consumer may think that it asks: the public address; and what it called, where no address is configured. */
function addressesOf({ publicUrl, isPublicUrlConfigured }: Context, request: Request): readonly string[] {
  if (isPublicUrlConfigured) return [publicUrl]
  const { origin } = new URL(request.url)
  return origin === publicUrl ? [publicUrl] : [publicUrl, origin]
}
