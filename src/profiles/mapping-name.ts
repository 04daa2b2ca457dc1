// Names the mapping of a profile by the texts that it is made of, which takes no reading of them.
import type { Config } from '../config.ts'
import { mappingSettings } from '../mapping-settings.ts'
import type { ProfileRecord } from '../store/profile.ts'
import { VERSION } from '../version.ts'
import type { ProfileHostOptions } from './ports.ts'

/** Lower-case hex SHA-256. */
export async function textDigest(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export interface NameOptions extends Pick<ProfileHostOptions, 'layers' | 'mappings'> {
  /** The profile's own. */
  readonly config: Config
}

/**
 * Another name for every mapping, for every version of the bridge, which may read it otherwise, and for all else that decides
 * what the rows become and what is asked for. The same settings in another order may have two.
 */
export async function mappingName({ settings }: ProfileRecord, options: NameOptions): Promise<string> {
  const { config, layers, mappings } = options
  const { mapping, settings: given, identitySynchronizationConfiguration: identity, idPrefix } = settings
  const own = { mapping, given, identity, idPrefix, layers: layers?.layers }
  const asked = [mappingSettings(config), config.powerSchoolTemplate, config.plugin.queries, config.idPrefix]
  return textDigest(JSON.stringify([VERSION, await mappings.digest(), own, asked]))
}
