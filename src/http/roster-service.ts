// Answers a OneRoster request of any version: who asks, what for, may they, and then a page or a record of the snapshot.

import { requireScope } from '../auth/guard.ts'
import type { Context } from '../context.ts'
import { BridgeError } from '../errors.ts'
import { discoveryText, isDiscovery } from '../oneroster/discovery.ts'
import { matchOperation } from '../oneroster/operations.ts'
import { parseQuery } from '../oneroster/query.ts'
import { scopeUrl } from '../oneroster/scopes.ts'
import type { Service, ServicePath } from '../oneroster/services.ts'
import { failureBody, type Outcome, STATUS } from '../oneroster/status-info.ts'
import { newestSnapshot } from '../store/snapshots.ts'
import { type Sent, streamBody } from './answer-body.ts'
import { authenticate } from './authenticate.ts'
import { placeOf } from './roster-place.ts'
import { type Answer, JSON_TYPE, readRoster } from './roster-read.ts'

/** When a consumer should ask again while there is no snapshot yet. */
const FIRST_SNAPSHOT_RETRY_SECONDS = 60
/** The same while its narrowed roster is being made. */
const ROSTER_RETRY_SECONDS = 10
/** The same while the store cannot be used. */
const STORE_RETRY_SECONDS = 30
const DISCOVERY_METHODS = ['GET', 'HEAD']

export interface RosterRequest extends ServicePath {
  readonly request: Request
  /** The raw path below the public prefix, as it was sent. */
  readonly sentPath: string
  /** The raw query with its `?`, or empty. */
  readonly query: string
}

/** Never throws for what a consumer sends: each refusal is the version's status payload (facts 3.6, 3.7). */
export async function answerRoster(context: Context, asked: RosterRequest): Promise<Response> {
  const { service, request } = asked
  const { method } = request
  const startedMs = context.now()
  const id = context.newRequestId()
  const note = ({ query, ...facts }: Omit<Decision, 'answer' | 'isStillKept'> & Noted) => {
    const measured = { method, service: service.base, ms: context.now() - startedMs, ...facts }
    context.log.info('request', { id, ...measured, query })
    context.metrics.request(measured)
  }
  try {
    const {
      answer,
      isStillKept = () => true,
      ...facts
    } = await decide(context, id, asked).catch((error: unknown) => storeDecision(context, id, asked, error))
    const { status, headers, body, rows } = answer
    // What is sent is compressed already; a runtime that does it by itself must not do it again.
    const init = { status, headers, encodeBody: 'manual' }
    if (typeof body === 'string' || body instanceof Uint8Array) {
      note({ ...facts, status, rows, bytes: byteLength(body) })
      return new Response(method === 'HEAD' || status === 304 ? null : body, init)
    }
    // As for a short answer: until it is ready to be sent.
    const ms = context.now() - startedMs
    const onEnd = ({ ending, error, ...sent }: Sent) => {
      if (ending === 'broken') tellBroken(context, id, error)
      note({ ...facts, status, ms, ...sent, ...(ending === 'whole' ? {} : { ending }) })
    }
    return new Response(streamBody(body, { isStillKept, onEnd }), init)
  } catch (error) {
    note({ status: 500 })
    throw error
  }
}

/** Nothing can be answered any more: the connection breaks, so that nobody takes the part for the whole. */
function tellBroken({ log }: Context, id: string, error: unknown): void {
  const { message, remedy } = error instanceof BridgeError ? error : { message: String(error), remedy: undefined }
  log.error('answer-broken', { request: id, message, remedy })
}

interface Noted {
  readonly status: number
  readonly rows?: number | undefined
  readonly bytes?: number
  readonly ms?: number
  /** Of a streamed answer that was not taken to its end. */
  readonly ending?: Sent['ending']
}

interface Decision {
  readonly answer: Answer
  readonly isStillKept?: () => boolean
  readonly operation?: string | undefined
  readonly consumer?: string | undefined
  /** What was asked, without values. */
  readonly query?: string | undefined
}

