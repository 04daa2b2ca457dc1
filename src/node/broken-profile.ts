// What answers for a profile that cannot be opened.
import { splitUrl } from '../http/public-path.ts'
import type { ProfileHandle } from '../profiles/ports.ts'

const RETRY_SECONDS = 30

export interface BrokenProfile {
  readonly error: string
  readonly message: string
  readonly remedy: string | undefined
  /** The path of the public address. */
  readonly prefix: string
}

/** Its consumers are told to come back; what is wrong is for who administers. */
export function brokenProfile({ error, message, remedy, prefix }: BrokenProfile): ProfileHandle {
  return {
    async fetch(request) {
      const { path } = splitUrl(request.url, prefix)
      const isAdmin = /^\/(admin|internal)\//.test(path)
      const body = isAdmin ? { error, message, remedy } : { error: 'busy', message: 'The roster cannot be read now.' }
      return Response.json(body, { status: 503, headers: { 'Retry-After': String(RETRY_SECONDS) } })
    },
  }
}
