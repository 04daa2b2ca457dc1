// Turns a mapped record into what the store keeps: its finished JSON text for both versions, its columns and its links.
import type { SqlValue } from '../store/sql.ts'
import {
  COLLECTIONS,
  type Collection,
  type Field,
  type GroupField,
  MODEL,
  type ReferenceField,
  type TokenField,
  type Version,
} from './model.ts'
import { fold } from './storage.ts'
import { createRoleTeller, type RoleTeller } from './user-roles.ts'

export interface RosterRecord {
  readonly sourcedId: string
  /** By field name: references as `{ collection, sourcedId }`, groups as plain objects, lists as arrays. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

export interface StoredLink {
  readonly field: string
  readonly target: string
}

export interface StoredForm {
  /**
   * The v1.1 object as JSON, without its leading `{` and without dateLastModified, which the reader puts in front. Its links
   * begin with `"href":"\/`, which JSON.stringify never writes: the reader puts the address of the service there.
   */
  readonly body: string
  /** The v1.2 object in the same form; null when it is the v1.1 object. */
  readonly bodyV1p2: string | null
  /** In the order of STORAGE. */
  readonly columns: SqlValue[]
  readonly links: StoredLink[]
}

export type Presenter = (record: RosterRecord) => StoredForm

/** How every link of a stored text begins, up to its path below the service. */
export const LINK_MARK = '"href":"\\/'

type Kept = Pick<StoredForm, 'columns' | 'links'>

/** Writes `,"name":value`, or nothing for a missing value, and adds the field's columns and links. */
type Writer = (value: unknown, kept: Kept, record: RosterRecord) => string

interface Part {
  readonly name: string
  readonly only: Version | undefined
  readonly write: Writer
  /** Where v1.2 writes the value differently. */
  readonly writeV1p2: ((value: unknown) => string) | undefined
}

/**
 * One presenter a collection, compiled once. Absent values, empty texts and empty lists are left out; booleans are the
 * strings `true` and `false`. They remember the orgs that passed, whose type decides an administrator's v1.2 role.
 */
export function createPresenters(): Readonly<Record<Collection, Presenter>> {
  const roles = createRoleTeller()
  const presenters = COLLECTIONS.map((collection) => [collection, compilePresenter(collection, roles)] as const)
  // fromEntries widens the keys to string; the entries hold each collection exactly once.
  return Object.fromEntries(presenters) as Record<Collection, Presenter>
}

/** The same text after its record has left: the status is `tobedeleted`. */
export function tombstoneOf(body: string): string {
  return body.replace('"status":"active"', '"status":"tobedeleted"')
}

function compilePresenter(collection: Collection, roles: RoleTeller): Presenter {
  const parts = Object.entries(MODEL[collection].fields).map(([name, field]) => partOf(name, field, roles))
  const alwaysDiffers = parts.some(({ only }) => only !== undefined)
  const mayDiffer = alwaysDiffers || parts.some(({ writeV1p2 }) => writeV1p2 !== undefined)
  return (record) => {
    if (collection === 'orgs') roles.note(record)
    const kept: Kept = { columns: [], links: [] }
    let body = `"sourcedId":${jsonOfId(record.sourcedId)},"status":"active"${metadataOf(record.metadata)}`
    let bodyV1p2 = body
    let differs = alwaysDiffers
    for (const { name, only, write, writeV1p2 } of parts) {
      const value = record.fields[name]
      const text = write(value, kept, record)
      if (only !== 'v1p2') body += text
      if (!mayDiffer || only === 'v1p1') continue
      const other = writeV1p2 === undefined ? text : writeV1p2(value)
      differs ||= other !== text
      bodyV1p2 += other
    }
    return { body: `${body}}`, bodyV1p2: differs ? `${bodyV1p2}}` : null, ...kept }
  }
}

function partOf(name: string, field: Field, roles: RoleTeller): Part {
  const key = `,${JSON.stringify(name)}:`
  const part = { name, only: field.only, writeV1p2: undefined }
  switch (field.type) {
    case 'group':
      return { ...part, write: groupWriter(key, field), writeV1p2: v1p2GroupWriter(key, field) }
    case 'roles':
      return { ...part, write: rolesWriter(key, roles) }
    case 'reference':
      if (field.isDerived) return { ...part, write: primaryOrgWriter(key, field) }
      return { ...part, write: field.many ? linksWriter(name, key, field) : linkWriter(key, field) }
    case 'token':
      return { ...part, write: tokenWriter(key, field), writeV1p2: v1p2TokenWriter(key, field) }
    case 'number':
      return { ...part, write: numberWriter(key) }
    case 'text':
      if (field.many) return { ...part, write: textsWriter(key) }
      return { ...part, write: field.compare === 'folded' ? foldedTextWriter(key) : textWriter(key) }
    case 'date':
    case 'boolean':
      return { ...part, write: textWriter(key) }
    default:
      return field satisfies never
  }
}

function textWriter(key: string): Writer {
  return (value, { columns }) => {
    const text = textOf(value)
    columns.push(text)
    return text === null ? '' : key + JSON.stringify(text)
  }
}

function foldedTextWriter(key: string): Writer {
  const write = textWriter(key)
  return (value, kept, record) => {
    const json = write(value, kept, record)
    const text = textOf(value)
    kept.columns.push(text === null ? null : fold(text))
    return json
  }
}

