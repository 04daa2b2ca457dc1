// Reads PowerSchool resources as a polite and patient client: token, turns, retries.

import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import { readAnswer } from './answer.ts'
import { ask, type Fetch, type Query } from './ask.ts'
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
  readonly maxAttempts?: number
  /** Ends everything with `sync-stopped`. */
  readonly signal?: AbortSignal | undefined
}

interface GetOptions<T> {
  readonly query?: Query
  /** Refines the body. What it refuses with a retryable code is asked for again. */
  readonly read: (body: unknown) => T
  readonly signal?: AbortSignal | undefined
  /** Sends no token (`/ws/v1/time`). */
  readonly isPublic?: boolean
}

export interface PowerSchoolClient {
  readonly concurrency: number
  readonly now: () => number
  /** How many requests were sent so far, tokens left out. */
  readonly requests: number
  get<T>(path: string, options: GetOptions<T>): Promise<T>
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

  function getOnce<T>(
    path: string,
    options: GetOptions<T>,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ) {
    const { query = {}, read } = options
    const headers = { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    return inTurn(path, signal, async () => {
      requests += 1
      const answer = await ask(fetch, `${url}${path}${queryText(query)}`, { headers }, { path, timeoutMs, signal })
      return read(readAnswer(answer, { path, query }, now()))
    })
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

  async function get<T>(path: string, options: GetOptions<T>): Promise<T> {
    const signal = withWhole(options.signal)
    let hasRenewed = false
    let attempt = 1
    for (;;) {
      const token = options.isPublic === true ? undefined : await signIn(signal)
      try {
        return await getOnce(path, options, token, signal)
      } catch (failure) {
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

  return {
    concurrency,
    now,
    get requests() {
      return requests
    },
    get,
    getJson: (path, query = {}, signal) => get(path, { query, signal, read: (body) => body }),
    metadata: (signal) => get(METADATA_PATH, { signal, read: parseMetadata }),
    async signIn() {
      await signIn(wholeSignal)
    },
    async backOff(attempt, path, callSignal) {
      const signal = withWhole(callSignal)
      await orStop(sleep(backOffMs(attempt), signal), signal, path)
    },
  }
}

/** `q` and its like are encoded once, as a whole; a space is `%20`. */
function queryText(query: Query): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function isExpiry(failure: unknown): boolean {
  return failure instanceof BridgeError && failure.code === 'powerschool-credentials'
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
