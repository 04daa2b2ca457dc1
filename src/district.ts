// What makes the roster of a district: PowerSchool is read, its rows are mapped, and the records are published.
import type { ConnectedConfig } from './config.ts'
import { BridgeError } from './errors.ts'
import type { Mapping } from './mapping/run/compile.ts'
import { mappingSettings } from './mapping-settings.ts'
import type { Collection } from './oneroster/model.ts'
import { createPresenters } from './oneroster/present.ts'
import { createPowerSchoolClient, type PowerSchoolClient } from './powerschool/client.ts'
import { keepPrefix } from './profiles/environment-prefix.ts'
import type { RosterMaker } from './serving.ts'
import type { ProfileProblem } from './store/profile.ts'
import type { SyncContext } from './sync/context.ts'
import { isNewMapping } from './sync/crawl-reuse.ts'
import { stagedInput } from './sync/staged-input.ts'
import { runSync, runSyncOf } from './sync/sync.ts'
import { publishContext, rosterMaker, type WireOptions } from './wiring.ts'

export interface DistrictOptions extends WireOptions {
  readonly config: ConnectedConfig
  readonly mapping: Mapping
  /** What is wrong with the mapping that was meant: nothing is made by this one, which only explains. */
  readonly fault?: ProfileProblem | undefined
}

export interface District {
  readonly maker: RosterMaker
  readonly client: PowerSchoolClient
  readonly sync: SyncContext
}

export function createDistrict({ mapping, fault, ...options }: DistrictOptions): District {
  const { config, runtime } = options
  const { now, log } = runtime
  const client = createPowerSchoolClient({
    ...config.powerSchool,
    fetch: runtime.fetch,
    concurrency: config.powerSchoolConcurrency,
    minIntervalMs: config.powerSchoolMinIntervalMs,
    now,
    sleep: runtime.sleep,
    random: runtime.random,
    log,
  })
  const sync: SyncContext = {
    ...publishContext(options),
    alsoKeep: () => keepPrefix(runtime.sql, config.idPrefix),
    mapping,
    client,
    settings: mappingSettings(config),
    templateSetting: config.powerSchoolTemplate,
    queryPrefix: config.plugin.queries,
    present: createPresent(),
  }
  const maker = rosterMaker(sync, {
    run: (id, signal, { kind, step }) =>
      fault === undefined
        ? runSync(sync, id, signal, { isMapOnly: kind === 'map', step })
        : runSyncOf(sync, id, { signal, step, prepare: () => Promise.reject(refusalOf(fault)) }),
    isNewMapping: () => fault === undefined && isNewMapping(sync),
    mapping,
    stagedInput: () => stagedInput(sync),
    powerSchoolRequests: () => client.requests,
  })
  return { maker, client, sync }
}

/** Mapped records as the store keeps them. It remembers the orgs that pass, so a run has one of its own. */
export function createPresent(): SyncContext['present'] {
  const presenters = createPresenters()
  return (record) => ({
    sourcedId: record.sourcedId,
    // The checker lets no rule name a collection that the model lacks.
    ...presenters[record.collection as Collection](record),
  })
}

function refusalOf({ message, remedy }: ProfileProblem): BridgeError {
  return new BridgeError('mapping-invalid', message, remedy === undefined ? {} : { remedy })
}
