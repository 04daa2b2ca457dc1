// What the names of a formula mean where it stands, and the route from a path to its value.
import type { PathName, Span } from '../formula/expression.ts'
import type { StaticType } from '../functions/static-type.ts'
import type { LookupTree, MappingTree, RuleTree, SettingTree, SourceTree } from '../schema/mapping-tree.ts'
import type { GroupShape, Shape } from '../shape.ts'
import { columnHint } from './column-hint.ts'
import { suggest } from './suggest.ts'

/** What a static `row` is: a staged row (seen through a rule when it was found through one), or an object inside a list. */
type RowParts =
  | { readonly kind: 'staged'; readonly source: SourceTree; readonly rule?: RuleTree }
  | { readonly kind: 'object'; readonly shape: GroupShape; readonly column: ColumnName }

/** A declared column, in a list too: `students`, `races.code`. */
export interface ColumnName {
  readonly source: string
  readonly path: string
}

/** The name of a candidate, or of an `each`, and where the run keeps it. */
interface Variable {
  readonly type: StaticType
  readonly slot: number
}

export interface Scope {
  readonly tree: MappingTree
  readonly rule: RuleTree
  readonly source: SourceTree
  /** How many of the rule's lookups may be named: a lookup sees those above it. */
  readonly lookups: number
  readonly variables: ReadonlyMap<string, Variable>
  /** The next free slot of the frame, shared by all scopes of a rule. */
  readonly slots: { next: number }
}

export type Start =
  | { readonly kind: 'row' }
  | { readonly kind: 'rows' }
  | { readonly kind: 'lookup'; readonly index: number }
  | { readonly kind: 'setting'; readonly name: string }
  | { readonly kind: 'variable'; readonly slot: number }

/** From a row (or an object) to a part of it; over a list, from each member. */
export type Step =
  | { readonly kind: 'cell'; readonly slot: number; readonly many: boolean; readonly column: ColumnName }
  | { readonly kind: 'member'; readonly names: readonly string[]; readonly many: boolean; readonly column: ColumnName }
  | { readonly kind: 'lookup'; readonly rule: RuleTree; readonly index: number; readonly many: boolean }

export interface Route {
  readonly start: Start
  readonly steps: readonly Step[]
  readonly type: StaticType
}

interface PathFault {
  readonly code: 'name' | 'path'
  readonly message: string
  readonly span: Span
  /** As a Report takes it. */
  readonly missing?: readonly string[]
}

type Resolved = { readonly ok: true; readonly route: Route } | { readonly ok: false; readonly fault: PathFault }

export const ANY: StaticType = { kind: 'any' }

export function stagedType(source: SourceTree, rule?: RuleTree): StaticType {
  const parts: RowParts = rule ? { kind: 'staged', source, rule } : { kind: 'staged', source }
  return { kind: 'row', shape: parts }
}

/** The scope of a rule's own formulas. Slots of the frame: lookups first. */
export function ruleScope(tree: MappingTree, rule: RuleTree, source: SourceTree): Scope {
  const slots = { next: rule.lookups.length }
  return { tree, rule, source, lookups: rule.lookups.length, variables: new Map(), slots }
}

/** The scope in which a lookup stands: it sees only those above it. */
export const lookupScope = (scope: Scope, index: number): Scope => ({ ...scope, lookups: index })

export function withVariable(scope: Scope, name: string, type: StaticType): Scope & { readonly slot: number } {
  const slot = scope.slots.next++
  return { ...scope, variables: new Map([...scope.variables, [name, { type, slot }]]), slot }
}

/** Settings that the engine owns: they are there whether or not a file declares them. */
export const ENGINE_SETTINGS: ReadonlyMap<string, StaticType> = new Map([
  ['start_year', { kind: 'integer' }],
  ['term_years', { kind: 'list', of: { kind: 'integer' } }],
  ['first_term_year', { kind: 'integer' }],
  ['last_term_year', { kind: 'integer' }],
])

export const settingNames = (tree: MappingTree) => [...new Set([...tree.settings.keys(), ...ENGINE_SETTINGS.keys()])]

export function settingType(tree: MappingTree, name: string): StaticType | undefined {
  const setting = tree.settings.get(name)
  return ENGINE_SETTINGS.get(name) ?? (setting && typeOfSetting(setting))
}

/** An empty list is of what its members could be. */
function typeOfSetting({ value, oneOf }: SettingTree): StaticType {
  return typeOfData(Array.isArray(value) && value.length === 0 && oneOf ? oneOf : value)
}

