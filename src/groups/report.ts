// What a group's sync tells of its members.
import type { CollectionChanges } from '../store/snapshot-writer.ts'
import type { PublishableReport } from '../sync/report.ts'
import { type MemberProgress, type Merged, mergedBefore } from './merge-state.ts'
import type { MemberProblem } from './problems.ts'

export interface MemberReport {
  readonly id: string
  /** `kept`: as it was merged last. `left-out`: nothing of it is in the group yet. `left`: its records were removed. */
  readonly state: 'merged' | 'kept' | 'left-out' | 'left'
  /** The member's own snapshot that the group holds; none of what is left out or has left. */
  readonly generation?: number
  readonly publishedAt?: string
  /** By collection. */
  readonly counts: Readonly<Record<string, CollectionChanges>>
  /** Why it is not as its own snapshot. */
  readonly problem?: MemberProblem
}

export interface GroupReport extends PublishableReport {
  readonly members: readonly MemberReport[]
}

export function memberReport(member: MemberProgress, before: Merged): MemberReport {
  const { id, stage, counts, problem } = member
  const held = stage === 'merged' ? member : stage === 'kept' ? mergedBefore(before, member) : undefined
  return {
    id,
    // No sync ends before each of its members has.
    state: stage as MemberReport['state'],
    ...(held && { generation: held.generation, publishedAt: held.publishedAt }),
    counts: stage === 'left-out' ? {} : counts,
    ...(problem && { problem }),
  }
}
