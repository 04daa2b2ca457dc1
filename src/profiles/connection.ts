// Whether a profile can be provisioned: PowerSchool lets it in, it may read what the mapping asks for, and its schools are there.

import type { ConnectedConfig } from '../config.ts'
import { BridgeError } from '../errors.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import { mappingSettings } from '../mapping-settings.ts'
import { checkConnection } from '../powerschool/check.ts'
import { createPowerSchoolClient, type PowerSchoolClient } from '../powerschool/client.ts'
import type { Runtime } from '../runtime.ts'
import { lastTemplate } from '../store/crawls.ts'
import type { ProfileProblem } from '../store/profile.ts'
import { templateSources } from '../sync/template-sources.ts'
import { inBodyWords } from './body-words.ts'
import { unknownSchools } from './school-numbers.ts'

export type ConnectionOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly problem: ProfileProblem
      /** Whether it may go away by itself. */
      readonly mayPass: boolean
    }

export interface ConnectionOptions {
  readonly config: ConnectedConfig
  readonly mapping: Mapping
  readonly runtime: Pick<Runtime, 'sql' | 'fetch' | 'now' | 'sleep' | 'random' | 'log'>
  /** Ends it; `sync-stopped` is thrown then, and nothing else ever. */
  readonly signal: AbortSignal
}

/** A person is waiting: a failure is told at once, and tried again from outside. */
const PATIENCE = { maxAttempts: 1, timeoutMs: 20_000 }

export async function checkProfile({
  config,
  mapping,
  runtime,
  signal,
}: ConnectionOptions): Promise<ConnectionOutcome> {
  let last: BridgeError | undefined
  const client = remembering(
    createPowerSchoolClient({
      ...config.powerSchool,
      ...PATIENCE,
      ...runtime,
      concurrency: config.powerSchoolConcurrency,
      minIntervalMs: config.powerSchoolMinIntervalMs,
      signal,
    }),
    (error) => {
      last = error
    },
  )
  try {
    const settings = { ...mapping.settings, ...mappingSettings(config) }
    const before = lastTemplate(runtime.sql)
    const check = await checkConnection(client, {
      sources: templateSources(mapping.sources, settings, config.plugin.queries),
      setting: config.powerSchoolTemplate,
      ...(before === undefined ? {} : { before }),
    })
    if (!check.ok) {
      const failed = check.steps.find(({ ok }) => !ok)
      const told = failed === undefined || failed.name === 'v1-rights' ? (check.templates ?? failed) : failed
      const problem = { code: last?.code ?? NO_SCHOOLS, message: inBodyWords(told?.detail ?? failed?.detail ?? '') }
      return {
        ok: false,
        problem: { ...problem, ...(told?.remedy === undefined ? {} : { remedy: inBodyWords(told.remedy) }) },
        mayPass: last?.isRetryable === true,
      }
    }
    const unknown = await unknownSchools(client, config.schools)
    if (unknown === undefined) return { ok: true }
    return { ok: false, problem: { code: NO_SCHOOLS, ...unknown }, mayPass: false }
  } catch (error) {
    if (!(error instanceof BridgeError) || error.code === 'sync-stopped') throw error
    const { code, message, remedy, isRetryable } = error
    return { ok: false, problem: { code, message, remedy: remedy && inBodyWords(remedy) }, mayPass: isRetryable }
  }
}

const NO_SCHOOLS = 'scope-empty'

/** The check tells people what has failed; which code it has decides whether it is tried again. */
function remembering(client: PowerSchoolClient, onFailure: (error: BridgeError) => void): PowerSchoolClient {
  const watched = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      if (error instanceof BridgeError) onFailure(error)
      throw error
    })
  return {
    ...client,
    get requests() {
      return client.requests
    },
    request: (path, request) => watched(client.request(path, request)),
    get: (path, request) => watched(client.get(path, request)),
    metadata: (signal) => watched(client.metadata(signal)),
    signIn: () => watched(client.signIn()),
  }
}
