// Rows by a value that a person knows, and what became of all rows of a rule or a collection.
import { describe, expect, it } from 'vitest'
import { explainCounts } from '../../src/mapping/explain/explain-counts.ts'
import { countsText } from '../../src/mapping/explain/explain-counts-text.ts'
import { explainRows, rowsText } from '../../src/mapping/explain/explain-rows.ts'
import { readSubject } from '../../src/mapping/explain/explain-subject.ts'
import { explain, inputOf, told } from './explain-support.ts'
import { fieldsLayer, layered, ruleLayer } from './overlay-support.ts'
import { BASE, checked, type District } from './support.ts'

const SCHOOLS = [{ id: 3, name: 'Oak', number: 103 }, { id: 4 }]
const student = (id: number, more: object = {}) => ({
  id,
  school_id: 3,
  other_id: 400 + id,
  active: true,
  name: { first: 'Ada', last: 'Li' },
  tags: ['T', 'U'],
  ...more,
})
const STUDENTS = [
  student(1),
  student(2, { active: false, name: { first: 'Bo', last: 'LI ' } }),
  student(3, { school_id: 4 }),
  student(4, { school_id: 9, name: { first: 'Cy', last: 'Ng' } }),
]
const DISTRICT: District = { rows: { schools: SCHOOLS, students: STUDENTS } }

const rowsWith = (column: string, value: string, district = DISTRICT, mapping = layered()) =>
  explainRows(mapping, inputOf(mapping, district), { source: 'students', column, value })

describe('the rows that have a value', () => {
  it('are found without case, with what each rule makes of them in one line', () => {
    expect(rowsText(rowsWith('name.last', 'li')).split('\n')).toEqual([
      'students.name.last = "li": 3 of 4 rows that were read',
      '  students 1',
      '    users.student  published as stu1',
      '  students 2',
      '    users.student  not published: active does not hold (students.yaml:5)',
      '  students 3',
      '    users.student  not published: the lookup school found what is not published',
      'All about one: mapping explain users.student/1',
    ])
  })

  it('are found by numbers as they are written, and in lists', () => {
    const found = (column: string, value: string) => rowsWith(column, value).rows.map(({ row }) => row.key)
    expect([found('other_id', '402'), found('other_id', '40'), found('other_id', '0402')]).toEqual([[2], [], []])
    expect([found('tags', 'u'), found('races.code', 'W')]).toEqual([[1, 2, 3, 4], []])
    const races = { rows: { ...DISTRICT.rows, students: [student(1, { races: [{ code: 'A' }, { code: 'W' }] })] } }
    expect(rowsWith('races.code', 'w', races).found).toBe(1)
  })

  it('are told up to 20, and how many more there are', () => {
    const many = Array.from({ length: 30 }, (_, at) => student(at + 1))
    const found = rowsWith('name.last', 'Li', { rows: { schools: SCHOOLS, students: many } })
    expect([found.found, found.rows.length]).toEqual([30, 20])
    expect(rowsText(found)).toContain('  … and 10 more\n')
  })

  it('are told to be another’s record where their id is', () => {
    const mapping = layered(ruleLayer('id: ="stu" & name.first'))
    const found = rowsWith(
      'name.first',
      'ada',
      { rows: { schools: SCHOOLS, students: [student(1), student(2)] } },
      mapping,
    )
    expect(found.rows.map(({ rules }) => rules[0])).toEqual([
      { rule: 'users.student', sourcedId: 'stuAda', isPublished: true },
      {
        rule: 'users.student',
        sourcedId: 'stuAda',
        isPublished: false,
        why: 'users.student has made this record of students 1 already',
      },
    ])
  })
})

describe('a key that no row has', () => {
  it('is told to be what another column has, where no two rows have the same there', () => {
    const lines = told(layered(), 'users.student/402', DISTRICT)
    expect(lines.at(-1)).toBe(
      '  402 is the other_id of students 2. A key of students is its id: ask for users.student/2',
    )
    expect(told(layered(), 'users/402', DISTRICT).at(-1)).toBe(lines.at(-1))
    expect(told(layered(), 'users/stu402', DISTRICT).at(-1)).toBe(lines.at(-1))
    const twice = { rows: { ...DISTRICT.rows, students: [...STUDENTS, student(5, { other_id: 401 })] } }
    expect(explain(layered(), 'users.student/402', twice).elsewhere).toBeUndefined()
    expect(explain(layered(), 'users.student/977', DISTRICT).elsewhere).toBeUndefined()
  })
})

