// What the worker asks of its objects when there are many profiles, and when the object that lists them is away.
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import worker from '../../src/worker.ts'
import { ADMIN_TOKEN } from './bindings.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const idOf = (n: number) => `p${'q'.repeat(14)}${LETTERS[Math.floor(n / 26)]}${LETTERS[n % 26]}`

/** The worker over objects that the test plays; each origin has a front of its own. */
function openWorker(origin: string, control: object) {
  let asked = 0
  const counted = (answers: object) =>
    new Proxy(answers, {
      get:
        (target, name) =>
        async (...given: unknown[]) => {
          asked += 1
          return (Reflect.get(target, name) as (...given: unknown[]) => unknown)(...given)
        },
    })
  const namespace = (stub: object) => ({ idFromName: (name: string) => ({ name }), get: () => counted(stub) })
  const played = { ...env, CONTROL: namespace(control), PROFILES: namespace({ fetch: async () => Response.json([]) }) }
  return {
    asked: () => asked,
    // Only what it calls is played.
    ask: (path: string) =>
      worker.fetch(
        new Request(`https://${origin}${path}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }),
        played as unknown as Parameters<typeof worker.fetch>[1],
      ),
  }
}

it('asks each once, and the list of them once, for the metrics of all', async () => {
  const ids = Array.from({ length: 120 }, (_, n) => idOf(n))
  const { ask, asked } = openWorker('many.example.org', { list: () => ids, has: () => true })
  expect((await ask('/metrics')).status).toBe(200)
  // The list, the profile of the settings, and each of the others.
  expect(asked()).toBe(1 + 1 + ids.length)
})

it('asks for an id that there is not once in some seconds', async () => {
  const { ask, asked } = openWorker('unknown.example.org', { has: () => false })
  for (let n = 0; n < 3; n += 1) expect((await ask(`/readyz/${idOf(600)}`)).status).toBe(404)
  expect(asked()).toBe(1)
})

it('says when to come back while the list cannot be read', async () => {
  const away = () => {
    throw new Error('the object was reset')
  }
  const { ask } = openWorker('away.example.org', { list: away, has: away })
  for (const path of ['/metrics', '/admin/profiles', '/admin/status', `/readyz/${idOf(610)}`]) {
    const answer = await ask(path)
    expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '10'])
  }
})
