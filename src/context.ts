// Everything a request needs, handed in by the entry that knows the runtime.
import type { TokenCache } from './auth/access-token.ts'
import type { RateLimiter } from './auth/rate-limit.ts'
import type { Deflate } from './gzip/deflate.ts'
import type { Log } from './log.ts'
import type { Mapping } from './mapping/run/compile.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Pins } from './store/pins.ts'
import type { RecordReader } from './store/records.ts'
import type { Narrowing } from './store/rosters.ts'
import type { Served } from './store/served.ts'
import type { Sql } from './store/sql.ts'
import type { SyncRecord } from './store/syncs.ts'
import type { Schedule } from './sync/schedule.ts'
import type { StagedInput } from './sync/staged-input.ts'

/** Names the profile's tokens; constant, so that a changed address ends no run in progress. */
export const TOKEN_ISSUER = 'oneroster-bridge'

export interface Explained {
  /** What is published is made by it. */
  readonly mapping: Mapping
  /** The rows of the last complete crawl, as the mapping sees them. */
  readonly stagedInput: () => StagedInput | undefined
}

export interface Context {
  readonly sql: Sql
  readonly reader: RecordReader
  /** Which generation the pages of a consumer's query are read from. */
  readonly pins: Pins
  /** Told of every consumer that is served: a publish looks at it. */
  readonly served: Served
  readonly log: Log
  readonly now: () => number
  /** Origin and prefix of every link, without a trailing slash. */
  readonly publicUrl: string
  /** False when it is only where the server happens to listen. */
  readonly isPublicUrlConfigured: boolean
  readonly maxLimit: number
  /** Larger answers are read from the store as the consumer takes them. */
  readonly streamedFromBytes: number
  /** Signs access tokens; derived from what is kept outside the database. */
  readonly signingKey: Uint8Array
  /** Opens consumers' sealed secrets; kept outside the database. */
  readonly sealingKey: Uint8Array
  readonly tokenCache: TokenCache
  readonly tokenLifetimeMs: number
  /** How far back an OAuth 1.0a timestamp may be; half of it ahead. */
  readonly oauth1WindowMs: number
  readonly rateLimiter: RateLimiter
  readonly deflate: Deflate
  /** Opens the admin API; without it those paths do not exist. */
  readonly adminToken: string | undefined
  readonly schedule: Schedule
  /** Has the tables of a narrowed roster made, if they are not there; resolves when they are, or when it takes too long. */
  readonly rosters: { request(narrowing: Narrowing): Promise<void> }
  /** Publishes a sync that the guard holds. */
  readonly resumeSync: (id: string) => Promise<SyncRecord>
  /** What explains the records, loaded when somebody asks; undefined for a group, whose records its members have made. */
  readonly explaining: (() => Promise<Explained>) | undefined
  readonly metrics: Metrics
  readonly newRequestId: () => string
}
