// The whole HTTP surface as a Hono app over a Context; it knows no runtime.
import { Hono } from 'hono'
import { adminApi } from './admin/api.ts'
import { adminFailure } from './admin/failure.ts'
import { handleTokenRequest } from './auth/token-endpoint.ts'
import { type Context, TOKEN_ISSUER } from './context.ts'
import { METRICS_HEADERS, NOTHING_HERE } from './http/app-answers.ts'
import { prefixOf, splitUrl, TOKEN_PATHS, tokenPath } from './http/public-path.ts'
import { answerRoster } from './http/roster-service.ts'
import { formatMetrics } from './metrics/format.ts'
import { metricsFamilies } from './metrics/text.ts'
import { COLLECTIONS } from './oneroster/model.ts'
import { matchService, ROSTERING, V1P1 } from './oneroster/services.ts'
import { failureBody } from './oneroster/status-info.ts'
import { currentSnapshot } from './store/snapshots.ts'

/** For the front, which joins them with other profiles'. */
export const INTERNAL_METRICS = '/internal/metrics'

/** Errors become answers here and nowhere else. */
export function createApp(context: Context): Hono {
  const prefix = prefixOf(context.publicUrl)
  // Routes are matched below the public prefix, whether a proxy has taken it off or not.
  const app = new Hono({ getPath: ({ url }) => routePath(url, prefix) })

  for (const path of TOKEN_PATHS) {
    app.all(path, (c) => answerToken(context, c.req.raw))
  }
  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', (c) => {
    const snapshot = currentSnapshot(context.sql)
    if (snapshot !== undefined) return c.json({ status: 'ready', publishedAt: snapshot.time })
    return c.json({ status: 'waiting for the first snapshot' }, 503, { 'Retry-After': '10' })
  })
  app.get('/metrics', (c) => c.body(formatMetrics(metricsFamilies(context)), 200, METRICS_HEADERS))
  app.get(INTERNAL_METRICS, (c) => c.json(metricsFamilies(context), 200, { 'Cache-Control': 'no-store' }))
  const form = { version: 'v1p1', root: `${context.publicUrl}${ROSTERING.v1p1.base}` } as const
  app.route('/admin', adminApi(context, { collections: COLLECTIONS, form }))

  app.all('*', (c) => {
    const { path: sentPath, query } = splitUrl(c.req.url, prefix)
    const found = matchService(sentPath)
    if (found === undefined) return c.notFound()
    return answerRoster(context, { ...found, request: c.req.raw, sentPath, query })
  })
  app.notFound((c) => c.json({ error: 'not-found', message: NOTHING_HERE }, 404))

  app.onError((error, c) => {
    const requestId = context.newRequestId()
    context.log.error('request-failed', { requestId, message: error.message, stack: error.stack })
    const { path } = splitUrl(c.req.url, prefix)
    if (path.startsWith('/admin/')) return adminFailure(error, requestId)
    const service = matchService(path)?.service ?? V1P1
    const info = {
      outcome: 'internal-error',
      description: `An internal error. Its id in the log is ${requestId}.`,
    } as const
    return c.json(failureBody(service, info, { requestId }), 500)
  })
  return app
}

async function answerToken(context: Context, request: Request): Promise<Response> {
  const startedMs = context.now()
  const answer = await handleTokenRequest(request, {
    sql: context.sql,
    now: context.now,
    log: context.log,
    tokenLifetimeMs: context.tokenLifetimeMs,
    signingKey: context.signingKey,
    issuer: TOKEN_ISSUER,
  })
  const { method } = request
  const ms = context.now() - startedMs
  context.metrics.request({ service: 'token', operation: 'token', method, status: answer.status, ms })
  return answer
}

function routePath(url: string, prefix: string): string {
  const { path } = splitUrl(url, prefix)
  return tokenPath(path) ?? path
}
