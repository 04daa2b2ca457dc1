// A small target model, and mappings as text, for the tests of the mapping engine.
import { type CheckedMapping, checkMapping } from '../../src/mapping/check/check.ts'
import type { TargetModel } from '../../src/mapping/check/target.ts'
import { coerceRow } from '../../src/mapping/coerce.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import type { MappedRecord, RunReport } from '../../src/mapping/ports.ts'
import { compileMapping } from '../../src/mapping/run/compile.ts'
import { memoryRows } from '../../src/mapping/run/memory-rows.ts'

export const MODEL: TargetModel = {
  orgs: {
    fields: {
      name: { type: 'text', required: true },
      type: { type: 'text', vocabulary: ['district', 'school'] },
      parent: { type: 'reference', to: 'orgs' },
      children: { type: 'reference', to: 'orgs', many: true },
    },
  },
  users: {
    fields: {
      username: { type: 'text' },
      enabledUser: { type: 'boolean' },
      role: { type: 'text', vocabulary: ['administrator', 'aide', 'guardian', 'parent', 'student', 'teacher'] },
      score: { type: 'number' },
      born: { type: 'date' },
      grades: { type: 'text', many: true },
      userIds: {
        type: 'group',
        many: true,
        members: { type: { type: 'text' }, identifier: { type: 'text', required: true } },
      },
      org: { type: 'reference', to: 'orgs' },
      orgs: { type: 'reference', to: 'orgs', many: true },
      agents: { type: 'reference', to: 'users', many: true },
    },
  },
  classes: { fields: { title: { type: 'text' }, school: { type: 'reference', to: 'orgs', required: true } } },
  enrollments: {
    fields: {
      user: { type: 'reference', to: 'users', required: true },
      class: { type: 'reference', to: 'classes', required: true },
    },
  },
  groups: { fields: { orgs: { type: 'reference', to: 'orgs', many: true, required: true } } },
  seats: { fields: { group: { type: 'reference', to: 'groups', required: true } } },
}

/** Sources and one rule of orgs, with an empty last line. */
export const BASE = `settings:
  domain: example.org
  numbers: [1, 2]
sources:
  schools:
    key: id
    fields: { id: integer, name: text, number: integer }
    rest: { get: /ws/schools, rows: schools }
  students:
    key: id
    fields:
      id: integer
      school_id: integer
      other_id: integer
      name: { first: text, last: text }
      born: date
      active: boolean
      mark: number
      races: [{ code: text, share: number }]
      tags: [text]
    rest: { get: /ws/students, rows: students }
tables:
  role: { S: student, T: teacher }
entities:
  orgs:
    school:
      from: schools
      id: ="sch" & id
      fields:
        name: =name
`

export function check(...texts: readonly string[]) {
  const files = texts.map((text, index) => ({ path: `${'abcdefgh'[index]}.yaml`, text }))
  return checkMapping(files, MODEL)
}

/** What is printed for each diagnostic, without the line and the caret. */
export const faults = (...texts: readonly string[]) =>
  check(...texts).diagnostics.map((found) => formatDiagnostic(found))

export function checked(...texts: readonly string[]): CheckedMapping {
  const { mapping, diagnostics } = check(...texts)
  if (mapping === undefined) throw new Error(diagnostics.map((found) => formatDiagnostic(found)).join('\n'))
  return mapping
}

export interface RunResult {
  readonly records: readonly MappedRecord[]
  readonly report: RunReport
}

export interface District {
  readonly rows: Readonly<Record<string, readonly unknown[]>>
  readonly settings?: Readonly<Record<string, unknown>>
  readonly today?: string
}

export function startMapping(mapping: CheckedMapping, { rows, settings = {}, today = '2026-10-01' }: District) {
  const compiled = compileMapping(mapping)
  const sources = compiled.sources.map(({ name, keySlot, shape }) => ({
    name,
    keySlot,
    rows: (rows[name] ?? []).map((raw) => coerceRow(shape, raw).row),
  }))
  return compiled.startRun({ rows: memoryRows(sources), settings, today })
}

/** All records of a district of raw rows. */
export function runMapping(mapping: CheckedMapping, district: District): RunResult {
  const run = startMapping(mapping, district)
  const records = [...run.records()].flat()
  return { records, report: run.report() }
}

/** The fields of one record by its sourcedId. */
export const fieldsOf = ({ records }: RunResult, sourcedId: string) =>
  records.find((record) => record.sourcedId === sourcedId)?.fields

/** The ids of one collection, or of all. */
export const idsOf = ({ records }: RunResult, only?: string) =>
  records.flatMap(({ collection, sourcedId }) => (only === undefined || only === collection ? [sourcedId] : []))
