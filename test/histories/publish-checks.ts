// What must hold of every generation beside the one before it, whoever reads them.
import { COLLECTIONS, type Collection, type Json } from './content.ts'
import type { Generation, Roster, TrueRecord } from './truth.ts'
import type { Verdict } from './violations.ts'
import { idsOfSchool } from './visible.ts'

export interface PublishRules {
  readonly tombstoneLifetimeMs: number
  readonly guardShare: number
  readonly guardMinimum: number
  /** Whether a person released this publish. */
  readonly isReleased: boolean
  /** The latest that the clock has shown. */
  readonly latestMs: number
}

export function checkPublish(
  verdict: Verdict,
  before: Generation | undefined,
  after: Generation,
  rules: PublishRules,
): void {
  checkReferences(verdict, `generation ${after.number}`, after.whole)
  for (const [school, roster] of after.narrowed) checkNarrowed(verdict, after, school, roster)
  if (before === undefined) return
  if (after.timeMs <= before.timeMs) {
    verdict.report('time-falls', `generation ${after.number} at ${after.time} after ${before.number} at ${before.time}`)
  }
  const pairs = [
    ['', before.whole, after.whole] as const,
    ...[...after.narrowed].flatMap(([school, roster]) => {
      const old = before.narrowed.get(school)
      return old === undefined ? [] : [[`school ${school}: `, old, roster] as const]
    }),
  ]
  for (const [label, old, roster] of pairs) {
    for (const collection of COLLECTIONS) {
      const name = `${label}${collection} of generation ${after.number}`
      checkVersions(verdict, name, old[collection], roster[collection], after, rules)
      if (!rules.isReleased) checkGuard(verdict, name, old[collection], roster[collection], rules)
    }
  }
}

function checkVersions(
  verdict: Verdict,
  name: string,
  before: ReadonlyMap<string, TrueRecord>,
  after: ReadonlyMap<string, TrueRecord>,
  { timeMs, time }: Generation,
  { tombstoneLifetimeMs, latestMs }: PublishRules,
): void {
  for (const [id, old] of before) {
    const record = after.get(id)
    if (record === undefined && old.isActive) verdict.report('removal-unannounced', `${name}: ${id}`)
    if (record === undefined && !old.isActive && latestMs < old.timeMs + tombstoneLifetimeMs) {
      verdict.report('tombstone-early', `${name}: ${id}, buried ${old.time}`)
    }
  }
  for (const [id, record] of after) {
    const old = before.get(id)
    const isSame = old !== undefined && sameContent(old, record)
    if (isSame && old.timeMs !== record.timeMs) verdict.report('time-moves-alone', `${name}: ${id} ${record.time}`)
    if (!isSame && record.timeMs !== timeMs) {
      verdict.report('change-keeps-time', `${name}: ${id} has ${record.time}, published ${time}`)
    }
    if (old?.isActive && !record.isActive && !isTombstoneOf(old.json, record.json)) {
      verdict.report('tombstone-unlike', `${name}: ${id}`)
    }
  }
}

function sameContent(left: TrueRecord, right: TrueRecord): boolean {
  return left.content.v1p1 === right.content.v1p1 && left.content.v1p2 === right.content.v1p2
}

function isTombstoneOf(record: Json, tombstone: Json): boolean {
  const turned = JSON.stringify({ ...record, status: 'tobedeleted' })
  return JSON.stringify(tombstone) === turned
}

/** A share of nothing is no share: what the guard must never let pass is told by the contract's two numbers alone. */
function checkGuard(
  verdict: Verdict,
  name: string,
  before: ReadonlyMap<string, TrueRecord>,
  after: ReadonlyMap<string, TrueRecord>,
  { guardShare, guardMinimum }: PublishRules,
): void {
  const active = [...before.values()].filter(({ isActive }) => isActive)
  const removed = active.filter(({ sourcedId }) => !after.get(sourcedId)?.isActive).length
  if (removed > 0 && removed >= guardMinimum && removed > active.length * guardShare) {
    verdict.report('guard-passed', `${name}: ${removed} of ${active.length} went`)
  }
}

function checkReferences(verdict: Verdict, name: string, roster: Roster): void {
  for (const collection of COLLECTIONS) {
    for (const { sourcedId, isActive, leadsTo } of roster[collection].values()) {
      if (!isActive) continue
      const lost = leadsTo.find((target) => !isIn(roster, target))
      if (lost !== undefined) verdict.report('dangling-in-generation', `${name}: ${collection}/${sourcedId} → ${lost}`)
    }
  }
}

function isIn(roster: Roster, target: string): boolean {
  const at = target.indexOf('/')
  // Written by the truth from the names of the collections.
  return roster[target.slice(0, at) as Collection].get(target.slice(at + 1))?.isActive === true
}

function checkNarrowed(verdict: Verdict, { number, whole }: Generation, school: string, roster: Roster): void {
  const name = `generation ${number} for school ${school}`
  checkReferences(verdict, name, roster)
  const expected = idsOfSchool(whole, school)
  for (const collection of COLLECTIONS) {
    const wanted = expected[collection]
    const found = new Set([...roster[collection].values()].filter((one) => one.isActive).map((one) => one.sourcedId))
    const missing = [...wanted].filter((id) => !found.has(id))
    const extra = [...found].filter((id) => !wanted.has(id))
    if (missing.length + extra.length > 0) {
      verdict.report(
        'narrowed-wrong',
        `${name}: ${collection} lacks [${missing.slice(0, 3)}], has [${extra.slice(0, 3)}]`,
      )
    }
  }
}
