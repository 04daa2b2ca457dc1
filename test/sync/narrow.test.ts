// Narrowed rosters through syncs: what enters, what leaves and when, held and killed syncs, consumers that come and go.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { addClient } from '../../src/auth/clients.ts'
import { removeConsumer } from '../../src/store/consumers.ts'
import { listRosters, type Narrowing, rosterOf } from '../../src/store/rosters.ts'
import { currentSnapshot } from '../../src/store/snapshots.ts'
import { buildRoster } from '../../src/sync/build-rosters.ts'
import { resumeSync } from '../../src/sync/publish-stage.ts'
import { runSync } from '../../src/sync/sync.ts'
import { seeded } from '../oneroster/random.ts'
import { openTestBridge, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts'
import { BASE, SEALING_KEY } from '../support/known.ts'
import { addConsumer, faultsOf, schoolNumbers, shown, shownIn, studentsAt, tracesIn } from './rosters.ts'

const MINUTE = 60_000

interface Opened {
  readonly bridge: TestBridge
  /** The numbers of two schools. */
  readonly a: string
  readonly b: string
  readonly ofA: Narrowing
  readonly ofB: Narrowing
  readonly ofBoth: Narrowing
}

const WITHOUT_CONTACTS: Narrowing = { schools: null, contacts: false }

/** A district of four schools, never synced. */
async function openDistrict(options: Pick<TestBridgeOptions, 'settings' | 'lockOwner'> = {}): Promise<Opened> {
  const district = createDistrict({ students: 80, seed: 9, today: '2026-11-18', perStudentEnrollments: 3 })
  const bridge = await openTestBridge({ district, ...options })
  const [a = '', b = ''] = schoolNumbers(district)
  const of = (...schools: string[]): Narrowing => ({ schools: schools.sort(), contacts: true })
  return { bridge, a, b, ofA: of(a), ofB: of(b), ofBoth: of(a, b) }
}

/** The same with a consumer for each narrowing, synced. */
async function openNarrowed(settings?: Readonly<Record<string, string>>): Promise<Opened> {
  const opened = await openDistrict(settings && { settings })
  const { bridge, ofA, ofB, ofBoth } = opened
  for (const [index, narrowing] of [ofA, ofB, ofBoth, WITHOUT_CONTACTS].entries()) {
    addConsumer(bridge.sql, `consumer-${index}`, narrowing)
  }
  expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 1 } })
  bridge.clock.now += MINUTE
  return opened
}

function expectRight({ sql }: TestBridge, ...narrowings: readonly Narrowing[]): void {
  for (const narrowing of narrowings) {
    expect(faultsOf(sql, narrowing)).toEqual([])
    expect(tracesIn(sql, narrowing)).toEqual([])
  }
}

const idsOf = ({ sql }: TestBridge, narrowing: Narrowing, collection: string) =>
  (shown(sql, narrowing)[collection] ?? [])
    .filter(({ status }) => status === 'active')
    .map(({ sourcedId }) => sourcedId)

const oneOf = ({ sql }: TestBridge, narrowing: Narrowing, collection: string, id: string) =>
  shown(sql, narrowing)[collection]?.find(({ sourcedId }) => sourcedId === id)

const signal = new AbortController().signal

function build(bridge: TestBridge, narrowing: Narrowing, pause = bridge.sync.pause): Promise<void> {
  return buildRoster({ ...bridge.sync, pause, signal }, narrowing)
}

/** Runs until the nth pause, and never on from there, as a killed process; false when it ended before. */
async function killAt(nth: number, run: (pause: () => Promise<void>) => Promise<unknown>): Promise<boolean> {
  let pauses = 0
  let stand = () => {}
  const stood = new Promise<true>((resolve) => {
    stand = () => resolve(true)
  })
  const pause = () => {
    pauses += 1
    if (pauses !== nth) return Promise.resolve()
    stand()
    return new Promise<never>(() => {})
  }
  return Promise.race([stood, run(pause).then(() => false)])
}

