// OAuth 2 as clients ask for a token: in the header, in the body, as JSON, or with nothing but the header.
import { CONSUMER } from '../support/known.ts'
import { jsonOf } from './read.ts'
import type { Wire, WireRequest } from './wire.ts'

export interface Credentials {
  readonly id: string
  readonly secret: string
}

const FORM = 'application/x-www-form-urlencoded'

export function basic({ id, secret }: Credentials): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
}

/** How each kind of client writes its request; the scope is sent only when it is told. */
export const TOKEN_REQUESTS = {
  /** School Data Sync, Google Classroom. */
  header: (credentials: Credentials, scope?: string): WireRequest => ({
    method: 'POST',
    headers: { authorization: basic(credentials), 'content-type': FORM, accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === undefined ? {} : { scope }),
    }).toString(),
  }),
  /** Id and secret form-encoded before base64, as RFC 6749 has it: Moodle. */
  encodedHeader: ({ id, secret }: Credentials, scope?: string): WireRequest =>
    TOKEN_REQUESTS.header({ id: encodeURIComponent(id), secret: encodeURIComponent(secret) }, scope),
  /** Microsoft's Data Factory pipeline. */
  body: ({ id, secret }: Credentials, scope?: string): WireRequest => ({
    method: 'POST',
    headers: { 'content-type': FORM },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
      ...(scope === undefined ? {} : { scope }),
    }).toString(),
  }),
  json: ({ id, secret }: Credentials, scope?: string): WireRequest => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', client_id: id, client_secret: secret, scope }),
  }),
  /** TCI: no body at all, not even the grant. */
  nothing: (credentials: Credentials): WireRequest => ({
    method: 'POST',
    headers: { authorization: basic(credentials), 'content-length': '0' },
  }),
} as const

export interface TokenOptions {
  readonly path?: string
  readonly form?: keyof typeof TOKEN_REQUESTS
  readonly credentials?: Credentials
  readonly scope?: string
}

/** A token as the client asks for it; refuses an answer that clients could not use. */
export async function fetchToken(wire: Wire, options: TokenOptions = {}): Promise<string> {
  const { path = '/oauth/token', form = 'header', credentials = CONSUMER, scope } = options
  const answer = await wire.send(`${wire.publicUrl}${path}`, TOKEN_REQUESTS[form](credentials, scope))
  const body = jsonOf(answer)
  const isUsable =
    answer.status === 200 &&
    typeof body.access_token === 'string' &&
    /^bearer$/i.test(String(body.token_type)) &&
    Number.isInteger(body.expires_in) &&
    answer.headers['cache-control'] === 'no-store'
  if (!isUsable) throw new Error(`no usable token: ${answer.status} ${JSON.stringify(answer.headers)} ${answer.text}`)
  return String(body.access_token)
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}
