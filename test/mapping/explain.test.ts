// Why a field has its value, and why a record is not there.
import { describe, expect, it } from 'vitest'
import { explainRecord } from '../../src/mapping/explain/explain.ts'
import { redactRecord } from '../../src/mapping/explain/explain-redact.ts'
import { explain, inputOf, told } from './explain-support.ts'
import { fieldsLayer, layered, ruleLayer } from './overlay-support.ts'
import { BASE, checked } from './support.ts'

const SCHOOLS = [
  { id: 3, name: 'Oak', number: 103 },
  { id: 4, number: 104 },
]
const ADA = { id: 7, school_id: 3, active: true, mark: 2, name: { first: 'Ada', last: 'Li' }, tags: ['T', 'U'] }
const DISTRICT = { rows: { schools: SCHOOLS, students: [ADA, { ...ADA, id: 8, active: false }] } }

const rule = (lines: string) => `entities:\n  users:\n    kid:\n      from: students\n      id: ="kid" & id\n${lines}`
const kid = (lines: string) => checked(BASE, rule(lines))

describe('a field is explained', () => {
  it('by its formula, what it replaces on each layer, and the values that it reads', () => {
    const mapping = layered(
      fieldsLayer('username: =first(tags, inherited)'),
      fieldsLayer('username: =upper(first(name.last, inherited))'),
    )
    const row = { ...ADA, name: { first: 'Ada' }, tags: [] }
    const district = { rows: { schools: SCHOOLS, students: [row] }, field: 'username' }
    expect(told(mapping, 'users/stu7', district)).toEqual([
      'users/stu7 username = "ADA"',
      '  2.yaml:6  =upper(first(name.last, inherited))',
      '    1.yaml:6  =first(tags, inherited)',
      '      students.yaml:9  =lower(name.first)',
      '    name.last = blank   (students 7)',
      '    tags = blank   (students 7)',
      '    name.first = "Ada"   (students 7)',
    ])
  })

  it('by what was chosen, and not by what was not asked', () => {
    const field = (formula: string) =>
      told(kid(`      fields: { username: '=${formula}' }\n`), 'users/kid7', { ...DISTRICT, field: 'username' }).slice(
        2,
      )
    expect(field('first(name.first, name.last)')).toEqual(['    name.first = "Ada"   (students 7)'])
    expect(field('if(mark > 1, name.first, name.last)')).toEqual([
      '    mark = 2   (students 7)',
      '    name.first = "Ada"   (students 7)',
    ])
    expect(field('switch(name.last, "Ng", name.first, "Li", text(mark), text(id))')).toEqual([
      '    name.last = "Li"   (students 7)',
      '    mark = 2   (students 7)',
    ])
  })

  it('by code tables, settings and the day', () => {
    const formula = 'join(" ", code("role", first(tags)), settings.domain, year(today()))'
    const mapping = kid(`      fields: { username: '=${formula}' }\n`)
    expect(told(mapping, 'users/kid7', { ...DISTRICT, field: 'username' })).toEqual([
      'users/kid7 username = "teacher example.org 2026"',
      `  b.yaml:6  =${formula}`,
      '    tags = ["T", "U"]   (students 7)',
      '    code("role", "T") = "teacher"   a.yaml:23',
      '    settings.domain = "example.org"',
      '    today() = "2026-10-01"',
    ])
  })

  it('by the lookups on the way, with the rows that they found', () => {
    const mapping = kid(`      with:
        school: { in: schools, key: =school_id }
        mates: { all: students, match: { school_id: =school_id }, where: =it.active }
      fields: { username: =school.name, grades: =mates.name.first }\n`)
    expect(told(mapping, 'users/kid7', { ...DISTRICT, field: 'username' }).slice(2)).toEqual([
      '    school → 1 row   (schools 3)   b.yaml:7  { in: schools, key: =school_id }',
      '    school.name = "Oak"   (schools 3)',
    ])
    expect(told(mapping, 'users/kid7', { ...DISTRICT, field: 'grades' }).slice(2)).toEqual([
      '    mates → 1 row   (students 7), chosen of 2   b.yaml:8  { all: students, match: { school_id: =school_id }, where: =it.active }',
      '    mates.name.first = ["Ada"]   (students 7)',
    ])
  })

  it('by references, and why one of them leads nowhere', () => {
    const mapping = kid(
      '      fields: { orgs: { each: "=[school_id, other_id, 9]", as: s, value: { ref: orgs.school, key: =s } } }\n',
    )
    const district = { rows: { schools: SCHOOLS, students: [{ ...ADA, other_id: 4 }] }, field: 'orgs' }
    expect(told(mapping, 'users/kid7', district)).toEqual([
      'users/kid7 orgs = [orgs/sch3]',
      '  b.yaml:6  { each: =[school_id, other_id, 9], as: s, value: { ref: orgs.school, key: =s } }',
      '    school_id = 3   (students 7)',
      '    other_id = 4   (students 7)',
      '    s 3 → orgs/sch3',
      '    s 4 → blank',
      '      orgs.school → nothing that is published',
      '        orgs.school: schools 4 is left out: the required name is blank.',
      '          a.yaml:30  =name',
      '            name = blank   (schools 4)',
      '    s 9 → blank',
      '      orgs.school → nothing that is published',
    ])
  })

  it('by the case of a `choose` that holds', () => {
    const mapping = kid(
      '      fields: { org: { choose: [{ when: =mark > 5, then: { ref: orgs.school, key: =other_id } }, { else: { ref: orgs.school, key: =school_id } }] } }\n',
    )
    expect(told(mapping, 'users/kid7', { ...DISTRICT, field: 'org' }).slice(2)).toEqual([
      '    mark = 2   (students 7)',
      '    school_id = 3   (students 7)',
      '    orgs.school → sch3',
    ])
  })

  it('all in short, with the conditions of its scope', () => {
    expect(told(layered(), 'users/stu7', DISTRICT)).toEqual([
      'users/stu7 is made by users.student of students 7.',
      '',
      'It is in scope, for this holds:',
      '  students.yaml:5  =active',
      '    active = true   (students 7)',
      '',
      '  username      = "ada"   students.yaml:9',
      '  role          = "student"   students.yaml:10',
      '  grades        = ["Li", "x"]   students.yaml:11',
      '  userIds       = [{ type: "Local", identifier: "7" }]   students.yaml:13',
      '  org           = orgs/sch3   students.yaml:14',
      '  orgs          = [orgs/sch3]   students.yaml:16',
      '  metadata.kind = { group: "a", note: "Li" }   students.yaml:20',
    ])
  })

  it('that is kept from its first publication says so', () => {
    const published = { recordOf: () => ({ username: 'old' }), idOf: () => undefined }
    const mapping = kid('      create_only: [username]\n      fields: { username: =name.first }\n')
    const asked = { ...DISTRICT, published, field: 'username' }
    expect(told(mapping, 'users/kid7', asked).slice(0, 3)).toEqual([
      'users/kid7 username = "old"',
      '  kept as first published (create_only, b.yaml:6); its formula gives "Ada" now',
      '  b.yaml:7  =name.first',
    ])
    const masked = redactRecord(explain(mapping, 'users/kid7', asked)).record?.fields[0]
    expect(masked).toMatchObject({ value: 'xxx', kept: { now: 'xxx' } })
  })

  it('with its values masked, but not with what tells nothing of a person', () => {
    const mapping = kid(
      '      with: { names: { all: "=[name.first]" } }\n      fields: { username: =first(names), role: student, org: { ref: orgs.school, key: =school_id } }\n',
    )
    const explained = redactRecord(explain(mapping, 'users/kid7', DISTRICT))
    expect(explained.record?.fields.map(({ value }) => value)).toEqual([
      'xxx',
      'student',
      { collection: 'orgs', sourcedId: 'sch3' },
    ])
    expect(JSON.stringify(explained)).not.toContain('Ada')
  })

  it('with the values of every layer below masked, and in every script', () => {
    const layer = (text: string) =>
      `extends: default\nentities: { orgs: { school: { fields: { name: '${text}' } } } }\n`
    const mapping = layered('extends: default\n', layer('=lower(inherited)'), layer('=upper(inherited)'))
    const schools = [{ id: 3, name: 'हिन्दी Zoé 7' }]
    const explained = redactRecord(explain(mapping, 'orgs/sch3', { rows: { schools } }))
    const [name] = explained.record?.fields ?? []
    expect(name?.inherited?.[0]?.inherited).toMatchObject([{ text: '=name', value: 'xxxxxx xxx 9' }])
    expect(JSON.stringify(explained)).not.toMatch(/[ऀ-ॿ]|Zo/)
  })
})

