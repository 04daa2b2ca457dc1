// The whole HTTP surface as a Hono app over a Context; it knows no runtime.
import { Hono } from 'hono'
import { adminApi } from './admin/api.ts'
import { handleTokenRequest } from './auth/token-endpoint.ts'
import { type Context, TOKEN_ISSUER } from './context.ts'
import { statusPayload } from './oneroster/status-info.ts'
import { currentSnapshot } from './store/snapshots.ts'
import { answerV1p1 } from './v1p1-service.ts'

const TOKEN_PATHS = ['/oauth/token', '/token', '/oauth2/token'] as const
/** Consumers write the base in any case, with doubled slashes, and behind a proxy with the public prefix before it. */
const V1P1 = /^\/+ims\/+oneroster\/+v1p1(?=\/|$)/i

/** Errors become answers here and nowhere else. */
export function createApp(context: Context): Hono {
  const prefix = new URL(context.publicUrl).pathname.replace(/\/+$/, '')
  // Routes are matched below the public prefix, whether a proxy has taken it off or not.
  const app = new Hono({ getPath: ({ url }) => splitUrl(url, prefix).path })

  for (const path of TOKEN_PATHS) {
    app.all(path, (c) =>
      handleTokenRequest(c.req.raw, {
        sql: context.sql,
        now: context.now,
        log: context.log,
        tokenLifetimeMs: context.tokenLifetimeMs,
        signingKey: context.signingKey,
        issuer: TOKEN_ISSUER,
      }),
    )
  }
  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', (c) => {
    const snapshot = currentSnapshot(context.sql)
    if (snapshot !== undefined) return c.json({ status: 'ready', publishedAt: snapshot.time })
    return c.json({ status: 'waiting for the first snapshot' }, 503, { 'Retry-After': '10' })
  })
  app.route('/admin', adminApi(context))

  app.all('*', (c) => {
    const { path, query } = splitUrl(c.req.url, prefix)
    const base = V1P1.exec(path)
    if (base === null) return c.notFound()
    return answerV1p1(context, { request: c.req.raw, path: path.slice(base[0].length), query })
  })
  app.notFound((c) =>
    c.json({ error: 'not-found', message: 'Nothing here. OneRoster is at /ims/oneroster/v1p1.' }, 404),
  )

  app.onError((error, c) => {
    const requestId = context.newRequestId()
    context.log.error('request-failed', { requestId, message: error.message, stack: error.stack })
    return c.json(
      statusPayload([{ outcome: 'internal-error', description: 'An internal error. Its id is in the log.' }], {
        requestId,
      }),
      500,
    )
  })
  return app
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
