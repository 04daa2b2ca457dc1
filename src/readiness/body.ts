// A published OneRoster 1.1 record as the readiness check reads it.
import type { ReadinessRecord } from './report.ts'
import type { RuleFinder } from './rule-finder.ts'

/** Of a body that has been parsed. It does not tell which rule of the mapping made it: `ruleOf` may. */
export function recordOfBody(
  collection: string,
  body: Readonly<Record<string, unknown>>,
  ruleOf: RuleFinder = () => undefined,
): ReadinessRecord {
  const { metadata, role } = body
  const sourcedId = typeof body.sourcedId === 'string' ? body.sourcedId : ''
  const rule = ruleOf({ collection, sourcedId, role })
  return {
    collection,
    ...(rule === undefined ? {} : { rule }),
    sourcedId,
    fields: body,
    metadata: isObject(metadata) ? metadata : undefined,
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
