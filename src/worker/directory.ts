// The profiles as a Worker reaches them: the control object knows their ids, and each is an object of its own.
import { BridgeError } from '../errors.ts'
import { DEFAULT_PROFILE, type ProfileDirectory, type ProfileHandle } from '../profiles/ports.ts'
import { createRecent } from '../recent.ts'
import { CONTROL_NAME } from './control-object.ts'
import type { Environment } from './environment.ts'

/**
 * Tells an object which profile it is, and by which address it is reached; `gone` is its answer when it is none any more. No
 * request from outside gets through with them.
 */
export const OBJECT_HEADERS = { profile: 'x-bridge-profile', origin: 'x-bridge-origin', gone: 'x-bridge-gone' } as const

/** So long an id is known to be there after the control object has said so. */
const KNOWN_MS = 60_000
/** By id, until when. */
const known = createRecent<number>({ max: 10_000 })

export interface DirectoryOptions {
  readonly environment: Environment
  /** Whether the environment says of a PowerSchool. */
  readonly hasDefault: boolean
  /** Of the request that is answered; what links begin with where no PUBLIC_URL is set. */
  readonly origin: string
}

export function createDirectory({ environment, hasDefault, origin }: DirectoryOptions): ProfileDirectory {
  const { PROFILES, CONTROL } = environment
  // Of the request that asks: a stub is of no use to another one.
  const control = () => CONTROL.get(CONTROL.idFromName(CONTROL_NAME))

  const handleOf = (id: string): ProfileHandle => ({
    async fetch(request) {
      const told = new Request(request)
      told.headers.set(OBJECT_HEADERS.profile, id)
      told.headers.set(OBJECT_HEADERS.origin, origin)
      const answer = await PROFILES.get(PROFILES.idFromName(id)).fetch(told)
      if (!answer.headers.has(OBJECT_HEADERS.gone)) return answer
      // Whoever asks again is told that nobody knows it.
      known.delete(id)
      throw new BridgeError('not-found', 'The profile was deleted a moment ago.')
    },
  })

  return {
    list: async () => [...(hasDefault ? [DEFAULT_PROFILE] : []), ...(await control().list())],
    async open(id) {
      if (id === DEFAULT_PROFILE) return hasDefault ? handleOf(id) : undefined
      if ((known.get(id) ?? 0) <= Date.now()) {
        if (!(await control().has(id))) return undefined
        known.set(id, Date.now() + KNOWN_MS)
      }
      return handleOf(id)
    },
    async create(id) {
      await control().add(id)
      return handleOf(id)
    },
    async remove(id) {
      known.delete(id)
      await control().remove(id)
    },
  }
}
