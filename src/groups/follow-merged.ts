// What a group's sync makes of its merged records once they are in place: the readiness report, and the narrowed rosters.
import type { ReadinessReport } from '../readiness/report.ts'
import type { CollectionChanges } from '../store/snapshot-writer.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import { latestReport } from '../store/syncs.ts'
import type { PublishContext } from '../sync/context.ts'
import type { TableChanges } from '../sync/narrow-stage.ts'
import { narrowRosters } from '../sync/next-generation.ts'
import { createPace } from '../sync/pace.ts'
import type { PrepareWork } from '../sync/prepare.ts'
import { keepPlaced, keptPlaced, type PlacedProgress } from './placed-progress.ts'
import { checkReadiness } from './readiness.ts'
import type { GroupReport } from './report.ts'

export interface Placed {
  readonly generation: number
  /** By collection. */
  readonly changes: ReadonlyMap<string, CollectionChanges>
}

export interface Followed {
  readonly readiness: ReadinessReport
  readonly narrowed: readonly TableChanges[]
}

/** Goes on where a step of the same sync has ended. Refuses with `sync-stopped`. */
export async function followMerged(context: PublishContext, work: PrepareWork, placed: Placed): Promise<Followed> {
  const { sql, collections, pause, now } = context
  const { id, signal, step } = work
  const { generation } = placed
  const of = { sync: id, generation }
  const from = keptPlaced(sql, of)
  const keep = (progress: PlacedProgress) => keepPlaced(sql, of, progress)
  const { rest } = createPace({ pause, signal, step, now, keep })
  const readiness =
    from?.stage === 'rosters'
      ? from.readiness
      : (knownReadiness(context, placed) ?? (await checkReadiness({ sql, collections, generation, from, rest })))
  const narrowed = await narrowRosters(context, {
    id,
    signal,
    done: from?.stage === 'rosters' ? from.narrowed : [],
    rest: (done) => rest(() => ({ stage: 'rosters', readiness, narrowed: done })),
  })
  return { readiness, narrowed }
}

/** Of what is published, where nothing has changed and the latest sync tells of just that. */
function knownReadiness({ sql }: PublishContext, { changes }: Placed): ReadinessReport | undefined {
  if ([...changes.values()].some(({ added, changed, removed }) => added + changed + removed > 0)) return undefined
  // Written by `runGroupSync`, perhaps of an earlier version of the bridge, which told nothing of it.
  const { generation, held, readiness } = (latestReport(sql)?.report ?? {}) as Partial<GroupReport>
  return held?.length === 0 && generation === currentSnapshot(sql)?.generation ? readiness : undefined
}
