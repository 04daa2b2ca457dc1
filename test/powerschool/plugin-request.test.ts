// What the plugin asks for, made of a mapping: the columns in use, each with the line that reads it.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createPowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { askedColumns, pluginRequest, restRequest } from '../../src/cli/plugin-request.ts'
import { columnsMarkdown } from '../../src/cli/plugin-table.ts'
import { countColumns, describeColumns } from '../../src/cli/plugin-text.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { pluginFiles } from '../../src/powerschool/plugin.ts'
import { packPlugin } from '../../src/powerschool/plugin-bytes.ts'
import { queryName } from '../../src/powerschool/query-name.ts'
import { fetchToken, ORIGIN } from '../fixtures/client.ts'

const SETTINGS = { name: 'Trial', publisher: 'Greenfield', email: 'it@example.org', queries: 'org.example.sis.trial' }

/** Line 9 is `sql: |`. */
const mappingText = (includesNotes: boolean) => `settings: { include_notes: ${includesNotes} }
sources:
  schools:
    key: id
    fields: { id: integer, name: text, school_number: integer, changed_at: date }
    powerquery:
      core: schools
      columns: { id: SCHOOLS.DCID, name: SCHOOLS.NAME, school_number: SCHOOLS.SCHOOL_NUMBER, changed_at: SCHOOLS.TRANSACTION_DATE }
      sql: |
        select s.dcid id, s.name name,
               s.school_number school_number, to_char(s.transaction_date, 'YYYY-MM-DD') changed_at
        from schools s
        where s.state_excludefromreporting = 0
        order by s.dcid
      changed: changed_at
  notes:
    key: id
    when: settings.include_notes
    fields: { id: integer, school_id: integer, text: text }
    powerquery:
      core: terms
      columns: { id: TERMS.DCID, school_id: SCHOOLS.DCID, text: TERMS.NAME }
      sql: |
        select t.dcid id, s.dcid school_id, t.name text
        from terms t join schools s on s.school_number = t.schoolid
        order by t.dcid
entities:
  orgs:
    school:
      from: schools
      id: ="sch" & text(id)
      fields: { name: =name, type: school, identifier: =text(school_number) }
  courses:
    note:
      from: notes
      id: ="note" & text(id)
      fields: { title: =text, courseCode: =text, org: { ref: orgs.school, key: =school_id } }
`

const mappingOf = (includesNotes = false) =>
  loadMapping([{ path: 'mappings/trial.yaml', text: mappingText(includesNotes) }])

const names = (columns: readonly { readonly table: string; readonly column: string }[]) =>
  columns.map(({ table, column }) => `${table}.${column}`)

