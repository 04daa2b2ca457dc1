// Remembers which mapping was found to be right, and to be the one that the snapshot was made by: so that it need not be compiled
// to know that again.
import { readMeta, writeMeta } from '../store/meta.ts'
import type { Sql } from '../store/sql.ts'
import { MAPPED } from '../sync/last-mapped.ts'

const META = 'known-mapping'

export interface KnownMapping {
  /** Whether this mapping has no fault, and mapping the rows that are there by it would make nothing new. */
  has(): boolean
  /** To be called when that was found. */
  keep(): void
}

/** `name` is another one for every mapping, and whatever else decides what it makes of the same rows. */
export function openKnownMapping(sql: Sql, name: string): KnownMapping {
  // Another version of the bridge, or a command with other settings, may have mapped meanwhile.
  const found = () => `${name} ${readMeta(sql, MAPPED) ?? ''}`
  const has = () => readMeta(sql, META) === found()
  return {
    has,
    keep() {
      if (!has()) writeMeta(sql, META, found())
    },
  }
}
