// The admin API as an operator's script calls it.
import type { TestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN } from '../support/known.ts'
import { bearer, request } from './support.ts'

export type Json = Readonly<Record<string, unknown>>

/** A path below `/admin`. */
export async function ask(bridge: TestBridge, path: string, method = 'GET') {
  const answer = await request(bridge, `/admin${path}`, { method, headers: bearer(ADMIN_TOKEN) })
  return { status: answer.status, body: (await answer.json()) as Json }
}

/** Starts a sync and answers how it ended. */
export async function sync(bridge: TestBridge): Promise<Json & { readonly id: string }> {
  const { body } = await ask(bridge, '/syncs', 'POST')
  const id = String(body.id)
  return { ...(await ended(bridge, id)), id }
}

/** Watches a sync to its end. */
export async function ended(bridge: TestBridge, id: string): Promise<Json> {
  for (let turns = 0; turns < 100_000; turns += 1) {
    const { body } = await ask(bridge, `/syncs/${id}`)
    if (body.finishedAt !== undefined && bridge.schedule.running() === undefined) return body
    await new Promise((done) => setImmediate(done))
  }
  throw new Error(`the sync ${id} does not end`)
}
