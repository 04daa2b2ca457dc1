// The lists that readers ask for: how they are asked, and which records of a generation belong to them.
import type { Collection, Json, Reference } from '../content.ts'
import type { Generation, Roster, TrueRecord, Version } from '../truth.ts'

export interface List {
  readonly collection: Collection
  /** Below the service's base; the collection itself, or a list below a school. */
  readonly path: string
  readonly version: Version
  /** The school in the path. */
  readonly school?: string
  readonly role?: 'student' | 'teacher'
  /** Whether the role stands in the filter; else the path says it. */
  readonly filtersRole?: boolean
}

/** What the filter says besides the role. */
export interface Filter {
  readonly isActiveOnly?: boolean
  /** ms since 1970. */
  readonly since?: number
  readonly isInclusive?: boolean
}

const BASES: Readonly<Record<Version, string>> = {
  v1p1: '/ims/oneroster/v1p1',
  v1p2: '/ims/oneroster/rostering/v1p2',
}

/** The query's parameters besides offset and limit. */
export function parametersOf({ role, filtersRole }: List, filter: Filter): readonly (readonly [string, string])[] {
  const parts = [
    ...(filter.isActiveOnly ? [`status='active'`] : []),
    ...(filter.since === undefined
      ? []
      : [`dateLastModified${filter.isInclusive ? '>=' : '>'}'${new Date(filter.since).toISOString()}'`]),
    ...(role !== undefined && filtersRole ? [`role='${role}'`] : []),
  ]
  return parts.length === 0 ? [] : [['filter', parts.join(' AND ')]]
}

export function addressOf({ path, version }: List): string {
  return `${BASES[version]}${path}`
}

/** Facts 5: without a word on dates or status only active records show. */
export function holds(list: List, { isActiveOnly, since, isInclusive }: Filter, record: TrueRecord): boolean {
  if (!isOf(list, record.json)) return false
  if (since === undefined || isActiveOnly) return record.isActive
  return isInclusive ? record.timeMs >= since : record.timeMs > since
}

function isOf({ collection, school, role }: List, json: Json): boolean {
  if (role !== undefined && json.role !== role) return false
  if (school === undefined) return true
  const field = collection === 'users' ? json.orgs : json.school
  // The model has references here and nothing else.
  return field !== undefined && ([field].flat() as Reference[]).some(({ sourcedId }) => sourcedId === school)
}

/** The part of a generation that a consumer may see; none where it is not known. */
export function seenBy(generation: Generation, school: string | undefined): Roster | undefined {
  return school === undefined ? generation.whole : generation.narrowed.get(school)
}

export function recordsOf(list: List, filter: Filter, roster: Roster): ReadonlyMap<string, TrueRecord> {
  const found = new Map<string, TrueRecord>()
  for (const [id, record] of roster[list.collection]) if (holds(list, filter, record)) found.set(id, record)
  return found
}
