// `bridge plugin` as a real process: the files it writes, the versions it gives them, and what it refuses to touch.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createPowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { pluginFiles } from '../../src/powerschool/plugin.ts'
import { packPlugin, readPlugin } from '../../src/powerschool/plugin-bytes.ts'
import { compareVersions } from '../../src/powerschool/plugin-version.ts'
import { dataDir, type Ended, type Environment, runCli } from './processes.ts'

interface Told {
  readonly file: string
  readonly form: string
  readonly name: string
  readonly version: string
  readonly isNew: boolean
  readonly before?: string
  readonly queries: readonly { readonly name: string; readonly source: string }[]
  readonly columns: readonly {
    readonly table: string
    readonly column: string
    readonly place: { readonly file: string; readonly line: number }
    readonly uses: readonly string[]
  }[]
  readonly steps: readonly string[]
}

/** A folder with the bridge's data in it, and a way to make plugins beside. */
function workshop() {
  const folder = dataDir()
  const data = join(folder, 'data')
  const make = (args: readonly string[], environment: Environment = {}): Promise<Ended> =>
    runCli(['plugin', ...args], { DATA_DIR: data, ...environment })
  return {
    memory: join(data, 'plugin.json'),
    path: (name: string) => join(folder, name),
    data,
    make,
    async told(args: readonly string[], environment: Environment = {}): Promise<Told> {
      const ended = await make([...args, '--json'], environment)
      expect(ended).toMatchObject({ code: 0, stderr: '' })
      return JSON.parse(ended.stdout)
    },
  }
}

function simulator() {
  const district = createDistrict({ students: 12, seed: 1, perStudentEnrollments: 2, today: '2026-05-17' })
  return createPowerSchool({ district, now: Date.now, pageSize: 100 })
}

