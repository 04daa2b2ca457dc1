// The admin API's readiness for School Data Sync: what the latest sync with a report found, as JSON, text or CSV.
import { Hono } from 'hono'
import type { Context } from '../context.ts'
import type { ReadinessReport } from '../readiness/report.ts'
import { readinessCsv } from '../readiness/report-csv.ts'
import { readinessText } from '../readiness/report-text.ts'
import { latestReport } from '../store/syncs.ts'
import type { SyncReport } from '../sync/report.ts'

interface Format {
  readonly contentType: string
  readonly write: (report: ReadinessReport) => string
}

const FORMATS: Readonly<Record<string, Format>> = {
  csv: { contentType: 'text/csv; charset=utf-8', write: readinessCsv },
  text: { contentType: 'text/plain; charset=utf-8', write: (report) => `${readinessText(report)}\n` },
}

/** The route `/admin/readiness`; who may ask has been decided. */
export function adminReadiness({ sql }: Pick<Context, 'sql'>): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  app.get('/', (c) => {
    const asked = c.req.query('format') ?? 'json'
    if (asked !== 'json' && !Object.hasOwn(FORMATS, asked)) {
      return c.json({ error: 'bad-request', message: '`format` is json, csv or text.' }, 400)
    }
    const sync = latestReport(sql)
    // Written by `syncReport` only; an earlier version of it knew nothing of readiness.
    const { readiness } = (sync?.report ?? {}) as Partial<SyncReport>
    if (sync === undefined || readiness === undefined) {
      const message =
        'No sync has told yet what School Data Sync would make of its records. Start one: POST /admin/syncs.'
      return c.json({ error: 'not-found', message }, 404)
    }
    const format = FORMATS[asked]
    if (format !== undefined) return c.body(format.write(readiness), 200, { 'Content-Type': format.contentType })
    const finishedAt = sync.finishedMs === undefined ? undefined : new Date(sync.finishedMs).toISOString()
    return c.json({ sync: { id: sync.id, status: sync.status, finishedAt }, ...readiness })
  })
  return app
}
