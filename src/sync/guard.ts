// The guard: a sync that would remove a large share of a collection is held until a person releases it.
import type { CollectionChanges } from '../store/snapshot-writer.ts'

export interface GuardSettings {
  /** The share of a collection's active records that may go, 0 to 1. */
  readonly share: number
  /** Fewer removals than this never hold a sync. */
  readonly minimum: number
}

export interface Removal {
  /** A collection, or what people call a narrowed roster's: `users of the roster for school 100`. */
  readonly collection: string
  readonly removed: number
  readonly of: number
}

/** The collections that would lose more than the share and at least the minimum; empty when the sync may be published. */
export function heldRemovals(
  changes: ReadonlyMap<string, CollectionChanges>,
  { share, minimum }: GuardSettings,
): Removal[] {
  return [...changes].flatMap(([collection, { active, added, removed }]) => {
    const before = active - added + removed
    const isHeld = removed >= minimum && removed > before * share
    return isHeld ? [{ collection, removed, of: before }] : []
  })
}
