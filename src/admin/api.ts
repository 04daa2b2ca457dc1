// The admin API: start, watch and release syncs, the consumers, records' histories, and the state of the profile.
import { Hono, type Context as HonoContext } from 'hono'
import type { Context } from '../context.ts'
import { BridgeError } from '../errors.ts'
import { findSync, listSyncs, type SyncRecord } from '../store/syncs.ts'
import { presentSync } from '../sync/report.ts'
import { mayAdminister } from './allow.ts'
import { adminConsumers } from './consumers.ts'
import { adminMapping } from './mapping.ts'
import { adminReadiness } from './readiness.ts'
import { adminRecords, type RecordsOptions } from './records.ts'
import { adminRoot } from './root.ts'
import { profileStatus } from './status.ts'

/** Routes below `/admin`. Without ADMIN_TOKEN, or with a wrong one, every path answers as if it did not exist. */
export function adminApi(context: Context, records: RecordsOptions): Hono {
  const app = new Hono()

  app.use(async (c, next) => ((await mayAdminister(c.req.raw, context.adminToken)) ? next() : c.notFound()))

  app.post('/syncs', (c) => {
    const mapOnly = c.req.query('mapOnly')
    if (mapOnly !== undefined && mapOnly !== 'true' && mapOnly !== 'false') {
      return c.json({ error: 'bad-request', message: '`mapOnly` is true or false.' }, 400)
    }
    try {
      const { id, isNew } = context.schedule.request(mapOnly === 'true' ? 'map' : 'whole')
      return c.json({ id, status: 'inProgress', isNew, href: `${adminRoot(context)}/syncs/${id}` }, 202)
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error
      return refusal(c, error, 503)
    }
  })
  app.get('/syncs', (c) => c.json({ syncs: listSyncs(context.sql).map(presentSync) }))
  app.get('/syncs/latest', (c) => answer(c, listSyncs(context.sql, 1)[0]))
  app.get('/syncs/:id', (c) => answer(c, findSync(context.sql, c.req.param('id'))))
  app.post('/syncs/:id/resume', async (c) => {
    const id = c.req.param('id')
    if (findSync(context.sql, id) === undefined) return answer(c, undefined)
    try {
      return answer(c, await context.resumeSync(id))
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error
      return refusal(c, error, 409)
    }
  })
  app.route('/consumers', adminConsumers(context))
  app.route('/records', adminRecords(context, records))
  const { sql, explaining } = context
  if (explaining !== undefined) app.route('/mapping', adminMapping({ sql, explaining }, records.form))
  app.route('/readiness', adminReadiness(context))
  app.get('/status', (c) => c.json({ profiles: [profileStatus(context)] }))
  return app
}

function answer(c: HonoContext, sync: SyncRecord | undefined): Response {
  return sync === undefined ? c.json({ error: 'not-found', message: 'No such sync.' }, 404) : c.json(presentSync(sync))
}

function refusal(c: HonoContext, { code, message, remedy }: BridgeError, status: 409 | 503): Response {
  return c.json({ error: code, message, remedy }, status)
}
