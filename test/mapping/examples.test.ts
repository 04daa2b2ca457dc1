// Examples in a mapping file are its tests: what a failing one says, and what they may leave out.
import { describe, expect, it } from 'vitest'
import { runExamples } from '../../src/mapping/run/examples.ts'
import { BASE, checked } from './support.ts'

const mapping = (gives: string, more = '') =>
  checked(
    BASE,
    `entities:
  users:
    student:
      from: students
      id: ="stu" & id
      where: =active
      with: { school: { in: orgs.school, key: =school_id } }
      fields:
        username: =lower(name.first)
        score: =mark
        org: { ref: orgs.school, key: =school_id }
        grades: =tags
      metadata: { year: =settings.start_year, day: =today() }
      examples:
        - it: maps a student
          row: { id: 7, school_id: 3, active: true, mark: 2, name: { first: Ada }, tags: [a, b] }
          given:
            schools: [{ id: 3, name: Oak }]
${more}          gives: ${gives}
`,
  )

const differences = (gives: string, more = '') => runExamples(mapping(gives, more)).map((result) => result.differences)

describe('an example', () => {
  it('holds when the listed fields are so', () => {
    const gives =
      '{ sourcedId: stu7, username: ada, score: 2, org: { sourcedId: sch3 }, grades: [a, b], enabledUser: null }'
    expect(runExamples(mapping(gives))).toEqual([
      { rule: 'users.student', it: 'maps a student', file: 'b.yaml', line: 15, column: 11, ok: true, differences: [] },
    ])
  })

  it.each([
    ['{ username: Ada }', 'username: expected "Ada", got "ada"'],
    ['{ enabledUser: true }', 'enabledUser: expected true, got nothing'],
    ['{ username: null }', 'username: expected nothing, got "ada"'],
    ['{ score: "2" }', 'score: expected "2", got 2'],
    ['{ org: { sourcedId: sch4 } }', 'org.sourcedId: expected "sch4", got "sch3"'],
    ['{ grades: [a] }', 'grades: expected ["a"], got ["a","b"]'],
    ['{ grades: [a, c] }', 'grades[1]: expected "c", got "b"'],
    ['nothing', 'expected nothing, got {"sourcedId":"stu7"}'],
  ])('that gives %s says so', (gives, expected) => {
    expect(differences(gives)).toEqual([[expected]])
  })

  it('says why a row is left out', () => {
    const text = (row: string) => `entities:
  users:
    student:
      from: students
      id: ="stu" & id
      where: =active
      with: { school: { in: orgs.school, key: =school_id } }
      examples:
        - { it: x, row: ${row}, gives: { sourcedId: stu7 } }
`
    const said = (row: string) => runExamples(checked(BASE, text(row)))[0]?.differences
    expect(said('{ id: 7, school_id: 3, active: false }')).toEqual([
      'expected a record, got nothing: `where` does not hold',
    ])
    expect(said('{ id: 7, school_id: 3, active: true }')).toEqual([
      'expected a record, got nothing: lookup-missing of `school`',
    ])
  })

  it('runs on 1 October 2026 of the school year 2026, unless it says otherwise', () => {
    expect(differences('{ metadata: { year: 2026, day: "2026-10-01" } }')).toEqual([[]])
    const more = '            today: 2027-01-02\n            settings: { start_year: 2025 }\n'
    expect(differences('{ metadata: { year: 2025, day: "2027-01-02" } }', more)).toEqual([[]])
  })

  it('tells cells that do not fit their column', () => {
    const more = '            students: [{ id: seven }]\n'
    expect(differences('{ sourcedId: stu7 }', more)).toEqual([['students.id: text does not fit the column']])
  })
})
