// Counts in which fields records differ, and keeps a few of them as samples.
import type { TargetModel } from '../mapping/check/target.ts'
import type { Texts } from './compare.ts'
import { maskText } from './mask.ts'

export interface Sample {
  readonly sourcedId: string
  /** Undefined where the field was, or would be, absent. */
  readonly before: string | undefined
  readonly after: string | undefined
}

export interface FieldDifference {
  readonly collection: string
  /** `email`, `metadata.microsoft.userFlags`; `(only in 1.2) roles` for what version 1.1 does not tell. */
  readonly field: string
  /** Records that would have it and had none, have another value, or would lose it. */
  readonly appears: number
  readonly changes: number
  readonly vanishes: number
  readonly samples: readonly Sample[]
}

interface Tally {
  readonly collection: string
  readonly field: string
  appears: number
  changes: number
  vanishes: number
  readonly samples: Sample[]
}

export interface DifferencesOptions {
  readonly target: TargetModel
  readonly samples: number
  readonly showsValues: boolean
}

type Fields = ReadonlyMap<string, unknown>

export function createDifferences({ target, samples, showsValues }: DifferencesOptions) {
  const tallies = new Map<string, Tally>()
  const tallyOf = (collection: string, field: string): Tally => {
    const name = `${collection} ${field}`
    const known = tallies.get(name)
    if (known !== undefined) return known
    const made: Tally = { collection, field, appears: 0, changes: 0, vanishes: 0, samples: [] }
    tallies.set(name, made)
    return made
  }
  const shown = (collection: string, field: string, value: unknown): string | undefined => {
    if (value === undefined) return undefined
    const text = plainText(value)
    return showsValues || isPlain(target, collection, field, value) ? text : maskText(text)
  }
  const note = (collection: string, sourcedId: string, field: string, before: unknown, after: unknown) => {
    const tally = tallyOf(collection, field)
    if (before === undefined) tally.appears += 1
    else if (after === undefined) tally.vanishes += 1
    else tally.changes += 1
    if (tally.samples.length >= samples) return
    tally.samples.push({
      sourcedId,
      before: shown(collection, field, before),
      after: shown(collection, field, after),
    })
  }
  return {
    see(collection: string, sourcedId: string, before: Texts, after: Texts): void {
      const found = differing(before.body, after.body)
      for (const [field, was, is] of found) note(collection, sourcedId, field, was, is)
      if (found.length > 0) return
      for (const [field, was, is] of differing(before.bodyV1p2 ?? before.body, after.bodyV1p2 ?? after.body)) {
        note(collection, sourcedId, `(only in 1.2) ${field}`, was, is)
      }
    },
    /** By collection, the most frequent first. */
    report(): FieldDifference[] {
      const count = ({ appears, changes, vanishes }: Tally) => appears + changes + vanishes
      return [...tallies.values()].sort((a, b) =>
        a.collection === b.collection ? count(b) - count(a) : a.collection < b.collection ? -1 : 1,
      )
    },
  }
}

function differing(before: string, after: string): [field: string, before: unknown, after: unknown][] {
  if (before === after) return []
  const [was, is] = [fieldsOf(before), fieldsOf(after)]
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((field) => JSON.stringify(was.get(field)) !== JSON.stringify(is.get(field)))
    .map((field) => [field, was.get(field), is.get(field)])
}

/** Stored texts are JSON objects without their brace. Metadata are fields of their own. */
function fieldsOf(body: string): Fields {
  const record = JSON.parse(`{${body}`) as Readonly<Record<string, unknown>>
  const { metadata, ...fields } = record
  const more = Object.entries(metadata ?? {}).map(([name, value]) => [`metadata.${name}`, value] as const)
  return new Map([...Object.entries(fields), ...more])
}

/** A reference is its sourcedId. */
function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.map(plainText).join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  if ('sourcedId' in value && 'href' in value) return String(value.sourcedId)
  return Object.values(value).map(plainText).join(' ')
}

/** Where nobody is named, but in metadata, which hold what a district likes; a class may bear its teacher's name. */
const OF_NOBODY: ReadonlySet<string> = new Set(['orgs', 'academicSessions', 'courses'])

/** Whether a value tells nothing of a person: a link, or a word of the standard; of demographics everything does. */
function isPlain(target: TargetModel, collection: string, field: string, value: unknown): boolean {
  if (collection === 'demographics') return false
  if (OF_NOBODY.has(collection) && !field.startsWith('metadata.')) return true
  const members = Array.isArray(value) ? value : [value]
  if (members.every((member) => typeof member === 'object' && member !== null && 'href' in member)) return true
  const known = target[collection]?.fields[field]
  return known?.vocabulary !== undefined || known?.type === 'boolean'
}
