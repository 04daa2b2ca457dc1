// What the bridge needs of a runtime, as a Durable Object gives it.

import type { DurableObjectStorage } from 'cloudflare:workers'
import { constants, deflateRawSync } from 'node:zlib'
import type { Log } from '../log.ts'
import type { HostRuntime } from '../profiles/ports.ts'
import { openDurableSqlite } from '../store/durable-sqlite.ts'
import type { Deflate } from '../store/records.ts'
import type { Agenda } from './agenda.ts'
import { createSteps, STEP_LIMITS } from './steps.ts'

/** Timers outlive the event that set them only as long as the object does; what waits longer is put into the agenda too. */
const LONG_MS = 10_000
/** No alarm goes off while another one works, which may take so long: what that waits for needs its timer. */
const LONGEST_ALARM_MS = 15 * 60_000
/** An isolate has 128 MB, and may be shared by several objects. */
const CACHE_BYTES = { orderLists: 8 << 20, pieces: 4 << 20, pages: 1 << 20 }
/** Each chunk of output is a buffer of its own, and copied into the whole. */
const DEFLATE_CHUNK = 64 << 10
const DEFLATE_LEVELS = { fast: 1, small: 6 }

const deflate: Deflate = (bytes, level) =>
  Promise.resolve(
    deflateRawSync(bytes, {
      level: DEFLATE_LEVELS[level],
      finishFlush: constants.Z_FULL_FLUSH,
      chunkSize: DEFLATE_CHUNK,
    }),
  )

export interface WorkerRuntimeOptions {
  readonly storage: DurableObjectStorage
  readonly agenda: Agenda
  readonly log: Log
  readonly sealingKey: Uint8Array
  readonly stepRequests: number | undefined
}

export function createWorkerRuntime(options: WorkerRuntimeOptions): HostRuntime {
  const { storage, agenda, log, sealingKey, stepRequests = STEP_LIMITS.requests } = options
  const { steps, fetch: countedFetch } = createSteps(agenda, (url, init) => fetch(url, init), {
    ...STEP_LIMITS,
    requests: stepRequests,
  })
  const sleep = (ms: number, signal?: AbortSignal) => wait(ms, signal)
  const nextTurn = () => wait(0)
  return {
    sql: openDurableSqlite(storage),
    log,
    fetch: countedFetch,
    now: Date.now,
    sleep,
    random: Math.random,
    nextTurn,
    pause: nextTurn,
    after(ms, call) {
      const name = crypto.randomUUID()
      const cancel = () => {
        clearTimeout(timer)
        agenda.cancel(name)
      }
      const callOnce = () => {
        cancel()
        call()
      }
      const timer = ms < LONGEST_ALARM_MS ? setTimeout(callOnce, ms) : undefined
      if (ms >= LONG_MS) agenda.at(name, Date.now() + ms, async () => callOnce())
      return cancel
    },
    launch: (work) => agenda.at(crypto.randomUUID(), Date.now(), work),
    steps,
    cacheBytes: CACHE_BYTES,
    streamedFromBytes: 512 << 10,
    newId: () => crypto.randomUUID(),
    // There is one instance of an object in the world: a lock that another one has left is nobody's.
    lockOwner: { name: crypto.randomUUID(), mayBeAlive: () => false },
    deflate,
    sealingKey,
  }
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}
