// Puts the bridge together from settings and what the runtime gives: store, mapping, PowerSchool client, syncs, app.
import type { Hono } from 'hono'
import { createApp } from './app.ts'
import { createTokenCache } from './auth/access-token.ts'
import { countUnopenable } from './auth/credentials.ts'
import { ensureEnvironmentClient } from './auth/environment-client.ts'
import { createRateLimiter } from './auth/rate-limit.ts'
import type { ConnectedConfig } from './config.ts'
import type { Context } from './context.ts'
import type { Log } from './log.ts'
import type { Mapping } from './mapping/run/compile.ts'
import { createMetrics } from './metrics.ts'
import type { Collection } from './oneroster/model.ts'
import { narrowRoster } from './oneroster/narrow.ts'
import { createPresenters, tombstoneOf } from './oneroster/present.ts'
import { ROSTERING } from './oneroster/services.ts'
import { STORAGE } from './oneroster/storage.ts'
import type { Fetch } from './powerschool/ask.ts'
import { createPowerSchoolClient, type PowerSchoolClient } from './powerschool/client.ts'
import type { LockOwner } from './store/locks.ts'
import { migrate } from './store/migrations.ts'
import { openPins } from './store/pins.ts'
import { type Deflate, type Form, openRecordReader } from './store/records.ts'
import { builtStorages, rosterStorages } from './store/rosters.ts'
import { openServed } from './store/served.ts'
import type { Sql } from './store/sql.ts'
import { failuresInARow } from './store/syncs.ts'
import { buildRoster } from './sync/build-rosters.ts'
import type { SyncContext } from './sync/context.ts'
import { isNewMapping } from './sync/crawl-reuse.ts'
import { resumeSync } from './sync/publish-stage.ts'
import { createRosterRequests, type RosterRequests } from './sync/roster-requests.ts'
import { createSchedule, type Schedule } from './sync/schedule.ts'
import { stagedInput } from './sync/staged-input.ts'
import { announceSync, runSync } from './sync/sync.ts'
import { runUpkeep } from './sync/upkeep.ts'

/** What only a runtime can give. */
export interface Runtime {
  readonly sql: Sql
  readonly fetch: Fetch
  readonly log: Log
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** 0 ≤ n < 1, for jitter. */
  readonly random: () => number
  /** Lets waiting requests in. */
  readonly nextTurn: () => Promise<void>
  /** The same between two writes of a sync, and waits where the store is behind with them. */
  readonly pause: () => Promise<void>
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  /** Told when a sync or its upkeep begins and when it has ended, for who gives up memory meanwhile. */
  readonly onSyncing?: (isSyncing: boolean) => void
  readonly newId: () => string
  readonly lockOwner: LockOwner
  readonly deflate: Deflate
  /** 32 bytes that are kept outside the database; consumers' secrets are sealed with them. */
  readonly sealingKey: Uint8Array
  /** 32 bytes that are kept outside the database too, and differ from the sealing key; access tokens are signed with them. */
  readonly signingKey: Uint8Array
}

export interface BridgeOptions {
  readonly config: ConnectedConfig
  readonly runtime: Runtime
  readonly mapping: Mapping
  readonly publicUrl: string
  readonly onProgress?: SyncContext['onProgress']
}

export interface Bridge {
  readonly app: Hono
  readonly schedule: Schedule
  readonly client: PowerSchoolClient
  readonly sync: SyncContext
}

/** Brings the store's tables up to date. */
export function prepareStore({ sql }: Runtime): void {
  migrate(sql, STORAGE)
  migrate(sql, rosterStorages(sql, STORAGE))
}

/** Brings the consumer of the settings in step with them; what serves does this, what only syncs does not. */
export async function prepareConsumer(
  config: ConnectedConfig,
  { sql, now, log, sealingKey }: Pick<Runtime, 'sql' | 'now' | 'log' | 'sealingKey'>,
): Promise<void> {
  const change = await ensureEnvironmentClient(config.oneRoster, { sql, now, sealingKey })
  if (change !== 'unchanged') log.info('environment-client', { change })
  const lost = await countUnopenable({ sql, sealingKey })
  if (lost > 0) {
    const remedy =
      'Bring the sealing key back from a copy, or rotate their secrets: until then OAuth 1.0a refuses them.'
    log.warn('sealed-secrets-lost', { consumers: lost, remedy })
  }
  warnOfWeakSecrets(config, log)
}

