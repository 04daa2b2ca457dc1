import { describe, expect, test } from 'vitest'
import type { Collection } from '../../src/oneroster/model.ts'
import { createPresenters, type RosterRecord, tombstoneOf } from '../../src/oneroster/present.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'

const present = createPresenters()
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
        `"orgs":[{"href":"\\/orgs/sch1","sourcedId":"sch1","type":"org"},` +
        `{"href":"\\/orgs/a%20b%2F%C3%BC","sourcedId":"a b/ü","type":"org"}],"grades":["09"]}`,
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
    expect(object[field]).toEqual({ href: `/${path}/x1`, sourcedId: 'x1', type })
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

describe('the v1.2 text of a record', () => {
  const v1p2 = (collection: Collection, record: RosterRecord) => {
    const { body, bodyV1p2 } = present[collection](record)
    return JSON.parse(`{${bodyV1p2 ?? body}`)
  }

  test('is not kept where it is the v1.1 text', () => {
    expect(present.orgs({ sourcedId: 'sch1', fields: { name: 'North' } }).bodyV1p2).toBeNull()
    expect(present.enrollments({ sourcedId: 'cc1', fields: { role: 'student' } }).bodyV1p2).toBeNull()
    expect(present.demographics({ sourcedId: 'stu1', fields: { sex: 'male' } }).bodyV1p2).toBeNull()
  })

  test('gives a user one primary role in each org, the first org as primaryOrg, and no role or orgs', () => {
    const user = v1p2('users', ada)
    expect(user).not.toHaveProperty('role')
    expect(user).not.toHaveProperty('orgs')
    expect(user.primaryOrg).toEqual({ href: '/orgs/sch1', sourcedId: 'sch1', type: 'org' })
    expect(user.roles).toEqual([
      { roleType: 'primary', role: 'student', org: { href: '/orgs/sch1', sourcedId: 'sch1', type: 'org' } },
      {
        roleType: 'primary',
        role: 'student',
        org: { href: '/orgs/a%20b%2F%C3%BC', sourcedId: 'a b/ü', type: 'org' },
      },
    ])
  })

  test('calls an administrator by what is administered', () => {
    const presenters = createPresenters()
    presenters.orgs({ sourcedId: 'dist', fields: { type: 'district' } })
    presenters.orgs({ sourcedId: 'sch1', fields: { type: 'school' } })
    const fields = { role: 'administrator', orgs: [org('dist'), org('sch1'), org('unknown')] }
    const { bodyV1p2 } = presenters.users({ sourcedId: 'stf1', fields })
    const roles: { role: string }[] = JSON.parse(`{${bodyV1p2}`).roles
    expect(roles.map(({ role }) => role)).toEqual(['districtAdministrator', 'siteAdministrator', 'siteAdministrator'])
  })

  test('has the fields that only v1.2 has, and the groups that say their type', () => {
    const fields = {
      ...ada.fields,
      preferredFirstName: 'Addie',
      userIds: [{ identifier: '1' }, { type: 'LocalId', identifier: '2' }],
    }
    const record = { sourcedId: 'stu1', fields }
    expect(v1p2('users', record)).toMatchObject({
      preferredFirstName: 'Addie',
      userIds: [{ type: 'LocalId', identifier: '2' }],
    })
    const v1p1 = JSON.parse(`{${present.users(record).body}`)
    expect(v1p1).not.toHaveProperty('preferredFirstName')
    expect(v1p1.userIds).toHaveLength(2)
  })

  test('calls tokens by the names of v1.2', () => {
    const aide = { sourcedId: 'cc1', fields: { role: 'aide' } }
    expect(v1p2('enrollments', aide).role).toBe('ext:aide')
    expect(present.enrollments(aide).body).toContain('"role":"aide"')
    const unspecified = { sourcedId: 'stu1', fields: { sex: 'unspecified' } }
    expect(v1p2('demographics', unspecified).sex).toBe('unspecified')
    expect(present.demographics(unspecified).body).not.toContain('sex')
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
