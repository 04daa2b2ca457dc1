// HMAC signatures (RFC 5849 §3.4.2), made by WebCrypto and compared in constant time.
import { isSame } from '../secrets.ts'
import type { Reading } from './readings.ts'

export type Hash = 'SHA-256' | 'SHA-1'

/** `oauth_signature_method` → its hash; HMAC-SHA2 is a name that some signers give HMAC-SHA256. */
export const HASHES: ReadonlyMap<string, Hash> = new Map([
  ['HMAC-SHA256', 'SHA-256'],
  ['HMAC-SHA2', 'SHA-256'],
  ['HMAC-SHA1', 'SHA-1'],
])

export interface Claim {
  readonly hash: Hash
  /** Base64, as it was sent. */
  readonly signature: string
  readonly secrets: readonly string[]
}

/** The first reading that one of the secrets signed; undefined when none did. */
export async function findSignedReading(readings: Iterable<Reading>, claim: Claim): Promise<Reading | undefined> {
  const signature = decodeBase64(claim.signature)
  const keys = new Map<string, CryptoKey>()
  for (const reading of readings) {
    const text = new TextEncoder().encode(reading.base)
    for (const secret of claim.secrets) {
      const keyText = `${reading.encode(secret)}&`
      const key = keys.get(keyText) ?? (await importKey(keyText, claim.hash))
      keys.set(keyText, key)
      if (isSame(new Uint8Array(await crypto.subtle.sign('HMAC', key, text)), signature)) return reading
    }
  }
  return undefined
}

/** Whether `bodyHash` is the base64 of the method's hash over the raw body. */
export async function isBodyHash(bodyHash: string, body: Uint8Array<ArrayBuffer>, hash: Hash): Promise<boolean> {
  return isSame(new Uint8Array(await crypto.subtle.digest(hash, body)), decodeBase64(bodyHash))
}

function importKey(text: string, hash: Hash): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new TextEncoder().encode(text), { name: 'HMAC', hash }, false, ['sign'])
}

/** No bytes for what is not base64: they equal no signature. */
function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}
