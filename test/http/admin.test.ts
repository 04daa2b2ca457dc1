// The admin API: it does not exist without its token, and with it one can start and watch syncs.
import { describe, expect, test } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { openTestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN } from '../support/known.ts'
import { ask, ended, type Json, sync } from './admin-client.ts'
import { bearer, readWhole, request } from './support.ts'

describe('without its token', () => {
  const PATHS = [
    ['GET', '/admin'],
    ['GET', '/admin/status'],
    ['GET', '/admin/syncs'],
    ['POST', '/admin/syncs'],
    ['GET', '/admin/syncs/latest'],
    ['POST', '/admin/syncs/id-1/resume'],
    ['GET', '/admin/nothing'],
  ] as const

  test.each(PATHS)('%s %s does not exist', async (method, path) => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const nowhere = await request(bridge, '/nowhere', { method })
    const elsewhere = [nowhere.status, [...nowhere.headers], await nowhere.text()]
    expect(elsewhere[0]).toBe(404)
    const wrong = [undefined, 'Bearer x', `Bearer ${ADMIN_TOKEN}x`, `Basic ${btoa(ADMIN_TOKEN)}`, ADMIN_TOKEN, 'Bearer']
    for (const authorization of [...wrong, `Bearer ${await bridge.token()}`]) {
      const answer = await request(bridge, path, { method, headers: authorization ? { authorization } : {} })
      expect([answer.status, [...answer.headers], await answer.text()]).toEqual(elsewhere)
    }
    const inQuery = await request(bridge, `${path}?access_token=${ADMIN_TOKEN}`, { method })
    expect(inQuery.status).toBe(404)
    expect(bridge.schedule.running()).toBeUndefined()
  })

  test('nothing of it exists where no token is set, whatever is sent', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict(), settings: { ADMIN_TOKEN: '' } })
    for (const authorization of [undefined, 'Bearer ', 'Bearer undefined', bearer(ADMIN_TOKEN).authorization]) {
      const answer = await request(bridge, '/admin/status', { headers: authorization ? { authorization } : {} })
      expect(answer.status).toBe(404)
    }
  })

  test('and its token opens no OneRoster path', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await bridge.syncNow()
    expect((await request(bridge, '/ims/oneroster/v1p1/orgs', { headers: bearer(ADMIN_TOKEN) })).status).toBe(401)
  })
})

describe('a sync', () => {
  test('is started with 202, can be watched to its end, and is not started twice', async () => {
    const gate = Promise.withResolvers<void>()
    const simulator = { latencyMs: 1, sleep: () => gate.promise }
    const bridge = await openTestBridge({ district: createSmallDistrict(), simulator })
    const { status, body } = await ask(bridge, '/syncs', 'POST')
    expect([status, body]).toEqual([
      202,
      {
        id: expect.any(String),
        status: 'inProgress',
        isNew: true,
        href: expect.stringContaining(`/admin/syncs/${body.id}`),
      },
    ])
    const again = await ask(bridge, '/syncs', 'POST')
    expect(again).toMatchObject({ status: 202, body: { id: body.id, isNew: false } })
    expect((await ask(bridge, '/status')).body).toMatchObject({ profiles: [{ isReady: false, running: body.id }] })
    expect((await ask(bridge, `/syncs/${body.id}`)).body).toMatchObject({ id: body.id, status: 'inProgress' })

    gate.resolve()
    const done = await ended(bridge, String(body.id))
    expect(done).toMatchObject({
      status: 'success',
      stage: 'done',
      startedAt: '2025-10-15T18:00:00.000Z',
      finishedAt: '2025-10-15T18:00:00.000Z',
      report: {
        generation: 1,
        isPublished: true,
        schoolYear: '2026',
        held: [],
      },
      counts: { users: { active: 6, added: 6, changed: 0, removed: 0, rejected: 1 } },
    })
    expect((await ask(bridge, '/status')).body).toEqual({
      profiles: [
        expect.objectContaining({
          isReady: true,
          snapshot: expect.objectContaining({
            generation: 1,
            publishedAt: '2025-10-15T18:00:00.001Z',
            ageSeconds: 0,
            active: expect.objectContaining({ users: 6 }),
          }),
          latestSync: done,
        }),
      ],
    })
  })

  test('is listed, the newest first, and the latest has a path of its own', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    expect(await ask(bridge, '/syncs/latest')).toMatchObject({ status: 404 })
    expect(await ask(bridge, '/syncs')).toEqual({ status: 200, body: { syncs: [] } })
    const ids = []
    for (let n = 0; n < 3; n += 1) ids.unshift((await sync(bridge)).id)
    const { syncs } = (await ask(bridge, '/syncs')).body as { syncs: Json[] }
    expect(syncs.map(({ id }) => id)).toEqual(ids)
    expect((await ask(bridge, '/syncs/latest')).body).toEqual(syncs[0])
    expect((await ask(bridge, `/syncs/${ids[1]}`)).body).toEqual(syncs[1])
    expect((await ask(bridge, '/syncs/none')).status).toBe(404)
  })

  test('that fails says why and what to do, and leaves the snapshot as it was', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await sync(bridge)
    const before = await readWhole(bridge, '/users')
    bridge.powerSchool.settings.v1Level = 'NONE'
    expect(await sync(bridge)).toMatchObject({
      status: 'error',
      error: { code: 'powerschool-rights', message: expect.any(String), remedy: expect.any(String) },
    })
    expect(await readWhole(bridge, '/users')).toEqual(before)
    bridge.powerSchool.settings.v1Level = 'READ'
    expect(await sync(bridge)).toMatchObject({ status: 'success', report: { isPublished: false } })
  })
})
