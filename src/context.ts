// Everything a request needs, handed in by the entry that knows the runtime.
import type { TokenCache } from './auth/access-token.ts'
import type { Log } from './log.ts'
import type { RecordReader } from './store/records.ts'
import type { Sql } from './store/sql.ts'
import type { SyncRecord } from './store/syncs.ts'
import type { Schedule } from './sync/schedule.ts'

/** Names the profile's tokens; constant, so that a changed address ends no run in progress. */
export const TOKEN_ISSUER = 'oneroster-bridge'

export interface Context {
  readonly sql: Sql
  readonly reader: RecordReader
  readonly log: Log
  readonly now: () => number
  /** Origin and prefix of every link, without a trailing slash. */
  readonly publicUrl: string
  readonly maxLimit: number
  readonly signingKey: Uint8Array
  readonly tokenCache: TokenCache
  readonly tokenLifetimeMs: number
  /** Opens the admin API; without it those paths do not exist. */
  readonly adminToken: string | undefined
  readonly schedule: Schedule
  /** Publishes a sync that the guard holds. */
  readonly resumeSync: (id: string) => SyncRecord
  readonly newRequestId: () => string
}
