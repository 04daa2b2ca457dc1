// How clients read an answer: its JSON, the records of a list, the totals and links of its headers.
import type { WireAnswer } from './wire.ts'

export type Json = Readonly<Record<string, unknown>>
export type Entity = Json & { readonly sourcedId: string }

export interface Link {
  readonly href: string
  readonly sourcedId: string
  readonly type: string
}

/** The records of a list under one of the keys that the client knows; refuses any other answer. */
export function recordsOf(answer: WireAnswer, ...keys: readonly string[]): readonly Entity[] {
  const body = jsonOf(answer)
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  const key = keys.find((name) => name in body)
  const records = key === undefined ? undefined : body[key]
  if (!Array.isArray(records)) throw new Error(`none of ${keys.join(', ')} is a list in ${answer.text.slice(0, 200)}`)
  return records
}

export function recordOf(answer: WireAnswer, key: string): Entity {
  const body = jsonOf(answer)
  const record = body[key]
  if (answer.status !== 200 || typeof record !== 'object' || record === null) {
    throw new Error(`no ${key} in an answer of ${answer.status}: ${answer.text.slice(0, 300)}`)
  }
  // The checks of each client look at its members.
  return record as Entity
}

export function jsonOf({ status, text, headers }: WireAnswer): Json {
  if (!String(headers['content-type']).includes('application/json')) {
    throw new Error(`answered ${status} as ${headers['content-type']}: ${text.slice(0, 200)}`)
  }
  // Every client knows that an answer is an object.
  return JSON.parse(text) as Json
}

/** X-Total-Count; refuses an answer without it. */
export function totalOf({ headers, status }: WireAnswer): number {
  const total = headers['x-total-count']
  if (typeof total !== 'string' || !/^\d+$/.test(total)) {
    throw new Error(`an answer of ${status} has X-Total-Count ${total}`)
  }
  return Number(total)
}

/** The link or links at a field; none when it is missing. */
export function linksAt(record: Json, field: string): readonly Link[] {
  const value = record[field]
  // Tests that use it have checked the shape or fail at the first member.
  return value === undefined ? [] : ([value].flat() as Link[])
}

/** Every link in a record, however deep. */
export function linksIn(value: unknown): readonly Link[] {
  if (typeof value !== 'object' || value === null) return []
  if ('href' in value && 'sourcedId' in value && 'type' in value) return [value as Link]
  return Object.values(value).flatMap(linksIn)
}

/** The addresses of a Link header by rel, read as the plainest parser does: split at commas, rels in double quotes. */
export function addressesOf({ headers }: WireAnswer): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>()
  const written = headers.link
  if (typeof written !== 'string' || written.trim() === '') return addresses
  for (const part of written.split(',')) {
    const [, address, rel] = /^\s*<([^>]+)>\s*;\s*rel="([^"]+)"\s*$/.exec(part) ?? []
    if (address === undefined || rel === undefined) throw new Error(`not a link: ${part}`)
    if (addresses.has(rel)) throw new Error(`two links are ${rel}: ${written}`)
    addresses.set(rel, address)
  }
  return addresses
}
