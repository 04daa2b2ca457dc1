// Turns one HTTP answer of PowerSchool into its JSON value, or into the failure that it stands for.

import { BridgeError } from '../errors.ts'
import type { Answer, Query } from './ask.ts'
import type { StreamedAnswer } from './ask-stream.ts'
import { missingGrant, QUERY_PATH, QUERY_REMEDIES } from './query-refusal.ts'
import { refusalText } from './refusal-text.ts'
import { waitHintMs } from './wait-hint.ts'

interface Asked {
  readonly path: string
  readonly query: Query
}

/** A request that PowerSchool understood and refused. */
export class RefusedError extends BridgeError {
  /** The HTTP status of the refusal. */
  readonly status: number

  constructor(status: number, message: string, remedy: string) {
    super('powerschool-refused', message, { remedy })
    this.status = status
  }
}

/** It answers, but not as an API. */
export class UnavailableError extends BridgeError {
  /** The HTTP status; undefined for a web page where JSON was asked for. */
  readonly status: number | undefined

  constructor(what: string, retryAfterMs: number | undefined, status: number | undefined) {
    super('powerschool-unavailable', `${what}.`, {
      remedy: 'Wait if PowerSchool is in maintenance; else check that POWERSCHOOL_URL is the address of the server.',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
    this.status = status
  }
}

const REFUSAL_REMEDIES: Readonly<Record<number, string>> = {
  400: 'Check the q, expand and extend of this source in the mapping.',
  403: 'Grant the plugin what the message names, and enable it again.',
  404: 'Check this path in the mapping, and that this version of PowerSchool has it.',
}

/** As much of an answer as tells JSON from a web page. */
const LONGEST_BEGINNING = 64
const LONGEST_ERROR = 1 << 20

const RIGHTS_REMEDY =
  'In PowerSchool open System > Plugin Management > the plugin > Data Provider Configuration and set v1 API access to READ.'

/** The body as JSON; `undefined` for 204. Refuses with the code that the status, the headers and the body stand for. */
export function readAnswer(answer: Answer, asked: Asked, nowMs: number): unknown {
  const { status, text } = answer
  if (status === 204) return undefined
  if (status < 200 || status >= 300) throw failureOf(answer, asked, nowMs)
  if (isMarkup(answer)) throw webPage(asked.path)
  return parseBody(text, asked.path)
}

/** The body piece by piece, once its status, its headers and its beginning are those of JSON. Refuses as `readAnswer` does. */
export async function readStreamed(answer: StreamedAnswer, asked: Asked, nowMs: () => number) {
  const { status, headers } = answer
  if (status < 200 || status >= 300) {
    const text = await textOf(answer)
    throw failureOf({ status, headers, text }, asked, nowMs())
  }
  const pieces = answer.pieces[Symbol.asyncIterator]()
  const first = await pieces.next()
  const text = first.done === true ? '' : new TextDecoder().decode(first.value.subarray(0, LONGEST_BEGINNING))
  if (!isMarkup({ status, headers, text })) return joined(first, pieces)
  await pieces.return?.()
  throw webPage(asked.path)
}

/** Of an error: what is longer than a list of columns can be is no envelope, and the status alone says enough then. */
async function textOf({ pieces }: StreamedAnswer): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const piece of pieces) {
      text += decoder.decode(piece, { stream: true })
      if (text.length > LONGEST_ERROR) return ''
    }
  } catch (failure) {
    if (failure instanceof BridgeError && failure.code === 'powerschool-broken-answer') return ''
    throw failure
  }
  return text
}

async function* joined<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

/** Refuses with `powerschool-broken-answer`; its message tells the length only, because bodies hold people and tokens. */
export function parseBody(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Without its cause: the parser's message quotes the body.
    const message = `The answer to ${path} is not whole JSON (${text.length} characters).`
    throw new BridgeError('powerschool-broken-answer', message, {
      remedy: 'Nothing, if it passes; else look at proxies and limits between the bridge and PowerSchool.',
    })
  }
}

export function failureOf(answer: Answer, asked: Asked, nowMs: number): BridgeError {
  const { status, text } = answer
  const { path } = asked
  const waitMs = waitHintMs(answer, nowMs)
  if (isBusy(answer)) {
    return new BridgeError(
      'powerschool-busy',
      `PowerSchool says that requests come too fast (${status} for ${path}).`,
      {
        remedy: 'Raise POWERSCHOOL_MIN_INTERVAL_MS or lower POWERSCHOOL_CONCURRENCY.',
        ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
      },
    )
  }
  if (status >= 500 || status === 408) return unavailable(`PowerSchool answered ${path} with ${status}`, waitMs, status)
  if (status < 400) return unavailable(`PowerSchool answered ${path} with ${redirectText(answer)}`, waitMs, status)
  if (text.includes('accessLevelV1Api')) {
    const message = `The plugin may not read ${path}: it lacks accessLevelV1Api READ (${status}).`
    return new BridgeError('powerschool-rights', message, { remedy: RIGHTS_REMEDY })
  }
  if (status === 401) {
    return new BridgeError('powerschool-credentials', `PowerSchool refuses the access token for ${path} (401).`, {
      remedy: 'Check that the plugin is enabled and that its client ID and secret have not been regenerated.',
    })
  }
  const isQuery = path.startsWith(QUERY_PATH)
  const missing = isQuery ? missingGrant(status, text, path) : undefined
  if (missing !== undefined) return missing
  const reason = refusalText(text, asked.query)
  const message = `PowerSchool refused ${path} with ${status}${reason === '' ? '' : `: ${reason}`}`
  const remedies = isQuery ? QUERY_REMEDIES : REFUSAL_REMEDIES
  return new RefusedError(status, message, remedies[status] ?? 'Check the source of this path in the mapping.')
}

/** The status of the request-interval rejection is not documented, so the text decides too. */
function isBusy({ status, text }: Answer): boolean {
  return status === 429 || (status >= 400 && /too many requests|\bwait\b[^0-9]{0,40}\d+\s*(s|ms|milli)/i.test(text))
}

/** HTML, or XML from a server that ignores `Accept`. */
export function isMarkup({ headers, text }: Answer): boolean {
  return /html|xml/i.test(headers.get('content-type') ?? '') || /^\s*</.test(text)
}

export function unavailable(what: string, retryAfterMs: number | undefined, status?: number): UnavailableError {
  return new UnavailableError(what, retryAfterMs, status)
}

function webPage(path: string): UnavailableError {
  return unavailable(`PowerSchool answered ${path} with a web page instead of JSON`, undefined)
}

/** Only the host of the new place: its query may repeat ours. */
function redirectText({ status, headers }: Answer): string {
  const host = /^https?:\/\/([^/?#@]+)/i.exec(headers.get('location') ?? '')?.[1]
  return host === undefined ? `a redirect (${status})` : `a redirect (${status}) to ${host}`
}
