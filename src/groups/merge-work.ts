// What the merging of a group works with, and the step in which it writes.
import { BridgeError } from '../errors.ts'
import { inPending } from '../store/pending.ts'
import type { Sql } from '../store/sql.ts'
import type { GuardSettings } from '../sync/guard.ts'
import type { MemberReader } from './member-reader.ts'
import {
  type MemberProgress,
  type Merged,
  type MergedMember,
  type Merging,
  mergedBefore,
  saveMember,
  saveMerging,
} from './merge-state.ts'
import type { MergeTable } from './merge-store.ts'
import type { Released } from './released.ts'

export interface MergeWork {
  readonly sql: Sql
  readonly reader: MemberReader
  readonly merging: Merging
  /** What is published. */
  readonly merged: Merged
  readonly released: Released
  readonly tables: readonly MergeTable[]
  /** The sourcedId of the org above the members. */
  readonly org: string | undefined
  readonly guard: GuardSettings
  /** Lets readers in between two pieces of work. */
  readonly pause: () => Promise<void>
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
}

/** Writes a step and how far the merging, or that member, has come with it, in one transaction. */
export function commit<T>({ sql, merging }: MergeWork, member: MemberProgress | undefined, step: () => T): T {
  return inPending(sql, merging.sync, () => {
    const made = step()
    if (member === undefined) saveMerging(sql, merging)
    else saveMember(sql, merging, member)
    return made
  })
}

/** Lets others in. Refuses with `sync-stopped` when the work is to end; it can be gone on with. */
export async function nextStep({ pause, signal }: Pick<MergeWork, 'pause' | 'signal'>): Promise<void> {
  await pause()
  if (signal.aborted)
    throw new BridgeError('sync-stopped', 'The sync was stopped while it read the members of the group.')
}

/** Repeats a step, which says whether there is more to do. */
export async function repeat(work: MergeWork, member: MemberProgress, step: () => boolean): Promise<void> {
  while (commit(work, member, step)) await nextStep(work)
}

export function knownOf({ merged }: MergeWork, member: MemberProgress): MergedMember | undefined {
  return mergedBefore(merged, member)
}
