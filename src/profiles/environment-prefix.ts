// The id prefix of the environment's profile: fixed from its first snapshot on, whatever ID_PREFIX says later.
import { readMeta, writeMeta } from '../store/meta.ts'
import type { ProfileProblem } from '../store/profile.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'

export interface PrefixInUse {
  /** Of the records that are published, or that will be; empty for none. */
  readonly idPrefix: string
  /** ID_PREFIX says another one: the profile must not sync, though it serves what is published. */
  readonly fault: ProfileProblem | undefined
}

const META = 'id-prefix'

/** `configured` is what ID_PREFIX says. What is published tells, and before the first publish the setting. */
export function prefixOfEnvironment(sql: Sql, configured: string): PrefixInUse {
  if (currentSnapshot(sql) === undefined) return { idPrefix: configured, fault: undefined }
  // A store of an earlier version of the bridge has none.
  const ofRecords = readMeta(sql, META) ?? ''
  if (ofRecords === configured) return { idPrefix: configured, fault: undefined }
  return { idPrefix: ofRecords, fault: otherPrefix(ofRecords) }
}

/** In the transaction that publishes records with this prefix. */
export function keepPrefix(sql: Sql, idPrefix: string): void {
  if (readMeta(sql, META) !== idPrefix) writeMeta(sql, META, idPrefix)
}

function otherPrefix(ofRecords: string): ProfileProblem {
  const [found, back] =
    ofRecords === ''
      ? ['with no prefix', 'Unset ID_PREFIX']
      : [`with the prefix ${ofRecords}`, `Set ID_PREFIX to ${ofRecords} again`]
  return {
    code: 'settings-invalid',
    message: `ID_PREFIX cannot be changed: every record would leave under one id and come back under another. The records are published ${found}, and are served on.`,
    remedy: `${back}. For other ids, make a profile of its own of that server: POST /admin/profiles with another \`idPrefix\`.`,
  }
}
