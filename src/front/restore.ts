// `POST /admin/profiles/{id}/restore`: a profile as it was at an earlier time, where the platform keeps that.
import type { Context as HonoContext } from 'hono'
import { parseInstant } from '../oneroster/instant.ts'

export type RestoreOutcome =
  | {
      readonly ok: true
      /** Of the state that was given up. */
      readonly bookmark: string
      /** False while the platform has not come so far: the rest follows by itself. */
      readonly isDone: boolean
    }
  | { readonly ok: false; readonly message: string }

/** Who can bring a profile back to an earlier state. */
export interface Restorer {
  restore(id: string, target: { readonly toMs: number } | { readonly bookmark: string }): Promise<RestoreOutcome>
}

export interface RestoreOptions {
  /** Undefined where files are restored from a backup instead. */
  readonly restorer?: Restorer
  readonly now: () => number
}

export async function answerRestore(c: HonoContext, id: string, { restorer, now }: RestoreOptions): Promise<Response> {
  if (restorer === undefined) return c.json(FROM_BACKUP, 404)
  const target = readTarget(await c.req.text(), now())
  if (typeof target === 'string') return c.json({ error: 'request-invalid', messages: [target] }, 400)
  const outcome = await restorer.restore(id, target)
  if (!outcome.ok) return c.json({ error: 'out-of-reach', message: outcome.message, remedy: REACH }, 409)
  const { bookmark, isDone } = outcome
  return c.json({ id, bookmark, message: isDone ? DONE : UNDER_WAY }, 202)
}

const FROM_BACKUP = {
  error: 'not-found',
  message: 'This bridge keeps its profiles in files, and no earlier states of them.',
  remedy: 'Stop it, put the copy of a backup in the place of the file, and start it: docs/deploy.md, Restore.',
}
const REACH =
  'Name a time of the last 30 days at which the profile was there, or a bookmark that a restore has answered.'
const DONE =
  'The profile is as it was then. Its next sync gives every record a new date. To undo this, POST the bookmark here.'
const UNDER_WAY = 'The profile goes back within the hour. To undo this, POST the bookmark here.'

const EXAMPLE = '{"to": "2026-11-20T08:00:00Z"}'
const BOOKMARK = /^[\w-]{1,200}$/

/** Or what is wrong with it. */
function readTarget(text: string, nowMs: number): { readonly toMs: number } | { readonly bookmark: string } | string {
  const body = parseObject(text)
  const keys = Object.keys(body ?? {})
  const [key] = keys
  if (body === undefined || keys.length !== 1 || (key !== 'to' && key !== 'bookmark')) {
    return `The body is neither ${EXAMPLE} nor {"bookmark": "…"}, as an earlier restore has answered it.`
  }
  const value = body[key]
  if (key === 'bookmark') {
    if (typeof value === 'string' && BOOKMARK.test(value)) return { bookmark: value }
    return '`bookmark` is not one that a restore has answered.'
  }
  const toMs = typeof value === 'string' ? parseInstant(value) : undefined
  if (toMs === undefined) return '`to` is not an instant such as 2026-11-20T08:00:00Z.'
  return toMs < nowMs ? { toMs: Math.floor(toMs) } : '`to` is not in the past.'
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : undefined
  } catch {
    // Told as what it should be.
    return undefined
  }
}
