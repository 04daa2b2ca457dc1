// Binds a parsed filter to a collection: every field becomes an operand, every value is read by its type.
import type { Filter, FilterComparison, FilterFault, Predicate } from './filter.ts'
import { dateText, parseInstant } from './instant.ts'
import { type Entity, fieldOf, fieldsOf, MODEL, type Version } from './model.ts'
import { type Operand, operandOf } from './operand.ts'

export interface ResolvedComparison {
  readonly operand: Operand
  readonly predicate: Predicate
  /** A number for dateLastModified (milliseconds) and numbers, else a text; `~` always compares texts. */
  readonly value: string | number
}

export interface ResolvedFilter {
  /** As in Filter: any of these groups, all of each. */
  readonly anyOf: readonly (readonly ResolvedComparison[])[]
  /** The two fields that decide whether tombstones are seen. */
  readonly mentions: ReadonlySet<'status' | 'dateLastModified'>
  /** Whether the filter says `status='active'` and nothing else. */
  readonly isActiveOnly: boolean
  /** Whether every record that matches was changed after some time, so that the list costs what has changed. */
  readonly isDelta: boolean
}

export type Resolution =
  | { readonly ok: true; readonly filter: ResolvedFilter }
  | { readonly ok: false; readonly fault: FilterFault }

/** Refuses unknown fields and values that cannot be read by their type. An unknown token is not a fault: it matches nothing. */
export function resolveFilter(entity: Entity, filter: Filter, version: Version): Resolution {
  const anyOf: ResolvedComparison[][] = []
  for (const group of filter.anyOf) {
    const resolved: ResolvedComparison[] = []
    for (const comparison of group) {
      const result = resolveComparison(comparison, entity, version)
      if ('description' in result) return { ok: false, fault: result }
      resolved.push(result)
    }
    anyOf.push(resolved)
  }
  const written = filter.anyOf.flat()
  const mentions = new Set((['status', 'dateLastModified'] as const).filter((name) => mentionsField(written, name)))
  const [only, ...others] = written
  const isActiveOnly =
    others.length === 0 && only?.field === 'status' && only.predicate === '=' && only.value === 'active'
  const isDelta = anyOf.every((group) => group.some(boundsChange))
  return { ok: true, filter: { anyOf, mentions, isActiveOnly, isDelta } }
}

function boundsChange({ operand, predicate }: ResolvedComparison): boolean {
  return operand.kind === 'generation' && (predicate === '>' || predicate === '>=' || predicate === '=')
}

function mentionsField(comparisons: readonly FilterComparison[], name: string): boolean {
  return comparisons.some(({ field }) => field === name)
}

function resolveComparison(
  { field, predicate, value, position }: FilterComparison,
  entity: Entity,
  version: Version,
): ResolvedComparison | FilterFault {
  const operand = operandOf(entity, field, version)
  if (operand === undefined) {
    return { position, description: `Unknown filter field: ${field}. ${hint(field, entity, version)}` }
  }
  const read = predicate === '~' ? value : readValue(operand, value)
  if (read === undefined) {
    return { position, description: `The value of ${field} is not ${EXPECTED[typeOf(operand)]}.` }
  }
  return { operand, predicate, value: read }
}

type ValueType = 'text' | 'date' | 'boolean' | 'number' | 'dateTime'

const EXPECTED: Readonly<Record<ValueType, string>> = {
  text: 'a text',
  date: 'a date (YYYY-MM-DD)',
  dateTime: 'a date and time (YYYY-MM-DDTHH:mm:ss.SSSZ)',
  boolean: 'true or false',
  number: 'a number',
}

const READERS: Readonly<Record<ValueType, (value: string) => string | number | undefined>> = {
  text: (value) => value,
  date: (value) => {
    const instant = parseInstant(value)
    return instant === undefined ? undefined : dateText(instant)
  },
  dateTime: parseInstant,
  boolean: (value) => /^(?:true|false)$/i.exec(value.trim())?.[0].toLowerCase(),
  number: (value) => (/^[+-]?\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : undefined),
}

function readValue(operand: Operand, value: string): string | number | undefined {
  const read = READERS[typeOf(operand)](value)
  return operand.kind === 'column' && typeof read === 'string' ? (operand.tokens?.get(read) ?? read) : read
}

function typeOf(operand: Operand): ValueType {
  if (operand.kind === 'generation') return 'dateTime'
  return operand.kind === 'column' ? operand.type : 'text'
}

function hint(path: string, entity: Entity, version: Version): string {
  const [name = ''] = path.split('.')
  const field = fieldOf(entity, name, version)
  if (field?.type === 'group') {
    return `It is a list of groups: write ${Object.keys(field.members)
      .map((member) => `${name}.${member}`)
      .join(' or ')}.`
  }
  if (field?.type === 'roles') return `It is a list of groups: write ${name}.role or ${name}.org.sourcedId.`
  if (field?.type === 'reference') return `It is a link: write ${name}.sourcedId.`
  if (name === 'metadata') return 'Name a key: metadata.<key>.'
  const known = ['sourcedId', 'status', 'dateLastModified', ...fieldsOf(entity, version).map(([known]) => known)]
  const near = known.find((other) => other.toLowerCase() === name.toLowerCase())
  if (near !== undefined && near !== name) return `Did you mean ${near}?`
  const other = version === 'v1p1' ? 'v1p2' : 'v1p1'
  const elsewhere = fieldOf(entity, name, other) === undefined ? '' : `Only OneRoster ${VERSION_NAMES[other]} has it. `
  return `${elsewhere}The fields of ${MODEL[entity].singular} are ${known.join(', ')}.`
}

const VERSION_NAMES: Readonly<Record<Version, string>> = { v1p1: '1.1', v1p2: '1.2' }