describe('a narrowed roster', () => {
  it('is there after the first sync, with what belongs to its schools', async () => {
    const { bridge, a, ofA, ofB, ofBoth } = await openNarrowed()
    expectRight(bridge, ofA, ofB, ofBoth, WITHOUT_CONTACTS)
    const users = idsOf(bridge, ofA, 'users')
    for (const dcid of studentsAt(bridge.district, a)) expect(users).toContain(`stu${dcid}`)
    expect(users.length).toBeLessThan(idsOf(bridge, ofBoth, 'users').length)
    expect(idsOf(bridge, ofA, 'orgs')).toHaveLength(2)
    expect(Object.keys(shown(bridge.sql, WITHOUT_CONTACTS))).toEqual(['users'])
  })

  it('is shared by consumers that are narrowed alike', async () => {
    const { bridge, a, b, ofBoth } = await openNarrowed()
    addConsumer(bridge.sql, 'another', { schools: [b, a, b], contacts: true })
    await bridge.syncNow()
    expect(listRosters(bridge.sql)).toHaveLength(4)
    expectRight(bridge, ofBoth)
  })

  it('tells of a student who moves to another school: gone in the one, there in the other, at the time of the publish', async () => {
    const { bridge, a, b, ofA, ofB } = await openNarrowed()
    const [dcid = 0] = studentsAt(bridge.district, a)
    transferStudent(bridge.district, dcid, Number(b))
    const { report } = await bridge.syncNow()
    const student = `stu${dcid}`
    expect(oneOf(bridge, ofA, 'users', student)).toMatchObject({ status: 'tobedeleted', time: report.publishedAt })
    expect(oneOf(bridge, ofB, 'users', student)).toMatchObject({ status: 'active', time: report.publishedAt })
    expect(oneOf(bridge, ofA, 'demographics', student)).toMatchObject({ status: 'tobedeleted' })
    expect(report.rosters[`users of the roster for school ${a}`]).toMatchObject({ removed: 1 })
    expectRight(bridge, ofA, ofB)
  })

  it('shows of who is at several schools only those that it may', async () => {
    const { bridge, ofA, ofBoth } = await openNarrowed()
    const orgsOf = (body: string) => [...body.matchAll(/orgs\\?\/(\w+)"/g)].map(([, id]) => id)
    const own = idsOf(bridge, ofA, 'orgs')
    const whole = shownIn(bridge.sql, 'users').filter(
      ({ sourcedId, body }) =>
        oneOf(bridge, ofA, 'users', sourcedId) !== undefined && orgsOf(body).some((org) => !own.includes(org ?? '')),
    )
    expect(whole.length).toBeGreaterThan(0)
    for (const { sourcedId } of whole) {
      for (const org of orgsOf(oneOf(bridge, ofA, 'users', sourcedId)?.body ?? '')) expect(own).toContain(org)
    }
    expectRight(bridge, ofA, ofBoth)
  })

  it('moves no date and publishes nothing when nothing has changed', async () => {
    const { bridge, ofA, ofB, ofBoth } = await openNarrowed()
    const before = [ofA, ofB, ofBoth, WITHOUT_CONTACTS].map((narrowing) => shown(bridge.sql, narrowing))
    expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 1, isPublished: false } })
    expect([ofA, ofB, ofBoth, WITHOUT_CONTACTS].map((narrowing) => shown(bridge.sql, narrowing))).toEqual(before)
    expectRight(bridge, ofA, ofB, ofBoth, WITHOUT_CONTACTS)
  })

  it('moves no date in one roster for what changed in another', async () => {
    const { bridge, b, ofA } = await openNarrowed()
    const before = shown(bridge.sql, ofA)
    const only = studentsAt(bridge.district, b).find((dcid) => oneOf(bridge, ofA, 'users', `stu${dcid}`) === undefined)
    renameStudent(bridge.district, only ?? 0, 'Nadia', 'Renamed')
    expect(await bridge.syncNow()).toMatchObject({ report: { generation: 2, isPublished: true } })
    expect(shown(bridge.sql, ofA)).toEqual(before)
  })

  it('forgets its tombstones and old versions as the whole roster does', async () => {
    const { bridge, a, b, ofA } = await openNarrowed()
    const [dcid = 0, other = 0] = studentsAt(bridge.district, a)
    transferStudent(bridge.district, dcid, Number(b))
    await bridge.syncNow()
    bridge.clock.now += 181 * 24 * 60 * MINUTE
    for (const name of ['One', 'Two']) {
      renameStudent(bridge.district, other, 'Nadia', name)
      await bridge.syncNow()
      bridge.clock.now += 2 * 60 * MINUTE
    }
    expect(oneOf(bridge, ofA, 'users', `stu${dcid}`)).toBeUndefined()
    expectRight(bridge, ofA)
    await bridge.syncNow()
    const table = `records_users_n${rosterOf(bridge.sql, ofA)?.id}`
    const versions = bridge.sql.all(`select 1 from ${table} where sourcedId in (?, ?)`, `stu${dcid}`, `stu${other}`)
    expect(versions).toHaveLength(1)
  })
})

