// Decides who may administer.
import { isSame } from '../auth/secrets.ts'

const BEARER = /^Bearer +(\S+) *$/i

/** Whether the request holds the token as a bearer token. Without a token nobody may. */
export async function mayAdminister(request: Request, adminToken: string | undefined): Promise<boolean> {
  const given = BEARER.exec(request.headers.get('authorization') ?? '')?.[1]
  return adminToken !== undefined && given !== undefined && isSame(await digest(given), await digest(adminToken))
}

/** Digests are of one length, so that comparing them tells nothing of the token's. */
async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}