describe('the zip', () => {
  it('is installed by PowerSchool, with the queries and columns that are told', async () => {
    const { path, told } = workshop()
    const out = path('plugin.zip')
    const { queries, columns, steps, ...rest } = await told(['--out', out])
    expect(rest).toEqual({
      file: out,
      form: 'zip',
      name: 'OneRoster Bridge',
      version: expect.stringMatching(/^\d{4}\.\d{4}\.\d{6}$/),
      isNew: true,
    })
    expect(steps.length).toBeGreaterThan(3)
    const installed = simulator().plugins.install(readFileSync(out))
    expect(installed).toMatchObject({ name: rest.name, version: rest.version })
    const names = [...new Set(columns.map(({ table, column }) => `${table}.${column}`))]
    const granted = installed.fields.map(({ table, field }) => `${table}.${field}`.toUpperCase())
    expect(granted.toSorted()).toEqual(names.toSorted())
    expect(queries.map(({ source }) => source)).toEqual(expect.arrayContaining(['students', 'section_teachers']))
    for (const { name } of queries) expect(name).toMatch(/^org\.oneroster_bridge\.sis\.roster\.[a-z0-9_]+$/)
  })

  it('tells a person each column with the line that reads it, and the steps', async () => {
    const { path, make } = workshop()
    const { code, stdout, stderr } = await make(['--out', path('plugin.zip')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/plugin "OneRoster Bridge", version [\d.]+ \(new\)/)
    expect(stdout).toMatch(/^STUDENTS\.DOB +mappings\/sources\/\w+\.yaml:\d+ {2}.*demographics\.student\.birthDate/m)
    expect(stdout).toMatch(/^org\.oneroster_bridge\.sis\.roster\.students_\w+ +all rows: .*STUDENTS/m)
    for (const word of [
      'Plugin Management',
      'approve',
      'Maximum Page Size',
      'POWERSCHOOL_CLIENT_ID',
      'bridge -- check',
    ]) {
      expect(stdout).toContain(word)
    }
    const [, file = '', line = ''] = /^STUDENTS\.DOB +(\S+):(\d+)/m.exec(stdout) ?? []
    expect(readFileSync(file, 'utf8').split('\n')[Number(line) - 1]?.toUpperCase()).toContain('DOB')
  })

  it('is the same twice, in another file too, and says so', async () => {
    const { path, make, told } = workshop()
    const first = await told(['--out', path('a.zip')])
    const second = await told(['--out', path('b.zip')])
    expect(second).toMatchObject({ version: first.version, isNew: false, before: first.version })
    expect(readFileSync(path('b.zip'))).toEqual(readFileSync(path('a.zip')))
    expect((await make(['--out', path('a.zip')])).stdout).toContain(`version ${first.version} (unchanged)`)
    expect(readFileSync(path('a.zip'))).toEqual(readFileSync(path('b.zip')))
  })

  it('rises with a changed setting, and upgrades what is installed', async () => {
    const { path, told } = workshop()
    const out = path('plugin.zip')
    const first = await told(['--out', out])
    const { plugins } = simulator()
    const { clientId } = plugins.install(readFileSync(out))
    const before = readFileSync(out)
    const second = await told(['--out', out], { PLUGIN_PUBLISHER: 'Greenfield & Co.' })
    expect(second).toMatchObject({ isNew: true, before: first.version })
    expect(compareVersions(second.version, first.version)).toBeGreaterThan(0)
    expect(plugins.install(readFileSync(out))).toMatchObject({ version: second.version, clientId })
    expect(() => plugins.install(before)).toThrow()
  })

  it('rises above the bare manifest of its name, and that above it', async () => {
    const { path, told } = workshop()
    const { plugins } = simulator()
    let last = ''
    for (const args of [
      ['--out', path('p.zip')],
      ['--rest-only', '--out', path('p.xml')],
      ['--out', path('p.zip')],
    ]) {
      const { version, isNew } = await told(args)
      expect(isNew).toBe(true)
      expect(version > last).toBe(true)
      expect(plugins.install(readFileSync(args.at(-1) ?? ''))).toMatchObject({ version })
      last = version
    }
  })

  it('has versions of its own for each name', async () => {
    const { path, told, memory } = workshop()
    const real = await told(['--out', path('real.zip')])
    const trial = { PLUGIN_NAME: 'Trial', PLUGIN_QUERIES: 'org.example.sis.trial' }
    const { queries, steps } = await told(['--out', path('trial.zip')], trial)
    expect(queries[0]?.name).toMatch(/^org\.example\.sis\.trial\./)
    expect(steps.join('\n')).toContain('PLUGIN_QUERIES=org.example.sis.trial')
    const { plugins } = simulator()
    for (const name of ['real.zip', 'trial.zip']) plugins.install(readFileSync(path(name)))
    expect(await told(['--out', path('real.zip')])).toMatchObject({ version: real.version, isNew: false })
    expect(Object.keys(JSON.parse(readFileSync(memory, 'utf8')))).toEqual(['OneRoster Bridge', 'Trial'])
  })
})

describe('the bare manifest', () => {
  it('opens /ws/v1 and asks for nothing', async () => {
    const { path, told } = workshop()
    const out = path('plugin.xml')
    const { queries, columns } = await told(['--out', out, '--rest-only'])
    expect({ queries, columns }).toEqual({ queries: [], columns: [] })
    expect(readFileSync(out, 'utf8')).toContain('<oauth accessLevelV1Api="READ"/>')
    expect(simulator().plugins.install(readFileSync(out)).fields).toEqual([])
  })

  it('is packed where the name says so', async () => {
    const { path, told } = workshop()
    const out = path('plugin.zip')
    await told(['--out', out, '--rest-only'])
    const bytes = readFileSync(out)
    expect(bytes.subarray(0, 2).toString()).toBe('PK')
    expect(simulator().plugins.install(bytes).fields).toEqual([])
  })
})

describe('the version', () => {
  it('goes on from the file when the memory is gone', async () => {
    const { path, told, data } = workshop()
    const out = path('plugin.zip')
    const first = await told(['--out', out])
    rmSync(data, { recursive: true })
    expect(await told(['--out', out])).toMatchObject({ version: first.version, isNew: false })
  })

  it('goes above a newer file that is there', async () => {
    const { path, told } = workshop()
    const out = path('plugin.zip')
    const plugin = {
      name: 'OneRoster Bridge',
      publisher: 'X',
      email: 'x@example.org',
      prefix: 'a.b.c.d',
      queries: [],
      columns: [],
    }
    writeFileSync(out, packPlugin(pluginFiles(plugin, '2999.0101.000007'), 'zip'))
    expect(await told(['--out', out])).toMatchObject({ version: '2999.0101.000008', before: '2999.0101.000007' })
  })

  it('never falls, whatever the clock says', async () => {
    const { path, told, memory, data } = workshop()
    mkdirSync(data)
    writeFileSync(
      memory,
      JSON.stringify({ 'OneRoster Bridge': { version: '2999.1231.086399', digest: '0'.repeat(64) } }),
    )
    expect(await told(['--out', path('a.zip')])).toMatchObject({ version: '2999.1231.086400', isNew: true })
    expect(await told(['--out', path('b.zip')])).toMatchObject({ version: '2999.1231.086400', isNew: false })
  })

  it('is not guessed when the memory is damaged', async () => {
    const texts = [
      '',
      'half a fi',
      '[]',
      '{"OneRoster Bridge":{"version":"1.0"}}',
      '{"x":{"version":"v1","digest":""}}',
    ]
    const all = await Promise.all(
      texts.map(async (text) => {
        const { path, make, memory, data } = workshop()
        mkdirSync(data)
        writeFileSync(memory, text)
        return { ended: await make(['--out', path('plugin.zip')]), text, memory, out: path('plugin.zip') }
      }),
    )
    for (const { ended, text, memory, out } of all) {
      expect(ended, text).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining(`${memory} is damaged`),
      })
      expect(readFileSync(memory, 'utf8')).toBe(text)
      expect(() => readFileSync(out)).toThrow('ENOENT')
    }
  })
})

