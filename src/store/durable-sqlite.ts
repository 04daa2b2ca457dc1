// The SQL port over the SQLite of a Durable Object.
import type { Sql, SqlRow, SqlValue } from './sql.ts'

/** What is used of a Durable Object's storage. */
export interface DurableStorage {
  readonly sql: {
    exec(statement: string, ...parameters: readonly (string | number | null | ArrayBuffer)[]): DurableCursor
    /** In bytes. */
    readonly databaseSize: number
  }
  transactionSync<T>(work: () => T): T
}

interface DurableCursor {
  toArray(): Record<string, string | number | null | ArrayBuffer>[]
}

/** Its writes are kept when the platform has confirmed them; it holds answers back until then. */
export function openDurableSqlite(storage: DurableStorage): Sql {
  const { sql } = storage
  let depth = 0
  const exec = (statement: string, parameters: readonly SqlValue[]) =>
    sql.exec(statement, ...parameters.map(asParameter)).toArray()
  return {
    all<T extends object = SqlRow>(statement: string, ...parameters: readonly SqlValue[]): T[] {
      const rows = exec(statement, parameters)
      for (const row of rows) {
        for (const name in row) {
          const value = row[name]
          // The rows are fresh objects of their own, so they may be changed.
          if (value instanceof ArrayBuffer) (row as Record<string, SqlValue>)[name] = new Uint8Array(value)
        }
      }
      // The caller's statement decides the row's shape; SQLite has no types to check it against.
      return rows as T[]
    },
    run(statement, ...parameters) {
      exec(statement, parameters)
      return {
        // Asked for by few, and only at once. The cursor's own count tells of indexes and triggers too.
        get changes() {
          return Number(exec('select changes() as n', [])[0]?.n)
        },
      }
    },
    transaction(work) {
      if (depth > 0) return work()
      depth = 1
      try {
        return storage.transactionSync(work)
      } finally {
        depth = 0
      }
    },
    bytes: () => sql.databaseSize,
  }
}

/** A view of a part of a buffer is that part. */
function asParameter(value: SqlValue): string | number | null | ArrayBuffer {
  if (!(value instanceof Uint8Array)) return value
  return value.slice().buffer
}
