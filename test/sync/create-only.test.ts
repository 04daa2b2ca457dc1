// Fields and ids that are written once: what was published first stays, through syncs, restarts and changes of the mapping.
import { describe, expect, it } from 'vitest'
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'
import { createPresent } from '../../src/district.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { previewMapping, requireStaged } from '../../src/preview/preview.ts'
import { stagedInput } from '../../src/sync/staged-input.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { drain } from '../support/roster.ts'

const student = (lines: string) =>
  loadMapping(readMappingFiles(), {
    layers: [{ path: 'layer.yaml', text: `extends: default\nentities:\n  users:\n    student: { ${lines} }\n` }],
    diagnostics: [],
  })

const ONCE = 'create_only: [username, email]'
const KEPT_ID = 'create_only: [id]'

const makeDistrict = (): District =>
  createDistrict({ students: 60, seed: 5, today: '2026-11-18', perStudentEnrollments: 2 })

function rename(district: District, dcid: number, login: string): void {
  district.db.prepare('update students set student_web_id = ?, transaction_date = null where dcid = ?').run(login, dcid)
}

const firstStudent = ({ db }: District) =>
  Number(
    db.prepare('select min(dcid) as n from students where enroll_status = 0 and student_web_id is not null').get()?.n,
  )

const userOf = async (bridge: TestBridge, id: string) => (await drain(bridge)).users?.get(id)

const SETTINGS = { GUARD_SHARE: '1' }
const reopen = (bridge: TestBridge, mapping: ReturnType<typeof student>) =>
  openTestBridge({ district: bridge.district, sql: bridge.sql, mapping, settings: SETTINGS })

describe('a field that is written once', () => {
  it('keeps the value of the first publish, also in a new process, and when the record comes back', async () => {
    const district = makeDistrict()
    const dcid = firstStudent(district)
    rename(district, dcid, 'first.login')
    const bridge = await openTestBridge({ district, mapping: student(ONCE), settings: SETTINGS })
    await bridge.syncNow()
    rename(district, dcid, 'second.login')
    const { report } = await bridge.syncNow()
    expect(report.counts.users).toMatchObject({ added: 0, changed: 0, removed: 0 })
    expect(report.diagnostics.filter(({ code }) => code === 'value-kept')).toEqual([
      { code: 'value-kept', rule: 'users.student', field: 'username', count: 1, keys: [dcid] },
    ])
    const again = await reopen(bridge, student(ONCE))
    await again.syncNow()
    expect(await userOf(again, `stu${dcid}`)).toMatchObject({ username: 'first.login' })

    district.db.prepare('update students set enroll_status = 2 where dcid = ?').run(dcid)
    expect((await again.syncNow()).report.counts.users).toMatchObject({ removed: 1 })
    district.db.prepare('update students set enroll_status = 0 where dcid = ?').run(dcid)
    expect((await again.syncNow()).report.counts.users).toMatchObject({ added: 1 })
    expect(await userOf(again, `stu${dcid}`)).toMatchObject({ username: 'first.login' })
  })

  it('follows PowerSchool again when the layer no longer says so', async () => {
    const district = makeDistrict()
    const dcid = firstStudent(district)
    const bridge = await openTestBridge({ district, mapping: student(ONCE), settings: SETTINGS })
    await bridge.syncNow()
    rename(district, dcid, 'second.login')
    await bridge.syncNow()
    const again = await reopen(bridge, student('enabled: true'))
    await again.syncNow()
    expect(await userOf(again, `stu${dcid}`)).toMatchObject({ username: 'second.login' })
  })
})

