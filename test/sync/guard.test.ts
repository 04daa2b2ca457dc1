// The guard: which removals hold a sync back, and what becomes of a held one.
import { describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'
import { addStudent, renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { pauseInterrupted } from '../../src/store/syncs.ts'
import { announceSync } from '../../src/sync/announce.ts'
import { type GuardSettings, heldRemovals, type RemovalReason } from '../../src/sync/guard.ts'
import { resumeSync } from '../../src/sync/publish-stage.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN } from '../support/known.ts'
import { differences, drain } from '../support/roster.ts'
import { servedBytes, syncWith, tracesOf } from './probes.ts'

const DEFAULT: GuardSettings = { share: 0.2, minimum: 25 }

interface GuardCase {
  readonly it: string
  readonly guard?: Partial<GuardSettings>
  readonly before: number
  readonly removed: number
  readonly added?: number
  readonly isHeld: boolean
  readonly reason?: RemovalReason
}

const CASES: readonly GuardCase[] = [
  { it: 'nothing goes', before: 1_000, removed: 0, isHeld: false },
  { it: 'exactly the share goes', before: 1_000, removed: 200, isHeld: false },
  { it: 'one more than the share goes', before: 1_000, removed: 201, isHeld: true },
  { it: 'all goes', before: 1_000, removed: 1_000, isHeld: true, reason: 'empty' },
  { it: 'all goes, and as many come', before: 1_000, removed: 1_000, added: 1_000, isHeld: true },
  { it: 'newcomers do not count as there before', before: 100, removed: 30, added: 1_000, isHeld: true },
  { it: 'one less than the minimum goes', before: 25, removed: 24, isHeld: false },
  { it: 'the minimum goes', before: 26, removed: 25, isHeld: true },
  { it: 'all of a few go', before: 20, removed: 20, isHeld: true, reason: 'empty' },
  { it: 'the only one goes', before: 1, removed: 1, isHeld: true, reason: 'empty' },
  { it: 'all of a few go, and another comes', before: 20, removed: 20, added: 1, isHeld: false },
  { it: 'the minimum goes, and it is the share', before: 125, removed: 25, isHeld: false },
  { it: 'the minimum goes, and it is more than the share', before: 124, removed: 25, isHeld: true },
  { it: 'the collection was empty', before: 0, removed: 0, added: 50, isHeld: false },
  { it: 'a share of 1 lets all go', guard: { share: 1 }, before: 100, removed: 100, isHeld: false },
  { it: 'a share of 0 holds at the minimum', guard: { share: 0 }, before: 1_000, removed: 25, isHeld: true },
  { it: 'a share of 0 lets fewer go', guard: { share: 0 }, before: 1_000, removed: 24, isHeld: false },
  { it: 'a share of 1 lets all of a few go', guard: { share: 1 }, before: 10, removed: 10, isHeld: false },
  { it: 'a minimum of 0 leaves the share', guard: { minimum: 0 }, before: 4, removed: 1, isHeld: true },
  { it: 'a minimum of 0 and no removal', guard: { share: 0, minimum: 0 }, before: 4, removed: 0, isHeld: false },
]

describe('the removals that hold a sync', () => {
  it.each(CASES)('$it: held $isHeld', ({ guard, before, removed, added = 0, isHeld, reason = 'share' }) => {
    const counts = { active: before - removed + added, added, changed: 0, removed }
    const held = heldRemovals(new Map([['users', counts]]), { ...DEFAULT, ...guard })
    const share = expect.closeTo(removed / before, 4)
    expect(held).toEqual(isHeld ? [{ collection: 'users', reason, removed, of: before, share }] : [])
  })

  const EMPTIED: readonly (readonly [collection: string, isHeld: boolean])[] = [
    ['orgs', true],
    ['academicSessions', true],
    ['enrollments', true],
    ['demographics', false],
    ['orgs of the roster for school 100', true],
    ['users of the roster for school 100', true],
    ['enrollments of the roster for school 100', false],
    ['demographics of the roster for schools 100, 200', false],
  ]
  it.each(EMPTIED)('when the few %s would all go: held %s', (collection, isHeld) => {
    const held = heldRemovals(new Map([[collection, { active: 0, added: 0, changed: 0, removed: 12 }]]), DEFAULT)
    expect(held).toEqual(isHeld ? [{ collection, reason: 'empty', removed: 12, of: 12, share: 1 }] : [])
  })

  it('are told for each collection that has them, in its order', () => {
    const changes = new Map([
      ['orgs', { active: 3, added: 0, changed: 1, removed: 0 }],
      ['users', { active: 50, added: 0, changed: 0, removed: 50 }],
      ['enrollments', { active: 100, added: 20, changed: 0, removed: 300 }],
    ])
    expect(heldRemovals(changes, DEFAULT)).toEqual([
      { collection: 'users', reason: 'share', removed: 50, of: 100, share: 0.5 },
      { collection: 'enrollments', reason: 'share', removed: 300, of: 380, share: 0.7895 },
    ])
  })
})

const HELD = { status: 'validationError', stage: 'done', error: undefined, report: { isPublished: false } } as const
const SETTINGS = { TOKEN_LIFETIME: 'P30D' }

/** A published district of which so many students leave at once that the next sync is held. */
async function openThinned(): Promise<{ bridge: TestBridge; before: Record<string, string> }> {
  const district = createDistrict({ students: 80, seed: 9, today: '2026-11-18', perStudentEnrollments: 3 })
  const bridge = await openTestBridge({ district, settings: SETTINGS })
  expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
  for (const dcid of studentsOf(district).slice(0, 30)) transferStudent(district, dcid, null)
  bridge.clock.now += 60_000
  return { bridge, before: await servedBytes(bridge) }
}

function studentsOf({ db }: District): number[] {
  const active = 'select dcid from students where enroll_status = 0 and schoolid not in (0, 999999) order by dcid'
  return db
    .prepare(active)
    .all()
    .map(({ dcid }) => Number(dcid))
}

async function expectWhole(bridge: TestBridge): Promise<void> {
  expect(differences(expectedRoster(bridge.district), await drain(bridge))).toEqual([])
  expect(tracesOf(bridge)).toEqual({})
}

function resume(bridge: TestBridge, id: string): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  return Promise.resolve(bridge.app.request(`/admin/syncs/${id}/resume`, { method: 'POST', headers }))
}

const refusal = expect.objectContaining({
  code: 'not-found',
  remedy: expect.stringContaining('as long as no later one runs'),
})

describe('a held sync', () => {
  it('says what would go, and shows nothing of it', async () => {
    const { bridge, before } = await openThinned()
    const held = await bridge.syncNow()
    expect(held).toMatchObject({ ...HELD, report: { generation: 1, isPublished: false } })
    expect(held.report.held.map(({ collection }) => collection)).toEqual(['users', 'enrollments', 'demographics'])
    const served = await drain(bridge)
    for (const { collection, reason, removed, of, share, sourcedIds } of held.report.held) {
      expect(held.report.counts[collection]).toMatchObject({ removed })
      expect(of).toBe(served[collection]?.size)
      expect([reason, share]).toEqual(['share', expect.closeTo(removed / of, 4)])
      expect(share).toBeGreaterThan(0.2)
      expect(sourcedIds).toHaveLength(20)
      expect(sourcedIds.filter((id) => !served[collection]?.has(id))).toEqual([])
    }
    const gone = studentsOf(bridge.district).map((dcid) => `stu${dcid}`)
    const users = held.report.held.find(({ collection }) => collection === 'users')
    expect(users?.sourcedIds.filter((id) => gone.includes(id))).toEqual([])
    expect(await servedBytes(bridge)).toEqual(before)
  })

  it('is one that would empty a small collection, which is not served empty meanwhile', async () => {
    const district = createDistrict({ students: 20, seed: 9, today: '2026-11-18', perStudentEnrollments: 1 })
    const bridge = await openTestBridge({ district, settings: SETTINGS })
    const { report } = await bridge.syncNow()
    const before = await servedBytes(bridge)
    district.db.exec('delete from cc; delete from sections')
    // Far from what the share or the minimum would hold.
    const held = await syncWith(bridge, 'emptied', { guard: { share: 0.9, minimum: 1_000_000 } })
    expect(held).toMatchObject(HELD)
    const told = new Map(held.report?.held.map((removal) => [removal.collection, removal]))
    for (const collection of ['classes', 'enrollments']) {
      const of = report.counts[collection]?.active
      expect(told.get(collection)).toMatchObject({ reason: 'empty', removed: of, of, share: 1 })
    }
    expect(await servedBytes(bridge)).toEqual(before)
    expect((await resume(bridge, held.id)).status).toBe(200)
    await expectWhole(bridge)
  })

  it('never is the first sync', async () => {
    const district = createDistrict({ students: 40, seed: 9, today: '2026-11-18' })
    const bridge = await openTestBridge({ district, settings: { GUARD_SHARE: '0', GUARD_MIN: '0' } })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 1, isPublished: true } })
  })

  it('is not there where the settings allow the removal', async () => {
    const district = createDistrict({ students: 80, seed: 9, today: '2026-11-18', perStudentEnrollments: 3 })
    const bridge = await openTestBridge({ district, settings: { GUARD_SHARE: '1' } })
    await bridge.syncNow()
    for (const dcid of studentsOf(district)) transferStudent(district, dcid, null)
    expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 2 } })
    await expectWhole(bridge)
  })

  it('is published when a person releases it, once', async () => {
    const { bridge } = await openThinned()
    const { id } = await bridge.syncNow()
    bridge.clock.now += 60_000
    const answer = await resume(bridge, id)
    expect(answer.status).toBe(200)
    const publishedAt = new Date(bridge.clock.now + 1).toISOString()
    expect(await answer.json()).toMatchObject({
      id,
      status: 'success',
      report: { generation: 2, publishedAt, isPublished: true },
    })
    await expectWhole(bridge)
    const gone = await bridge.get(`/users?filter=status='tobedeleted' AND dateLastModified='${publishedAt}'`)
    expect(Number(gone.headers.get('x-total-count'))).toBeGreaterThanOrEqual(25)
    expect((await resume(bridge, id)).status).toBe(409)
    bridge.clock.now += 60_000
    expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 2, isPublished: false } })
  })

  it('can be released after a restart too', async () => {
    const { bridge, before } = await openThinned()
    const { id } = await syncWith(bridge, 'held before the restart')
    const again = await openTestBridge({ district: bridge.district, sql: bridge.sql, settings: SETTINGS })
    again.clock.now = bridge.clock.now + 60_000
    expect(await servedBytes(again)).toEqual(before)
    expect((await resume(again, id)).status).toBe(200)
    await expectWhole(again)
  })

  it('is superseded by a later one that is in bounds', async () => {
    const { bridge } = await openThinned()
    const { id } = await bridge.syncNow()
    bridge.district.db.exec('update students set enroll_status = 0 where enroll_status = 2')
    renameStudent(bridge.district, studentsOf(bridge.district).at(-1) ?? 0, 'Nadia', 'Renamed')
    const next = await syncWith(bridge, 'in bounds', { guard: { share: 1, minimum: 25 } })
    expect(next).toMatchObject({ status: 'success', report: { generation: 2 } })
    expect((await resume(bridge, id)).status).toBe(409)
    await expectWhole(bridge)
  })

  it('is superseded by a later one that is held too, and only that one can be released', async () => {
    const { bridge, before } = await openThinned()
    const first = await syncWith(bridge, 'first')
    const newcomer = addStudent(bridge.district, Number(schoolOf(bridge.district)))
    const second = await syncWith(bridge, 'second')
    expect([first, second]).toMatchObject([HELD, HELD])
    expect(await servedBytes(bridge)).toEqual(before)
    expect((await resume(bridge, 'first')).status).toBe(409)
    expect(await servedBytes(bridge)).toEqual(before)
    expect((await resume(bridge, 'second')).status).toBe(200)
    await expectWhole(bridge)
    expect((await bridge.get(`/students/stu${newcomer}`)).status).toBe(200)
  })

  it('stays releasable when a later one fails while it reads', async () => {
    const { bridge } = await openThinned()
    const { id } = await bridge.syncNow()
    bridge.powerSchool.faults.add({ kind: 'error-500', times: Number.POSITIVE_INFINITY })
    expect(await syncWith(bridge, 'failing')).toMatchObject({ status: 'error' })
    expect((await resume(bridge, id)).status).toBe(200)
    await expectWhole(bridge)
  })

  it('cannot be released while the next one runs, which may know better', async () => {
    const { bridge, before } = await openThinned()
    const { id } = await bridge.syncNow()
    announceSync(bridge.sync, 'later')
    expect((await resume(bridge, id)).status).toBe(409)
    expect(await servedBytes(bridge)).toEqual(before)
    pauseInterrupted(bridge.sql, '', bridge.sync.now())
    expect((await resume(bridge, id)).status).toBe(200)
  })

  it('cannot be released from the moment on at which the next one begins to take it back', async () => {
    const { bridge, before } = await openThinned()
    await syncWith(bridge, 'first')
    const answers: string[] = []
    let pauses = 0
    const pause = async () => {
      pauses += 1
      try {
        resumeSync(bridge.sync, 'first')
        answers.push(`released at pause ${pauses}`)
      } catch (error) {
        expect(error).toEqual(refusal)
      }
    }
    expect(await syncWith(bridge, 'second', { pause })).toMatchObject(HELD)
    expect(answers).toEqual([])
    expect(pauses).toBeGreaterThan(5)
    expect(await servedBytes(bridge)).toEqual(before)
    expect((await resume(bridge, 'second')).status).toBe(200)
    await expectWhole(bridge)
  })

  it('that was taken back half-way is taken back whole by the next one', async () => {
    const { bridge, before } = await openThinned()
    for (let nth = 1; nth <= 8; nth += 1) {
      await syncWith(bridge, `held ${nth}`)
      const stopper = new AbortController()
      let pauses = 0
      const pause = async () => {
        pauses += 1
        if (pauses === nth) stopper.abort()
      }
      expect(await syncWith(bridge, `stopped ${nth}`, { pause }, stopper.signal)).toMatchObject({ status: 'paused' })
      expect((await resume(bridge, `held ${nth}`)).status).toBe(409)
      expect((await resume(bridge, `stopped ${nth}`)).status).toBe(409)
      expect(await servedBytes(bridge), `at pause ${nth}`).toEqual(before)
    }
    const last = await bridge.syncNow()
    expect((await resume(bridge, last.id)).status).toBe(200)
    await expectWhole(bridge)
  })

  it.each(['of an unknown sync', 'of one that was published', 'of one that failed'])(
    'refuses the release %s',
    async (what) => {
      const { bridge } = await openThinned()
      bridge.powerSchool.faults.add({ kind: 'error-500', times: Number.POSITIVE_INFINITY })
      await syncWith(bridge, 'of one that failed')
      const ids: Readonly<Record<string, string>> = { 'of one that was published': 'id-1' }
      expect(() => resumeSync(bridge.sync, ids[what] ?? what)).toThrow(refusal)
      expect(tracesOf(bridge)).toEqual({})
    },
  )
})

function schoolOf({ db }: District): unknown {
  const schools = 'select school_number as number from schools where school_number between 1 and 999998'
  return db.prepare(schools).get()?.number
}
