// The whole HTTP surface as a Hono app over a Context; it knows no runtime.
import { Hono } from 'hono'
import { adminApi } from './admin/api.ts'
import { handleTokenRequest } from './auth/token-endpoint.ts'
import { type Context, TOKEN_ISSUER } from './context.ts'
import { METRICS_TYPE } from './metrics-format.ts'
import { metricsText } from './metrics-text.ts'
import { COLLECTIONS } from './oneroster/model.ts'
import { matchService, ROSTERING, V1P1 } from './oneroster/services.ts'
import { failureBody } from './oneroster/status-info.ts'
import { answerRoster } from './roster-service.ts'
import { currentSnapshot } from './store/snapshots.ts'

const TOKEN_PATHS = ['/oauth/token', '/token', '/oauth2/token'] as const

const NOTHING_HERE =
  'Nothing here. OneRoster 1.1 is at /ims/oneroster/v1p1, 1.2 at /ims/oneroster/{rostering,gradebook,resources}/v1p2.'
const METRICS_HEADERS = { 'Content-Type': METRICS_TYPE, 'Cache-Control': 'no-store' }

/** Errors become answers here and nowhere else. */
export function createApp(context: Context): Hono {
  const prefix = new URL(context.publicUrl).pathname.replace(/\/+$/, '')
  // Routes are matched below the public prefix, whether a proxy has taken it off or not.
  const app = new Hono({ getPath: ({ url }) => routePath(splitUrl(url, prefix).path) })

  for (const path of TOKEN_PATHS) {
    app.all(path, (c) => answerToken(context, c.req.raw))
  }
  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', (c) => {
    const snapshot = currentSnapshot(context.sql)
    if (snapshot !== undefined) return c.json({ status: 'ready', publishedAt: snapshot.time })
    return c.json({ status: 'waiting for the first snapshot' }, 503, { 'Retry-After': '10' })
  })
  app.get('/metrics', (c) => c.body(metricsText(context), 200, METRICS_HEADERS))
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
    const service = matchService(splitUrl(c.req.url, prefix).path)?.service ?? V1P1
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

/** Token paths are as forgiving as OneRoster's: consumers put them together from a base that may end in a slash. */
function routePath(path: string): string {
  const plain = path
    .replaceAll(/\/{2,}/g, '/')
    .replace(/\/$/, '')
    .toLowerCase()
  return TOKEN_PATHS.find((known) => known === plain) ?? path
}

/** The raw path, without the public prefix if it came through, and the raw query. */
function splitUrl(url: string, prefix: string): { path: string; query: string } {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const whole = start < 0 ? '/' : url.slice(start)
  const mark = whole.indexOf('?')
  const path = mark < 0 ? whole : whole.slice(0, mark)
  const hasPrefix = prefix !== '' && path.toLowerCase().startsWith(`${prefix.toLowerCase()}/`)
  return { path: hasPrefix ? path.slice(prefix.length) : path, query: mark < 0 ? '' : whole.slice(mark) }
}
