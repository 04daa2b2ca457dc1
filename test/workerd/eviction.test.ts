// The real objects of the worker, torn down at random points: a sync goes on where it was, and paging ends whole.
import { env, type ObjectState, runDurableObjectAlarm, runInDurableObject, SELF } from 'cloudflare:test'
import { afterEach, describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'
import { createRandom, type Random } from '../../fixtures/powerschool/random.ts'
import { createPowerSchool, type PowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { BASE } from '../support/known.ts'
import { differences, drain } from '../support/roster.ts'
import { CONCURRENCY, CONSUMER, ORIGIN, POWERSCHOOL } from './bindings.ts'

const realFetch = globalThis.fetch
/** The object's instance as it lives now. */
let living: ObjectState | undefined

afterEach(() => {
  globalThis.fetch = realFetch
})

const objectOf = () => env.PROFILES.get(env.PROFILES.idFromName('default'))

/** Ends the object as the platform does: nothing that is in its memory goes on. */
function tearDown(): void {
  const torn = living
  living = undefined
  torn?.abort('torn down')
}

/** The same between two requests. The call that does it fails with the object. */
async function tearDownIdle(): Promise<void> {
  await runInDurableObject(objectOf(), (_, state) => state.abort('torn down')).catch(() => undefined)
}

/** Runs what is due; whatever a torn object was in the middle of has failed. */
async function step(): Promise<void> {
  await SELF.fetch(`${ORIGIN}/readyz`).catch(() => undefined)
  const object = objectOf()
  await runInDurableObject(object, (_, state) => {
    living = state
  }).catch(() => undefined)
  await runDurableObjectAlarm(object).catch(() => undefined)
}

async function isReady(): Promise<boolean> {
  const answer = await SELF.fetch(`${ORIGIN}/readyz`).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.status === 200
}

interface Scene {
  readonly district: District
  readonly powerSchool: PowerSchool
  readonly random: Random
}

/** A worker whose PowerSchool is simulated; `onRequest` is told before each of its requests is answered. */
function openScene(seed: number, onRequest: (path: string) => void): Scene {
  const district = createDistrict({ students: 40, seed, today: new Date().toISOString().slice(0, 10) })
  const powerSchool = createPowerSchool({ district, credentials: POWERSCHOOL, now: Date.now, pageSize: 10 })
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    onRequest(new URL(request.url).pathname)
    return powerSchool.fetch(request)
  }
  return { district, powerSchool, random: createRandom(seed) }
}

async function token(): Promise<string> {
  const answer = await SELF.fetch(`${ORIGIN}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${CONSUMER.id}:${CONSUMER.secret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

describe('an object that is torn down', () => {
  it('in a sync, again and again, reads on where it was and publishes the whole district', async () => {
    let requests = 0
    let tears = 0
    const scene = openScene(5, () => {
      requests += 1
      if (scene.random.chance(0.05)) {
        tears += 1
        tearDown()
      }
    })
    for (let steps = 0; !(await isReady()); steps += 1) {
      if (steps > 500) throw new Error(`No snapshot after ${steps} steps and ${requests} requests.`)
      await step()
    }
    expect(tears).toBeGreaterThan(3)

    const asked = new Map<string, number>()
    for (const { method, path, search } of scene.powerSchool.requests.all) {
      const key = `${method} ${path}${search}`
      if (!path.startsWith('/oauth/')) asked.set(key, (asked.get(key) ?? 0) + 1)
    }
    const again = [...asked.values()].reduce((sum, times) => sum + times - 1, 0)
    expect(again).toBeLessThanOrEqual(tears * CONCURRENCY * 2)

    // From here on the object is torn down between pages: each record comes once all the same.
    const bearer = { authorization: `Bearer ${await token()}` }
    let pages = 0
    const got = await drain(
      {
        async get(path) {
          pages += 1
          if (scene.random.chance(0.3)) {
            await tearDownIdle()
          }
          return ask(`${ORIGIN}${BASE}${path}`, bearer)
        },
      },
      7,
    )
    expect(pages).toBeGreaterThan(20)
    expect(differences(expectedRoster(scene.district), got)).toEqual([])
  })
})

/** The first request after an object was torn down may find the old one. */
async function ask(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  try {
    return await SELF.fetch(url, { headers })
  } catch {
    return SELF.fetch(url, { headers })
  }
}
