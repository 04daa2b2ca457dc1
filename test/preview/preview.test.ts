// A preview tells what a sync with that mapping would publish: each is compared with the sync that follows it.
import { afterAll, describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { createPresent } from '../../src/district.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import type { Identities } from '../../src/preview/matching.ts'
import { type Preview, previewMapping, requireStaged } from '../../src/preview/preview.ts'
import { openNodeSqlite } from '../../src/store/node-sqlite.ts'
import type { SyncReport } from '../../src/sync/report.ts'
import { type StagedInput, stagedInput } from '../../src/sync/staged-input.ts'
import { runSync } from '../../src/sync/sync.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { differences, drain } from '../support/roster.ts'

const TODAY = '2026-11-18'

const layered = (text: string) =>
  loadMapping(readMappingFiles(), {
    layers: [{ path: 'layer.yaml', text: `extends: default\n${text}` }],
    diagnostics: [],
  })

interface PreviewOptions {
  readonly identities?: Identities
  readonly showsValues?: boolean
  readonly samples?: number
  readonly change?: (staged: StagedInput) => void
}

function preview(bridge: TestBridge, layer: string, options: PreviewOptions = {}): Preview {
  const mapping = layered(layer)
  const { sql, settings, queryPrefix, guard } = bridge.sync
  const staged = requireStaged(stagedInput({ sql, mapping, settings, queryPrefix }))
  return previewMapping({
    sql,
    mapping,
    staged,
    collections: STORAGE,
    present: createPresent(),
    guard,
    samples: options.samples ?? 3,
    showsValues: options.showsValues ?? true,
    ...(options.identities && { identities: options.identities }),
  })
}

const store = openNodeSqlite(':memory:')
afterAll(() => store.close())
const synced = openTestBridge({
  district: createDistrict({ students: 120, seed: 5, today: TODAY, perStudentEnrollments: 3 }),
  sql: store,
  settings: { GUARD_SHARE: '1' },
}).then(async (bridge) => {
  await bridge.syncNow()
  return bridge
})

const LAYERS: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a field', 'entities: { users: { student: { fields: { email: =lower(inherited) & "x" } } } }'],
  ['a field away', 'entities: { users: { student: { fields: { middleName: null } } } }'],
  ['metadata', 'entities: { classes: { section: { metadata: { a.b: =text(id) } } } }'],
  ['the scope of students', 'entities: { users: { student: { where: [=inherited, =id > 100040] } } }'],
  ['the scope of schools', 'entities: { orgs: { school: { where: [=inherited, =name != "x" and id != 1001] } } }'],
  ['the ids of teachers', 'entities: { users: { teacher: { id: ="t" & users_dcid } } }'],
  ['the type of orgs, which decides 1.2 roles', 'entities: { orgs: { school: { fields: { type: local } } } }'],
  ['other staff', 'settings: { include_other_staff: true }'],
  ['what a table says', 'tables: { grade: { 5: "06" } }'],
  [
    'a parent, of which children are the inverse',
    'entities: { academicSessions: { term: { with: { above: { where: =it.portion < portion } } } } }',
  ],
  [
    'the order of children',
    'entities: { academicSessions: { term: { fields: { children: { order: =it.end_date } } } } }',
  ],
  ['a lookup', 'entities: { academicSessions: { term: { with: { above: { take: first } } } } }'],
  ['a rule away', 'entities: { demographics: { student: { enabled: false } } }'],
  [
    'a rule more',
    'entities: { orgs: { state: { from: district, id: state, fields: { name: X, type: state, identifier: X } } } }',
  ],
  [
    'a bound column of the source',
    'sources: { sections: { fields: { extra: text } } }\nentities: { classes: { section: { fields: { location: =extra } } } }',
  ],
]

