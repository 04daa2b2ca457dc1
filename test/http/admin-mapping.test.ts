// The mapping by the admin API: explanations of what was crawled and published, columns, and the sheet.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { explainSubject } from '../../src/admin/mapping-explain.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { startRun } from '../../src/mapping/run/run.ts'
import { readLayers, readMappingFiles } from '../../src/node/mapping-files.ts'
import { stagedInput } from '../../src/sync/staged-input.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN } from '../support/known.ts'
import { ask } from './admin-client.ts'
import { bearer, request } from './support.ts'

const STUDENT = 100_001
const PATH = '/mapping/explain/users/stu100001'
const FORM = { version: 'v1p1', root: 'https://bridge.example.org/ims/oneroster/v1p1' } as const

async function synced(options: Partial<Parameters<typeof openTestBridge>[0]> = {}): Promise<TestBridge> {
  const bridge = await openTestBridge({ district: createSmallDistrict(), ...options })
  await bridge.syncNow()
  return bridge
}

const withLayers = (path: string) => loadMapping(readMappingFiles(), readLayers(path))

async function syncLater(bridge: TestBridge) {
  bridge.clock.now += 60_000
  return bridge.syncNow()
}

const textOf = async (bridge: TestBridge, path: string) => {
  const answer = await request(bridge, `/admin${path}`, { headers: bearer(ADMIN_TOKEN) })
  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') }
}

