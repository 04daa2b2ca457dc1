// The lock of what writes generations, renewed for as long as it is held.
import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import { LEASE_MS, type Lock, type LockOwner, takeLock } from '../store/locks.ts'
import type { Sql } from '../store/sql.ts'

export interface SyncLockOptions {
  readonly sql: Sql
  readonly lockOwner: LockOwner
  readonly now: () => number
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  readonly log: Log
}

export interface HeldLock {
  /** Aborts when the lock was lost: this process stood still for so long that another has taken over. */
  readonly lost: AbortSignal
  release(): void
}

const SYNC_LOCK = 'sync'
/** After a renewal that the database could not take, because another process writes or the disk is full. */
const RETRY_MS = 2_000

/** Undefined while another process holds it. */
export function holdLock({ sql, lockOwner, now, after, log }: SyncLockOptions): HeldLock | undefined {
  const lock = takeLock(sql, SYNC_LOCK, lockOwner, now)
  if (lock === undefined) return undefined
  const lost = new AbortController()
  let renewedMs = now()
  const renew = () => {
    const outcome = tryToRenew(lock, log)
    if (outcome === 'renewed') renewedMs = now()
    if (outcome === 'lost' || now() - renewedMs >= LEASE_MS) return lost.abort()
    cancel = after(outcome === 'renewed' ? LEASE_MS / 4 : RETRY_MS, renew)
  }
  let cancel = after(LEASE_MS / 4, renew)
  return {
    lost: lost.signal,
    release() {
      cancel()
      lock.release()
    },
  }
}

/** Never throws: it is called by a timer, where nobody could catch it. */
function tryToRenew(lock: Lock, log: Log): 'renewed' | 'lost' | 'failed' {
  try {
    return lock.renew() ? 'renewed' : 'lost'
  } catch (error) {
    const code = error instanceof BridgeError ? error.code : 'unknown'
    log.warn('lock-not-renewed', { code, message: error instanceof Error ? error.message : 'unknown' })
    return 'failed'
  }
}
