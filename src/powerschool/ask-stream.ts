// Sends one request and hands its body on piece by piece, however long all of it may take.

import { BridgeError } from '../errors.ts'
import { brokenOff, connect, type Fetch } from './ask.ts'
import { lettingGo, stoppedAt } from './stop.ts'

export interface StreamedAnswer {
  readonly status: number
  readonly headers: Headers
  /** The next one is asked for when the one before has been dealt with. */
  readonly pieces: AsyncIterable<Uint8Array>
}

export interface StreamLimits {
  /** What messages call the request: its path, never its query. */
  readonly path: string
  /** The longest that nothing may come, the wait for the headers included. Time that `take` needs does not count. */
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Nothing came for too long. */
export class IdleError extends BridgeError {
  constructor(path: string, idleTimeoutMs: number) {
    super('powerschool-unreachable', `PowerSchool sent nothing of ${path} for ${idleTimeoutMs} ms.`, {
      remedy: 'Nothing, if it passes; else ask the PowerSchool host about its load.',
    })
  }
}

/**
 * What `take` makes of the answer, whatever its status. The request ends with `take`, also when the body has not. Refuses with
 * `powerschool-unreachable` (no connection, or `IdleError`), `powerschool-broken-answer` (the body broke off) or `sync-stopped`,
 * after a while only where just a step has ended. No redirect is followed.
 */
export async function askStream<T>(
  fetch: Fetch,
  url: string,
  init: RequestInit,
  limits: StreamLimits,
  take: (answer: StreamedAnswer) => Promise<T>,
): Promise<T> {
  const { path } = limits
  if (limits.signal?.aborted) throw stoppedAt(path)
  const controller = new AbortController()
  const request: RequestInit = { ...init, redirect: 'manual', signal: controller.signal }
  const { signal, close } = lettingGo(limits.signal)
  const inFlight = { ...limits, signal }
  let response: Response | undefined
  try {
    response = await inTime(connect(fetch, url, request, path), inFlight)
    const { status, headers, body } = response
    return await take({ status, headers, pieces: piecesOf(body, inFlight) })
  } finally {
    close()
    controller.abort()
    // Of a body that nobody has begun to read: it would hold its connection. Another one is cancelled by its reader.
    if (response?.body?.locked === false) response.body.cancel().catch(() => undefined)
  }
}

async function* piecesOf(body: ReadableStream<Uint8Array> | null, limits: StreamLimits): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const reader = body.getReader()
  const next = async () => {
    try {
      return await reader.read()
    } catch (cause) {
      throw brokenOff(limits.path, cause)
    }
  }
  try {
    for (;;) {
      const { done, value } = await inTime(next(), limits)
      if (done) return
      yield value
    }
  } finally {
    // A body that failed refuses to be cancelled, and has told why already.
    reader.cancel().catch(() => undefined)
  }
}

/** What `promise` gives, if it comes before the time is over and the signal. */
function inTime<T>(promise: Promise<T>, { path, idleTimeoutMs, signal }: StreamLimits): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new IdleError(path, idleTimeoutMs))), idleTimeoutMs)
    const stop = () => end(() => reject(stoppedAt(path)))
    const end = (settle: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      settle()
    }
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
    promise.then(
      (value) => end(() => resolve(value)),
      (failure) => end(() => reject(failure)),
    )
  })
}
