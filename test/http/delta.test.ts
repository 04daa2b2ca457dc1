// Deltas over several syncs: what moved is found by its time, what left is found as a tombstone, and nothing else moves.
import { describe, expect, test } from 'vitest'
import { COLLECTIONS, type Entity } from '../../fixtures/expected.ts'
import type { District } from '../../fixtures/powerschool/district.ts'
import { deleteRow, drop, enroll, renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { readList, readWhole, textAt, textsAt } from './support.ts'

const MINUTE = 60_000

/** A synced bridge whose clock has moved on a minute since. It publishes on the full minute. */
async function published(): Promise<TestBridge & { readonly first: string }> {
  const bridge = await openTestBridge({ district: createSmallDistrict() })
  bridge.clock.now -= 1
  await bridge.syncNow()
  bridge.clock.now += MINUTE
  const [org] = await readWhole(bridge, '/orgs')
  return { ...bridge, first: (org && textAt(org, 'dateLastModified')) ?? '' }
}

/** Changes the district, syncs a minute later and answers the time before, as a reader notes it. */
async function syncAfter(bridge: TestBridge, change: (district: District) => void): Promise<string> {
  const cursor = new Date(bridge.clock.now).toISOString()
  bridge.clock.now += MINUTE
  change(bridge.district)
  expect((await bridge.syncNow()).status).toBe('success')
  bridge.clock.now += MINUTE
  return cursor
}

/** `collection/id status` of all that a delta since then holds, in every collection. */
async function deltaSince(bridge: TestBridge, cursor: string): Promise<string[]> {
  const found = await Promise.all(
    COLLECTIONS.map(async (collection) =>
      (await readWhole(bridge, `/${collection}`, { filter: `dateLastModified>'${cursor}'` })).map(
        ({ sourcedId, status }) => `${collection}/${sourcedId} ${status}`,
      ),
    ),
  )
  return found.flat().sort()
}

async function everything(bridge: TestBridge): Promise<Readonly<Record<string, readonly Entity[]>>> {
  const lists = COLLECTIONS.map(async (name) => [name, await readWhole(bridge, `/${name}`)] as const)
  return Object.fromEntries(await Promise.all(lists))
}

async function one(bridge: TestBridge, path: string): Promise<{ readonly status: number; readonly record: Entity }> {
  const answer = await bridge.get(path)
  const body = (await answer.json()) as Readonly<Record<string, Entity>>
  return { status: answer.status, record: Object.values(body)[0] ?? { sourcedId: '' } }
}

describe('what changes moves, and nothing else', () => {
  const rejoin = (district: District) => void enroll(district, 100004, 50003)

  test.each<[string, (district: District) => void, string[]]>([
    ['a renamed student', (district) => renameStudent(district, 100001, 'Zoë', 'Marlowen'), ['users/stu100001 active']],
    [
      // The guest's other school came with the class.
      'a dropped class',
      (district) => drop(district, 3000005),
      ['enrollments/cc3000005 tobedeleted', 'users/stu100002 active'],
    ],
    ['a dropped class at the own school', (district) => drop(district, 3000002), ['enrollments/cc3000002 tobedeleted']],
    ['a new enrollment at the own school', rejoin, ['enrollments/cc3000013 active']],
    [
      'a deleted student',
      (district) => deleteRow(district, 'students', 100001),
      [
        'demographics/stu100001 tobedeleted',
        'enrollments/cc3000001 tobedeleted',
        'enrollments/cc3000002 tobedeleted',
        'users/stu100001 tobedeleted',
      ],
    ],
    [
      'a student who leaves the district',
      (district) => transferStudent(district, 100005, null),
      ['demographics/stu100005 tobedeleted', 'enrollments/cc3000010 tobedeleted', 'users/stu100005 tobedeleted'],
    ],
    [
      'a renamed school',
      (district) => void district.db.exec(`update schools set name = 'Juniper School' where dcid = 3`),
      ['orgs/sch3 active'],
    ],
    [
      'a class that closes, with its course',
      (district) => deleteRow(district, 'sections', 50002),
      ['classes/sec50002 tobedeleted', 'courses/crs32 tobedeleted', 'enrollments/cc3000002 tobedeleted'],
    ],
    [
      'a renamed course',
      (district) => void district.db.exec(`update courses set course_name = 'English I' where dcid = 31`),
      ['classes/sec50001 active', 'classes/sec50003 active', 'courses/crs31 active'],
    ],
  ])('%s', async (_, change, expected) => {
    const bridge = await published()
    const before = await everything(bridge)
    const cursor = await syncAfter(bridge, change)
    expect(await deltaSince(bridge, cursor)).toEqual(expected)

    const moved = new Set(expected.map((text) => text.split(' ')[0]))
    const after = await everything(bridge)
    for (const [name, records] of Object.entries(before)) {
      const still = records.filter(({ sourcedId }) => !moved.has(`${name}/${sourcedId}`))
      expect(after[name]).toEqual(expect.arrayContaining(still))
    }
    const times = Object.entries(after).flatMap(([name, records]) =>
      records
        .filter(({ sourcedId }) => moved.has(`${name}/${sourcedId}`))
        .map((record) => textAt(record, 'dateLastModified')),
    )
    expect(times.every((time) => time !== undefined && time > cursor)).toBe(true)
    expect(await deltaSince(bridge, new Date(bridge.clock.now).toISOString())).toEqual([])
  })

  test('a student whose class at another school is dropped leaves that school', async () => {
    const bridge = await published()
    const orgs = async () => textsAt((await one(bridge, '/users/stu100002')).record, 'orgs')
    expect(await orgs()).toEqual(['sch3', 'sch4'])
    expect((await readList(bridge, '/schools/sch4/students')).ids).toContain('stu100002')
    await syncAfter(bridge, (district) => drop(district, 3000005))
    expect(await orgs()).toEqual(['sch3'])
    expect((await readList(bridge, '/schools/sch4/students')).ids).not.toContain('stu100002')
    expect((await readList(bridge, '/users/stu100002/classes')).ids).toEqual(['sec50001'])
  })

  test('a sync that finds nothing new publishes nothing and moves no time', async () => {
    const bridge = await published()
    const before = await everything(bridge)
    for (let n = 0; n < 3; n += 1) {
      bridge.clock.now += MINUTE
      const { status, report } = await bridge.syncNow()
      expect([status, report.isPublished, report.publishedAt]).toEqual(['success', false, bridge.first])
    }
    expect(await everything(bridge)).toEqual(before)
    expect(await deltaSince(bridge, bridge.first)).toEqual([])
  })

  test('a change that is taken back before the next sync was never there', async () => {
    const bridge = await published()
    const cursor = await syncAfter(bridge, (district) => {
      renameStudent(district, 100001, 'Another', 'Name')
      renameStudent(district, 100001, 'Zoë', 'Núñezal')
    })
    expect(await deltaSince(bridge, cursor)).toEqual([])
  })
})

describe('what left', () => {
  test('carries one time, in every collection that it was in', async () => {
    const bridge = await published()
    const cursor = await syncAfter(bridge, (district) => deleteRow(district, 'students', 100001))
    const times = await Promise.all(
      ['/users/stu100001', '/demographics/stu100001', '/enrollments/cc3000001', '/enrollments/cc3000002'].map(
        async (path) => {
          const { status, record } = await one(bridge, path)
          expect([status, record.status]).toEqual([200, 'tobedeleted'])
          return textAt(record, 'dateLastModified')
        },
      ),
    )
    expect(new Set(times)).toEqual(new Set([new Date(Date.parse(cursor) + MINUTE + 1).toISOString()]))
  })

  test('is as it was last, but for status and time', async () => {
    const bridge = await published()
    const before = (await one(bridge, '/users/stu100001')).record
    await syncAfter(bridge, (district) => deleteRow(district, 'students', 100001))
    const { record } = await one(bridge, '/users/stu100001')
    expect({ ...record, dateLastModified: bridge.first, status: 'active' }).toEqual(before)
  })

  test.each([
    ['/users', 'stu100001'],
    ['/students', 'stu100001'],
    ['/demographics', 'stu100001'],
    ['/enrollments', 'cc3000001'],
    ['/schools/sch3/students', 'stu100001'],
    ['/schools/sch3/enrollments', 'cc3000001'],
    ['/classes/sec50001/students', 'stu100001'],
    ['/schools/sch3/classes/sec50001/enrollments', 'cc3000001'],
  ])('is hidden from %s unless time or status is asked for', async (path, id) => {
    const bridge = await published()
    await syncAfter(bridge, (district) => deleteRow(district, 'students', 100001))
    const shows = async (filter: string) => (await readList(bridge, path, { filter })).ids.includes(id)
    const seen = [
      `dateLastModified>'${bridge.first}'`,
      "status='tobedeleted'",
      "status!='active'",
      "sourcedId>'' AND dateLastModified>'2020-01-01'",
      "status='active' OR status='tobedeleted'",
    ]
    const unseen = ['', "status='active'", "sourcedId>''", "dateLastModified>'2020-01-01' AND status='active'"]
    for (const filter of seen) expect(await shows(filter), filter).toBe(true)
    for (const filter of unseen) expect(await shows(filter), filter).toBe(false)
    const { total, ids } = await readList(bridge, path)
    expect(total).toBe(ids.length)
  })

  test('comes back under its id, with a new time', async () => {
    const bridge = await published()
    const before = (await one(bridge, '/users/stu100005')).record
    await syncAfter(bridge, (district) => transferStudent(district, 100005, null))
    const cursor = await syncAfter(bridge, (district) => transferStudent(district, 100005, 200))
    expect(await deltaSince(bridge, cursor)).toEqual(['demographics/stu100005 active', 'users/stu100005 active'])
    const { record } = await one(bridge, '/users/stu100005')
    expect({ ...record, dateLastModified: bridge.first }).toEqual(before)
    expect((await readList(bridge, '/users', { filter: "status='tobedeleted'" })).total).toBe(0)
    expect((await one(bridge, '/enrollments/cc3000010')).record.status).toBe('tobedeleted')
  })
})

describe('the cursor', () => {
  test('may be written in every way, and `>` is strict', async () => {
    const bridge = await published()
    await syncAfter(bridge, (district) => renameStudent(district, 100001, 'Zoë', 'Marlowen'))
    // Published at 18:02:00.000Z of 2025-10-15.
    const total = async (filter: string) => (await readList(bridge, '/users', { filter })).total
    const cases: readonly (readonly [string, number])[] = [
      ["dateLastModified>'2025-10-15T18:02:00.000Z'", 0],
      ["dateLastModified>='2025-10-15T18:02:00.000Z'", 1],
      ["dateLastModified>'2025-10-15T18:01:59.999Z'", 1],
      ["dateLastModified='2025-10-15T18:02:00Z'", 1],
      ["dateLastModified>'2025-10-15T18:00:00.000Z'", 1],
      ["dateLastModified>='2025-10-15T18:00:00.000Z'", 6],
      ["dateLastModified>'2025-10-15T18:02:00.000+00:00'", 0],
      ["dateLastModified>'2025-10-15T18:01:59+00:00'", 1],
      ["dateLastModified>'2025-10-15T20:01:59+02:00'", 1],
      ["dateLastModified>'2025-10-15T20:02:00+02:00'", 0],
      ["dateLastModified>'2025-10-15'", 6],
      ["dateLastModified>'2025-10-16'", 0],
      ["dateLastModified<'2025-10-15T18:02:00Z'", 5],
    ]
    for (const [filter, count] of cases) expect(await total(filter), filter).toBe(count)
    const lost = await bridge.get("/users?filter=dateLastModified>'2025-10-15T20:01:59+02:00'")
    expect(lost.headers.get('x-total-count')).toBe('1')
  })

  test('finds every change, also when the clock has stepped back', async () => {
    const bridge = await published()
    bridge.clock.now -= 30 * MINUTE
    renameStudent(bridge.district, 100001, 'Zoë', 'Marlowen')
    await bridge.syncNow()
    expect(await deltaSince(bridge, bridge.first)).toEqual(['users/stu100001 active'])
  })
})
