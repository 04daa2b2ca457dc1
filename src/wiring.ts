// Wires what makes a roster with what serves it, wherever its records come from.

import type { Explained } from './context.ts'
import type { MetricsSources } from './metrics/metrics.ts'
import { narrowRoster } from './oneroster/narrow.ts'
import { tombstoneOf } from './oneroster/present.ts'
import { ROSTERING } from './oneroster/services.ts'
import { STORAGE } from './oneroster/storage.ts'
import { type RosterMaker, type ServeOptions, type SyncRun, serveRoster, type Wired } from './serving.ts'
import type { Form } from './store/records.ts'
import { builtStorages } from './store/rosters.ts'
import { openServed, type Served } from './store/served.ts'
import type { SyncRecord } from './store/syncs.ts'
import { buildRoster } from './sync/build-rosters.ts'
import type { PublishContext } from './sync/context.ts'
import { resumeSync } from './sync/publish-stage.ts'
import { runUpkeep } from './sync/upkeep.ts'

export type { Wired } from './serving.ts'

export interface WireOptions extends ServeOptions {
  readonly onProgress?: PublishContext['onProgress']
  /** Of who serves, where that is there already. */
  readonly served?: Served | undefined
}

/** Where a roster's records come from. */
export interface RosterSource extends MetricsSources {
  /** What is published is made by it; a group has none. */
  readonly mapping?: Explained['mapping'] | undefined
  readonly stagedInput?: () => ReturnType<Explained['stagedInput']>
  readonly run: (id: string, signal: AbortSignal, how: SyncRun) => Promise<SyncRecord>
  /** Whether what is staged is to be mapped anew before the first sync. */
  readonly isNewMapping: () => boolean
  /** What a person may release of a sync beside the guard's hold; undefined when there is nothing of that kind. */
  readonly release?: (sync: string) => SyncRecord | undefined
}

/** Over a prepared store; nothing runs until `schedule.start()`. */
export function wireRoster(options: WireOptions, publishing: PublishContext, source: RosterSource): Wired {
  return serveRoster({ ...options, served: publishing.served }, rosterMaker(publishing, source))
}

/** What makes the roster of these records. */
export function rosterMaker(publishing: PublishContext, source: RosterSource): RosterMaker {
  const { mapping, stagedInput } = source
  return {
    run: source.run,
    upkeep: (id, signal, step) => runUpkeep(publishing, id, signal, step),
    build: (narrowing, signal) => buildRoster({ ...publishing, signal }, narrowing),
    release: (id) => source.release?.(id) ?? resumeSync(publishing, id),
    isNewMapping: source.isNewMapping,
    explaining: mapping === undefined || stagedInput === undefined ? undefined : async () => ({ mapping, stagedInput }),
    ...(source.powerSchoolRequests && { powerSchoolRequests: source.powerSchoolRequests }),
  }
}

/** What publishing takes, of the settings and the runtime. */
export function publishContext({ config, runtime, publicUrl, onProgress, served }: WireOptions): PublishContext {
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
    served: served ?? openServed(sql, now),
    politeness: { quietMs: config.publishQuietMs, maxWaitMs: config.publishMaxWaitMs },
    now,
    pause: runtime.pause,
    onPublished: runtime.onPublished,
    log,
    ...(onProgress === undefined ? {} : { onProgress }),
  }
}

/** How the rostering service of a version tells of a record. */
function formOf(version: Form['version'], publicUrl: string): Form {
  return { version, root: `${publicUrl}${ROSTERING[version].base}` }
}
