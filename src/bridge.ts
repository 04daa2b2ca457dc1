// A district's bridge, put together from settings and what the runtime gives; and what is to be done before it.
import { countUnopenable } from './auth/credentials.ts'
import { ensureEnvironmentClient } from './auth/environment-client.ts'
import type { ConnectedConfig } from './config.ts'
import type { Log } from './log.ts'
import type { Mapping } from './mapping/run/compile.ts'
import type { Collection } from './oneroster/model.ts'
import { createPresenters } from './oneroster/present.ts'
import { STORAGE } from './oneroster/storage.ts'
import { createPowerSchoolClient, type PowerSchoolClient } from './powerschool/client.ts'
import type { Runtime } from './runtime.ts'
import { migrate } from './store/migrations.ts'
import { rosterStorages } from './store/rosters.ts'
import type { SyncContext } from './sync/context.ts'
import { isNewMapping } from './sync/crawl-reuse.ts'
import { stagedInput } from './sync/staged-input.ts'
import { runSync } from './sync/sync.ts'
import { publishContext, type Wired, type WireOptions, wireRoster } from './wiring.ts'

export type { Runtime } from './runtime.ts'

export interface BridgeOptions extends WireOptions {
  readonly config: ConnectedConfig
  readonly mapping: Mapping
}

export interface Bridge extends Wired {
  readonly client: PowerSchoolClient
  readonly sync: SyncContext
}

/** Brings the store's tables up to date. */
export function prepareStore({ sql }: Runtime): void {
  migrate(sql, STORAGE)
  migrate(sql, rosterStorages(sql, STORAGE))
}

/** Brings the consumer of the settings in step with them; what serves does this, what only syncs does not. */
export async function prepareConsumer(
  config: ConnectedConfig,
  { sql, now, log, sealingKey }: Pick<Runtime, 'sql' | 'now' | 'log' | 'sealingKey'>,
): Promise<void> {
  const change = await ensureEnvironmentClient(config.oneRoster, { sql, now, sealingKey })
  if (change !== 'unchanged') log.info('environment-client', { change })
  const lost = await countUnopenable({ sql, sealingKey })
  if (lost > 0) {
    const remedy =
      'Bring the sealing key back from a copy, or rotate their secrets: until then OAuth 1.0a refuses them.'
    log.warn('sealed-secrets-lost', { consumers: lost, remedy })
  }
  warnOfWeakSecrets(config, log)
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

/** Wires a district's profile over a prepared store; nothing runs until `schedule.start()`. */
export function createBridge({ mapping, ...options }: BridgeOptions): Bridge {
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
    mapping,
    client,
    settings: mappingSettings(config),
    templateSetting: config.powerSchoolTemplate,
    queryPrefix: config.plugin.queries,
    present: createPresent(),
  }
  const wired = wireRoster(options, sync, {
    run: (id, signal, { kind, step }) => runSync(sync, id, signal, { isMapOnly: kind === 'map', step }),
    isNewMapping: () => isNewMapping(sync),
    mapping,
    stagedInput: () => stagedInput(sync),
    powerSchoolRequests: () => client.requests,
  })
  return { ...wired, client, sync }
}

const WEAK_LENGTH = 16

function warnOfWeakSecrets({ oneRoster, adminToken }: ConnectedConfig, log: Log): void {
  const secrets = { ONEROSTER_CLIENT_SECRET: oneRoster?.secret, ADMIN_TOKEN: adminToken }
  for (const [setting, secret] of Object.entries(secrets)) {
    if (secret !== undefined && secret.length < WEAK_LENGTH) {
      log.warn('weak-secret', { setting, remedy: 'Use a long random text (openssl rand -base64 32).' })
    }
  }
}

/** The bridge's settings that the mapping reads under the same names. */
export function mappingSettings({
  schools,
  schoolYear,
}: Pick<ConnectedConfig, 'schools' | 'schoolYear'>): Record<string, unknown> {
  return {
    ...(schools === undefined ? {} : { schools }),
    ...(schoolYear === undefined ? {} : { start_year: schoolYear - 1 }),
  }
}
