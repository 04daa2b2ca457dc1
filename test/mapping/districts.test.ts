// The examples of layers in mappings/districts: each checks clean, its examples hold, and one is seen through a whole bridge.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { pluginRequest } from '../../src/cli/plugin-request.ts'
import { checkFiles, loadMapping, testFiles } from '../../src/load-mapping.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import { findLayers } from '../../src/mapping/files/layers.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { openTestBridge } from '../support/bridge.ts'
import { drain } from '../support/roster.ts'

const FOLDER = 'mappings/districts'
const LAYERS = readdirSync(FOLDER)

const readText = (path: string) => readFileSync(path, 'utf8')
const files = readMappingFiles()

describe.each(LAYERS)('mappings/districts/%s', (name) => {
  const layers = findLayers(`${FOLDER}/${name}`, readText)

  it('has no mistake', () => {
    expect(checkFiles(files, layers).diagnostics.map((found) => formatDiagnostic(found))).toEqual([])
  })

  it('gives what its examples say: the usual row, and a row that stays out', () => {
    const { examples } = testFiles(files, layers)
    expect(examples.filter(({ ok }) => !ok)).toEqual([])
    expect(examples.filter(({ file }) => file.endsWith(name)).length).toBeGreaterThanOrEqual(3)
    expect(readText(`${FOLDER}/${name}`)).toContain('gives: nothing')
  })

  it('begins with what it extends, below a comment that says what it is for', () => {
    expect(readText(`${FOLDER}/${name}`)).toMatch(/^(?:# [^\n]+\n)+extends: default\n/)
  })
})

describe('the layers in docs/mapping.md', () => {
  const blocks = [...readText('docs/mapping.md').matchAll(/```yaml\n((?:# [^\n]+\n)?extends: default\n[^`]*)```/g)]

  it.each(blocks.map(([, text = '']) => text))('has no mistake: %s', (text) => {
    const found = checkFiles(
      files,
      findLayers('doc.yaml', () => text),
    )
    expect(found.diagnostics.map((one) => formatDiagnostic(one, text))).toEqual([])
  })

  it('are several', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(5)
  })
})

describe('the meal status of students', () => {
  const asked = (text?: string) => {
    const layers = text === undefined ? undefined : findLayers('ours.yaml', () => text)
    const identity = { name: 'Ours', publisher: 'Ours', email: 'us@example.org', queries: 'org.example' }
    const { columns } = pluginRequest(loadMapping(files, layers), identity).plugin
    return columns.map(({ table, column }) => `${table}.${column}`)
  }

  it('is not asked for by the plugin unless the district wants the flag', () => {
    expect(asked()).toContain('STUDENTS.LAST_NAME')
    expect(asked()).not.toContain('STUDENTS.LUNCHSTATUS')
    expect(asked('extends: default\nsettings: { include_user_flags: true }\n')).toContain('STUDENTS.LUNCHSTATUS')
  })
})

describe('a column that a layer takes away', () => {
  const touched = (text?: string) => {
    const layers = text === undefined ? undefined : findLayers('ours.yaml', () => text)
    const students = loadMapping(files, layers).sources.find(({ name }) => name === 'students')
    return students?.powerquery?.touched.map(({ table, column }) => `${table}.${column}`) ?? []
  }
  const fields = 'entities: { users: { student: { fields: { phone: null } } } }\n'

  it('is not asked for any more, nor is one that no rule uses any more', () => {
    expect(touched()).toContain('STUDENTS.HOME_PHONE')
    expect(touched(`extends: default\n${fields}`)).not.toContain('STUDENTS.HOME_PHONE')
    const removed = touched(`extends: default\nsources: { students: { fields: { phones: null } } }\n${fields}`)
    expect(removed).not.toContain('STUDENTS.HOME_PHONE')
    expect(removed).toContain('STUDENTS.LAST_NAME')
  })
})

/** What a bridge publishes with a layer, by collection and id. */
async function published(name: string, template: string) {
  const district = createDistrict({ students: 300, seed: 5, today: '2026-11-18' })
  const mapping = loadMapping(files, findLayers(`${FOLDER}/${name}`, readText))
  const bridge = await openTestBridge({ district, mapping, hasPlugin: template === 'powerquery' })
  expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
  const roster = await drain(bridge)
  return { db: district.db, users: [...(roster.users ?? [])], enrollments: [...(roster.enrollments ?? [])] }
}

const TEMPLATES = ['rest', 'powerquery']
const EXTENSIONS = 'select * from u_students_extension'

describe.each(TEMPLATES)('columns of an extension table, by %s', (template) => {
  it('become flags of the students who have them, and of nobody else', async () => {
    const { db, users } = await published('user-flags.yaml', template)
    const flags = new Map<unknown, string[]>()
    const add = (student: unknown, isFlagged: boolean, flag: string) => {
      const id = `stu${student}`
      if (isFlagged) flags.set(id, [...(flags.get(id) ?? []), flag])
    }
    // The meal status stands in a column that only the plugin's queries can see.
    for (const { dcid, lunchstatus } of template === 'rest' ? [] : db.prepare('select * from students').all()) {
      add(dcid, ['F', 'FDC'].includes(String(lunchstatus).trim().toUpperCase()), 'freeLunch')
    }
    for (const { studentsdcid: dcid, ...row } of db.prepare(EXTENSIONS).all()) {
      add(dcid, row.homeless === 1, 'homeless')
      add(dcid, row.gifted === 1, 'giftedOrTalented')
      add(dcid, row.section_504 === 1, '504')
      add(dcid, row.language === 'EL', 'ELL')
      add(dcid, row.iep === 1, 'IEP')
    }
    const expected = new Map([...flags].map(([id, all]) => [id, all.join(',')]))
    const found = users.map(([id, { metadata }]) => [id, metadata])
    expect(found).toEqual(
      users.map(([id]) => [id, expected.has(id) ? { 'microsoft.userFlags': expected.get(id) } : undefined]),
    )
    expect(users.filter(([id]) => expected.has(id)).length).toBeGreaterThan(10)
    const freeLunch = users.filter(([id]) => expected.get(id)?.includes('freeLunch,'))
    expect(freeLunch.length > 0).toBe(template === 'powerquery')
  })

  it('become addresses and numbers, with what everybody has to fall back to', async () => {
    const { db, users } = await published('greenfield.yaml', template)
    const rows = new Map(
      db
        .prepare(EXTENSIONS)
        .all()
        .map((row) => [`stu${row.studentsdcid}`, row]),
    )
    const numbers = new Map(
      db
        .prepare('select * from students')
        .all()
        .map((row) => [`stu${row.dcid}`, row.student_number]),
    )
    const students = users.filter(([id]) => id.startsWith('stu'))
    expect(students.map(([id, { identifier }]) => [id, identifier])).toEqual(
      students.map(([id]) => [id, String(rows.get(id)?.state_id ?? numbers.get(id))]),
    )
    const addressed = students.filter(([id]) => rows.get(id)?.district_email)
    expect(addressed.map(([, { email }]) => email)).toEqual(addressed.map(([id]) => rows.get(id)?.district_email))
    expect(addressed.length).toBeGreaterThan(5)
    expect(students.some(([id, { email }]) => email !== undefined && !rows.has(id))).toBe(true)
  })
})

describe.each(TEMPLATES)('by what people sign in, by %s', (template) => {
  it('is what the settings say, and who has none of it is left out', async () => {
    const { db, users } = await published('identity.yaml', template)
    const students = users.filter(([id]) => id.startsWith('stu'))
    const numbers = new Map(
      db
        .prepare('select * from students')
        .all()
        .map((row) => [`stu${row.dcid}`, row.student_number]),
    )
    expect(students.length).toBeGreaterThan(100)
    for (const [id, { username, email, identifier }] of students) {
      const address = `${numbers.get(id)}@students.example.org`
      expect([username, email, identifier]).toEqual([address, address, String(numbers.get(id))])
    }
    const staff = users.filter(([id]) => id.startsWith('stf'))
    expect(staff.length).toBeGreaterThan(5)
    const addresses = new Map(
      db
        .prepare('select * from users')
        .all()
        .map((row) => [`stf${row.dcid}`, row.email_addr]),
    )
    for (const [id, { username }] of staff) expect(username).toBe(addresses.get(id))
  })
})

describe('what only the queries of the plugin tell', () => {
  it('are contacts, and the students whom they belong to', async () => {
    const { users } = await published('contacts.yaml', 'powerquery')
    const contacts = users.filter(([id]) => id.startsWith('con'))
    expect(contacts.length).toBeGreaterThan(5)
    const ids = new Set(users.map(([id]) => id))
    for (const [, { agents }] of contacts) {
      for (const { sourcedId } of agents as { sourcedId: string }[]) expect(ids).toContain(sourcedId)
    }
  })

  it('are aides, each published and in a class that they do not teach', async () => {
    const { db, users, enrollments } = await published('aides.yaml', 'powerquery')
    const assignments = db
      .prepare(
        `select 'sec' || n.dcid || 'a' || p.users_dcid id
         from sectionteacher a
         join sections n on n.id = a.sectionid
         join schoolstaff p on p.id = a.teacherid
         join roledef r on r.id = a.roleid
         where lower(r.name) like '%aide%'`,
      )
      .all()
      .map(({ id }) => id)
    const aides = enrollments.filter(([, { role }]) => role === 'aide')
    expect(aides.length).toBeGreaterThan(0)
    const ids = new Set(users.map(([id]) => id))
    const taught = new Set(enrollments.map(([id]) => id))
    for (const [id, { user }] of aides) {
      expect(assignments).toContain(id)
      expect(ids).toContain((user as { sourcedId: string }).sourcedId)
      expect(taught).not.toContain(id.replace('a', 't'))
    }
  })

  it('is nothing of this over /ws/v1', async () => {
    const { users, enrollments } = await published('aides.yaml', 'rest')
    expect(users.filter(([, { role }]) => role === 'aide')).toEqual([])
    expect(enrollments.filter(([, { role }]) => role === 'aide')).toEqual([])
  })
})

it('a switch that a layer turns by the wrong word is told in the layer, and not where it is used', () => {
  const layer = { path: 'mine.yaml', text: 'extends: default\nsettings: { include_contacts: yes }\n' }
  const { diagnostics } = checkFiles(files, { layers: [layer], diagnostics: [] })
  expect(diagnostics.map((found) => formatDiagnostic(found))).toEqual([
    'mine.yaml:2:31: type: `settings.include_contacts` is true or false, not `yes`. Write true or false, without quotes.',
  ])
})

describe('a setting that only a layer above reads', () => {
  it('is no slip when the layer below is tested by itself on the way', () => {
    const state = 'extends: default\nsettings: { country_cod: "44" }\n'
    const district =
      'extends: state.yaml\nentities: { orgs: { district: { metadata: { cod: =settings.country_cod } } } }\n'
    const layers = [
      { path: 'state.yaml', text: state },
      { path: 'district.yaml', text: district },
    ]
    expect(testFiles(files, { layers, diagnostics: [] }).diagnostics).toEqual([])
    expect(checkFiles(files, { layers: layers.slice(0, 1), diagnostics: [] }).diagnostics).toHaveLength(1)
  })
})
