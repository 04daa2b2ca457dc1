// School Data Sync's newer endpoints: a full pull, then deltas that must amount to the next full pull.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createRandom } from '../../fixtures/powerschool/random.ts'
import { openSyncedBridge } from '../http/support.ts'
import { liveOn } from './district-life.ts'
import { recordsOf, totalOf } from './read.ts'
import { applyDelta, inOrder, startSds } from './sds.ts'
import { SDS_RESOURCES } from './sds-contract.ts'
import { serve } from './wire.ts'

const HALF_A_DAY_MS = 12 * 3_600_000
const bridge = await openSyncedBridge({ district: createDistrict({ students: 300, seed: 31, today: '2026-11-18' }) })
const wire = await serve(bridge)

describe('a full pull', () => {
  test.each([10_000, 5000, 250, 101])('by %i gives the same records, each once and as SDS wants it', async (limit) => {
    const sds = await startSds(wire)
    const pulled = inOrder(await sds.fullPull(limit))
    expect(pulled).toEqual(inOrder(await sds.fullPull()))
    for (const resource of SDS_RESOURCES) expect(pulled[resource]?.length).toBeGreaterThanOrEqual(3)
  })

  test('may begin at a base with a slash at its end and in another spelling', async () => {
    const usual = await startSds(wire)
    const other = await startSds(wire, { base: '/ims/oneRoster/v1p1/' })
    expect(inOrder(await other.fullPull())).toEqual(inOrder(await usual.fullPull()))
  })

  test.each([5000, 97])('packed as gzip is the same, by %i', async (limit) => {
    const plain = await startSds(wire)
    const packed = await startSds(wire, { encoding: 'gzip, deflate, br' })
    expect(inOrder(await packed.fullPull(limit))).toEqual(inOrder(await plain.fullPull()))
    expect((await packed.get('/users?limit=5000')).headers['content-encoding']).toBe('gzip')
  })

  test('each resource has a second page that does not begin as the first', async () => {
    const sds = await startSds(wire)
    for (const resource of SDS_RESOURCES) {
      const [first] = recordsOf(await sds.get(`/${resource}`), resource)
      const third = recordsOf(await sds.get(`/${resource}?offset=2&limit=1`), resource)
      expect(third).toHaveLength(1)
      expect(third[0]?.sourcedId).not.toBe(first?.sourcedId)
    }
  })

  test('with no records is an empty list of none', async () => {
    const sds = await startSds(wire)
    for (const resource of SDS_RESOURCES) {
      const field = { users: 'username', classes: 'title', courses: 'title' }[resource as string] ?? 'sourcedId'
      for (const filter of [`sourcedId='norecords'`, `status='norecords'`, `${field}='norecords'`]) {
        const answer = await sds.get(`/${resource}?filter=${filter}`)
        expect([recordsOf(answer, resource), totalOf(answer)]).toEqual([[], 0])
      }
    }
  })

  test('every link leads to a record of the same pull', async () => {
    const data = await (await startSds(wire)).fullPull()
    const ids = (resource: keyof typeof data) => new Set(data[resource].keys())
    const known = { user: ids('users'), class: ids('classes'), org: ids('orgs') }
    for (const { sourcedId, user, class: taken, school } of data.enrollments.values()) {
      const led = [known.user, known.class, known.org].map((set, place) => {
        const link = [user, taken, school][place] as { readonly sourcedId: string }
        return set.has(link.sourcedId)
      })
      expect(led, sourcedId).toEqual([true, true, true])
    }
    for (const id of ids('demographics')) expect(known.user.has(id)).toBe(true)
  })
})

describe('deltas', () => {
  test('over many runs amount to the full pull, by X-Total-Count as by Link', async () => {
    const random = createRandom(7)
    let held = await (await startSds(wire)).fullPull()
    let tombstones = 0
    for (let run = 0; run < 6; run += 1) {
      // SDS notes the time before it asks.
      const since = new Date(bridge.clock.now).toISOString()
      bridge.clock.now += HALF_A_DAY_MS
      liveOn(bridge.district, random)
      expect((await bridge.syncNow()).status).toBe('success')
      bridge.clock.now += HALF_A_DAY_MS

      const sds = await startSds(wire)
      const delta = await sds.deltaPull(since, 'total')
      expect(await sds.deltaPull(since, 'link')).toEqual(delta)
      const packed = await startSds(wire, { encoding: 'gzip' })
      expect(await packed.deltaPull(since, 'link')).toEqual(delta)
      tombstones += Object.values(delta)
        .flat()
        .filter(({ status }) => status === 'tobedeleted').length
      held = applyDelta(held, delta)
      expect(inOrder(held)).toEqual(inOrder(await sds.fullPull()))
      expect(inOrder(held)).toEqual(inOrder(await packed.fullPull(100)))
    }
    expect(tombstones).toBeGreaterThan(20)
  })

  test('from the beginning hold everything, in pages of a hundred', async () => {
    const sds = await startSds(wire)
    const delta = await sds.deltaPull('2020-01-01T01:00:00.000Z', 'link')
    const everything = await sds.fullPull()
    for (const resource of SDS_RESOURCES) {
      const active = delta[resource].filter(({ status }) => status === 'active')
      expect(new Set(active.map(({ sourcedId }) => sourcedId))).toEqual(new Set(everything[resource].keys()))
      const gone = delta[resource].filter(({ sourcedId }) => !everything[resource].has(sourcedId))
      expect(gone.map(({ status }) => status)).toEqual(gone.map(() => 'tobedeleted'))
    }
  })

  test('that a run stopped in the middle of are asked again and miss nothing', async () => {
    const random = createRandom(8)
    const since = new Date(bridge.clock.now).toISOString()
    const before = await (await startSds(wire)).fullPull()
    bridge.clock.now += HALF_A_DAY_MS
    liveOn(bridge.district, random)
    await bridge.syncNow()
    const interrupted = await startSds(wire)
    await interrupted.get(`/users?filter=dateLastModified>'${since}'`)
    // Another publish comes between the stop and the next try, which asks from the same time.
    bridge.clock.now += HALF_A_DAY_MS
    liveOn(bridge.district, random)
    await bridge.syncNow()
    const sds = await startSds(wire)
    const held = applyDelta(before, await sds.deltaPull(since, 'total'))
    expect(inOrder(held)).toEqual(inOrder(await sds.fullPull()))
  })
})
