// The keys of a profile, made of the one that is kept outside every database.
import { DEFAULT_PROFILE } from './ports.ts'

export interface ProfileKeys {
  /** Seals consumers' secrets, and PowerSchool's. */
  readonly sealingKey: Uint8Array
  /** Signs access tokens. */
  readonly signingKey: Uint8Array
}

const KEY_BITS = 256
const TOKENS = 'oneroster-bridge access tokens'

/**
 * No key of one profile is another's, so that neither its tokens nor what it sealed open anything there. Those of the
 * environment's profile are as they were when it was the only one: its sealing key is the master key itself.
 */
export async function profileKeys(masterKey: Uint8Array, id: string): Promise<ProfileKeys> {
  if (id === DEFAULT_PROFILE) return { sealingKey: masterKey, signingKey: await derive(masterKey, TOKENS) }
  return {
    sealingKey: await derive(masterKey, `oneroster-bridge profile ${id} secrets`),
    signingKey: await derive(masterKey, `oneroster-bridge profile ${id} access tokens`),
  }
}

/** HKDF with SHA-256 and no salt (RFC 5869): the master key is random. */
async function derive(masterKey: Uint8Array, info: string): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', Uint8Array.from(masterKey), 'HKDF', false, ['deriveBits'])
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new TextEncoder().encode(info) }
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, KEY_BITS))
}
