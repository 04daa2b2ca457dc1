// What parts of a mapping mean, as text: equal texts make equal records of equal rows, whatever the files look like.
import type { CheckedMapping } from './check/check.ts'
import { isRequired } from './check/check-cycles.ts'
import { noNeeds, valueNeeds } from './check/needs.ts'
import { ruleScope } from './check/scope.ts'
import { normalise } from './normalise.ts'
import type { MappingTree, RuleTree, SourceTree, ValueTree } from './schema/mapping-tree.ts'
import { namesAndTypes } from './shape.ts'

type Settings = Readonly<Record<string, unknown>>

/**
 * By collection, all that decides its records besides the rows and the day: its rules, the scopes that they ask for, and the
 * tables, sources and settings that are used on the way. `settings` are those of a run, the bridge's over the mapping's.
 */
export function collectionMeanings(checked: CheckedMapping, settings: Settings): ReadonlyMap<string, string> {
  const rules = new Map<string, RuleTree[]>()
  for (const rule of checked.tree.rules.values()) {
    rules.set(rule.collection, [...(rules.get(rule.collection) ?? []), rule])
  }
  return new Map([...rules].map(([collection, own]) => [collection, recordsMeaning(own, checked, settings)]))
}

/** All that decides which rows these rules publish. */
export function scopeMeaning(ids: Iterable<string>, checked: CheckedMapping, settings: Settings): string {
  const scopes = withNeeded(ids, checked)
  return textOf(
    [...scopes].flatMap((id) => scopePart(id, checked) ?? []),
    checked.tree,
    settings,
  )
}

function recordsMeaning(rules: readonly RuleTree[], checked: CheckedMapping, settings: Settings): string {
  const asked = new Set<string>()
  const links: unknown[] = []
  for (const rule of rules) {
    asked.add(rule.id)
    for (const value of valuesOf(rule)) askFor(value, rule, checked, asked)
    for (const name of inverseFields(rule)) {
      const link = linkAt(name, checked.tree)
      if (link === undefined) continue
      asked.add(link.rule.id)
      askFor(link.value, link.rule, checked, asked)
      links.push([name, link.value])
    }
  }
  const own = rules.map(({ examples: _, ...rule }) => rule)
  const scopes = [...withNeeded(asked, checked)].flatMap((id) => scopePart(id, checked) ?? [])
  return textOf([own, links, scopes], checked.tree, settings)
}

const valuesOf = (rule: RuleTree): ValueTree[] => [
  rule.sourcedId,
  ...[...rule.fields, ...rule.metadata].map(({ value }) => value),
]

function askFor(value: ValueTree, rule: RuleTree, { tree }: CheckedMapping, asked: Set<string>): void {
  const source = tree.sources.get(rule.from.text)
  if (source === undefined) return
  const needs = noNeeds()
  valueNeeds(value, ruleScope(tree, rule, source), needs)
  for (const id of needs.rules.keys()) asked.add(id)
}

/** The fields, `users.contact.agents`, whose links a rule turns around. */
function inverseFields(rule: RuleTree): Set<string> {
  const found = new Set<string>()
  visit([rule.fields, rule.metadata], (node) => {
    if (node.kind !== 'inverse') return
    for (const { text } of node.fields as readonly { readonly text: string }[]) found.add(text)
  })
  return found
}

function linkAt(name: string, tree: MappingTree): { rule: RuleTree; value: ValueTree } | undefined {
  const rule = tree.rules.get(name.slice(0, name.lastIndexOf('.')))
  const value = rule?.fields.find((field) => `${rule.id}.${field.name}` === name)?.value
  return rule && value ? { rule, value } : undefined
}

function withNeeded(ids: Iterable<string>, { scopes }: CheckedMapping): ReadonlySet<string> {
  const all = new Set<string>(ids)
  // A set is walked in the order in which it grows.
  for (const id of all) for (const next of scopes.needs.get(id)?.rules.keys() ?? []) all.add(next)
  return new Set([...all].sort())
}

/** What decides whether a row is published, and under which id. */
function scopePart(id: string, { tree, target }: CheckedMapping): unknown {
  const rule = tree.rules.get(id)
  if (rule === undefined) return undefined
  const { examples: _, metadata: _more, fields, ...scope } = rule
  return { ...scope, fields: fields.filter((field) => isRequired(rule, field, target)) }
}

/** With the tables, sources and values of settings that the parts name. */
function textOf(parts: unknown, tree: MappingTree, settings: Settings): string {
  const used = { settings: new Set<string>(), tables: new Set<string>(), sources: new Set<string>() }
  visit(parts, (node) => {
    if (node.kind === 'path') {
      const names = node.names as readonly { readonly name: string }[]
      if (names[0]?.name === 'settings' && names[1] !== undefined) used.settings.add(names[1].name)
    }
    if (node.kind === 'call' && node.name === 'code') {
      const [table] = node.args as readonly { readonly value?: unknown }[]
      if (typeof table?.value === 'string') used.tables.add(table.value)
    }
    for (const word of [node.from, node.target]) {
      const name = (word as { readonly text?: unknown } | undefined)?.text
      if (typeof name !== 'string') continue
      const source = tree.rules.get(name)?.from.text ?? name
      if (tree.sources.has(source)) used.sources.add(source)
    }
  })
  const sources = [...used.sources].sort().flatMap((name) => {
    const source = tree.sources.get(name)
    return source ? [[name, source.key.text, namesAndTypes(source.shape), readersOf(source, settings)]] : []
  })
  const tables = [...used.tables].sort().flatMap((name) => {
    const table = tree.tables.get(name)
    return table ? [[name, [...table.codes].sort(), table.otherwise]] : []
  })
  const values = [...used.settings].sort().map((name) => [name, settings[name]])
  return JSON.stringify([normalise(parts), sources, tables, values])
}

/** By what it can be read; a source that the settings do not ask for has no rows. */
function readersOf({ rest, powerquery, when }: SourceTree, settings: Settings): readonly string[] {
  if (when !== undefined && settings[when.text.slice(when.text.indexOf('.') + 1)] !== true) return []
  return [...(rest ? ['rest'] : []), ...(powerquery ? ['powerquery'] : [])]
}

type Part = Readonly<Record<string, unknown>>

/** Every object of plain data, each before its members; what was written (`node`) is no data. */
function visit(part: unknown, call: (node: Part) => void): void {
  if (typeof part !== 'object' || part === null) return
  if (Array.isArray(part)) {
    for (const item of part) visit(item, call)
    return
  }
  const node = part as Part
  call(node)
  for (const [name, member] of Object.entries(node)) if (name !== 'node') visit(member, call)
}