describe('the preview of a mapping that changes', () => {
  it.each(LAYERS)('%s tells what the sync publishes then', async (_, layer) => {
    const bridge = await synced
    const told = preview(bridge, layer)
    const back = await openTestBridge({ district: bridge.district, settings: { GUARD_SHARE: '1' } })
    await back.syncNow()
    const before = await drain(back)
    const again = await openTestBridge({
      district: bridge.district,
      sql: back.sql,
      mapping: layered(layer),
      settings: { GUARD_SHARE: '1' },
    })
    const record = await runSync(again.sync, 'map', new AbortController().signal, {
      isMapOnly: told.unread.columns.length === 0 && !told.unread.isOtherScope,
    })
    const { counts } = record.report as SyncReport
    expect(record.status).toBe('success')
    const summed = Object.fromEntries(
      Object.entries(told.collections).map(([name, { active, added, changed, removed }]) => [
        name,
        { active, added, changed, removed },
      ]),
    )
    const published = Object.fromEntries(
      Object.entries(counts).map(([name, { active, added, changed, removed }]) => [
        name,
        { active, added, changed, removed },
      ]),
    )
    expect(summed).toEqual(published)
    // Version 1.1 tells all but the roles of 1.2.
    const fields = new Set(told.fields.map(({ collection, field }) => `${collection} ${field}`))
    for (const line of differences(before, await drain(again))) {
      const [, collection, field] = /^(\w+)\/\S+: (\w+)/.exec(line) ?? []
      if (field !== undefined && !line.includes('missing'))
        expect([...fields].join()).toContain(`${collection} ${field}`)
    }
  })

  it('maps only the collections that the change can touch', async () => {
    const { collections } = preview(await synced, 'entities: { courses: { course: { fields: { subjects: null } } } }')
    const mapped = Object.entries(collections).flatMap(([name, { isMapped }]) => (isMapped ? [name] : []))
    expect(mapped).toEqual(['courses'])
  })

  it('writes nothing', async () => {
    const bridge = await synced
    const tables = () =>
      bridge.sql
        .all<{ name: string }>(`select name from sqlite_master where type = 'table'`)
        .map(({ name }) => [name, bridge.sql.all(`select count(*) as n from "${name}"`)[0]?.n])
    const before = [tables(), bridge.sql.all('select total_changes() as n')]
    preview(bridge, 'entities: { users: { student: { id: ="x" & id } } }')
    expect([tables(), bridge.sql.all('select total_changes() as n')]).toEqual(before)
  })

  it('tells what the guard would hold', async () => {
    const bridge = await synced
    const guarded = { ...bridge, sync: { ...bridge.sync, guard: { share: 0.2, minimum: 25 } } }
    const { held } = preview(guarded, 'entities: { users: { student: { where: [=inherited, =id < 0] } } }')
    expect(held.map(({ collection }) => collection)).toEqual(expect.arrayContaining(['users', 'enrollments']))
  })

  it('masks values unless it is asked to show them', async () => {
    const layer = 'entities: { users: { student: { fields: { familyName: =upper(inherited) } } } }'
    const bridge = await synced
    const masked = JSON.stringify(preview(bridge, layer, { showsValues: false }).fields)
    const [sample] = preview(bridge, layer).fields.flatMap(({ samples }) => samples)
    expect(sample?.after).toBe(sample?.before?.toUpperCase())
    expect(masked).not.toContain(sample?.after)
    expect(masked).toContain('"after":"XX')
  })

  it('masks what may name a person in classes and in metadata, and not what names nobody', async () => {
    const layer = `entities:
  classes: { section: { fields: { title: ="Ms. Silverlake - " & id }, metadata: { lead: Ada Silverlake } } }
  orgs: { school: { fields: { name: ="School " & id }, metadata: { head: Ada Silverlake } } }`
    const { fields } = preview(await synced, layer, { showsValues: false })
    expect(JSON.stringify(fields)).not.toContain('Silverlake')
    const name = fields.find(({ collection, field }) => collection === 'orgs' && field === 'name')
    expect(name?.samples[0]?.after).toMatch(/^School \d+$/)
  })

  it('tells columns that were not read, and takes them for blank', async () => {
    const layer = `sources: { students: { fields: { u_x: { a: text } }, rest: { extend: [u_x] } } }
entities: { users: { student: { metadata: { a: =u_x.a } } } }`
    const { unread, fields } = preview(await synced, layer)
    expect(unread).toMatchObject({ columns: ['students.u_x.a'], isOtherScope: false })
    expect(fields).toEqual([])
  })

  it('finds rows by columns that have no index yet', async () => {
    const layer = `entities: { users: { student: { with: { twins: { all: students, match: { local_id: =local_id } } },
      metadata: { twins: =text(count(twins)) } } } }`
    const { fields } = preview(await synced, layer)
    expect(fields[0]).toMatchObject({ collection: 'users', field: 'metadata.twins' })
    expect(new Set(fields[0]?.samples.map(({ after }) => after))).toEqual(new Set(['1']))
  })

  it('compares with what is published, not with a sync that is held', async () => {
    const bridge = await openTestBridge({ district: createDistrict({ students: 120, seed: 6, today: TODAY }) })
    await bridge.syncNow()
    const nobody = layered('entities: { users: { student: { where: [=inherited, =id < 0] } } }')
    const other = await openTestBridge({ district: bridge.district, sql: bridge.sql, mapping: nobody })
    expect(await other.syncNow()).toMatchObject({ status: 'validationError' })
    const { collections } = preview(bridge, '')
    expect(collections.users).toMatchObject({ added: 0, changed: 0, removed: 0 })
  })

  it('has no rows of a source that the changed settings do not ask for', async () => {
    const layer = (isRead: boolean) => `settings: { use_addresses: ${isRead} }
sources: { student_emails: { when: settings.use_addresses } }`
    const district = createDistrict({ students: 60, seed: 5, today: TODAY })
    const bridge = await openTestBridge({ district, hasPlugin: true, mapping: layered(layer(true)) })
    await bridge.syncNow()
    const { users } = preview(bridge, layer(false)).collections
    const mapping = layered(layer(false))
    const again = await openTestBridge({ district, hasPlugin: true, sql: bridge.sql, mapping })
    const { counts } = (await again.syncNow()).report
    expect(users?.changed).toBeGreaterThan(10)
    expect(users?.changed).toBe(counts.users?.changed)
  })

  it('refuses rows of an earlier version of the bridge: in which order they have their columns is not known', async () => {
    const bridge = await openTestBridge({ district: createDistrict({ students: 60, seed: 5, today: TODAY }) })
    await bridge.syncNow()
    bridge.sql.run(`update mirror set plan = '[[],[],[],{}]'`)
    expect(() => preview(bridge, '')).toThrow(expect.objectContaining({ code: 'rows-unfit' }))
  })

  it('is of the rows that are there, and refuses when there are none', async () => {
    const bridge = await openTestBridge({ district: createDistrict({ students: 60, seed: 5, today: TODAY }) })
    expect(() => preview(bridge, '')).toThrow(expect.objectContaining({ code: 'rows-unfit' }))
  })
})

