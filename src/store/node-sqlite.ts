// The SQL port over node:sqlite. One of the two files that know their database engine.
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { LRUCache } from 'lru-cache'
import { BridgeError } from '../errors.ts'
import { type Checkpoints, startCheckpoints } from './node-checkpoints.ts'
import type { Sql, SqlRow, SqlValue } from './sql.ts'

export interface NodeSqlite extends Sql {
  /**
   * For who writes much, between two transactions: waits while the write-ahead log is longer than it should be, so that it
   * cannot grow without bound. Without a checkpoint thread there is nothing to wait for.
   */
  whenLogIsShort(): Promise<void>
  close(): void
}

/** How long a statement waits for another process's write, for example the command line beside the server. */
const BUSY_TIMEOUT_MS = 5_000
const PAGE_CACHE_KIB = 32_768
/** Larger pages read a run of records faster; much larger ones write more for a small change. */
const PAGE_BYTES = 8_192
/** A checkpoint waits for the disk; a larger log has fewer of them. */
const LOG_PAGES = 4_000
/** The log's file is cut to this length when the log begins anew. */
const LOG_BYTES = 64 << 20
/** Each shape of filter is a statement of its own, and consumers may send as many shapes as they like. */
const STATEMENTS = 500
const MMAP_BYTES = 1 << 30

export interface NodeSqliteOptions {
  readonly busyTimeoutMs?: number
  /**
   * Has a thread of its own make the checkpoints (of a file, not of `:memory:`), for a commit that makes one waits for the
   * disk, 40 to 170 ms: for who answers requests meanwhile. It ends at `close`.
   */
  readonly hasCheckpointThread?: boolean
}

/**
 * Opens (or makes) a database file in WAL mode; `:memory:` for tests.
 * WAL with `synchronous = normal` loses no commit when the process is killed, and stays consistent at a power cut.
 */
export function openNodeSqlite(
  path: string,
  { busyTimeoutMs = BUSY_TIMEOUT_MS, hasCheckpointThread = false }: NodeSqliteOptions = {},
): NodeSqlite {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs })
  database.exec(`
    pragma page_size = ${PAGE_BYTES};
    pragma journal_mode = wal;
    pragma synchronous = normal;
    pragma wal_autocheckpoint = ${LOG_PAGES};
    pragma journal_size_limit = ${LOG_BYTES};
    pragma temp_store = memory;
    pragma cache_size = -${PAGE_CACHE_KIB};
    pragma mmap_size = ${MMAP_BYTES};
    pragma foreign_keys = off;
  `)
  const checkpoints = hasCheckpointThread ? startCheckpointThread(database, path) : undefined
  const statements = new LRUCache<string, StatementSync>({ max: STATEMENTS })
  let depth = 0

  const prepared = (text: string): StatementSync => {
    let statement = statements.get(text)
    if (statement === undefined) {
      statement = database.prepare(text)
      statements.set(text, statement)
    }
    return statement
  }

  return {
    all<T extends object = SqlRow>(text: string, ...parameters: readonly SqlValue[]): T[] {
      try {
        // The caller's statement decides the row's shape; SQLite has no types to check it against.
        return prepared(text).all(...parameters) as T[]
      } catch (error) {
        throw worldly(error)
      }
    },
    run(text, ...parameters) {
      try {
        return { changes: Number(prepared(text).run(...parameters).changes) }
      } catch (error) {
        throw worldly(error)
      }
    },
    transaction(work) {
      if (depth > 0) return work()
      try {
        database.exec('begin immediate')
        depth = 1
        const result = work()
        database.exec('commit')
        return result
      } catch (error) {
        // A full disk has rolled back already.
        if (database.isTransaction) database.exec('rollback')
        throw worldly(error)
      } finally {
        depth = 0
      }
    },
    whenLogIsShort: async () => checkpoints?.whenShort(),
    close() {
      checkpoints?.stop()
      statements.clear()
      // The last to close makes a checkpoint.
      waitForDisk(database, true)
      database.close()
    },
  }
}

/**
 * This connection makes no checkpoints then, and so need not wait for the disk at all: whenever the log begins anew, that
 * would take some 100 ms. The thread has the log on the disk before it copies a page into the file, and the file before the log may
 * begin anew, so that after a power cut the file is whole; the last commits may be missing, as they may be without the thread.
 */
function startCheckpointThread(database: DatabaseSync, path: string): Checkpoints {
  const makeCheckpoints = (isHere: boolean) => {
    waitForDisk(database, isHere)
    database.exec(`pragma wal_autocheckpoint = ${isHere ? LOG_PAGES : 0}`)
  }
  makeCheckpoints(false)
  return startCheckpoints(path, () => makeCheckpoints(true))
}

function waitForDisk(database: DatabaseSync, isWanted: boolean): void {
  database.exec(`pragma synchronous = ${isWanted ? 'normal' : 'off'}`)
}

const CHECK_DISK = 'Free space on the disk of DATA_DIR, or move DATA_DIR to a larger one.'
const CHECK_FILE =
  'Check that the folder DATA_DIR and the files in it belong to the user that runs the bridge, and the disk.'

/** SQLite's result codes that speak of the world and not of the statement → what happened, what to do. */
const FAILURES: Readonly<Record<number, readonly [message: string, remedy: string]>> = {
  5: ['The database is locked by another process.', 'Wait for the other command to end.'],
  8: ['The database file cannot be written.', CHECK_FILE],
  10: ['The disk failed to read or write the database file.', CHECK_FILE],
  11: [
    'The database file is damaged.',
    'Restore it from a backup, or move it away: the bridge then reads everything anew.',
  ],
  13: ['The disk is full.', CHECK_DISK],
  14: ['The database file cannot be opened.', CHECK_FILE],
  26: ['The file in DATA_DIR is no database.', 'Restore it from a backup, or move it away.'],
}

/** A `store-failed` for what the world did to the file; any other error as it is. */
function worldly(error: unknown): unknown {
  // The low byte of an extended result code is the code itself.
  const code =
    error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0
  const [message, remedy] = FAILURES[code] ?? []
  return message === undefined
    ? error
    : new BridgeError('store-failed', message, { remedy: remedy ?? '', cause: error })
}
