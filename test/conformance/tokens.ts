// The access tokens of the tests: of the usual consumer by scope, and of consumers made for one test.
import { bearer, request } from '../http/support.ts'
import type { TestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN } from '../support/known.ts'

const tokens = new WeakMap<TestBridge, Map<string, Promise<string>>>()

/** One token for each choice of scopes; of all that the consumer holds unless told. */
export function tokenOf(bridge: TestBridge, scope?: string): Promise<string> {
  const known = tokens.get(bridge) ?? new Map<string, Promise<string>>()
  tokens.set(bridge, known)
  const token = known.get(scope ?? '') ?? bridge.token(scope)
  known.set(scope ?? '', token)
  return token
}

/** Adds a consumer by the admin API and answers a token of all its scopes. */
export async function addConsumer(bridge: TestBridge, wanted: Readonly<Record<string, unknown>>): Promise<string> {
  const added = await request(bridge, '/admin/consumers', {
    method: 'POST',
    headers: { ...bearer(ADMIN_TOKEN), 'content-type': 'application/json' },
    body: JSON.stringify(wanted),
  })
  const told = await added.text()
  if (added.status !== 201) throw new Error(`POST /admin/consumers answered ${added.status}: ${told}`)
  const { id, secret } = JSON.parse(told) as { readonly id: string; readonly secret: string }
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret })
  const answer = await request(bridge, '/oauth/token', { method: 'POST', body })
  // The token endpoint's own tests check its answers.
  return ((await answer.json()) as { readonly access_token: string }).access_token
}
