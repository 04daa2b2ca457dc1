// What a run makes of rows: scope, lookups, groups of rows, references, values, the report.
import { describe, expect, it } from 'vitest'
import { BASE, checked, fieldsOf, idsOf, runMapping, startMapping } from './support.ts'

/** One rule of users that reads students; `lines` are indented as the keys of a rule. */
const users = (lines: string, id = '="stu" & id') =>
  checked(BASE, `entities:\n  users:\n    student:\n      from: students\n      id: ${id}\n${lines}`)

const SCHOOLS = [
  { id: 3, name: 'Oak', number: 103 },
  { id: 4, name: 'Elm', number: 104 },
]

describe('scope', () => {
  it('leaves out rows for which one of the conditions does not hold, and counts them', () => {
    const mapping = users('      where: [=active, =mark > 1]\n')
    const students = [
      { id: 1, active: true, mark: 2 },
      { id: 2, active: true, mark: 1 },
      { id: 3, active: false, mark: 2 },
      { id: 4, active: true },
    ]
    const result = runMapping(mapping, { rows: { students } })
    expect(idsOf(result)).toEqual(['stu1'])
    expect(result.report.rules['users.student']).toEqual({ read: 4, published: 1, outOfScope: 3, leftOut: {} })
  })

  it('knows what is today', () => {
    const mapping = users('      where: =born < today()\n')
    const students = [
      { id: 1, born: '2026-09-30' },
      { id: 2, born: '2026-10-01' },
    ]
    expect(idsOf(runMapping(mapping, { rows: { students }, today: '2026-10-01' }))).toEqual(['stu1'])
  })

  it('gives the published rows of one rule without reading other sources', () => {
    const mapping = checked(BASE.replace('from: schools', 'from: schools\n      where: =number in settings.numbers'))
    const run = startMapping(mapping, { rows: { schools: SCHOOLS }, settings: { numbers: [104] } })
    expect([...run.scope('orgs.school')].map(({ sourcedId, ordinal, row }) => ({ sourcedId, ordinal, row }))).toEqual([
      { sourcedId: 'sch4', ordinal: 2, row: [4, 'Elm', 104] },
    ])
  })
})

describe('a lookup that finds nothing', () => {
  const lookup = (more: string) =>
    users(`      with: { school: { in: schools, key: =school_id${more} } }\n      fields: { username: =school.name }\n`)
  const students = [{ id: 1, school_id: 3 }, { id: 2, school_id: 9 }, { id: 3 }]

  it('leaves the row out, and says so with the first keys', () => {
    const result = runMapping(lookup(''), { rows: { students, schools: SCHOOLS } })
    expect(idsOf(result, 'users')).toEqual(['stu1'])
    expect(result.report.diagnostics).toEqual([
      { code: 'lookup-missing', rule: 'users.student', field: 'school', count: 2, keys: [2, 3] },
    ])
  })

  it('is blank when it may be', () => {
    const result = runMapping(lookup(', missing: blank'), { rows: { students, schools: SCHOOLS } })
    expect(['stu1', 'stu2', 'stu3'].map((id) => fieldsOf(result, id))).toEqual([{ username: 'Oak' }, {}, {}])
    expect(result.report.diagnostics).toEqual([])
  })

  it('keeps 20 keys', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ id: index + 1, school_id: 9 }))
    const [found] = runMapping(lookup(''), { rows: { students: many } }).report.diagnostics
    expect(found?.count).toBe(30)
    expect(found?.keys).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  it('is told from a row that a rule does not publish', () => {
    const text = BASE.replace('from: schools', 'from: schools\n      where: =number = 103')
    const mapping = checked(
      text,
      'entities:\n  users:\n    student:\n      from: students\n      id: ="stu" & id\n      with: { school: { in: orgs.school, key: =school_id } }\n',
    )
    const rows = { students: [{ id: 1, school_id: 4 }], schools: SCHOOLS }
    expect(runMapping(mapping, { rows }).report.rules['users.student']?.leftOut).toEqual({ 'ref-out-of-scope': 1 })
  })

  it('outweighs a condition that asks it', () => {
    const mapping = users(
      '      with: { school: { in: schools, key: =school_id } }\n      where: =school.number = 103\n',
    )
    const result = runMapping(mapping, { rows: { students, schools: SCHOOLS } })
    expect(result.report.rules['users.student']).toMatchObject({ outOfScope: 0, leftOut: { 'lookup-missing': 2 } })
  })
})

