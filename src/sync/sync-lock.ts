// The lock of what writes generations, renewed for as long as it is held.
import { LEASE_MS, type LockOwner, takeLock } from '../store/locks.ts'
import type { Sql } from '../store/sql.ts'

export interface SyncLockOptions {
  readonly sql: Sql
  readonly lockOwner: LockOwner
  readonly now: () => number
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
}

export interface HeldLock {
  /** Aborts when the lock was lost: this process stood still for so long that another has taken over. */
  readonly lost: AbortSignal
  release(): void
}

const SYNC_LOCK = 'sync'

/** Undefined while another process holds it. */
export function holdLock({ sql, lockOwner, now, after }: SyncLockOptions): HeldLock | undefined {
  const lock = takeLock(sql, SYNC_LOCK, lockOwner, now)
  if (lock === undefined) return undefined
  const lost = new AbortController()
  const renew = () => {
    if (!lock.renew()) return lost.abort()
    cancel = after(LEASE_MS / 4, renew)
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
