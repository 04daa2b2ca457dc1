// The settings of a profile with its secret opened, as what reads PowerSchool takes them.
import { unseal } from '../auth/sealing.ts'
import type { Config, ConnectedConfig } from '../config.ts'
import type { ProfileProblem, ProfileRecord } from '../store/profile.ts'
import type { Sql } from '../store/sql.ts'
import type { ProfileSettings } from './body.ts'
import { profileConfig } from './config.ts'
import { prefixOfEnvironment } from './environment-prefix.ts'
import { DEFAULT_PROFILE } from './ports.ts'

export interface OwnConfigOptions {
  /** The environment's. */
  readonly config: Config
  readonly runtime: {
    /** The profile's own. */
    readonly sealingKey: Uint8Array
    /** Left out where there is no store yet. */
    readonly sql?: Sql
  }
}

export interface OwnConfig {
  readonly config: ConnectedConfig
  /** What keeps it from syncing whatever its mapping is. */
  readonly fault: ProfileProblem | undefined
}

/** Undefined of the environment's profile, when it has no connection. */
export async function ownConfig(
  record: ProfileRecord,
  { config, runtime }: OwnConfigOptions,
): Promise<OwnConfig | undefined> {
  if (record.id === DEFAULT_PROFILE) {
    const { powerSchool } = config
    if (powerSchool === undefined) return undefined
    const { idPrefix, fault } = environmentPrefix(config, runtime.sql)
    return { config: { ...config, powerSchool, idPrefix }, fault }
  }
  // Written by the host only, as it was read by src/profiles/body-read.ts.
  const settings = record.settings as unknown as ProfileSettings
  const secret =
    record.sealedSecret === null ? undefined : await unseal(record.sealedSecret, runtime.sealingKey, record.id)
  return {
    config: profileConfig(config, settings, secret ?? ''),
    fault: secret === undefined ? SECRET_LOST : undefined,
  }
}

/** What stands before the ids of the environment's profile; with the fault, if what is published has another one. */
export function environmentPrefix({ idPrefix }: Pick<Config, 'idPrefix'>, sql: Sql | undefined) {
  return sql === undefined ? { idPrefix, fault: undefined } : prefixOfEnvironment(sql, idPrefix)
}

const SECRET_LOST: ProfileProblem = {
  code: 'powerschool-credentials',
  message: 'The client secret cannot be opened: it was sealed with another key.',
  remedy: 'Bring the sealing key back from a copy, or PATCH dataProvider.clientSecret.',
}
