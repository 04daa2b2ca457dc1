// The consumer of the settings: kept in step with them at every start.
import { type ConsumerRecord, findConsumer, listConsumers, removeConsumer, upsertConsumer } from '../store/consumers.ts'
import type { ClientDeps } from './clients.ts'
import { DEFAULT_SCOPES } from './scopes.ts'
import { seal, unseal } from './sealing.ts'
import { hashSecret, verifySecret } from './secrets.ts'

export type EnvironmentClientChange = 'added' | 'secret replaced' | 'sealed anew' | 'removed' | 'unchanged'

/**
 * Brings the consumer of the settings in step with them: adds it, replaces its secret (at once, without an overlap), seals
 * it anew where the sealing key is another, or removes the one that the settings no longer name. A consumer that exists
 * keeps all else that it was given: settings never widen it.
 */
export async function ensureEnvironmentClient(
  wanted: { readonly id: string; readonly secret: string } | undefined,
  deps: ClientDeps,
): Promise<EnvironmentClientChange> {
  const gone = listConsumers(deps.sql).filter(({ source, id }) => source === 'environment' && id !== wanted?.id)
  for (const { id } of gone) removeConsumer(deps.sql, id)
  if (wanted === undefined) return gone.length > 0 ? 'removed' : 'unchanged'

  const { id, secret } = wanted
  const present = findConsumer(deps.sql, id)
  if (present !== undefined && (await verifySecret(secret, present.secretHash))) {
    const isSealed = (await openSealed(present, deps)) === secret
    if (isSealed && present.source === 'environment') return 'unchanged'
    const sealedSecret = isSealed ? present.sealedSecret : await seal(secret, deps.sealingKey, id, deps.random)
    upsertConsumer(deps.sql, { ...present, sealedSecret, previous: null, source: 'environment' })
    return isSealed ? 'unchanged' : 'sealed anew'
  }
  const secrets = {
    secretHash: await hashSecret(secret, deps.random),
    sealedSecret: await seal(secret, deps.sealingKey, id, deps.random),
    previous: null,
    source: 'environment',
  } as const
  if (present === undefined) {
    upsertConsumer(deps.sql, { ...UNTOUCHED, ...secrets, id, createdMs: deps.now() })
    return 'added'
  }
  upsertConsumer(deps.sql, { ...present, ...secrets, rotatedMs: deps.now() })
  return 'secret replaced'
}

const UNTOUCHED = {
  name: 'environment',
  scopes: DEFAULT_SCOPES,
  schools: null,
  withheld: [],
  switches: [],
  requestsPerMinute: null,
  rotatedMs: null,
  expiresMs: null,
} as const satisfies Partial<ConsumerRecord>

async function openSealed({ id, sealedSecret }: ConsumerRecord, deps: ClientDeps): Promise<string | undefined> {
  return sealedSecret === null ? undefined : unseal(sealedSecret, deps.sealingKey, id)
}
