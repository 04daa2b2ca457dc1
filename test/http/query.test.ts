// The order of a list, the selection of fields, and the warnings that travel beside the data.
import { describe, expect, test } from 'vitest'
import type { Entity } from '../../fixtures/expected.ts'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { openSyncedBridge, readList, readWhole, type StatusInfoSet, statusOf, textsAt } from './support.ts'

const bridge = await openSyncedBridge({ district: createDistrict({ students: 150, seed: 15, today: '2026-11-18' }) })

/** By code points, as the standard has it; JavaScript's own order is by UTF-16 units. */
function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

function inOrder(records: readonly Entity[], path: string, sign: 1 | -1): string[] {
  const [field = '', member] = path.split('.')
  // A list sorts by its first element.
  const keyed = records.map((record) => ({ id: record.sourcedId, key: textsAt(record, field, member)[0] }))
  return keyed
    .sort((left, right) => {
      const isMissing = Number(left.key === undefined) - Number(right.key === undefined)
      const byKey = left.key === undefined || right.key === undefined ? 0 : byCodePoint(left.key, right.key)
      return isMissing || sign * (byKey || byCodePoint(left.id, right.id))
    })
    .map(({ id }) => id)
}

describe('sort', () => {
  test.each([
    ['/users', 'familyName'],
    ['/users', 'givenName'],
    ['/users', 'middleName'],
    ['/users', 'email'],
    ['/users', 'phone'],
    ['/users', 'role'],
    ['/users', 'sourcedId'],
    ['/users', 'dateLastModified'],
    ['/users', 'grades'],
    ['/users', 'orgs.sourcedId'],
    ['/users', 'userIds.identifier'],
    ['/classes', 'title'],
    ['/classes', 'school.sourcedId'],
    ['/classes', 'periods'],
    ['/enrollments', 'beginDate'],
    ['/enrollments', 'primary'],
    ['/enrollments', 'user.sourcedId'],
    ['/demographics', 'birthDate'],
    ['/demographics', 'hispanicOrLatinoEthnicity'],
    ['/academicSessions', 'parent.sourcedId'],
    ['/schools/sch3/students', 'familyName'],
    ['/teachers', 'username'],
  ])('%s by %s is a total order both ways, missing values last', async (path, field) => {
    const records = await readWhole(bridge, path)
    const orders = [
      [{}, 1],
      [{ orderBy: 'asc' }, 1],
      [{ orderBy: 'DESC' }, -1],
    ] as const
    for (const [query, sign] of orders) {
      const { ids, body } = await readList(bridge, path, { limit: '10000', sort: field, ...query })
      expect(ids).toEqual(inOrder(records, field, sign))
      expect(body).not.toHaveProperty('statusInfoSet')
    }
  })

  test('without a field is by sourcedId, in the direction asked', async () => {
    const { ids } = await readList(bridge, '/users', { limit: '10000' })
    expect(ids).toEqual([...ids].sort(byCodePoint))
    expect((await readList(bridge, '/users', { limit: '10000', orderBy: 'desc' })).ids).toEqual([...ids].reverse())
  })

  test.each(['shoeSize', 'FamilyName', 'orgs.name', 'role.x', '"; drop table', '__proto__'])(
    'by the unknown field %s is the default order and a warning',
    async (sort) => {
      const plain = await readList(bridge, '/users')
      const list = await readList(bridge, '/users', { sort, orderBy: 'desc' })
      expect([list.status, list.ids, list.keys]).toEqual([200, plain.ids, ['users', 'statusInfoSet']])
      expect((list.body as unknown as StatusInfoSet).statusInfoSet).toEqual([
        {
          imsx_codeMajor: 'success',
          imsx_severity: 'warning',
          imsx_codeMinor: 'invalid_sort_field',
          imsx_description: expect.stringContaining(sort),
        },
      ])
    },
  )

  test.each(['up', '', 'descending', 'asc,desc'])('orderBy=%s is refused', async (orderBy) => {
    const answer = await bridge.get(`/users?${new URLSearchParams({ sort: 'familyName', orderBy })}`)
    expect(answer.status).toBe(400)
    expect(await statusOf(answer)).toMatchObject({ imsx_codeMinor: 'invalid data' })
  })
})

