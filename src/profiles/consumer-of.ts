// Whose consumer sends a request, by what it claims to be. Nothing is verified here: the profile does that.
import { isOAuth1, readOAuthHeader } from '../auth/oauth1/header.ts'
import { readTokenRequest } from '../auth/token-request.ts'
import { profileOf } from './ids.ts'
import { DEFAULT_PROFILE } from './ports.ts'

const BEARER = /^Bearer +[\w-]+\.([\w-]+)\./i

/** The profile of who asks a OneRoster path; that of the environment where nobody can tell. */
export function profileOfReader(request: Request): string {
  const header = request.headers.get('authorization')
  if (header === null) return DEFAULT_PROFILE
  const payload = BEARER.exec(header)?.[1]
  if (payload !== undefined) return profileOf(subjectOf(payload))
  if (!isOAuth1(request)) return DEFAULT_PROFILE
  const key = readOAuthHeader(header)?.find(({ name }) => name === 'oauth_consumer_key')?.value
  return key === undefined ? DEFAULT_PROFILE : profileOf(key)
}

/** Without a signature that was checked it may be anything. */
function subjectOf(payload: string): string {
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
    const subject = (claims as { sub?: unknown } | null)?.sub
    return typeof subject === 'string' ? subject : ''
  } catch {
    // `atob` and `JSON.parse` fail on what is no token; the profile says so.
    return ''
  }
}

/** Of a token request, which is given back to be read again: its body is read, 8 KB of it at most. */
export async function profileOfTokenRequest(
  request: Request,
): Promise<{ readonly profile: string; readonly request: Request }> {
  const body = request.method === 'POST' ? await readBounded(request) : undefined
  const { url, method, headers } = request
  const again = () => new Request(url, { method, headers, ...(body === undefined ? {} : { body }) })
  if (body === undefined) return { profile: DEFAULT_PROFILE, request: again() }
  const read = await readTokenRequest(again())
  const claimed = read.ok ? read.request.credentials.map(({ id }) => profileOf(id)) : []
  return { profile: claimed.find((id) => id !== DEFAULT_PROFILE) ?? DEFAULT_PROFILE, request: again() }
}

/** One more than a token request may have, so that whoever reads it next refuses it too. */
const MOST_BYTES = 8_193

async function readBounded({ body }: Request): Promise<Uint8Array<ArrayBuffer>> {
  const kept = new Uint8Array(MOST_BYTES)
  let length = 0
  const reader = body?.getReader()
  while (reader !== undefined && length < MOST_BYTES) {
    const { done, value } = await reader.read()
    if (done) break
    const part = value.subarray(0, MOST_BYTES - length)
    kept.set(part, length)
    length += part.length
  }
  await reader?.cancel()
  return kept.slice(0, length)
}
