// A profile as commands take it: by `--profile ID`, or the environment's.

import type { Config } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { type Log, silentLog } from '../log.ts'
import { hasDatabase, openDatabase, openSealingKey, storedProfiles } from '../node/files.ts'
import { readLayers, readMappingFiles } from '../node/mapping-files.ts'
import { nodeRuntime } from '../node/runtime.ts'
import { STORAGE } from '../oneroster/storage.ts'
import { isGroup } from '../profiles/is-group.ts'
import { profileKeys } from '../profiles/keys.ts'
import { createMappingShelf } from '../profiles/mapping-shelf.ts'
import { environmentPrefix } from '../profiles/own-config.ts'
import { mappingOf, type ProfileSource, sourceOf } from '../profiles/source.ts'
import { UNTOLD } from '../profiles/untold.ts'
import type { Runtime } from '../runtime.ts'
import { migrate } from '../store/migrations.ts'
import type { NodeSqlite } from '../store/node-sqlite.ts'
import { DEFAULT_PROFILE, findProfile, type ProfileRecord } from '../store/profile.ts'
import type { CommandInput } from './command.ts'

/** The option, for a command's table. */
export const PROFILE_OPTION = { profile: 'value' } as const
export const PROFILE_USAGE =
  '  --profile ID  another profile than the one of the settings; GET /admin/profiles lists them'

/** Refuses with `not-found` a profile that is not there. */
export function profileOption({ values }: Pick<CommandInput, 'values'>, config: Config): string {
  const { profile = DEFAULT_PROFILE } = values
  if (profile === DEFAULT_PROFILE || (storedProfiles(config).includes(profile) && hasDatabase(config, profile)))
    return profile
  const known = storedProfiles(config)
  throw new BridgeError('not-found', 'There is no profile of the id that --profile gives.', {
    remedy: known.length === 0 ? 'Leave --profile out: there are no others.' : `The profiles are ${known.join(', ')}.`,
  })
}

/** How the published records of a profile were made, as far as its settings tell now; a group has no mapping. */
export function storedMapping(id: string, sql: NodeSqlite, config: Config) {
  const mappings = createMappingShelf(readMappingFiles())
  const layers = id === DEFAULT_PROFILE && config.mapping !== undefined ? readLayers(config.mapping) : undefined
  const record = findProfile(sql) ?? { ...UNTOLD, id }
  if (isGroup(record.settings)) return { mapping: undefined, idPrefix: '' }
  const idPrefix = id === DEFAULT_PROFILE ? environmentPrefix(config, sql).idPrefix : record.settings.idPrefix
  const { mapping } = mappingOf(record, { mappings, layers, config, sql })
  return { mapping, idPrefix: typeof idPrefix === 'string' ? idPrefix : '' }
}

export interface OpenedProfile extends ProfileSource {
  readonly runtime: Runtime & { readonly sql: NodeSqlite }
  readonly record: ProfileRecord | undefined
}

/**
 * Opens the store of a profile, its settings and its mapping. Refuses with `settings-invalid` where it has no connection, and
 * with what keeps it from syncing.
 */
export async function openProfile(id: string, config: Config, log: Log): Promise<OpenedProfile> {
  const mappings = createMappingShelf(readMappingFiles())
  const layers = id === DEFAULT_PROFILE && config.mapping !== undefined ? readLayers(config.mapping) : undefined
  if (layers !== undefined) mappings.load(layers)
  const masterKey = openSealingKey(config)
  const sql = openDatabase(config, { profile: id })
  try {
    migrate(sql, STORAGE)
    const record = findProfile(sql)
    if (isGroup(record?.settings)) {
      throw new BridgeError('settings-invalid', 'The profile is a group, which has no PowerSchool of its own.', {
        remedy: `Name one of its members; the running server merges them: POST /admin/profiles/${id}/syncs.`,
      })
    }
    const { launch: _, ...given } = nodeRuntime({ config, profile: id, sql, log, sealingKey: masterKey })
    const runtime = { ...given, ...(await profileKeys(masterKey, id)), sql }
    const source = await sourceOf(record ?? { ...UNTOLD, id }, { config, mappings, layers, runtime })
    if (source === undefined) throw new BridgeError('settings-invalid', 'The profile has no connection to PowerSchool.')
    const { fault } = source
    if (fault !== undefined) {
      throw new BridgeError(fault.code === 'mapping-invalid' ? fault.code : 'settings-invalid', fault.message, {
        remedy: fault.remedy ?? '',
      })
    }
    return { ...source, runtime, record }
  } catch (error) {
    sql.close()
    throw error
  }
}

/** The same for a moment, without a store where there is none yet: a check makes none. */
export async function readProfile(id: string, config: Config): Promise<ProfileSource> {
  if (id === DEFAULT_PROFILE && !hasDatabase(config)) {
    const mappings = createMappingShelf(readMappingFiles())
    const layers = config.mapping === undefined ? undefined : readLayers(config.mapping)
    const source = await sourceOf(UNTOLD, { config, mappings, layers, runtime: { sealingKey: new Uint8Array() } })
    if (source !== undefined) return source
    throw new BridgeError('settings-invalid', 'The profile has no connection to PowerSchool.')
  }
  const opened = await openProfile(id, config, silentLog)
  opened.runtime.sql.close()
  return opened
}