describe('a lookup by columns', () => {
  const rows = {
    students: [{ id: 1, school_id: 3, name: { first: 'Ada' }, tags: ['Elm', 'Oak', 'Elm'] }],
    schools: [
      { id: 3, name: 'Oak', number: 30 },
      { id: 4, name: 'Elm', number: 40 },
      { id: 5, name: 'Elm', number: 20 },
    ],
  }
  const first = (lookup: string, field: string) =>
    fieldsOf(
      runMapping(users(`      with:\n        found: ${lookup}\n      fields: { grades: "${field}" }\n`), { rows }),
      'stu1',
    )?.grades

  it.each([
    ['any member of a list, each row once', '{ all: schools, match: { name: =tags } }', ['3', '4', '5']],
    ['a constant', '{ all: schools, match: { name: Elm } }', ['4', '5']],
    ['two columns', '{ all: schools, match: { name: Elm, number: 20 } }', ['5']],
    ['a condition on the candidate', '{ all: schools, match: {}, where: =it.number > 20 }', ['3', '4']],
    ['an order', '{ all: schools, match: {}, order: =it.number }', ['5', '3', '4']],
    ['the first in order', '{ all: schools, match: {}, order: =it.number, take: first }', ['5']],
    ['the last in order', '{ all: schools, match: {}, order: =it.number, take: last }', ['4']],
    ['equal ranks by ordinal', '{ all: schools, match: {}, order: =it.name }', ['4', '5', '3']],
    ['a blank value, which finds nothing', '{ all: schools, match: { name: =name.last } }', undefined],
  ])('finds by %s', (_, lookup, expected) => {
    expect(first(lookup, '=text(found.id)')).toEqual(expected)
  })

  it('takes one row of several by order', () => {
    expect(first('{ in: schools, match: { name: Elm }, order: =it.number }', '=[text(found.id)]')).toEqual(['5'])
  })

  it('narrows the list of a formula, whose members are single values or groups', () => {
    const lines = `      with:
        some: { all: =races, where: =it.share > 0.2, order: =it.code, take: first }
        words: { all: =tags, where: =it != "b" }
      fields: { grades: "=[some.code, words]" }
`
    const races = [
      { code: 'z', share: 0.5 },
      { code: 'y', share: '0.4' },
      { code: 'a', share: 0.1 },
    ]
    const result = runMapping(users(lines), { rows: { students: [{ id: 1, races, tags: ['a', 'b'] }] } })
    expect(fieldsOf(result, 'stu1')).toEqual({ grades: ['y', 'a'] })
  })
})

describe('lists that are the same for all rows', () => {
  it('are read once a run', () => {
    const mapping = users(
      '      with: { schools: { all: orgs.school, match: {} } }\n      where: =school_id in schools.id\n',
    )
    const students = Array.from({ length: 50 }, (_, index) => ({ id: index + 1, school_id: 3 + (index % 3) }))
    const result = runMapping(mapping, { rows: { students, schools: SCHOOLS } })
    expect(result.report.rules['users.student']).toMatchObject({ published: 34, outOfScope: 16 })
  })
})

