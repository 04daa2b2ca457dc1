// Records that refer to this one: of one rule or several, through lists, and both ways.
import { describe, expect, it } from 'vitest'
import type { StagedRows } from '../../src/mapping/ports.ts'
import { compileMapping } from '../../src/mapping/run/compile.ts'
import { memoryRows } from '../../src/mapping/run/memory-rows.ts'
import { startRun } from '../../src/mapping/run/run.ts'
import { BASE, checked, fieldsOf, runMapping } from './support.ts'

const refs = (collection: string, ...ids: readonly string[]) => ids.map((sourcedId) => ({ collection, sourcedId }))

describe('the inverse of several fields', () => {
  const orgs = (inverse: string) =>
    `entities:
  orgs:
    top:
      from: schools
      where: =number = 0
      id: ="top" & id
      fields:
        name: =name
        children: { ${inverse} }
    a:
      from: schools
      where: =number = 1
      id: ="a" & id
      fields: { name: =name, parent: { ref: orgs.top, key: 1 } }
    b:
      from: students
      id: ="b" & id
      fields: { name: =name.first, parent: { ref: orgs.top, key: =school_id } }
`
  const rows = {
    schools: [
      { id: 1, name: 'Top', number: 0 },
      { id: 5, name: 'Oak', number: 1 },
      { id: 30, name: 'Elm', number: 1 },
    ],
    students: [
      { id: 9, school_id: 1, name: { first: 'Elm' }, active: true },
      { id: 2, school_id: 1, name: { first: 'Ash' } },
      { id: 3, school_id: 2, name: { first: 'Fir' } },
    ],
  }
  const childrenOf = (inverse: string) => fieldsOf(runMapping(checked(BASE, orgs(inverse)), { rows }), 'top1')?.children

  it('is one list, by sourcedId where nothing orders it', () => {
    expect(childrenOf('inverse: [orgs.b.parent, orgs.a.parent]')).toEqual(refs('orgs', 'a30', 'a5', 'b2', 'b9'))
  })

  it('is one list in one order, equal ones by sourcedId', () => {
    const entities = orgs('inverse: [orgs.b.parent, orgs.a.parent], order: =it.id')
    const students = rows.students.map((row) => (row.id === 9 ? { ...row, id: 30 } : row))
    const result = runMapping(checked(BASE, entities), { rows: { ...rows, students } })
    expect(fieldsOf(result, 'top1')?.children).toEqual(refs('orgs', 'b2', 'a5', 'a30', 'b30'))
  })

  it('is narrowed by one condition', () => {
    expect(childrenOf('inverse: [orgs.a.parent, orgs.b.parent], where: =it.id > 5')).toEqual(refs('orgs', 'a30', 'b9'))
  })

  it('of one field is as it was', () => {
    expect(childrenOf('inverse: orgs.b.parent, order: =it.name.first')).toEqual(refs('orgs', 'b2', 'b9'))
    expect(childrenOf('inverse: [orgs.b.parent], order: =it.name.first')).toEqual(refs('orgs', 'b2', 'b9'))
  })
})

describe('students and their contacts', () => {
  const source = `sources:
  links:
    key: id
    fields: { id: integer, contact: integer, student: integer, rank: integer }
    rest: { get: /ws/links, rows: links }
`
  const users = (student: string) => `entities:
  users:
    student:
      from: students
      where: =active
      id: ="stu" & id
      fields:
        agents: ${student}
    contact:
      from: links
      one_per: =contact
      order: =rank
      where: =count(pupils) > 0
      with: { pupils: { all: users.student, match: { id: =rows.student }, order: =it.id } }
      id: ="con" & contact
      fields:
        agents: { refs: users.student, match: { id: =rows.student }, order: =it.id }
`
  const rows = {
    students: [1, 2, 10].map((id) => ({ id, active: id !== 2 })),
    links: [
      [1, 7, 10, 2],
      [2, 7, 1, 1],
      [3, 8, 2, 1],
      [4, 9, 1, 1],
      [5, 9, 1, 2],
    ].map(([id, contact, student, rank]) => ({ id, contact, student, rank })),
  }

  it.each([
    ['an inverse', '{ inverse: users.contact.agents, order: =it.contact }'],
    ['references', '\n          - { refs: users.contact, match: { student: =id }, order: =it.contact }'],
  ])('refer to each other, by %s', (_, student) => {
    const result = runMapping(checked(BASE, source, users(student)), { rows })
    expect(result.records.map(({ sourcedId, fields }) => [sourcedId, fields.agents])).toContainEqual([
      'stu1',
      refs('users', 'con7', 'con9'),
    ])
    expect(fieldsOf(result, 'stu10')).toEqual({ agents: refs('users', 'con7') })
    expect(fieldsOf(result, 'con7')).toEqual({ agents: refs('users', 'stu1', 'stu10') })
    expect(fieldsOf(result, 'con9')).toEqual({ agents: refs('users', 'stu1') })
    expect(fieldsOf(result, 'con8')).toBeUndefined()
  })
})

describe('what is looked up', () => {
  const entities = `entities:
  users:
    kid:
      from: students
      id: ="kid" & id
      with:
        one: { in: schools, key: =school_id, missing: blank }
        some: { all: schools, match: { id: '=[other_id, school_id]' } }
        numbered: { in: schools, match: { number: =school_id }, missing: blank }
      fields:
        username: =first(one.name, numbered.name)
        grades: =some.name
        org: { ref: orgs.school, key: =school_id }
`
  const students = [{ id: 1, school_id: 3, other_id: 12 }]
  const schools = [12, 3, 4].map((id) => ({ id, name: `S${id}` }))

  it('is found by its key without an index, in the order of keys', () => {
    const mapping = checked(BASE, entities)
    expect(compileMapping(mapping).indexes).toEqual([{ source: 'schools', slots: [2] }])
    expect(fieldsOf(runMapping(mapping, { rows: { students, schools } }), 'kid1')).toMatchObject({
      grades: ['S3', 'S12'],
    })
  })

  it('is asked of the store once where a source has no rows', () => {
    const asked: string[] = []
    const mapping = checked(BASE, entities)
    const kids = Array.from({ length: 50 }, (_, index) => [index + 1, 3, 4, null, null, null, null, null, null, null])
    const rows = memoryRows([{ name: 'students', keySlot: 0, rows: kids }])
    const watched: StagedRows = {
      count: rows.count,
      batch: (source, after, limit) => {
        if (source === 'schools') asked.push('batch')
        return rows.batch(source, after, limit)
      },
      byOrdinal: rows.byOrdinal,
      byKey: (source, key) => {
        asked.push(`byKey ${source}`)
        return rows.byKey(source, key)
      },
      byMatch: (source, slots, values) => {
        asked.push(`byMatch ${source}`)
        return rows.byMatch(source, slots, values)
      },
    }
    const run = startRun(mapping, { rows: watched, settings: {}, today: '2026-10-01' })
    expect([...run.records()].flat()).toHaveLength(50)
    // Once to see that it has none, once to make its own records.
    expect(asked).toEqual(['batch', 'batch'])
  })
})
