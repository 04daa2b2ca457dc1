// The sheet that a district signs off: every target field of every rule, what it is, what it reads, and where that is written.
import type { CheckedMapping } from '../check/check.ts'
import type { Place } from '../diagnostic.ts'
import type { RuleTree, ValueTree } from '../schema/mapping-tree.ts'
import { type FieldOrigin, fieldOrigins, type Origin } from './origins.ts'
import { wordsOfScope, wordsOfValue } from './sheet-words.ts'

export interface SheetRow {
  readonly kind: 'scope' | 'id' | 'field' | 'metadata'
  /** `users.email`, `users.metadata.x`, `users.sourcedId`; of the scope the collection alone. */
  readonly target: string
  readonly rule: string
  /** In plain words where that can be told; else empty. */
  readonly what: string
  /** `students.contact_info.email`; those that its lookups read come last. */
  readonly columns: readonly string[]
  readonly formula: string
  readonly place: Place
  /** What the formula's `inherited` stands for, nearest layer first. */
  readonly replaces: readonly { readonly formula: string; readonly place: Place }[]
}

export interface Sheet {
  readonly rows: readonly SheetRow[]
  readonly settings: readonly { readonly name: string; readonly value: unknown; readonly place: Place }[]
  readonly tables: readonly SheetTable[]
}

export interface SheetTable {
  readonly name: string
  readonly place: Place
  readonly codes: readonly (readonly [code: string, value: string])[]
  /** What an unlisted code becomes. */
  readonly otherwise: string
}

/** `settings` are laid over the mapping's own. */
export function mappingSheet(checked: CheckedMapping, settings: Readonly<Record<string, unknown>> = {}): Sheet {
  const { tree } = checked
  const origins = fieldOrigins(checked)
  return {
    rows: [...tree.rules.values()].flatMap((rule) => ruleRows(rule, checked, origins)),
    settings: [...tree.settings].map(([name, { key, value }]) => ({
      name,
      value: settings[name] ?? value,
      place: key.place,
    })),
    tables: [...tree.tables].map(([name, { place, codes, otherwise }]) => ({
      name,
      place,
      codes: [...codes],
      otherwise: typeof otherwise === 'object' ? otherwise.value : OTHERWISE[otherwise],
    })),
  }
}

const OTHERWISE = { error: 'blank, and reported', blank: 'blank', same: 'the code itself' } as const

function ruleRows(rule: RuleTree, checked: CheckedMapping, origins: ReadonlyMap<string, FieldOrigin>): SheetRow[] {
  const { collection, id } = rule
  const row = (kind: SheetRow['kind'], field: string, target: string, what: string): SheetRow[] => {
    const origin = origins.get(`${id}.${field}`)
    if (origin === undefined) return []
    const { text, place, columns } = origin
    return [{ kind, target, rule: id, what, columns, formula: text, place, replaces: replacedBy(origin) }]
  }
  const words = (value: ValueTree, field?: string) =>
    `${wordsOfValue(value, rule, checked.tree)}${keptNote(rule, field)}`
  const scope = wordsOfScope(rule)
  return [
    ...row('scope', 'where', collection, scope),
    ...(rule.where.length === 0 ? [wholeScope(rule, scope)] : []),
    ...row('id', 'id', `${collection}.sourcedId`, words(rule.sourcedId, 'id')),
    ...rule.fields.flatMap(({ name, value }) => row('field', name, `${collection}.${name}`, words(value, name))),
    ...rule.metadata.flatMap(({ name, value }) =>
      row('metadata', `metadata.${name}`, `${collection}.metadata.${name}`, words(value)),
    ),
  ]
}

/** A rule without a condition. */
function wholeScope({ collection, id, key }: RuleTree, what: string): SheetRow {
  return { kind: 'scope', target: collection, rule: id, what, columns: [], formula: '', place: key.place, replaces: [] }
}

function keptNote({ createOnly }: RuleTree, field: string | undefined): string {
  const isKept = createOnly?.some(({ text }) => text === field) === true
  return isKept ? '; kept from the first publication on' : ''
}

function replacedBy({ inherited = [] }: Origin): SheetRow['replaces'] {
  return inherited.flatMap((lower) => [{ formula: lower.text, place: lower.place }, ...replacedBy(lower)])
}
