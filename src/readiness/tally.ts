// Counts findings by rule, collection, field and rule of the mapping, and keeps the first sourcedIds of each.
import type { Finding } from './report.ts'
import { RULES, type RuleId } from './rules.ts'

/** What may be wrong with the records of a collection. */
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
  state(): TallyState
}

export type TallyState = readonly Counted[]

interface Counted {
  readonly fault: Fault
  readonly mappingRule?: string
  count: number
  readonly keys: string[]
}

export function openTally(keptKeys: number, from: TallyState = []): Tally {
  const found = new Map(from.map((counted) => [nameOf(counted.fault, counted.mappingRule), counted]))

  const countedOf = (fault: Fault, mappingRule: string | undefined): Counted => {
    const name = nameOf(fault, mappingRule)
    const known = found.get(name)
    if (known !== undefined) return known
    const counted: Counted = { fault, ...(mappingRule === undefined ? {} : { mappingRule }), count: 0, keys: [] }
    found.set(name, counted)
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
      [...found.values()].map(({ fault, keys, ...counted }) => ({
        ...RULES[fault.rule],
        ...fault,
        ...counted,
        keys: [...keys],
      })),
    state: () => [...found.values()],
  }
}

function nameOf({ rule, collection, field, what }: Fault, mappingRule: string | undefined): string {
  return `${mappingRule ?? ''} ${rule} ${collection} ${field ?? ''} ${what ?? ''}`
}
