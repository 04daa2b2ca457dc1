// The life of a consumer: added, listed, changed, given a new secret, removed.
import {
  type ConsumerRecord,
  changeConsumer,
  findConsumer,
  insertConsumer,
  listConsumers,
  removeConsumer,
} from '../store/consumers.ts'
import { consumerPrefix } from '../store/profile.ts'
import type { Sql } from '../store/sql.ts'
import { chooseSchools } from './choose-schools.ts'
import { checkSettings, type WrittenSettings } from './client-settings.ts'
import { hasExpired } from './credentials.ts'
import { DEFAULT_SCOPES } from './scopes.ts'
import { type SealingKey, seal } from './sealing.ts'
import { createClientId, createSecret, hashSecret, type RandomBytes } from './secrets.ts'

/** A consumer as a person may see it: without its secrets in any form. */
export interface Client extends Omit<ConsumerRecord, 'secretHash' | 'sealedSecret' | 'previous'> {
  /** How long the secret before the last rotation still works; null = it does not. */
  readonly previousUntilMs: number | null
}

export interface ClientDeps extends SealingKey {
  readonly sql: Sql
  readonly now: () => number
  /** Cryptographic randomness; the runtime's own when left out. */
  readonly random?: RandomBytes
}

export interface NewClient extends WrittenSettings {
  readonly name: string
  /** School numbers or sourcedIds to which it is narrowed, for good; left out = the whole profile. */
  readonly schools?: readonly string[] | undefined
}

export interface ClientChange extends WrittenSettings {
  /** Only what it has already: see `updateClient`. */
  readonly schools?: readonly string[] | null | undefined
}

export interface ClientRefusal {
  readonly ok: false
  /** `unknown`: no such consumer; `settings`: it is changed by the settings only; `invalid`: what was asked is wrong. */
  readonly reason: 'unknown' | 'settings' | 'invalid'
  readonly messages: readonly string[]
}

/** `secret` is told here and never again. `notes` are what a person should know besides. */
export type SecretResult =
  | { readonly ok: true; readonly client: Client; readonly secret: string; readonly notes: readonly string[] }
  | ClientRefusal

export type ClientResult = { readonly ok: true; readonly client: Client } | ClientRefusal

const DAY_MS = 86_400_000
/** How long the old secret works beside the new one when nothing else is said: time to change it everywhere. */
export const DEFAULT_OVERLAP_MS = DAY_MS
const LONGEST_OVERLAP_DAYS = 90

/**
 * Makes a consumer with a new id and secret. Refuses a blank name, words that it does not know, an expiry that has passed,
 * and schools that the current snapshot does not have; all at once.
 */
export async function addClient(wanted: NewClient, deps: ClientDeps): Promise<SecretResult> {
  const checked = checkSettings(wanted, deps.now())
  const chosen =
    wanted.schools === undefined
      ? ({ ok: true, schools: null, notes: [] } as const)
      : chooseSchools(wanted.schools, deps.sql)
  if (!checked.ok || !chosen.ok) {
    return invalid([...(checked.ok ? [] : checked.messages), ...(chosen.ok ? [] : chosen.messages)])
  }
  const id = createClientId(deps.random, consumerPrefix(deps.sql))
  const { secret, ...kept } = await newSecret(id, deps)
  const consumer: ConsumerRecord = {
    id,
    ...kept,
    previous: null,
    scopes: DEFAULT_SCOPES,
    schools: chosen.schools,
    withheld: [],
    switches: [],
    requestsPerMinute: null,
    expiresMs: null,
    ...checked.settings,
    name: checked.settings.name ?? wanted.name,
    createdMs: deps.now(),
    rotatedMs: null,
    source: 'command',
  }
  insertConsumer(deps.sql, consumer)
  return { ok: true, client: withoutSecrets(consumer, deps.now()), secret, notes: chosen.notes }
}

/** All consumers, the oldest first. */
export function listClients({ sql, now }: Pick<ClientDeps, 'sql' | 'now'>): readonly Client[] {
  return listConsumers(sql).map((consumer) => withoutSecrets(consumer, now()))
}

export function findClient(id: string, { sql, now }: Pick<ClientDeps, 'sql' | 'now'>): ClientResult {
  const consumer = findConsumer(sql, id)
  return consumer === undefined ? UNKNOWN_CLIENT : { ok: true, client: withoutSecrets(consumer, now()) }
}

/**
 * Changes what is given and leaves the rest; its tokens follow at once. What the consumer's snapshot consists of (schools,
 * and whether contacts are in it) stays for good, since a delta could not tell what entered or left by such a change.
 */