describe('rows that share a value (one_per)', () => {
  const mapping = users(
    `      one_per: =school_id
      order: =mark
      where: =count(rows) > 1 or id = 4
      fields:
        username: =name.first
        grades: =rows.races.code
`,
    '="sch" & school_id & "u"',
  )
  const students = [
    { id: 1, school_id: 3, mark: 2, name: { first: 'Second' }, races: [{ code: 'b' }, { code: 'c' }] },
    { id: 2, school_id: 3, mark: 1, name: { first: 'First' }, races: { code: 'a' } },
    { id: 3, school_id: 4, mark: 1, name: { first: 'Alone' } },
    { id: 4, mark: 1 },
    { id: 5, mark: 1 },
  ]
  const result = runMapping(mapping, { rows: { students } })

  it('become one record, told by the first in order', () => {
    expect(result.records).toEqual([
      {
        collection: 'users',
        rule: 'users.student',
        sourcedId: 'sch3u',
        fields: { username: 'First', grades: ['a', 'b', 'c'] },
      },
    ])
  })

  it('are left out and reported when the value is blank, unless they are out of scope anyway', () => {
    expect(result.report.diagnostics).toEqual([
      { code: 'required-blank', rule: 'users.student', field: 'one_per', count: 1, keys: [4] },
    ])
    expect(result.report.rules['users.student']).toMatchObject({ read: 5, published: 1, outOfScope: 2 })
  })

  it('are found by the key of any of them', () => {
    const grouped = checked(
      BASE,
      `entities:
  users:
    family:
      from: students
      one_per: =school_id
      order: =mark
      id: ="fam" & school_id
    student:
      from: students
      id: ="stu" & id
      with: { family: { in: users.family, key: =id } }
      fields:
        username: =text(family.id)
        agents: [{ ref: users.family, key: =id }]
`,
    )
    const found = fieldsOf(runMapping(grouped, { rows: { students } }), 'stu1')
    expect(found).toEqual({ username: '2', agents: [{ collection: 'users', sourcedId: 'fam3' }] })
  })
})

describe('references', () => {
  const family = checked(
    BASE.replace(
      '        name: =name\n',
      '        name: =name\n        children: { refs: orgs.school, match: {}, where: =it.number > number, order: =it.name }\n',
    ),
    `entities:
  users:
    student:
      from: students
      id: ="stu" & id
      where: =active
      fields:
        org: { ref: orgs.school, match: { number: =school_id } }
        agents: { refs: users.parent, match: { id: =id } }
    parent:
      from: students
      id: ="par" & id
      fields:
        agents: [{ ref: users.student, key: =id }]
        org: { ref: orgs.school, key: =school_id }
`,
  )

  it('may be mutual, and never lead to what is not published', () => {
    const students = [
      { id: 1, active: true },
      { id: 2, active: false },
    ]
    const result = runMapping(family, { rows: { students } })
    expect(idsOf(result)).toEqual(['stu1', 'par1', 'par2'])
    expect(fieldsOf(result, 'stu1')).toEqual({ agents: [{ collection: 'users', sourcedId: 'par1' }] })
    expect(fieldsOf(result, 'par1')).toEqual({ agents: [{ collection: 'users', sourcedId: 'stu1' }] })
    expect(fieldsOf(result, 'par2')).toEqual({})
  })

  it('find their row by key, by columns, and in order with ties by sourcedId', () => {
    const schools = [
      { id: 3, name: 'Oak', number: 1 },
      { id: 20, name: 'Elm', number: 3 },
      { id: 10, name: 'Elm', number: 2 },
    ]
    const result = runMapping(family, { rows: { schools, students: [{ id: 1, active: true, school_id: 3 }] } })
    expect(fieldsOf(result, 'sch3')?.children).toEqual(
      ['sch10', 'sch20'].map((sourcedId) => ({ collection: 'orgs', sourcedId })),
    )
    expect(fieldsOf(result, 'stu1')?.org).toEqual({ collection: 'orgs', sourcedId: 'sch20' })
    expect(fieldsOf(result, 'par1')?.org).toEqual({ collection: 'orgs', sourcedId: 'sch3' })
  })

  it('are inverted in order, ties by sourcedId', () => {
    const tree = checked(
      BASE.replace(
        '        name: =name\n',
        '        name: =name\n        parent: { ref: orgs.school, key: =number }\n        children: { inverse: orgs.school.parent, order: =it.name }\n',
      ),
    )
    const schools = [
      { id: 1, name: 'Top' },
      { id: 4, name: 'Elm', number: 1 },
      { id: 3, name: 'Elm', number: 1 },
      { id: 2, name: 'Ash', number: 1 },
      { id: 5, name: 'Oak', number: 4 },
    ]
    const result = runMapping(tree, { rows: { schools } })
    const children = (id: string) => fieldsOf(result, id)?.children
    expect(children('sch1')).toEqual(['sch2', 'sch3', 'sch4'].map((sourcedId) => ({ collection: 'orgs', sourcedId })))
    expect(children('sch4')).toEqual([{ collection: 'orgs', sourcedId: 'sch5' }])
    expect(children('sch2')).toBeUndefined()
  })
})

