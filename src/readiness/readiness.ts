// Tells before School Data Sync does which records it would reject or spoil: sees every record once, and reports.
import { endFaults, mixedUsernames } from './end-checks.ts'
import { type IdTable, type IdTableState, openIdTable } from './id-table.ts'
import { DELIVERED, IS_CONTACT, LINKS, type Link, marksOfUser, TARGETS, type Target } from './links.ts'
import { type FieldPlan, PLANS } from './plans.ts'
import { openRepeats, type RepeatsState } from './repeats.ts'
import type { Finding, ReadinessRecord, ReadinessReport } from './report.ts'
import { openRuleNumbers } from './rule-numbers.ts'
import { RULES } from './rules.ts'
import { type Fault, openTally, type Tally, type TallyState } from './tally.ts'
import { openUnresolved, type UnresolvedState } from './unresolved.ts'

export interface Readiness {
  /** Each active record once, in any order. */
  see(record: ReadinessRecord): void
  /** Of what was seen so far. */
  report(): ReadinessReport
  /** The same in short steps, for who lets others in between: a large district takes up to half a second. */
  reportInSteps(): Generator<void, ReadinessReport>
  /** All that was seen so far, to go on from elsewhere. It holds what is still written into: keep a copy of it at once. */
  state(): ReadinessState
}

export interface ReadinessState {
  readonly tally: TallyState
  readonly rules: readonly string[]
  readonly unresolved: UnresolvedState
  readonly tables: Readonly<Record<Target, IdTableState>>
  readonly repeats: readonly RepeatsState[]
  /** By collection. */
  readonly counts: Readonly<Record<string, number>>
}

export interface ReadinessOptions {
  /** How many sourcedIds each finding names; 20 unless told, `Infinity` for all. */
  readonly keptKeys?: number
}

/** The collections without which School Data Sync does not run. */
const REQUIRED = ['academicSessions', 'orgs', 'users', 'classes', 'enrollments'] as const
const MANY_USERS = 50_000

const ID_REPEATED = new Map<string, Fault>(
  TARGETS.map((collection) => [collection, { rule: 'id-repeated', collection, field: 'sourcedId' }]),
)

interface Seen {
  count: number
  /** Of a collection that others refer to. */
  readonly table: IdTable | undefined
  readonly plans: readonly FieldPlan[]
}

