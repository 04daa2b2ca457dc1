// Has the write-ahead log copied into the database file by a thread of its own: that waits for the disk, readers must not.
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

export interface Checkpoints {
  /** Waits while the thread ends a log that has become long. */
  whenShort(): Promise<void>
  /** Waits until the thread has closed the file. */
  stop(): void
}

/** What the thread is told at its start. */
export interface CheckpointsOrder {
  /** Of the database file. */
  readonly path: string
  /** Three 32-bit numbers, see the places below. */
  readonly flags: SharedArrayBuffer
}

/** Not 0 when the thread is to end. */
export const STOP = 0
/** Not 0 when it has ended. */
export const ENDED = 1
/** Not 0 while it ends a log that has become long. */
export const ENDING_LOG = 2

const POLL_MS = 10

const END_MS = 5_000

/** The thread keeps no process alive. `onFailure` is called when it ends by itself: somebody else must do its work. */
export function startCheckpoints(path: string, onFailure: () => void): Checkpoints {
  const order: CheckpointsOrder = { path, flags: new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT) }
  const flags = new Int32Array(order.flags)
  let isRunning = true
  const fail = () => {
    if (isRunning) onFailure()
    isRunning = false
  }
  const worker = new Worker(new URL('./node-checkpoint-thread.ts', import.meta.url), {
    workerData: order,
    execArgv: [],
  })
  worker.on('error', fail)
  worker.on('exit', fail)
  worker.unref()
  return {
    async whenShort() {
      while (isRunning && Atomics.load(flags, ENDING_LOG) !== 0) await wait(POLL_MS)
    },
    stop() {
      if (!isRunning) return
      isRunning = false
      Atomics.store(flags, STOP, 1)
      Atomics.notify(flags, STOP)
      Atomics.wait(flags, ENDED, 0, END_MS)
    },
  }
}
