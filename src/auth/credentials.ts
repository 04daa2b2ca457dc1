// Checks consumers' credentials: the secret that was sent (OAuth 2.0), or those that may have signed (OAuth 1.0a).
import { type ConsumerRecord, findConsumer, listConsumers } from '../store/consumers.ts'
import type { Sql } from '../store/sql.ts'
import { createRightSecrets, type RightSecrets, type SecretClaim } from './right-secrets.ts'
import { type SealingKey, unseal } from './sealing.ts'
import { verifySecret } from './secrets.ts'
import type { Credentials } from './token-request.ts'
import { createTurns, type TurnLimits, type Turns } from './turns.ts'

export interface CredentialDeps {
  readonly sql: Sql
  readonly now: () => number
  /** From `createVerification`; one for the whole process when left out. */
  readonly verification?: Verification
}

/** What keeps the verifying of secrets from taking the threads that everything else needs. */
export interface Verification {
  readonly turns: Turns
  readonly right: RightSecrets
}

/** Each takes two to four runs of 15 ms on one of the four threads that also deflate pages. */
const LIMITS: TurnLimits = { atOnce: 2, waiting: 48 }

export function createVerification(limits: TurnLimits = LIMITS): Verification {
  return { turns: createTurns(limits), right: createRightSecrets() }
}

/** The threads are the process's, so that their bound is, too. */
const OF_PROCESS = createVerification()

export type AuthenticationResult =
  | { readonly ok: true; readonly consumer: ConsumerRecord }
  /** `expired` only for those who know the secret; `busy`: too many are being verified, and nothing was. */
  | { readonly ok: false; readonly reason: 'wrong' | 'expired' | 'busy' }

/** Whether the consumer's credentials and tokens have ended. */
export function hasExpired({ expiresMs }: Pick<ConsumerRecord, 'expiresMs'>, nowMs: number): boolean {
  return expiresMs !== null && expiresMs <= nowMs
}

/**
 * The consumer whose id and secret one of the readings holds; the secret before a rotation counts until its overlap ends.
 * An unknown id takes as long as a wrong secret, and so does a consumer in an overlap. Whose secret was right before
 * neither waits nor is verified again, so that no flood of wrong ones keeps it out.
 */
export async function authenticateClient(
  readings: readonly Credentials[],
  deps: CredentialDeps,
): Promise<AuthenticationResult> {
  const { turns, right } = deps.verification ?? OF_PROCESS
  const known = await firstRight(readings, deps, right.has)
  if (known !== undefined) return known
  const verified = turns.take(() =>
    firstRight(readings, deps, async (claim) => {
      const isRight = await verifySecret(claim.secret, claim.storedHash)
      if (isRight) await right.add(claim)
      return isRight
    }),
  )
  if (verified === undefined) return { ok: false, reason: 'busy' }
  return (await verified) ?? { ok: false, reason: 'wrong' }
}

/** Undefined when no reading is right. Every claim is put to `isRight`, also those of consumers that do not exist. */
async function firstRight(
  readings: readonly Credentials[],
  { sql, now }: CredentialDeps,
  isRight: (claim: SecretClaim) => Promise<boolean>,
): Promise<AuthenticationResult | undefined> {
  for (const { id, secret } of readings) {
    const consumer = findConsumer(sql, id)
    const previous = consumer && livePrevious(consumer, now())
    const isOwn =
      (await isRight({ id, secret, storedHash: consumer?.secretHash })) ||
      (await isRight({ id, secret, storedHash: previous?.secretHash }))
    if (consumer === undefined || !isOwn) continue
    return hasExpired(consumer, now()) ? { ok: false, reason: 'expired' } : { ok: true, consumer }
  }
  return undefined
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