describe('a plugin of a mapping', () => {
  it('has the queries of each source, and those for changes', () => {
    const { queries, plugin } = pluginRequest(mappingOf(), SETTINGS)
    const full = Object.fromEntries(plugin.queries.map((query) => [query.name, queryName(SETTINGS.queries, query)]))
    expect(queries).toEqual([
      { name: full.schools, source: 'schools', reads: 'all rows', tables: ['SCHOOLS'] },
      { name: full.schools_keys, source: 'schools', reads: 'keys and days of change', tables: ['SCHOOLS'] },
      { name: full.schools_changes, source: 'schools', reads: 'rows changed since a day', tables: ['SCHOOLS'] },
    ])
    expect(plugin.queries.map(({ summary }) => summary)).toEqual([
      'schools: all rows',
      'schools: keys and days of change',
      'schools: rows changed since a day',
    ])
  })

  it('asks for each column once, with the lines that read it and what is made of it', () => {
    const { plugin, columns } = pluginRequest(mappingOf(), SETTINGS)
    expect(names(plugin.columns)).toEqual([
      'SCHOOLS.DCID',
      'SCHOOLS.NAME',
      'SCHOOLS.SCHOOL_NUMBER',
      'SCHOOLS.STATE_EXCLUDEFROMREPORTING',
      'SCHOOLS.TRANSACTION_DATE',
    ])
    const told = columns.map(
      ({ place, uses }, at) => `${names(columns)[at]} ${place.file}:${place.line} ${uses.join(' ')}`,
    )
    expect(told[1]).toBe('SCHOOLS.NAME mappings/trial.yaml:10 orgs.school.name')
    expect(told[2]).toMatch(/^SCHOOLS\.SCHOOL_NUMBER mappings\/trial\.yaml:11 orgs\.school\./)
    expect(told[3]).toBe('SCHOOLS.STATE_EXCLUDEFROMREPORTING mappings/trial.yaml:13 ')
  })

  it('asks for what a setting opens only when it does', () => {
    const closed = pluginRequest(mappingOf(false), SETTINGS)
    const open = pluginRequest(mappingOf(true), SETTINGS)
    expect(names(closed.plugin.columns).filter((name) => name.startsWith('TERMS'))).toEqual([])
    expect(names(open.plugin.columns).filter((name) => name.startsWith('TERMS'))).toEqual([
      'TERMS.DCID',
      'TERMS.NAME',
      'TERMS.SCHOOLID',
    ])
    expect(open.queries.map(({ source }) => source)).toContain('notes')
    expect(closed.queries.map(({ source }) => source)).not.toContain('notes')
  })

  it('keeps every rule of PowerSchool', () => {
    expect(pluginFiles(pluginRequest(mappingOf(true), SETTINGS).plugin, '1').map(({ path }) => path)).toEqual([
      'plugin.xml',
      'queries_root/org.example.sis.trial.named_queries.xml',
    ])
  })

  it('is installed by PowerSchool, which then answers its queries', async () => {
    const simulator = createPowerSchool({
      district: createDistrict({ students: 12, seed: 1, perStudentEnrollments: 2, today: '2026-05-17' }),
      now: () => Date.UTC(2026, 4, 17),
      pageSize: 100,
      pluginOnly: true,
    })
    const { plugin } = pluginRequest(mappingOf(true), { ...SETTINGS, publisher: `R&D "Größe" <1>` })
    const { clientId, clientSecret } = simulator.plugins.install(packPlugin(pluginFiles(plugin, '1'), 'zip'))
    const { access_token: token } = await fetchToken({ ...simulator, credentials: { clientId, clientSecret } })
    const answers = plugin.queries.map(async (query) => {
      const response = await simulator.fetch(`${ORIGIN}/ws/schema/query/${queryName(SETTINGS.queries, query)}/count`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify(query.arguments.length === 0 ? {} : { since: 20000101 }),
      })
      return [query.name, await response.json()]
    })
    const count = { count: expect.any(Number) }
    expect(Object.fromEntries(await Promise.all(answers))).toEqual({
      schools: count,
      schools_keys: count,
      schools_changes: count,
      notes: count,
    })
  })

  it('does not change with the lines of the mapping', () => {
    const moved = loadMapping([{ path: 'mappings/moved.yaml', text: `# Moved.\n${mappingText(true)}` }])
    const filesOf = (mapping: typeof moved) => pluginFiles(pluginRequest(mapping, SETTINGS).plugin, '1')
    expect(filesOf(moved)).toEqual(filesOf(mappingOf(true)))
  })

  it('asks for nothing when it is for rest alone', () => {
    const { plugin, queries, columns } = restRequest(SETTINGS)
    expect([plugin.queries, plugin.columns, queries, columns]).toEqual([[], [], [], []])
  })
})

describe('what it asks for, in words', () => {
  const columns = askedColumns(mappingOf(false).sources)

  it('counts columns and tables', () => {
    expect(countColumns(columns)).toBe('8 columns of 2 tables')
  })

  it('parts the tables and says where a column only joins', () => {
    const text = describeColumns(columns)
    expect(text).toMatch(/^SCHOOLS\.DCID +mappings\/trial\.yaml:10 {2}\S/)
    expect(text).toMatch(/\n\nTERMS\.DCID +mappings\/trial\.yaml:24/)
    expect(text).toMatch(/^TERMS\.SCHOOLID +mappings\/trial\.yaml:25 {2}\(joins, narrows or orders\)$/m)
  })

  it('tells in Markdown which setting opens a column', () => {
    const lines = columnsMarkdown(columns).split('\n')
    expect(lines.slice(0, 2)).toEqual([
      '| Column | What is made of it | Asked for | Read in |',
      '| --- | --- | --- | --- |',
    ])
    expect(lines).toContain(
      '| `TERMS.NAME` | `courses.note` courseCode, title | `include_notes` | `mappings/trial.yaml` |',
    )
    expect(lines).toContain('| `SCHOOLS.NAME` | `orgs.school` name | always | `mappings/trial.yaml` |')
    expect(lines.filter((line) => line.includes('`SCHOOLS.DCID`'))).toEqual([expect.stringContaining('| always |')])
  })
})

describe('docs/powerschool.md', () => {
  it('has the columns of the default mapping (npm run bridge -- plugin --columns prints them)', () => {
    const text = readFileSync('docs/powerschool.md', 'utf8')
    const [, told = ''] = /<!-- columns:[^\n]*-->\n\n([\s\S]*?)\n\n<!-- \/columns -->/.exec(text) ?? []
    expect(told).toBe(columnsMarkdown(askedColumns(loadMapping(readMappingFiles()).sources)))
  })
})
