// The synchronous SQL port: the same statements run on node:sqlite and on a Durable Object's SQLite.

export type SqlValue = string | number | null | Uint8Array

export type SqlRow = Readonly<Record<string, SqlValue>>

export interface Sql {
  /** Every row of a statement with `?` parameters (at most 100, see Durable Objects' limit). Blobs come as Uint8Array. */
  all<T extends object = SqlRow>(statement: string, ...parameters: readonly SqlValue[]): T[]
  /** Runs a statement and tells how many rows it changed. */
  run(statement: string, ...parameters: readonly SqlValue[]): { readonly changes: number }
  /** All or nothing; a nested call joins the outer transaction. */
  transaction<T>(work: () => T): T
  /** How large the database is, without what still stands in its log. */
  bytes(): number
}