describe('the row of a record whose id is put together of several values', () => {
  const PUPILS = `${BASE}  users:
    pupil: { from: pupils, id: ="k" & code & "t" & name, fields: { username: =name } }
`.replace(
    'sources:\n',
    'sources:\n  pupils: { key: code, fields: { code: text, name: text }, rest: { get: /ws/p, rows: p } }\n',
  )
  const pupils = [
    { code: 'x', name: 'y' },
    { code: '7', name: '8t9' },
    { code: '7t8', name: '9' },
  ]

  it('is found without a look at the others', () => {
    const mapping = checked(PUPILS)
    const { rows, ...input } = inputOf(mapping, { rows: { pupils } })
    const batch = () => {
      throw new Error('every row is looked at')
    }
    for (const sourcedId of ['kxty', 'k7t8t9']) {
      const asked = { collection: 'users', sourcedId }
      const [slow, fast] = [rows, { ...rows, batch }].map((from) =>
        explainRecord(mapping, { ...input, rows: from }, asked),
      )
      expect(fast).toEqual(slow)
      expect(fast?.isMapped).toBe(true)
    }
  })

  it('is none where none gives the id', () => {
    for (const id of ['k7tz', 'kxt']) {
      expect(explain(checked(PUPILS), `users/${id}`, { rows: { pupils } })).toMatchObject({ isMapped: false, rows: [] })
    }
  })

  it('is each of those that give the id', () => {
    const { rows } = explain(checked(PUPILS), 'users/k7t8t9', { rows: { pupils } })
    expect(rows).toMatchObject([
      { row: { key: '7' }, isPublished: true },
      { row: { key: '7t8' }, isPublished: false, reason: { kind: 'repeated', row: { key: '7' } } },
    ])
  })
})

