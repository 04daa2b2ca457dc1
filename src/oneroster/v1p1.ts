// Turns a mapped record into what the store keeps: its finished v1.1 JSON text, its columns and its links.
import type { SqlValue } from '../store/sql.ts'
import { COLLECTIONS, type Collection, type Field, type GroupField, MODEL, type ReferenceField } from './model.ts'
import { fold } from './storage.ts'

export const V1P1_PATH = '/ims/oneroster/v1p1'

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
  /** A JSON object without its leading `{` and without dateLastModified, which the reader puts in front. */
  readonly body: string
  /** In the order of STORAGE. */
  readonly columns: SqlValue[]
  readonly links: StoredLink[]
}

export type Presenter = (record: RosterRecord) => StoredForm

/** Writes `,"name":value`, or nothing for a missing value, and adds the field's columns and links. */
type Writer = (value: unknown, kept: Pick<StoredForm, 'columns' | 'links'>) => string

/**
 * One presenter a collection, compiled once for the public address `base` (without a trailing slash it is the same).
 * Absent values, empty texts and empty lists are left out; booleans are the strings `true` and `false`.
 */
export function createPresenter(base: string): Readonly<Record<Collection, Presenter>> {
  const root = base.replace(/\/+$/, '') + V1P1_PATH
  const presenters = COLLECTIONS.map((collection) => [collection, compilePresenter(collection, root)] as const)
  // fromEntries widens the keys to string; the entries hold each collection exactly once.
  return Object.fromEntries(presenters) as Record<Collection, Presenter>
}

/** The presentation of one record; `createPresenter` does the same for many. */
export function presentV1p1(collection: Collection, record: RosterRecord, base: string): StoredForm {
  return createPresenter(base)[collection](record)
}

/** The same record after it has left: a body whose status is `tobedeleted`. */
export function tombstoneOf(body: string): string {
  return body.replace('"status":"active"', '"status":"tobedeleted"')
}

function compilePresenter(collection: Collection, root: string): Presenter {
  const fields = Object.entries(MODEL[collection].fields)
  const writers = fields.map(([name, field]) => ({ name, write: writerOf(name, field, root) }))
  return (record) => {
    const kept: Pick<StoredForm, 'columns' | 'links'> = { columns: [], links: [] }
    let body = `"sourcedId":${jsonOfId(record.sourcedId)},"status":"active"${metadataOf(record.metadata)}`
    for (const { name, write } of writers) body += write(record.fields[name], kept)
    return { body: `${body}}`, ...kept }
  }
}

function writerOf(name: string, field: Field, root: string): Writer {
  const key = `,${JSON.stringify(name)}:`
  if (field.type === 'group') return groupWriter(key, field)
  if (field.type === 'reference') return field.many ? linksWriter(name, key, field, root) : linkWriter(key, field, root)
  if (field.type === 'number') return numberWriter(key)
  if (field.type !== 'text') return textWriter(key)
  if (field.many) return textsWriter(key)
  return field.compare === 'folded' ? foldedTextWriter(key) : textWriter(key)
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
  return (value, kept) => {
    const json = write(value, kept)
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

function numberWriter(key: string): Writer {
  return (value, { columns }) => {
    const isNumber = typeof value === 'number' && Number.isFinite(value)
    columns.push(isNumber ? value : null)
    return isNumber ? key + String(value) : ''
  }
}

function linkWriter(key: string, field: ReferenceField, root: string): Writer {
  const json = linkJson(field, root)
  return (value, { columns }) => {
    const target = targetOf(value)
    columns.push(target)
    return target === null ? '' : key + json(target)
  }
}

function linksWriter(name: string, key: string, field: ReferenceField, root: string): Writer {
  const json = linkJson(field, root)
  return (value, { links }) => {
    const targets = new Set<string>()
    for (const item of listOf(value)) {
      const target = targetOf(item)
      if (target !== null) targets.add(target)
    }
    if (targets.size === 0) return ''
    const items: string[] = []
    for (const target of targets) {
      links.push({ field: name, target })
      items.push(json(target))
    }
    return `${key}[${items.join(',')}]`
  }
}

function groupWriter(key: string, { members }: GroupField): Writer {
  const names = Object.keys(members)
  return (value) => {
    const groups = listOf(value).flatMap((item) => {
      const texts = names.flatMap((name) => {
        const text = textOf(memberOf(item, name))
        return text === null ? [] : [[name, text] as const]
      })
      return texts.length === 0 ? [] : [Object.fromEntries(texts)]
    })
    return groups.length === 0 ? '' : key + JSON.stringify(groups)
  }
}

/** The JSON of a link (GUIDRef) by its target, with everything but the id made once. */
function linkJson({ to }: ReferenceField, root: string): (target: string) => string {
  const head = `{"href":${JSON.stringify(`${root}/${to}/`).slice(0, -1)}`
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

function memberOf(value: unknown, name: string): unknown {
  // An object's member is unknown, and that is all this claims.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}
