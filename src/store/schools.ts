// The schools of the current snapshot, by the names under which a consumer can be narrowed to them.
import { currentSnapshot } from './snapshots.ts'
import type { Sql } from './sql.ts'

export interface KnownSchool {
  readonly sourcedId: string
  /** PowerSchool's school number; null when the mapping gives none. */
  readonly identifier: string | null
}

/** Every active school, by number; undefined before the first snapshot, when nobody can know. */
export function knownSchools(sql: Sql): readonly KnownSchool[] | undefined {
  const snapshot = currentSnapshot(sql)
  if (snapshot === undefined) return undefined
  return sql.all<KnownSchool>(
    `select sourcedId, identifier from records_orgs
     where type = 'school' and status = 'active' and born <= ? and died > ?
     order by length(identifier), identifier, sourcedId`,
    snapshot.generation,
    snapshot.generation,
  )
}
