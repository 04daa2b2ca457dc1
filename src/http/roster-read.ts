// Reads what an authorised request asks for, and dresses it: headers, links, validators, compression.

import type { AuthenticatedConsumer } from '../auth/guard.ts'
import type { Context } from '../context.ts'
import type { Chunk } from '../gzip/chunk.ts'
import { GZIP_LEAST, gzipBytes } from '../gzip/gzip.ts'
import { deflatedChunks, gzipChunks } from '../gzip/gzip-chunks.ts'
import { conditionOf } from '../oneroster/condition.ts'
import { linkHeader } from '../oneroster/links.ts'
import { type Entity, fieldsOf, isStored, MODEL } from '../oneroster/model.ts'
import type { Place } from '../oneroster/nested-sql.ts'
import { isOfStored, type MatchedOperation, type Parent, type StoredOperation } from '../oneroster/operations.ts'
import type { Query } from '../oneroster/query.ts'
import { ROSTERING, type Service } from '../oneroster/services.ts'
import { type StatusInfo, v1p1Status } from '../oneroster/status-info.ts'
import type { Around, Form, ListQuery, Page } from '../store/records.ts'
import type { Snapshot } from '../store/snapshots.ts'
import { type BegunBody, beginBody, type Chunks } from './answer-body.ts'
import { acceptsGzip, entityTag, isUnchanged } from './cache.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** A short one is a text: it goes out in one piece with its headers. A long one is read on while it is sent. */
  readonly body: string | Uint8Array<ArrayBuffer> | BegunBody
  /** Undefined where there are none, and where they are still being read. */
  readonly rows: number | undefined
}

export interface Read {
  readonly request: Request
  readonly service: Service
  /** The raw path below the service's base. */
  readonly path: string
  readonly rawQuery: string
  readonly matched: MatchedOperation
  readonly query: Query
  readonly snapshot: Snapshot
  readonly place: Place
  readonly consumer: AuthenticatedConsumer
}

/** The answer, or nothing when the object (or a parent that must be there) is unknown. */
export async function readRoster(context: Context, read: Read): Promise<Answer | undefined> {
  const { matched, service, consumer } = read
  const { operation } = matched
  // Facts 3.5: v1.2 gradebook and resources document a 404 for an unknown parent; rostering answers an empty list.
  const mustHaveParents =
    (service.version === 'v1p2' && operation.part !== 'rostering') || consumer.switches.includes('unknownParents404')
  if (mustHaveParents && !operation.parents.every((parent) => isThere(context, read, parent))) return undefined
  if (!isOfStored(operation)) return operation.isSingle ? undefined : emptyList(context, read)
  const stored = { ...read, matched: { ...matched, operation } }
  return operation.isSingle ? readOne(context, stored) : readList(context, stored)
}

type StoredRead = Read & { readonly matched: MatchedOperation<StoredOperation> }

async function readOne(context: Context, read: StoredRead): Promise<Answer | undefined> {
  const { matched, place, query } = read
  const { entity } = matched.operation
  const where = [conditionOf({ ...matched, place })]
  const id = matched.parameters.id ?? ''
  const json = context.reader.one(place.table(entity), place.generation, id, where, formOf(context, read))
  if (json === undefined) return undefined
  const reshape = reshaperOf(read)
  const record = reshape === undefined ? json : reshape(json)
  const tag = tagOf(context, read)
  const headers = { ...listHeaders({ total: 1, count: 1 }), ETag: tag }
  if (isUnchanged(read.request, tag)) return { status: 304, headers: { ...CACHED, ETag: tag }, body: EMPTY, rows: 0 }
  const text = `{"${MODEL[entity].singular}":${record}${warningsText(query.warnings)}}`
  return compressed(context, read, text, { status: 200, headers, rows: 1 })
}

async function readList(context: Context, read: StoredRead): Promise<Answer> {
  const { matched, place, query, request } = read
  const { entity } = matched.operation
  const tag = tagOf(context, read)
  if (isUnchanged(request, tag)) return { status: 304, headers: { ...CACHED, ETag: tag }, body: EMPTY, rows: 0 }

  const { filter } = query
  // Both are the same list, so they share its order and its finished pieces.
  const isActiveOnly = filter === undefined || filter.isActiveOnly
  const isDefaultOrder = query.sort.field === 'sourcedId' && query.sort.direction === 'asc'
  const list: ListQuery = {
    table: place.table(entity),
    generation: place.generation,
    where: [conditionOf({ ...matched, place, ...(isActiveOnly ? {} : { filter }) })],
    changedSinceMs: filter?.changedSinceMs,
    order: isDefaultOrder ? undefined : query.sort,
    form: formOf(context, read),
    limit: query.limit,
    offset: query.offset,
  }
  const around = { head: `{"${entity}":[`, tail: `]${warningsText(query.warnings)}}` }

  const page = await context.reader.open(list)
  const headers = { ...pageHeaders(context, read, page), ETag: tag }
  if (request.method === 'HEAD') return { status: 200, headers, body: EMPTY, rows: page.count }
  const reshape = reshaperOf(read)
  if (!acceptsGzip(request)) {
    return answerOf(context, reshape === undefined ? page.plain(around) : reshaped(page, reshape, around), headers)
  }
  const packed =
    reshape === undefined
      ? page.gzip(around)
      : gzipChunks(deflatedChunks(reshaped(page, reshape, around), context.deflate))
  return answerOf(context, packed, { ...headers, ...GZIPPED })
}

