// How a consumer gets a token of a bridge in the same process.
import type { Bridge } from '../../src/bridge.ts'
import { CONSUMER, type Consumer } from './known.ts'

/** Of all the consumer's scopes, unless told. */
export async function tokenOf(
  { app }: Pick<Bridge, 'app'>,
  { id, secret }: Consumer = CONSUMER,
  scope?: string,
): Promise<string> {
  const answer = await app.request('/oauth/token', {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${id}:${secret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }),
  })
  const { access_token } = (await answer.json()) as { access_token: string }
  return access_token
}
