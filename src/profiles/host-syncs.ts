// The paths that hold up, go on with and start the syncs of a profile.
import type { Context, Hono } from 'hono'
import type { Sql } from '../store/sql.ts'
import { listSyncs } from '../store/syncs.ts'
import type { HostActions } from './actions.ts'
import { EXPIRED, refuse, syncRefusal } from './host-answers.ts'
import { PROFILE, SYNCS } from './host-paths.ts'
import type { ProfileFacts } from './present.ts'

export type AnswerWithFacts = (c: Context, facts: ProfileFacts) => Response | Promise<Response>

export interface HostSyncsOptions {
  readonly actions: HostActions
  readonly sql: Sql
  /** Has it answered with the profile, or that there is none. */
  readonly withFacts: (answer: AnswerWithFacts) => (c: Context) => Promise<Response>
}

export function hostSyncs(app: Hono, { actions, sql, withFacts }: HostSyncsOptions): void {
  const unlessExpired = (act: (c: Context) => void | Promise<void>) =>
    withFacts(async (c, { hasExpired }) => {
      if (hasExpired) return refuse(c, EXPIRED)
      await act(c)
      return c.body(null, 200)
    })

  app.post(
    `${PROFILE}/pause`,
    withFacts((c) => {
      actions.pause()
      return c.body(null, 200)
    }),
  )
  app.post(
    `${PROFILE}/resume`,
    unlessExpired(async (c) => {
      await releaseHeld(c)
      actions.resume()
    }),
  )
  app.post(
    `${PROFILE}/reset`,
    unlessExpired(() => actions.reset()),
  )
  app.post(
    SYNCS,
    withFacts((c, facts) => {
      const refusal = syncRefusal(facts)
      const bridge = actions.bridge()
      return refusal === undefined && bridge !== undefined ? bridge.app.fetch(c.req.raw) : refuse(c, refusal ?? EXPIRED)
    }),
  )

  /** "Ignore validationError and go on": by the path that does it for one sync, with the same token. */
  async function releaseHeld(c: Context): Promise<void> {
    const [latest] = listSyncs(sql, 1)
    if (latest?.status !== 'validationError') return
    const headers = { authorization: c.req.header('authorization') ?? '' }
    const url = `${new URL(c.req.url).origin}${SYNCS}/${encodeURIComponent(latest.id)}/resume`
    await actions.bridge()?.app.fetch(new Request(url, { method: 'POST', headers }))
  }
}
