// What serves and syncs a profile: made of its settings as they are now.
import { unseal } from '../auth/sealing.ts'
import { type BridgeOptions, createBridge, type Runtime } from '../bridge.ts'
import type { Config, ConnectedConfig } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { createGroupBridge } from '../groups/group-bridge.ts'
import { type Layers, NO_LAYERS } from '../mapping/files/layers.ts'
import { type Mapping, withIdPrefix } from '../mapping/run/compile.ts'
import type { ProfileProblem, ProfileRecord } from '../store/profile.ts'
import { type DefaultSettings, orgOf, type ProfileSettings } from './body.ts'
import { defaultLayers, groupConfig, profileConfig, profileLayers } from './config.ts'
import { type ConnectionOutcome, checkProfile } from './connection.ts'
import { type GroupBody, isGroup } from './group-body.ts'
import type { MappingShelf } from './mapping-shelf.ts'
import { DEFAULT_PROFILE, type ProfileBridge, type ProfileHandle } from './ports.ts'

export interface Live {
  readonly bridge: ProfileBridge
  /** Answers what other profiles ask of this kind; undefined for what they ask of every one. */
  readonly internal: (request: Request) => Response | undefined
  /** Why it must not sync, though it serves what is published. */
  readonly fault: ProfileProblem | undefined
  /** The address of the server whose rows it reads; a group reads none. */
  readonly server: string | undefined
  /** Whether it can be provisioned. `signal` ends the asking with `sync-stopped`. */
  check(signal: AbortSignal): Promise<ConnectionOutcome>
}

export interface LiveOptions {
  readonly config: Config
  readonly runtime: Runtime
  readonly publicUrl: string
  readonly mappings: MappingShelf
  /** What MAPPING names. */
  readonly layers: Layers | undefined
  readonly createBridge: ((options: BridgeOptions) => ProfileBridge) | undefined
  /** Opens another profile, for groups. */
  readonly open: (id: string) => Promise<ProfileHandle | undefined>
}

/** Undefined where there are no settings: of the environment's profile, when it has no connection. */
export async function openLive(record: ProfileRecord, options: LiveOptions): Promise<Live | undefined> {
  if (isGroup(record.settings)) return openGroup(record.id, record.settings, options)
  const source = await sourceOf(record, options)
  if (source === undefined) return undefined
  const { config, mapping, fault } = source
  const { runtime, publicUrl } = options
  const bridge = (options.createBridge ?? createBridge)({ config, mapping, runtime, publicUrl })
  return {
    bridge,
    fault,
    server: config.powerSchool.url,
    internal: () => undefined,
    check: async (signal) =>
      fault === undefined
        ? checkProfile({ config, mapping, runtime, signal })
        : { ok: false, problem: fault, mayPass: false },
  }
}

/** Whether its members are there was asked when they were named, and is told by each sync. */
function openGroup(id: string, settings: GroupBody, { config, runtime, publicUrl, open }: LiveOptions): Live {
  const bridge = createGroupBridge({
    config: groupConfig(config, settings),
    runtime,
    publicUrl,
    open,
    group: { id, members: settings.dataProvider.profiles, org: orgOf(settings) },
  })
  return { bridge, fault: undefined, server: undefined, internal: bridge.internal, check: async () => ({ ok: true }) }
}

export interface ProfileSource {
  readonly config: ConnectedConfig
  readonly mapping: Mapping
  readonly fault: ProfileProblem | undefined
}

type SourceOptions = Pick<LiveOptions, 'config' | 'mappings' | 'layers'> & {
  readonly runtime: Pick<Runtime, 'sealingKey'>
}

/** The settings and the mapping of a profile. With a fault the mapping is the default one: what is published is served on. */
export async function sourceOf(record: ProfileRecord, options: SourceOptions): Promise<ProfileSource | undefined> {
  const { runtime } = options
  if (record.id === DEFAULT_PROFILE) {
    const { powerSchool } = options.config
    return powerSchool && { config: { ...options.config, powerSchool }, ...mappingOf(record, options) }
  }
  // Written by the host only, as it was read by src/profiles/body.ts.
  const settings = record.settings as unknown as ProfileSettings
  const secret =
    record.sealedSecret === null ? undefined : await unseal(record.sealedSecret, runtime.sealingKey, record.id)
  const config = profileConfig(options.config, settings, secret ?? '')
  const { mapping, fault } = mappingOf(record, options)
  return { config, mapping, fault: secret === undefined ? SECRET_LOST : fault }
}

/** The mapping of a profile, with its id prefix. */
export function mappingOf(
  { id, settings }: Pick<ProfileRecord, 'id' | 'settings'>,
  { mappings, layers }: Pick<LiveOptions, 'mappings' | 'layers'>,
): Pick<ProfileSource, 'mapping' | 'fault'> {
  // Written by the host only, as it was read by src/profiles/body.ts.
  if (id === DEFAULT_PROFILE) {
    // What the environment names is refused at the start, where a person looks.
    if (layers !== undefined) return { mapping: mappings.load(layers), fault: undefined }
    return load(mappings, () => defaultLayers(settings as DefaultSettings))
  }
  const own = settings as unknown as ProfileSettings
  const { mapping, fault } = load(mappings, () => profileLayers(own))
  return { mapping: withIdPrefix(mapping, own.idPrefix ?? ''), fault }
}

/** A mapping that was stored when it was right may be wrong to another version of the bridge. */
function load(mappings: MappingShelf, layers: () => Layers): Pick<ProfileSource, 'mapping' | 'fault'> {
  try {
    return { mapping: mappings.load(layers()), fault: undefined }
  } catch (error) {
    if (!(error instanceof BridgeError) || error.code !== 'mapping-invalid') throw error
    const { code, message } = error
    const remedy = 'PATCH `mapping` or `settings` of the profile; what is published is served meanwhile.'
    return { mapping: mappings.load(NO_LAYERS), fault: { code, message, remedy } }
  }
}

const SECRET_LOST: ProfileProblem = {
  code: 'powerschool-credentials',
  message: 'The client secret cannot be opened: it was sealed with another key.',
  remedy: 'Bring the sealing key back from a copy, or PATCH dataProvider.clientSecret.',
}
