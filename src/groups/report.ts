// What a group's sync tells of its members.

import type { ReadinessReport } from '../readiness/report.ts'
import type { CollectionChanges } from '../store/snapshot-writer.ts'
import type { PublishableReport } from '../sync/report.ts'
import type { Since } from './member-reader.ts'
import { type MemberProgress, type Merged, mergedBefore } from './merge-state.ts'
import { type MemberProblem, RELEASABLE } from './problems.ts'

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
  /** The member's own snapshot that is followed once a person lets it go. */
  readonly waiting?: Since
}

export interface GroupReport extends PublishableReport {
  readonly members: readonly MemberReport[]
  /** What School Data Sync would make of the merged records. */
  readonly readiness: ReadinessReport
}

const sinceOf = ({ generation, publishedAt }: Since): Since => ({ generation, publishedAt })

export function memberReport(member: MemberProgress, before: Merged): MemberReport {
  const { id, stage, counts, problem, told } = member
  const held = stage === 'merged' ? member : stage === 'kept' ? mergedBefore(before, member) : undefined
  return {
    id,
    // No sync ends before each of its members has.
    state: stage as MemberReport['state'],
    ...(held && { generation: held.generation, publishedAt: held.publishedAt }),
    counts: stage === 'left-out' ? {} : counts,
    ...(problem && { problem }),
    ...(problem && told && RELEASABLE.has(problem.code) && { waiting: sinceOf(told) }),
  }
}
