// The order in which rules can decide who is published: refuses rules that wait for each other.
import type { Place, Report } from '../diagnostic.ts'
import type { FieldTree, MappingTree, RuleTree } from '../schema/mapping-tree.ts'
import { formulaNeeds, lookupNeeds, type Needs, noNeeds, valueNeeds } from './needs.ts'
import { ruleScope, type Scope } from './scope.ts'
import type { TargetModel } from './target.ts'

export interface ScopePlan {
  /** What a rule's scope asks of other rules directly. */
  readonly needs: ReadonlyMap<string, Needs>
  /**
   * Lookups of a rule (by index) that count as empty while its scope is decided, because what they find needs the rule's own
   * scope. Only required lists use them then: a student's `orgs` name the school of enrollment, and those of the classes, whose
   * enrollments need the student.
   */
  readonly cuts: ReadonlyMap<string, ReadonlySet<number>>
}

/** Follows `where`, `id`, skipping lookups and required fields. A ring is a diagnostic at the place that closes it. */
export function planScopes(tree: MappingTree, target: TargetModel, report: Report): ScopePlan {
  const needs = new Map<string, Needs>()
  const cuts = new Map<string, ReadonlySet<number>>()
  for (const rule of tree.rules.values()) needs.set(rule.id, hardNeeds(rule, tree, target))
  for (const rule of tree.rules.values()) {
    const cut = cutLookups(rule, { tree, target, needs })
    if (cut.size > 0) cuts.set(rule.id, cut)
  }
  reportRings(needs, report)
  return { needs, cuts }
}

export const isRequired = (rule: RuleTree, field: FieldTree, target: TargetModel) =>
  target[rule.collection]?.fields[field.name]?.required === true

export const isManyField = (rule: RuleTree, field: FieldTree, target: TargetModel) =>
  target[rule.collection]?.fields[field.name]?.many === true

function scopeOf(rule: RuleTree, tree: MappingTree): Scope | undefined {
  const source = tree.sources.get(rule.from.text)
  return source && ruleScope(tree, rule, source)
}

function hardNeeds(rule: RuleTree, tree: MappingTree, target: TargetModel): Needs {
  const needs = noNeeds()
  const scope = scopeOf(rule, tree)
  if (scope === undefined) return needs
  needs.sources.add(scope.source.name)
  for (const formula of rule.where) formulaNeeds(formula, scope, needs)
  if (rule.order) formulaNeeds(rule.order, scope, needs)
  for (const [index, lookup] of rule.lookups.entries()) {
    if (!lookup.many && lookup.missing === 'skip') lookupNeeds(rule, index, tree, needs)
  }
  valueNeeds(rule.sourcedId, scope, needs)
  for (const field of rule.fields) {
    if (!isRequired(rule, field, target)) continue
    if (!isManyField(rule, field, target)) valueNeeds(field.value, scope, needs)
    else valueNeeds(field.value, scope, { ...needs, enters: () => false })
  }
  return needs
}

interface Cutting {
  readonly tree: MappingTree
  readonly target: TargetModel
  readonly needs: ReadonlyMap<string, Needs>
}

/** Adds what required lists need, lookup by lookup, and leaves out those that would close a ring. */
function cutLookups(rule: RuleTree, { tree, target, needs }: Cutting): Set<number> {
  const cut = new Set<number>()
  const own = needs.get(rule.id)
  const scope = scopeOf(rule, tree)
  if (own === undefined || scope === undefined) return cut
  for (const field of rule.fields) {
    if (!isRequired(rule, field, target) || !isManyField(rule, field, target)) continue
    const enters = (index: number) => {
      const asked = noNeeds()
      lookupNeeds(rule, index, tree, asked)
      if ([...asked.rules.keys()].some((id) => reaches(id, rule.id, needs))) {
        cut.add(index)
        return false
      }
      merge(own, asked)
      return true
    }
    // What follows such a lookup in a path (`enrolled.section`) is asked only of rows that it found.
    valueNeeds(field.value, scope, { ...own, lookups: new Set(), enters })
  }
  return cut
}

function merge(into: Needs, from: Needs): void {
  for (const [id, place] of from.rules) if (!into.rules.has(id)) into.rules.set(id, place)
  for (const source of from.sources) into.sources.add(source)
}

function reaches(from: string, to: string, needs: ReadonlyMap<string, Needs>, seen = new Set<string>()): boolean {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  return [...(needs.get(from)?.rules.keys() ?? [])].some((next) => reaches(next, to, needs, seen))
}

function reportRings(needs: ReadonlyMap<string, Needs>, report: Report): void {
  const done = new Set<string>()
  const visit = (id: string, path: readonly string[]) => {
    for (const [next, place] of needs.get(id)?.rules ?? []) {
      const start = path.indexOf(next)
      if (start >= 0) reportRing([...path.slice(start), next], place, report)
      else if (!done.has(next)) visit(next, [...path, next])
    }
    done.add(id)
  }
  for (const id of needs.keys()) if (!done.has(id)) visit(id, [id])
}

function reportRing(ring: readonly string[], place: Place, report: Report): void {
  const [first, ...rest] = ring.map((id) => `\`${id}\``)
  const chain = rest.join(', which needs ')
  const remedy = 'A lookup with `missing: blank` that only optional fields use, or `in:` a source, breaks the ring.'
  report(place, 'cycle', `the scope of ${first} needs ${chain}. ${remedy}`)
}

/** The sources that the scope of a rule reads, directly or through other rules. */
export function scopeSources(id: string, needs: ReadonlyMap<string, Needs>, seen = new Set<string>()): Set<string> {
  const sources = new Set<string>()
  if (seen.has(id)) return sources
  seen.add(id)
  const own = needs.get(id)
  for (const source of own?.sources ?? []) sources.add(source)
  for (const next of own?.rules.keys() ?? []) for (const source of scopeSources(next, needs, seen)) sources.add(source)
  return sources
}
