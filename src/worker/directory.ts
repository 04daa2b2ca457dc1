// The profiles as a Worker reaches them: the control object knows their ids, and each is an object of its own.
import { BridgeError } from '../errors.ts'
import { DEFAULT_PROFILE, type ProfileDirectory, type ProfileHandle } from '../profiles/ports.ts'
import { createRecent } from '../recent.ts'
import { CONTROL_NAME } from './control-object.ts'
import type { ControlStub, Environment } from './environment.ts'

/**
 * Tells an object which profile it is, and by which address it is reached; `gone` is its answer when it is none any more. No
 * request from outside gets through with them.
 */
export const OBJECT_HEADERS = { profile: 'x-bridge-profile', origin: 'x-bridge-origin', gone: 'x-bridge-gone' } as const

/** So long an id is known to be there after the control object has said so. */
const KNOWN_MS = 60_000
/** By id, until when. */
const known = createRecent<number>({ max: 10_000 })
/** So long an id that there is not is not asked for again: ids come from whoever asks, and the control object is one for all. */
const UNKNOWN_MS = 5_000
const unknown = createRecent<number>({ max: 10_000 })

export interface DirectoryOptions {
  readonly environment: Environment
  /** Whether the environment says of a PowerSchool. */
  readonly hasDefault: boolean
  /** Of the request that is answered; what links begin with where no PUBLIC_URL is set. */
  readonly origin: string
}

export function createDirectory({ environment, hasDefault, origin }: DirectoryOptions): ProfileDirectory {
  const { PROFILES, CONTROL } = environment
  /** By a stub of the request that asks, for it is of no use to another one. Refuses with `store-failed` while it is away. */
  const control = async <T>(work: (stub: ControlStub) => Promise<T>): Promise<T> => {
    try {
      return await work(CONTROL.get(CONTROL.idFromName(CONTROL_NAME)))
    } catch (cause) {
      const remedy = 'Try again in a moment.'
      throw new BridgeError('store-failed', 'The list of the profiles cannot be read now.', { remedy, cause })
    }
  }
  const learn = (id: string) => known.set(id, Date.now() + KNOWN_MS)

  const handleOf = (id: string): ProfileHandle => ({
    async fetch(request) {
      const told = new Request(request)
      told.headers.set(OBJECT_HEADERS.profile, id)
      told.headers.set(OBJECT_HEADERS.origin, origin)
      const answer = await PROFILES.get(PROFILES.idFromName(id)).fetch(told)
      if (!answer.headers.has(OBJECT_HEADERS.gone)) return answer
      // Whoever asks again is told that nobody knows it.
      known.delete(id)
      if (id !== DEFAULT_PROFILE) await control((stub) => stub.forget(id))
      throw new BridgeError('not-found', 'The profile was deleted a moment ago.')
    },
  })

  return {
    async list() {
      const ids = await control((stub) => stub.list())
      for (const id of ids) learn(id)
      return [...(hasDefault ? [DEFAULT_PROFILE] : []), ...ids]
    },
    async open(id) {
      if (id === DEFAULT_PROFILE) return hasDefault ? handleOf(id) : undefined
      const now = Date.now()
      if ((known.get(id) ?? 0) > now) return handleOf(id)
      if ((unknown.get(id) ?? 0) > now) return undefined
      const isThere = await control((stub) => stub.has(id))
      if (isThere) learn(id)
      else unknown.set(id, now + UNKNOWN_MS)
      return isThere ? handleOf(id) : undefined
    },
    async create(id) {
      await control((stub) => stub.add(id))
      learn(id)
      return handleOf(id)
    },
    async remove(id) {
      known.delete(id)
      await control((stub) => stub.remove(id))
    },
  }
}
