// The admin API of all profiles: makes and lists them, and hands on what is about one.
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { splitUrl } from '../http/public-path.ts'
import { createProfileId, isProfileId } from '../profiles/ids.ts'
import { DEFAULT_PROFILE, INTERNAL, type ProfileHandle } from '../profiles/ports.ts'
import type { FrontOptions } from './front.ts'
import { answerRestore } from './restore.ts'
import { inWaves } from './waves.ts'

export interface FrontAdminOptions extends FrontOptions {
  /** The path of the public address. */
  readonly prefix: string
  readonly forward: (handle: ProfileHandle, request: Request) => Promise<Response>
}

/** What a profile has below `/admin/profile`, and all else that is one below `/admin`. */
const OF_PROFILE: ReadonlySet<string> = new Set(['', '/status', '/profileStatus', '/pause', '/resume', '/reset'])
/** A time, or a bookmark. */
const MAX_RESTORE_BYTES = 4_096
const UNCACHED = { 'Cache-Control': 'no-store' }
const BELOW_PROFILE = /^\/admin\/profiles\/([^/]+)(.*)$/

/** Routes below `/admin`; who may ask has been decided, and every profile decides it again. */
export function frontAdmin(options: FrontAdminOptions): Hono {
  const { directory, publicUrl, log, prefix, forward } = options
  const app = new Hono()

  app.get('/profiles', async (c) => c.json({ profiles: await summaries() }, 200, UNCACHED))
  app.post('/profiles', async (c) => {
    const id = createProfileId()
    const handle = await directory.create(id)
    const { body, headers } = c.req.raw
    const answer = await forward(handle, toProfile(INTERNAL.profile, { method: 'POST', headers, body }))
    if (answer.status === 202) {
      log.info('profile-added', { profile: id })
      const told = new Headers(answer.headers)
      told.set('Location', `${publicUrl}/admin/profiles/${id}`)
      return new Response(answer.body, { status: 202, headers: told })
    }
    // It may have been made, and only its answer was lost: then it is listed, and can be deleted.
    if (answer.status >= 500) return c.json({ error: 'busy', id, message: UNKNOWN, remedy: LOOK }, 503, RETRY)
    await directory.remove(id)
    return answer
  })
  app.post('/profiles/:id/restore', bodyLimit({ maxSize: MAX_RESTORE_BYTES, onError: tooLong }), async (c) => {
    const id = c.req.param('id')
    const isKnown = isProfileId(id) && (await directory.open(id)) !== undefined
    return isKnown ? answerRestore(c, id, options) : c.json({ error: 'not-found', message: NO_PROFILE }, 404)
  })
  app.all('/profiles/*', async (c) => {
    const { path, query } = splitUrl(c.req.url, prefix)
    const [, id = '', rest = ''] = BELOW_PROFILE.exec(path) ?? []
    const handle = isProfileId(id) ? await directory.open(id) : undefined
    if (handle === undefined) return c.json({ error: 'not-found', message: NO_PROFILE }, 404)
    const { method, headers, body } = c.req.raw
    const own = OF_PROFILE.has(rest) ? `/admin/profile${rest}` : `/admin${rest}`
    return forward(handle, toProfile(`${own}${query}`, { method, headers, body }))
  })
  app.get('/status', async (c) => c.json({ profiles: await statuses(c.req.raw.headers) }, 200, UNCACHED))
  app.all('*', async (c) => {
    const handle = await directory.open(DEFAULT_PROFILE)
    if (handle !== undefined) return forward(handle, c.req.raw)
    return c.json({ error: 'not-found', message: NO_DEFAULT }, 404)
  })

  /** One that does not answer is told, and holds up no other. */
  function summaries(): Promise<readonly unknown[]> {
    return ofEach(async (id, handle) => {
      const answer = await forward(handle, toProfile(INTERNAL.summary, {}))
      // Deleted meanwhile.
      if (answer.status === 404) return []
      return answer.ok ? [await answer.json()] : [{ id, error: await answer.json() }]
    })
  }

  function statuses(headers: Headers): Promise<readonly unknown[]> {
    const authorization = headers.get('authorization') ?? ''
    return ofEach(async (id, handle) => {
      const answer = await forward(handle, toProfile('/admin/status', { headers: { authorization } }))
      if (answer.status === 404) return []
      if (!answer.ok) return [{ id, error: await answer.json() }]
      // Written by the admin API of the profile.
      return ((await answer.json()) as { readonly profiles: readonly unknown[] }).profiles
    })
  }

  async function ofEach(ask: (id: string, handle: ProfileHandle) => Promise<readonly unknown[]>) {
    const ids = await directory.list()
    const answers = await inWaves(ids, async (id) => {
      const handle = await directory.open(id)
      return handle === undefined ? [] : ask(id, handle)
    })
    return answers.flat()
  }

  /** A profile looks at paths alone, and thinks that it is at the public address. */
  function toProfile(path: string, init: Pick<RequestInit, 'method' | 'headers' | 'body'>): Request {
    const streamed = init.body ? { duplex: 'half' } : {}
    return new Request(`${publicUrl}${path}`, { ...init, ...streamed })
  }
  return app
}

const tooLong = (c: Context) =>
  c.json({ error: 'request-invalid', messages: [`The body is longer than ${MAX_RESTORE_BYTES} bytes.`] }, 413)

const UNKNOWN = 'Whether the profile was made is not known: what makes it did not answer.'
const LOOK = 'GET /admin/profiles/{id} in a minute. DELETE it, or use it where it is there; else make it again.'
const RETRY = { 'Retry-After': '60' }
const NO_PROFILE = 'There is no such profile. GET /admin/profiles lists them.'
const NO_DEFAULT =
  'There is no profile of the environment. The others are below /admin/profiles/{id}; GET /admin/profiles lists them.'