describe('what stands where it is to be written', () => {
  const foreign = packPlugin(
    pluginFiles(
      { name: 'Lunch', publisher: 'X', email: 'x@example.org', prefix: 'a.b.c.d', queries: [], columns: [] },
      '1.0',
    ),
    'zip',
  )

  it.each([
    ['a text', new TextEncoder().encode('minutes of the board\n'), 'is no plugin'],
    ['an empty file', new Uint8Array(), 'is no plugin'],
    ['another plugin', foreign, 'is the plugin "Lunch", not "OneRoster Bridge"'],
  ])('stays when it is %s', async (_, bytes, says) => {
    const { path, make } = workshop()
    const out = path('plugin.zip')
    writeFileSync(out, bytes)
    const { code, stdout, stderr } = await make(['--out', out])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`${out} is there and ${says}`)
    expect(stderr).toContain('--out')
    expect(Uint8Array.from(readFileSync(out))).toEqual(Uint8Array.from(bytes))
  })

  it('stays when it is a folder', async () => {
    const { path, make } = workshop()
    mkdirSync(path('plugin.zip'))
    const { code, stderr } = await make(['--out', path('plugin.zip')])
    expect(code).toBe(1)
    expect(stderr).toContain('is there and is no file')
  })

  it('must have a folder', async () => {
    const { path, make } = workshop()
    const { code, stderr } = await make(['--out', path('missing/plugin.zip')])
    expect(code).toBe(1)
    expect(stderr).toContain(`There is no folder ${path('missing')}.`)
  })

  it('is replaced when it is an older plugin of this name', async () => {
    const { path, told } = workshop()
    const out = path('plugin.zip')
    await told(['--out', out])
    const { version } = await told(['--out', out], { PLUGIN_EMAIL: 'it@example.org' })
    expect(readPlugin(readFileSync(out))).toEqual({ name: 'OneRoster Bridge', version })
  })
})

