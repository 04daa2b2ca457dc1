// A profile that was deleted, or refused, leaves no object behind; not even when it is asked once more.
import { env, runDurableObjectAlarm, runInDurableObject, SELF } from 'cloudflare:test'
import { afterEach, expect, it } from 'vitest'
import { OBJECT_HEADERS } from '../../src/worker/directory.ts'
import { ADMIN_TOKEN, ORIGIN } from './bindings.ts'

const realFetch = globalThis.fetch
afterEach(() => {
  globalThis.fetch = realFetch
})

const objectOf = (id: string) => env.PROFILES.get(env.PROFILES.idFromName(id))

const admin = (method: string, path: string, body?: unknown) =>
  SELF.fetch(`${ORIGIN}/admin${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

const tablesOf = (id: string) =>
  runInDurableObject(objectOf(id), (_, { storage }) =>
    storage.sql.exec(`select name from sqlite_master where name not like '\\_cf%' escape '\\'`).toArray(),
  )

it('is gone for whoever still knows its id, and is not begun again', async () => {
  globalThis.fetch = async () => new Response('away', { status: 503 })
  const dataProvider = { connectionUrl: 'https://lake.example.org', clientId: 'lake', clientSecret: 'a-secret' }
  const made = await admin('POST', '/profiles', { displayName: 'Lake', dataProvider })
  expect(made.status).toBe(202)
  const { id } = (await made.json()) as { id: string }
  await runDurableObjectAlarm(objectOf(id))
  expect((await admin('DELETE', `/profiles/${id}`)).status).toBe(202)
  await runDurableObjectAlarm(objectOf(id))

  const headers = { [OBJECT_HEADERS.profile]: id, [OBJECT_HEADERS.origin]: ORIGIN }
  const answer = await objectOf(id).fetch(new Request(`${ORIGIN}/readyz`, { headers }))
  expect(answer.status).toBe(410)
  expect(await tablesOf(id)).toEqual([])
  expect((await admin('GET', `/profiles/${id}`)).status).toBe(404)
})