function textsWriter(key: string): Writer {
  return (value) => {
    const texts = listOf(value)
      .map(textOf)
      .filter((text) => text !== null)
    return texts.length === 0 ? '' : key + JSON.stringify(texts)
  }
}

function tokenWriter(key: string, { addedInV1p2 = [] }: TokenField): Writer {
  const write = textWriter(key)
  if (addedInV1p2.length === 0) return write
  return (value, kept, record) => {
    const json = write(value, kept, record)
    return addedInV1p2.includes(textOf(value) ?? '') ? '' : json
  }
}

function v1p2TokenWriter(key: string, { addedInV1p2, inV1p2 = {} }: TokenField): Part['writeV1p2'] {
  if (addedInV1p2 === undefined && Object.keys(inV1p2).length === 0) return undefined
  return (value) => {
    const text = textOf(value)
    if (text === null) return ''
    return key + JSON.stringify(Object.hasOwn(inV1p2, text) ? inV1p2[text] : text)
  }
}

function numberWriter(key: string): Writer {
  return (value, { columns }) => {
    const isNumber = typeof value === 'number' && Number.isFinite(value)
    columns.push(isNumber ? value : null)
    return isNumber ? key + String(value) : ''
  }
}

function linkWriter(key: string, field: ReferenceField): Writer {
  const json = linkJson(field)
  return (value, { columns }) => {
    const target = targetOf(value)
    columns.push(target)
    return target === null ? '' : key + json(target)
  }
}

/** The org of a user that is named first: the school of enrollment. */
function primaryOrgWriter(key: string, field: ReferenceField): Writer {
  const write = linkWriter(key, field)
  return (_value, kept, record) => write(listOf(record.fields.orgs)[0], kept, record)
}

function rolesWriter(key: string, roles: RoleTeller): Writer {
  const json = linkJson({ to: 'orgs' })
  return (_value, _kept, { fields }) => {
    const role = textOf(fields.role)
    const orgs = targetsOf(fields.orgs)
    if (role === null || orgs.length === 0) return ''
    const items = orgs.map(
      (org) => `{"roleType":"primary","role":${JSON.stringify(roles.inV1p2(role, org))},"org":${json(org)}}`,
    )
    return `${key}[${items.join(',')}]`
  }
}

function linksWriter(name: string, key: string, field: ReferenceField): Writer {
  const json = linkJson(field)
  return (value, { links }) => {
    const targets = targetsOf(value)
    if (targets.length === 0) return ''
    for (const target of targets) links.push({ field: name, target })
    return `${key}[${targets.map(json).join(',')}]`
  }
}

function groupWriter(key: string, { members }: GroupField): Writer {
  const names = Object.keys(members)
  return (value) => {
    const groups = groupsOf(value, names)
    return groups.length === 0 ? '' : key + JSON.stringify(groups)
  }
}

/** v1.2 demands some members that v1.1 does not; a group without them is left out. */
function v1p2GroupWriter(key: string, { members }: GroupField): Part['writeV1p2'] {
  const names = Object.keys(members)
  const needed = names.filter((name) => members[name]?.isRequiredInV1p2)
  if (needed.length === 0) return undefined
  return (value) => {
    const groups = groupsOf(value, names).filter((group) => needed.every((name) => Object.hasOwn(group, name)))
    return groups.length === 0 ? '' : key + JSON.stringify(groups)
  }
}

function groupsOf(value: unknown, names: readonly string[]): Record<string, string>[] {
  return listOf(value).flatMap((item) => {
    const texts = names.flatMap((name) => {
      const text = textOf(memberOf(item, name))
      return text === null ? [] : [[name, text] as const]
    })
    return texts.length === 0 ? [] : [Object.fromEntries(texts)]
  })
}

/** The JSON of a link (GUIDRef) by its target, with everything but the id made once. */
function linkJson({ to }: Pick<ReferenceField, 'to'>): (target: string) => string {
  const head = `{${LINK_MARK}${to}/`
  const tail = `,"type":${JSON.stringify(MODEL[to].singular)}}`
  return (target) => {
    const segment = SAFE_ID.test(target) ? target : encodeURIComponent(target.toWellFormed())
    return `${head}${segment}","sourcedId":${jsonOfId(target)}${tail}`
  }
}

/** Ids that mean themselves in JSON and in a path: nearly all of them, and a test is cheaper than two encoders. */
const SAFE_ID = /^[\w.-]+$/

function jsonOfId(id: string): string {
  return SAFE_ID.test(id) ? `"${id}"` : JSON.stringify(id)
}

/** Numbers and booleans become text, which is what consumers read in metadata, and what its filters compare. */
function metadataOf(metadata: RosterRecord['metadata']): string {
  const entries = Object.entries(metadata ?? {}).flatMap(([key, value]) => {
    const told = typeof value === 'object' ? value : textOf(value)
    return told === null ? [] : [[key, told] as const]
  })
  return entries.length === 0 ? '' : `,"metadata":${JSON.stringify(Object.fromEntries(entries))}`
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

function targetOf(value: unknown): string | null {
  return textOf(memberOf(value, 'sourcedId'))
}

/** Each target once, in order. */
function targetsOf(value: unknown): readonly string[] {
  const targets = new Set<string>()
  for (const item of listOf(value)) {
    const target = targetOf(item)
    if (target !== null) targets.add(target)
  }
  return [...targets]
}

function memberOf(value: unknown, name: string): unknown {
  // An object's member is unknown, and that is all this claims.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}
