// Counts what happens to rows during a run.
import type { RuleCounts, RuleTally, RunCode, RunDiagnostic, RunReport, TallyState } from '../ports.ts'

const KEPT_KEYS = 20

interface Entry {
  readonly code: RunCode
  readonly rule: string
  readonly field: string | undefined
  count: number
  readonly keys: (string | number)[]
}

export interface RunTally {
  rule(id: string): RuleTally
  /** Says which row and field is being worked out, for `note`. */
  at(rule: string, key: string | number, field: string | undefined): void
  /** Something about the current field, such as an unusable value. Held until the row's scope is decided, if it is being decided. */
  note(code: RunCode): void
  /** A row is held back. */
  leaveOut(rule: RuleTally, reason: LeftOut, key: string | number): void
  /** The scope of a row is being decided: notes are held, because the field pass will make them again. */
  hold(): Held
  /** Drops the held notes of a row, or tells them when the row is left out and has no field pass. */
  release(held: Held, isTold: boolean): void
  report(): RunReport
  state(): TallyState
}

export interface LeftOut {
  readonly code: RunCode
  readonly field?: string
}

/** Where the caller was, to go back to. */
interface Held {
  readonly from: number
  readonly rule: string
  readonly key: string | number
  readonly field: string | undefined
}

export function createTally(ruleIds: Iterable<string>, from?: TallyState): RunTally {
  const before = new Map(from?.rules.map((tally) => [tally.rule, tally]))
  const rules = new Map<string, RuleTally>()
  for (const id of ruleIds) {
    rules.set(id, before.get(id) ?? { rule: id, read: 0, published: 0, outOfScope: 0, leftOut: {} })
  }
  const entries = new Map(from?.diagnostics.map((told) => [nameOf(told), entryOf(told)]))
  const held: { code: RunCode; rule: string; field: string | undefined; key: string | number }[] = []
  let depth = 0
  let [rule, key, field]: [string, string | number, string | undefined] = ['', 0, undefined]

  const count = (code: RunCode, rule: string, field: string | undefined, key: string | number) => {
    const name = nameOf({ code, rule, field })
    const entry = entries.get(name) ?? { code, rule, field, count: 0, keys: [] }
    entries.set(name, entry)
    entry.count++
    // A list may hold several codes that are unknown: its row is named once.
    if (entry.keys.length < KEPT_KEYS && entry.keys.at(-1) !== key) entry.keys.push(key)
  }

  return {
    rule: (id) => {
      const tally = rules.get(id)
      if (tally === undefined) throw new Error(`no rule ${id}`)
      return tally
    },
    at: (toRule, toKey, toField) => {
      rule = toRule
      key = toKey
      field = toField
    },
    note: (code) => {
      if (depth > 0) held.push({ code, rule, field, key })
      else count(code, rule, field, key)
    },
    leaveOut: (tally, reason, rowKey) => {
      tally.leftOut[reason.code] = (tally.leftOut[reason.code] ?? 0) + 1
      count(reason.code, tally.rule, reason.field, rowKey)
    },
    hold: () => {
      depth++
      return { from: held.length, rule, key, field }
    },
    release: (before, isTold) => {
      depth--
      if (isTold) for (const note of held.slice(before.from)) count(note.code, note.rule, note.field, note.key)
      held.length = before.from
      rule = before.rule
      key = before.key
      field = before.field
    },
    report: () => ({
      rules: Object.fromEntries([...rules].map(ruleCounts)),
      diagnostics: [...entries.values()].map(told),
    }),
    state: () => ({ rules: [...rules.values()], diagnostics: [...entries.values()].map(told) }),
  }
}

function ruleCounts([id, { read, published, outOfScope, leftOut }]: [string, RuleTally]): [string, RuleCounts] {
  return [id, { read, published, outOfScope, leftOut: { ...leftOut } }]
}

function nameOf({
  code,
  rule,
  field,
}: {
  readonly code: RunCode
  readonly rule: string
  readonly field?: string | undefined
}): string {
  return `${code} ${rule} ${field ?? ''}`
}

function entryOf({ code, rule, field, count, keys }: RunDiagnostic): Entry {
  return { code, rule, field, count, keys: [...keys] }
}

function told({ code, rule, field, count, keys }: Entry): RunDiagnostic {
  return { code, rule, count, keys: [...keys], ...(field !== undefined && { field }) }
}
