// A changed mapping is applied to the rows that are there: PowerSchool is not asked, and only what differs gets a new date.
import { describe, expect, it } from 'vitest'
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { currentSnapshot } from '../../src/store/snapshots.ts'
import { failuresInARow, findSync } from '../../src/store/syncs.ts'
import { isNewMapping } from '../../src/sync/crawl-reuse.ts'
import { resumeSync } from '../../src/sync/publish-stage.ts'
import type { SyncReport } from '../../src/sync/report.ts'
import { runSync } from '../../src/sync/sync.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { differences, drain } from '../support/roster.ts'

const district = (): District =>
  createDistrict({ students: 60, seed: 5, today: '2026-11-18', perStudentEnrollments: 3 })

/** The default mapping under a layer. */
const layered = (text: string): Mapping =>
  loadMapping(readMappingFiles(), {
    layers: [{ path: 'layer.yaml', text: `extends: default\n${text}` }],
    diagnostics: [],
  })

const studentField = (line: string) => `entities:\n  users:\n    student:\n      fields:\n        ${line}\n`

async function mapOnly(bridge: TestBridge) {
  const record = await runSync(bridge.sync, crypto.randomUUID(), new AbortController().signal, { isMapOnly: true })
  return { ...record, report: record.report as SyncReport }
}

/** A new process with another mapping on what the old one left. */
const reopen = (bridge: TestBridge, mapping: Mapping, settings: Readonly<Record<string, string>> = {}) =>
  openTestBridge({ district: bridge.district, sql: bridge.sql, mapping, settings })

