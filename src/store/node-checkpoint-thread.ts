// The thread that copies the write-ahead log into the database file while others read and write.
import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { type CheckpointsOrder, ENDED, ENDING_LOG, STOP } from './node-checkpoints.ts'

const LOOK_MS = 100
/** Who writes waits meanwhile when the log is begun anew, and this thread for who writes. */
const BUSY_TIMEOUT_MS = 50
/** Pages in the log that are worth the waits for the disk: 16 MB. */
const WORTH = 2_000
/** Pages (64 MB) from which on the log is to be begun anew. */
const LONG_LOG = 8_000
/** The log is begun anew when so few pages are left to be copied that who writes hardly waits, or else when it is very long. */
const FEW = 200
const VERY_LONG = 64_000
const MOST_COPIES = 20
const SQLITE_BUSY = 5

interface Log {
  /** Pages in the log, and how many of them have been copied; -1 without a log. */
  readonly log: number
  readonly checkpointed: number
}

// `startCheckpoints` alone starts this file.
const { path, flags: shared } = workerData as CheckpointsOrder
const flags = new Int32Array(shared)
const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
database.exec('pragma synchronous = normal')
const look = database.prepare('pragma wal_checkpoint(noop)')
const copy = database.prepare('pragma wal_checkpoint(passive)')
const endOldLog = database.prepare('pragma wal_checkpoint(restart)')
/** Writes a page and changes nothing. */
const beginNewLog = database.prepare('pragma application_id = 0')

try {
  while (Atomics.wait(flags, STOP, 0, LOOK_MS) === 'timed-out') keepShort()
} finally {
  database.close()
  Atomics.store(flags, ENDING_LOG, 0)
  Atomics.store(flags, ENDED, 1)
  Atomics.notify(flags, ENDED)
}

/** A short log is left as it is, for whoever writes the first page of the next one waits for the disk. */
function keepShort(): void {
  const { log, checkpointed } = told(look.get())
  if (log > LONG_LOG && log > checkpointed) {
    Atomics.store(flags, ENDING_LOG, 1)
    endLog(checkpointed)
    // Ended or not: a reader may hold it up for ever, and who writes must not wait for that one.
    Atomics.store(flags, ENDING_LOG, 0)
  } else if (log - checkpointed >= WORTH) {
    copy.get()
    const now = told(look.get())
    if (now.log === now.checkpointed) beginAnew()
  }
}

/** Who writes without a pause would never let the log end by itself; who waits for `whenShort` lets it end at once. */
function endLog(copiedBefore: number): void {
  let copied = copiedBefore
  for (let copies = 0; copies < MOST_COPIES; copies++) {
    copy.get()
    const { log, checkpointed } = told(look.get())
    const isHeldUp = checkpointed === copied && log - checkpointed > FEW
    if (isHeldUp) return
    copied = checkpointed
    if (log - checkpointed > FEW && log < VERY_LONG) continue
    endOldLog.get()
    beginAnew()
    return
  }
}

/**
 * The first page of a log waits until the disk has the log's new head: before that, a power cut could bring back the old head with
 * the old log's beginning, whose pages are older than the file's. Written here, nobody who answers requests waits for it.
 */
function beginAnew(): void {
  try {
    beginNewLog.run()
  } catch (error) {
    // Then another one writes that page, and waits.
    if (!(error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY)) throw error
  }
}

function told(row: unknown): Log {
  // The pragma answers one row of this shape.
  return row as Log
}
