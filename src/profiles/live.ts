// What serves and syncs a profile: made of its settings as they are now.
import type { Config } from '../config.ts'
import type { Layers } from '../mapping/files/layers.ts'
import type { Runtime } from '../runtime.ts'
import type { ProfileProblem, ProfileRecord } from '../store/profile.ts'
import { whenNeeded } from '../when-needed.ts'
import type { ConnectionOutcome } from './connection.ts'
import { createDistrictBridge } from './district-bridge.ts'
import { isGroup } from './is-group.ts'
import { openKnownMapping } from './known-mapping.ts'
import { mappingName } from './mapping-name.ts'
import { type OwnConfig, ownConfig } from './own-config.ts'
import type { Mappings, ProfileBridge, ProfileHandle } from './ports.ts'
import { beginWithSettings } from './settings-name.ts'

export interface Live {
  readonly bridge: ProfileBridge
  /** Answers what other profiles ask of this kind; undefined for what they ask of every one. */
  readonly internal: (request: Request) => Response | undefined
  /** Before every sourcedId of its records; empty for none. */
  readonly idPrefix: string
  /** The address of the server whose rows it reads; a group reads none. */
  readonly server: string | undefined
  /** Whether `learn` has nothing to load. */
  isKnown(): boolean
  /** Finds out what `fault` and the start of the schedule need to know; loads the mapping, unless it was found right before. */
  learn(): Promise<void>
  /** Why it must not sync, though it serves what is published: as far as it was learnt. */
  fault(): ProfileProblem | undefined
  /** Whether it can be provisioned. `signal` ends the asking with `sync-stopped`. */
  check(signal: AbortSignal): Promise<ConnectionOutcome>
}

export interface LiveOptions {
  /** The environment's. */
  readonly config: Config
  readonly runtime: Runtime
  readonly publicUrl: string
  readonly mappings: Mappings
  /** What MAPPING names. */
  readonly layers: Layers | undefined
  /** Opens another profile, for groups. */
  readonly open: (id: string) => Promise<ProfileHandle | undefined>
}

/** Undefined where there are no settings: of the environment's profile, when it has no connection. */
export async function openLive(record: ProfileRecord, options: LiveOptions): Promise<Live | undefined> {
  if (isGroup(record.settings)) {
    const { openLiveGroup } = await import('./live-group.ts')
    return openLiveGroup(record.id, record.settings, options)
  }
  const own = await ownConfig(record, options)
  return own && openDistrict(record, own, options)
}

async function openDistrict(record: ProfileRecord, own: OwnConfig, options: LiveOptions): Promise<Live> {
  const { config } = own
  const { runtime, publicUrl, mappings, layers } = options
  const { sql } = runtime
  const mapping = whenNeeded(async () => {
    const [{ mappingOf }, shelf] = await Promise.all([import('./source.ts'), mappings.open()])
    return mappingOf(record, { mappings: shelf, layers, config: options.config, sql })
  })
  const name = await mappingName(record, { config, layers, mappings })
  beginWithSettings(sql, name)
  const known = openKnownMapping(sql, name)
  const bridge = createDistrictBridge({ config, runtime, publicUrl, mapping, known })
  const isKnown = () => bridge.isLoaded() || known.has()
  if (mappings.isAtHand) await bridge.load()
  return {
    bridge,
    internal: () => undefined,
    idPrefix: config.idPrefix,
    server: config.powerSchool.url,
    isKnown,
    async learn() {
      if (!isKnown()) await bridge.load()
    },
    fault: () => own.fault ?? bridge.fault(),
    async check(signal) {
      const [{ checkProfile }, loaded] = await Promise.all([import('./connection.ts'), mapping()])
      const problem = own.fault ?? loaded.fault
      if (problem !== undefined) return { ok: false, problem, mayPass: false }
      return checkProfile({ config, mapping: loaded.mapping, runtime, signal })
    },
  }
}
