// Keeps the plugin's access token: asks for it once, shares it, and renews it before it ends.

import { BridgeError } from '../errors.ts'
import { failureOf, isMarkup, parseBody, unavailable } from './answer.ts'
import { type Answer, ask, type Fetch } from './ask.ts'
import { lettingGo, orStop } from './stop.ts'

export const TOKEN_PATH = '/oauth/access_token'
const UNKNOWN_LIFE_SECONDS = 3600
const LONGEST_MARGIN_MS = 60_000

const CREDENTIALS_REMEDY =
  "Compare POWERSCHOOL_CLIENT_ID and POWERSCHOOL_CLIENT_SECRET with the plugin's Data Provider Configuration, and check that the plugin is enabled."

interface TokenSourceOptions {
  readonly fetch: Fetch
  /** The PowerSchool server, without a trailing slash. */
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly now: () => number
  readonly timeoutMs?: number
  /** Sends the request when its turn has come; the wait for it is not part of `timeoutMs`. */
  readonly inTurn?: <T>(send: () => Promise<T>, signal: AbortSignal) => Promise<T>
}

interface TokenSource {
  /**
   * A valid token. Calls that come while one is being fetched share the answer and its failure; nothing is tried again here.
   * The signal ends the call with `sync-stopped` (at the end of a step a little later, for the token may come), and the request
   * with the last call that waits for it.
   */
  token(signal?: AbortSignal): Promise<string>
  /** Forgets `token`, unless a newer one has already taken its place. */
  invalidate(token: string): void
}

interface Kept {
  readonly token: string
  readonly renewAtMs: number
}

interface Pending {
  readonly answer: Promise<string>
  readonly controller: AbortController
  waiting: number
}

/** Refuses with `powerschool-credentials`, and with the codes of `ask` and `failureOf`. */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { now, inTurn = (send) => send() } = options
  let kept: Kept | undefined
  let pending: Pending | undefined

  function renew(): Pending {
    const controller = new AbortController()
    const { signal } = controller
    const answer = inTurn(() => requestToken(options, signal), signal).then((fresh) => {
      kept = fresh
      return fresh.token
    })
    const renewal: Pending = { answer, controller, waiting: 0 }
    const done = () => forget(renewal)
    answer.then(done, done)
    return renewal
  }

  function forget(renewal: Pending): void {
    if (pending === renewal) pending = undefined
  }

  return {
    async token(signal) {
      if (kept !== undefined && now() < kept.renewAtMs) return kept.token
      pending ??= renew()
      const renewal = pending
      renewal.waiting += 1
      const { signal: cut, close } = lettingGo(signal)
      try {
        return await orStop(renewal.answer, cut, TOKEN_PATH)
      } finally {
        close()
        renewal.waiting -= 1
        if (renewal.waiting === 0) {
          forget(renewal)
          renewal.controller.abort()
        }
      }
    },
    invalidate(token) {
      if (kept?.token === token) kept = undefined
    },
  }
}

async function requestToken(options: TokenSourceOptions, signal: AbortSignal): Promise<Kept> {
  const { fetch, url, clientId, clientSecret, now, timeoutMs = 60_000 } = options
  const init = {
    method: 'POST',
    headers: {
      authorization: `Basic ${base64(`${clientId}:${clientSecret}`)}`,
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
      accept: 'application/json',
    },
    body: 'grant_type=client_credentials',
  }
  const askedMs = now()
  const answer = await ask(fetch, `${url}${TOKEN_PATH}`, init, { path: TOKEN_PATH, timeoutMs, signal })
  if (answer.status !== 200) throw tokenFailure(answer, now())
  if (isMarkup(answer))
    throw unavailable(`PowerSchool answered ${TOKEN_PATH} with a web page instead of JSON`, undefined)
  return readToken(parseBody(answer.text, TOKEN_PATH), askedMs)
}

function readToken(body: unknown, askedMs: number): Kept {
  const token = typeof body === 'object' && body !== null && 'access_token' in body ? body.access_token : undefined
  if (typeof token !== 'string' || token === '') {
    throw new BridgeError('powerschool-broken-answer', `The answer to ${TOKEN_PATH} holds no access_token.`, {
      remedy: 'Check that POWERSCHOOL_URL is the address of a PowerSchool server.',
    })
  }
  // Text on the wire: "2504956".
  const told = typeof body === 'object' && body !== null && 'expires_in' in body ? Number(body.expires_in) : Number.NaN
  const lifeMs = (Number.isFinite(told) ? told : UNKNOWN_LIFE_SECONDS) * 1000
  return { token, renewAtMs: askedMs + lifeMs - Math.min(LONGEST_MARGIN_MS, lifeMs / 10) }
}

function tokenFailure(answer: Answer, nowMs: number): BridgeError {
  const failure = failureOf(answer, { path: TOKEN_PATH, query: {} }, nowMs)
  if (failure.code !== 'powerschool-credentials' && failure.code !== 'powerschool-refused') return failure
  if (answer.status === 401 || /"(invalid|unauthorized)_client"/.test(answer.text)) {
    const message = `PowerSchool does not accept the client ID and secret (${answer.status} for ${TOKEN_PATH}).`
    return new BridgeError('powerschool-credentials', message, { remedy: CREDENTIALS_REMEDY })
  }
  return isMarkup(answer) ? unavailable(`PowerSchool answered ${TOKEN_PATH} with ${answer.status}`, undefined) : failure
}

/** Of the UTF-8 bytes: `btoa` alone refuses characters beyond Latin-1. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
