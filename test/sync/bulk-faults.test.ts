// Reading by PowerQueries from a server that breaks: never a smaller district, nothing half-done, and on again afterwards.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import type { Fault } from '../../fixtures/powerschool/faults.ts'
import { addStudent, deleteRow, renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'

const district = () => createDistrict({ students: 80, seed: 5, today: '2026-11-20' })

/** All active records by path, without their dates. */
async function published(bridge: TestBridge): Promise<unknown> {
  const paths = ['/orgs', '/academicSessions', '/courses', '/classes', '/users', '/enrollments', '/demographics']
  const bodies = await Promise.all(
    paths.map(async (path) => {
      const body = (await (await bridge.get(`${path}?limit=10000`)).json()) as Record<string, { status: string }[]>
      const [records = []] = Object.values(body)
      return [
        path,
        records.filter(({ status }) => status === 'active').map((record) => ({ ...record, dateLastModified: '' })),
      ]
    }),
  )
  return Object.fromEntries(bodies)
}

const whole = async () => {
  const bridge = await openTestBridge({ district: district(), hasPlugin: true })
  await bridge.syncNow()
  return published(bridge)
}

const PASSING: readonly Fault[] = [
  { kind: 'query-cut', path: /section_enrollments/, times: 1 },
  { kind: 'query-truncated', path: /section_enrollments/, times: 1, rows: 5 },
  { kind: 'query-repeated-row', path: /students_/, times: 1 },
  { kind: 'query-garbled', path: /students_/, times: 1 },
  { kind: 'query-cut', path: /\.students_/, times: 2 },
]

describe('a first sync', () => {
  it.each(PASSING)('is whole after a passing $kind at $path', async (fault) => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true })
    bridge.powerSchool.faults.add(fault)
    expect((await bridge.syncNow()).status).toBe('success')
    expect(await published(bridge)).toEqual(await whole())
  })

  it('publishes nothing of answers that stay too short, though their JSON is whole', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true })
    bridge.powerSchool.faults.add({ kind: 'query-truncated', path: /section_enrollments/, times: 100, rows: 1 })
    expect(await bridge.syncNow()).toMatchObject({ status: 'error', error: { code: 'powerschool-incomplete' } })
    expect((await bridge.get('/users')).status).toBe(503)
    bridge.powerSchool.faults.clear()
    expect((await bridge.syncNow()).status).toBe('success')
    expect(await published(bridge)).toEqual(await whole())
  })

  it('proves the number of rows where a streamed answer tells no count', async () => {
    const bridge = await openTestBridge({
      district: district(),
      hasPlugin: true,
      simulator: { countPlace: 'absent-when-streaming' },
    })
    bridge.powerSchool.faults.add({ kind: 'query-truncated', path: /section_enrollments/, times: 1, rows: 3 })
    expect((await bridge.syncNow()).status).toBe('success')
    expect(await published(bridge)).toEqual(await whole())
  })

  it('goes over to pages where streaming breaks again and again', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true })
    bridge.powerSchool.faults.add({ kind: 'query-cut', path: /section_enrollments.*pagesize=0/, times: 100 })
    expect((await bridge.syncNow()).status).toBe('success')
    expect(bridge.logged.join()).toContain('powerschool-query-paged')
    expect(await published(bridge)).toEqual(await whole())
  })
})

describe('an incremental sync', () => {
  it('takes in a change and a deletion after a fault in its changes, its keys, and both', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true })
    await bridge.syncNow()
    const { db } = bridge.district
    const [student] = db.prepare('select dcid from students where enroll_status = 0 order by dcid').all()
    const [cc] = db.prepare('select dcid from cc where sectionid > 0 order by dcid desc').all()
    renameStudent(bridge.district, Number(student?.dcid), 'Orla', 'Otherwise')
    deleteRow(bridge.district, 'cc', Number(cc?.dcid))
    bridge.powerSchool.faults.add({ kind: 'query-truncated', path: /students_changes/, times: 1, rows: 1 })
    bridge.powerSchool.faults.add({ kind: 'query-cut', path: /section_enrollments_keys/, times: 1 })
    const { status, report } = await bridge.syncNow()
    expect([status, report.crawl.isFull]).toEqual(['success', false])
    const fresh = await openTestBridge({ district: bridge.district, hasPlugin: true })
    await fresh.syncNow()
    expect(await published(bridge)).toEqual(await published(fresh))
  })

  it('reads its changes again when a new row came twice in them', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true })
    await bridge.syncNow()
    for (let more = 0; more < 200; more += 1) addStudent(bridge.district, 100)
    bridge.powerSchool.faults.add({ kind: 'query-repeated-row', path: /students_changes/, times: 1 })
    const { status, report } = await bridge.syncNow()
    expect([status, report.crawl.isFull]).toEqual(['success', false])
    const fresh = await openTestBridge({ district: bridge.district, hasPlugin: true })
    await fresh.syncNow()
    expect(await published(bridge)).toEqual(await published(fresh))
  })

  it('deletes nothing when the keys are cut short for good', async () => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true })
    await bridge.syncNow()
    const before = await published(bridge)
    bridge.powerSchool.faults.add({ kind: 'query-truncated', path: /_keys/, times: 1000, rows: 2 })
    expect(await bridge.syncNow()).toMatchObject({ status: 'error', error: { code: 'powerschool-incomplete' } })
    expect(await published(bridge)).toEqual(before)
  })
})
