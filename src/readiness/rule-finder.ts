// Tells which rule of the mapping made a published record, where the rules differ in how an id begins or in a constant role.
import type { KnownOrigins } from './origins.ts'

export interface Published {
  readonly collection: string
  readonly sourcedId: string
  readonly role: unknown
}

/** Undefined where several rules, or none, can have made it. */
export type RuleFinder = (record: Published) => string | undefined

interface Rule {
  readonly name: string
  readonly collection: string
  /** Undefined where it is not known, so that the rule is never excluded wrongly. */
  readonly idBegin: string | undefined
  readonly role: string | undefined
}

/** For records that the mapping made as it is now, and whose ids begin with the profile's prefix. */
export function openRuleFinder(origins: KnownOrigins, idPrefix = ''): RuleFinder {
  const rules = [...origins].flatMap(([target, { collection, field, text }]): Rule[] => {
    if (field !== 'id') return []
    const name = target.slice(0, -'.id'.length)
    return [{ name, collection, idBegin: beginOf(text), role: constantOf(origins.get(`${name}.role`)?.text) }]
  })
  const byCollection = Map.groupBy(rules, ({ collection }) => collection)
  return ({ collection, sourcedId, role }) => {
    const possible = (byCollection.get(collection) ?? []).filter(
      (rule) =>
        (rule.idBegin === undefined || sourcedId.startsWith(idPrefix + rule.idBegin)) &&
        (rule.role === undefined || rule.role === role),
    )
    return possible.length === 1 ? possible[0]?.name : undefined
  }
}

/** `stu` of the formula `="stu" & id`. */
function beginOf(formula: string): string | undefined {
  return /^="([^"\\]*)" *&/.exec(formula)?.[1]
}

/** The constant that stands for itself; a formula begins with `=`, a form with a bracket. */
function constantOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z]+$/.test(text) ? text : undefined
}
