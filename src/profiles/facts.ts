// How a profile stands: what is stored of it, and what the clock and the settings make of that.
import type { Config } from '../config.ts'
import type { ProfileProblem, ProfileRecord, ProfileState } from '../store/profile.ts'
import { expiryMs } from './config.ts'
import { DEFAULT_PROFILE } from './ports.ts'
import type { ProfileFacts } from './present.ts'

export const hasExpired = ({ settings }: ProfileRecord, nowMs: number): boolean =>
  (expiryMs(settings) ?? Number.POSITIVE_INFINITY) <= nowMs

/** With a fault it could not be provisioned now, whatever it was before. */
export const stateOf = ({ state }: ProfileRecord, fault: ProfileProblem | undefined): ProfileState =>
  fault !== undefined && state !== 'deleting' ? 'provisioningFailed' : state

export const maySync = (record: ProfileRecord, fault: ProfileProblem | undefined, nowMs: number): boolean =>
  !record.isPaused && !hasExpired(record, nowMs) && stateOf(record, fault) === 'provisioned'

export interface FactsOptions {
  readonly config: Config
  readonly fault: ProfileProblem | undefined
  readonly nowMs: number
}

export function factsOf(record: ProfileRecord, { config, fault, nowMs }: FactsOptions): ProfileFacts {
  const isDefault = record.id === DEFAULT_PROFILE
  return {
    record,
    settings: isDefault ? { ...environmentSettings(config), ...record.settings } : record.settings,
    state: stateOf(record, fault),
    problem: fault ?? record.problem,
    hasClientSecret: isDefault || record.sealedSecret !== null,
    hasExpired: hasExpired(record, nowMs),
  }
}

/** What the environment says, in the words of the others. */
function environmentSettings({
  powerSchool,
  schools,
  schoolYear,
  idPrefix,
}: Config): Readonly<Record<string, unknown>> {
  return {
    displayName: DEFAULT_PROFILE,
    dataProvider: {
      connectionUrl: powerSchool?.url,
      clientId: powerSchool?.clientId,
      schoolsIds: schools?.map(String),
      schoolYear: schoolYear === undefined ? undefined : String(schoolYear),
    },
    idPrefix: idPrefix === '' ? undefined : idPrefix,
  }
}
