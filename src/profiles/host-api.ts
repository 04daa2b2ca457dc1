// The paths of a profile that are about itself: `/admin/profile…`, what starts syncs, and what the front alone asks.
import { Hono, type Context as HonoContext } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { mayAdminister } from '../admin/allow.ts'
import type { Config } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { NOTHING_HERE } from '../http/app-answers.ts'
import { prefixOf, splitUrl } from '../http/public-path.ts'
import type { Log } from '../log.ts'
import type { Sql } from '../store/sql.ts'
import { latestEnded } from '../store/syncs.ts'
import type { Read } from './body.ts'
import type { HostActions } from './host.ts'
import { DEFAULT_PROFILE, INTERNAL } from './ports.ts'
import { type ProfileFacts, presentProfile, presentProfileStatus } from './present.ts'

export interface HostApiOptions {
  readonly actions: HostActions
  readonly config: Pick<Config, 'adminToken'>
  readonly publicUrl: string
  readonly sql: Sql
  readonly log: Log
  /** Whether the environment names a mapping, which the admin API cannot change then. */
  readonly isMappingSet: boolean
}

const PROFILE = '/admin/profile'
const SYNCS = '/admin/syncs'
/** Ten layers of 100 KB. */
const MAX_BODY_BYTES = 1_048_576

/** Whether the path is one of these, and not the bridge's. Called for every request. */
export function isHostPath(path: string, method: string): boolean {
  if (path.startsWith('/internal/')) return path === INTERNAL.profile || path === INTERNAL.summary
  if (!path.startsWith('/admin/')) return false
  return path === PROFILE || path.startsWith(`${PROFILE}/`) || (path === SYNCS && method === 'POST')
}

export function hostApi(options: HostApiOptions): Hono {
  const { actions, config, publicUrl, sql, log } = options
  const prefix = prefixOf(publicUrl)
  const app = new Hono({ getPath: ({ url }) => splitUrl(url, prefix).path })
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) => faulty(c, [`The body is longer than ${MAX_BODY_BYTES} bytes.`], 413),
  })
  const show = (facts: ProfileFacts) => presentProfile(facts)
  const status = (facts: ProfileFacts) => presentProfileStatus(facts, sql, actions.bridge()?.schedule.nextMs())
  const accepted = (c: HonoContext) => {
    const facts = actions.facts()
    return facts === undefined ? gone(c) : c.json(show(facts), 202)
  }
  /** With the profile, unless it is not there, or about to go. */
  const withFacts = (answer: (c: HonoContext, facts: ProfileFacts) => Response | Promise<Response>) => {
    return (c: HonoContext) => {
      const facts = actions.facts()
      if (facts === undefined) return gone(c)
      return facts.state === 'deleting' && c.req.method !== 'GET' ? deleting(c) : answer(c, facts)
    }
  }

  app.use('/admin/*', async (c, next) => {
    if (!(await mayAdminister(c.req.raw, config.adminToken))) return c.notFound()
    await next()
    c.header('Cache-Control', 'no-store')
  })

  app.post(INTERNAL.profile, limit, async (c) => {
    if (actions.facts() !== undefined) {
      const message = 'The profile is there already.'
      return c.json({ error: 'exists', message, remedy: 'Change it with PATCH.' }, 409)
    }
    return answerBody(c, actions.create, accepted)
  })
  app.get(INTERNAL.summary, (c) => {
    const facts = actions.facts()
    return facts === undefined ? gone(c) : c.json({ ...show(facts), status: status(facts) })
  })

  app.get(
    PROFILE,
    withFacts((c, facts) => c.json(show(facts))),
  )
  app.patch(
    PROFILE,
    limit,
    withFacts((c, { record }) => {
      if (record.id === DEFAULT_PROFILE && options.isMappingSet) return fromSettings(c, MAPPING_SET)
      return answerBody(c, actions.change, accepted, record.id === DEFAULT_PROFILE ? foreignToDefault : undefined)
    }),
  )
  app.delete(PROFILE, (c) => {
    const facts = actions.facts()
    if (facts === undefined) return gone(c)
    if (facts.record.id === DEFAULT_PROFILE) return fromSettings(c, UNSET)
    actions.remove()
    return c.json({ id: facts.record.id, state: 'deleting' }, 202)
  })
  for (const name of ['status', 'profileStatus']) {
    app.get(
      `${PROFILE}/${name}`,
      withFacts((c, facts) => c.json(status(facts))),
    )
  }
  app.post(
    `${PROFILE}/pause`,
    withFacts((c) => {
      actions.pause()
      return c.body(null, 200)
    }),
  )
  app.post(
    `${PROFILE}/resume`,
    withFacts(async (c, facts) => {
      if (facts.hasExpired) return refuse(c, EXPIRED)
      await releaseHeld(c)
      actions.resume()
      return c.body(null, 200)
    }),
  )
  app.post(
    `${PROFILE}/reset`,
    withFacts((c, facts) => {
      if (facts.hasExpired) return refuse(c, EXPIRED)
      actions.reset()
      return c.body(null, 200)
    }),
  )
  app.post(
    SYNCS,
    withFacts((c, facts) => {
      const refusal = refusalOf(facts)
      const bridge = actions.bridge()
      return refusal === undefined && bridge !== undefined ? bridge.app.fetch(c.req.raw) : refuse(c, refusal ?? EXPIRED)
    }),
  )

  /** "Ignore validationError and go on": by the path that does it for one sync, with the same token. */
  async function releaseHeld(c: HonoContext): Promise<void> {
    const ended = latestEnded(sql)
    if (ended?.status !== 'validationError') return
    const headers = { authorization: c.req.header('authorization') ?? '' }
    const url = `${new URL(c.req.url).origin}${SYNCS}/${encodeURIComponent(ended.id)}/resume`
    await actions.bridge()?.app.fetch(new Request(url, { method: 'POST', headers }))
  }

  app.notFound((c) => c.json({ error: 'not-found', message: NOTHING_HERE }, 404))
  app.onError((error, c) => {
    log.error('request-failed', { message: error.message, stack: error.stack })
    if (!(error instanceof BridgeError)) return c.json({ error: 'internal', message: 'An internal error.' }, 500)
    const { code, message, remedy } = error
    return c.json({ error: code, message, remedy }, 503, { 'Retry-After': '30' })
  })
  return app
}