describe('closure', () => {
  const mapping = checked(
    BASE.replace('from: schools', 'from: schools\n      where: =number = 103'),
    `entities:
  classes:
    room:
      from: students
      id: ="cls" & id
      fields: { school: { ref: orgs.school, key: =school_id } }
  enrollments:
    seat:
      from: students
      id: ="seat" & id
      fields:
        class: { ref: classes.room, key: =id }
        user: { ref: users.student, key: =id }
  users:
    student: { from: students, id: ="stu" & id }
`,
  )
  const students = [{ id: 1, school_id: 3 }, { id: 2, school_id: 4 }, { id: 3 }, { id: 4, school_id: 99 }]
  const result = runMapping(mapping, { rows: { students, schools: SCHOOLS } })

  it('leaves out records whose required reference is left out, over several steps', () => {
    // In the order of the target's collections: what others link to comes first.
    expect(idsOf(result)).toEqual(['sch3', 'stu1', 'stu2', 'stu3', 'stu4', 'cls1', 'seat1'])
  })

  it('says why', () => {
    expect(result.report.rules['classes.room']?.leftOut).toEqual({
      'ref-out-of-scope': 1,
      'required-blank': 1,
      'lookup-missing': 1,
    })
    expect(result.report.rules['enrollments.seat']?.leftOut).toEqual({ 'ref-out-of-scope': 3 })
  })

  it('never publishes a reference to what is not there, whatever the rows', () => {
    const published = new Set(result.records.map(({ collection, sourcedId }) => `${collection}/${sourcedId}`))
    for (const { fields } of result.records) {
      for (const value of Object.values(fields)) {
        if (typeof value !== 'object' || !('sourcedId' in value)) continue
        expect(published).toContain(`${String(value.collection)}/${String(value.sourcedId)}`)
      }
    }
  })
})

describe('a blank required field', () => {
  it('holds the row back, and with it what refers to it', () => {
    const mapping = checked(
      BASE,
      `entities:
  users:
    student:
      from: students
      id: ="stu" & id
      fields: { org: { ref: orgs.school, key: =school_id } }
`,
    )
    const rows = { students: [{ id: 1, school_id: 3 }], schools: [{ id: 3, name: '  ' }] }
    const result = runMapping(mapping, { rows })
    expect(result.records).toEqual([{ collection: 'users', rule: 'users.student', sourcedId: 'stu1', fields: {} }])
    expect(result.report.diagnostics).toEqual([
      { code: 'required-blank', rule: 'orgs.school', field: 'name', count: 1, keys: [3] },
    ])
  })

  it('may be the id', () => {
    const result = runMapping(users('', '="stu" & name.last'), { rows: { students: [{ id: 1 }] } })
    expect(result.report.diagnostics).toEqual([
      { code: 'required-blank', rule: 'users.student', field: 'id', count: 1, keys: [1] },
    ])
  })
})

