// A restore by the worker itself: what of it this machine can do, for its platform keeps no earlier states.
import { env, runDurableObjectAlarm, runInDurableObject, SELF } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it } from 'vitest'
import worker from '../../src/worker.ts'
import { ADMIN_TOKEN, ORIGIN } from './bindings.ts'

const realFetch = globalThis.fetch
beforeEach(() => {
  globalThis.fetch = async () => Response.json({ error: 'invalid_client' }, { status: 401 })
})
afterEach(() => {
  globalThis.fetch = realFetch
})

const admin = (method: string, path: string, body?: unknown) =>
  SELF.fetch(`${ORIGIN}/admin${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

async function makeProfile(): Promise<string> {
  const dataProvider = { connectionUrl: 'https://lake.example.org', clientId: 'lake', clientSecret: 'a-secret' }
  const made = await admin('POST', '/profiles', { displayName: 'Lake', dataProvider })
  const { id } = (await made.json()) as { id: string }
  await runDurableObjectAlarm(env.PROFILES.get(env.PROFILES.idFromName(id)))
  return id
}

/** What of a store says that all is to be told anew. */
const marksOf = (id: string) =>
  runInDurableObject(env.PROFILES.get(env.PROFILES.idFromName(id)), (_, { storage }) =>
    storage.sql.exec(`select name from meta where name = 'restored' or name like 'columns-added%'`).toArray(),
  )

it('refuses with the words of the platform, which says that it cannot here', async () => {
  const id = await makeProfile()
  const to = new Date(Date.now() - 60_000).toISOString()
  const answer = await admin('POST', `/profiles/${id}/restore`, { to })
  // The profile was made a moment ago.
  expect({ status: answer.status, body: await answer.json() }).toMatchObject({
    status: 409,
    body: { error: 'out-of-reach', message: expect.stringContaining('made later') },
  })
  const undo = await admin('POST', `/profiles/${id}/restore`, { bookmark: '00000001-00000000' })
  expect({ status: undo.status, body: await undo.json() }).toMatchObject({
    status: 409,
    body: { error: 'out-of-reach', message: expect.stringContaining('point-in-time recovery') },
  })
  expect((await admin('GET', `/profiles/${id}`)).status).toBe(200)
  expect(await marksOf(id)).toEqual([])
})

it('is gone on with by who wakes the profiles, when the Worker that began it has ended', async () => {
  const id = await makeProfile()
  const control = env.CONTROL.get(env.CONTROL.idFromName('control'))
  await control.noteRestore({ id, ticket: 'of a state that is given up', servedMs: 4_000_000_000_000, undo: undefined })
  await worker.scheduled(undefined, env)
  expect(await control.restores()).toEqual([])
  // The object was ended and began anew, which has taken the mark and asked for all records.
  await runDurableObjectAlarm(env.PROFILES.get(env.PROFILES.idFromName(id)))
  expect(await marksOf(id)).toContainEqual({ name: 'columns-added users' })
  expect((await admin('GET', `/profiles/${id}`)).status).toBe(200)
})
