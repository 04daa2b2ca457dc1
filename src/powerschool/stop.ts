// Ends waiting when the sync is told to stop.

import { BridgeError } from '../errors.ts'

/** The failure of whatever was under way for `path` when the signal came. */
export function stoppedAt(path: string): BridgeError {
  return new BridgeError('sync-stopped', `Stopped while asking PowerSchool for ${path}.`, {
    remedy: 'Start the sync again; it goes on where it stopped.',
  })
}

/** What `promise` gives, or `sync-stopped` as soon as the signal comes, even if `promise` takes no notice of it. */
export function orStop<T>(promise: Promise<T>, signal: AbortSignal | undefined, path: string): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const stop = () => reject(stoppedAt(path))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
