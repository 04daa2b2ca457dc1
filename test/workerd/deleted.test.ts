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

  const headers = { [OBJECT_HEADERS.profile]: id, [OBJECT_HEADERS.origin]: ORIGIN }
  const ask = () => objectOf(id).fetch(new Request(`${ORIGIN}/readyz`, { headers }))
  // The alarm may be at work already, by itself; what was asked for meanwhile is for the next one.
  let answer = await ask()
  for (let looks = 0; answer.status !== 410 && looks < 500; looks += 1) {
    await answer.body?.cancel()
    if (!(await runDurableObjectAlarm(objectOf(id)))) await new Promise((resolve) => setTimeout(resolve, 10))
    answer = await ask()
  }
  expect(answer.status).toBe(410)
  expect(await tablesOf(id)).toEqual([])
  expect((await admin('GET', `/profiles/${id}`)).status).toBe(404)
})

it('is wiped by nobody else: a path that ends like the front’s own, and is refused, takes nothing', async () => {
  globalThis.fetch = async () => new Response('away', { status: 503 })
  const tables = async () => (await tablesOf('default')).length
  await (await SELF.fetch(`${ORIGIN}/readyz`)).text()
  // As if a sync had published: only then is the request looked at.
  await runInDurableObject(objectOf('default'), (_, { storage }) =>
    storage.sql.exec(
      `insert into generations (number, time, time_ms, head, sync) values (1, '2026-01-01T00:00:00.000Z', 1767225600000, '{', 's')`,
    ),
  )
  const before = await tables()
  expect(before).toBeGreaterThan(10)
  for (const path of ['/ims/oneroster/v1p1/internal/profile', '/internal/profile']) {
    const headers = { authorization: 'OAuth x' }
    const answer = await SELF.fetch(`${ORIGIN}${path}`, { method: 'POST', headers })
    await answer.text()
    expect([path, Math.floor(answer.status / 100)]).toEqual([path, 4])
    expect(await tables()).toBe(before)
  }
})
