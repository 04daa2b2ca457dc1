import { describe, expect, test } from 'vitest'
import type { Collection } from '../../src/oneroster/model.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { createPresenter, presentV1p1, type RosterRecord, tombstoneOf } from '../../src/oneroster/v1p1.ts'

const BASE = 'https://bridge.example/district'
const present = createPresenter(BASE)
const org = (sourcedId: string) => ({ collection: 'orgs', sourcedId })

const ada: RosterRecord = {
  sourcedId: 'stu1',
  fields: {
    grades: ['09'],
    username: 'ada',
    userIds: [
      { type: 'LocalId', identifier: '900' },
      { type: '', identifier: '' },
    ],
    enabledUser: true,
    givenName: 'Ada "A"',
    familyName: 'Ézard',
    middleName: '',
    role: 'student',
    email: undefined,
    phone: null,
    orgs: [org('sch1'), org('sch1'), org('a b/ü')],
    agents: [],
  },
}

function columnsByName(collection: Collection, record: RosterRecord) {
  const storage = STORAGE.find(({ name }) => name === collection)
  const { columns } = present[collection](record)
  return Object.fromEntries(storage?.columns.map(({ name }, index) => [name, columns[index]]) ?? [])
}

describe('the v1.1 text of a record', () => {
  test('holds what is there in the order of the model, and nothing empty', () => {
    expect(present.users(ada).body).toBe(
      `"sourcedId":"stu1","status":"active","username":"ada","userIds":[{"type":"LocalId","identifier":"900"}],` +
        `"enabledUser":"true","givenName":"Ada \\"A\\"","familyName":"Ézard","role":"student",` +
        `"orgs":[{"href":"${BASE}/ims/oneroster/v1p1/orgs/sch1","sourcedId":"sch1","type":"org"},` +
        `{"href":"${BASE}/ims/oneroster/v1p1/orgs/a%20b%2F%C3%BC","sourcedId":"a b/ü","type":"org"}],"grades":["09"]}`,
    )
  })

  test('puts metadata after the base fields, with numbers and booleans as texts', () => {
    const metadata = { 'microsoft.userFlags': 'ELL', count: 3, flag: false, none: null, blank: '' }
    const { body } = present.orgs({ sourcedId: 'sch1', fields: { name: 'North' }, metadata })
    expect(body).toBe(
      '"sourcedId":"sch1","status":"active","metadata":{"microsoft.userFlags":"ELL","count":"3","flag":"false"},"name":"North"}',
    )
    expect(present.orgs({ sourcedId: 'sch1', fields: {}, metadata: { blank: '' } }).body).not.toContain('metadata')
  })

  test.each([
    ['classes', 'course', 'courses', 'course'],
    ['classes', 'school', 'orgs', 'org'],
    ['enrollments', 'class', 'classes', 'class'],
    ['enrollments', 'user', 'users', 'user'],
    ['academicSessions', 'parent', 'academicSessions', 'academicSession'],
  ] as const)('%s.%s links to %s as %s', (collection, field, path, type) => {
    const fields = { [field]: { collection: path, sourcedId: 'x1' } }
    const object = JSON.parse(`{${present[collection]({ sourcedId: 'a', fields }).body}`)
    expect(object[field]).toEqual({ href: `${BASE}/ims/oneroster/v1p1/${path}/x1`, sourcedId: 'x1', type })
  })

  test('is the same for a base with a trailing slash, and for a single record', () => {
    expect(presentV1p1('users', ada, `${BASE}/`)).toEqual(present.users(ada))
  })

  test('stays one JSON object whatever the texts hold', () => {
    const odd = '"}],\\\u0000\u2028\ud800'
    const fields = { title: odd, course: { collection: 'courses', sourcedId: odd } }
    const object = JSON.parse(`{${present.classes({ sourcedId: odd, fields }).body}`)
    expect([object.sourcedId, object.title, object.course.sourcedId]).toEqual([odd, odd, odd])
  })

  test('becomes a tombstone by its status alone', () => {
    const { body } = present.orgs({ sourcedId: 'x', fields: { name: '"status":"active"' } })
    expect(tombstoneOf(body)).toBe('"sourcedId":"x","status":"tobedeleted","name":"\\"status\\":\\"active\\""}')
  })
})

describe('what is kept beside the text', () => {
  test('columns hold values, folded values, and null for what is missing', () => {
    expect(columnsByName('users', ada)).toMatchObject({
      username: 'ada',
      enabledUser: 'true',
      familyName: 'Ézard',
      familyName_folded: 'ézard',
      middleName: null,
      middleName_folded: null,
      role: 'student',
      email: null,
      phone: null,
    })
  })

  test('a link is its sourcedId, a list of links goes to the link table, each once', () => {
    const { links } = present.users(ada)
    expect(links).toEqual([
      { field: 'orgs', target: 'sch1' },
      { field: 'orgs', target: 'a b/ü' },
    ])
    const enrollment = {
      sourcedId: 'cc1',
      fields: { user: { collection: 'users', sourcedId: 'stu1' }, primary: false },
    }
    expect(columnsByName('enrollments', enrollment)).toMatchObject({ user: 'stu1', class: null, primary: 'false' })
  })
})
