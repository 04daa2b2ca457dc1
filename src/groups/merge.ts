// The next generation of a group: every member's published snapshot, and the org above them.
import { moveChanged } from '../store/changed-records.ts'
import { pendingGeneration, stepsInPending } from '../store/pending.ts'
import type { CollectionStorage } from '../store/schema.ts'
import type { CollectionChanges } from '../store/snapshot-writer.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import type { GuardSettings } from '../sync/guard.ts'
import type { MemberReader } from './member-reader.ts'
import { buryRest, countsIn } from './merge-collection.ts'
import { keepLeaving, mergeMember } from './merge-member.ts'
import { beginMerging, type MemberProgress, type Merged, type Merging, readMerged, readMerging } from './merge-state.ts'
import { beginMerge, openMergeTable } from './merge-store.ts'
import { commit, type MergeWork, nextStep } from './merge-work.ts'
import { districtOrg, type GroupOrg, orgIdOf } from './org.ts'
import { readReleased } from './released.ts'
import { maySucceed, successorOf } from './successor.ts'

export interface MergeOptions {
  readonly sql: Sql
  /** The group's sync; one that goes on has the same. */
  readonly sync: string
  readonly members: readonly string[]
  readonly org: GroupOrg | null
  readonly reader: MemberReader
  /** For a member whose store is another one than before. All other removals have passed the member's own. */
  readonly guard: GuardSettings
  readonly collections: readonly CollectionStorage[]
  readonly tombstoneOf: (body: string) => string
  /** Takes back what an earlier sync prepared and did not publish, and brings up to date what is made of what is published. */
  readonly begin: () => Promise<void>
  readonly onProgress: (members: { readonly done: number; readonly total: number }) => void
  readonly pause: () => Promise<void>
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Ends the work with `sync-stopped`. */
  readonly signal: AbortSignal
  /** Ends what can be gone on with. */
  readonly step?: AbortSignal | undefined
}

/**
 * Merges the members into the generation after the current one, where nobody sees it yet, and puts it in place. A member that cannot be read wholly
 * and truly keeps what it has, and tells why. Goes on where a step of the same sync has ended.
 */
export async function mergeMembers(options: MergeOptions): Promise<Merging> {
  const { sql, collections, tombstoneOf, org, signal, step, onProgress } = options
  const merged = readMerged(sql)
  const merging = goingOn(options) ?? (await begin(options, merged))
  const work: MergeWork = {
    ...options,
    merging,
    merged,
    released: readReleased(sql),
    tables: collections.map((storage) => openMergeTable(sql, storage, tombstoneOf)),
    org: org === null ? undefined : orgIdOf(org),
    signal: step === undefined ? signal : AbortSignal.any([signal, step]),
  }
  const { members } = merging
  for (const [done, member] of members.entries()) {
    onProgress({ done, total: members.length })
    if (member.stage === 'leaving') await removeMember(work, member)
    else if (isUnderWay(member)) await mergeMember(work, member)
    await nextStep(work)
  }
  writeOrg(work, org)
  await place(work)
  return merging
}

/** What an earlier step has begun, if it was ended where it can be gone on with. */
function goingOn(options: MergeOptions): Merging | undefined {
  const { sql, sync } = options
  const merging = readMerging(sql)
  const pending = pendingGeneration(sql)
  if (merging?.sync !== sync || pending?.sync !== sync || pending.generation !== merging.generation) return undefined
  // A newer version of the bridge may have taken over between two steps.
  const isAsBegun = merging.settings === settingsOf(options) && merging.lacksColumns === lacksColumns(options)
  return isAsBegun ? merging : undefined
}

const isUnderWay = ({ stage }: MemberProgress) => stage === 'waiting' || stage === 'reading' || stage === 'undoing'

const settingsOf = ({ members, org }: MergeOptions) => JSON.stringify({ members, org })

const lacksColumns = ({ sql, collections, tombstoneOf }: MergeOptions) =>
  collections.some((storage) => openMergeTable(sql, storage, tombstoneOf).lacksColumns)

async function begin(options: MergeOptions, merged: Merged): Promise<Merging> {
  const { sql, sync, members, org, collections } = options
  await options.begin()
  const leaving = Object.keys(merged.members).filter((id) => !members.includes(id))
  const begun = (id: string, stage: MemberProgress['stage']): MemberProgress => ({
    id,
    stage,
    prefix: Object.hasOwn(merged.members, id) ? (merged.members[id]?.prefix ?? '') : '',
    generation: 0,
    publishedAt: '',
    isOtherStore: false,
    since: 0,
    totals: {},
    collection: 0,
    isAgain: false,
    after: '',
    counts: {},
    tops: [],
    restarts: 0,
  })
  return sql.transaction(() => {
    const merging: Merging = {
      sync,
      settings: settingsOf(options),
      org: org === null ? null : orgIdOf(org),
      generation: beginMerge(sql, collections, sync),
      // Those that leave come last, for another may be in their place.
      members: [...members.map((id) => begun(id, 'waiting')), ...leaving.map((id) => begun(id, 'leaving'))],
      lacksColumns: lacksColumns(options),
    }
    beginMerging(sql, merging)
    return merging
  })
}

async function removeMember(work: MergeWork, member: MemberProgress): Promise<void> {
  const unread = maySucceed(work.merging, member)
  if (unread !== undefined) return keepLeaving(work, member, unread)
  for (const table of successorOf(work.merging, member) === undefined ? work.tables : []) {
    countsIn(work, { table, member })
    await buryRest(work, { table, member })
  }
  commit(work, member, () => {
    member.stage = 'left'
  })
}

function writeOrg(work: MergeWork, org: GroupOrg | null): void {
  const { merging, merged, tables } = work
  const table = tables.find(({ storage }) => storage.name === 'orgs')
  if (table === undefined || merging.orgCounts !== undefined) return
  const counts = { active: merged.org === null ? 0 : 1, added: 0, changed: 0, removed: 0 }
  const tops = merging.members.flatMap(({ stage, tops: own }) => (stage === 'merged' || stage === 'kept' ? own : []))
  commit(work, undefined, () => {
    if (merged.org !== null && merged.org !== work.org) table.bury([merged.org], counts)
    if (org !== null) table.write([districtOrg(org, tops)], counts)
    merging.orgCounts = counts
  })
}

/** Goes on where it was ended. */
async function place(work: MergeWork): Promise<void> {
  const { sql, merging, tables } = work
  if (merging.isPlaced) return
  const isUnread = currentSnapshot(sql) === undefined
  for (const { storage } of tables) {
    const steps = moveChanged(sql, storage, merging.generation, isUnread)
    for (const _ of stepsInPending(sql, merging.sync, steps)) await nextStep(work)
  }
  commit(work, undefined, () => {
    merging.isPlaced = true
  })
}

/** By collection, over all members and the org above them. */
export function changesOf({ members, orgCounts }: Merging, collections: readonly CollectionStorage[]) {
  const sum = (name: string): CollectionChanges => {
    const parts = members.flatMap(({ stage, counts }) => (stage === 'left-out' ? [] : (counts[name] ?? [])))
    return [...parts, ...(name === 'orgs' && orgCounts ? [orgCounts] : [])].reduce(added, NONE)
  }
  return new Map(collections.map(({ name }) => [name, sum(name)]))
}

const NONE: CollectionChanges = { active: 0, added: 0, changed: 0, removed: 0 }

const added = (a: CollectionChanges, b: CollectionChanges): CollectionChanges => ({
  active: a.active + b.active,
  added: a.added + b.added,
  changed: a.changed + b.changed,
  removed: a.removed + b.removed,
})