export function typeOfData(value: unknown): StaticType {
  if (typeof value === 'string') return { kind: 'text' }
  if (typeof value === 'boolean') return { kind: 'boolean' }
  if (typeof value === 'number') return { kind: Number.isSafeInteger(value) ? 'integer' : 'number' }
  if (Array.isArray(value)) return { kind: 'list', of: value.length > 0 ? typeOfData(value[0]) : ANY }
  return ANY
}

/** The type of a lookup of a rule, without looking into its formulas where it gives rows. */
type LookupType = (rule: RuleTree, index: number) => StaticType

export function rowsOf(tree: MappingTree, name: string): { source: SourceTree; rule?: RuleTree } | undefined {
  const rule = tree.rules.get(name)
  const source = tree.sources.get(rule ? rule.from.text : name)
  return source && (rule ? { source, rule } : { source })
}

/** Resolves a dotted path, first name first: a variable, `settings`, `rows`, a lookup, a column. */
export function resolvePath(names: readonly PathName[], scope: Scope, lookupType: LookupType): Resolved {
  const [first, ...rest] = names
  if (first === undefined) throw new Error('a path has at least one name')
  const variable = scope.variables.get(first.name)
  if (variable) return follow({ kind: 'variable', slot: variable.slot }, variable.type, first, rest, lookupType)
  if (first.name === 'settings') return resolveSetting(first, rest, scope)
  if (first.name === 'rows' && scope.rule.onePer) {
    const type: StaticType = { kind: 'list', of: stagedType(scope.source) }
    return follow({ kind: 'rows' }, type, first, rest, lookupType)
  }
  const index = scope.rule.lookups.findIndex(({ name }) => name === first.name)
  if (index >= 0 && index < scope.lookups) {
    return follow({ kind: 'lookup', index }, lookupType(scope.rule, index), first, rest, lookupType)
  }
  if (scope.source.shape.members.has(first.name)) {
    return follow({ kind: 'row' }, stagedType(scope.source), undefined, names, lookupType)
  }
  const { rule, source } = scope
  const missing = [`entities.${rule.id}.with.${first.name}`, `sources.${source.name}.fields.${first.name}`]
  return {
    ok: false,
    fault: { code: 'name', message: unknownName(first.name, index, scope), span: first.span, missing },
  }
}

function unknownName(name: string, index: number, scope: Scope): string {
  if (index >= 0) return `the lookup \`${name}\` stands further down: a lookup sees only those above it`
  if (name === 'rows') return '`rows` is there only in a rule with `one_per`'
  if (name === 'it') return '`it` is there only in the `where` and `order` of a lookup, a reference or an inverse'
  const lookups = scope.rule.lookups.slice(0, scope.lookups).map((lookup: LookupTree) => lookup.name)
  const others = [...scope.variables.keys(), ...lookups, 'settings']
  return `\`${scope.rule.id}\` knows no \`${name}\`.${columnHint(name, scope.source, others)}`
}

function resolveSetting(first: PathName, rest: readonly PathName[], scope: Scope): Resolved {
  const [name, more] = rest
  if (name === undefined) {
    const message = `\`settings\` is a group: name one of its members, such as \`settings.${settingNames(scope.tree)[0]}\``
    return { ok: false, fault: { code: 'path', message, span: first.span } }
  }
  const type = settingType(scope.tree, name.name)
  if (type === undefined) {
    const message = `\`settings\` has no \`${name.name}\`.${suggest(name.name, settingNames(scope.tree))}`
    return { ok: false, fault: { code: 'path', message, span: name.span, missing: [`settings.${name.name}`] } }
  }
  if (more) return { ok: false, fault: noParts(`settings.${name.name}`, more) }
  return { ok: true, route: { start: { kind: 'setting', name: name.name }, steps: [], type } }
}

const noParts = (of: string, name: PathName): PathFault => ({
  code: 'path',
  message: `\`${of}\` is a single value and has no \`${name.name}\``,
  span: name.span,
})

function follow(
  start: Start,
  from: StaticType,
  first: PathName | undefined,
  names: readonly PathName[],
  lookupType: LookupType,
): Resolved {
  const steps: Step[] = []
  const said = first ? [first.name] : []
  let type = from
  let rest = names
  while (rest.length > 0) {
    const many = type.kind === 'list'
    const row = flattened(type)
    if (row.kind === 'any') return { ok: true, route: { start, steps, type: ANY } }
    const [name] = rest
    if (name === undefined) break
    if (row.kind !== 'row') return { ok: false, fault: noParts(said.join('.'), name) }
    const taken = takePart(partsOf(row), rest, many, said, lookupType)
    if ('fault' in taken) return { ok: false, fault: taken.fault }
    said.push(...rest.slice(0, taken.length).map((part) => part.name))
    steps.push(taken.step)
    const of = flattened(taken.type)
    type = many || taken.type.kind === 'list' ? { kind: 'list', of } : of
    rest = rest.slice(taken.length)
  }
  return { ok: true, route: { start, steps, type } }
}

