// What the snapshot was mapped by, in the store.
import { readMeta, writeMeta } from '../store/meta.ts'
import type { Sql } from '../store/sql.ts'

export interface MappedBy {
  /** Of the mapping, layers and all: SHA-256 in hex. */
  readonly version: string
  /** The district's day on which it was mapped, `YYYY-MM-DD`. */
  readonly today: string
  /** By collection, a digest of all that decides its records besides the rows and the day. */
  readonly collections: Readonly<Record<string, string>>
}

/** Its name among the single values of a profile. */
export const MAPPED = 'mapped'

/** What the snapshot was mapped by; undefined before the first, and for one of an earlier version of the bridge. */
export function lastMapped(sql: Sql): MappedBy | undefined {
  const text = readMeta(sql, MAPPED)
  // Written by `keepMapped` only.
  return text === undefined ? undefined : (JSON.parse(text) as MappedBy)
}

export function keepMapped(sql: Sql, mapped: MappedBy): void {
  writeMeta(sql, MAPPED, JSON.stringify(mapped))
}
