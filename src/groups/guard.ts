// What holds a group's sync until a person releases it: much would leave that nobody has let go, or the first snapshot lacks a member.
import { removedBetween, removedIds } from '../store/removed-records.ts'
import type { CollectionChanges } from '../store/snapshot-writer.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import { type GuardSettings, heldRemovals } from '../sync/guard.ts'
import { nameForPeople, type TableChanges } from '../sync/narrow-stage.ts'
import type { HeldRemoval } from '../sync/report.ts'
import type { Merging } from './merge-state.ts'
import { endOfPrefix } from './prefixes.ts'

const KEPT_IDS = 20

export interface GroupGuard {
  readonly sql: Sql
  readonly merging: Merging
  /** By collection. */
  readonly changes: ReadonlyMap<string, CollectionChanges>
  readonly narrowed: readonly TableChanges[]
  readonly guard: GuardSettings
}

/**
 * While the generation is pending. Removals inside a member have passed that member's guard; what it cannot know is guarded
 * here: that it leaves the group, and what the group's narrowed rosters lose. Beside that, who reads a first snapshot without a
 * member takes everybody of it for gone: it waits for those that are on their way, and for a person where something is wrong
 * with the group. A member whose PowerSchool cannot be read holds up no other.
 */
export function heldInGroup(group: GroupGuard): HeldRemoval[] {
  return currentSnapshot(group.sql) === undefined
    ? heldForMissing(group)
    : [...heldForLeaving(group), ...heldRosters(group)]
}

function heldForMissing({ merging: { members } }: GroupGuard): HeldRemoval[] {
  const missing = members.filter(({ stage, problem, told }) => {
    const hasFailed = problem?.code === 'member-unpublished' && told?.isComing === false
    return stage === 'left-out' && !hasFailed
  })
  return missing.map(({ id }) => {
    return { collection: `users of the member ${id}`, reason: 'nobody', removed: 0, of: 0, share: 0, sourcedIds: [] }
  })
}

function heldForLeaving({ sql, merging, changes, guard }: GroupGuard): HeldRemoval[] {
  const leaving = merging.members.filter(({ stage }) => stage === 'left')
  return [...changes].flatMap(([name, { active, added, removed }]) => {
    const gone = leaving.reduce((sum, { counts }) => sum + (counts[name]?.removed ?? 0), 0)
    const left = { active: active - added + removed - gone, added: 0, changed: 0, removed: gone }
    return heldRemovals(new Map([[name, left]]), guard).map((held) => withIds(sql, held, name, merging))
  })
}

/** Less what a person has let go, in the member or in the group. */
function heldRosters({ sql, merging, narrowed, guard }: GroupGuard): HeldRemoval[] {
  const { generation, members } = merging
  const letGo = members.flatMap(({ isLetGo, prefix }) => (isLetGo === true && prefix !== '' ? [prefix] : []))
  return narrowed.flatMap((roster) => {
    const { table, changes } = roster
    const name = nameForPeople(roster)
    const held = (removed: number) => heldRemovals(new Map([[name, { ...changes, removed }]]), guard)
    if (held(changes.removed).length === 0) return []
    const known = letGo.reduce((sum, prefix) => {
      return sum + removedBetween(sql, table, generation, { after: prefix, end: endOfPrefix(prefix) })
    }, 0)
    return held(changes.removed - known).map((removal) => withIds(sql, removal, table, merging))
  })
}

function withIds(
  sql: Sql,
  removal: Omit<HeldRemoval, 'sourcedIds'>,
  table: string,
  { generation }: Pick<Merging, 'generation'>,
): HeldRemoval {
  return { ...removal, sourcedIds: removedIds(sql, table, generation, KEPT_IDS) }
}
