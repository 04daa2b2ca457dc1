// The one address of all profiles: finds whose a request is, and does what is about all of them.
import { Hono, type Context as HonoContext } from 'hono'
import { mayAdminister } from '../admin/allow.ts'
import type { Config } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { METRICS_HEADERS, NOTHING_HERE } from '../http/app-answers.ts'
import { prefixOf, splitUrl, TOKEN_PATHS, tokenPath } from '../http/public-path.ts'
import type { Log } from '../log.ts'
import { formatMetrics } from '../metrics/format.ts'
import { matchService } from '../oneroster/services.ts'
import { joinFamilies, type ProfileFamilies, readFamilies } from '../profiles/all-metrics.ts'
import { profileOfReader, profileOfTokenRequest } from '../profiles/consumer-of.ts'
import { isProfileId } from '../profiles/ids.ts'
import { DEFAULT_PROFILE, INTERNAL, type ProfileDirectory, type ProfileHandle } from '../profiles/ports.ts'
import { frontAdmin } from './admin.ts'
import type { Restorer } from './restore.ts'
import { createStrangers } from './strangers.ts'
import { inWaves } from './waves.ts'

export interface FrontOptions {
  readonly directory: ProfileDirectory
  readonly config: Pick<Config, 'adminToken' | 'oauth1WindowMs'>
  /** Origin and prefix of every link, without a trailing slash. */
  readonly publicUrl: string
  readonly log: Log
  readonly now: () => number
  readonly newId: () => string
  /** Left out where profiles are restored from backups. */
  readonly restorer?: Restorer
}

export interface Front {
  fetch(request: Request): Promise<Response>
}

/** A profile that cannot be reached right now. */
const RETRY_SECONDS = 10

/**
 * Consumers reach the profile that their id names (`profileOf`); the admin API reaches each below `/admin/profiles/{id}`. What is
 * no consumer's and nobody's answers as the environment's profile, and as a profile without consumers where there is none.
 */
export function createFront(options: FrontOptions): Front {
  const { directory, config, publicUrl, log, newId } = options
  const prefix = prefixOf(publicUrl)
  const strangers = createStrangers(options)
  const app = new Hono({
    getPath: ({ url }) => {
      const { path } = splitUrl(url, prefix)
      return tokenPath(path) ?? path
    },
  })

  for (const path of TOKEN_PATHS) {
    app.all(path, async (c) => {
      const { profile, request } = await profileOfTokenRequest(c.req.raw)
      return orBusy(async () => {
        const handle = await openOrDefault(profile)
        return handle === undefined ? strangers.token(request) : handle.fetch(request)
      })
    })
  }
  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', readiness)
  app.get('/readyz/:id', async (c) => {
    const handle = await openKnown(c.req.param('id'))
    return handle === undefined ? notFound(c) : forward(handle, new Request('http://profile/readyz'))
  })
  app.get('/metrics', async (c) => metrics(c, await directory.list()))
  app.get('/metrics/:id', async (c) => {
    const id = c.req.param('id')
    return (await openKnown(id)) === undefined ? notFound(c) : metrics(c, [id])
  })
  app.use('/admin/*', async (c, next) => ((await mayAdminister(c.req.raw, config.adminToken)) ? next() : notFound(c)))
  app.route('/admin', frontAdmin({ ...options, prefix, forward }))
  app.notFound(notFound)
  app.onError((error, c) => {
    const requestId = newId()
    log.error('request-failed', { requestId, message: error.message, stack: error.stack })
    if (error instanceof BridgeError && c.req.path.startsWith('/admin/')) {
      const { code, message, remedy } = error
      return c.json({ error: code, message, remedy }, 503, { 'Retry-After': String(RETRY_SECONDS) })
    }
    if (error instanceof BridgeError) {
      const message = `The profiles cannot be asked now. The id in the log is ${requestId}.`
      return c.json({ error: 'busy', message }, 503, { 'Retry-After': String(RETRY_SECONDS) })
    }
    return c.json({ error: 'internal', message: `An internal error. Its id in the log is ${requestId}.` }, 500)
  })

  /** The profile, or the environment's for one that there is not. */
  async function openOrDefault(id: string): Promise<ProfileHandle | undefined> {
    const found = await directory.open(id)
    return found ?? (id === DEFAULT_PROFILE ? undefined : directory.open(DEFAULT_PROFILE))
  }

  const openKnown = (id: string) => (isProfileId(id) ? directory.open(id) : undefined)

  function forward(handle: ProfileHandle, request: Request): Promise<Response> {
    return orBusy(() => handle.fetch(request))
  }

  /** A profile is as far away as its runtime has put it; what keeps it from answering is no fault of the consumer. */
  async function orBusy(answer: () => Promise<Response>): Promise<Response> {
    try {
      return await answer()
    } catch (error) {
      const requestId = newId()
      const { code, message } = error instanceof BridgeError ? error : { code: 'unreachable', message: String(error) }
      log.error('profile-unreachable', { requestId, code, message })
      const body = { error: 'busy', message: `The profile cannot answer now. The id in the log is ${requestId}.` }
      return Response.json(body, { status: 503, headers: { 'Retry-After': String(RETRY_SECONDS) } })
    }
  }

  /** Ready when the environment's profile is; without one when every provisioned profile has published. */
  async function readiness(c: HonoContext): Promise<Response> {
    const handle = await directory.open(DEFAULT_PROFILE)
    if (handle !== undefined) return forward(handle, new Request('http://profile/readyz'))
    const ids = await directory.list()
    const waiting = (await inWaves(ids, isWaiting)).filter(Boolean).length
    if (waiting === 0) return c.json({ status: 'ready', profiles: ids.length })
    return c.json({ status: 'waiting for the first snapshot', profiles: ids.length, waiting }, 503, {
      'Retry-After': String(RETRY_SECONDS),
    })
  }

  async function isWaiting(id: string): Promise<boolean> {
    const handle = await directory.open(id)
    if (handle === undefined) return false
    const answer = await forward(handle, new Request(`http://profile${INTERNAL.summary}`))
    if (!answer.ok) return answer.status !== 404
    // Written by the profile's host.
    const { state, status } = (await answer.json()) as { state: string; status: { isReady: boolean } }
    return state === 'provisioned' && !status.isReady
  }

  async function metrics(c: HonoContext, ids: readonly string[]): Promise<Response> {
    const profiles = await inWaves(ids, familiesOf)
    return c.body(formatMetrics(joinFamilies(profiles)), 200, METRICS_HEADERS)
  }

  async function familiesOf(id: string): Promise<ProfileFamilies> {
    const handle = await directory.open(id)
    const families = handle && (await readFamilies({ fetch: (request) => forward(handle, request) }))
    return { id, families }
  }

  return {
    async fetch(request) {
      const { path, query } = splitUrl(request.url, prefix)
      const found = matchService(path)
      // What nearly every request is for goes by no router.
      if (found === undefined) return app.fetch(request)
      return orBusy(async () => {
        const handle = await openOrDefault(profileOfReader(request))
        if (handle !== undefined) return handle.fetch(request)
        return strangers.roster(request, { ...found, sentPath: path, query })
      })
    },
  }
}

const notFound = (c: HonoContext) => c.json({ error: 'not-found', message: NOTHING_HERE }, 404)
