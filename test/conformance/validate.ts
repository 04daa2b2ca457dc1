// Lays one answer of the bridge beside what the documents say of its operation, and tells in words where they differ.
import type * as z from 'zod'
import { listFaults, refusalHeaderFaults, singleFaults, typeFaults } from './headers.ts'
import { ADDED_STATUSES, type Operation } from './operations.ts'
import type { EntitySchemas } from './parts.ts'
import { schemasV1p1 } from './schemas-v1p1.ts'
import { schemasV1p2 } from './schemas-v1p2.ts'
import { refusalFaults, warningFaults, wordsOf } from './status-payloads.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

export interface Asked {
  readonly method: string
  /** The public address below which hrefs and links lead, without a slash at its end. */
  readonly publicUrl: string
  /** From the slash after it on, with the query. */
  readonly path: string
  /** Of a 1.1 consumer that asked for them. */
  readonly nativeBooleans?: boolean
}

/** The faults of an answer; none when it conforms. */
export function validateAnswer(operation: Operation, answer: Answer, asked: Asked): string[] {
  const { status, headers, body } = answer
  const known = operation.statuses.includes(status) || ADDED_STATUSES.includes(status)
  const faults = known ? [] : [`${operation.name} has no status ${status}`]
  if (asked.method === 'HEAD' && body !== '') faults.push('HEAD has a body')
  if (status === 304) return [...faults, ...(body === '' ? [] : ['304 has a body'])]
  if (status === 405 && asked.method === operation.method && operation.method === 'GET') faults.push('405 to GET')
  if (status >= 400) {
    faults.push(...refusalHeaderFaults(headers, status, asked.method))
    if (asked.method !== 'HEAD') faults.push(...withJson(body, (json) => refusalFaults(operation, status, json)))
    return faults
  }
  // What is written is not built yet, so nothing but reads comes this far.
  faults.push(...typeFaults(headers))
  return [...faults, ...dataFaults(operation, answer, asked)]
}

function dataFaults(operation: Operation, { headers, body }: Answer, asked: Asked): string[] {
  const url = asked.publicUrl + asked.path
  const query = new URL(url).searchParams
  const isHead = asked.method === 'HEAD'
  const isList = operation.answers === 'list'
  if (!isList) {
    return [...singleFaults(headers), ...(isHead ? [] : withJson(body, (json) => bodyFaults(operation, json, asked)))]
  }
  const page = { limit: Number(query.get('limit') ?? 100), offset: Number(query.get('offset') ?? 0) }
  if (isHead) return listFaults({ headers, url, page, rows: undefined })
  return withJson(body, (json) => {
    const rows = rowsOf(json, operation.key).length
    return [...listFaults({ headers, url, page, rows }), ...bodyFaults(operation, json, asked)]
  })
}

function bodyFaults(operation: Operation, body: unknown, asked: Asked): string[] {
  const { key, answers, version } = operation
  if (!isObject(body)) return ['the body is no object']
  const { statusInfoSet, ...data } = body
  if (Object.keys(data).join() !== key) return [`the body holds ${Object.keys(body).join()}, not ${key}`]
  const value = data[key]
  if (Array.isArray(value) !== (answers === 'list')) return [`${key} is ${Array.isArray(value) ? 'a' : 'no'} list`]

  const whole = schemasFor(operation, asked)[operation.entity]
  if (whole === undefined) return [`${operation.entity} is no object of ${version}`]
  const fields = fieldsAsked(asked)
  const unknown = (fields ?? []).filter((name) => !Object.hasOwn(whole.shape, name))
  const wanted = unknown.length > 0 ? ['invalid_selection_field'] : []
  const chosen = fields === undefined || unknown.length > 0 ? whole : pick(whole, fields)
  const rows = rowsOf(body, key)
  return [
    ...(version === 'v1p2' && unknown.length > 0 ? [`200 though ${unknown.join()} is unknown`] : []),
    ...warningFaults(operation, statusInfoSet, version === 'v1p1' ? wanted : []),
    ...rows.flatMap((row) => recordFaults(chosen, row).map((fault) => `${key} ${idOf(row)}: ${fault}`)),
    ...doubles(rows.map(idOf)).map((id) => `${key} ${id} comes twice`),
  ]
}

/** One record against its schema, and what no schema of single fields can say. */
export function recordFaults(schema: z.ZodObject, record: unknown): string[] {
  const read = schema.safeParse(record)
  if (!read.success) return wordsOf(read.error)
  const { startDate, endDate, beginDate, subjects, subjectCodes } = read.data
  const begin = startDate ?? beginDate
  return [
    // The end is the first day after.
    ...(typeof begin === 'string' && typeof endDate === 'string' && begin >= endDate
      ? [`begins ${begin} and ends ${endDate}`]
      : []),
    ...(Array.isArray(subjects) && Array.isArray(subjectCodes) && subjects.length !== subjectCodes.length
      ? ['subjects and subjectCodes differ in length']
      : []),
  ]
}

/** The schemas of the operation's version. */
export function schemasFor(
  { version }: Pick<Operation, 'version'>,
  asked: Pick<Asked, 'publicUrl' | 'nativeBooleans'>,
) {
  const { publicUrl, nativeBooleans = false } = asked
  const key = `${version} ${nativeBooleans} ${publicUrl}`
  const made =
    SCHEMAS.get(key) ?? (version === 'v1p1' ? schemasV1p1({ publicUrl, nativeBooleans }) : schemasV1p2({ publicUrl }))
  SCHEMAS.set(key, made)
  return made
}

const SCHEMAS = new Map<string, EntitySchemas>()

function pick(schema: z.ZodObject, fields: readonly string[]): z.ZodObject {
  // The mask names members of this very schema.
  return schema.pick(Object.fromEntries(fields.map((name) => [name, true])) as Record<string, true>)
}

function fieldsAsked({ publicUrl, path }: Asked): string[] | undefined {
  const given = new URL(publicUrl + path).searchParams.getAll('fields')
  if (given.length === 0) return undefined
  return [...new Set(given.flatMap((value) => value.split(',')).map((name) => name.trim()))].filter(
    (name) => name !== '',
  )
}

function withJson(body: string, faultsOf: (json: unknown) => string[]): string[] {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return [`the body is no JSON: ${body.slice(0, 60)}`]
  }
  return faultsOf(json)
}

function rowsOf(body: unknown, key: string): readonly unknown[] {
  if (!isObject(body)) return []
  return [body[key]].flat().filter((row) => row !== undefined)
}

function idOf(row: unknown): string {
  return isObject(row) && typeof row.sourcedId === 'string' ? row.sourcedId : ''
}

function doubles(ids: readonly string[]): string[] {
  return ids.filter((id, index) => id !== '' && ids.indexOf(id) !== index)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
