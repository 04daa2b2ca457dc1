// Remembers which secrets were right, so that a consumer that asks again costs no verification.
import { base64url } from 'jose'
import { createRecent } from '../recent.ts'

/** That this secret of this consumer fits what is stored of it. */
export interface SecretClaim {
  readonly id: string
  readonly secret: string
  /** Undefined where there is no such consumer. */
  readonly storedHash: string | undefined
}

/** In memory alone. A claim names its stored hash, so that a secret that was replaced is forgotten with it. */
export interface RightSecrets {
  has(claim: SecretClaim): Promise<boolean>
  add(claim: SecretClaim): Promise<void>
}

/** Only what was right is kept, so that nobody can crowd out the others. */
const REMEMBERED = 10_000

export function createRightSecrets(max: number = REMEMBERED): RightSecrets {
  const digests = createRecent<true>({ max })
  return {
    has: async (claim) => digests.get(await digestOf(claim)) === true,
    add: async (claim) => void digests.set(await digestOf(claim), true),
  }
}

/** Whoever does not know the stored hash, which has a random salt, cannot choose what is looked up. */
async function digestOf({ id, secret, storedHash = '' }: SecretClaim): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([id, secret, storedHash]))
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', text)))
}