describe('accounts of a directory', () => {
  it('are matched with the users by each field and domain', async () => {
    const bridge = await synced
    const users = [...((await drain(bridge)).users?.values() ?? [])]
    const students = users.filter(({ role }) => role === 'student')
    const half = students.slice(0, 40).map(({ username }) => `${String(username).toUpperCase()}@Students.Example.org`)
    const { matches } = preview(bridge, '', {
      identities: [{ name: 'userPrincipalName', values: [...half, 'nobody@students.example.org'] }],
    })
    expect(matches?.accounts).toEqual({ userPrincipalName: 41 })
    expect(matches?.unclaimed).toEqual({ userPrincipalName: 1 })
    expect(matches?.matches[0]).toMatchObject({
      group: 'students',
      source: 'username',
      domain: '@students.example.org',
      users: students.length,
      matched: 40,
      unmatched: students.length - 40,
      ambiguous: 0,
    })
  })

  it('are matched as the changed mapping would have them', async () => {
    const bridge = await synced
    const users = [...((await drain(bridge)).users?.values() ?? [])]
    const [one] = users.filter(({ role }) => role === 'student')
    const { matches } = preview(bridge, 'entities: { users: { student: { fields: { username: ="s" & id } } } }', {
      identities: [{ name: 'identity', values: [`s${String(one?.sourcedId).slice(3)}`] }],
    })
    expect(matches?.matches.find(({ group }) => group === 'students')).toMatchObject({ source: 'username', matched: 1 })
  })
})

describe('the rows of a district that has changed', () => {
  it('are compared as they were read, without asking PowerSchool', async () => {
    const district = createDistrict({ students: 60, seed: 5, today: TODAY })
    const bridge = await openTestBridge({ district })
    await bridge.syncNow()
    const [one, other] = district.db.prepare('select dcid from students where enroll_status = 0 order by dcid').all()
    renameStudent(district, Number(one?.dcid), 'New', 'Name')
    transferStudent(district, Number(other?.dcid), null)
    const requests = bridge.powerSchool.requests.count()
    expect(preview(bridge, '').collections.users).toMatchObject({ added: 0, changed: 0, removed: 0 })
    expect(bridge.powerSchool.requests.count()).toBe(requests)
  })
})
