// Reads the query parameters of a collection or single read (v1.1 section 3.4; v1.2 alike), each with its own refusal.
import { type Filter, type FilterFault, parseFilter } from './filter.ts'
import { type ResolvedFilter, resolveFilter } from './filter-resolve.ts'
import { type Entity, fieldsOf, MODEL, type Version } from './model.ts'
import { type Parameter, splitQuery } from './query-string.ts'
import { DEFAULT_SORT, type Sort, sortBy } from './sort.ts'
import type { Outcome, StatusInfo } from './status-info.ts'

export interface QueryOptions {
  readonly version: Version
  /** A larger `limit` is refused, never lowered: a consumer that steps by its own limit would lose records. */
  readonly maxLimit: number
  /** Reads one object: only `fields` counts, everything else is ignored. */
  readonly single: boolean
}

export interface Query {
  readonly ok: true
  readonly limit: number
  readonly offset: number
  readonly sort: Sort
  readonly filter: ResolvedFilter | undefined
  /** The fields to answer with, each once; undefined for all. */
  readonly fields: readonly string[] | undefined
  /** To be sent beside the data. */
  readonly warnings: readonly StatusInfo[]
  /** What was asked, without any value of a filter: for the log. */
  readonly shape: string
  /** The same for every page of a list and different for any other: what was asked, without limit and offset. */
  readonly list: string
}

export interface QueryFault {
  readonly ok: false
  readonly fault: StatusInfo
}

export const DEFAULT_LIMIT = 100
export const MAX_QUERY_LENGTH = 8192

const BASE_FIELDS = ['sourcedId', 'status', 'dateLastModified', 'metadata'] as const

/** Parses a raw query string (with or without `?`). Parameters that the standard does not know are ignored. */
export function parseQuery(
  rawQuery: string,
  entity: Entity,
  { version, maxLimit, single }: QueryOptions,
): Query | QueryFault {
  const asked = { entity, version }
  if (rawQuery.length > MAX_QUERY_LENGTH) {
    return refuse('invalid-parameter', `The query is longer than ${MAX_QUERY_LENGTH} characters.`)
  }
  const parameters = splitQuery(rawQuery)
  if (parameters === undefined) return refuse('invalid-parameter', 'The query holds broken percent-encoding.')

  const selection = readFields(parameters, asked)
  if ('outcome' in selection) return { ok: false, fault: selection }
  const whole = { ok: true, limit: 1, offset: 0, sort: DEFAULT_SORT, filter: undefined, ...selection } as const
  if (single) return { ...whole, shape: shapeOf({ fields: selection.fields }), list: '' }

  const repeated = ONCE.find((name) => parameters.filter((parameter) => parameter.name === name).length > 1)
  if (repeated !== undefined) return refuse('invalid-parameter', `The parameter ${repeated} was given more than once.`)

  const limit = readInteger(parameters, 'limit', {
    least: 1,
    most: maxLimit,
    otherwise: Math.min(DEFAULT_LIMIT, maxLimit),
  })
  if (typeof limit !== 'number') return { ok: false, fault: limit }
  const offset = readInteger(parameters, 'offset', { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 })
  if (typeof offset !== 'number') return { ok: false, fault: offset }
  const order = readSort(parameters, asked)
  if ('outcome' in order) return { ok: false, fault: order }
  const condition = readFilter(parameters, asked)
  if ('outcome' in condition) return { ok: false, fault: condition }

  return {
    ...whole,
    limit,
    offset,
    ...order,
    filter: condition.filter,
    warnings: [...order.warnings, ...selection.warnings],
    shape: shapeOf({ limit, offset, filter: condition.written, sort: order.sort, fields: selection.fields }),
    list: JSON.stringify([condition.written, order.sort, selection.fields]),
  }
}

interface Shape {
  readonly limit?: number
  readonly offset?: number
  readonly filter?: Filter | undefined
  readonly sort?: Sort
  readonly fields: readonly string[] | undefined
}

