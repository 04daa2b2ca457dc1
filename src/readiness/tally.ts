// Counts findings by rule, collection, field and rule of the mapping, and keeps the first sourcedIds of each.
import type { Finding } from './report.ts'
import { RULES, type RuleId } from './rules.ts'

/** What may be wrong with the records of a collection; one object for each place in the tables of checks. */
export interface Fault {
  readonly rule: RuleId
  readonly collection: string
  readonly field?: string
  /** Instead of what the rule says. */
  readonly what?: string
}

export interface Tally {
  add(fault: Fault, mappingRule: string | undefined, key: string): void
  /** Of the collection as a whole. */
  addWhole(fault: Fault): void
  /** In the order in which they were first found. */
  findings(): readonly Finding[]
}

interface Counted {
  count: number
  readonly keys: string[]
}

export function openTally(keptKeys: number): Tally {
  const byFault = new Map<Fault, Map<string | undefined, Counted>>()

  const countedOf = (fault: Fault, mappingRule: string | undefined): Counted => {
    const byRule = byFault.get(fault) ?? new Map<string | undefined, Counted>()
    const counted = byRule.get(mappingRule) ?? { count: 0, keys: [] }
    byFault.set(fault, byRule.set(mappingRule, counted))
    return counted
  }

  return {
    add(fault, mappingRule, key) {
      const counted = countedOf(fault, mappingRule)
      counted.count += 1
      if (counted.keys.length < keptKeys) counted.keys.push(key)
    },
    addWhole(fault) {
      countedOf(fault, undefined).count += 1
    },
    findings: () =>
      [...byFault].flatMap(([fault, byRule]) =>
        [...byRule].map(([mappingRule, { count, keys }]) => ({
          ...RULES[fault.rule],
          ...fault,
          ...(mappingRule === undefined ? {} : { mappingRule }),
          count,
          keys: [...keys],
        })),
      ),
  }
}
