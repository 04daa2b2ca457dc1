// Ids and secrets: how they are made, kept as hashes, and compared.
import { base64url } from 'jose'

/** Fills this many bytes with cryptographic randomness. */
export type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>

export const cryptoRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length))

const ID_BYTES = 16
const SECRET_BYTES = 32
const SALT_BYTES = 16
const HASH_BYTES = 32

/** Cloudflare Workers refuse more; a generated secret's 256 bits need none of them, a person's own choice does. */
export const PBKDF2_ITERATIONS = 100_000

const HASH_SHAPE = /^pbkdf2-sha256\$(\d{1,6})\$([A-Za-z0-9_-]{16,64})\$([A-Za-z0-9_-]{43})$/

/** The hash of nothing: to verify against it costs what a real one costs, and never succeeds. */
const DUMMY = { iterations: PBKDF2_ITERATIONS, salt: new Uint8Array(SALT_BYTES), hash: new Uint8Array(HASH_BYTES) }

/**
 * An id for a consumer. `prefix` tells whose it is where there are several profiles; without one, its fixed start keeps a
 * command line from taking it for an option.
 */
export function createClientId(random: RandomBytes = cryptoRandom, prefix = ''): string {
  return `${prefix}or-${base64url.encode(random(ID_BYTES))}`
}

/** 256 random bits as 43 characters that need no escaping in a URL, a form or a header. */
export function createSecret(random: RandomBytes = cryptoRandom): string {
  return base64url.encode(random(SECRET_BYTES))
}

/** The form in which a secret is kept: `pbkdf2-sha256$iterations$salt$hash`, with a salt of its own. */
export async function hashSecret(secret: string, random: RandomBytes = cryptoRandom): Promise<string> {
  const salt = random(SALT_BYTES)
  return formatHash(PBKDF2_ITERATIONS, salt, await derive(secret, salt, PBKDF2_ITERATIONS))
}

/**
 * Whether the secret is the one that was hashed, compared in constant time.
 * Without a (usable) hash it does the same work and answers false, so that nobody can tell from the time who exists.
 */
export async function verifySecret(secret: string, storedHash: string | undefined): Promise<boolean> {
  const { iterations, salt, hash } = parseHash(storedHash ?? '') ?? DUMMY
  return isSame(await derive(secret, salt, iterations), hash)
}

/** Compares every byte, whatever the first difference; different lengths are told apart at once. */
export function isSame(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (let at = 0; at < left.length; at++) difference |= (left[at] ?? 0) ^ (right[at] ?? 0)
  return difference === 0
}

function formatHash(iterations: number, salt: Uint8Array, hash: Uint8Array): string {
  return `pbkdf2-sha256$${iterations}$${base64url.encode(salt)}$${base64url.encode(hash)}`
}

function parseHash(stored: string) {
  const [, iterationsText, saltText, hashText] = HASH_SHAPE.exec(stored) ?? []
  if (iterationsText === undefined || saltText === undefined || hashText === undefined) return undefined
  const iterations = Number(iterationsText)
  if (iterations < 1 || iterations > PBKDF2_ITERATIONS) return undefined
  return { iterations, salt: Uint8Array.from(base64url.decode(saltText)), hash: base64url.decode(hashText) }
}

async function derive(secret: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(secret), 'PBKDF2', false, ['deriveBits'])
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, HASH_BYTES * 8))
}
