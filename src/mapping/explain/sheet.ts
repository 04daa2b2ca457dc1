// The sheet that a district signs off: every target field of every rule, what it is, what it reads, and where that is written.
import type { CheckedMapping } from '../check/check.ts'
import type { Place } from '../diagnostic.ts'
import type { RuleTree, SettingTree, ValueTree } from '../schema/mapping-tree.ts'
import { type RemovedField, removedFields, removedRules, replacedBy, type Said, saidOf } from './history.ts'
import { type FieldOrigin, fieldOrigins } from './origins.ts'
import { powerSchoolNames } from './powerschool-names.ts'
import { switchedOff } from './sheet-switches.ts'
import { type SheetTable, sheetTables } from './sheet-tables.ts'
import { wordsOfLookup, wordsOfScope, wordsOfValue } from './sheet-words.ts'

export interface SheetRow {
  /** `removed`: a layer took the field, or the rule, away. */
  readonly kind: 'scope' | 'lookup' | 'id' | 'field' | 'metadata' | 'removed'
  /** `users.email`, `users.metadata.x`, `users.sourcedId`; of the scope, and of a rule that is gone, the collection alone; of a lookup its name. */
  readonly target: string
  readonly rule: string
  /** In plain words where that can be told; else empty. */
  readonly what: string
  /** `students.contact_info.email`; those that its lookups read come last. */
  readonly columns: readonly string[]
  /** Their names in PowerSchool, `STUDENTS.HOME_PHONE`; or where /ws/v1 has them. Each once. */
  readonly powerSchool: readonly string[]
  readonly formula: string
  readonly place: Place
  /** One of each file that a part of the formula stands in; of the first one `place`. */
  readonly places: readonly Place[]
  /** What the layers below have in its place, nearest first. */
  readonly replaces: readonly Replaced[]
  /** Of a rule that a setting switches off: why. */
  readonly off?: string
}

export interface Replaced {
  readonly formula: string
  readonly place: Place
}

export interface Sheet {
  readonly rows: readonly SheetRow[]
  readonly settings: readonly SheetSetting[]
  readonly tables: readonly SheetTable[]
}

export interface SheetSetting {
  readonly name: string
  readonly value: unknown
  readonly place: Place
  /** The value is not that of the file: the bridge's own settings say otherwise. */
  readonly isOfBridge: boolean
  readonly replaces: readonly Replaced[]
}

/** `settings` are laid over the mapping's own. */
export function mappingSheet(checked: CheckedMapping, settings: Readonly<Record<string, unknown>> = {}): Sheet {
  const { tree } = checked
  const origins = fieldOrigins(checked)
  const switches = switchedOff(checked, settings)
  return {
    rows: [
      ...[...tree.rules.values()].flatMap((rule) => ruleRows(rule, { checked, origins, off: switches.get(rule.id) })),
      ...removedRules(checked).map(({ rule, state, place }) => goneRule(rule, state, place ?? NOWHERE)),
    ],
    settings: [...tree.settings.values()].map((setting) => settingRow(setting, settings, checked)),
    tables: sheetTables(checked),
  }
}

const NOWHERE: Place = { file: '', line: 0, column: 0 }

function settingRow(
  setting: SettingTree,
  settings: Readonly<Record<string, unknown>>,
  checked: CheckedMapping,
): SheetSetting {
  const said = (one: SettingTree | undefined): Said | undefined =>
    one && { text: JSON.stringify(one.value) ?? '', places: [one.key.place] }
  const { key, value } = setting
  const own = said(setting)
  const isOfBridge = key.text in settings && JSON.stringify(settings[key.text]) !== own?.text
  const below = replacedBy(own, checked, (tree) => said(tree.settings.get(key.text)))
  return {
    name: key.text,
    value: isOfBridge ? settings[key.text] : value,
    place: key.place,
    isOfBridge,
    replaces: [...(isOfBridge && own ? [own] : []), ...below].map(replacedOf),
  }
}

const replacedOf = ({ text, places }: Said): Replaced => ({ formula: text, place: places[0] })

interface RuleSheet {
  readonly checked: CheckedMapping
  readonly origins: ReadonlyMap<string, FieldOrigin>
  readonly off: string | undefined
}

function ruleRows(rule: RuleTree, { checked, origins, off }: RuleSheet): SheetRow[] {
  const { collection, id } = rule
  const more = off === undefined ? {} : { off }
  const row = (kind: SheetRow['kind'], field: string, target: string, what: string): SheetRow[] => {
    const origin = origins.get(`${id}.${field}`)
    if (origin === undefined) return []
    const { text, place, columns } = origin
    const said = saidOf(rule, field)
    const replaces = replacedBy(said, checked, (tree) => saidOf(tree.rules.get(id), field)).map(replacedOf)
    const powerSchool = powerSchoolNames(columns, checked.tree)
    const places = said?.places ?? [place]
    return [{ kind, target, rule: id, what, columns, powerSchool, formula: text, place, places, replaces, ...more }]
  }
  const words = (value: ValueTree, field?: string) =>
    [wordsOfValue(value, rule, checked.tree), keptNote(rule, field)].filter((part) => part !== '').join('; ')
  const scope = wordsOfScope(rule)
  return [
    ...row('scope', 'where', collection, scope),
    ...(rule.where.length === 0 ? [{ ...wholeScope(rule, scope, checked), ...more }] : []),
    ...rule.lookups.flatMap((lookup) => row('lookup', `with.${lookup.name}`, lookup.name, wordsOfLookup(lookup))),
    ...row('id', 'id', `${collection}.sourcedId`, words(rule.sourcedId, 'id')),
    ...rule.fields.flatMap(({ name, value }) => row('field', name, `${collection}.${name}`, words(value, name))),
    ...rule.metadata.flatMap(({ name, value }) =>
      row('metadata', `metadata.${name}`, `${collection}.metadata.${name}`, words(value)),
    ),
    ...removedFields(rule, checked).map((field): SheetRow => ({ ...goneField(rule, field), ...more })),
  ]
}

/** A rule without a condition. */
function wholeScope({ collection, id, key }: RuleTree, what: string, checked: CheckedMapping): SheetRow {
  const replaces = replacedBy(undefined, checked, (tree) => saidOf(tree.rules.get(id), 'where')).map(replacedOf)
  return {
    ...EMPTY,
    kind: 'scope',
    target: collection,
    rule: id,
    what,
    place: key.place,
    places: [key.place],
    replaces,
  }
}

const EMPTY = { columns: [], powerSchool: [], formula: '', replaces: [] } as const

const goneField = ({ collection, id }: RuleTree, { name, place, before }: RemovedField): SheetRow => ({
  ...EMPTY,
  kind: 'removed',
  target: `${collection}.${name}`,
  rule: id,
  what: 'not published: taken away',
  place,
  places: [place],
  replaces: before.map(replacedOf),
})

const goneRule = (rule: string, state: 'off' | 'removed', place: Place): SheetRow => ({
  ...EMPTY,
  kind: 'removed',
  target: rule.slice(0, rule.indexOf('.')),
  rule,
  what: `not published: the rule is ${state === 'off' ? 'switched off' : 'taken away'}`,
  place,
  places: [place],
})

function keptNote({ createOnly }: RuleTree, field: string | undefined): string {
  const isKept = createOnly?.some(({ text }) => text === field) === true
  return isKept ? 'kept from the first publication on' : ''
}