async function answerOf({ streamedFromBytes }: Context, chunks: Chunks, headers: Answer['headers']): Promise<Answer> {
  const body = await beginBody(chunks, streamedFromBytes)
  return 'begun' in body
    ? { status: 200, headers, body, rows: undefined }
    : { status: 200, headers, body: body.bytes, rows: body.rows }
}

type Reshape = (json: string) => string

function* reshaped(page: Page, reshape: Reshape, { head, tail }: Around): Generator<Chunk, void> {
  const encoder = new TextEncoder()
  let before = head
  for (const texts of page.texts()) {
    yield { bytes: encoder.encode(before + texts.map(reshape).join(',')), rows: texts.length }
    before = ','
  }
  yield { bytes: encoder.encode(page.count === 0 ? head + tail : tail), rows: 0 }
}

/** Collections that have no records yet. */
function emptyList(context: Context, read: Read): Answer {
  const { matched, query } = read
  const text = `{"${matched.operation.entity}":[]${warningsText(query.warnings)}}`
  const headers = { ...pageHeaders(context, read, { total: 0, count: 0 }), ETag: tagOf(context, read) }
  return { status: 200, headers, body: text, rows: 0 }
}

function isThere(context: Context, { matched, place }: Read, { entity, parameter, subtype }: Parent): boolean {
  if (!isStored(entity)) return false
  const id = matched.parameters[parameter] ?? ''
  const where = subtype === undefined ? [] : [subtype({ id }, place)]
  return (
    context.reader.one(place.table(entity), place.generation, id, where, { version: 'v1p1', root: '' }) !== undefined
  )
}

function formOf({ publicUrl }: Context, { service }: Read): Form {
  return { version: service.version, root: `${publicUrl}${ROSTERING[service.version].base}` }
}

/** How each record's text is changed for this answer, or nothing when it goes out as it is. */
function reshaperOf({ matched, query, service, consumer }: Read): Reshape | undefined {
  const { fields } = query
  const hasNative = service.version === 'v1p1' && consumer.switches.includes('nativeBooleans')
  const booleans = hasNative ? booleansOf(matched.operation.entity) : NONE
  if (fields === undefined && booleans.size === 0) return undefined
  return (json) => {
    // Stored records are JSON objects.
    const record = Object.entries(JSON.parse(json) as Record<string, unknown>)
    const kept = fields === undefined ? record : record.filter(([name]) => fields.includes(name))
    return JSON.stringify(
      Object.fromEntries(kept.map(([name, value]) => [name, booleans.has(name) ? value === 'true' : value])),
    )
  }
}

const NONE: ReadonlySet<string> = new Set()

function booleansOf(entity: Entity): ReadonlySet<string> {
  return new Set(fieldsOf(entity, 'v1p1').flatMap(([name, { type }]) => (type === 'boolean' ? [name] : [])))
}

/** What decides the bytes besides the address: the snapshot, the consumer's part of it, and how it wants it. */
function tagOf({ publicUrl }: Context, { snapshot, place, consumer }: Read): string {
  return entityTag([
    snapshot.sync,
    publicUrl,
    place.table('users'),
    place.table('orgs'),
    consumer.switches.includes('nativeBooleans') ? 'native' : '',
  ])
}

/** Children's data: kept by nobody but the consumer itself, and asked for again each time. */
const CACHED = { 'Cache-Control': 'private, no-cache', Vary: 'Authorization, Accept-Encoding' }
const GZIPPED = { 'Content-Encoding': 'gzip' }
const EMPTY = ''

interface Counts {
  readonly total: number
  readonly count: number
}

function listHeaders({ total, count }: Counts): Record<string, string> {
  return { 'Content-Type': JSON_TYPE, ...CACHED, 'X-Total-Count': String(total), 'X-Count': String(count) }
}

function pageHeaders({ publicUrl }: Context, read: Read, counts: Counts): Record<string, string> {
  const { service, path, rawQuery, query } = read
  const url = `${publicUrl}${service.base}${path}${rawQuery}`
  const { offset, limit } = query
  const link = linkHeader({ url, offset, limit, total: counts.total })
  return { ...listHeaders(counts), ...(link === '' ? {} : { Link: link }) }
}

/** An answer of one record. */
async function compressed(
  { deflate }: Context,
  { request }: Read,
  text: string,
  rest: Omit<Answer, 'body'>,
): Promise<Answer> {
  if (request.method === 'HEAD' || text.length < GZIP_LEAST || !acceptsGzip(request)) return { ...rest, body: text }
  const body = await gzipBytes(new TextEncoder().encode(text), deflate)
  return { ...rest, headers: { ...rest.headers, ...GZIPPED }, body }
}

function warningsText(warnings: readonly StatusInfo[]): string {
  return warnings.length === 0 ? '' : `,"statusInfoSet":${JSON.stringify(v1p1Status(warnings).statusInfoSet)}`
}
