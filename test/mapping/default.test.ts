// The default mapping: it checks clean, its examples hold, and it asks for what it needs in order.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { type CheckedMapping, checkMapping } from '../../src/mapping/check/check.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import { typedData } from '../../src/mapping/files/tree.ts'
import type { NamedQuery } from '../../src/mapping/query/powerquery-plan.ts'
import { compileMapping } from '../../src/mapping/run/compile.ts'
import { runExamples } from '../../src/mapping/run/examples.ts'
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

  it('has an example for every word that a setting can have, and for every switch', () => {
    const tried = new Map<string, Set<unknown>>()
    const note = (name: string, value: unknown) => tried.set(name, (tried.get(name) ?? new Set()).add(value))
    for (const { examples } of mapping.tree.rules.values()) {
      for (const { settings } of examples)
        for (const { name, value } of settings?.entries ?? []) note(name, typedData(value))
    }
    const switches = new Set<string>()
    for (const [name, { value, oneOf }] of mapping.tree.settings) {
      // What it is by default is tried by the examples that say nothing.
      for (const word of oneOf?.filter((one) => one !== value) ?? []) expect(tried.get(name), name).toContain(word)
      if (typeof value !== 'boolean') continue
      switches.add(name)
      expect(tried.get(name), name).toContain(!value)
    }
    expect([...switches].sort()).toEqual([
      'include_contacts',
      'include_demographics',
      'include_other_staff',
      'include_preregistered',
      'include_user_flags',
      'usernames_without_domain',
    ])
  })

  it('is the same whatever the order of its files', () => {
    const { diagnostics } = checkMapping(files.toReversed(), TARGET_MODEL)
    expect(diagnostics).toEqual([])
  })

  it('reads schools before what hangs below them, and terms before the sections of the year', () => {
    const order = compileMapping(mapping).sources.map(({ name }) => name)
    const isBefore = (first: string, second: string) => order.indexOf(first) < order.indexOf(second)
    for (const name of ['staff', 'terms', 'courses', 'sections']) expect(isBefore('schools', name), name).toBe(true)
    for (const name of ['sections', 'grading_periods']) expect(isBefore('terms', name), name).toBe(true)
    for (const name of ['section_enrollments', 'section_teachers']) expect(isBefore('sections', name), name).toBe(true)
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
      'contact_emails: contact_id',
      'contact_phones: contact_id',
      'section_enrollments: student_id',
      'section_teachers: section_id',
      'section_teachers: section_person',
      'section_teachers: staff_id',
      'sections: course_id',
      'sections: staff_id',
      'staff: users_dcid',
      'student_contacts: contact_id',
      'student_emails: student_id',
      'student_races: student_id',
      'terms: school_id, start_year',
    ])
    expect([...collections].sort()).toEqual(Object.keys(TARGET_MODEL).sort())
  })
})

describe('the default mapping by powerquery', () => {
  const bulk = () => compileMapping(mapping).sources.filter(({ when }) => when === undefined)

  it('reads a district in 13 requests, and its changes in 15', () => {
    const lists = bulk().filter(({ powerquery, rest }) => !powerquery && rest?.parent === undefined)
    const queries = bulk().filter(({ powerquery }) => powerquery)
    expect(lists.map(({ name }) => name)).toEqual(['district'])
    expect(lists.length + queries.length).toBe(bulk().length)
    const metadata = 1
    expect(metadata + bulk().length).toBe(13)
    const incremental = queries.filter(({ powerquery }) => powerquery?.incremental).map(({ name }) => name)
    expect(incremental.sort()).toEqual(['section_enrollments', 'students'])
    expect(metadata + bulk().length + incremental.length).toBe(15)
  })

  it('reads contacts and the meal status only where the district asks for them', () => {
    const { sources, settings } = compileMapping(mapping)
    const meals = sources.filter(({ when }) => when === 'include_user_flags').map(({ name }) => name)
    expect(meals).toEqual(['student_meals'])
    expect(settings.include_user_flags).toBe(false)
    const contacts = sources.filter(({ when }) => when === 'include_contacts').map(({ name }) => name)
    expect(contacts.sort()).toEqual(['contact_emails', 'contact_phones', 'student_contacts'])
    expect(settings.include_contacts).toBe(false)
  })

  it('asks for nothing that only demographics are made of where their rule is switched off', () => {
    const off = {
      path: 'off.yaml',
      text: 'extends: default\nentities: { demographics: { student: { enabled: false } } }\n',
    }
    const result = checkMapping(files, TARGET_MODEL, [off])
    expect(result.diagnostics).toEqual([])
    const asked = (checked: CheckedMapping) =>
      compileMapping(checked).sources.flatMap(
        ({ powerquery }) => powerquery?.touched.map(({ table, column }) => `${table}.${column}`) ?? [],
      )
    for (const column of ['STUDENTS.GENDER', 'STUDENTS.DOB', 'STUDENTS.FEDETHNICITY', 'STUDENTRACE.RACECD']) {
      expect(asked(mapping)).toContain(column)
      expect(result.mapping && asked(result.mapping)).not.toContain(column)
    }
  })

  it('asks for no column that nothing is made of', () => {
    for (const { name, powerquery } of compileMapping(mapping).sources) {
      const declared = mapping.tree.sources.get(name)?.powerquery?.columns.map(({ path }) => path.text)
      expect(
        powerquery?.rows.columns.map(({ path }) => path),
        name,
      ).toEqual(declared)
    }
  })

  it('runs on the tables of PowerSchool, and gives each key once', () => {
    const { db } = createDistrict({ students: 150, seed: 3, today: '2026-10-01' })
    db.function('to_char', { deterministic: true }, (day) => (day === null ? null : String(day).slice(0, 10)))
    const settings: Readonly<Record<string, number>> = { start_year: 2026, first_term_year: 2025, last_term_year: 2027 }
    const rowsOf = ({ sql, arguments: asked }: NamedQuery) => {
      const values = asked.map(
        ({ name, setting }) => [name, setting ? (settings[setting] ?? null) : '2026-09-01'] as const,
      )
      return db.prepare(sql).all(Object.fromEntries(values))
    }
    for (const { name, key, powerquery } of compileMapping(mapping).sources) {
      if (powerquery === undefined) continue
      const alias = powerquery.rows.columns.find(({ path }) => path === key)?.alias ?? ''
      const rows = rowsOf(powerquery.rows)
      const keys = rows.map((row) => row[alias])
      expect(rows.length, name).toBeGreaterThan(0)
      expect(
        keys.every((value) => value !== null && value !== ''),
        name,
      ).toBe(true)
      expect(new Set(keys).size, name).toBe(rows.length)
      if (powerquery.incremental === undefined) continue
      expect(
        rowsOf(powerquery.incremental.keys).map((row) => row[alias]),
        name,
      ).toEqual(keys)
      expect(rowsOf(powerquery.incremental.changes).length, name).toBeGreaterThan(0)
    }
  })
})
