// What `create_only` takes and refuses, and how an example says what was published before.
import { describe, expect, it } from 'vitest'
import { runExamples } from '../../src/mapping/run/examples.ts'
import { field, rule } from './diagnostic-cases.ts'
import { BASE, checked, faults } from './support.ts'

describe('a fault in create_only', () => {
  const kept = (createOnly: string, fields = 'username: =name.first') =>
    rule(`      create_only: ${createOnly}\n      fields:\n        ${fields}\n`)

  it.each([
    [
      'a misspelt field',
      kept('[usernme]'),
      ['6:21: name: `create_only` names fields of users, which have no `usernme`. Did you mean `username`?'],
    ],
    [
      'the name of the id',
      kept('[username, sourcedId]'),
      ['6:31: name: `create_only` names fields of users, which have no `sourcedId`. Write `id`.'],
    ],
    [
      'a field that the rule does not fill',
      kept('[username, born]'),
      ['6:31: name: `users.student` fills no `born`, so there is nothing to keep. Fill it, or leave it out here.'],
    ],
    [
      'a list',
      kept('grades', 'grades: =tags'),
      ['6:20: type: `create_only` keeps single texts and dates, `users.grades` is a list of text'],
    ],
    [
      'a reference',
      kept('org', 'org: { ref: orgs.school, key: =school_id }'),
      ['6:20: type: `create_only` keeps single texts and dates, `users.org` is a reference'],
    ],
    [
      'a boolean, and a number',
      kept('[enabledUser, score]'),
      [
        '6:21: type: `create_only` keeps single texts and dates, `users.enabledUser` is a boolean',
        '6:34: type: `create_only` keeps single texts and dates, `users.score` is a number',
      ],
    ],
    [
      'the same twice',
      kept('[username, id, username]'),
      ['6:35: duplicate: `username` stands in this `create_only` twice'],
    ],
    ['a formula', kept('[=username]'), ['6:21: shape: a name in `create_only` is plain text, found a formula']],
    ['a map', kept('{ username: true }'), ['6:20: shape: a name in `create_only` is plain text, found a map']],
    ['nothing', kept(''), ['6:20: shape: a name in `create_only` is plain text, found nothing']],
    [
      'an unknown key beside it',
      field('username: =name.first').replace('fields', 'create_olny: id\n      fields'),
      ['6:7: key: a rule has no key `create_olny`. Did you mean `create_only`?'],
    ],
  ])('is told: %s', (_, text, expected) => {
    expect(faults(BASE, text)).toEqual(expected.map((line) => `b.yaml:${line}`))
  })
})

describe('an example', () => {
  const withExample = (given: string, gives: string, createOnly = '[id, username]') => `entities:
  users:
    student:
      from: students
      id: ="stu" & id
      create_only: ${createOnly}
      fields: { username: =lower(name.first), role: student }
      examples:
        - it: keeps the first name
          row: { id: 7, name: { first: Ada } }
          given: ${given}
          gives: ${gives}
`
  const said = (given: string, gives: string) =>
    runExamples(checked(BASE, withExample(given, gives))).map(({ differences }) => differences)

  it('says what was published before, under the id that it has, or had', () => {
    expect(said('{ published: { username: 007 } }', '{ sourcedId: stu7, username: "007" }')).toEqual([[]])
    expect(
      said('{ published: { id: stu7old, username: ada.li } }', '{ sourcedId: stu7old, username: ada.li }'),
    ).toEqual([[]])
    expect(said('{ published: { id: stu7old } }', '{ sourcedId: stu7old, username: ada }')).toEqual([[]])
    expect(said('{ published: { username: null } }', '{ username: ada }')).toEqual([[]])
    expect(said('{ published: { username: ada.li } }', '{ username: ada }')).toEqual([
      ['username: expected "ada", got "ada.li"'],
    ])
  })

  it('knows the rows that are given beside it as new', () => {
    const given = '{ students: [{ id: 8, name: { first: Bo } }], published: { id: old } }'
    expect(said(given, '{ sourcedId: old }')).toEqual([[]])
  })

  it.each([
    ['{ published: { usernme: x } }', '11:33: key: users have no field `usernme`. Did you mean `username`?'],
    [
      '{ published: { role: x } }',
      '11:33: key: `role` is not in the `create_only` of `users.student`, so what it was changes nothing',
    ],
    ['{ published: { username: [x] } }', '11:43: shape: `username` is a text, not a list'],
    ['{ published: ada }', '11:31: shape: `published` is a map of keys and values'],
    ['{ publishd: { username: x } }', '11:20: name: there is no source `publishd`. Did you mean `published`?'],
  ])('with given %s is at fault', (given, expected) => {
    expect(faults(BASE, withExample(given, '{ username: ada }'))).toContain(`b.yaml:${expected}`)
  })
})