/** `limit=100 offset=0 filter=role=? AND dateLastModified>? sort=familyName desc fields=sourcedId`; defaults are left out. */
function shapeOf({ limit, offset, filter, sort, fields }: Shape): string {
  const comparisons = filter?.anyOf.map((group) => group.map(({ field, predicate }) => `${field}${predicate}?`))
  const isDefault = sort === undefined || (sort.field === DEFAULT_SORT.field && sort.direction === 'asc')
  return [
    limit === undefined ? '' : `limit=${limit}`,
    offset === undefined ? '' : `offset=${offset}`,
    comparisons === undefined ? '' : `filter=${comparisons.map((group) => group.join(' AND ')).join(' OR ')}`,
    isDefault ? '' : `sort=${sort.field} ${sort.direction}`,
    fields === undefined ? '' : `fields=${fields.join(',')}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

const ONCE = ['limit', 'offset', 'sort', 'orderBy', 'filter'] as const

interface Asked {
  readonly entity: Entity
  readonly version: Version
}

function valueGiven(parameters: readonly Parameter[], name: (typeof ONCE)[number]): string | undefined {
  return parameters.find((parameter) => parameter.name === name)?.value.trim()
}

interface IntegerRule {
  readonly least: number
  readonly most: number
  readonly otherwise: number
}

function readInteger(
  parameters: readonly Parameter[],
  name: 'limit' | 'offset',
  { least, most, otherwise }: IntegerRule,
): number | StatusInfo {
  const text = valueGiven(parameters, name)
  if (text === undefined) return otherwise
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  return info('invalid-parameter', `The parameter ${name} must be a whole number from ${least} to ${most}.`)
}

function readSort(
  parameters: readonly Parameter[],
  asked: Asked,
): { readonly sort: Sort; readonly warnings: readonly StatusInfo[] } | StatusInfo {
  const direction = valueGiven(parameters, 'orderBy')?.toLowerCase() ?? 'asc'
  if (direction !== 'asc' && direction !== 'desc') {
    return info('invalid-parameter', 'The parameter orderBy must be asc or desc.')
  }
  const field = valueGiven(parameters, 'sort')
  if (field === undefined || field === '') return { sort: { ...DEFAULT_SORT, direction }, warnings: [] }
  const sort = sortBy(field, direction, asked)
  if (sort !== undefined) return { sort, warnings: [] }
  // A v1.2 answer has no room for a warning.
  if (asked.version === 'v1p2') return { sort: DEFAULT_SORT, warnings: [] }
  const warning = info('unknown-sort-field', `Unknown sort field: ${excerpt(field)}. The list is in its default order.`)
  return { sort: DEFAULT_SORT, warnings: [warning] }
}

function readFilter(
  parameters: readonly Parameter[],
  asked: Asked,
): { readonly filter: ResolvedFilter | undefined; readonly written: Filter | undefined } | StatusInfo {
  const text = valueGiven(parameters, 'filter')
  if (text === undefined || text === '') return { filter: undefined, written: undefined }
  const parsed = parseFilter(text)
  if (!parsed.ok) return filterFault(parsed.fault)
  const resolved = resolveFilter(asked.entity, parsed.filter, asked.version)
  return resolved.ok ? { filter: resolved.filter, written: parsed.filter } : filterFault(resolved.fault)
}

function filterFault({ description, position }: FilterFault): StatusInfo {
  return info('invalid-filter', `${description} (character ${position} of the filter)`)
}

function readFields(
  parameters: readonly Parameter[],
  { entity, version }: Asked,
): { readonly fields: readonly string[] | undefined; readonly warnings: readonly StatusInfo[] } | StatusInfo {
  const given = parameters.filter(({ name }) => name === 'fields')
  if (given.length === 0) return { fields: undefined, warnings: [] }
  const names = given.flatMap(({ value }) => value.split(',')).map((name) => name.trim())
  const fields = [...new Set(names)].filter((name) => name !== '')
  if (fields.length === 0) return info('blank-selection', 'The parameter fields names no field.')
  const filled = fieldsOf(entity, version).map(([name]) => name)
  const known: ReadonlySet<string> = new Set([...BASE_FIELDS, ...filled, ...(MODEL[entity].unfilled?.[version] ?? [])])
  const unknown = fields.filter((name) => !known.has(name))
  if (unknown.length === 0) return { fields, warnings: [] }
  const description = `Unknown field to select: ${excerpt(unknown.join(', '))}.`
  if (version === 'v1p2') return info('invalid-selection', description)
  const warning = info('unknown-selection-field', `${description} All fields are shown.`)
  return { fields: undefined, warnings: [warning] }
}

function excerpt(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`
}

function info(outcome: Outcome, description: string): StatusInfo {
  return { outcome, description }
}

function refuse(outcome: Outcome, description: string): QueryFault {
  return { ok: false, fault: info(outcome, description) }
}
