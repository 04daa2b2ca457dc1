// Wires what every roster needs, wherever its records come from: the store's readers, publishing, the schedule, the app.
import type { Hono } from 'hono'
import { createApp } from './app.ts'
import { createTokenCache } from './auth/access-token.ts'
import { createRateLimiter } from './auth/rate-limit.ts'
import type { Config } from './config.ts'
import type { Context } from './context.ts'
import { createMetrics, type MetricsSources } from './metrics/metrics.ts'
import { narrowRoster } from './oneroster/narrow.ts'
import { tombstoneOf } from './oneroster/present.ts'
import { ROSTERING } from './oneroster/services.ts'
import { STORAGE } from './oneroster/storage.ts'
import type { Runtime } from './runtime.ts'
import { openPins } from './store/pins.ts'
import { type Form, openRecordReader } from './store/records.ts'
import { builtStorages } from './store/rosters.ts'
import { openServed } from './store/served.ts'
import { failuresInARow, type SyncRecord } from './store/syncs.ts'
import { buildRoster } from './sync/build-rosters.ts'
import type { PublishContext } from './sync/context.ts'
import { makeSchedule } from './sync/make-schedule.ts'
import { resumeSync } from './sync/publish-stage.ts'
import { awaitRosters, createRosterRequests, type RosterRequests } from './sync/roster-requests.ts'
import type { Schedule, SyncKind } from './sync/schedule.ts'
import type { Step } from './sync/step-schedule.ts'
import { announceSync } from './sync/sync.ts'
import { runUpkeep } from './sync/upkeep.ts'

/** The pages that most consumers ask for are below it. */
const STREAMED_FROM_BYTES = 8 << 20

export interface WireOptions {
  readonly config: Config
  readonly runtime: Runtime
  /** Origin and prefix of every link, without a trailing slash. */
  readonly publicUrl: string
  readonly onProgress?: PublishContext['onProgress']
}

/** Where a roster's records come from. */
export interface RosterSource extends Pick<Context, 'mapping' | 'stagedInput'>, MetricsSources {
  readonly run: (
    id: string,
    signal: AbortSignal,
    how: { readonly kind: SyncKind; readonly step?: Step | undefined },
  ) => Promise<SyncRecord>
  /** Whether what is staged is to be mapped anew before the first sync. */
  readonly isNewMapping: () => boolean
}

export interface Wired {
  readonly app: Hono
  readonly schedule: Schedule
}

/** Over a prepared store; nothing runs until `schedule.start()`. */
export function wireRoster(options: WireOptions, publishing: PublishContext, source: RosterSource): Wired {
  const { config, runtime, publicUrl } = options
  const { sql, log, now } = runtime
  const metrics = createMetrics(source)
  let syncing = 0
  const whileSyncing = async <T>(work: () => Promise<T>): Promise<T> => {
    syncing += 1
    runtime.onSyncing?.(true)
    try {
      return await work()
    } finally {
      syncing -= 1
      runtime.onSyncing?.(syncing > 0)
    }
  }
  const rosters =
    runtime.steps === undefined
      ? createRosterRequests({
          build: (narrowing, signal) => buildRoster({ ...publishing, signal }, narrowing),
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
    announce: (id) => void announceSync(publishing, id),
    upkeep: (id, signal, step) => whileSyncing(() => runUpkeep(publishing, id, signal, step)),
    run: (id, signal, kind, step) =>
      whileSyncing(async () => {
        await rosters.settled()
        return source.run(id, signal, { kind, step })
      }),
    isNewMapping: source.isNewMapping,
    newId: runtime.newId,
    intervalMs: config.syncIntervalMs,
    failuresInARow: () => failuresInARow(sql).count,
    onEnd: metrics.syncEnded,
    now,
    after: runtime.after,
    log,
  })
  const context: Context = {
    sql,
    reader: openRecordReader(sql, { deflate: runtime.deflate, pause: runtime.nextTurn, memory: runtime.cacheBytes }),
    pins: openPins(sql, { now, lifetimeMs: config.pinLifetimeMs }),
    served: publishing.served,
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
    resumeSync: (id) => {
      const released = resumeSync(publishing, id)
      schedule.keepUp()
      return released
    },
    mapping: source.mapping,
    stagedInput: source.stagedInput,
    metrics,
    newRequestId: runtime.newId,
  }
  return { app: createApp(context), schedule: stoppingToo(schedule, rosters) }
}

/** What publishing takes, of the settings and the runtime. */
export function publishContext({ config, runtime, publicUrl, onProgress }: WireOptions): PublishContext {
  const { sql, log, now } = runtime
  return {
    sql,
    collections: STORAGE,
    tombstoneOf,
    narrowRoster,
    forms: [formOf('v1p1', publicUrl), formOf('v1p2', publicUrl)],
    readableTables: () => [...STORAGE, ...builtStorages(sql, STORAGE)].map(({ name }) => name),
    deflate: runtime.deflate,
    guard: { share: config.guardShare, minimum: config.guardMin },
    lifetimes: { pinLifetimeMs: config.pinLifetimeMs, tombstoneLifetimeMs: config.tombstoneLifetimeMs },
    lockOwner: runtime.lockOwner,
    after: runtime.after,
    sleep: runtime.sleep,
    served: openServed(sql, now),
    politeness: { quietMs: config.publishQuietMs, maxWaitMs: config.publishMaxWaitMs },
    now,
    pause: runtime.pause,
    onPublished: runtime.onPublished,
    log,
    ...(onProgress === undefined ? {} : { onProgress }),
  }
}

/** The schedule, whose stop also ends the building of rosters. */
function stoppingToo(schedule: Schedule, rosters: RosterRequests): Schedule {
  return { ...schedule, stop: async () => void (await Promise.all([rosters.stop(), schedule.stop()])) }
}

/** How the rostering service of a version tells of a record. */
function formOf(version: Form['version'], publicUrl: string): Form {
  return { version, root: `${publicUrl}${ROSTERING[version].base}` }
}