/** Mapped records as the store keeps them. It remembers the orgs that pass, so a run has one of its own. */
export function createPresent(): SyncContext['present'] {
  const presenters = createPresenters()
  return (record) => ({
    sourcedId: record.sourcedId,
    // The checker lets no rule name a collection that the model lacks.
    ...presenters[record.collection as Collection](record),
  })
}

/** Wires everything over a prepared store; nothing runs until `schedule.start()`. */
export function createBridge({ config, runtime, mapping, publicUrl, onProgress }: BridgeOptions): Bridge {
  const { sql, log, now } = runtime
  const served = openServed(sql, now)

  const client = createPowerSchoolClient({
    ...config.powerSchool,
    fetch: runtime.fetch,
    concurrency: config.powerSchoolConcurrency,
    minIntervalMs: config.powerSchoolMinIntervalMs,
    now,
    sleep: runtime.sleep,
    random: runtime.random,
    log,
  })
  const metrics = createMetrics({ powerSchoolRequests: () => client.requests })
  const sync: SyncContext = {
    sql,
    mapping,
    client,
    settings: mappingSettings(config),
    templateSetting: config.powerSchoolTemplate,
    queryPrefix: config.plugin.queries,
    collections: STORAGE,
    present: createPresent(),
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
    served,
    politeness: { quietMs: config.publishQuietMs, maxWaitMs: config.publishMaxWaitMs },
    now,
    pause: runtime.pause,
    log,
    ...(onProgress === undefined ? {} : { onProgress }),
  }
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
  const rosters = createRosterRequests({
    build: (narrowing, signal) => buildRoster({ ...sync, signal }, narrowing),
    isSyncing: () => schedule.running() !== undefined,
    whenIdle: () => schedule.syncEnded(),
    instead: (work) => schedule.insteadOfUpkeep(work),
    after: runtime.after,
    log,
  })
  const schedule = createSchedule({
    announce: (id) => void announceSync(sync, id),
    upkeep: (id, signal) => whileSyncing(() => runUpkeep(sync, id, signal)),
    run: (id, signal, kind) =>
      whileSyncing(async () => {
        await rosters.settled()
        return runSync(sync, id, signal, { isMapOnly: kind === 'map' })
      }),
    isNewMapping: () => isNewMapping(sync),
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
    reader: openRecordReader(sql, { deflate: runtime.deflate, pause: runtime.nextTurn }),
    pins: openPins(sql, { now, lifetimeMs: config.pinLifetimeMs }),
    served,
    log,
    now,
    publicUrl,
    isPublicUrlConfigured: config.publicUrl !== undefined,
    maxLimit: config.maxLimit,
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
      const released = resumeSync(sync, id)
      schedule.keepUp()
      return released
    },
    mapping,
    stagedInput: () => stagedInput(sync),
    metrics,
    newRequestId: runtime.newId,
  }
  return { app: createApp(context), schedule: stoppingToo(schedule, rosters), client, sync }
}

/** The schedule, whose stop also ends the building of rosters. */
function stoppingToo(schedule: Schedule, rosters: RosterRequests): Schedule {
  return { ...schedule, stop: async () => void (await Promise.all([rosters.stop(), schedule.stop()])) }
}

/** How the rostering service of a version tells of a record. */
function formOf(version: Form['version'], publicUrl: string): Form {
  return { version, root: `${publicUrl}${ROSTERING[version].base}` }
}

const WEAK_LENGTH = 16

function warnOfWeakSecrets({ oneRoster, adminToken }: ConnectedConfig, log: Log): void {
  const secrets = { ONEROSTER_CLIENT_SECRET: oneRoster?.secret, ADMIN_TOKEN: adminToken }
  for (const [setting, secret] of Object.entries(secrets)) {
    if (secret !== undefined && secret.length < WEAK_LENGTH) {
      log.warn('weak-secret', { setting, remedy: 'Use a long random text (openssl rand -base64 32).' })
    }
  }
}

/** The bridge's settings that the mapping reads under the same names. */
export function mappingSettings({
  schools,
  schoolYear,
}: Pick<ConnectedConfig, 'schools' | 'schoolYear'>): Record<string, unknown> {
  return {
    ...(schools === undefined ? {} : { schools }),
    ...(schoolYear === undefined ? {} : { start_year: schoolYear - 1 }),
  }
}
