// Waits for the day on which a profile ends.
import type { ProfileRecord } from '../store/profile.ts'
import { expiryMs } from './config.ts'
import { hasExpired } from './facts.ts'
import type { HostRuntime } from './ports.ts'

const DAY_MS = 86_400_000

export interface ExpiryWatch {
  /** In place of what was waited for before. */
  watch(): void
  cancel(): void
}

export interface ExpiryWatchOptions extends Pick<HostRuntime, 'now' | 'after'> {
  readonly find: () => ProfileRecord | undefined
  readonly onExpired: () => void
}

/** Looks once a day, for no timer lasts longer than 24. */
export function createExpiryWatch({ now, after, find, onExpired }: ExpiryWatchOptions): ExpiryWatch {
  let cancel = () => {}

  function watch(): void {
    cancel()
    const record = find()
    const endMs = record && expiryMs(record.settings)
    if (endMs === undefined || endMs <= now()) return
    cancel = after(Math.min(endMs - now(), DAY_MS), () => {
      const present = find()
      if (present !== undefined && hasExpired(present, now())) onExpired()
      else watch()
    })
  }

  return { watch, cancel: () => cancel() }
}
