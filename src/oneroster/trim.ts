// Takes the links that lead out of a narrowed roster from a record: from its texts, its columns and its links.
import type { SqlValue } from '../store/sql.ts'
import { type Collection, type Entity, MODEL } from './model.ts'
import { LINK_MARK } from './present.ts'
import { STORAGE } from './storage.ts'

export interface StoredRecord {
  readonly sourcedId: string
  readonly body: string
  readonly bodyV1p2: string | null
  /** In the order of STORAGE. */
  readonly columns: readonly SqlValue[]
  readonly links: readonly { readonly field: string; readonly target: string }[]
}

/** Whether a link to that record leads nowhere out. */
export type Belongs = (entity: Entity, sourcedId: string) => boolean

export type Trim = (record: StoredRecord) => StoredRecord | undefined

/**
 * For the records of one collection: the record without the links that lead out, the very same when there are none, or
 * nothing when one that is required leads out (of a required list: all of them).
 */
export function createTrimmer(collection: Collection, belongs: Belongs): Trim {
  const columns = STORAGE.find(({ name }) => name === collection)?.columns ?? []
  const references = Object.entries(MODEL[collection].fields).flatMap(([name, field]) =>
    field.type === 'reference' ? [{ name, ...field, column: columns.findIndex((column) => column.name === name) }] : [],
  )
  const targets = new Map(references.map(({ name, to }) => [name, to]))
  const singles = references.filter(({ many }) => !many)
  const needed = references.filter(({ many, required }) => many && required).map(({ name }) => name)

  return (record) => {
    const leadsOut = singles.filter(({ column, to }) => {
      const target = record.columns[column]
      return typeof target === 'string' && !belongs(to, target)
    })
    if (leadsOut.some(({ required }) => required)) return undefined
    const links = record.links.filter(({ field, target }) => belongs(targets.get(field) ?? collection, target))
    const has = (held: StoredRecord['links'], name: string) => held.some(({ field }) => field === name)
    if (needed.some((name) => has(record.links, name) && !has(links, name))) return undefined
    if (leadsOut.length === 0 && links.length === record.links.length) return record

    const v1p2 = record.bodyV1p2 === null ? undefined : parseStored(record.bodyV1p2)
    if (v1p2 !== undefined) trimObject(collection, v1p2, belongs)
    const v1p1 = parseStored(record.body)
    trimObject(collection, v1p1, belongs)
    const replaced = new Map(leadsOut.map(({ name, column }) => [column, targetOf(v1p2?.[name]) ?? null]))
    return {
      sourcedId: record.sourcedId,
      body: writeStored(v1p1),
      bodyV1p2: v1p2 === undefined ? null : writeStored(v1p2),
      columns: record.columns.map((value, column) => (replaced.has(column) ? (replaced.get(column) ?? null) : value)),
      links,
    }
  }
}

type JsonObject = Record<string, unknown>

function trimObject(collection: Collection, object: JsonObject, belongs: Belongs): void {
  for (const [name, field] of Object.entries(MODEL[collection].fields)) {
    const value = object[name]
    if (value === undefined) continue
    if (field.type === 'roles')
      keepList(object, name, withOnePrimary(listOf(value).filter((role) => isIn('orgs', orgOf(role)))))
    else if (field.type !== 'reference') continue
    else if (field.many)
      keepList(
        object,
        name,
        listOf(value).filter((link) => isIn(field.to, link)),
      )
    else if (isIn(field.to, value)) continue
    // The roles come before it in the model, so they are trimmed by now.
    else if (name === 'primaryOrg' && listOf(object.roles).length > 0) object[name] = orgOf(listOf(object.roles)[0])
    else delete object[name]
  }

  function isIn(entity: Entity, link: unknown): boolean {
    const target = targetOf(link)
    return target !== undefined && belongs(entity, target)
  }
}

/** An emptied list is left out, as every list without items is. */
function keepList(object: JsonObject, name: string, items: readonly unknown[]): void {
  if (items.length === 0) delete object[name]
  else object[name] = items
}

/** v1.2 wants exactly one primary role in each org: the first that says so, or the first. */
function withOnePrimary(roles: readonly unknown[]): readonly unknown[] {
  const byOrg = Map.groupBy(roles, (role) => targetOf(orgOf(role)))
  const primaries = new Set(
    [...byOrg.values()].map((held) => held.find((role) => memberOf(role, 'roleType') === 'primary') ?? held[0]),
  )
  return roles.map((role) => {
    const roleType = primaries.has(role) ? 'primary' : 'secondary'
    return memberOf(role, 'roleType') === roleType || typeof role !== 'object' ? role : { ...role, roleType }
  })
}

/** Stands for the mark of a link while the text is an object: no text of PowerSchool's has it. */
const PARSED_MARK = '"href":"\\u0000/'

function parseStored(body: string): JsonObject {
  // Written by the presenter: an object without its brace.
  return JSON.parse(`{${body.replaceAll(LINK_MARK, PARSED_MARK)}`) as JsonObject
}

function writeStored(object: JsonObject): string {
  return JSON.stringify(object).slice(1).replaceAll(PARSED_MARK, LINK_MARK)
}

function orgOf(role: unknown): unknown {
  return memberOf(role, 'org')
}

function targetOf(link: unknown): string | undefined {
  const target = memberOf(link, 'sourcedId')
  return typeof target === 'string' ? target : undefined
}

function memberOf(value: unknown, name: string): unknown {
  // An object's member is unknown, and that is all this claims.
  return typeof value === 'object' && value !== null ? (value as JsonObject)[name] : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
