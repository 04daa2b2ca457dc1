// The paths of a profile that are about itself: `/admin/profile…`, and what the front alone asks.
import { Hono, type Context as HonoContext } from 'hono'
import { mayAdminister } from '../admin/allow.ts'
import { adminFailure } from '../admin/failure.ts'
import type { Config } from '../config.ts'
import { NOTHING_HERE } from '../http/app-answers.ts'
import { prefixOf, splitUrl } from '../http/public-path.ts'
import type { Log } from '../log.ts'
import type { Sql } from '../store/sql.ts'
import type { HostActions } from './actions.ts'
import { deleting, EXISTS, fromSettings, gone, MAPPING_SET, refuse, UNSET } from './host-answers.ts'
import { foreignToDefault, limitBody, takeBody } from './host-bodies.ts'
import { PROFILE } from './host-paths.ts'
import { type AnswerWithFacts, hostSyncs } from './host-syncs.ts'
import { DEFAULT_PROFILE, INTERNAL } from './ports.ts'
import { type ProfileFacts, presentProfile, presentProfileStatus } from './present.ts'

export interface HostApiOptions {
  readonly actions: HostActions
  readonly config: Pick<Config, 'adminToken'>
  readonly publicUrl: string
  readonly sql: Sql
  readonly log: Log
  readonly newId: () => string
  /** Whether the environment names a mapping, which the admin API cannot change then. */
  readonly isMappingSet: boolean
}

export function hostApi(options: HostApiOptions): Hono {
  const { actions, config, publicUrl, sql, log, newId } = options
  const prefix = prefixOf(publicUrl)
  const app = new Hono({ getPath: ({ url }) => splitUrl(url, prefix).path })
  const status = (facts: ProfileFacts) => presentProfileStatus(facts, sql, actions.bridge()?.schedule.nextMs())
  const accepted = async (c: HonoContext) => {
    const facts = await actions.facts()
    return facts === undefined ? gone(c) : c.json(presentProfile(facts), 202)
  }
  /** With the profile, unless it is not there, or about to go. */
  const withFacts = (answer: AnswerWithFacts) => async (c: HonoContext) => {
    const facts = await actions.facts()
    if (facts === undefined) return gone(c)
    return facts.state === 'deleting' && c.req.method !== 'GET' ? deleting(c) : answer(c, facts)
  }

  app.use('/admin/*', async (c, next) => {
    if (!(await mayAdminister(c.req.raw, config.adminToken))) return c.notFound()
    await next()
    c.header('Cache-Control', 'no-store')
  })

  app.post(INTERNAL.profile, limitBody, async (c) => {
    if ((await actions.facts()) !== undefined) return refuse(c, EXISTS)
    return takeBody(c, { take: actions.create, accepted: () => accepted(c) })
  })
  app.get(INTERNAL.summary, async (c) => {
    const facts = await actions.facts()
    return facts === undefined ? gone(c) : c.json({ ...presentProfile(facts), status: status(facts) })
  })

  app.get(
    PROFILE,
    withFacts((c, facts) => c.json(presentProfile(facts))),
  )
  app.patch(
    PROFILE,
    limitBody,
    withFacts((c, { record }) => {
      const isDefault = record.id === DEFAULT_PROFILE
      if (isDefault && options.isMappingSet) return fromSettings(c, MAPPING_SET)
      const foreign = isDefault ? foreignToDefault : undefined
      return takeBody(c, { take: actions.change, accepted: () => accepted(c), foreign })
    }),
  )
  app.delete(PROFILE, async (c) => {
    const facts = await actions.facts()
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
  hostSyncs(app, { actions, sql, withFacts })
  // All else, of a profile that is being deleted.
  app.all(
    '/admin/*',
    withFacts((c) => c.notFound()),
  )

  app.notFound((c) => c.json({ error: 'not-found', message: NOTHING_HERE }, 404))
  app.onError((error) => {
    const requestId = newId()
    log.error('request-failed', { requestId, message: error.message, stack: error.stack })
    return adminFailure(error, requestId)
  })
  return app
}