/** Holds ids and hashes, and no other value of a record; 850,000 records took 16 to 100 MB, by the order in which they came. */
export function openReadiness({ keptKeys = 20 }: ReadinessOptions = {}, from?: ReadinessState): Readiness {
  const tally = openTally(keptKeys, from?.tally)
  const rules = openRuleNumbers(from?.rules)
  const unresolved = openUnresolved(from?.unresolved)
  const tables: Readonly<Record<Target, IdTable>> = {
    academicSessions: openIdTable(from?.tables.academicSessions),
    orgs: openIdTable(from?.tables.orgs),
    courses: openIdTable(from?.tables.courses),
    classes: openIdTable(from?.tables.classes),
    users: openIdTable(from?.tables.users),
  }
  const seen = new Map<string, Seen>()
  const seenOf = (collection: string): Seen => {
    const known = seen.get(collection)
    if (known !== undefined) return known
    const isTarget = (name: string): name is Target => Object.hasOwn(tables, name)
    const table = isTarget(collection) ? tables[collection] : undefined
    const made = { count: from?.counts[collection] ?? 0, table, plans: PLANS.get(collection) ?? [] }
    seen.set(collection, made)
    return made
  }
  for (const collection of [...REQUIRED, ...Object.keys(from?.counts ?? {})]) seenOf(collection)
  const repeats = (['username', 'email', 'identifier'] as const).map((field, place) => ({
    field,
    fault: { rule: `${field}-repeated`, collection: 'users', field } as const,
    values: openRepeats(from?.repeats[place]),
  }))

  function seeId(table: IdTable, record: ReadinessRecord, rule: number): void {
    const { collection, sourcedId } = record
    const number = table.numberOf(sourcedId)
    const repeated = ID_REPEATED.get(collection)
    if ((table.marksOf(number) & DELIVERED) !== 0 && repeated !== undefined) {
      tally.add(repeated, record.rule, sourcedId)
    }
    table.setRule(number, rule)
    table.mark(number, DELIVERED)
    if (collection !== 'users') return
    table.mark(number, marksOfUser(record))
    seeRepeats(record, number)
  }

  function seeField({ read, ofBlank, ofText, link }: FieldPlan, record: ReadinessRecord): void {
    const value = read(record)
    if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)) {
      for (const { fault, when } of ofBlank) {
        if (when === undefined || when(record)) tally.add(fault, record.rule, record.sourcedId)
      }
      return
    }
    for (const { fault, fails, when } of ofText) {
      if (!failsIn(value, fails, record)) continue
      if (when === undefined || when(record)) tally.add(fault, record.rule, record.sourcedId)
    }
    if (link === undefined || (link.when !== undefined && !link.when(record))) return
    if (!Array.isArray(value)) seeLink(record, link, value)
    else for (const item of value) seeLink(record, link, item)
  }

  function seeLink(record: ReadinessRecord, link: Link, value: unknown): void {
    const id = idIn(value)
    if (id === undefined) return
    const table = tables[link.to]
    const number = table.numberOf(id)
    if (link.marks !== undefined) table.mark(number, link.marks(record))
    if ((table.marksOf(number) & DELIVERED) === 0) unresolved.add(link.kind, number)
  }

  /** Contacts are matched with no account, and parents share addresses with each other and with themselves as staff. */
  function seeRepeats(record: ReadinessRecord, number: number): void {
    if ((tables.users.marksOf(number) & IS_CONTACT) !== 0) return
    for (const { field, fault, values } of repeats) {
      const value = record.fields[field]
      if (typeof value !== 'string' || value === '') continue
      const repeat = values.note(value.toLowerCase(), number)
      if (repeat === undefined) continue
      if (repeat.isSecond) {
        tally.add(fault, rules.nameOf(tables.users.ruleOf(repeat.first)), tables.users.idOf(repeat.first))
      }
      tally.add(fault, record.rule, record.sourcedId)
    }
  }

  function* endTally(): Generator<void, Tally> {
    const ending = openTally(keptKeys)
    const add = (fault: Fault, table: IdTable, number: number) =>
      ending.add(fault, rules.nameOf(table.ruleOf(number)), table.idOf(number))
    for (const collection of REQUIRED) {
      if (seenOf(collection).count === 0) ending.addWhole({ rule: 'collection-empty', collection })
    }
    if (seenOf('users').count > MANY_USERS) ending.addWhole({ rule: 'users-many', collection: 'users' })
    for (const { group, withAt, total, fewer } of mixedUsernames(tables.users)) {
      const what = `${withAt} of ${total} usernames of ${group} hold an @. ${RULES['username-mixed'].what}`
      const fault: Fault = { rule: 'username-mixed', collection: 'users', field: 'username', what }
      for (const number of fewer) add(fault, tables.users, number)
    }
    const isMissing = (kind: number, target: number) => {
      const link = LINKS[kind]
      return link !== undefined && (tables[link.to].marksOf(target) & DELIVERED) === 0
    }
    for (const missing of unresolved.missing(isMissing)) {
      if (missing === undefined) {
        yield
        continue
      }
      const link = LINKS[missing.kind]
      if (link !== undefined) ending.add(link.fault, rules.nameOf(missing.rule), missing.key)
    }
    for (const found of endFaults(tables)) {
      if (found === undefined) yield
      else add(found.fault, found.table, found.number)
    }
    return ending
  }

  function* reportInSteps(): Generator<void, ReadinessReport> {
    const ending = yield* endTally()
    const findings = [...tally.findings(), ...ending.findings()].toSorted(compareFindings)
    const sum = (wanted: Finding['severity']) =>
      findings.reduce((total, { severity, count }) => total + (severity === wanted ? count : 0), 0)
    const errors = sum('error')
    const records = Object.fromEntries([...seen].map(([collection, { count }]) => [collection, count]))
    return { records, findings, errors, warnings: sum('warning'), isReady: errors === 0 }
  }

  return {
    see(record) {
      const { collection, sourcedId } = record
      const state = seenOf(collection)
      state.count += 1
      const rule = rules.numberOf(record.rule)
      if (state.table !== undefined) seeId(state.table, record, rule)
      unresolved.from(sourcedId, rule)
      for (const plan of state.plans) seeField(plan, record)
    },
    report() {
      const steps = reportInSteps()
      for (;;) {
        const { done, value } = steps.next()
        if (done === true) return value
      }
    },
    reportInSteps,
    state: () => ({
      tally: tally.state(),
      rules: rules.state(),
      unresolved: unresolved.state(),
      tables: {
        academicSessions: tables.academicSessions.state(),
        orgs: tables.orgs.state(),
        courses: tables.courses.state(),
        classes: tables.classes.state(),
        users: tables.users.state(),
      },
      repeats: repeats.map(({ values }) => values.state()),
      counts: Object.fromEntries([...seen].map(([collection, { count }]) => [collection, count])),
    }),
  }
}

/** A record counts once, however many texts of its list fail. */
function failsIn(value: unknown, fails: FieldPlan['ofText'][number]['fails'], record: ReadinessRecord): boolean {
  if (typeof value === 'string') return fails(value, record)
  if (typeof value === 'number' || typeof value === 'boolean') return fails(String(value), record)
  return Array.isArray(value) && value.some((item) => failsIn(item, fails, record))
}

function idIn(value: unknown): string | undefined {
  const id = typeof value === 'object' && value !== null && 'sourcedId' in value ? value.sourcedId : value
  return typeof id === 'string' && id !== '' ? id : undefined
}

const places = (finding: Finding) => `${finding.rule} ${finding.collection} ${finding.field} ${finding.mappingRule}`

function compareFindings(a: Finding, b: Finding): number {
  if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1
  if (a.count !== b.count) return b.count - a.count
  return places(a) < places(b) ? -1 : 1
}
