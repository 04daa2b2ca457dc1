// Sends one request and receives its whole body, within a time limit.

import { BridgeError } from '../errors.ts'
import { lettingGo, stoppedAt } from './stop.ts'

export type Fetch = (url: string, init: RequestInit) => Response | Promise<Response>

export type Query = Readonly<Record<string, string | number>>

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

interface AskLimits {
  /** What messages call the request: its path, never its query. */
  readonly path: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * The answer, whatever its status. Refuses with `powerschool-unreachable` (no connection, too slow),
 * `powerschool-broken-answer` (the body broke off) or `sync-stopped`, after a while only where just a step has ended. No redirect
 * is followed.
 */
export function ask(fetch: Fetch, url: string, init: RequestInit, limits: AskLimits): Promise<Answer> {
  const { path, timeoutMs, signal } = limits
  if (signal?.aborted) return Promise.reject(stoppedAt(path))
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    const giveUp = (reason: BridgeError) => {
      // Rejected first and not through fetch: not every fetch listens to its signal.
      reject(reason)
      controller.abort()
    }
    const { signal: cut, close } = lettingGo(signal)
    const timer = setTimeout(() => giveUp(tooSlow(path, timeoutMs)), timeoutMs)
    cut?.addEventListener('abort', () => giveUp(stoppedAt(path)), { once: true })
    receive(fetch, url, { ...init, redirect: 'manual', signal: controller.signal }, path)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer)
        close()
      })
  })
}

async function receive(fetch: Fetch, url: string, init: RequestInit, path: string): Promise<Answer> {
  const response = await connect(fetch, url, init, path)
  const { status, headers } = response
  try {
    return { status, headers, text: await response.text() }
  } catch (cause) {
    // The status alone says enough about an error whose page broke off.
    if (status >= 300) return { status, headers, text: '' }
    throw brokenOff(path, cause)
  }
}

export function brokenOff(path: string, cause: unknown): BridgeError {
  return new BridgeError('powerschool-broken-answer', `The answer to ${path} broke off before its end.`, {
    remedy: 'Nothing, if it passes; else look at proxies and limits between the bridge and PowerSchool.',
    cause,
  })
}

/** The answer as soon as its headers are there. Refuses with `powerschool-unreachable`. */
export async function connect(fetch: Fetch, url: string, init: RequestInit, path: string): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    throw new BridgeError('powerschool-unreachable', `No connection to PowerSchool for ${path}${reasonOf(cause)}.`, {
      remedy: 'Check POWERSCHOOL_URL, the name server, the firewall and the certificate of the server.',
      cause,
    })
  }
}

/** The system's code (ENOTFOUND, CERT_HAS_EXPIRED …), which fetch keeps in the cause of its own failure. */
function reasonOf(failure: unknown): string {
  const inner = failure instanceof Error && failure.cause !== undefined ? failure.cause : failure
  const code = typeof inner === 'object' && inner !== null && 'code' in inner ? inner.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? ` (${code})` : ''
}

function tooSlow(path: string, timeoutMs: number): BridgeError {
  return new BridgeError('powerschool-unreachable', `PowerSchool did not answer ${path} within ${timeoutMs} ms.`, {
    remedy: 'Nothing, if it passes; else ask the PowerSchool host about its load.',
  })
}
