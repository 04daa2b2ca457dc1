// The SQL port over node:sqlite. One of the two files that know their database engine.
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Sql, SqlRow, SqlValue } from './sql.ts'

export interface NodeSqlite extends Sql {
  close(): void
}

/** How long a statement waits for another process's write, for example the command line beside the server. */
const BUSY_TIMEOUT_MS = 5_000
const PAGE_CACHE_KIB = 32_768
/** Larger pages read a run of records faster; much larger ones write more for a small change. */
const PAGE_BYTES = 8_192
/** A checkpoint waits for the disk; a larger log has fewer of them. */
const LOG_PAGES = 4_000
const MMAP_BYTES = 1 << 30

/**
 * Opens (or makes) a database file in WAL mode; `:memory:` for tests.
 * WAL with `synchronous = normal` loses no commit when the process is killed, and stays consistent at a power cut.
 */
export function openNodeSqlite(path: string): NodeSqlite {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  database.exec(`
    pragma page_size = ${PAGE_BYTES};
    pragma journal_mode = wal;
    pragma synchronous = normal;
    pragma wal_autocheckpoint = ${LOG_PAGES};
    pragma temp_store = memory;
    pragma cache_size = -${PAGE_CACHE_KIB};
    pragma mmap_size = ${MMAP_BYTES};
    pragma foreign_keys = off;
  `)
  const statements = new Map<string, StatementSync>()
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
      // The caller's statement decides the row's shape; SQLite has no types to check it against.
      return prepared(text).all(...parameters) as T[]
    },
    run(text, ...parameters) {
      return { changes: Number(prepared(text).run(...parameters).changes) }
    },
    transaction(work) {
      if (depth > 0) return work()
      database.exec('begin immediate')
      depth = 1
      try {
        const result = work()
        database.exec('commit')
        return result
      } catch (error) {
        database.exec('rollback')
        throw error
      } finally {
        depth = 0
      }
    },
    close() {
      statements.clear()
      database.close()
    },
  }
}
