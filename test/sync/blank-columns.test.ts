// A column of an extension table that PowerSchool does not know comes as nothing, and without a word: the sync says so.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { openTestBridge } from '../support/bridge.ts'

const layer = (column: string) =>
  loadMapping(readMappingFiles(), {
    layers: [
      {
        path: 'layer.yaml',
        text: `extends: default
sources:
  students:
    fields: { u_students_extension: { ${column}: text, gifted: boolean } }
    rest: { extend: [u_students_extension] }
entities:
  users:
    student:
      metadata: { bus: =u_students_extension.${column}, gifted: =text(u_students_extension.gifted) }
`,
      },
    ],
    diagnostics: [],
  })

async function diagnosticsWith(column: string, students = 90) {
  const district = createDistrict({ students, seed: 5, today: '2026-11-18' })
  const bridge = await openTestBridge({ district, mapping: layer(column) })
  const { report } = await bridge.syncNow()
  return {
    read: report.sources.students,
    blank: report.diagnostics.filter(({ code }) => code === 'column-blank'),
  }
}

describe('a column that is blank in every row', () => {
  it('is told with its source, when PowerSchool has none of that name', async () => {
    const { read, blank } = await diagnosticsWith('bus_route')
    expect(blank).toEqual([
      { code: 'column-blank', rule: 'students', field: 'u_students_extension.bus_route', count: read, keys: [] },
    ])
  })

  it('is not told when some row has it, however late', async () => {
    expect((await diagnosticsWith('busroute')).blank).toEqual([])
  })
})
