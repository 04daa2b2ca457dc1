// What a profile is made of: its settings, and its mapping, checked and compiled.
import type { Config, ConnectedConfig } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { type Layers, NO_LAYERS } from '../mapping/files/layers.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import type { ProfileProblem, ProfileRecord } from '../store/profile.ts'
import type { Sql } from '../store/sql.ts'
import type { DefaultSettings, ProfileSettings } from './body.ts'
import type { MappingShelf } from './mapping-shelf.ts'
import { environmentPrefix, type OwnConfigOptions, ownConfig } from './own-config.ts'
import { defaultLayers, profileLayers } from './own-layers.ts'
import { DEFAULT_PROFILE } from './ports.ts'

export interface LoadedMapping {
  /** With a fault the default one: what is published is served, and explained, on. */
  readonly mapping: Mapping
  readonly fault: ProfileProblem | undefined
}

export interface ProfileSource extends LoadedMapping {
  readonly config: ConnectedConfig
}

interface MappingOptions {
  readonly mappings: MappingShelf
  /** What MAPPING names. */
  readonly layers: Layers | undefined
  /** The environment's. */
  readonly config: Pick<Config, 'idPrefix'>
  /** The profile's store, where there is one. */
  readonly sql?: Sql
}

/** Undefined where there is no connection: of the environment's profile, when it has none. */
export async function sourceOf(
  record: ProfileRecord,
  options: OwnConfigOptions & Pick<MappingOptions, 'mappings' | 'layers'>,
): Promise<ProfileSource | undefined> {
  const own = await ownConfig(record, options)
  if (own === undefined) return undefined
  const { mapping, fault } = mappingOf(record, { ...options, ...options.runtime })
  return { config: own.config, mapping, fault: own.fault ?? fault }
}

/** The mapping of a profile, with its id prefix. */
export function mappingOf(
  { id, settings }: Pick<ProfileRecord, 'id' | 'settings'>,
  { mappings, layers, config, sql }: MappingOptions,
): LoadedMapping {
  // Written by the host only, as it was read by src/profiles/body-read.ts.
  const own = settings as unknown as ProfileSettings
  const isDefault = id === DEFAULT_PROFILE
  const idPrefix = isDefault ? environmentPrefix(config, sql).idPrefix : (own.idPrefix ?? '')
  // What the environment names is refused at the start, where a person looks.
  if (isDefault && layers !== undefined) return { mapping: mappings.load(layers, idPrefix), fault: undefined }
  const ownLayers = () => (isDefault ? defaultLayers(settings as DefaultSettings) : profileLayers(own))
  return load(mappings, ownLayers, idPrefix)
}

/** A mapping that was stored when it was right may be wrong to another version of the bridge. */
function load(mappings: MappingShelf, layers: () => Layers, idPrefix: string): LoadedMapping {
  try {
    return { mapping: mappings.load(layers(), idPrefix), fault: undefined }
  } catch (error) {
    if (!(error instanceof BridgeError) || error.code !== 'mapping-invalid') throw error
    const { code, message } = error
    const remedy = 'PATCH `mapping` or `settings` of the profile; what is published is served meanwhile.'
    return { mapping: mappings.load(NO_LAYERS, idPrefix), fault: { code, message, remedy } }
  }
}
