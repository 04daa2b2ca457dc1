// What every stage of a sync is given.
import type { Log } from '../log.ts'
import type { MappedRecord } from '../mapping/ports.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import type { PowerSchoolClient } from '../powerschool/client.ts'
import type { Template } from '../store/crawls.ts'
import type { LockOwner } from '../store/locks.ts'
import type { CollectionStorage } from '../store/schema.ts'
import type { Served } from '../store/served.ts'
import type { StoredRecord } from '../store/snapshot-writer.ts'
import type { Sql } from '../store/sql.ts'
import type { GuardSettings } from './guard.ts'
import type { NarrowRoster } from './narrow-stage.ts'
import type { Politeness } from './quiet.ts'
import type { SyncProgress } from './report.ts'
import type { UpkeepContext } from './upkeep.ts'

/** What it takes to publish records, wherever they come from. */
export interface PublishContext extends UpkeepContext {
  readonly sql: Sql
  readonly collections: readonly CollectionStorage[]
  readonly tombstoneOf: (body: string) => string
  readonly narrowRoster: NarrowRoster
  readonly guard: GuardSettings
  readonly lifetimes: { readonly pinLifetimeMs: number; readonly tombstoneLifetimeMs: number }
  readonly lockOwner: LockOwner
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly pause: () => Promise<void>
  readonly served: Served
  readonly politeness: Politeness
  /** Kept in the transaction that publishes what was prepared, or that finds it published already. */
  readonly alsoKeep?: () => void
  /** Told after each publish. */
  readonly onPublished?: (() => void) | undefined
  readonly log: Log
  readonly onProgress?: (progress: SyncProgress) => void
}

/** And to have them from PowerSchool. */
export interface SyncContext extends PublishContext {
  readonly mapping: Mapping
  readonly client: PowerSchoolClient
  /** Settings that the mapping reads: schools, and start_year when it is pinned. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly templateSetting: Template | 'auto'
  /** What the names of the plugin's queries begin with. */
  readonly queryPrefix: string
  readonly present: (record: MappedRecord) => StoredRecord
}

export type ShowProgress = (progress: SyncProgress) => void
