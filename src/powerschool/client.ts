// Reads PowerSchool resources as a polite and patient client: token, turns, retries.

import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import { readAnswer, readStreamed, UnavailableError } from './answer.ts'
import { ask, type Fetch, type Query } from './ask.ts'
import { askStream, IdleError } from './ask-stream.ts'
import { createGate, type Sleep } from './gate.ts'
import { METADATA_PATH, type PowerSchoolMetadata, parseMetadata } from './metadata.ts'
import { orStop } from './stop.ts'
import { createTokenSource, TOKEN_PATH } from './token.ts'

const FIRST_BACK_OFF_MS = 500
const LONGEST_BACK_OFF_MS = 30_000
/** A server that asks for more patience than this ends the attempt; the next sync tries again. */
const LONGEST_WAIT_MS = 600_000

export interface PowerSchoolClientOptions {
  readonly fetch: Fetch
  /** The PowerSchool server, such as `https://district.powerschool.com`. */
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** Requests under way at a time. */
  readonly concurrency: number
  /** Between the starts of two requests. Widened by itself while PowerSchool says that requests come too fast. */
  readonly minIntervalMs: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly sleep: Sleep
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Log
  /** For one request with its body. */
  readonly timeoutMs?: number
  /** For the next part of a streamed answer, its beginning included: a slow query sends nothing at first. */
  readonly idleTimeoutMs?: number
  readonly maxAttempts?: number
  /** Ends everything with `sync-stopped`. */
  readonly signal?: AbortSignal | undefined
}

interface Request {
  /** Default GET. */
  readonly method?: 'GET' | 'POST'
  readonly query?: Query
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** Sends no token (`/ws/v1/time`). */
  readonly isPublic?: boolean
}

interface WholeRequest<T> extends Request {
  /** Refines the body. What it refuses with a retryable code is asked for again. */
  readonly read: (body: unknown) => T
  /** Instead of the client's. */
  readonly timeoutMs?: number
}

interface StreamedRequest<T> extends Request {
  /** Takes the body of an answer that is JSON by its status, its headers and its beginning. */
  readonly take: (pieces: AsyncIterable<Uint8Array>) => Promise<T>
}

export interface PowerSchoolClient {
  readonly concurrency: number
  readonly now: () => number
  /** How many requests were sent so far, tokens left out. */
  readonly requests: number
  request<T>(path: string, request: WholeRequest<T>): Promise<T>
  /**
   * For answers too long to stand in memory. Holds its turn until the body has ended. Once `take` has begun nothing is tried
   * again here; nor is a 5xx or a silence before it, for what was asked may be too much for the server: the caller decides.
   */
  stream<T>(path: string, request: StreamedRequest<T>): Promise<T>
  get<T>(path: string, request: Omit<WholeRequest<T>, 'method' | 'body'>): Promise<T>
  getJson(path: string, query?: Query, signal?: AbortSignal): Promise<unknown>
  metadata(signal?: AbortSignal): Promise<PowerSchoolMetadata>
  /** Proves the credentials: an access token is at hand when this resolves. */
  signIn(): Promise<void>
  /** Waits before the attempt after the `attempt`th: exponential with full jitter. */
  backOff(attempt: number, path: string, signal?: AbortSignal): Promise<void>
}

/**
 * Failures are `BridgeError`s that name the path and never the query, a body or a secret. Retryable ones are tried again up
 * to `maxAttempts` times; a 401 once with a fresh token. A wait hint holds back all requests of this client.
 */
