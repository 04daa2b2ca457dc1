// Answers a OneRoster 1.1 request: who asks, what for, may they, and then a page or a record of the newest snapshot.
import { type AuthenticatedConsumer, authenticateBearer, requireScope } from './auth/guard.ts'
import { type Context, TOKEN_ISSUER } from './context.ts'
import { conditionOf } from './oneroster/condition.ts'
import { linkHeader } from './oneroster/links.ts'
import { MODEL } from './oneroster/model.ts'
import { type MatchedOperation, matchOperation } from './oneroster/operations.ts'
import { parseQuery, type Query } from './oneroster/query.ts'
import { V1P1_SCOPES } from './oneroster/scopes.ts'
import { orderBy } from './oneroster/sort.ts'
import { type Outcome, type StatusInfo, statusPayload, V1P1_STATUS } from './oneroster/status-info.ts'
import { V1P1_PATH } from './oneroster/v1p1.ts'
import type { PageQuery } from './store/records.ts'
import { currentSnapshot, type Snapshot } from './store/snapshots.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
/** When a consumer should ask again while there is no snapshot yet. */
const FIRST_SNAPSHOT_RETRY_SECONDS = 60

export interface V1p1Request {
  readonly request: Request
  /** The raw path below the service's base. */
  readonly path: string
  /** The raw query with its `?`, or empty. */
  readonly query: string
}

/** Never throws for what a consumer sends: each refusal is the standard's status payload (facts 3.6). */
export async function answerV1p1(context: Context, asked: V1p1Request): Promise<Response> {
  const startedMs = context.now()
  const answer = await decide(context, asked)
  const { request } = asked
  const { status, headers, body, operation, consumer, rows } = answer
  context.log.info('request', {
    method: request.method,
    operation,
    consumer,
    status,
    rows,
    bytes: typeof body === 'string' ? body.length : body.byteLength,
    ms: context.now() - startedMs,
  })
  return new Response(request.method === 'HEAD' ? null : body, { status, headers })
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly operation?: string | undefined
  readonly consumer?: string | undefined
  readonly rows?: number | undefined
}

async function decide(context: Context, { request, path, query }: V1p1Request): Promise<Answer> {
  const matched = matchOperation(path)
  const operation = matched?.operation.name
  const fail = (outcome: Outcome, description: string, headers: Record<string, string> = {}) =>
    refusal(context, { outcome, description }, { operation, headers })

  const snapshot = currentSnapshot(context.sql)
  if (snapshot === undefined) {
    const description = 'The first snapshot is not ready yet. Ask again later.'
    return fail('not-ready', description, { 'Retry-After': String(FIRST_SNAPSHOT_RETRY_SECONDS) })
  }
  const bearer = await authenticateBearer(request, {
    sql: context.sql,
    now: context.now,
    cache: context.tokenCache,
    signingKey: context.signingKey,
    issuer: TOKEN_ISSUER,
  })
  if (!bearer.ok) return fail('unauthorized', bearer.description, { 'WWW-Authenticate': bearer.wwwAuthenticate })
  const consumer = bearer.consumer.id
  const refuse: typeof fail = (...what) => ({ ...fail(...what), consumer })

  if (matched === undefined) return refuse('unknown-object', 'Unknown path.')
  if (!matched.methods.includes(request.method)) {
    const description = `${request.method} is not supported here. Use ${matched.methods.join(' or ')}.`
    return refuse('method-not-allowed', description, { Allow: matched.methods.join(', ') })
  }
  const allowed = requireScope(bearer.consumer, [V1P1_SCOPES[matched.operation.scope]])
  if (!allowed.ok) return refuse('forbidden', allowed.description, { 'WWW-Authenticate': allowed.wwwAuthenticate })
  if (bearer.consumer.schools !== null) return refuse('forbidden', NARROWED)

  const parsed = parseQuery(query, matched.operation.collection, {
    maxLimit: context.maxLimit,
    single: matched.operation.isSingle,
  })
  if (!parsed.ok) return refuse(parsed.fault.outcome, parsed.fault.description)
  const read: Read = { context, snapshot, matched, query: parsed, consumer: bearer.consumer }
  const answer = matched.operation.isSingle ? readOne(read) : readList(read, `${V1P1_PATH}${path}${query}`)
  return answer === undefined ? refuse('unknown-object', 'Unknown object.') : { ...answer, operation, consumer }
}

