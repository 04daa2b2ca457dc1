// What only a runtime can give: the port between the bridge and Node or Workers.
import type { Log } from './log.ts'
import type { Fetch } from './powerschool/ask.ts'
import type { LockOwner } from './store/locks.ts'
import type { CacheBytes, Deflate } from './store/records.ts'
import type { Sql } from './store/sql.ts'
import type { SyncStatus } from './store/syncs.ts'
import type { StepRuntime } from './sync/step-schedule.ts'

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
  /** Where work is done in steps: their bounds, and how to have the next one. */
  readonly steps?: StepRuntime | undefined
  /** Memory of what is read again and again, in bytes; what Node is given unless told. */
  readonly cacheBytes?: CacheBytes | undefined
  /** Answers from this size on are streamed: it costs time and saves memory. 8 MB unless told. */
  readonly streamedFromBytes?: number | undefined
  /** Told when a sync or its upkeep begins and when it has ended, for who gives up memory meanwhile. */
  readonly onSyncing?: (isSyncing: boolean) => void
  /** Told after each publish; must not throw. */
  readonly onPublished?: (() => void) | undefined
  /** Told when a sync has ended, however; must not throw. */
  readonly onSyncEnded?: ((status: SyncStatus) => void) | undefined
  readonly newId: () => string
  readonly lockOwner: LockOwner
  readonly deflate: Deflate
  /** 32 bytes that are kept outside the database; consumers' secrets are sealed with them. */
  readonly sealingKey: Uint8Array
  /** 32 bytes that are kept outside the database too, and differ from the sealing key; access tokens are signed with them. */
  readonly signingKey: Uint8Array
}