export function createPowerSchoolClient(options: PowerSchoolClientOptions): PowerSchoolClient {
  const {
    fetch,
    concurrency,
    now,
    sleep,
    random,
    log,
    timeoutMs = 60_000,
    idleTimeoutMs = 120_000,
    maxAttempts = 6,
    signal: wholeSignal,
  } = options
  const url = options.url.replace(/\/+$/, '')
  const gate = createGate({ concurrency, minIntervalMs: options.minIntervalMs, now, sleep })
  const withWhole = signalJoiner(wholeSignal)
  const tokens = createTokenSource({
    ...options,
    url,
    timeoutMs,
    inTurn: (send, signal) => inTurn(TOKEN_PATH, signal, send),
  })
  let requests = 0

  async function inTurn<T>(path: string, signal: AbortSignal | undefined, send: () => Promise<T>): Promise<T> {
    const startedMs = await gate.enter(path, signal)
    try {
      const value = await send()
      gate.easeUp()
      return value
    } catch (error) {
      // Before the turn is given up: the next one in line must not start into the wait that this answer asks for.
      if (error instanceof BridgeError && error.code === 'powerschool-busy') gate.slowDown(startedMs)
      if (error instanceof BridgeError) holdBackAll(error)
      throw error
    } finally {
      gate.leave()
    }
  }

  function holdBackAll({ retryAfterMs = 0 }: BridgeError): boolean {
    if (retryAfterMs === 0 || retryAfterMs > LONGEST_WAIT_MS) return false
    gate.holdBack(retryAfterMs)
    return true
  }

  function send<T>(path: string, { signal }: Request, once: () => Promise<T>): Promise<T> {
    return inTurn(path, signal, () => {
      requests += 1
      return once()
    })
  }

  function requestOnce<T>(path: string, request: WholeRequest<T>, token: string | undefined): Promise<T> {
    const { query = {}, read, signal } = request
    const limits = { path, timeoutMs: request.timeoutMs ?? timeoutMs, signal }
    return send(path, request, async () => {
      const answer = await ask(fetch, `${url}${path}${queryText(query)}`, initOf(request, token), limits)
      return read(readAnswer(answer, { path, query }, now()))
    })
  }

  function streamOnce<T>(path: string, request: StreamedRequest<T>, token: string | undefined): Promise<T> {
    const { query = {}, take, signal } = request
    const limits = { path, idleTimeoutMs, signal }
    return send(path, request, () =>
      askStream(fetch, `${url}${path}${queryText(query)}`, initOf(request, token), limits, async (answer) =>
        take(await readStreamed(answer, { path, query }, now)),
      ),
    )
  }

  function backOffMs(attempt: number): number {
    return random() * Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (attempt - 1))
  }

  /** Returns when the request may be tried again; throws the failure when it may not. */
  async function waitAfter(failure: unknown, attempt: number, path: string, signal: AbortSignal | undefined) {
    if (!(failure instanceof BridgeError) || !failure.isRetryable) throw failure
    const { code, retryAfterMs = 0 } = failure
    if (attempt >= maxAttempts || retryAfterMs > LONGEST_WAIT_MS) throw lastOf(failure, attempt)
    const waitMs = Math.round(retryAfterMs || backOffMs(attempt))
    log.warn('powerschool-retry', { path, code, attempt, waitMs })
    if (!holdBackAll(failure)) await orStop(sleep(waitMs, signal), signal, path)
  }

  async function signIn(signal: AbortSignal | undefined): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await tokens.token(signal)
      } catch (failure) {
        await waitAfter(failure, attempt, TOKEN_PATH, signal)
      }
    }
  }

  /** `isFinal` tells what is not to be tried again, although another failure of its kind would be. */
  async function withToken<T>(
    path: string,
    { isPublic, signal }: Request,
    once: (token: string | undefined) => Promise<T>,
    isFinal: (failure: unknown) => boolean = () => false,
  ): Promise<T> {
    let hasRenewed = false
    let attempt = 1
    for (;;) {
      const token = isPublic === true ? undefined : await signIn(signal)
      try {
        return await once(token)
      } catch (failure) {
        if (isFinal(failure)) throw failure
        if (token !== undefined && !hasRenewed && isExpiry(failure)) {
          tokens.invalidate(token)
          hasRenewed = true
          continue
        }
        await waitAfter(failure, attempt, path, signal)
        attempt += 1
      }
    }
  }

  function request<T>(path: string, whole: WholeRequest<T>): Promise<T> {
    const stoppable = { ...whole, signal: withWhole(whole.signal) }
    return withToken(path, stoppable, (token) => requestOnce(path, stoppable, token))
  }

  function stream<T>(path: string, streamed: StreamedRequest<T>): Promise<T> {
    let isTaken = false
    const stoppable: StreamedRequest<T> = {
      ...streamed,
      signal: withWhole(streamed.signal),
      take(pieces) {
        isTaken = true
        return streamed.take(pieces)
      },
    }
    return withToken(
      path,
      stoppable,
      (token) => streamOnce(path, stoppable, token),
      (failure) => isTaken || isOverload(failure),
    )
  }

  return {
    concurrency,
    now,
    get requests() {
      return requests
    },
    request,
    stream,
    get: request,
    getJson: (path, query = {}, signal) => request(path, { query, signal, read: (body) => body }),
    metadata: (signal) => request(METADATA_PATH, { signal, read: parseMetadata }),
    async signIn() {
      await signIn(wholeSignal)
    },
    async backOff(attempt, path, callSignal) {
      const signal = withWhole(callSignal)
      await orStop(sleep(backOffMs(attempt), signal), signal, path)
    },
  }
}

function initOf({ method = 'GET', body }: Request, token: string | undefined): RequestInit {
  const headers = {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  return { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
}

/** `q` and its like are encoded once, as a whole; a space is `%20`. */
function queryText(query: Query): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function isExpiry(failure: unknown): boolean {
  return failure instanceof BridgeError && failure.code === 'powerschool-credentials'
}

/** A failure that a smaller question may not meet with. A server that says when to come again is only busy. */
export function isOverload(failure: unknown): boolean {
  if (failure instanceof IdleError) return true
  return failure instanceof UnavailableError && (failure.status ?? 0) >= 500 && failure.retryAfterMs === undefined
}

function lastOf(failure: BridgeError, attempts: number): BridgeError {
  if (attempts === 1) return failure
  const { code, message, remedy, retryAfterMs } = failure
  return new BridgeError(code, `${message} Asked ${attempts} times.`, {
    cause: failure,
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Joins a call's signal with the client's, once for each: a crawl passes the same one thousands of times. */
function signalJoiner(whole: AbortSignal | undefined) {
  const joined = new WeakMap<AbortSignal, AbortSignal>()
  return (signal: AbortSignal | undefined): AbortSignal | undefined => {
    if (signal === undefined || whole === undefined || signal === whole) return signal ?? whole
    const known = joined.get(signal)
    if (known !== undefined) return known
    const both = AbortSignal.any([signal, whole])
    joined.set(signal, both)
    return both
  }
}
