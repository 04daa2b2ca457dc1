// The mapping of a profile as commands take it: its own layers and settings, or another layer in the place of its own.
import type { Config } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { loadMapping } from '../load-mapping.ts'
import type { Layers } from '../mapping/files/layers.ts'
import { type Mapping, withIdPrefix } from '../mapping/run/compile.ts'
import { hasDatabase, openDatabase } from '../node/files.ts'
import { readLayers, readMappingFiles } from '../node/mapping-files.ts'
import { STORAGE } from '../oneroster/storage.ts'
import { type DefaultSettings, ownSettings, type ProfileSettings } from '../profiles/body.ts'
import { profileConfig } from '../profiles/config.ts'
import { isGroup } from '../profiles/is-group.ts'
import { layersOf, withSettings } from '../profiles/layers.ts'
import { environmentPrefix } from '../profiles/own-config.ts'
import { migrate } from '../store/migrations.ts'
import { DEFAULT_PROFILE, findProfile } from '../store/profile.ts'
import type { CommandInput } from './command.ts'
import { PROFILE_USAGE, profileOption } from './profile.ts'
import { localSettings } from './settings.ts'

export interface OwnMapping {
  readonly profile: string
  /** Of the profile, over the environment's; its client secret is not opened. */
  readonly config: Config
  /** What goes over the default mapping. */
  readonly layers: Layers
  /** Checks and compiles it. Refuses with `mapping-invalid` and every diagnostic. */
  load(): Mapping
}

export const OWN_USAGE = [
  PROFILE_USAGE,
  "  --mapping FILE  a layer over the default mapping, instead of the profile's own (of the one that MAPPING names)",
].join('\n')

/** Of no profile: for who writes layers, where nothing is set and no store is. */
export function filesAlone(layer: string | undefined): Pick<OwnMapping, 'layers' | 'load'> {
  // As `config.ts` reads it, where a blank setting counts as not set.
  const layers = readLayers(layer ?? (process.env.MAPPING?.trim() || undefined))
  return { layers, load: () => loadMapping(readMappingFiles(), layers) }
}

/**
 * Of the profile that `--profile` names, or the environment's; what its store holds counts, if it has one. `--mapping` tries a
 * file in the place of the profile's layers, below its settings, as a PATCH of `mapping` would. Refuses with `not-found` a
 * profile that is not there, and with `settings-invalid` a group, whose members have the mappings.
 */
export function ownMapping(input: Pick<CommandInput, 'values'>): OwnMapping {
  const environment = localSettings()
  const profile = profileOption(input, environment)
  const { settings, idPrefix } = readStored(environment, profile)
  const { mapping: tried } = input.values
  if (isGroup(settings)) {
    throw new BridgeError(
      'settings-invalid',
      'The profile is a group, which has no mapping and no plugin of its own.',
      {
        remedy: `Name one of its members: --profile ${settings.dataProvider.profiles.join(' or --profile ')}.`,
      },
    )
  }
  const isDefault = profile === DEFAULT_PROFILE
  // Written by the host only, as it was read by src/profiles/body-read.ts.
  const own = settings as unknown as ProfileSettings
  const config = isDefault ? environment : profileConfig(environment, own, '')
  const values = isDefault ? ((settings as DefaultSettings).settings ?? {}) : ownSettings(own)
  const layers =
    isDefault && environment.mapping !== undefined
      ? readLayers(tried ?? environment.mapping)
      : withSettings(tried === undefined ? layersOf(own.mapping?.layers ?? []).found : readLayers(tried), values)
  return { profile, config, layers, load: () => withIdPrefix(loadMapping(readMappingFiles(), layers), idPrefix) }
}

/** Nothing is made where there is no store yet. */
function readStored(config: Config, profile: string) {
  if (!hasDatabase(config, profile)) return { settings: {}, idPrefix: config.idPrefix }
  const sql = openDatabase(config, { profile })
  try {
    migrate(sql, STORAGE)
    const settings = findProfile(sql)?.settings ?? {}
    if (profile === DEFAULT_PROFILE) return { settings, idPrefix: environmentPrefix(config, sql).idPrefix }
    const { idPrefix } = settings
    return { settings, idPrefix: typeof idPrefix === 'string' ? idPrefix : '' }
  } finally {
    sql.close()
  }
}