describe('fields', () => {
  const picked = (record: Entity, fields: readonly string[]) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => fields.includes(name)))

  test.each([
    ['/users', ['username']],
    ['/users', ['email', 'sourcedId', 'orgs']],
    ['/users', ['metadata', 'role']],
    ['/classes', ['title', 'dateLastModified', 'status']],
    ['/schools/sch3/enrollments', ['user', 'role']],
    ['/students', ['grades', 'middleName']],
  ])('of %s answers with exactly %o, in lists and of one record', async (path, fields) => {
    const whole = await readWhole(bridge, path)
    const wanted = whole.map((record) => picked(record, fields))
    const list = await readList(bridge, path, { limit: '10000', fields: fields.join(',') })
    expect([list.records, list.total, list.keys.length]).toEqual([wanted, whole.length, 1])

    const repeated = await bridge.get(`${path}?limit=10000&${fields.map((name) => `fields=%20${name}`).join('&')}`)
    expect(await repeated.json()).toEqual(list.body)

    const [first] = whole
    const [key = ''] = list.keys
    const answer = await bridge.get(`/${key}/${first?.sourcedId}?fields=${fields.join(',')},${fields[0]}`)
    expect(Object.values((await answer.json()) as object)).toEqual([wanted[0]])
  })

  test('does not touch paging, order and filter', async () => {
    const query = { filter: "role='student'", sort: 'familyName', orderBy: 'desc', limit: '10', offset: '20' }
    const whole = await readList(bridge, '/users', query)
    const list = await readList(bridge, '/users', { ...query, fields: 'givenName' })
    expect(list.records).toEqual(whole.records.map((record) => picked(record, ['givenName'])))
    expect([list.total, list.headers.get('link')?.split(',').length]).toEqual([whole.total, 4])
  })

  test.each(['shoeSize', 'Username', 'username,orgs.sourcedId', 'parent.sourcedId', 'sourcedId,title', '__proto__'])(
    '%s shows all fields, with a warning that names the unknown one',
    async (fields) => {
      const plain = await readList(bridge, '/users', { limit: '3' })
      const [id] = plain.ids
      for (const path of ['/users?limit=3', `/users/${id}?`]) {
        const body = (await (await bridge.get(`${path}&fields=${fields}`)).json()) as Record<string, unknown>
        const { statusInfoSet, ...data } = body as unknown as StatusInfoSet
        expect(data).toEqual(path.includes('limit') ? plain.body : { user: plain.records[0] })
        expect(statusInfoSet).toEqual([
          {
            imsx_codeMajor: 'success',
            imsx_severity: 'warning',
            imsx_codeMinor: 'invalid_selection_field',
            imsx_description: expect.stringContaining(fields.split(',').at(-1) ?? ''),
          },
        ])
      }
    },
  )

  test.each(['', ',', '%20', ' , '])('of nothing ("%s") is refused', async (fields) => {
    for (const path of ['/users', '/users/stu100001']) {
      const answer = await bridge.get(`${path}?fields=${fields}`)
      expect(answer.status).toBe(400)
      expect(await statusOf(answer)).toMatchObject({ imsx_codeMinor: 'invalid_blank_selection_field' })
    }
  })
})

describe('warnings', () => {
  test('of both kinds come together, in lists that are empty too', async () => {
    const { body } = await readList(bridge, '/users', { filter: "role='jester'", sort: 'x1', fields: 'x2' })
    expect(body).toEqual({
      users: [],
      statusInfoSet: [
        expect.objectContaining({ imsx_codeMinor: 'invalid_sort_field' }),
        expect.objectContaining({ imsx_codeMinor: 'invalid_selection_field' }),
      ],
    })
  })

  test('are not sent when there is nothing to warn of, whatever else is asked', async () => {
    for (const query of ['', '?foo=bar', '?sort=', '?$filter=x&access=1', '?filter=&limit=5']) {
      expect(Object.keys((await (await bridge.get(`/users${query}`)).json()) as object)).toEqual(['users'])
    }
  })

  test('do not repeat a long text whole', async () => {
    const { body } = await readList(bridge, '/users', { sort: 'x'.repeat(5000) })
    expect(JSON.stringify((body as unknown as StatusInfoSet).statusInfoSet).length).toBeLessThan(500)
  })
})