describe('an explanation', () => {
  test('has the record as it is published, with its formulas, places and rows', async () => {
    const bridge = await synced()
    const { status, body } = await ask(bridge, `${PATH}?field=email`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      collection: 'users',
      sourcedId: 'stu100001',
      isMapped: true,
      record: {
        rule: 'users.student',
        row: { source: 'students', key: STUDENT },
        fields: [{ name: 'email', value: 'zoe@example.net', place: { file: 'mappings/users.yaml' } }],
      },
      snapshot: { generation: 1, record: 'active', agrees: true, differing: [] },
      unread: [],
      today: bridge.district.today,
    })
    expect(JSON.stringify(body)).toContain('"path":"contact_info.email","value":"zoe@example.net"')
  })

  const WAYS: readonly (readonly [way: string, options: Partial<Parameters<typeof openTestBridge>[0]>])[] = [
    ['by REST', {}],
    ['by PowerQuery', { hasPlugin: true }],
    ['with contacts', { hasPlugin: true, mapping: withLayers('mappings/districts/contacts.yaml') }],
    ['with aides', { hasPlugin: true, mapping: withLayers('mappings/districts/aides.yaml') }],
    ['of chance', { district: createDistrict({ students: 6, seed: 11, today: '2026-10-07' }), hasPlugin: true }],
  ]
  test.each(WAYS)(
    'agrees with every record that is published, and tells of every other row why it is left out: %s',
    async (_, way) => {
      const bridge = await synced(way)
      const staged = stagedInput(bridge.sync)
      if (staged === undefined) throw new Error('no rows')
      const { checked } = bridge.sync.mapping
      const options = { sql: bridge.sql, checked, staged, form: FORM, isRedacted: false }
      const published = new Set<string>()
      for (const record of [...startRun(checked, staged.input).records()].flat()) {
        const { collection, sourcedId, fields, rule } = record
        published.add(`${collection}/${sourcedId}`)
        const explained = explainSubject({ kind: 'record', collection, sourcedId }, options)
        expect(explained, sourcedId).toMatchObject({ isMapped: true, record: { rule } })
        expect(explained.snapshot, sourcedId).toMatchObject({ record: 'active', agrees: true, differing: [] })
        const filled = explained.record?.fields.flatMap(({ name, value }) => (value === null ? [] : [[name, value]]))
        expect(Object.fromEntries(filled ?? []), sourcedId).toMatchObject(fields)
      }
      let leftOut = 0
      for (const { id: rule, from } of checked.tree.rules.values()) {
        for (const { row } of staged.input.rows.batch(from.text, 0, 1000)) {
          const keySlot = bridge.sync.mapping.sources.find(({ name }) => name === from.text)?.keySlot ?? 0
          const explained = explainSubject({ kind: 'row', rule, key: String(row[keySlot]) }, options)
          if (explained.isMapped) {
            expect(published).toContain(`${explained.collection}/${explained.sourcedId}`)
            continue
          }
          leftOut += 1
          expect(
            explained.rows.some(({ reason }) => reason !== undefined),
            `${rule} ${row[keySlot]}`,
          ).toBe(true)
        }
      }
      expect(leftOut).toBeGreaterThan(5)
    },
  )

  test('of a record that is deleted says since when, and what became of the row', async () => {
    const bridge = await synced()
    const [enrollment] = (await (await bridge.get(`/enrollments?filter=user.sourcedId='stu100001'`)).json()).enrollments
    transferStudent(bridge.district, STUDENT, null)
    const { report } = await syncLater(bridge)
    const student = await ask(bridge, PATH)
    expect(student.body).toMatchObject({
      isMapped: false,
      rows: [],
      snapshot: {
        generation: 2,
        record: 'deleted',
        agrees: true,
        since: { generation: 2, publishedAt: report.publishedAt },
      },
    })
    const text = (await textOf(bridge, `${PATH}?format=text`)).text
    expect(text).toContain('which asks for school_enrollment.enroll_status==(A,P)')
    expect(text).toMatch(/The current snapshot \(generation 2, .*\) has it as deleted, since generation 2/)
    const { body } = await ask(bridge, `/mapping/explain/enrollments/${enrollment.sourcedId}`)
    expect(body).toMatchObject({ rows: [{ rule: 'enrollments.student', reason: { kind: 'where' } }] })
  })

  test('tells what the snapshot has otherwise while the guard holds a sync', async () => {
    const bridge = await synced({ settings: { GUARD_SHARE: '0', GUARD_MIN: '1' } })
    transferStudent(bridge.district, STUDENT, null)
    renameStudent(bridge.district, 100_002, 'Someone', 'Else')
    expect(await syncLater(bridge)).toMatchObject({ status: 'validationError' })
    const gone = await ask(bridge, PATH)
    expect(gone.body).toMatchObject({ isMapped: false, snapshot: { record: 'active', agrees: false } })
    const { body } = await ask(bridge, '/mapping/explain/users/stu100002')
    expect(body).toMatchObject({
      isMapped: true,
      snapshot: {
        agrees: false,
        differing: [{ field: 'givenName' }, { field: 'familyName' }],
        waiting: expect.any(String),
      },
    })
    const { text } = await textOf(bridge, '/mapping/explain/users/stu100002?format=text&redact=true')
    expect(text).toMatch(/differs\. It was made of earlier rows/)
    expect(text).toMatch(/^ {2}givenName is published as "[x9 ]+"$/m)
    expect(text).not.toContain('Someone')
  })

  test('says that nothing is published yet, and that there are no rows', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const { status, body } = await ask(bridge, PATH)
    expect([status, body.error, body.remedy]).toEqual([503, 'no-rows', expect.stringContaining('Start a sync')])
  })

  test('of a layer whose columns were not read says so', async () => {
    const bridge = await synced()
    const layer = {
      path: 'layer.yaml',
      text: 'extends: default\nsources:\n  students:\n    fields: { u_more: { bus: text } }\n    rest: { extend: [u_more] }\n    powerquery: { extend: { u_more: { studentsdcid: id } } }\nentities:\n  users:\n    student:\n      metadata: { bus: =u_more.bus }\n',
    }
    const mapping = loadMapping(readMappingFiles(), { layers: [layer], diagnostics: [] })
    const staged = stagedInput({ ...bridge.sync, mapping })
    if (staged === undefined) throw new Error('no rows')
    const options = { sql: bridge.sql, checked: mapping.checked, staged, form: FORM, isRedacted: false }
    const subject = { kind: 'record', collection: 'users', sourcedId: 'stu100001' } as const
    expect(explainSubject(subject, options)).toMatchObject({ isMapped: true, unread: ['students.u_more.bus'] })
  })

  const FAULTS: readonly (readonly [path: string, status: number, says: RegExp])[] = [
    ['/mapping/explain/user/stu1', 404, /makes no `user`\. Did you mean `users`/],
    ['/mapping/explain/users.pupil/1', 404, /no rule `users\.pupil`/],
    [`${PATH}?field=emial`, 404, /no field `emial`\. Did you mean `email`/],
    [`${PATH}?redact=yes`, 400, /`redact` is true or false/],
    [`${PATH}?format=xml`, 400, /`format` is json or text/],
    ['/mapping/columns/students.nmae', 404, /has no column `nmae`/],
    [`${PATH}?field=constructor`, 404, /no field `constructor`/],
    ['/mapping/table?format=pdf', 400, /`format` is json, markdown or csv/],
    ['/mapping/table?format=constructor', 400, /`format` is json, markdown or csv/],
  ]
  test.each(FAULTS)('%s is refused', async (path, status, says) => {
    const bridge = await synced()
    expect(await ask(bridge, path)).toEqual({
      status,
      body: { error: status === 404 ? 'not-found' : 'bad-request', message: expect.stringMatching(says) },
    })
  })

  test('does not exist without the token, is kept by no cache, and leaves no value in the log', async () => {
    const bridge = await synced()
    const path = `/admin${PATH}`
    for (const headers of [{}, bearer('x'), bearer(await bridge.token())]) {
      expect((await request(bridge, path, { headers })).status).toBe(404)
    }
    const answer = await request(bridge, path, { headers: bearer(ADMIN_TOKEN) })
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const logged = bridge.logged.join()
    for (const value of ['zoe@example.net', 'stu100001', 'znunezal']) expect(logged).not.toContain(value)
  })
})

