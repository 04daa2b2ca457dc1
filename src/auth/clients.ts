// The life of a consumer's credentials: added, listed, rotated, removed, and checked.
import {
  type ConsumerRecord,
  findConsumer,
  insertConsumer,
  listConsumers,
  removeConsumer,
  rotateConsumer,
  upsertConsumer,
} from '../store/consumers.ts'
import type { Sql } from '../store/sql.ts'
import { DEFAULT_SCOPES, expandScopes } from './scopes.ts'
import { createClientId, createSecret, hashSecret, type RandomBytes, verifySecret } from './secrets.ts'

/** A consumer as a person may see it: without its secret's hash. */
export type Client = Omit<ConsumerRecord, 'secretHash'>

export interface ClientDeps {
  readonly sql: Sql
  readonly now: () => number
  /** Cryptographic randomness; the runtime's own when left out. */
  readonly random?: RandomBytes
}

export interface NewClient {
  readonly name: string
  /** Scope URLs or short names (see `expandScopes`); left out = 1.1 rostering. */
  readonly scopes?: readonly string[] | undefined
  /** Schools to which it is narrowed; left out = the whole profile. */
  readonly schools?: readonly string[] | undefined
}

/** `secret` is told here and never again. */
export type SecretResult =
  | { readonly ok: true; readonly client: Client; readonly secret: string }
  | { readonly ok: false; readonly message: string }

export type RemoveResult = { readonly ok: true } | { readonly ok: false; readonly message: string }

export type EnvironmentClientChange = 'added' | 'secret replaced' | 'removed' | 'unchanged'

const LONGEST_NAME = 100

/** Makes a consumer with a new id and secret. Refuses a blank name, unknown scopes and an empty list of schools. */
export async function addClient(wanted: NewClient, deps: ClientDeps): Promise<SecretResult> {
  const name = wanted.name.trim()
  if (name === '' || name.length > LONGEST_NAME) {
    return { ok: false, message: `A consumer needs a name of 1 to ${LONGEST_NAME} characters.` }
  }
  const scopes = expandScopes(wanted.scopes ?? DEFAULT_SCOPES)
  if (!scopes.ok) return { ok: false, message: scopes.messages.join(' ') }
  const schools = wanted.schools?.map((school) => school.trim()).filter((school) => school !== '')
  if (schools?.length === 0) {
    return { ok: false, message: 'The list of schools is empty. Name at least one, or leave it out for all schools.' }
  }
  const secret = createSecret(deps.random)
  const consumer: ConsumerRecord = {
    id: createClientId(deps.random),
    name,
    secretHash: await hashSecret(secret, deps.random),
    scopes: scopes.scopes,
    schools: schools === undefined ? null : [...new Set(schools)],
    createdMs: deps.now(),
    rotatedMs: null,
    source: 'command',
  }
  insertConsumer(deps.sql, consumer)
  return { ok: true, client: withoutHash(consumer), secret }
}

/** All consumers, the oldest first. */
export function listClients(sql: Sql): readonly Client[] {
  return listConsumers(sql).map(withoutHash)
}

/**
 * Gives the consumer a new secret; the old one opens nothing from now on.
 * Access tokens that the old secret fetched live on to their end, so that a run in progress is not cut off.
 */
export async function rotateClient(id: string, deps: ClientDeps): Promise<SecretResult> {
  const refusal = refuseChange(id, deps.sql, 'Change ONEROSTER_CLIENT_SECRET and restart instead.')
  if (refusal !== undefined) return { ok: false, message: refusal }
  const secret = createSecret(deps.random)
  const secretHash = await hashSecret(secret, deps.random)
  rotateConsumer(deps.sql, id, { secretHash, rotatedMs: deps.now() })
  const consumer = findConsumer(deps.sql, id)
  return consumer === undefined
    ? { ok: false, message: UNKNOWN_CLIENT }
    : { ok: true, client: withoutHash(consumer), secret }
}

/** Removes a consumer; its access tokens end with it, at once. */
export function removeClient(id: string, deps: Pick<ClientDeps, 'sql'>): RemoveResult {
  const refusal = refuseChange(
    id,
    deps.sql,
    'Unset ONEROSTER_CLIENT_ID and ONEROSTER_CLIENT_SECRET and restart instead.',
  )
  if (refusal !== undefined) return { ok: false, message: refusal }
  removeConsumer(deps.sql, id)
  return { ok: true }
}

/**
 * Brings the consumer of the settings in step with them, at every start: adds it, replaces its secret, or removes the one
 * that the settings no longer name. A consumer that exists keeps its scopes and schools: settings never widen it.
 */
export async function ensureEnvironmentClient(
  wanted: { readonly id: string; readonly secret: string } | undefined,
  deps: ClientDeps,
): Promise<EnvironmentClientChange> {
  const gone = listConsumers(deps.sql).filter(({ source, id }) => source === 'environment' && id !== wanted?.id)
  for (const { id } of gone) removeConsumer(deps.sql, id)
  if (wanted === undefined) return gone.length > 0 ? 'removed' : 'unchanged'

  const present = findConsumer(deps.sql, wanted.id)
  if (present === undefined) {
    upsertConsumer(deps.sql, {
      id: wanted.id,
      name: 'environment',
      secretHash: await hashSecret(wanted.secret, deps.random),
      scopes: DEFAULT_SCOPES,
      schools: null,
      createdMs: deps.now(),
      rotatedMs: null,
      source: 'environment',
    })
    return 'added'
  }
  if (await verifySecret(wanted.secret, present.secretHash)) {
    if (present.source !== 'environment') upsertConsumer(deps.sql, { ...present, source: 'environment' })
    return 'unchanged'
  }
  const secretHash = await hashSecret(wanted.secret, deps.random)
  upsertConsumer(deps.sql, { ...present, secretHash, rotatedMs: deps.now(), source: 'environment' })
  return 'secret replaced'
}

/** The consumer whose id and secret these are. An unknown id takes as long as a wrong secret. */
export async function authenticateClient(id: string, secret: string, sql: Sql): Promise<ConsumerRecord | undefined> {
  const consumer = findConsumer(sql, id)
  const isRight = await verifySecret(secret, consumer?.secretHash)
  return isRight ? consumer : undefined
}

/** The id is not repeated: a person may have pasted the secret in its place. */
const UNKNOWN_CLIENT = 'No consumer has this id. List them with `bridge clients list`.'

function refuseChange(id: string, sql: Sql, environmentRemedy: string): string | undefined {
  const source = findConsumer(sql, id)?.source
  if (source === undefined) return UNKNOWN_CLIENT
  return source === 'environment' ? `This consumer comes from the settings. ${environmentRemedy}` : undefined
}

function withoutHash({ secretHash: _, ...client }: ConsumerRecord): Client {
  return client
}
