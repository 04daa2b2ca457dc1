// The admin API's record histories: the versions of one record, and when each was published.
import { Hono } from 'hono'
import type { Context } from '../context.ts'
import { versionsOf } from '../store/record-history.ts'
import type { Form } from '../store/records.ts'
import { showVersions } from './record-history.ts'

export interface RecordsOptions {
  /** The collections that have records. */
  readonly collections: readonly string[]
  /** How the records are shown. */
  readonly form: Form
}

/** Routes below `/admin/records`; who may ask has been decided. The answers hold personal data: nobody may keep them. */
export function adminRecords({ sql }: Pick<Context, 'sql'>, { collections, form }: RecordsOptions): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  app.get('/:collection/:sourcedId', (c) => {
    const { collection, sourcedId } = c.req.param()
    if (!collections.includes(collection)) {
      const message = `There is no collection of that name. The collections are ${collections.join(', ')}.`
      return c.json({ error: 'not-found', message }, 404)
    }
    const versions = showVersions(versionsOf(sql, collection, sourcedId, form))
    if (versions.length > 0) return c.json({ collection, sourcedId, versions })
    const message = `No version of such a record in ${collection} has been published, or all are forgotten by now.`
    return c.json({ error: 'not-found', message }, 404)
  })
  return app
}
