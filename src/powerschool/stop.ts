// Ends waiting when the sync is told to stop: at once, or after what is in flight where only a step has ended.

import { BridgeError } from '../errors.ts'

/**
 * The reason of a signal that ends a step of a longer sync: no new request starts, what is in flight is finished and stored
 * within `GRACE_MS`, then `sync-stopped` comes. Any other reason stops at once.
 */
export const STEP_ENDED: unique symbol = Symbol('the step has ended')

/** How long what is in flight may go on after the end of a step. */
export const GRACE_MS = 10_000

/** The failure of whatever was under way for `path` when the signal came. */
export function stoppedAt(path: string): BridgeError {
  return new BridgeError('sync-stopped', `Stopped while asking PowerSchool for ${path}.`, {
    remedy: 'Start the sync again; it goes on where it stopped.',
  })
}

interface LettingGo {
  /** Comes when what is in flight has to be let go of. */
  readonly signal: AbortSignal | undefined
  /** Leaves no timer and no listener behind. */
  close(): void
}

/** For one request that is in flight: with the signal itself, but so much later when a step ends. */
export function lettingGo(signal: AbortSignal | undefined): LettingGo {
  if (signal === undefined) return { signal, close() {} }
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = () => {
    if (signal.reason === STEP_ENDED) timer = setTimeout(() => controller.abort(STEP_ENDED), GRACE_MS)
    else controller.abort(signal.reason)
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return {
    signal: controller.signal,
    close() {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    },
  }
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
