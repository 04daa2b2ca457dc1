// The default mapping: it checks clean, its examples hold, and it asks for what it needs in order.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type CheckedMapping, checkMapping } from '../../src/mapping/check.ts'
import { compileMapping } from '../../src/mapping/compile.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import { runExamples } from '../../src/mapping/examples.ts'
import { TARGET_MODEL } from '../../src/oneroster/target-model.ts'

const root = join(import.meta.dirname, '../../mappings')
/** Layers stand in folders of their own. */
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml') && !name.startsWith('districts'))
  .map((name) => ({ path: `mappings/${name}`, text: readFileSync(join(root, name), 'utf8') }))

let mapping: CheckedMapping

describe('the default mapping', () => {
  beforeAll(() => {
    const result = checkMapping(files, TARGET_MODEL)
    expect(result.diagnostics.map((found) => formatDiagnostic(found))).toEqual([])
    if (result.mapping) mapping = result.mapping
  })

  it('gives what its examples say', () => {
    expect(runExamples(mapping).filter(({ ok }) => !ok)).toEqual([])
  })

  it('has examples of every rule: the usual row, a missing value, a row that stays out', () => {
    for (const { id, examples } of mapping.tree.rules.values()) {
      expect(examples.length, id).toBeGreaterThanOrEqual(3)
      expect(
        examples.some(({ gives }) => gives === 'nothing'),
        id,
      ).toBe(true)
    }
  })

  it('is the same whatever the order of its files', () => {
    const { diagnostics } = checkMapping(files.toReversed(), TARGET_MODEL)
    expect(diagnostics).toEqual([])
  })

  it('reads schools before what hangs below them, and terms before the sections of the year', () => {
    const order = compileMapping(mapping).sources.map(({ name }) => name)
    const isBefore = (first: string, second: string) => order.indexOf(first) < order.indexOf(second)
    for (const name of ['staff', 'terms', 'courses', 'sections']) expect(isBefore('schools', name), name).toBe(true)
    expect(isBefore('terms', 'sections')).toBe(true)
    expect(isBefore('sections', 'section_enrollments')).toBe(true)
  })

  it('tells readers and indexes', () => {
    const { sources, indexes, collections } = compileMapping(mapping)
    const terms = sources.find(({ name }) => name === 'terms')
    expect(terms?.rest?.parent).toEqual({ of: 'rule', name: 'orgs.school', column: 'id' })
    expect(terms?.rest?.q).toBe('start_year=={settings.term_years}')
    const named = indexes.map(({ source, slots }) => {
      const paths = sources.find(({ name }) => name === source)?.shape.paths
      return `${source}: ${slots.map((slot) => paths?.[slot]).join(', ')}`
    })
    expect(named.sort()).toEqual([
      'section_enrollments: student_id',
      'sections: course_id',
      'sections: staff_id',
      'staff: users_dcid',
      'terms: school_id, start_year',
    ])
    expect([...collections].sort()).toEqual(Object.keys(TARGET_MODEL).sort())
  })
})