describe('a new mapping', () => {
  it('is applied without a request, and gives a new date to what it changed alone', async () => {
    const bridge = await openTestBridge({ district: district() })
    const first = await bridge.syncNow()
    const again = await reopen(bridge, layered(studentField('middleName: null')))
    const before = await drain(bridge)
    const { status, report } = await mapOnly(again)
    expect(status).toBe('success')
    expect(again.powerSchool.requests.count()).toBe(0)
    expect(report).toMatchObject({
      isPublished: true,
      generation: 2,
      crawl: { isReused: true, startedAt: first.report.crawl.startedAt },
    })
    const { users, ...others } = report.counts
    expect(users).toMatchObject({ added: 0, removed: 0 })
    expect(users?.changed).toBeGreaterThan(10)
    for (const counts of Object.values(others)) expect(counts).toMatchObject({ added: 0, changed: 0, removed: 0 })
    const changed = differences(before, await drain(again))
    expect(changed).toHaveLength(users?.changed ?? -1)
    expect(changed.every((line) => line.includes('middleName'))).toBe(true)
  })

  it('publishes nothing when it means the same', async () => {
    const bridge = await openTestBridge({ district: district() })
    await bridge.syncNow()
    const again = await reopen(bridge, layered('tables: { unused: { a: b } }'))
    expect(await mapOnly(again)).toMatchObject({ status: 'success', report: { isPublished: false, generation: 1 } })
  })

  it('takes the values of its own settings, and not those that the rows were read with', async () => {
    const bridge = await openTestBridge({ district: district() })
    await bridge.syncNow()
    const again = await reopen(bridge, layered('settings: { country_code: "44" }'))
    await mapOnly(again)
    const users = [...((await drain(again)).users?.values() ?? [])]
    const phones = users.flatMap(({ phone }) => (typeof phone === 'string' ? [phone] : []))
    expect(phones.length).toBeGreaterThan(5)
    expect(phones.filter((phone) => !phone.startsWith('+44') && !phone.startsWith('+1'))).toEqual([])
    expect(phones.some((phone) => phone.startsWith('+44'))).toBe(true)
  })

  it('is held by the guard when too much would go, and released by a person', async () => {
    const bridge = await openTestBridge({ district: createDistrict({ students: 200, seed: 5, today: '2026-11-18' }) })
    await bridge.syncNow()
    const nobody = layered('entities: { users: { student: { where: [=inherited, =id < 0] } } }')
    const again = await reopen(bridge, nobody)
    const { id, status, report } = await mapOnly(again)
    expect(status).toBe('validationError')
    expect(report.held.map(({ collection }) => collection)).toContain('users')
    expect(currentSnapshot(again.sql)?.generation).toBe(1)
    expect(isNewMapping(again.sync)).toBe(true)
    resumeSync(again.sync, id)
    expect(findSync(again.sql, id)?.status).toBe('success')
    expect(isNewMapping(again.sync)).toBe(false)
  })

  it('that an earlier version of the bridge held, which told nothing of it, is released too', async () => {
    const bridge = await openTestBridge({ district: createDistrict({ students: 200, seed: 5, today: '2026-11-18' }) })
    await bridge.syncNow()
    const again = await reopen(bridge, layered('entities: { users: { student: { where: [=inherited, =id < 0] } } }'))
    const { id } = await mapOnly(again)
    again.sql.run(`update syncs set report = json_remove(report, '$.mapping') where id = ?`, id)
    expect(resumeSync(again.sync, id).status).toBe('success')
    expect(currentSnapshot(again.sql)?.generation).toBe(2)
  })

  it.each([
    [
      'reads another column',
      'sources: { students: { fields: { u_x: { a: text } }, rest: { extend: [u_x] } } }',
      'u_x.a',
    ],
    [
      'reads a column as another type',
      'sources: { students: { fields: { school_enrollment: { grade_level: number } } } }',
      'grade_level',
    ],
    ['chooses other schools', 'settings: { schools: [SCHOOL] }', 'What decides which lists are read'],
    [
      'asks in another way',
      'sources: { students: { rest: { q: "school_enrollment.enroll_status==(A)" } } }',
      'students',
    ],
  ])('that %s is refused: PowerSchool has to be read for it', async (_, layer, told) => {
    const bridge = await openTestBridge({ district: district() })
    await bridge.syncNow()
    const [school] = bridge.district.db
      .prepare('select max(school_number) as n from schools where school_number < 999999')
      .all()
    const again = await reopen(bridge, layered(layer.replace('SCHOOL', String(school?.n))), { GUARD_SHARE: '1' })
    const { status, error } = await mapOnly(again)
    expect(status).toBe('error')
    expect(error).toMatchObject({ code: 'rows-unfit', message: expect.stringContaining(told) })
    expect(isNewMapping(again.sync)).toBe(false)
    expect(await again.syncNow()).toMatchObject({ status: 'success', report: { crawl: { isReused: false } } })
  })

  it.each([
    [
      'keeps rows by another column',
      'sources: { section_teachers: { powerquery: { within: { staff_id: staff.id, section_id: null } } } }',
    ],
    ['keeps all rows', 'sources: { section_teachers: { powerquery: { within: null } } }'],
  ])('that %s of a query is refused, for other rows would be there', async (_, layer) => {
    const bridge = await openTestBridge({ district: district(), hasPlugin: true })
    await bridge.syncNow()
    const again = await openTestBridge({
      district: bridge.district,
      sql: bridge.sql,
      mapping: layered(layer),
      hasPlugin: true,
    })
    expect(await mapOnly(again)).toMatchObject({
      status: 'error',
      error: { code: 'rows-unfit', message: expect.stringContaining('section_teachers') },
    })
  })

  it('is refused on another day where the day decides which lists are read', async () => {
    const school = `orgs: { school: { where: [=inherited, '=today() > date("2026-11-20", "YYYY-MM-DD") or id = 3'] } }`
    const bridge = await openTestBridge({ district: district(), mapping: layered(`entities: { ${school} }`) })
    await bridge.syncNow()
    const changed = layered(`entities: { ${school}, users: { student: { fields: { middleName: null } } } }`)
    const again = await reopen(bridge, changed)
    expect(isNewMapping(again.sync)).toBe(true)
    again.clock.now += 4 * 86_400_000
    expect(isNewMapping(again.sync)).toBe(false)
    const { error } = await mapOnly(again)
    expect(error).toMatchObject({ code: 'rows-unfit', message: expect.stringContaining('today()') })
  })

  it('can pin a school year long ago, whose terms are asked for as for the setting SCHOOL_YEAR', async () => {
    const settings = { GUARD_SHARE: '1' }
    const pinned = layered('settings: { start_year: 2021 }')
    const byLayer = await openTestBridge({ district: district(), mapping: pinned, settings })
    const bySetting = await openTestBridge({ district: district(), settings: { ...settings, SCHOOL_YEAR: '2022' } })
    const { sources } = (await byLayer.syncNow()).report
    expect(sources.schools).toBeGreaterThan(0)
    expect(sources).toEqual((await bySetting.syncNow()).report.sources)
  })

  it('is refused before anything was read, and that is no failure of the syncs however often it is tried', async () => {
    const bridge = await openTestBridge({ district: district() })
    for (let tries = 0; tries < 4; tries++)
      expect(await mapOnly(bridge)).toMatchObject({ status: 'error', error: { code: 'rows-unfit' } })
    expect(failuresInARow(bridge.sql).count).toBe(0)
  })

  it('is applied by the first sync of a process, and PowerSchool is read right after', async () => {
    const bridge = await openTestBridge({ district: district() })
    await bridge.syncNow()
    const again = await reopen(bridge, layered(studentField('middleName: null')), { PUBLISH_QUIET: 'PT0S' })
    again.schedule.start()
    const first = again.schedule.running() ?? ''
    while (again.schedule.running() === first) await again.schedule.syncEnded()
    const second = again.schedule.running() ?? ''
    await again.schedule.settled()
    await again.schedule.stop()
    const reports = [first, second].map((id) => findSync(again.sql, id)?.report as SyncReport)
    expect(reports.map(({ crawl, isPublished }) => [crawl.isReused, isPublished])).toEqual([
      [true, true],
      [false, false],
    ])
    expect(isNewMapping(again.sync)).toBe(false)
  })

  it('is not applied in advance where it means what was published', async () => {
    const bridge = await openTestBridge({ district: district() })
    await bridge.syncNow()
    expect(isNewMapping((await reopen(bridge, layered('tables: { unused: { a: b } }'))).sync)).toBe(false)
    expect(isNewMapping((await reopen(bridge, layered(studentField('middleName: null')))).sync)).toBe(true)
  })
})
