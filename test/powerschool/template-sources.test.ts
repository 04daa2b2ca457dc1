import { describe, expect, it } from 'vitest'
import { loadMapping } from '../../src/load-mapping.ts'
import { queryName } from '../../src/powerschool/query-name.ts'
import { templateSources } from '../../src/sync/template-sources.ts'

const PREFIX = 'org.example.sis.roster'

const mapping = loadMapping([
  {
    path: 'mappings/trial.yaml',
    text: `settings: { include_notes: false }
sources:
  schools:
    key: id
    fields: { id: integer, name: text, changed_at: date }
    rest: { get: /ws/v1/district/school, rows: schools.school }
    powerquery:
      core: schools
      columns: { id: SCHOOLS.DCID, name: SCHOOLS.NAME, changed_at: SCHOOLS.TRANSACTION_DATE }
      sql: |
        select s.dcid id, s.name name, to_char(s.transaction_date, 'YYYY-MM-DD') changed_at
        from schools s
        order by s.dcid
      changed: changed_at
  terms:
    key: id
    fields: { id: integer, name: text }
    rest: { get: '/ws/v1/school/{schools.id}/term', rows: terms.term }
  sections:
    key: id
    when: settings.include_notes
    fields: { id: integer, sect: text }
    powerquery:
      core: sections
      args:
        start_year: { is: settings.start_year, column: TERMS.YEARID }
      columns: { id: SECTIONS.DCID, sect: SECTIONS.SECTION_NUMBER }
      sql: |
        select s.dcid id, s.section_number sect
        from sections s join terms t on t.id = s.termid
        where t.yearid = :start_year - 1990
        order by s.dcid
entities:
  orgs:
    school:
      from: schools
      id: ="sch" & text(id)
      fields: { name: =name, type: school, identifier: =name }
`,
  },
])

const sourcesFor = (settings: Readonly<Record<string, unknown>>) =>
  templateSources(mapping.sources, { ...mapping.settings, ...settings }, PREFIX)
const named = (source: string, query: 'rows' | 'keys' | 'changes') => {
  const reader = mapping.sources.find(({ name }) => name === source)?.powerquery
  const found = query === 'rows' ? reader?.rows : reader?.incremental?.[query]
  return found === undefined ? undefined : queryName(PREFIX, found)
}

describe('the sources of a mapping', () => {
  it('are told with their rest paths and all their queries, and with arguments for these', () => {
    expect(sourcesFor({})).toEqual([
      {
        source: 'schools',
        rest: '/ws/v1/district/school',
        queries: [
          { name: named('schools', 'rows'), arguments: {} },
          { name: named('schools', 'keys'), arguments: {} },
          { name: named('schools', 'changes'), arguments: { since: 20000101 } },
        ],
      },
      { source: 'terms', rest: '/ws/v1/school/{schools.id}/term', queries: [] },
    ])
  })

  it.each([
    [{}, 2000],
    [{ start_year: 2025 }, 2025],
  ])('are told with what a setting opens, and its value if it is known: %o', (settings, start_year) => {
    const sections = sourcesFor({ ...settings, include_notes: true }).find(({ source }) => source === 'sections')
    expect(sections).toEqual({
      source: 'sections',
      queries: [{ name: named('sections', 'rows'), arguments: { start_year } }],
    })
  })
})