export function updateClient(id: string, change: ClientChange, deps: Pick<ClientDeps, 'sql' | 'now'>): ClientResult {
  const present = findConsumer(deps.sql, id)
  if (present === undefined) return UNKNOWN_CLIENT
  const checked = checkSettings(change, deps.now())
  const messages = checked.ok
    ? lastingFaults(present, { ...change, ...checked.settings })
    : [...checked.messages, ...lastingFaults(present, change)]
  if (!checked.ok || messages.length > 0) return invalid(messages)
  const changed = changeConsumer(deps.sql, id, () => checked.settings)
  return changed === undefined ? UNKNOWN_CLIENT : { ok: true, client: withoutSecrets(changed, deps.now()) }
}

/**
 * Gives the consumer a new secret. The old one works until the overlap ends (ms; a day when left out, 0 = not at all), the
 * one before that no more. Access tokens that an old secret fetched live on to their end, so that no run is cut off.
 */
export async function rotateClient(
  id: string,
  { overlapMs = DEFAULT_OVERLAP_MS }: { readonly overlapMs?: number | undefined },
  deps: ClientDeps,
): Promise<SecretResult> {
  const refused = refuseChange(id, deps.sql, 'Change ONEROSTER_CLIENT_SECRET and restart instead.')
  if (refused !== undefined) return refused
  if (!Number.isInteger(overlapMs) || overlapMs < 0 || overlapMs > LONGEST_OVERLAP_DAYS * DAY_MS) {
    return invalid([`The overlap must be between 0 and ${LONGEST_OVERLAP_DAYS} days.`])
  }
  const { secret, ...kept } = await newSecret(id, deps)
  const nowMs = deps.now()
  const changed = changeConsumer(deps.sql, id, ({ secretHash, sealedSecret }) => ({
    ...kept,
    previous: overlapMs === 0 ? null : { secretHash, sealedSecret, untilMs: nowMs + overlapMs },
    rotatedMs: nowMs,
  }))
  if (changed === undefined) return UNKNOWN_CLIENT
  const notes = hasExpired(changed, nowMs)
    ? ['The consumer has expired: its secret opens nothing until that changes.']
    : []
  return { ok: true, client: withoutSecrets(changed, nowMs), secret, notes }
}

/** Removes a consumer; its access tokens end with it, at once. */
export function removeClient(id: string, deps: Pick<ClientDeps, 'sql'>): { readonly ok: true } | ClientRefusal {
  const remedy = 'Unset ONEROSTER_CLIENT_ID and ONEROSTER_CLIENT_SECRET and restart instead.'
  const refused = refuseChange(id, deps.sql, remedy)
  if (refused !== undefined) return refused
  removeConsumer(deps.sql, id)
  return { ok: true }
}

async function newSecret(id: string, { sealingKey, random }: ClientDeps) {
  const secret = createSecret(random)
  return {
    secret,
    secretHash: await hashSecret(secret, random),
    sealedSecret: await seal(secret, sealingKey, id, random),
  }
}

function lastingFaults({ schools, withheld }: ConsumerRecord, change: ClientChange): readonly string[] {
  const faults = []
  if (change.schools !== undefined && !isSameSet(change.schools, schools)) {
    faults.push(`The schools of a consumer cannot be changed: ${NO_DELTA} Add a new consumer for the other schools.`)
  }
  if (change.withheld !== undefined && change.withheld.includes('contacts') !== withheld.includes('contacts')) {
    const meant = withheld.includes('contacts') ? 'Name contacts among what is withheld' : 'Leave contacts out'
    faults.push(`Whether a consumer sees contacts cannot be changed: ${NO_DELTA} ${meant}, or add a new consumer.`)
  }
  return faults
}

const NO_DELTA = 'its delta reads could not tell what entered or left.'

function isSameSet(left: readonly string[] | null, right: readonly string[] | null): boolean {
  if (left === null || right === null) return left === right
  return left.length === right.length && left.every((item) => right.includes(item))
}

/** The id is not repeated: a person may have pasted the secret in its place. */
const UNKNOWN_CLIENT: ClientRefusal = {
  ok: false,
  reason: 'unknown',
  messages: ['No consumer has this id. List them with `bridge clients list`.'],
}

function refuseChange(id: string, sql: Sql, environmentRemedy: string): ClientRefusal | undefined {
  const source = findConsumer(sql, id)?.source
  if (source === undefined) return UNKNOWN_CLIENT
  if (source !== 'environment') return undefined
  return { ok: false, reason: 'settings', messages: [`This consumer comes from the settings. ${environmentRemedy}`] }
}

function invalid(messages: readonly string[]): ClientRefusal {
  return { ok: false, reason: 'invalid', messages }
}

function withoutSecrets(consumer: ConsumerRecord, nowMs: number): Client {
  const { secretHash: _hash, sealedSecret: _sealed, previous, ...shown } = consumer
  return { ...shown, previousUntilMs: previous !== null && previous.untilMs > nowMs ? previous.untilMs : null }
}