describe('an id that is written once', () => {
  it('stays when the formula changes, and links follow it', async () => {
    const bridge = await openTestBridge({ district: makeDistrict(), mapping: student(KEPT_ID), settings: SETTINGS })
    await bridge.syncNow()
    const before = await drain(bridge)
    const again = await reopen(bridge, student(`${KEPT_ID}, id: ="pupil" & id`))
    const { report } = await again.syncNow()
    expect(report).toMatchObject({ isPublished: false })
    const { db } = bridge.district
    db.prepare('update students set enroll_status = 0 where dcid = (select max(dcid) from students)').run()
    db.prepare(
      'update students set enroll_status = 0, schoolid = (select schoolid from students where enroll_status = 0 limit 1) where dcid = (select max(dcid) from students where enroll_status <> 0)',
    ).run()
    await again.syncNow()
    const after = await drain(again)
    for (const id of before.users?.keys() ?? []) expect(after.users?.has(id)).toBe(true)
    const added = [...(after.users?.keys() ?? [])].filter((id) => !before.users?.has(id))
    expect(added.length).toBeGreaterThan(0)
    expect(added.every((id) => id.startsWith('pupil'))).toBe(true)
  })

  it('is kept from the first sync that says so, even if that changes nothing', async () => {
    const bridge = await openTestBridge({ district: makeDistrict(), settings: SETTINGS })
    await bridge.syncNow()
    const kept = await reopen(bridge, student(KEPT_ID))
    expect((await kept.syncNow()).report.isPublished).toBe(false)
    const again = await reopen(bridge, student(`${KEPT_ID}, id: ="pupil" & id`))
    expect((await again.syncNow()).report.isPublished).toBe(false)
  })

  it('is not kept of a sync that was held and never published', async () => {
    const bridge = await openTestBridge({ district: createDistrict({ students: 150, seed: 5, today: '2026-11-18' }) })
    await bridge.syncNow()
    const other = await openTestBridge({
      district: bridge.district,
      sql: bridge.sql,
      mapping: student(`${KEPT_ID}, id: ="pupil" & id`),
    })
    expect((await other.syncNow()).status).toBe('validationError')
    const back = await reopen(bridge, student(KEPT_ID))
    expect((await back.syncNow()).report.isPublished).toBe(false)
    expect([...((await drain(back)).users?.keys() ?? [])].filter((id) => id.startsWith('pupil'))).toEqual([])
  })

  it('belongs to the row that was published under it last, and who had it before gets another', async () => {
    const district = makeDistrict()
    const pupil = (dcid: number, login: string, status: number) =>
      district.db
        .prepare('update students set student_web_id = ?, enroll_status = ?, transaction_date = null where dcid = ?')
        .run(login, status, dcid)
    const [one = 0, other = 0] = district.db
      .prepare('select dcid from students where enroll_status = 0 order by dcid limit 2')
      .all()
      .map(({ dcid }) => Number(dcid))
    const mapping = student(`${KEPT_ID}, id: ="u" & alnum(student_username), metadata: { dcid: =text(id) }`)
    const bridge = await openTestBridge({ district, mapping, settings: SETTINGS })
    const rowOf = async (id: string) => (await userOf(bridge, id))?.metadata
    // Pre-registered students are read and not published, so that the row stays where it is.
    pupil(one, 'sam', 0)
    pupil(other, 'bo', -1)
    await bridge.syncNow()
    expect(await rowOf('usam')).toEqual({ dcid: String(one) })
    pupil(one, 'sam', -1)
    await bridge.syncNow()
    pupil(other, 'sam', 0)
    await bridge.syncNow()
    expect(await rowOf('usam')).toEqual({ dcid: String(other) })
    pupil(one, 'sam2', 0)
    for (const login of ['sam2', 'sam3']) {
      pupil(one, login, 0)
      await bridge.syncNow()
      expect(await rowOf('usam')).toEqual({ dcid: String(other) })
      expect(await rowOf('usam2')).toEqual({ dcid: String(one) })
    }
  })

  it('is seen by a preview', async () => {
    const bridge = await openTestBridge({ district: makeDistrict(), mapping: student(KEPT_ID), settings: SETTINGS })
    await bridge.syncNow()
    const mapping = student(`${KEPT_ID}, id: ="pupil" & id`)
    const { collections } = previewMapping({
      ...bridge.sync,
      mapping,
      staged: requireStaged(stagedInput({ ...bridge.sync, mapping })),
      collections: STORAGE,
      present: createPresent(),
      samples: 3,
      showsValues: false,
    })
    for (const { added, changed, removed } of Object.values(collections))
      expect([added, changed, removed]).toEqual([0, 0, 0])
  })
})
