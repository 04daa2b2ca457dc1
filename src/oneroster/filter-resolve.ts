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
  /** Set for `=`: any of these will do. Alternatives of one field are gathered into one comparison. */
  readonly oneOf?: readonly (string | number)[]
}

export interface ResolvedFilter {
  /** As in Filter: any of these groups, all of each. */
  readonly anyOf: readonly (readonly ResolvedComparison[])[]
  /** The two fields that decide whether tombstones are seen. */
  readonly mentions: ReadonlySet<'status' | 'dateLastModified'>
  /** Whether the filter says `status='active'` and nothing else. */
  readonly isActiveOnly: boolean
  /** Every record that matches was changed at this time or later (ms since 1970), so that the list costs what has changed. */
  readonly changedSinceMs: number | undefined
}

/** Each comparison takes at most two SQL parameters, or one a word of a list, and an engine takes 100 for the statement. */
export const MAX_COMPARISONS = 30
/** Each one reads the text of every record. */
export const MAX_COMPARISONS_OF_TEXTS = 10
/** In comma lists that are compared with lists of texts, all together. */
export const MAX_LIST_WORDS = 30

/** The words of a comma list, each once; of a value without any, the value. */
export function commaList(value: string): readonly string[] {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  return items.length === 0 ? [value] : [...new Set(items)]
}

export type Resolution =
  | { readonly ok: true; readonly filter: ResolvedFilter }
  | { readonly ok: false; readonly fault: FilterFault }

/** Refuses unknown fields and values that cannot be read by their type. An unknown token is not a fault: it matches nothing. */
export function resolveFilter(entity: Entity, filter: Filter, version: Version): Resolution {
  const groups: ResolvedComparison[][] = []
  for (const group of filter.anyOf) {
    const resolved: ResolvedComparison[] = []
    for (const comparison of group) {
      const result = resolveComparison(comparison, entity, version)
      if ('description' in result) return { ok: false, fault: result }
      resolved.push(result)
    }
    groups.push(resolved)
  }
  const anyOf = gatherAlternatives(groups)
  const large = findTooLarge(anyOf.flat())
  if (large !== undefined) return { ok: false, fault: large }
  const written = filter.anyOf.flat()
  const mentions = new Set((['status', 'dateLastModified'] as const).filter((name) => mentionsField(written, name)))
  const [only, ...others] = written
  const isActiveOnly =
    others.length === 0 && only?.field === 'status' && only.predicate === '=' && only.value === 'active'
  return { ok: true, filter: { anyOf, mentions, isActiveOnly, changedSinceMs: changedSince(anyOf) } }
}

/** `sourcedId='a' OR sourcedId='b' OR …` is one comparison with a set, however long. */
function gatherAlternatives(
  groups: readonly (readonly ResolvedComparison[])[],
): readonly (readonly ResolvedComparison[])[] {
  const sets = new Map<string, (string | number)[]>()
  return groups.flatMap((group) => {
    const [only, ...others] = group
    if (only === undefined || others.length > 0 || only.predicate !== '=') return [group]
    const { operand, value } = only
    if (operand.kind !== 'column' && operand.kind !== 'generation') return [group]
    const name = operand.kind === 'column' ? operand.name : operand.kind
    const known = sets.get(name)
    if (known !== undefined) {
      known.push(value)
      return []
    }
    const oneOf = [value]
    sets.set(name, oneOf)
    return [[{ ...only, oneOf }]]
  })
}

/** What is compared in a record's text is looked for in each of them, while everybody else waits. Links have an index. */
function findTooLarge(comparisons: readonly ResolvedComparison[]): FilterFault | undefined {
  const inTexts = comparisons.filter(({ operand: { kind } }) => kind === 'elements' || kind === 'metadata')
  const inLists = inTexts.filter(({ operand: { kind } }) => kind === 'elements')
  const words = inLists.reduce((sum, { value }) => sum + commaList(String(value)).length, 0)
  for (const [count, most, what] of [
    [comparisons.length, MAX_COMPARISONS, 'comparisons (those of one field by = that are joined by OR count as one)'],
    [inTexts.length, MAX_COMPARISONS_OF_TEXTS, 'comparisons of lists and metadata'],
    [words, MAX_LIST_WORDS, 'words to be looked for in lists'],
  ] as const) {
    if (count > most) return { position: 1, description: `A filter may hold at most ${most} ${what}.` }
  }
  return undefined
}

/** The least of what the groups demand; undefined when one of them demands nothing. */
function changedSince(anyOf: readonly (readonly ResolvedComparison[])[]): number | undefined {
  const bounds = anyOf.map((group) => Math.max(...group.map(lowerBound)))
  const least = Math.min(...bounds)
  return Number.isFinite(least) ? least : undefined
}

function lowerBound({ operand, predicate, value, oneOf }: ResolvedComparison): number {
  const isBound = operand.kind === 'generation' && (predicate === '>' || predicate === '>=' || predicate === '=')
  return isBound ? Math.min(...(oneOf ?? [value]).map(Number)) : Number.NEGATIVE_INFINITY
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
  return READERS[typeOf(operand)](value)
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
  if (fieldOf(entity, name, other) !== undefined) {
    const instead = INSTEAD[name]
    const remedy = instead === undefined ? '' : ` Write ${instead} in ${VERSION_NAMES[version]}.`
    return `Only OneRoster ${VERSION_NAMES[other]} has it.${remedy}`
  }
  return `The fields of ${MODEL[entity].singular} are ${known.join(', ')}.`
}

const VERSION_NAMES: Readonly<Record<Version, string>> = { v1p1: '1.1', v1p2: '1.2' }

/** A field that one version alone has → what says the same in the other. */
const INSTEAD: Readonly<Record<string, string>> = {
  role: 'roles.role',
  orgs: 'roles.org.sourcedId',
  roles: 'role or orgs.sourcedId',
  primaryOrg: 'orgs.sourcedId',
}
