// The thread that copies the write-ahead log into the database file while others read and write.
import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { type CheckpointsOrder, ENDED, LOG_PAGES, LONG_LOG, STOP } from './node-checkpoints.ts'

const LOOK_MS = 100
/** Who writes waits meanwhile when the log is begun anew, and this thread for who writes. */
const BUSY_TIMEOUT_MS = 50
/** Pages in the log that are worth the waits for the disk: 16 MB. Fewer are copied when nothing is written. */
const WORTH = 2_000
/** The log is begun anew when so few pages are left to be copied that who writes hardly waits, or else when it is very long. */
const FEW = 200
const VERY_LONG = 64_000
const MOST_COPIES = 20

interface Log {
  readonly busy: number
  /** Pages in the log, and how many of them have been copied; -1 without a log. */
  readonly log: number
  readonly checkpointed: number
}

// `startCheckpoints` alone starts this file.
const { path, flags: shared } = workerData as CheckpointsOrder
const flags = new Int32Array(shared)
const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
// Who writes leaves it to this thread to wait for the disk.
database.exec('pragma synchronous = full')
const look = database.prepare('pragma wal_checkpoint(noop)')
const copy = database.prepare('pragma wal_checkpoint(passive)')
const beginAnew = database.prepare('pragma wal_checkpoint(restart)')

try {
  let before = 0
  while (Atomics.wait(flags, STOP, 0, LOOK_MS) === 'timed-out') before = keepShort(before)
} finally {
  database.close()
  Atomics.store(flags, LOG_PAGES, 0)
  Atomics.store(flags, ENDED, 1)
  Atomics.notify(flags, ENDED)
}

/** Tells how long the log is; `before` is how long it was. */
function keepShort(before: number): number {
  const { log, checkpointed } = told(look.get())
  const isQuiet = log === before
  if (log > LONG_LOG && log > checkpointed) {
    Atomics.store(flags, LOG_PAGES, log)
    endLog()
  } else if (log - checkpointed >= WORTH || (isQuiet && log > checkpointed)) {
    copy.get()
  }
  Atomics.store(flags, LOG_PAGES, lengthNow())
  return log
}

/** Who writes without a pause would never let the log end by itself; who waits for `whenShort` lets it end at once. */
function endLog(): void {
  for (let copies = 0; copies < MOST_COPIES; copies++) {
    copy.get()
    const { log, checkpointed } = told(look.get())
    if (log - checkpointed > FEW && log < VERY_LONG) continue
    beginAnew.get()
    return
  }
}

/** A log that has been copied whole is begun anew by the next who writes. */
function lengthNow(): number {
  const { log, checkpointed } = told(look.get())
  return log > checkpointed ? log : 0
}

function told(row: unknown): Log {
  // The pragma answers one row of this shape.
  return row as Log
}