describe('a reader of deltas', () => {
  it.each([1, 2, 3, 4])('of a narrowed roster ends with what is in it, whatever happened (seed %i)', async (seed) => {
    const { bridge, ofA, ofBoth } = await openNarrowed({ GUARD_SHARE: '1' })
    const random = seeded(seed)
    const schools = schoolNumbers(bridge.district)
    const readers = [ofA, ofBoth, WITHOUT_CONTACTS].map((narrowing) => ({
      narrowing,
      copy: new Map<string, string>(),
      at: '',
    }))
    for (let round = 0; round < 6; round += 1) {
      for (const reader of readers) {
        const noted = new Date(bridge.clock.now).toISOString()
        readDelta(bridge, reader)
        reader.at = noted
        const active = Object.values(shown(bridge.sql, reader.narrowing))
          .flat()
          .filter(({ status }) => status === 'active')
        expect([...reader.copy.values()].sort()).toEqual(active.map(({ body }) => body).sort())
      }
      for (let change = 0; change < 8; change += 1) {
        const dcid = random.pick(studentsAt(bridge.district, random.pick(schools)))
        if (random.chance(0.3)) renameStudent(bridge.district, dcid, 'Nadia', `Renamed ${round} ${change}`)
        else transferStudent(bridge.district, dcid, random.chance(0.2) ? null : Number(random.pick(schools)))
      }
      // Now and then within the millisecond in which a reader noted the time.
      if (random.chance(0.7)) bridge.clock.now += MINUTE
      await bridge.syncNow()
      expectRight(bridge, ofA, ofBoth, WITHOUT_CONTACTS)
    }
  })

  function readDelta(
    { sql }: TestBridge,
    { narrowing, copy, at }: { narrowing: Narrowing; copy: Map<string, string>; at: string },
  ) {
    for (const [collection, versions] of Object.entries(shown(sql, narrowing))) {
      for (const { sourcedId, status, body } of versions.filter(({ time }) => time > at)) {
        if (status === 'active') copy.set(`${collection}/${sourcedId}`, body)
        else copy.delete(`${collection}/${sourcedId}`)
      }
    }
  }
})

describe('a sync that is killed', () => {
  it('at any of its steps shows nothing of it, and the next one loses no change', async () => {
    const { bridge, a, b, ofA, ofB } = await openNarrowed()
    const [moved = 0, renamed = 0] = studentsAt(bridge.district, a)
    transferStudent(bridge.district, moved, Number(b))
    renameStudent(bridge.district, renamed, 'Nadia', 'Renamed')
    const before = [ofA, ofB].map((narrowing) => shown(bridge.sql, narrowing))
    let kills = 0
    for (let nth = 1; ; nth += 9) {
      const isKilled = await killAt(nth, (pause) => runSync({ ...bridge.sync, pause }, `killed ${nth}`, signal))
      if (!isKilled || currentSnapshot(bridge.sql)?.generation !== 1) break
      kills += 1
      expect(
        [ofA, ofB].map((narrowing) => shown(bridge.sql, narrowing)),
        `at pause ${nth}`,
      ).toEqual(before)
    }
    expect(kills).toBeGreaterThan(5)
    await bridge.syncNow()
    expect(currentSnapshot(bridge.sql)?.generation).toBe(2)
    const publishedAt = currentSnapshot(bridge.sql)?.time
    expect(oneOf(bridge, ofA, 'users', `stu${moved}`)).toMatchObject({ status: 'tobedeleted', time: publishedAt })
    expect(oneOf(bridge, ofA, 'users', `stu${renamed}`)).toMatchObject({ status: 'active', time: publishedAt })
    expectRight(bridge, ofA, ofB)
  })

  it('after its publish leaves the rosters of the first one to be built by the next', async () => {
    const { bridge, ofA } = await openDistrict()
    addConsumer(bridge.sql, 'consumer', ofA)
    for (let nth = 1; currentSnapshot(bridge.sql) === undefined; nth += 5) {
      await killAt(nth, (pause) => runSync({ ...bridge.sync, pause }, `killed ${nth}`, signal))
    }
    await bridge.syncNow()
    expectRight(bridge, ofA)
  })
})

