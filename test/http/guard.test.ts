// The guard: a sync that would remove too much is held, until a person releases it or a later one is in bounds.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { drop, renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { ask, sync } from './admin-client.ts'
import { readList, readWhole } from './support.ts'

async function openSynced(students: number, settings: Readonly<Record<string, string>> = {}): Promise<TestBridge> {
  const district = createDistrict({ students, seed: 19, today: '2026-11-18' })
  const bridge = await openTestBridge({ district, settings })
  // So that it publishes on the full minute.
  bridge.clock.now -= 1
  await sync(bridge)
  bridge.clock.now += 60_000
  return bridge
}

/** Takes that many published students out of PowerSchool, and answers how to bring them back. */
async function hideStudents(bridge: TestBridge, count: number): Promise<() => void> {
  const { ids } = await readList(bridge, '/students', { limit: `${count}` })
  const dcids = ids.map((id) => id.slice('stu'.length)).join(',')
  const { db } = bridge.district
  db.exec(`update students set enroll_status = 2 where dcid in (${dcids})`)
  return () => db.exec(`update students set enroll_status = 0 where dcid in (${dcids})`)
}

async function dropEnrollments(bridge: TestBridge, count: number): Promise<void> {
  const { ids } = await readList(bridge, '/enrollments', { filter: "role='student'", limit: `${count}` })
  for (const id of ids) drop(bridge.district, Number(id.slice('cc'.length)))
}

describe('the guard', () => {
  test('holds a sync that would remove a fifth of a collection, until a person releases it', async () => {
    const bridge = await openSynced(200)
    const before = await readWhole(bridge, '/users')
    const delta = { filter: "dateLastModified>'2026-11-18T18:00:00.000Z'", limit: '10000' }
    await hideStudents(bridge, 60)

    const held = await sync(bridge)
    const removal = { removed: 60, of: expect.any(Number) }
    expect(held).toMatchObject({
      status: 'validationError',
      report: {
        isPublished: false,
        generation: 1,
        held: expect.arrayContaining([
          expect.objectContaining({ collection: 'users', ...removal }),
          expect.objectContaining({ collection: 'demographics', ...removal }),
        ]),
      },
    })
    expect(await readWhole(bridge, '/users')).toEqual(before)
    expect((await readList(bridge, '/users', delta)).total).toBe(0)
    expect((await readList(bridge, '/users', { filter: "status='tobedeleted'" })).total).toBe(0)
    expect((await ask(bridge, '/status')).body).toMatchObject({
      profiles: [
        { isReady: true, snapshot: { generation: 1 }, latestSync: { id: held.id, status: 'validationError' } },
      ],
    })

    bridge.clock.now += 60_000
    const released = await ask(bridge, `/syncs/${held.id}/resume`, 'POST')
    expect(released).toMatchObject({
      status: 200,
      body: { status: 'success', report: { generation: 2, publishedAt: '2026-11-18T18:02:00.000Z' } },
    })
    expect((await readWhole(bridge, '/users')).length).toBe(before.length - 60)
    const gone = await readList(bridge, '/users', delta)
    expect(gone.records.filter(({ status }) => status === 'tobedeleted')).toHaveLength(60)
    expect(new Set(gone.records.map((one) => one.dateLastModified))).toEqual(new Set(['2026-11-18T18:02:00.000Z']))
    expect(await ask(bridge, `/syncs/${held.id}/resume`, 'POST')).toMatchObject({
      status: 409,
      body: { message: expect.any(String), remedy: expect.any(String) },
    })
    expect(await sync(bridge)).toMatchObject({ status: 'success', report: { isPublished: false } })
  })

  test('is content when a later sync is back in bounds, and the held one can be released no more', async () => {
    const bridge = await openSynced(200)
    const before = await readWhole(bridge, '/users')
    const bringBack = await hideStudents(bridge, 60)
    const held = await sync(bridge)
    expect(held.status).toBe('validationError')
    const later = await sync(bridge)
    expect(later.status).toBe('validationError')
    expect((await ask(bridge, `/syncs/${held.id}/resume`, 'POST')).status).toBe(409)

    bringBack()
    renameStudent(bridge.district, 100001, 'Back', 'Again')
    bridge.clock.now += 60_000
    expect(await sync(bridge)).toMatchObject({ status: 'success', report: { isPublished: true, generation: 2 } })
    expect((await ask(bridge, `/syncs/${later.id}/resume`, 'POST')).status).toBe(409)
    const after = await readWhole(bridge, '/users')
    expect(after.length).toBe(before.length)
    expect(after.filter((user, index) => JSON.stringify(user) !== JSON.stringify(before[index]))).toEqual([
      expect.objectContaining({ sourcedId: 'stu100001', givenName: 'Back' }),
    ])
    expect((await readList(bridge, '/users', { filter: "status='tobedeleted'" })).total).toBe(0)
  })

  test('counts what goes: 25 records, and more than a fifth', async () => {
    const share = async (bridge: TestBridge) => Math.floor((await readList(bridge, '/enrollments')).total * 0.2)
    const few = await openSynced(15)
    expect(await share(few)).toBeLessThan(24)
    const many = await openSynced(40)
    expect(await share(many)).toBeGreaterThan(30)
    const cases: readonly (readonly [TestBridge, () => Promise<number>, string])[] = [
      [few, async () => 24, 'success'],
      [few, async () => 25, 'validationError'],
      [many, () => share(many), 'success'],
      [many, async () => (await share(many)) + 1, 'validationError'],
    ]
    for (const [bridge, count, status] of cases) {
      await dropEnrollments(bridge, await count())
      expect(await sync(bridge)).toMatchObject({ status })
    }
  })

  test.each([
    ['GUARD_SHARE', '0.5'],
    ['GUARD_MIN', '1000'],
  ])('follows %s', async (setting, value) => {
    const bridge = await openSynced(200, { [setting]: value })
    await hideStudents(bridge, 60)
    expect(await sync(bridge)).toMatchObject({ status: 'success', report: { isPublished: true, held: [] } })
  })

  test('does not hold the first sync, nor what is added or changed', async () => {
    const bridge = await openTestBridge({
      district: createSmallDistrict(),
      settings: { GUARD_MIN: '0', GUARD_SHARE: '0' },
    })
    expect(await sync(bridge)).toMatchObject({ status: 'success', report: { held: [] } })
    renameStudent(bridge.district, 100001, 'Zoë', 'Marlowen')
    expect(await sync(bridge)).toMatchObject({ status: 'success', report: { isPublished: true } })
    drop(bridge.district, 3000002)
    expect(await sync(bridge)).toMatchObject({ status: 'validationError', report: { isPublished: false } })
  })

  test('holds a first snapshot in which there is nobody', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    bridge.district.db.exec(`update students set enroll_status = 2; delete from schoolstaff`)
    const held = await sync(bridge)
    expect(held).toMatchObject({
      status: 'validationError',
      report: { held: [{ collection: 'users', reason: 'nobody' }] },
    })
    expect((await bridge.get('/users')).status).toBe(503)
    expect((await ask(bridge, `/syncs/${held.id}/resume`, 'POST')).status).toBe(200)
    expect(await readWhole(bridge, '/users')).toEqual([])
    expect(await readWhole(bridge, '/schools')).not.toEqual([])
  })

  test('a release of no sync, or of one that is not held, is refused', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const { id } = await sync(bridge)
    expect((await ask(bridge, '/syncs/none/resume', 'POST')).status).toBe(404)
    expect((await ask(bridge, `/syncs/${id}/resume`, 'POST')).status).toBe(409)
  })
})
