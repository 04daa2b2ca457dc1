// The worker's objects, and who wakes them, when something is wrong for a while.
import { env, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OBJECT_HEADERS } from '../../src/worker/directory.ts'
import worker from '../../src/worker.ts'
import { ORIGIN } from './bindings.ts'

const realFetch = globalThis.fetch
beforeEach(() => {
  // A PowerSchool that lets nobody in, and is not asked again.
  globalThis.fetch = async () => Response.json({ error: 'invalid_client' }, { status: 401 })
})
afterEach(() => {
  globalThis.fetch = realFetch
})

/** What `runInDurableObject` gives, as it is here. */
interface Living {
  fetch(request: Request): Promise<Response>
  wake(id: string, origin: string | undefined): Promise<void>
  alarm(): Promise<void>
}
interface State {
  readonly storage: {
    put(key: string, value: unknown): Promise<void>
    getAlarm(): Promise<number | null>
    deleteAlarm(): Promise<void>
  }
}

function inObject<T>(name: string, work: (object: Living, state: State) => Promise<T>): Promise<T> {
  return runInDurableObject(env.PROFILES.get(env.PROFILES.idFromName(name)), (object, state) =>
    // The worker's own class.
    work(object as unknown as Living, state as unknown as State),
  )
}

/** A stranger's, which every profile refuses with 401. */
const stranger = () =>
  new Request(`${ORIGIN}/oauth/token`, {
    method: 'POST',
    headers: {
      [OBJECT_HEADERS.profile]: 'default',
      [OBJECT_HEADERS.origin]: ORIGIN,
      authorization: `Basic ${btoa('nobody:nothing')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  })

describe('an object that does not know yet who it is', () => {
  it('answers as soon as it was told, whatever came before', async () => {
    const status = await inObject('untold', async (object, { storage }) => {
      await object.wake('default', undefined)
      await object.alarm()
      const answer = await object.fetch(stranger())
      await answer.body?.cancel()
      await storage.deleteAlarm()
      return answer.status
    })
    expect(status).toBe(401)
  })

  it('answers who tells it at the moment at which another does not', async () => {
    const status = await inObject('told-beside', async (object, { storage }) => {
      const [, answer] = await Promise.all([object.wake('default', undefined), object.fetch(stranger())])
      await answer.body?.cancel()
      await storage.deleteAlarm()
      return answer.status
    })
    expect(status).toBe(401)
  })
})

describe('an object whose settings are wrong', () => {
  it('looks again after a while, so that its work goes on when they are right', async () => {
    await inObject('misset', async (object, { storage }) => {
      await storage.put('identity', { id: 'default', origin: ORIGIN })
      Reflect.set(object, 'env', { ...env, SEALING_KEY: 'too short' })
      await object.alarm()
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now())
      Reflect.set(object, 'env', env)
      await object.alarm()
      const answer = await object.fetch(stranger())
      await answer.body?.cancel()
      expect(answer.status).toBe(401)
      await storage.deleteAlarm()
    })
  })
})

describe('the hourly waking', () => {
  it('reaches every profile, also behind one that cannot be woken', async () => {
    const woken: string[] = []
    const profiles = ['pone', 'ptwo', 'pthree']
    await worker.scheduled(undefined, {
      ...env,
      CONTROL: { idFromName: (name: string) => ({ name }), get: () => ({ list: async () => profiles }) },
      PROFILES: {
        idFromName: (name: string) => ({ name }),
        get: () => ({
          async wake(id: string) {
            woken.push(id)
            if (id === 'pone') throw new Error('its store cannot be opened')
          },
        }),
      },
      // Of the bindings only what it uses.
    } as unknown as Parameters<typeof worker.scheduled>[1])
    expect(woken).toEqual(['default', ...profiles])
  })
})
