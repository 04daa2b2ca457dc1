// Which snapshot, and which part of it, a request is answered from.
import type { AuthenticatedConsumer } from '../auth/guard.ts'
import type { Context } from '../context.ts'
import { shortDigest } from '../digest.ts'
import type { Place } from '../oneroster/nested-sql.ts'
import type { MatchedOperation } from '../oneroster/operations.ts'
import type { Query } from '../oneroster/query.ts'
import { type Narrowing, narrowingOf, tableNames } from '../store/rosters.ts'
import { newestSnapshot, type Snapshot } from '../store/snapshots.ts'

export interface Seen {
  readonly snapshot: Snapshot
  readonly place: Place
  /** To be asked when all is read: whether it was all there. Else it must be read anew, of another snapshot. */
  readonly isKept: () => boolean
  /** The same in the midst of sending what was read, which keeps it there for longer. */
  readonly isStillKept: () => boolean
}

export interface Wanted {
  readonly consumer: AuthenticatedConsumer
  readonly matched: MatchedOperation
  /** The service's base path. */
  readonly base: string
  readonly method: string
  readonly query: Query
}

/** The snapshot as far as the consumer may see it; a roster that is not there yet is waited for, but not for long. */
export async function placeOf(context: Context, wanted: Wanted): Promise<Seen | undefined> {
  const narrowing = narrowingOf(wanted.consumer)
  const seen = findPlace(context, wanted, narrowing)
  if (seen !== undefined) return seen
  await context.rosters.request(narrowing)
  return findPlace(context, wanted, narrowing)
}

/** A query's later pages are of its first page's snapshot; all else is of the newest. */
function findPlace(context: Context, wanted: Wanted, narrowing: Narrowing): Seen | undefined {
  const { sql, pins, served } = context
  const { consumer, matched, base, method, query } = wanted
  const { operation, parameters } = matched
  served.note()
  // Who only asks for the total again, in the middle of a run, begins no other.
  const isProbe = method === 'HEAD' && query.offset === 0
  const list = {
    reader: consumer.reader,
    consumer: consumer.id,
    query: shortDigest(JSON.stringify([base, operation.name, parameters, query.list, isProbe])),
  }
  const placeIn = (snapshot: Snapshot | undefined): Seen | undefined => {
    const table = snapshot && tableNames(sql, narrowing, snapshot.generation)
    if (snapshot === undefined || table === undefined) return undefined
    const { generation } = snapshot
    return {
      snapshot,
      place: { generation, table },
      isKept: () => pins.isKept(list, generation),
      isStillKept: () => pins.useOn(list, generation),
    }
  }
  if (operation.isSingle) return placeIn(newestSnapshot(sql))
  const followed = query.offset > 0 ? placeIn(pins.follow(list)) : undefined
  // The consumer's part of the roster may have been made after the snapshot that its query was pinned to.
  return followed ?? placeIn(pins.begin(list))
}
