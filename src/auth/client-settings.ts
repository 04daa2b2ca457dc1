// Checks what a person wants of a consumer: every fault at once, and the refined values.
import type { ConsumerRecord } from '../store/consumers.ts'
import { expandScopes } from './scopes.ts'
import { chooseSwitches, chooseWithheld } from './switches.ts'

/** What can be said of a consumer when it is added and later. What is left out is the default or stays as it was. */
export interface WrittenSettings {
  readonly name?: string | undefined
  /** Scope URLs or short names (see `expandScopes`). */
  readonly scopes?: readonly string[] | undefined
  /** `demographics`, `contacts`. */
  readonly withheld?: readonly string[] | undefined
  /** See `SWITCH_MEANINGS`. */
  readonly switches?: readonly string[] | undefined
  /** null = no limit. */
  readonly requestsPerMinute?: number | null | undefined
  /** From this instant on nothing opens; null = never. */
  readonly expiresMs?: number | null | undefined
}

export type ClientSettings = Pick<ConsumerRecord, keyof WrittenSettings>

export type CheckedSettings =
  | { readonly ok: true; readonly settings: Partial<ClientSettings> }
  | { readonly ok: false; readonly messages: readonly string[] }

const LONGEST_NAME = 100
const HIGHEST_RATE = 1_000_000
/** The last instant that a date can hold (ECMA-262 §21.4.1.1). */
const LAST_MS = 8_640_000_000_000_000

/** Refuses a blank name, unknown words, a rate that is no whole number from 1, and an expiry that has passed. */
export function checkSettings(written: WrittenSettings, nowMs: number): CheckedSettings {
  const { requestsPerMinute, expiresMs } = written
  const name = written.name?.trim()
  const scopes = written.scopes && expandScopes(written.scopes)
  const withheld = written.withheld && chooseWithheld(written.withheld)
  const switches = written.switches && chooseSwitches(written.switches)
  const messages = [
    ...nameFaults(name),
    ...[scopes, withheld, switches].flatMap((chosen) => (chosen === undefined || chosen.ok ? [] : chosen.messages)),
    ...rateFaults(requestsPerMinute),
    ...expiryFaults(expiresMs, nowMs),
  ]
  if (messages.length > 0) return { ok: false, messages }
  return {
    ok: true,
    settings: {
      ...(name === undefined ? {} : { name }),
      ...(scopes?.ok ? { scopes: scopes.scopes } : {}),
      ...(withheld?.ok ? { withheld: withheld.words } : {}),
      ...(switches?.ok ? { switches: switches.words } : {}),
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      ...(expiresMs === undefined ? {} : { expiresMs }),
    },
  }
}

function nameFaults(name: string | undefined): readonly string[] {
  if (name === undefined || (name !== '' && name.length <= LONGEST_NAME)) return []
  return [`A consumer needs a name of 1 to ${LONGEST_NAME} characters.`]
}

function rateFaults(rate: number | null | undefined): readonly string[] {
  if (rate == null || (Number.isInteger(rate) && rate >= 1 && rate <= HIGHEST_RATE)) return []
  return [`The rate must be a whole number of requests per minute from 1 to ${HIGHEST_RATE}.`]
}

function expiryFaults(expiresMs: number | null | undefined, nowMs: number): readonly string[] {
  if (expiresMs == null) return []
  if (!Number.isInteger(expiresMs) || Math.abs(expiresMs) > LAST_MS) return ['The expiry is not a date.']
  if (expiresMs > nowMs) return []
  return [`The expiry ${new Date(expiresMs).toISOString()} has passed already. Remove a consumer to end it now.`]
}
