// Seals consumers' secrets, so that OAuth 1.0a can sign with them and a copy of the database alone reveals none.
import { base64url } from 'jose'
import { cryptoRandom, type RandomBytes } from './secrets.ts'

/** Where sealed secrets are made and opened. The key is kept outside the database: a copy of one without the other tells nothing. */
export interface SealingKey {
  /** 32 bytes. */
  readonly sealingKey: Uint8Array
}

export const SEALING_KEY_BYTES = 32

const NONCE_BYTES = 12
const SEALED_SHAPE = /^aes-256-gcm\$([A-Za-z0-9_-]{16})\$([A-Za-z0-9_-]{22,})$/

/** The secret as `aes-256-gcm$nonce$text`, bound to the consumer's id: in another consumer's row it opens no more. */
export async function seal(
  secret: string,
  key: Uint8Array,
  id: string,
  random: RandomBytes = cryptoRandom,
): Promise<string> {
  const nonce = random(NONCE_BYTES)
  const sealed = await crypto.subtle.encrypt(parameters(nonce, id), await importKey(key), encode(secret))
  return `aes-256-gcm$${base64url.encode(nonce)}$${base64url.encode(new Uint8Array(sealed))}`
}

/** The secret, or undefined when the text was not sealed with this key for this id, or is damaged. */
export async function unseal(text: string, key: Uint8Array, id: string): Promise<string | undefined> {
  const [, nonceText, sealedText] = SEALED_SHAPE.exec(text) ?? []
  if (nonceText === undefined || sealedText === undefined) return undefined
  const cryptoKey = await importKey(key)
  try {
    const nonce = Uint8Array.from(base64url.decode(nonceText))
    const sealed = Uint8Array.from(base64url.decode(sealedText))
    return new TextDecoder().decode(await crypto.subtle.decrypt(parameters(nonce, id), cryptoKey, sealed))
  } catch {
    // The one thing that WebCrypto says of a wrong key or a damaged text is that it failed.
    return undefined
  }
}

function parameters(nonce: Uint8Array<ArrayBuffer>, id: string) {
  return { name: 'AES-GCM', iv: nonce, additionalData: encode(id) }
}

function importKey(key: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', Uint8Array.from(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