describe('a repeated id', () => {
  it('leaves out the later row, across the rules of a collection', () => {
    const mapping = checked(
      BASE,
      `entities:
  users:
    student: { from: students, id: ="u" & school_id }
    other: { from: schools, id: ="u" & id }
  classes: {}
`,
    )
    const students = [
      { id: 1, school_id: 3 },
      { id: 2, school_id: 3 },
    ]
    const result = runMapping(mapping, { rows: { students, schools: SCHOOLS } })
    expect(idsOf(result)).toEqual(['sch3', 'sch4', 'u3', 'u4'])
    expect(result.report.diagnostics).toEqual([
      { code: 'id-repeated', rule: 'users.student', field: 'id', count: 1, keys: [2] },
      { code: 'id-repeated', rule: 'users.other', field: 'id', count: 1, keys: [3] },
    ])
  })
})

describe('values', () => {
  const value = (lines: string, row: object) =>
    fieldsOf(runMapping(users(lines), { rows: { students: [{ id: 1, ...row }] } }), 'stu1')

  it('leave out blanks, empty lists, and groups that lack a required member', () => {
    const lines = `      fields:
        username: =name.first
        grades: [=name.first, b, =name.last]
        userIds:
          - { type: a, identifier: =name.first }
          - { type: b, identifier: =name.last }
          - { identifier: =name.last }
`
    expect(value(lines, { name: { last: 'Li' } })).toEqual({
      grades: ['b', 'Li'],
      userIds: [{ type: 'b', identifier: 'Li' }, { identifier: 'Li' }],
    })
  })

  it('keep constants as the field has them', () => {
    const lines =
      '      fields: { username: 0123, enabledUser: false, score: 2.5, born: 2015-02-03, grades: [01, "x"] }\n'
    expect(value(lines, {})).toEqual({
      username: '0123',
      enabledUser: false,
      score: 2.5,
      born: '2015-02-03',
      grades: ['01', 'x'],
    })
  })

  it('choose the first case that holds', () => {
    const lines = `      fields:
        username:
          choose:
            - { when: =mark > 5, then: high }
            - { when: =mark > 1, then: =name.first }
            - { else: low }
`
    expect([9, 2, 0].map((mark) => value(lines, { mark, name: { first: 'mid' } })?.username)).toEqual([
      'high',
      'mid',
      'low',
    ])
  })

  it('go over each member that is wanted', () => {
    const lines = `      fields:
        userIds: { each: =races, as: race, where: =race.share > 0, value: { type: race, identifier: =race.code } }
`
    const races = [{ code: 'a', share: 1 }, { code: 'b' }, { share: 1 }]
    expect(value(lines, { races })).toEqual({ userIds: [{ type: 'race', identifier: 'a' }] })
  })

  it('stand under free names in metadata', () => {
    const mapping = users('      metadata: { a.b: =mark, c: =tags, d: =name.first, e: 5, f: "5" }\n')
    const { records } = runMapping(mapping, { rows: { students: [{ id: 1, mark: 2, tags: ['x'] }] } })
    expect(records[0]?.metadata).toEqual({ 'a.b': 2, c: ['x'], e: 5, f: '5' })
  })

  it('take codes by their text, and what `otherwise` says', () => {
    const lines = (otherwise: string) =>
      checked(
        BASE,
        `tables:
  kind: { 01: one, 1: ein, -2: minus${otherwise} }
entities:
  users:
    student:
      from: students
      id: ="stu" & id
      fields: { grades: "=[code(\\"kind\\", tags)]" }
`,
      )
    const run = (otherwise: string) =>
      runMapping(lines(otherwise), { rows: { students: [{ id: 1, tags: ['01', 1, -2, 'x'] }] } })
    expect(fieldsOf(run(', otherwise: blank'), 'stu1')).toEqual({ grades: ['one', 'ein', 'minus'] })
    expect(fieldsOf(run(', otherwise: same'), 'stu1')).toEqual({ grades: ['one', 'ein', 'minus', 'x'] })
    expect(fieldsOf(run(', otherwise: rest'), 'stu1')).toEqual({ grades: ['one', 'ein', 'minus', 'rest'] })
    const strict = run('')
    expect(fieldsOf(strict, 'stu1')).toEqual({ grades: ['one', 'ein', 'minus'] })
    expect(strict.report.diagnostics).toEqual([
      { code: 'code-unknown', rule: 'users.student', field: 'grades', count: 1, keys: [1] },
    ])
  })

  it('name a row once, however many of its codes are unknown', () => {
    const mapping = users('      fields:\n        grades: =code("role", tags)\n')
    const students = [
      { id: 1, tags: ['S', 'x', 'y'] },
      { id: 2, tags: ['z'] },
    ]
    expect(runMapping(mapping, { rows: { students } }).report.diagnostics).toEqual([
      { code: 'code-unknown', rule: 'users.student', field: 'grades', count: 3, keys: [1, 2] },
    ])
  })

  it('that are unusable are left out and reported once', () => {
    const mapping = users('      fields: { username: =email(name.first) }\n')
    const students = [{ id: 1, name: { first: 'ada@example.org' } }, { id: 2, name: { first: 'none' } }, { id: 3 }]
    const result = runMapping(mapping, { rows: { students } })
    expect(result.records.map(({ fields }) => fields)).toEqual([{ username: 'ada@example.org' }, {}, {}])
    expect(result.report.diagnostics).toEqual([
      { code: 'value-unusable', rule: 'users.student', field: 'username', count: 1, keys: [2] },
    ])
  })
})

