// Provisions a profile: asks PowerSchool whether it may be read, and how to go on when it may not.
import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import { readMeta, writeMeta } from '../store/meta.ts'
import type { ProfileRecord } from '../store/profile.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import type { ConnectionOutcome } from './connection.ts'

const FIRST_RETRY_MS = 30_000
/** Half an hour in all. */
const MOST_TRIES = 7
/** Of one that has a roster already: it would have synced on for ever, had nobody changed it. */
const LONGEST_RETRY_MS = 3_600_000

export interface ProvisionOptions {
  readonly check: (signal: AbortSignal) => Promise<ConnectionOutcome>
  /** Somebody has changed the profile meanwhile, who has it checked anew. */
  readonly signal: AbortSignal
  readonly save: (change: Partial<ProfileRecord>) => void
  readonly sql: Sql
  readonly now: () => number
  readonly log: Log
}

/** When it is tried again (ms since 1970). */
const NEXT_TRY = 'provision-next'

/** How long a profile that is begun anew has still to wait: each beginning would use up one of its tries else. */
export function waitBeforeTry(sql: Sql, record: ProfileRecord | undefined, nowMs: number): number {
  if (record?.state !== 'provisioning' || record.tries === 0) return 0
  return Math.max(0, Number(readMeta(sql, NEXT_TRY) ?? 0) - nowMs)
}

/** `later`: what keeps it may pass. `over`: nothing was found out, or it has failed for good. */
export type Provisioned = { readonly kind: 'provisioned' | 'over' } | { readonly kind: 'later'; readonly ms: number }

export async function provision({ tries }: ProfileRecord, options: ProvisionOptions): Promise<Provisioned> {
  const { check, signal, save, sql, now, log } = options
  const outcome = await check(signal).catch((error: unknown) => {
    if (error instanceof BridgeError && error.code === 'sync-stopped') return undefined
    throw error
  })
  if (outcome === undefined || signal.aborted) return { kind: 'over' }
  if (outcome.ok) {
    save({ state: 'provisioned', problem: undefined, tries: 0 })
    log.info('profile-provisioned')
    return { kind: 'provisioned' }
  }
  const { problem } = outcome
  const tried = tries + 1
  const goesOn = tried < MOST_TRIES || currentSnapshot(sql) !== undefined
  if (outcome.mayPass && goesOn) {
    const ms = Math.min(FIRST_RETRY_MS * 2 ** tries, LONGEST_RETRY_MS)
    sql.transaction(() => {
      save({ problem, tries: tried })
      writeMeta(sql, NEXT_TRY, String(now() + ms))
    })
    log.warn('profile-not-yet', { ...problem, tries: tried })
    return { kind: 'later', ms }
  }
  save({ state: 'provisioningFailed', problem, tries: tried })
  log.error('profile-failed', { ...problem })
  return { kind: 'over' }
}