describe('a held sync', () => {
  /** So many students of A move to B that A's roster loses more than the guard lets go, and the district loses nobody. */
  async function openHeld(): Promise<Opened & { readonly id: string }> {
    const opened = await openNarrowed({ GUARD_MIN: '5' })
    const { bridge, a, b } = opened
    for (const dcid of studentsAt(bridge.district, a).slice(0, 8)) transferStudent(bridge.district, dcid, Number(b))
    const { id } = await bridge.syncNow()
    bridge.clock.now += MINUTE
    return { ...opened, id }
  }

  it('is held for a roster that would lose too much, named for a person', async () => {
    const { bridge, a, id, ofA } = await openHeld()
    const record = bridge.sql.all<{ status: string; report: string }>(`select * from syncs where id = ?`, id)[0]
    expect(record?.status).toBe('validationError')
    const { held } = JSON.parse(record?.report ?? '{}')
    expect(held).toContainEqual(expect.objectContaining({ collection: `users of the roster for school ${a}` }))
    expect(held).not.toContainEqual(expect.objectContaining({ collection: 'users' }))
    expectRightBefore(bridge, ofA)
  })

  it('shows its tombstones when a person releases it', async () => {
    const { bridge, id, ofA, ofB, ofBoth } = await openHeld()
    const before = idsOf(bridge, ofA, 'users')
    resumeSync(bridge.sync, id)
    const publishedAt = currentSnapshot(bridge.sql)?.time
    const gone = shown(bridge.sql, ofA).users?.filter(({ status }) => status === 'tobedeleted') ?? []
    expect(gone.length).toBeGreaterThanOrEqual(5)
    for (const { sourcedId, time } of gone) expect([before.includes(sourcedId), time]).toEqual([true, publishedAt])
    expectRight(bridge, ofA, ofB, ofBoth, WITHOUT_CONTACTS)
    bridge.clock.now += MINUTE
    expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 2, isPublished: false } })
  })

  it('is taken back from the rosters by the next one', async () => {
    const { bridge, ofA, ofB } = await openHeld()
    bridge.district.db.exec('update students set entrydate = entrydate')
    const next = await bridge.syncNow()
    expect(next).toMatchObject({ status: 'validationError' })
    resumeSync(bridge.sync, next.id)
    expectRight(bridge, ofA, ofB)
  })

  it('holds for a roster that is built meanwhile too', async () => {
    const { bridge, a, id, b } = await openHeld()
    const late: Narrowing = { schools: [a], contacts: false }
    addConsumer(bridge.sql, 'late', late)
    await build(bridge, late)
    const before = idsOf(bridge, late, 'users')
    expect(faultsOf(bridge.sql, late)).toEqual([])
    resumeSync(bridge.sync, id)
    expectRight(bridge, late)
    expect(idsOf(bridge, late, 'users')).not.toEqual(before)
    const tombstones = shown(bridge.sql, late).users?.filter(({ status }) => status === 'tobedeleted') ?? []
    expect(tombstones.length).toBeGreaterThanOrEqual(5)
    expect(b).not.toBe(a)
  })

  it.each([1, 8, 16, 24, 32, 40])(
    'that is released at pause %i of the building of a roster has it built anew',
    async (nth) => {
      const { bridge, a, id } = await openHeld()
      const late: Narrowing = { schools: [a], contacts: false }
      addConsumer(bridge.sql, 'late', late)
      let pauses = 0
      await build(bridge, late, async () => {
        pauses += 1
        if (pauses === nth) resumeSync(bridge.sync, id)
      })
      expect(pauses).toBeGreaterThan(nth)
      expect(rosterOf(bridge.sql, late)?.built).toBe(2)
      expectRight(bridge, late)
    },
  )

  function expectRightBefore(bridge: TestBridge, narrowing: Narrowing): void {
    expect(currentSnapshot(bridge.sql)?.generation).toBe(1)
    expect(faultsOf(bridge.sql, narrowing)).toEqual([])
  }
})