/** A row type is made by this module alone, so its shape is RowParts. */
const partsOf = (row: { readonly shape: unknown }): RowParts => row.shape as RowParts

const flattened = (type: StaticType): StaticType => (type.kind === 'list' ? flattened(type.of) : type)

type Taken = { readonly step: Step; readonly type: StaticType; readonly length: number } | { readonly fault: PathFault }

function takePart(
  parts: RowParts,
  names: readonly PathName[],
  many: boolean,
  said: readonly string[],
  lookupType: LookupType,
): Taken {
  const rule = parts.kind === 'staged' ? parts.rule : undefined
  const index = rule ? rule.lookups.findIndex((lookup) => lookup.name === names[0]?.name) : -1
  if (rule && index >= 0) {
    return { step: { kind: 'lookup', rule, index, many }, type: lookupType(rule, index), length: 1 }
  }
  const extra = rule?.lookups.map((lookup) => lookup.name) ?? []
  const of = parts.kind === 'staged' ? { source: parts.source, extra } : undefined
  const found = descend(parts.kind === 'staged' ? parts.source.shape : parts.shape, names, owner(parts, said), of)
  if ('code' in found) return { fault: { ...found, missing: missingPart(parts, names, found) } }
  const { shape, length } = found
  const { slot } = shape
  const path = names.slice(0, length).map((part) => part.name)
  const column = columnIn(parts, path.join('.'))
  const step: Step =
    parts.kind === 'staged' ? { kind: 'cell', slot, many, column } : { kind: 'member', names: path, many, column }
  return { step, type: typeOfShape(shape, column), length }
}

/** Where the mapping would have the part that a path asks for in vain. */
function missingPart(parts: RowParts, names: readonly PathName[], { span }: PathFault): string[] {
  const path = names.slice(0, names.findIndex((name) => name.span === span) + 1).map(({ name }) => name)
  const column = columnIn(parts, path.join('.'))
  const lookup = parts.kind === 'staged' && parts.rule ? [`entities.${parts.rule.id}.with.${column.path}`] : []
  return [...lookup, `sources.${column.source}.fields.${column.path}`]
}

const columnIn = (parts: RowParts, path: string): ColumnName =>
  parts.kind === 'staged'
    ? { source: parts.source.name, path }
    : { source: parts.column.source, path: `${parts.column.path}.${path}` }

/** The list column whose members a value of this type is, or has. */
export function listColumnOf(type: StaticType): ColumnName | undefined {
  const row = flattened(type)
  if (row.kind !== 'row') return undefined
  const parts = partsOf(row)
  return parts.kind === 'object' ? parts.column : undefined
}

const owner = (parts: RowParts, said: readonly string[]) =>
  said.length > 0 ? said.join('.') : parts.kind === 'staged' ? parts.source.name : 'it'

type Leaf = Exclude<Shape, GroupShape>

/** Through groups to a leaf or a list. */
function descend(
  top: GroupShape,
  names: readonly PathName[],
  owner: string,
  of: { readonly source: SourceTree; readonly extra: readonly string[] } | undefined,
): { shape: Leaf; length: number } | PathFault {
  let group = top
  let said = owner
  for (const [index, { name, span }] of names.entries()) {
    const member = group.members.get(name)
    if (member === undefined) {
      const hint =
        group === top && of ? columnHint(name, of.source, of.extra) : suggest(name, [...group.members.keys()])
      return { code: 'path', message: `\`${said}\` has no \`${name}\`.${hint}`, span }
    }
    if (member.kind !== 'group') return { shape: member, length: index + 1 }
    group = member
    said = `${said}.${name}`
  }
  const last = names[names.length - 1]
  const example = [...group.members.keys()][0] ?? '…'
  const message = `\`${said}\` is a group: name one of its members, such as \`${example}\``
  return { code: 'path', message, span: last ? last.span : { start: 0, end: 0 } }
}

function typeOfShape(shape: Shape, column: ColumnName): StaticType {
  if (shape.kind === 'scalar') return { kind: shape.type }
  if (shape.kind === 'list') return { kind: 'list', of: typeOfShape(shape.of, column) }
  const parts: RowParts = { kind: 'object', shape, column }
  return { kind: 'row', shape: parts }
}
