// Random lives of a district that is read by named queries: each sync, incremental or full, publishes what its tables hold.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { seeded } from '../powerschool/fake.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { casesHere, seedsHere } from '../support/runtime.ts'
import { BULK, BULK_WITH_CONTACTS, dayOf, disagreements, openBulk } from './bulk-bridge.ts'
import { CHANGE_KINDS, changeOne } from './template-changes.ts'

const SEEDS = seedsHere(10, 1)
const ROUNDS = 10
const HOUR_MS = 3_600_000
const isFull = ({ logged }: TestBridge): boolean =>
  logged.map((line) => JSON.parse(line)).findLast(({ event }) => event === 'crawl-started')?.isFull

// The guard against mass removal is of no concern here.
const SETTINGS = { TOKEN_LIFETIME: 'P300D', GUARD_SHARE: '1' }

async function open(seed: number, today?: string): Promise<TestBridge> {
  const district = createDistrict({ students: 80, seed, today: '2026-11-18', perStudentEnrollments: 3 })
  const bridge = await openBulk({ ...district, today: today ?? district.today }, { contacts: true, settings: SETTINGS })
  expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
  return bridge
}

describe('incremental syncs by named queries', () => {
  it.each(casesHere(CHANGE_KINDS, 6))('see %s', async (kind) => {
    const bridge = await open(3)
    const random = seeded(CHANGE_KINDS.indexOf(kind) + 1)
    for (let round = 0; round < 3; round++) {
      bridge.clock.now += HOUR_MS
      changeOne(kind, { district: bridge.district, random, day: dayOf(bridge) })
      expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
      expect(isFull(bridge)).toBe(false)
      expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toEqual([])
    }
  })

  it.each(Array.from({ length: SEEDS }, (_, index) => index + 1))('follow a whole life (seed %i)', async (seed) => {
    const random = seeded(seed)
    const bridge = await open(seed)
    let incremental = 0
    for (let round = 0; round < ROUNDS; round++) {
      bridge.clock.now += Math.ceil(random() * 9 * HOUR_MS)
      const made = Array.from({ length: Math.floor(random() * 8) }, () => {
        const kind = CHANGE_KINDS[Math.floor(random() * CHANGE_KINDS.length)] ?? ''
        changeOne(kind, { district: bridge.district, random, day: dayOf(bridge) })
        return kind
      })
      expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
      if (!isFull(bridge)) incremental += 1
      expect({ round, made, found: await disagreements(bridge, BULK_WITH_CONTACTS) }).toEqual({
        round,
        made,
        found: [],
      })
    }
    expect(incremental).toBeGreaterThan(ROUNDS / 3)
    // A full one finds nothing that the incremental ones left behind.
    bridge.clock.now += 21 * HOUR_MS
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(isFull(bridge)).toBe(true)
    expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toEqual([])
  })

  // Rows of the next year come into view whose dates have not moved.
  it('turn to the next school year, 45 days before it begins', async () => {
    const bridge = await open(1, '2027-06-21')
    const sections = new Set<string>()
    for (let round = 0; round < 4; round++) {
      bridge.clock.now += 4 * HOUR_MS
      expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
      expect(isFull(bridge)).toBe(false)
      expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toEqual([])
      sections.add(await (await bridge.get(`/classes?limit=1&filter=status='active'`)).text())
    }
    expect(dayOf(bridge)).toBe('2027-06-22')
    expect(sections.size).toBe(2)
  })

  // The queries are the same, and no row of PowerSchool's has changed.
  it('begin anew when the mapping puts a column elsewhere', async () => {
    const swapped = readMappingFiles().map(({ path, text }) => ({
      path,
      text: text
        .replace('name.first_name: STUDENTS.FIRST_NAME', 'name.middle_name: STUDENTS.FIRST_NAME')
        .replace('name.middle_name: STUDENTS.MIDDLE_NAME', 'name.first_name: STUDENTS.MIDDLE_NAME'),
    }))
    const district = createDistrict({ students: 80, seed: 4, today: '2026-11-18', perStudentEnrollments: 3 })
    const opening = { district, hasPlugin: true, settings: SETTINGS }
    const wrong = await openTestBridge({ ...opening, mapping: loadMapping(swapped) })
    expect(await wrong.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(wrong, BULK)).not.toEqual([])
    const right = await openTestBridge({ ...opening, sql: wrong.sql })
    right.clock.now += HOUR_MS
    expect(await right.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(right, BULK)).toEqual([])
  })

  it('leave to the next full one what moved no date', async () => {
    const bridge = await open(2)
    const { db } = bridge.district
    const old = `select dcid from students where enroll_status = 0 and transaction_date < '2026-10-01' order by dcid limit 1`
    const dcid = Number(db.prepare(old).get()?.dcid)
    db.prepare(`update students set middle_name = 'Unseen' where dcid = ?`).run(dcid)
    bridge.clock.now += HOUR_MS
    expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 1 } })
    expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toHaveLength(1)
    bridge.clock.now += 21 * HOUR_MS
    expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 2 } })
    expect(isFull(bridge)).toBe(true)
    expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toEqual([])
  })
})