describe('a layer over the mapping', () => {
  it('has its columns in the plugin, and names itself in the steps', async () => {
    const { path, told } = workshop()
    const out = path('plugin.zip')
    const layer = 'mappings/districts/contacts.yaml'
    const plain = await told(['--out', out])
    const { plugins } = simulator()
    plugins.install(readFileSync(out))
    const [option, setting] = await Promise.all([
      told(['--out', out, '--mapping', layer]),
      told(['--out', path('other.zip')], { DATA_DIR: path('other'), MAPPING: layer }),
    ])
    expect(option.before).toBe(plain.version)
    expect(setting.columns).toEqual(option.columns)
    const tablesOf = ({ columns }: Told) => new Set(columns.map(({ table }) => table))
    expect(tablesOf(plain).has('STUDENTCONTACTASSOC')).toBe(false)
    expect(tablesOf(option).has('STUDENTCONTACTASSOC')).toBe(true)
    expect(option.steps.join('\n')).toContain(`MAPPING=${layer}`)
    expect(plugins.install(readFileSync(out)).version).toBe(option.version)
  })

  it('may add columns of the district, each with its line', async () => {
    const { path, told } = workshop()
    const layer = path('district.yaml')
    writeFileSync(
      layer,
      `extends: default
sources:
  students:
    fields: { u_students_extension: { preferredname: text, busroute: text } }
    powerquery: { extend: { u_students_extension: { studentsdcid: id } } }
entities:
  users:
    student:
      fields:
        givenName: =first(u_students_extension.preferredname, inherited)
`,
    )
    const out = path('plugin.zip')
    const { columns } = await told(['--out', out], { MAPPING: layer })
    const added = columns.filter(({ table }) => table === 'U_STUDENTS_EXTENSION')
    expect(added.map(({ column }) => column)).toEqual(['PREFERREDNAME', 'STUDENTSDCID'])
    for (const { place } of added) expect(place.file).toBe(layer)
    expect(added[0]?.uses).toEqual(['users.student.givenName'])
    simulator().plugins.install(readFileSync(out))
  })

  it('is refused with its mistakes, and nothing is written', async () => {
    const { path, make } = workshop()
    const layer = path('district.yaml')
    writeFileSync(layer, 'extends: default\nentities: { users: { student: { fields: { email: =e_mail } } } }\n')
    const { code, stdout, stderr } = await make(['--out', path('plugin.zip'), '--mapping', layer])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`${layer}:2:`)
    expect(() => readFileSync(path('plugin.zip'))).toThrow('ENOENT')
  })
})

describe('wrong usage', () => {
  it('is refused with code 2', async () => {
    const cases: readonly (readonly [readonly string[], string])[] = [
      [[], '--out plugin.zip'],
      [['--rest-only'], '--out plugin.xml'],
      [['--out', ''], '--out plugin.zip'],
      [['--out', 'plugin.xml'], '--out FILE.zip'],
      [['--out', 'plugin.xml', '--rest-only', '--mapping', 'district.yaml'], 'leave --mapping out'],
      [['--out', 'plugin.zip', '--mapping', ''], '--mapping is empty'],
      [['--columns', '--out', 'plugin.zip'], 'leave --out'],
      [['plugin.zip'], 'bridge plugin --out FILE'],
    ]
    const all = await Promise.all(cases.map(async ([args, says]) => ({ says, ended: await workshop().make(args) })))
    for (const { says, ended } of all) {
      expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(says) })
    }
  })

  it('a wrong setting is refused before anything is written', async () => {
    const { path, make, data } = workshop()
    const { code, stderr } = await make(['--out', path('plugin.zip')], { PLUGIN_NAME: 'N'.repeat(41) })
    expect(code).toBe(1)
    expect(stderr).toContain('PLUGIN_NAME is not a text of 1 to 40 printable characters')
    for (const file of [data, path('plugin.zip')]) expect(() => readFileSync(file)).toThrow('ENOENT')
  })
})