/** Instead of the REST reader of the students. */
const QUERY = `    powerquery:
      core: students
      sql: select s.dcid id from students s order by s.dcid
      columns: { id: STUDENTS.DCID }
`

describe('a record that is not there', () => {
  const head = (id: string) =>
    `users/${id} is not published: the mapping makes no such record of the rows of the last crawl.`

  it('is out of scope: the condition that does not hold, with what it reads', () => {
    expect(told(layered(), 'users/stu8', DISTRICT)).toEqual([
      head('stu8'),
      '  users.student: students 8 is left out: this condition does not hold.',
      '    students.yaml:5  =active',
      '      active = false   (students 8)',
    ])
  })

  it('is out of scope by a part of a condition, which is named', () => {
    const mapping = kid('      where: =mark > 1 and active and (mark > 5 or not active) and id > 7\n')
    expect(told(mapping, 'users/kid7', DISTRICT)[1]).toBe(
      '  users.kid: students 7 is left out: of this condition mark > 5 or not active, and 1 more of it, does not hold.',
    )
    expect(explain(mapping, 'users/kid8', DISTRICT).rows[0]).toMatchObject({ reason: { failing: ['active'] } })
  })

  it('asks a lookup that finds nothing, or what is not published, and then why that is not', () => {
    const rows = {
      schools: SCHOOLS,
      students: [
        { ...ADA, school_id: 9 },
        { ...ADA, id: 8, school_id: 4 },
      ],
    }
    expect(told(layered(), 'users/stu7', { rows }).slice(1)).toEqual([
      '  users.student: students 7 is left out: the lookup school found nothing.',
      '    school → nothing   students.yaml:6  { in: orgs.school, key: =school_id }',
      '      school_id = 9   (students 7)',
    ])
    expect(told(layered(), 'users/stu8', { rows }).slice(1)).toEqual([
      '  users.student: students 8 is left out: the lookup school found what is not published.',
      '    school → a row that is not published   students.yaml:6  { in: orgs.school, key: =school_id }',
      '      school_id = 4   (students 8)',
      '      orgs.school: schools 4 is left out: the required name is blank.',
      '        base.yaml:30  =name',
      '          name = blank   (schools 4)',
    ])
  })

  it('counts a list that is empty: the members that were turned away, and why', () => {
    const mapping = kid('      with: { big: { all: =races, where: =it.share > 1 } }\n      where: =count(big) > 0\n')
    const rows = { students: [{ ...ADA, races: [{ code: 'W', share: 1 }] }] }
    expect(told(mapping, 'users/kid7', { rows }).slice(1)).toEqual([
      '  users.kid: students 7 is left out: this condition does not hold.',
      '    b.yaml:7  =count(big) > 0',
      '      big → nothing, chosen of 1   b.yaml:6  { all: =races, where: =it.share > 1 }',
      '        races = [{ code: "W", share: 1 }]   (students 7)',
      '        a member of the list is not taken, for this does not hold:',
      '          b.yaml:6  =it.share > 1',
      '            it.share = 1',
    ])
  })

  it('has an id that is blank: the row is found by the form of the id', () => {
    const mapping = checked(
      BASE,
      'entities:\n  users:\n    kid:\n      from: students\n      with: { school: { in: schools, key: =school_id, missing: blank } }\n      id: ="kid" & id & "at" & school.number\n',
    )
    const rows = { schools: SCHOOLS, students: [{ ...ADA, school_id: 9 }] }
    expect(told(mapping, 'users/kid7at103', { rows }).slice(1, 3)).toEqual([
      '  users.kid: students 7 is left out: id is blank.',
      '    b.yaml:6  ="kid" & id & "at" & school.number',
    ])
    expect(told(mapping, 'users/kid7at103', { rows: { ...rows, students: [ADA] } })[0]).toBe(
      'users/kid7at103 is made by users.kid of students 7.',
    )
  })

  it('has its id from another row already', () => {
    const mapping = checked(BASE, rule('').replace('"kid" & id', '"kid" & name.last'))
    const lines = told(mapping, 'users/kidLi', DISTRICT)
    expect([lines[0], lines.at(-1)]).toEqual([
      'users/kidLi is made by users.kid of students 7.',
      'users.kid: students 8 is left out: users.kid has made this record of students 7 already.',
    ])
    expect(explain(mapping, 'users.kid/8', DISTRICT)).toMatchObject({ isMapped: true, asked: 'users.kid/8' })
  })

  it('has its id from the row that was first published under it', () => {
    const mapping = kid('      create_only: [id]\n')
    const idOf = (_: string, key: string | number) => (key === 8 ? 'kid7' : undefined)
    const asked = { ...DISTRICT, published: { recordOf: () => undefined, idOf } }
    expect(explain(mapping, 'users/kid7', asked)).toMatchObject({
      record: { row: { key: 8 } },
      rows: [
        { row: { key: 7 }, isPublished: false, reason: { kind: 'repeated', row: { key: 8 } } },
        { row: { key: 8 }, isPublished: true },
      ],
    })
    expect(explain(mapping, 'users/kid8', asked)).toMatchObject({ isMapped: false, rules: [{ state: 'no-row' }] })
  })

  it('is no row that was read, and the reader says what was asked for', () => {
    const source = BASE.replace('get: /ws/students,', 'get: /ws/students, q: status==A,')
    expect(told(checked(source, rule('')), 'users/kid99', DISTRICT)).toEqual([
      head('kid99'),
      '  users.kid: none of the 2 rows of students that were read is it (a.yaml:21, which asks for status==A).',
    ])
    expect(told(kid(''), 'users/stu7', DISTRICT)[1]).toBe('  users.kid: its ids are ="kid" & id (b.yaml:5).')
    expect(told(kid(''), 'users.kid/99', DISTRICT)[0]).toMatch(/^users\.kid\/99 is not published/)
  })

  it('is of a source that was not read, or of a rule that a layer switches off or removes', () => {
    const crawl = { template: 'rest', unread: ['students'] } as const
    expect(told(kid(''), 'users/kid1', { rows: {}, crawl })[1]).toMatch(/students was not read by the last crawl/)
    const byQuery = BASE.replace('    rest: { get: /ws/students, rows: students }\n', QUERY)
    expect(told(checked(byQuery, rule('')), 'users/kid1', { rows: {} })[1]).toMatch(/read by PowerQuery alone/)
    const when = BASE.replace('  domain: example.org', '  domain: example.org\n  want: false').replace(
      '    rest: { get: /ws/students',
      '    when: settings.want\n    rest: { get: /ws/students',
    )
    expect(told(checked(when, rule('')), 'users/kid1', { rows: {} })[1]).toMatch(/the setting want is not true/)
    const off = layered(ruleLayer('enabled: false'))
    expect(told(off, 'users/stu7', DISTRICT)[1]).toBe('  users.student: the rule is switched off (1.yaml:5).')
    const gone = layered('extends: default\nentities: { users: { student: null } }\n')
    expect(told(gone, 'users/stu7', DISTRICT)[1]).toMatch(/the rule is taken away by a layer \(1\.yaml:2\)/)
  })

  it('waits for a row that waits for it', () => {
    const mapping = checked(
      BASE,
      `entities:
  groups:
    g:
      from: schools
      with: { seats: { all: seats.s, match: { school_id: =id } } }
      id: ="g" & id
      fields: { orgs: [{ ref: orgs.school, key: =id }] }
  seats:
    s:
      from: students
      id: ="s" & id
      fields: { group: { ref: groups.g, key: =school_id } }
`,
    )
    const rows = { schools: SCHOOLS, students: [{ ...ADA, school_id: 4 }] }
    const lines = told(mapping, 'seats/s7', { rows })
    expect(lines[1]).toBe('  seats.s: students 7 is left out: the required group is blank.')
    expect(lines.join('\n')).toContain('groups.g: schools 4 is left out: the required orgs is blank.')
    expect(lines.join('\n')).toContain('orgs.school: schools 4 is left out: the required name is blank.')
  })
})
