// What a record says, without its addresses and its date: the form in which copies, answers and tables are compared.

export type Json = Readonly<Record<string, unknown>>

export interface Reference {
  readonly sourcedId: string
  readonly type: string
}

/** The collections, in the order in which School Data Sync reads them. */
export const COLLECTIONS = [
  'academicSessions',
  'orgs',
  'users',
  'classes',
  'enrollments',
  'courses',
  'demographics',
] as const
export type Collection = (typeof COLLECTIONS)[number]

/** Which collection a reference of that type leads to. */
export const COLLECTION_OF: Readonly<Record<string, Collection>> = {
  academicSession: 'academicSessions',
  org: 'orgs',
  user: 'users',
  class: 'classes',
  course: 'courses',
}

/** As text: the same for records that say the same, with their members in the order in which they came. */
export function contentOf(record: Json): string {
  const { dateLastModified: _, ...rest } = record
  return JSON.stringify(rest, withoutAddress)
}

/** The same for records whose members come in any order. */
export function sortedContentOf(record: Json): string {
  const { dateLastModified: _, ...rest } = record
  return JSON.stringify(sorted(rest))
}

export function referencesIn(value: unknown): readonly Reference[] {
  if (typeof value !== 'object' || value === null) return []
  // An object, as just seen.
  const { sourcedId, type } = value as Partial<Reference>
  const isReference = typeof sourcedId === 'string' && typeof type === 'string' && type in COLLECTION_OF
  const own = isReference ? [{ sourcedId, type }] : []
  return [...own, ...Object.values(value).flatMap(referencesIn)]
}

function withoutAddress(name: string, value: unknown): unknown {
  return name === 'href' ? undefined : value
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'href')
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  )
}
