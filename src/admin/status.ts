// The state of the profile as the admin API tells it.
import type { Context } from '../context.ts'
import { DEFAULT_PROFILE, findProfile } from '../store/profile.ts'
import { activeTotals, currentSnapshot } from '../store/snapshots.ts'
import { failuresInARow, latestEnded, listSyncs } from '../store/syncs.ts'
import { presentSync } from '../sync/report.ts'

/** `state` is the latest sync's; `error` that of the latest which has ended, so that it is told while the next one runs. */
export function profileStatus({ sql, schedule, now }: Pick<Context, 'sql' | 'schedule' | 'now'>) {
  const snapshot = currentSnapshot(sql)
  const [latest] = listSyncs(sql, 1)
  const { count, quarantinedSinceMs } = failuresInARow(sql)
  const nextSyncAt = instant(schedule.nextMs())
  const profile = findProfile(sql)
  const { displayName } = profile?.settings ?? {}
  const id = profile?.id ?? DEFAULT_PROFILE
  return {
    id,
    name: id,
    displayName: typeof displayName === 'string' ? displayName : id,
    profile: {
      state: profile?.state ?? 'provisioned',
      isPaused: profile?.isPaused ?? false,
      problem: profile?.problem,
    },
    isReady: snapshot !== undefined,
    snapshot: snapshot && {
      generation: snapshot.generation,
      publishedAt: snapshot.time,
      ageSeconds: Math.round((now() - snapshot.timeMs) / 1_000),
      active: Object.fromEntries(activeTotals(sql, snapshot.generation)),
    },
    state: latest?.status,
    failuresInARow: count,
    quarantined:
      quarantinedSinceMs === undefined
        ? undefined
        : { since: instant(quarantinedSinceMs), failures: count, nextSyncAt },
    error: latestEnded(sql)?.error,
    nextSyncAt,
    running: schedule.running(),
    latestSync: latest && presentSync(latest),
  }
}

function instant(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}