async function decide(context: Context, id: string, asked: RosterRequest): Promise<Decision> {
  const { request, service, path, query } = asked
  const matched = matchOperation(service, path)
  // The standard has another name for writing to the same path.
  const operation = matched?.methods.includes(request.method) ? matched.operation.name : undefined
  const refuse = (outcome: Outcome, description: string, headers: Record<string, string> = {}): Decision => ({
    operation,
    answer: refusal(service, { id, outcome, description, operation, headers }),
  })

  if (isDiscovery(service, path)) {
    if (DISCOVERY_METHODS.includes(request.method))
      return { operation: 'discovery', answer: discovery(context, service) }
    const description = `${request.method} is not supported here. Use ${DISCOVERY_METHODS.join(' or ')}.`
    return refuse('method-not-allowed', description, { Allow: DISCOVERY_METHODS.join(', ') })
  }
  if (newestSnapshot(context.sql) === undefined) {
    const description = 'The first snapshot is not ready yet. Ask again later.'
    return refuse('not-ready', description, { 'Retry-After': String(FIRST_SNAPSHOT_RETRY_SECONDS) })
  }
  const who = await authenticate(context, asked)
  if (!who.ok && who.status === 503) {
    return refuse('not-ready', who.description, { 'Retry-After': String(who.retryAfterSeconds) })
  }
  if (!who.ok) {
    const outcome = who.status === 400 ? 'malformed-credentials' : 'unauthorized'
    return refuse(outcome, who.description, { 'WWW-Authenticate': who.wwwAuthenticate })
  }
  const consumer = who.consumer
  const known = (decision: Decision): Decision => ({ ...decision, consumer: consumer.id })
  if (consumer.requestsPerMinute !== null) {
    const taken = context.rateLimiter.take(consumer.id, consumer.requestsPerMinute)
    if (!taken.ok) {
      const description = `More than ${consumer.requestsPerMinute} requests a minute. Ask again later.`
      return known(refuse('busy', description, { 'Retry-After': String(taken.retryAfterSeconds) }))
    }
  }

  if (matched === undefined) return known(refuse('unknown-object', 'Unknown Object: no such path.'))
  if (!matched.methods.includes(request.method)) {
    const use = matched.methods.length === 0 ? 'It cannot be read.' : `Use ${matched.methods.join(' or ')}.`
    const description = `${request.method} is not supported here. ${use}`
    return known(refuse('method-not-allowed', description, { Allow: matched.methods.join(', ') }))
  }
  const { entity, scope, isSingle } = matched.operation
  const allowed = requireScope(consumer, [scopeUrl(scope, service.version)])
  if (!allowed.ok)
    return known(refuse('forbidden', allowed.description, { 'WWW-Authenticate': allowed.wwwAuthenticate }))

  const parsed = parseQuery(query, entity, { version: service.version, maxLimit: context.maxLimit, single: isSingle })
  if (!parsed.ok) return known(refuse(parsed.fault.outcome, parsed.fault.description))

  const wanted = { consumer, matched, base: service.base, method: request.method, query: parsed }
  while (true) {
    const seen = await placeOf(context, wanted)
    if (seen === undefined) {
      const description = "This consumer's part of the roster is being prepared. Ask again later."
      return known(refuse('not-ready', description, { 'Retry-After': String(ROSTER_RETRY_SECONDS) }))
    }
    const read = { ...asked, matched, query: parsed, rawQuery: query, ...seen, consumer }
    const answer = await readRoster(context, read).catch((error: unknown) => {
      if (seen.isKept()) throw error
      return undefined
    })
    // Rare: its pin ended while it was read, and clean-up came by. Records would be missing.
    if (!seen.isKept()) continue
    const { isStillKept } = seen
    const decision =
      answer === undefined ? refuse('unknown-object', 'Unknown Object.') : { answer, isStillKept, operation }
    return { ...known(decision), query: parsed.shape }
  }
}

/** What the service publishes of itself to anybody, with or without a snapshot (facts 1.9). */
function discovery({ publicUrl }: Context, service: Service): Answer {
  return {
    status: 200,
    headers: { 'Content-Type': JSON_TYPE, 'Cache-Control': 'public, max-age=3600' },
    body: discoveryText(service, publicUrl),
    rows: undefined,
  }
}

/** A full disk, or another process that writes for long, passes; nothing is answered that may be wrong later. */
function storeDecision({ log }: Context, id: string, { service }: RosterRequest, error: unknown): Decision {
  if (!(error instanceof BridgeError) || error.code !== 'store-failed') throw error
  log.error('store-failed', { request: id, message: error.message, remedy: error.remedy })
  const headers = { 'Retry-After': String(STORE_RETRY_SECONDS) }
  const description = 'The store cannot be used at the moment. Ask again later.'
  return { answer: refusal(service, { id, outcome: 'not-ready', description, operation: undefined, headers }) }
}

interface Refusal {
  /** The request's, as in the log. */
  readonly id: string
  readonly outcome: Outcome
  readonly description: string
  readonly operation: string | undefined
  readonly headers: Record<string, string>
}

function refusal(service: Service, { id, outcome, description, operation, headers }: Refusal): Answer {
  const payload = failureBody(service, { outcome, description }, { requestId: id, operation })
  return {
    status: STATUS[outcome].httpStatus,
    headers: { 'Content-Type': JSON_TYPE, 'Cache-Control': 'no-store', ...headers },
    body: JSON.stringify(payload),
    rows: undefined,
  }
}

/** In UTF-8. */
function byteLength(body: string | Uint8Array): number {
  if (typeof body !== 'string') return body.byteLength
  let bytes = body.length
  for (let at = 0; at < body.length; at += 1) {
    const unit = body.charCodeAt(at)
    // Of a pair, each half counts for two.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}
