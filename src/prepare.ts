// What is done to a store before it is served: its tables are brought up to date, and the consumer of the settings in step.
import { countUnopenable } from './auth/credentials.ts'
import { ensureEnvironmentClient } from './auth/environment-client.ts'
import type { ConnectedConfig } from './config.ts'
import type { Log } from './log.ts'
import { STORAGE } from './oneroster/storage.ts'
import type { Runtime } from './runtime.ts'
import { migrate } from './store/migrations.ts'
import { rosterStorages } from './store/rosters.ts'

/** Brings the store's tables up to date. */
export function prepareStore({ sql }: Pick<Runtime, 'sql'>): void {
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

const WEAK_LENGTH = 16

function warnOfWeakSecrets({ oneRoster, adminToken }: ConnectedConfig, log: Log): void {
  const secrets = { ONEROSTER_CLIENT_SECRET: oneRoster?.secret, ADMIN_TOKEN: adminToken }
  for (const [setting, secret] of Object.entries(secrets)) {
    if (secret !== undefined && secret.length < WEAK_LENGTH) {
      log.warn('weak-secret', { setting, remedy: 'Use a long random text (openssl rand -base64 32).' })
    }
  }
}