describe('rows by a value', () => {
  test('are told with what each rule makes of them, and the value is in no log', async () => {
    const bridge = await synced()
    const { status, body } = await ask(bridge, `/mapping/rows/students.contact_info.email?value=ZOE%40example.net`)
    expect([status, body.found]).toEqual([200, 1])
    expect(body.rows).toMatchObject([
      { row: { source: 'students', key: STUDENT }, rules: [{ rule: 'users.student', sourcedId: 'stu100001' }, {}] },
    ])
    const text = await textOf(bridge, '/mapping/rows/students.id?value=100001&format=text')
    expect(text.text).toMatch(/^ {4}users\.student +published as stu100001$/m)
    expect(bridge.logged.join()).not.toMatch(/zoe/i)
    const answer = await request(bridge, '/admin/mapping/rows/students.id?value=1', { headers: bearer(ADMIN_TOKEN) })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('are refused where the column or the value is none', async () => {
    const bridge = await synced()
    const refused = async (path: string) => (await ask(bridge, `/mapping/rows/${path}`)).status
    expect(await refused('students.nmae?value=1')).toBe(404)
    expect(await refused('students.name?value=1')).toBe(404)
    expect(await refused('students.id')).toBe(400)
    expect(await refused('students.id?value=1&format=xml')).toBe(400)
    const early = await openTestBridge({ district: createSmallDistrict() })
    expect((await ask(early, '/mapping/rows/students.id?value=1')).status).toBe(503)
  })
})

describe('a field that a layer takes away', () => {
  test('is told as that, and that the snapshot still has it', async () => {
    const bridge = await synced()
    const lines =
      'entities: { users: { student: { fields: { identifier: null }, metadata: { microsoft.userFlags: null } } } }'
    const layer = { path: 'layer.yaml', text: `extends: default\n${lines}\n` }
    const mapping = loadMapping(readMappingFiles(), { layers: [layer], diagnostics: [] })
    const staged = stagedInput({ ...bridge.sync, mapping })
    if (staged === undefined) throw new Error('no rows')
    const told = (field?: string) =>
      explainSubject(
        { kind: 'record', collection: 'users', sourcedId: 'stu100001' },
        { sql: bridge.sql, checked: mapping.checked, staged, form: FORM, isRedacted: false, field },
      )
    const differing = [{ field: 'identifier', published: expect.any(String) }]
    for (const field of ['identifier', undefined]) {
      const { record, snapshot } = told(field)
      expect(record?.removed[0]).toMatchObject({ name: 'identifier', place: { file: 'layer.yaml', line: 2 } })
      expect(snapshot).toMatchObject({ agrees: false, differing })
    }
    expect(told('metadata.microsoft.userFlags')).toMatchObject({
      record: { removed: [{}] },
      snapshot: { agrees: true },
    })
  })
})

describe('the columns and the sheet', () => {
  test('tell who reads a column', async () => {
    const bridge = await synced()
    const { body } = await ask(bridge, '/mapping/columns/students.school_enrollment.grade_level')
    expect(body).toMatchObject({
      columns: [
        {
          type: 'integer',
          isByRest: true,
          powerquery: expect.stringMatching(/^STUDENTS\./),
          readers: [{ use: 'users.student.grades' }],
        },
      ],
    })
    const all = await ask(bridge, '/mapping/columns')
    expect((all.body.columns as unknown[]).length).toBeGreaterThan(100)
    const { text } = await textOf(bridge, '/mapping/columns/students.school_enrollment?format=text')
    expect(text).toMatch(/^ {2}users\.student\.grades +mappings\/users\.yaml:\d+$/m)
  })

  test('come as data, Markdown and CSV', async () => {
    const bridge = await synced({ settings: { SCHOOLS: '100' } })
    const { body } = await ask(bridge, '/mapping/table')
    expect(body).toMatchObject({ rows: expect.any(Array), settings: expect.any(Array), tables: expect.any(Array) })
    expect(body.settings).toContainEqual(expect.objectContaining({ name: 'schools', value: [100] }))
    const markdown = await textOf(bridge, '/mapping/table?format=markdown')
    expect([markdown.type, markdown.text.slice(0, 9)]).toEqual(['text/markdown; charset=utf-8', '# Mapping'])
    const csv = await textOf(bridge, '/mapping/table?format=csv')
    expect([csv.type, csv.text.slice(0, 12)]).toEqual(['text/csv; charset=utf-8; header=present', 'Target,Rule,'])
  })
})