describe('settings', () => {
  it('have defaults that the run may replace', () => {
    const mapping = users('      fields: { username: =name.first & "@" & settings.domain }\n')
    const students = [{ id: 1, name: { first: 'ada' } }]
    expect(fieldsOf(runMapping(mapping, { rows: { students } }), 'stu1')).toEqual({ username: 'ada@example.org' })
    const settings = { domain: 'oak.example.org' }
    expect(fieldsOf(runMapping(mapping, { rows: { students }, settings }), 'stu1')).toEqual({
      username: 'ada@oak.example.org',
    })
  })
})

describe('the batches of a run', () => {
  it('hold at most 200 source rows each', () => {
    const students = Array.from({ length: 450 }, (_, index) => ({ id: index + 1 }))
    const run = startMapping(users(''), { rows: { students } })
    expect([...run.records()].map((batch) => batch.length)).toEqual([200, 200, 50])
  })
})

describe('a required list that looks back', () => {
  const mapping = checked(
    BASE,
    `entities:
  groups:
    team:
      from: students
      id: ="team" & id
      with: { seats: { all: seats.seat, match: { id: =id } } }
      fields:
        orgs:
          each: =distinct([school_id, seats.other_id])
          as: school
          value: { ref: orgs.school, key: =school }
  seats:
    seat:
      from: students
      id: ="seat" & id
      fields: { group: { ref: groups.team, key: =id } }
`,
  )
  it('is decided without the records that need this one, and told with them', () => {
    const students = [
      { id: 1, school_id: 3, other_id: 4 },
      { id: 2, other_id: 4 },
    ]
    const result = runMapping(mapping, { rows: { students, schools: SCHOOLS } })
    expect(fieldsOf(result, 'team1')?.orgs).toEqual(
      ['sch3', 'sch4'].map((sourcedId) => ({ collection: 'orgs', sourcedId })),
    )
    expect(idsOf(result, 'groups')).toEqual(['team1'])
    expect(idsOf(result, 'seats')).toEqual(['seat1'])
  })

  it('may look back to one row', () => {
    const one = checked(
      BASE,
      `entities:
  groups:
    team:
      from: students
      id: ="team" & id
      with: { seat: { in: seats.seat, key: =id, missing: blank } }
      fields:
        orgs: { each: "=[school_id, seat.other_id]", as: school, value: { ref: orgs.school, key: =school } }
  seats:
    seat:
      from: students
      id: ="seat" & id
      fields: { group: { ref: groups.team, key: =id } }
`,
    )
    const result = runMapping(one, { rows: { students: [{ id: 1, school_id: 3, other_id: 4 }], schools: SCHOOLS } })
    expect(fieldsOf(result, 'team1')?.orgs).toHaveLength(2)
  })
})
