// The SQL port over node:sqlite.
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { LRUCache } from 'lru-cache'
import { BridgeError } from '../errors.ts'
import { type Checkpoints, startCheckpoints } from './node-checkpoints.ts'
import type { Sql, SqlRow, SqlValue } from './sql.ts'

export interface NodeSqlite extends Sql {
  /**
   * For who writes much, between two transactions: waits while the checkpoint thread ends a write-ahead log that has become
   * long, so that it does not grow on and on. Never waits for a reader that holds it up. Without a thread there is nothing to
   * wait for.
   */
  whenLogIsShort(): Promise<void>
  /**
   * Whether pages are read where the system has mapped the file, which is faster for lists (by a third, measured) and counts as
   * memory of this process. Not unless told.
   */
  mapFile(isMapped: boolean): void
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
    bytes: () =>
      Number(prepared('select page_count * page_size as n from pragma_page_count(), pragma_page_size()').get()?.n),
    whenLogIsShort: async () => checkpoints?.whenShort(),
    mapFile: (isMapped) => database.exec(`pragma mmap_size = ${isMapped ? MMAP_BYTES : 0}`),
    close() {
      checkpoints?.stop()
      statements.clear()
      database.close()
    },
  }
}

/**
 * This connection makes no checkpoints then. It waits for the disk only when it writes the first page of a new log, which the
 * thread mostly does before; that one wait cannot be spared, see there.
 */
function startCheckpointThread(database: DatabaseSync, path: string): Checkpoints {
  const makeCheckpoints = (afterPages: number) => database.exec(`pragma wal_autocheckpoint = ${afterPages}`)
  makeCheckpoints(0)
  return startCheckpoints(path, () => makeCheckpoints(LOG_PAGES))
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
