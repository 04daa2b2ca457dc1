// Checks consumers' credentials: the secret that was sent (OAuth 2.0), or those that may have signed (OAuth 1.0a).
import { type ConsumerRecord, findConsumer, listConsumers } from '../store/consumers.ts'
import type { Sql } from '../store/sql.ts'
import { type SealingKey, unseal } from './sealing.ts'
import { verifySecret } from './secrets.ts'

export interface CredentialDeps {
  readonly sql: Sql
  readonly now: () => number
}

export type AuthenticationResult =
  | { readonly ok: true; readonly consumer: ConsumerRecord }
  /** `expired` only for those who know the secret. */
  | { readonly ok: false; readonly reason: 'wrong' | 'expired' }

/** Whether the consumer's credentials and tokens have ended. */
export function hasExpired({ expiresMs }: Pick<ConsumerRecord, 'expiresMs'>, nowMs: number): boolean {
  return expiresMs !== null && expiresMs <= nowMs
}

/**
 * The consumer whose id and secret these are; the secret before a rotation counts until its overlap ends. An unknown id
 * takes as long as a wrong secret, and so does a consumer in an overlap.
 */
export async function authenticateClient(
  id: string,
  secret: string,
  { sql, now }: CredentialDeps,
): Promise<AuthenticationResult> {
  const consumer = findConsumer(sql, id)
  const isRight =
    (await verifySecret(secret, consumer?.secretHash)) ||
    (await verifySecret(secret, consumer && livePrevious(consumer, now())?.secretHash))
  if (consumer === undefined || !isRight) return { ok: false, reason: 'wrong' }
  return hasExpired(consumer, now()) ? { ok: false, reason: 'expired' } : { ok: true, consumer }
}

export interface SigningSecrets {
  /** The present one first; never empty. */
  readonly secrets: readonly string[]
  readonly mayUseSha1: boolean
}

/** What may have signed an OAuth 1.0a request of this consumer; undefined when it does not exist or may not sign. */
export async function signingSecretsOf(
  id: string,
  { sql, now, sealingKey }: CredentialDeps & SealingKey,
): Promise<SigningSecrets | undefined> {
  const consumer = findConsumer(sql, id)
  if (consumer === undefined || hasExpired(consumer, now()) || consumer.switches.includes('noOAuth1')) return undefined
  const sealed = [consumer.sealedSecret, livePrevious(consumer, now())?.sealedSecret ?? null]
  const opened = await Promise.all(sealed.map((text) => (text === null ? undefined : unseal(text, sealingKey, id))))
  const secrets = opened.filter((secret) => secret !== undefined)
  return secrets.length === 0 ? undefined : { secrets, mayUseSha1: !consumer.switches.includes('noHmacSha1') }
}

/** How many consumers have a sealed secret that this key does not open: they cannot sign until they are rotated. */
export async function countUnopenable({ sql, sealingKey }: Pick<CredentialDeps, 'sql'> & SealingKey): Promise<number> {
  const opened = await Promise.all(
    listConsumers(sql).map(({ id, sealedSecret }) => sealedSecret === null || unseal(sealedSecret, sealingKey, id)),
  )
  return opened.filter((secret) => secret === undefined).length
}

function livePrevious({ previous }: ConsumerRecord, nowMs: number): ConsumerRecord['previous'] {
  return previous !== null && previous.untilMs > nowMs ? previous : null
}
