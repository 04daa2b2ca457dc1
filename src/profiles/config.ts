// The settings of a profile as the bridge takes them.
import { parseExpiry } from '../auth/expiry.ts'
import type { Config, ConnectedConfig } from '../config.ts'
import { parseDuration } from '../duration.ts'
import type { ProfileSettings, StoredSettings } from './body.ts'

/**
 * What a profile says itself, and for the rest what the environment says for all; its connection, scope, consumers and mapping
 * are its own alone.
 */
export function profileConfig(base: Config, settings: ProfileSettings, clientSecret: string): ConnectedConfig {
  const { dataProvider, template, concurrency, minIntervalMs, syncInterval, guard, idPrefix } = settings
  const schools = dataProvider.schoolsIds?.map(Number) ?? []
  return {
    ...base,
    powerSchool: {
      url: dataProvider.connectionUrl.replace(/\/+$/, ''),
      clientId: dataProvider.clientId,
      clientSecret,
    },
    powerSchoolTemplate: template ?? base.powerSchoolTemplate,
    powerSchoolConcurrency: concurrency ?? base.powerSchoolConcurrency,
    powerSchoolMinIntervalMs: minIntervalMs ?? base.powerSchoolMinIntervalMs,
    syncIntervalMs: intervalMs(syncInterval) ?? base.syncIntervalMs,
    guardShare: guard?.share ?? base.guardShare,
    guardMin: guard?.minimum ?? base.guardMin,
    schools: schools.length === 0 ? undefined : [...new Set(schools)],
    schoolYear: dataProvider.schoolYear ? Number(dataProvider.schoolYear) : undefined,
    oneRoster: undefined,
    mapping: undefined,
    idPrefix: idPrefix ?? '',
  }
}

/** The same of a group, which asks no server. */
export function groupConfig(base: Config, { syncInterval }: Pick<StoredSettings, 'syncInterval'>): Config {
  const syncIntervalMs = intervalMs(syncInterval) ?? base.syncIntervalMs
  return { ...base, powerSchool: undefined, oneRoster: undefined, mapping: undefined, idPrefix: '', syncIntervalMs }
}

/** When the profile ends (ms since 1970); undefined: never. */
export function expiryMs({ expirationDate }: Pick<StoredSettings, 'expirationDate'>): number | undefined {
  return expirationDate ? parseExpiry(expirationDate) : undefined
}

function intervalMs(text: string | null | undefined): number | undefined {
  const parsed = text ? parseDuration(text) : undefined
  return parsed?.ok ? parsed.ms : undefined
}
