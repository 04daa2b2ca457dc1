// Where fields come from, and who reads a column.
import { describe, expect, it } from 'vitest'
import { columnReaders } from '../../src/mapping/check/column-uses.ts'
import { explainColumns } from '../../src/mapping/explain/explain-column.ts'
import { faultOfField, readSubject } from '../../src/mapping/explain/explain-subject.ts'
import { fieldOrigins } from '../../src/mapping/explain/origins.ts'
import { fieldsLayer, layered } from './overlay-support.ts'
import { BASE, checked } from './support.ts'

const rule = (lines: string) => `entities:\n  users:\n    kid:\n      from: students\n      id: ="kid" & id\n${lines}`

describe('the origin of a field', () => {
  it('is its text and place, and on each layer what it replaces', () => {
    const origins = fieldOrigins(
      layered(fieldsLayer('username: =upper(inherited)'), fieldsLayer('username: =first(name.last, inherited)')),
    )
    expect(origins.get('users.student.username')).toEqual({
      collection: 'users',
      rule: 'users.student',
      field: 'username',
      place: { file: '2.yaml', line: 6, column: 19 },
      text: '=first(name.last, inherited)',
      inherited: [
        {
          place: { file: '1.yaml', line: 6, column: 19 },
          text: '=upper(inherited)',
          inherited: [{ place: { file: 'students.yaml', line: 9, column: 19 }, text: '=lower(name.first)' }],
        },
      ],
      columns: ['students.name.last', 'students.name.first'],
      settings: [],
      tables: [],
      lookups: [],
    })
    expect([...origins.keys()].filter((name) => name.startsWith('users.student.'))).toEqual(
      ['where', 'with.school', 'id', 'username', 'role', 'grades', 'userIds', 'org', 'orgs', 'metadata.kind'].map(
        (name) => `users.student.${name}`,
      ),
    )
  })

  it('has the columns that its lookups read, and theirs, after its own; and settings and tables', () => {
    const mapping = checked(
      BASE,
      rule(`      with:
        mates: { all: students, match: { other_id: =id }, where: =it.mark > 1 }
        first: { in: schools, key: =first(mates.school_id) }
      fields:
        username: =first.name & settings.domain
        role: =code("role", first(tags))
        score: =count(races)
`),
    )
    const origins = fieldOrigins(mapping)
    expect(origins.get('users.kid.username')).toMatchObject({
      columns: [
        'schools.name',
        'schools.id',
        'students.school_id',
        'students.other_id',
        'students.id',
        'students.mark',
      ],
      settings: ['domain'],
      lookups: ['users.kid.first', 'users.kid.mates'],
    })
    expect(origins.get('users.kid.role')).toMatchObject({ tables: ['role'], columns: ['students.tags'] })
    expect(origins.get('users.kid.score')?.columns).toEqual(['students.races.code', 'students.races.share'])
  })

  const FORMS: readonly (readonly [form: string, text: string])[] = [
    ['username: >-\n          =first(name.first,\n            name.last)', '=first(name.first, name.last)'],
    ['username: "always"', 'always'],
    ['grades: [=name.first, x]', '[=name.first, x]'],
    ['userIds: [{ type: Local, identifier: =text(id) }]', '[{ type: Local, identifier: =text(id) }]'],
    [
      'orgs: { refs: orgs.school, match: { number: =mark }, where: [=it.id > 1, =it.id < 9], order: =it.name }',
      '{ refs: orgs.school, match: { number: =mark }, where: [=it.id > 1, =it.id < 9], order: =it.name }',
    ],
    [
      'orgs: { each: =tags, as: t, where: =t != "x", value: { ref: orgs.school, match: { name: =t } } }',
      '{ each: =tags, as: t, where: =t != "x", value: { ref: orgs.school, match: { name: =t } } }',
    ],
    [
      'org: { choose: [{ when: =active, then: { ref: orgs.school, key: =school_id } }, { else: { ref: orgs.school, match: {} } }] }',
      '{ choose: [{ when: =active, then: { ref: orgs.school, key: =school_id } }, { else: { ref: orgs.school, match: {} } }] }',
    ],
  ]
  it.each(FORMS)('tells %s on one line', (form, text) => {
    const mapping = checked(BASE, rule(`      fields:\n        ${form}\n`))
    const field = form.slice(0, form.indexOf(':'))
    expect(fieldOrigins(mapping).get(`users.kid.${field}`)?.text).toBe(text)
  })
})

describe('the readers of a column', () => {
  const mapping = checked(BASE, rule('      where: [=active, =mark > 1]\n      fields: { username: =name.first }\n'))

  it('have their places, and a column that nobody reads has none', () => {
    const readers = columnReaders(mapping)
    expect(readers.get('students.mark')).toEqual([
      { use: 'users.kid.where', place: { file: 'b.yaml', line: 6, column: 24 } },
    ])
    expect(readers.get('students.id')?.map(({ use }) => use)).toEqual(['users.kid.id', 'sources.students.key'])
    expect([readers.get('students.name.last'), readers.get('students.nobody')]).toEqual([[], undefined])
    expect([...readers.keys()].filter((name) => name.startsWith('schools.'))).toEqual([
      'schools.id',
      'schools.name',
      'schools.number',
    ])
  })

  it('are told of a column, a group, a list, or a whole source', () => {
    expect(explainColumns(mapping, 'students.name').map(({ column }) => column)).toEqual([
      'students.name.first',
      'students.name.last',
    ])
    expect(explainColumns(mapping, 'students.tags')).toMatchObject([
      { type: 'list of text', isByRest: true, readers: [] },
    ])
    expect(explainColumns(mapping, 'schools')).toHaveLength(3)
    expect(explainColumns(mapping, 'students.na')).toEqual([])
  })
})

describe('what is asked for', () => {
  const mapping = checked(BASE, rule('      fields: { username: =name.first }\n      metadata: { note: =mark }\n'))

  it.each([
    ['users/kid7', { kind: 'record', collection: 'users', sourcedId: 'kid7' }],
    ['users/a/b', { kind: 'record', collection: 'users', sourcedId: 'a/b' }],
    ['users.kid/7', { kind: 'row', rule: 'users.kid', key: '7' }],
    ['students.name.first', { kind: 'column', column: 'students.name.first' }],
    ['students', { kind: 'column', column: 'students' }],
  ])('%s', (text, subject) => {
    expect(readSubject(text, mapping)).toEqual(subject)
  })

  it.each([
    ['user/kid7', 'The mapping makes no `user`. Did you mean `users`?'],
    ['users.kit/7', 'There is no rule `users.kit`. Did you mean `users.kid`?'],
    ['users/', '`users/` names no record: write its sourcedId after the `/`.'],
    ['students.nam.first', '`students` has no column `nam.first`. Did you mean `name.first`?'],
    ['student.id', 'There is no source `student`. Did you mean `students`? Records are named COLLECTION/ID'],
  ])('%s is not there', (text, fault) => {
    expect(readSubject(text, mapping)).toEqual({ fault: expect.stringContaining(fault) })
  })

  it('of fields', () => {
    expect([faultOfField('username', 'users', mapping), faultOfField('metadata.note', 'users', mapping)]).toEqual([
      undefined,
      undefined,
    ])
    expect(faultOfField('usrname', 'users', mapping)).toBe('`users` has no field `usrname`. Did you mean `username`?')
    expect(faultOfField('born', 'users', mapping)).toMatch(/^No rule fills `users\.born`: every record is without it/)
  })
})
