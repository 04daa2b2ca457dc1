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
      'expected a record, got nothing: `=active` in `where` does not hold: `active` of `row` is false',
    ])
    expect(said('{ id: 7, school_id: 3, active: true }')).toEqual([
      'expected a record, got nothing: lookup-missing of `school`: no row in `given: schools` has the `id` that `=school_id` gives, which is 3',
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

describe('an example that gives another value', () => {
  const text = (row: string, gives: string, given = '') => `entities:
  users:
    student:
      from: students
      where: [=active and id > 5, =count(races) < 2]
      with: { school: { in: schools, key: =school_id }, org: { in: orgs.school, match: { name: =name.last, number: 7 } } }
      id: ="stu" & id
      fields: { username: =name.first, grades: =tags, enabledUser: =active }
      examples:
        - { it: a, row: { id: 7, ${row} }, given: { ${given} }, gives: ${gives} }
`
  const said = (row: string, gives = '{}', given = '') =>
    runExamples(checked(BASE, text(row, gives, given)))[0]?.differences
  const none = 'expected a record, got nothing: '
  const oak = 'schools: [{ id: 3, name: Oak, number: 7 }]'
  const ada = 'active: true, school_id: 3, name: { first: "05", last: Oak }'

  it('tells the condition that does not hold, and what is blank or what it is', () => {
    expect(said('school_id: 3')).toEqual([
      `${none}\`=active\` in \`where\` does not hold: \`active\` of \`row\` is blank`,
    ])
    expect(said('active: true, races: [{ code: A }, { code: B }]')).toEqual([
      `${none}\`=count(races) < 2\` in \`where\` does not hold`,
    ])
  })

  it('tells by what a lookup found nothing', () => {
    expect(said('active: true')).toEqual([
      `${none}lookup-missing of \`school\`: no row in \`given: schools\` has the \`id\` that \`=school_id\` gives, which is blank`,
    ])
    expect(said('active: true, school_id: 3, name: { last: Elm }', '{}', oak)).toEqual([
      `${none}lookup-missing of \`org\`: no row in \`given: schools\` has the \`name\` that \`=name.last\` gives, which is "Elm" and the \`number\` 7`,
    ])
  })

  it('tells that there is no row at all where any would do', () => {
    const any = text('active: true', '{}').replace('key: =school_id', 'match: {}')
    expect(runExamples(checked(BASE, any))[0]?.differences).toEqual([
      `${none}lookup-missing of \`school\`: there is no row in \`given: schools\``,
    ])
  })

  it('tells that a text is to be quoted, and that a field is a list', () => {
    expect(said(ada, '{ username: 05 }', oak)).toEqual(['username: expected 5, got "05": quote it, "05"'])
    expect(said(ada, '{ username: 6 }', oak)).toEqual(['username: expected 6, got "05"'])
    expect(said(`${ada}, tags: [T]`, '{ grades: T }', oak)).toEqual([
      'grades: expected "T", got ["T"]: the field is a list, `[ … ]`',
    ])
    expect(said(`${ada}, tags: ["true"]`, '{ grades: [true] }', oak)).toEqual([
      'grades[0]: expected true, got "true": quote it, "true"',
    ])
  })
})
