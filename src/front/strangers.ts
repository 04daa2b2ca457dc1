// Answers consumers that no profile knows, as a profile answers those that it does not know.
import { createTokenCache } from '../auth/access-token.ts'
import { cryptoRandom } from '../auth/secrets.ts'
import { handleTokenRequest } from '../auth/token-endpoint.ts'
import type { Config } from '../config.ts'
import { type Context, TOKEN_ISSUER } from '../context.ts'
import { authenticate } from '../http/authenticate.ts'
import { JSON_TYPE } from '../http/roster-read.ts'
import type { Log } from '../log.ts'
import { discoveryText, isDiscovery } from '../oneroster/discovery.ts'
import { matchOperation } from '../oneroster/operations.ts'
import type { ServicePath } from '../oneroster/services.ts'
import { failureBody, type Outcome, STATUS } from '../oneroster/status-info.ts'
import type { Sql } from '../store/sql.ts'

export interface StrangersOptions {
  readonly config: Pick<Config, 'oauth1WindowMs'>
  readonly publicUrl: string
  readonly now: () => number
  readonly log: Log
  readonly newId: () => string
}

export interface Strangers {
  token(request: Request): Promise<Response>
  roster(
    request: Request,
    asked: ServicePath & { readonly sentPath: string; readonly query: string },
  ): Promise<Response>
}

const KEY_BYTES = 32

/** Nobody is in it. */
const EMPTY: Sql = {
  all: () => [],
  run: () => ({ changes: 0 }),
  transaction: (work) => work(),
  bytes: () => 0,
}

export function createStrangers({ config, publicUrl, now, log, newId }: StrangersOptions): Strangers {
  // No token was ever signed with it.
  const signingKey = cryptoRandom(KEY_BYTES)
  const context = {
    sql: EMPTY,
    now,
    log,
    publicUrl,
    isPublicUrlConfigured: true,
    signingKey,
    sealingKey: signingKey,
    tokenCache: createTokenCache(1),
    oauth1WindowMs: config.oauth1WindowMs,
  } satisfies Partial<Context>
  return {
    token: (request) =>
      handleTokenRequest(request, { sql: EMPTY, now, log, signingKey, issuer: TOKEN_ISSUER, tokenLifetimeMs: 0 }),
    async roster(request, asked) {
      const { service, path } = asked
      if (isDiscovery(service, path) && (request.method === 'GET' || request.method === 'HEAD')) {
        const headers = { 'Content-Type': JSON_TYPE, 'Cache-Control': 'public, max-age=3600' }
        const text = discoveryText(service, publicUrl)
        return new Response(request.method === 'HEAD' ? null : text, { headers })
      }
      // Only what is in the context above is looked at to find out who asks.
      const who = await authenticate(context as unknown as Context, { ...asked, request })
      const outcome: Outcome = !who.ok && who.status === 400 ? 'malformed-credentials' : 'unauthorized'
      const { description, wwwAuthenticate } = who.ok || who.status === 503 ? UNKNOWN : who
      const matched = matchOperation(service, path)
      const operation = matched?.methods.includes(request.method) ? matched.operation.name : undefined
      const body = failureBody(service, { outcome, description }, { requestId: newId(), operation })
      const headers = {
        'Content-Type': JSON_TYPE,
        'Cache-Control': 'no-store',
        'WWW-Authenticate': wwwAuthenticate,
      }
      const text = request.method === 'HEAD' ? null : JSON.stringify(body)
      return new Response(text, { status: STATUS[outcome].httpStatus, headers })
    },
  }
}

const UNKNOWN = {
  description: 'The consumer is not known here.',
  wwwAuthenticate: 'Bearer realm="oneroster"',
}
