// Finds out whether the plugin may ask one query, or /ws/v1, by asking it for as little as can be.

import { BridgeError } from '../errors.ts'
import { RefusedError } from './answer.ts'
import type { PowerSchoolClient } from './client.ts'
import { recordsOf } from './json-records.ts'
import type { QueryCall } from './query-ports.ts'
import { QUERY_TIMEOUT_MS } from './query-read-ports.ts'
import { MissingGrantError, QUERY_PATH } from './query-refusal.ts'
import { countOf } from './rows.ts'

export type VerdictState = 'allowed' | 'not-installed' | 'not-granted' | 'v1-denied' | 'failed'

export interface Verdict {
  readonly state: VerdictState
  /** For a person. */
  readonly detail: string
  readonly remedy?: string
  /** The columns that the plugin may not read, in capitals and sorted. */
  readonly missing?: readonly string[]
  /** The HTTP status of a refusal. */
  readonly status?: number
}

const ALLOWED: Verdict = { state: 'allowed', detail: 'PowerSchool answers.' }
const COUNT_PATH = '/ws/v1/district/school/count'

/** Throws what is no refusal: it may pass, or has nothing to do with this query. */
export function probeQuery(client: PowerSchoolClient, { name, arguments: body }: QueryCall): Promise<Verdict> {
  const path = `${QUERY_PATH}${name}`
  const read = (answer: unknown) => recordsOf(answer, path)
  return verdictOf(
    client.request(path, { method: 'POST', query: { pagesize: 1 }, body, read, timeoutMs: QUERY_TIMEOUT_MS }),
    (status) => (status === 404 ? 'not-installed' : 'failed'),
  )
}

/** Whether /ws/v1 is open to the plugin: its resources are, all or none. Throws what is no refusal. */
export function probeRest(client: PowerSchoolClient): Promise<Verdict> {
  return verdictOf(client.get(COUNT_PATH, { read: (answer) => countOf(answer, COUNT_PATH) }), () => 'failed')
}

async function verdictOf(answer: Promise<unknown>, stateOf: (status: number) => VerdictState): Promise<Verdict> {
  try {
    await answer
    return ALLOWED
  } catch (failure) {
    if (failure instanceof RefusedError) return { ...toldBy(failure, stateOf(failure.status)), status: failure.status }
    if (failure instanceof MissingGrantError) return { ...toldBy(failure, 'not-granted'), missing: failure.columns }
    if (failure instanceof BridgeError && failure.code === 'powerschool-rights') return toldBy(failure, 'v1-denied')
    throw failure
  }
}

function toldBy({ message, remedy }: BridgeError, state: VerdictState): Verdict {
  return { state, detail: message, ...(remedy === undefined ? {} : { remedy }) }
}
