// The guard: a sync that would remove a large share of a collection, or all of it, is held until a person releases it.
import type { CollectionChanges } from '../store/snapshot-writer.ts'

export interface GuardSettings {
  /** The share of a collection's active records that may go, 0 to 1; 1 lets all go. */
  readonly share: number
  /** Fewer removals than this do not hold a sync, unless none of the collection would be left. */
  readonly minimum: number
}

/** `share`: more than the settings allow; `empty`: nothing would be left; `nobody`: the first snapshot has no users. */
export type RemovalReason = 'share' | 'empty' | 'nobody'

export interface Removal {
  /** A collection, or what people call a narrowed roster's: `users of the roster for school 100`. */
  readonly collection: string
  readonly reason: RemovalReason
  readonly removed: number
  /** Active before. */
  readonly of: number
  /** `removed` of `of`, to four digits. */
  readonly share: number
}

/** Hang on users, who are guarded themselves; a plugin that may no longer read them takes all at once. */
const MAY_EMPTY: ReadonlySet<string> = new Set(['demographics'])
/** Of one school's part: the last student of a small school leaves, or its last class ends, on any day of the year. */
const MAY_EMPTY_IN_ROSTER: ReadonlySet<string> = new Set(['demographics', 'enrollments', 'classes', 'courses'])

/**
 * The collections that would lose more than the share and at least the minimum, or, however few there were, every record
 * they had: 20 schools of which PowerSchool suddenly shows none are too few for the minimum, and still no roster. (Demographics
 * may be emptied so, and a narrowed roster's enrollments, classes and courses.) Empty when the sync may be published.
 */
export function heldRemovals(
  changes: ReadonlyMap<string, CollectionChanges>,
  { share, minimum }: GuardSettings,
): Removal[] {
  return [...changes].flatMap(([collection, { active, added, removed }]) => {
    const of = active - added + removed
    const isLarge = removed >= minimum && removed > of * share
    const isAll = active === 0 && removed > 0 && share < 1 && !mayEmpty(collection)
    if (!isLarge && !isAll) return []
    return [{ collection, reason: active === 0 ? 'empty' : 'share', removed, of, share: rounded(removed / of) }]
  })
}

/**
 * The same for the first snapshot, which has nothing to remove: without a single user it is held. Its readers know another
 * roster of this district, and would take everybody for gone.
 */
export function heldBeginning(changes: ReadonlyMap<string, Pick<CollectionChanges, 'active'>>): Removal[] {
  if (changes.get('users')?.active !== 0) return []
  return [{ collection: 'users', reason: 'nobody', removed: 0, of: 0, share: 0 }]
}

function mayEmpty(name: string): boolean {
  const [collection = '', ...roster] = name.split(' ')
  return (roster.length === 0 ? MAY_EMPTY : MAY_EMPTY_IN_ROSTER).has(collection)
}

function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000
}
