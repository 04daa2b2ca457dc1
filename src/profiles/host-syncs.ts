// The paths that hold up, go on with and start the syncs of a profile.
import type { Context, Hono } from 'hono'
import { pendingGeneration } from '../store/pending.ts'
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
  const unlessExpired = (act: (c: Context) => Promise<Response | undefined>) =>
    withFacts(async (c, { hasExpired }) => (hasExpired ? refuse(c, EXPIRED) : ((await act(c)) ?? c.body(null, 200))))

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
      const refusal = await releaseHeld(c)
      if (refusal === undefined) actions.resume()
      return refusal
    }),
  )
  app.post(
    `${PROFILE}/reset`,
    unlessExpired(async () => {
      actions.reset()
      return undefined
    }),
  )
  app.post(
    SYNCS,
    withFacts((c, facts) => {
      const refusal = syncRefusal(facts)
      const bridge = actions.bridge()
      return refusal === undefined && bridge !== undefined ? bridge.app.fetch(c.req.raw) : refuse(c, refusal ?? EXPIRED)
    }),
  )

  /**
   * "Ignore validationError and go on": by the path that does it for one sync, with the same token; answers its refusal. What is
   * superseded is not released, and need not be: the next sync compares anew.
   */
  async function releaseHeld(c: Context): Promise<Response | undefined> {
    const [latest] = listSyncs(sql, 1)
    if (latest?.status !== 'validationError' || pendingGeneration(sql)?.sync !== latest.id) return undefined
    const headers = { authorization: c.req.header('authorization') ?? '' }
    const url = `${new URL(c.req.url).origin}${SYNCS}/${encodeURIComponent(latest.id)}/resume`
    const answer = await actions.bridge()?.app.fetch(new Request(url, { method: 'POST', headers }))
    return answer === undefined || answer.ok ? undefined : answer
  }
}