const NARROWED = 'This consumer is narrowed to schools, which this version cannot serve yet.'

interface Read {
  readonly context: Context
  readonly snapshot: Snapshot
  readonly matched: MatchedOperation
  readonly query: Query
  readonly consumer: AuthenticatedConsumer
}

function readOne({ context, snapshot, matched, query }: Read): Answer | undefined {
  const { collection } = matched.operation
  const where = [conditionOf({ ...matched, generation: snapshot.generation })]
  const json = context.reader.one(collection, snapshot.generation, matched.parameters.id ?? '', where)
  if (json === undefined) return undefined
  const record = query.fields === undefined ? json : JSON.stringify(select(json, query.fields))
  const body = `{"${MODEL[collection].singular}":${record}${warningsText(query.warnings)}}`
  return { status: 200, headers: { 'Content-Type': JSON_TYPE, 'X-Total-Count': '1' }, body, rows: 1 }
}

function readList({ context, snapshot, matched, query }: Read, address: string): Answer {
  const { collection, subtype, nested } = matched.operation
  const { filter } = query
  // Both are the same list, so they share its total and its page starts.
  const isActiveOnly = filter === undefined || filter.isActiveOnly
  const isDefaultOrder = query.sort.field === 'sourcedId' && query.sort.direction === 'asc'
  const pageQuery: PageQuery = {
    collection,
    generation: snapshot.generation,
    where: [conditionOf({ ...matched, generation: snapshot.generation, ...(isActiveOnly ? {} : { filter }) })],
    isAllActive: isActiveOnly && subtype === undefined && nested === undefined,
    isDelta: filter?.mentions.has('dateLastModified') ?? false,
    order: isDefaultOrder ? undefined : orderBy(query.sort),
    limit: query.limit,
    offset: query.offset,
  }
  const { json, count, total } = readPage(context, pageQuery, query.fields)
  const url = `${context.publicUrl}${address}`
  return {
    status: 200,
    headers: {
      'Content-Type': JSON_TYPE,
      'X-Total-Count': String(total),
      Link: linkHeader({ url, offset: query.offset, limit: query.limit, total }),
    },
    body: wrap(`{"${collection}":[`, json, `]${warningsText(query.warnings)}}`),
    rows: count,
  }
}

function readPage({ reader }: Context, query: PageQuery, fields: Query['fields']) {
  if (fields === undefined) return reader.page(query)
  const { records, total } = reader.rows(query)
  const selected = records.map((record) => JSON.stringify(select(record, fields)))
  return { json: new TextEncoder().encode(selected.join(',')), count: records.length, total }
}

/** Exactly the fields asked for, in the order of the record (section 3.4.4). */
function select(json: string, fields: readonly string[]): Record<string, unknown> {
  // Stored records are JSON objects.
  const record = JSON.parse(json) as Record<string, unknown>
  return Object.fromEntries(Object.entries(record).filter(([name]) => fields.includes(name)))
}

function wrap(head: string, json: Uint8Array, tail: string): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const before = encoder.encode(head)
  const after = encoder.encode(tail)
  const whole = new Uint8Array(before.length + json.length + after.length)
  whole.set(before)
  whole.set(json, before.length)
  whole.set(after, before.length + json.length)
  return whole
}

function warningsText(warnings: readonly StatusInfo[]): string {
  return warnings.length === 0 ? '' : `,"statusInfoSet":${JSON.stringify(statusPayload(warnings).statusInfoSet)}`
}

function refusal(
  context: Context,
  info: StatusInfo,
  { operation, headers }: { operation: string | undefined; headers: Record<string, string> },
): Answer {
  const payload = statusPayload([info], { requestId: context.newRequestId(), operation })
  return {
    status: V1P1_STATUS[info.outcome].httpStatus,
    headers: { 'Content-Type': JSON_TYPE, ...headers },
    body: JSON.stringify(payload),
    operation,
  }
}
