// Wires what serves a roster: the store's readers, the schedule, the app. What makes the roster is handed in, and may be loaded
// when it is first needed.
import type { Hono } from 'hono'
import { createApp } from './app.ts'
import { createTokenCache } from './auth/access-token.ts'
import { createRateLimiter } from './auth/rate-limit.ts'
import type { Config } from './config.ts'
import type { Context } from './context.ts'
import { createMetrics, type MetricsSources } from './metrics/metrics.ts'
import type { Runtime } from './runtime.ts'
import { openPins } from './store/pins.ts'
import { openRecordReader } from './store/records.ts'
import type { Narrowing } from './store/rosters.ts'
import type { Served } from './store/served.ts'
import type { Sql } from './store/sql.ts'
import { failuresInARow, type SyncRecord } from './store/syncs.ts'
import { announceSync } from './sync/announce.ts'
import { makeSchedule } from './sync/make-schedule.ts'
import { awaitRosters, createRosterRequests, type RosterRequests } from './sync/roster-requests.ts'
import type { Schedule, SyncKind } from './sync/schedule.ts'
import type { Step } from './sync/step-schedule.ts'

/** The pages that most consumers ask for are below it. */
const STREAMED_FROM_BYTES = 8 << 20

export interface ServeOptions {
  readonly config: Config
  readonly runtime: Runtime
  /** Origin and prefix of every link, without a trailing slash. */
  readonly publicUrl: string
}

export interface SyncRun {
  readonly kind: SyncKind
  readonly step?: Step | undefined
}

/** What makes the roster that is served. */
export interface RosterMaker extends Pick<Context, 'explaining'>, MetricsSources {
  readonly run: (id: string, signal: AbortSignal, how: SyncRun) => Promise<SyncRecord>
  /** What follows a sync that ended well. */
  readonly upkeep: (id: string, signal: AbortSignal, step?: Step) => Promise<void>
  /** Builds a narrowed roster, outside a sync. */
  readonly build: (narrowing: Narrowing, signal: AbortSignal) => Promise<void>
  /** Publishes a sync that the guard holds; refuses as `resumeSync`. */
  readonly release: (id: string) => SyncRecord | Promise<SyncRecord>
  /** Whether what is staged is to be mapped anew before the first sync. */
  readonly isNewMapping: () => boolean
}

export interface Wired {
  /** The store that is served. */
  readonly sql: Sql
  readonly app: Hono
  readonly schedule: Schedule
}

/** Over a prepared store; nothing runs until `schedule.start()`. `served` is the maker's, too. */
export function serveRoster(options: ServeOptions & { readonly served: Served }, maker: RosterMaker): Wired {
  const { config, runtime, publicUrl, served } = options
  const { sql, log, now } = runtime
  const metrics = createMetrics(maker)
  const whileSyncing = syncingTeller(runtime)
  const rosters =
    runtime.steps === undefined
      ? createRosterRequests({
          build: maker.build,
          isSyncing: () => schedule.running() !== undefined,
          whenIdle: () => schedule.syncEnded(),
          instead: (work) => schedule.insteadOfUpkeep(work),
          after: runtime.after,
          log,
        })
      : awaitRosters({ ...runtime, keepUp: () => schedule.keepUp() })
  const schedule = makeSchedule({
    sql,
    steps: runtime.steps,
    announce: (id) => void announceSync(runtime, id),
    upkeep: (id, signal, step) => whileSyncing(() => maker.upkeep(id, signal, step)),
    run: (id, signal, kind, step) =>
      whileSyncing(async () => {
        await rosters.settled()
        return maker.run(id, signal, { kind, step })
      }),
    isNewMapping: maker.isNewMapping,
    newId: runtime.newId,
    intervalMs: config.syncIntervalMs,
    failuresInARow: () => failuresInARow(sql).count,
    onEnd(status) {
      metrics.syncEnded(status)
      runtime.onSyncEnded?.(status)
    },
    now,
    after: runtime.after,
    log,
  })
  const context: Context = {
    sql,
    reader: openRecordReader(sql, { deflate: runtime.deflate, pause: runtime.nextTurn, memory: runtime.cacheBytes }),
    pins: openPins(sql, { now, lifetimeMs: config.pinLifetimeMs }),
    served,
    log,
    now,
    publicUrl,
    isPublicUrlConfigured: config.publicUrl !== undefined,
    maxLimit: config.maxLimit,
    streamedFromBytes: runtime.streamedFromBytes ?? STREAMED_FROM_BYTES,
    signingKey: runtime.signingKey,
    tokenCache: createTokenCache(),
    tokenLifetimeMs: config.tokenLifetimeMs,
    oauth1WindowMs: config.oauth1WindowMs,
    sealingKey: runtime.sealingKey,
    deflate: runtime.deflate,
    rateLimiter: createRateLimiter(now),
    adminToken: config.adminToken,
    schedule,
    rosters,
    async resumeSync(id) {
      const released = await maker.release(id)
      schedule.keepUp()
      return released
    },
    explaining: maker.explaining,
    metrics,
    newRequestId: runtime.newId,
  }
  return { sql, app: createApp(context), schedule: stoppingToo(schedule, rosters) }
}

/** Tells the runtime while work is under way that it gives up memory for. */
function syncingTeller({ onSyncing }: Pick<Runtime, 'onSyncing'>) {
  let syncing = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    syncing += 1
    onSyncing?.(true)
    try {
      return await work()
    } finally {
      syncing -= 1
      onSyncing?.(syncing > 0)
    }
  }
}

/** The schedule, whose stop also ends the building of rosters. */
function stoppingToo(schedule: Schedule, rosters: RosterRequests): Schedule {
  return { ...schedule, stop: async () => void (await Promise.all([rosters.stop(), schedule.stop()])) }
}
