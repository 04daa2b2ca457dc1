// What a consumer and an administrator do by HTTP.
import { BASE } from '../support/known.ts'
import { ADMIN_TOKEN, CONSUMER } from './powerschool.ts'
import { type Server, until } from './processes.ts'

type Place = Pick<Server, 'url'>

export async function fetchToken(
  { url }: Place,
  { id, secret, scope }: { id: string; secret: string; scope?: string } = CONSUMER,
): Promise<{ status: number; token: string; scope: string }> {
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }),
  })
  const body = (await answer.json()) as { access_token?: string; scope?: string }
  return { status: answer.status, token: body.access_token ?? '', scope: body.scope ?? '' }
}

/** Reads below the 1.1 base with that token, or with a new one. */
export async function consumerOf(server: Place, token?: string) {
  const bearer = token ?? (await fetchToken(server)).token
  return {
    token: bearer,
    get: (path: string) => fetch(`${server.url}${BASE}${path}`, { headers: { authorization: `Bearer ${bearer}` } }),
  }
}

export interface SyncAnswer {
  readonly id: string
  readonly status: string
  readonly stage: string
  readonly error?: { readonly code: string; readonly remedy: string }
  readonly report?: { readonly generation: number; readonly isPublished: boolean }
}

export async function admin({ url }: Place, path: string, method = 'GET'): Promise<SyncAnswer> {
  const answer = await fetch(`${url}/admin${path}`, { method, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  return (await answer.json()) as SyncAnswer
}

/** Starts a sync (or joins the running one) and waits for its end. */
export async function syncToEnd(server: Place): Promise<SyncAnswer> {
  const { id } = await admin(server, '/syncs', 'POST')
  return endOf(server, id)
}

export function endOf(server: Place, id: string): Promise<SyncAnswer> {
  return until(async () => {
    const sync = await admin(server, `/syncs/${id}`)
    return sync.status !== undefined && sync.status !== 'inProgress' && sync
  })
}