async function answerBody(
  c: HonoContext,
  take: (body: unknown) => Promise<Read<undefined>>,
  accepted: (c: HonoContext) => Response,
  foreign?: (body: unknown) => readonly string[],
): Promise<Response> {
  let body: unknown
  try {
    body = JSON.parse(await c.req.text())
  } catch {
    return faulty(c, ['The body is not JSON.'])
  }
  const fixed = foreign?.(body) ?? []
  if (fixed.length > 0) return fromSettings(c, ...fixed)
  const taken = await take(body)
  return taken.ok ? accepted(c) : faulty(c, taken.messages)
}

/** What only the environment says of its profile. */
function foreignToDefault(body: unknown): readonly string[] {
  if (typeof body !== 'object' || body === null) return []
  const names = Object.keys(body).filter((name) => name !== 'mapping' && name !== 'settings')
  if (names.length === 0) return []
  return [
    `The environment's settings say ${names.map((name) => `\`${name}\``).join(', ')} of this profile. Change them there and start anew; \`mapping\` and \`settings\` can be changed here.`,
  ]
}

const MAPPING_SET = 'The setting MAPPING names the mapping of this profile. Change that file, or unset MAPPING.'
const UNSET =
  'This profile comes from the settings. Unset POWERSCHOOL_URL, POWERSCHOOL_CLIENT_ID and POWERSCHOOL_CLIENT_SECRET and start anew instead.'

interface Refusal {
  readonly error: string
  readonly message: string
  readonly remedy: string
}

const EXPIRED: Refusal = {
  error: 'expired',
  message: 'The profile ended by its expirationDate.',
  remedy: 'PATCH expirationDate to a later day, or to null.',
}

/** Why no sync may be started by hand. */
function refusalOf({ record, state, problem, hasExpired }: ProfileFacts): Refusal | undefined {
  if (hasExpired) return EXPIRED
  if (record.isPaused) {
    return { error: 'paused', message: 'The profile is paused.', remedy: 'Resume it: POST …/resume.' }
  }
  if (state === 'provisioned') return undefined
  const message = problem?.message ?? 'The profile is being provisioned; its first sync starts by itself.'
  return { error: 'not-provisioned', message, remedy: problem?.remedy ?? 'Wait until its state is provisioned.' }
}

const refuse = (c: HonoContext, refusal: Refusal) => c.json(refusal, 409)

const fromSettings = (c: HonoContext, ...messages: readonly string[]) =>
  c.json({ error: 'from-settings', messages }, 409)

const faulty = (c: HonoContext, messages: readonly string[], status: 400 | 413 = 400) =>
  c.json({ error: 'request-invalid', messages }, status)

const gone = (c: HonoContext) => c.json({ error: 'not-found', message: 'There is no such profile.' }, 404)

const deleting = (c: HonoContext) =>
  c.json({ error: 'deleting', message: 'The profile is being deleted.', remedy: 'Make a new one.' }, 409)