describe('a rule as a whole', () => {
  const counts = (mapping = layered(), rule = 'users.student') =>
    explainCounts(mapping, inputOf(mapping, DISTRICT), { collection: 'users', rule })

  it('counts its rows: published, out of scope by condition, left out by reason', () => {
    expect(countsText(counts(), false).split('\n')).toEqual([
      'users.student (students.yaml:3): 4 rows of students read',
      '        1  published',
      '        1  out of scope',
      '          1  active does not hold   students.yaml:5',
      '        2  left out',
      '          1  ref-out-of-scope school: students 3',
      '          1  lookup-missing school: students 4',
      'More about one row: mapping explain users.student/3',
    ])
  })

  it('counts each row once, by the first part of the conditions that does not hold', () => {
    const where = ruleLayer('where: [=inherited, \'=id > 1 and school.name != "Oak"\']')
    const [rule] = counts(layered(where)).rules
    expect(rule?.conditions?.map(({ text, count, place }) => [text, count, place.file])).toEqual([
      ['active', 1, 'students.yaml'],
      ['id > 1', 1, '1.yaml'],
    ])
    const sum = (rule?.conditions ?? []).reduce((all, { count }) => all + count, 0)
    expect(sum).toBe(rule?.outOfScope)
  })

  it('names the first 20 rows that are left out', () => {
    const mapping = layered()
    const many = Array.from({ length: 30 }, (_, at) => student(at + 1, { school_id: 9 }))
    const input = inputOf(mapping, { rows: { schools: SCHOOLS, students: many } })
    const [rule] = explainCounts(mapping, input, { collection: 'users', rule: 'users.student' }).rules
    expect(rule?.leftOut).toMatchObject([{ code: 'lookup-missing', count: 30 }])
    expect(rule?.leftOut[0]?.keys).toHaveLength(20)
  })

  it('says that it is taken away', () => {
    const gone = layered('extends: default\nentities:\n  users:\n    student: null\n')
    expect(countsText(counts(gone), false)).toBe('users.student: the rule is taken away by a layer (1.yaml:4).')
  })
})

describe('a collection', () => {
  it('is listed record by record while it is small', () => {
    const mapping = checked(BASE)
    const orgs = (rows: readonly object[]) =>
      explainCounts(mapping, inputOf(mapping, { rows: { schools: rows } }), { collection: 'orgs' })
    expect(countsText(orgs(SCHOOLS), true).split('\n').slice(0, 4)).toEqual([
      'orgs: 1 record named orgs/ID. How the ID is made:',
      '  by orgs.school, ="sch" & id',
      '  orgs/sch3  Oak',
      '',
    ])
    const schools = (count: number) => Array.from({ length: count }, (_, id) => ({ id, name: 'Oak' }))
    expect(orgs(schools(50)).records).toHaveLength(50)
    expect([orgs(schools(51)).records, orgs(schools(51)).recordCount]).toEqual([undefined, 51])
  })
})

describe('a field that a layer takes away', () => {
  const asked = { ...DISTRICT, field: 'username' }

  it('is told as that, with what stood there', () => {
    const mapping = layered(fieldsLayer('username: =upper(inherited)'), fieldsLayer('username: null'))
    expect(told(mapping, 'users/stu1', asked)).toEqual([
      'users/stu1 username is taken away in 2.yaml:6 (before: 1.yaml:6 =upper(inherited)).',
    ])
    expect(told(mapping, 'users/stu1', DISTRICT).at(-1)).toBe(
      '  username        taken away in 2.yaml:6 (before: 1.yaml:6 =upper(inherited))',
    )
  })

  it('is told of metadata, and of all fields at once', () => {
    const mapping = layered(ruleLayer('fields: null', 'metadata: { kind: null }'))
    expect(told(mapping, 'users/stu1', asked)).toEqual([
      'users/stu1 username is taken away in 1.yaml:5 (before: students.yaml:9 =lower(name.first)).',
    ])
    expect(told(mapping, 'users/stu1', { ...asked, field: 'metadata.kind' })[0]).toMatch(
      /^users\/stu1 metadata\.kind is taken away in 1\.yaml:6 /,
    )
  })
})

describe('what is asked for', () => {
  it.each([
    ['students.other_id=7', { kind: 'rows', source: 'students', column: 'other_id', value: '7' }],
    ['students.name.last=O/Li=x', { kind: 'rows', source: 'students', column: 'name.last', value: 'O/Li=x' }],
    ['students.races.code=W', { kind: 'rows', source: 'students', column: 'races.code', value: 'W' }],
    ['users/a=b', { kind: 'record', collection: 'users', sourcedId: 'a=b' }],
    ['users.student', { kind: 'counts', collection: 'users', rule: 'users.student' }],
    ['users', { kind: 'counts', collection: 'users' }],
  ])('%s', (text, subject) => {
    expect(readSubject(text, layered())).toEqual(subject)
  })

  it.each([
    ['students.name=x', '`students.name` has columns of its own. Name one of them: `students.name.first=x`.'],
    ['students=x', 'Name one of them: `students.id=x`.'],
    ['students.id=', '`students.id=` names no value'],
    ['students.nam.first=x', 'Did you mean `name.first`?'],
    ['users.studnet', 'There is no rule `users.studnet`. Did you mean `users.student`?'],
    ['stu100007', 'A record is named COLLECTION/ID. Did you mean `users/stu100007`?'],
    ['400003', "`400003` names no record. Look for it in a column of PowerSchool's rows: SOURCE.COLUMN=400003."],
  ])('%s is not there', (text, fault) => {
    expect(readSubject(text, layered())).toEqual({ fault: expect.stringContaining(fault) })
  })
})