describe('a consumer that is added between syncs', () => {
  it('reads the published snapshot as soon as its roster is built, and every change from then on', async () => {
    const { bridge, a, b, ofA } = await openDistrict()
    await bridge.syncNow()
    bridge.clock.now += MINUTE
    addConsumer(bridge.sql, 'late', ofA)
    const before = currentSnapshot(bridge.sql)
    await build(bridge, ofA)
    expect(currentSnapshot(bridge.sql)).toEqual(before)
    expectRight(bridge, ofA)
    const times = new Set(Object.values(shown(bridge.sql, ofA)).flatMap((versions) => versions.map(({ time }) => time)))
    expect([...times]).toEqual([before?.time])

    const [dcid = 0] = studentsAt(bridge.district, a)
    transferStudent(bridge.district, dcid, Number(b))
    const { report } = await bridge.syncNow()
    expect(oneOf(bridge, ofA, 'users', `stu${dcid}`)).toMatchObject({ status: 'tobedeleted', time: report.publishedAt })
    expectRight(bridge, ofA)
  })

  it('is built by the next sync when nobody asked before, even if nothing has changed', async () => {
    const { bridge, ofA } = await openDistrict()
    await bridge.syncNow()
    addConsumer(bridge.sql, 'late', ofA)
    expect(await bridge.syncNow()).toMatchObject({ report: { generation: 1, isPublished: false } })
    expectRight(bridge, ofA)
  })

  it('is built before the first publish by nobody', async () => {
    const { bridge, ofA } = await openDistrict()
    addConsumer(bridge.sql, 'early', ofA)
    await build(bridge, ofA)
    expect(() => shown(bridge.sql, ofA)).toThrow('not built')
  })

  it('reads nothing of a build that was killed, and all of the next', async () => {
    const { bridge, ofA } = await openDistrict()
    await bridge.syncNow()
    addConsumer(bridge.sql, 'late', ofA)
    let kills = 0
    for (let nth = 1; await killAt(nth, (pause) => build(bridge, ofA, pause)); nth += 4) {
      kills += 1
      expect(() => shown(bridge.sql, ofA)).toThrow('not built')
    }
    expect(kills).toBeGreaterThan(3)
    expectRight(bridge, ofA)
  })

  it('waits while another process syncs', async () => {
    const { bridge, ofA } = await openDistrict()
    await bridge.syncNow()
    addConsumer(bridge.sql, 'late', ofA)
    await killAt(3, (pause) => runSync({ ...bridge.sync, pause }, 'under way', signal))
    const lockOwner = { name: 'another', mayBeAlive: () => true }
    await buildRoster({ ...bridge.sync, lockOwner, signal }, ofA)
    expect(() => shown(bridge.sql, ofA)).toThrow('not built')
  })
})

describe('a request of a narrowed consumer', () => {
  it('waits for its roster, is asked to come again while another process syncs, and is answered from it alone', async () => {
    const { bridge, a, ofA } = await openDistrict({ lockOwner: { name: 'this process', mayBeAlive: () => true } })
    await bridge.syncNow()
    const added = await addClient(
      { name: 'Reading app', schools: [a] },
      { ...bridge, now: () => bridge.clock.now, sealingKey: SEALING_KEY },
    )
    if (!added.ok) throw new Error(added.messages.join())
    const token = await bridge.app.request('/oauth/token', {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${added.client.id}:${added.secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const authorization = `Bearer ${(await token.json()).access_token}`
    const read = (path: string) => bridge.app.request(`${BASE}${path}`, { headers: { authorization } })
    bridge.sql.run(`insert into locks values ('sync', 'another process', ?)`, bridge.clock.now + 30_000)
    const first = await read('/users')
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '10'])
    bridge.clock.now += 30_000
    const { users } = await (await read('/users?limit=1000')).json()
    expect(users.map(({ sourcedId }: { sourcedId: string }) => sourcedId)).toEqual(idsOf(bridge, ofA, 'users'))
    expectRight(bridge, ofA)
    await bridge.schedule.stop()
  })
})

describe('a consumer that is removed', () => {
  it('takes its tables with it at the next sync, unless another one needs them', async () => {
    const { bridge, ofA, ofB } = await openNarrowed()
    addConsumer(bridge.sql, 'another', ofB)
    const id = rosterOf(bridge.sql, ofA)?.id
    removeConsumer(bridge.sql, 'consumer-0')
    removeConsumer(bridge.sql, 'consumer-1')
    await bridge.syncNow()
    expect(rosterOf(bridge.sql, ofA)).toBeUndefined()
    expect(bridge.sql.all(`select name from sqlite_schema where name like ?`, `%n${id}`)).toEqual([])
    expect(bridge.sql.all(`select 1 from totals where collection like ?`, `%n${id}`)).toEqual([])
    expectRight(bridge, ofB)
  })

  it('and comes back later reads a roster of another name', async () => {
    const { bridge, ofA } = await openNarrowed()
    const id = rosterOf(bridge.sql, ofA)?.id ?? 0
    removeConsumer(bridge.sql, 'consumer-0')
    await bridge.syncNow()
    addConsumer(bridge.sql, 'consumer-0', ofA)
    await build(bridge, ofA)
    expect(rosterOf(bridge.sql, ofA)?.id).toBeGreaterThan(id)
    expectRight(bridge, ofA)
  })
})
