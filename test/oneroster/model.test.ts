import { describe, expect, test } from 'vitest'
import type { TargetModel } from '../../src/mapping/check/target.ts'
import { COLLECTIONS, MODEL } from '../../src/oneroster/model.ts'
import { fold, STORAGE } from '../../src/oneroster/storage.ts'
import { TARGET_MODEL } from '../../src/oneroster/target-model.ts'

const target: TargetModel = TARGET_MODEL

describe('what a mapping may fill', () => {
  test.each([
    ['academicSessions', ['title', 'startDate', 'endDate', 'type', 'schoolYear']],
    ['orgs', ['name', 'type', 'identifier']],
    ['courses', ['title', 'courseCode', 'org']],
    ['classes', ['title', 'course', 'school', 'terms']],
    ['users', ['username', 'enabledUser', 'givenName', 'familyName', 'role', 'orgs']],
    ['enrollments', ['user', 'class', 'school', 'role']],
    ['demographics', []],
  ])('%s must have %j', (collection, required) => {
    const fields = Object.entries(target[collection]?.fields ?? {})
    expect(fields.filter(([, field]) => field.required).map(([name]) => name)).toEqual(required)
  })

  test('the fields of the engine are not among them', () => {
    for (const collection of COLLECTIONS) {
      for (const name of ['sourcedId', 'status', 'dateLastModified', 'metadata']) {
        expect(target[collection]?.fields).not.toHaveProperty(name)
      }
    }
  })

  test('links, lists, tokens and groups keep their facts', () => {
    expect(target.classes?.fields.terms).toEqual({
      type: 'reference',
      many: true,
      required: true,
      to: 'academicSessions',
    })
    expect(target.enrollments?.fields.role?.vocabulary).toEqual([
      'administrator',
      'proctor',
      'student',
      'teacher',
      'aide',
    ])
    expect(target.users?.fields.userIds?.members).toEqual({
      type: { type: 'text' },
      identifier: { type: 'text', required: true },
    })
  })
})

describe('what is stored beside a record', () => {
  test('enrollments keep their links and dates, and index what nested reads follow', () => {
    expect(STORAGE.find(({ name }) => name === 'enrollments')).toEqual({
      name: 'enrollments',
      columns: [
        { name: 'user', type: 'text', index: true },
        { name: 'class', type: 'text', index: true },
        { name: 'school', type: 'text', index: true },
        { name: 'role', type: 'text', index: false },
        { name: 'primary', type: 'text', index: false },
        { name: 'beginDate', type: 'text', index: false },
        { name: 'endDate', type: 'text', index: false },
      ],
      links: [],
    })
  })

  test('lists of links are kept apart, other lists only in the body', () => {
    const users = STORAGE.find(({ name }) => name === 'users')
    expect(users?.links).toEqual(['agents', 'orgs'])
    expect(users?.columns.map(({ name }) => name)).not.toContain('grades')
    expect(users?.columns.filter(({ index }) => index).map(({ name }) => name)).toEqual([
      'username_folded',
      'familyName',
      'familyName_folded',
      'role',
      'identifier',
      'email_folded',
    ])
  })

  test('folding does away with case and composition', () => {
    expect(fold('ÉMILE')).toBe(fold('e\u0301mile'))
  })

  test('every link leads to a collection of the model', () => {
    for (const collection of COLLECTIONS) {
      for (const field of Object.values(MODEL[collection].fields)) {
        if (field.type === 'reference') expect(MODEL).toHaveProperty(field.to)
      }
    }
  })
})
