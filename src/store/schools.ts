// The schools of the current snapshot, by the names under which a consumer can be narrowed to them.
import { readMeta, writeMeta } from './meta.ts'
import { currentSnapshot } from './snapshots.ts'
import type { Sql } from './sql.ts'

export interface KnownSchool {
  readonly sourcedId: string
  /** PowerSchool's school number; null when the mapping gives none, or numbers name none here. */
  readonly identifier: string | null
}

const BY_ID_ALONE = 'schools-by-id-alone'

/** From now on sourcedIds alone name schools: the store holds several districts, whose schools may have the same number. */
export function nameSchoolsById(sql: Sql): void {
  if (readMeta(sql, BY_ID_ALONE) === undefined) writeMeta(sql, BY_ID_ALONE, '1')
}

/** Every active school, by number; undefined before the first snapshot, when nobody can know. */
export function knownSchools(sql: Sql): readonly KnownSchool[] | undefined {
  const snapshot = currentSnapshot(sql)
  if (snapshot === undefined) return undefined
  return sql.all<KnownSchool>(
    `select sourcedId, ${readMeta(sql, BY_ID_ALONE) === undefined ? 'identifier' : 'null as identifier'} from records_orgs
     where type = 'school' and status = 'active' and born <= ? and died > ?
     order by length(identifier), identifier, sourcedId`,
    snapshot.generation,
    snapshot.generation,
  )
}
