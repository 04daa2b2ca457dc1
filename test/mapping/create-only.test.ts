// Fields and ids that are written once: what was published stays, whatever the formulas give today.
import { describe, expect, it } from 'vitest'
import type { CheckedMapping } from '../../src/mapping/check/check.ts'
import { coerceRow } from '../../src/mapping/coerce.ts'
import type { MappedRecord, PublishedRecords } from '../../src/mapping/ports.ts'
import { compileMapping } from '../../src/mapping/run/compile.ts'
import { memoryRows } from '../../src/mapping/run/memory-rows.ts'
import { mappingVersion } from '../../src/mapping/version.ts'
import { layered, layerFaults, ruleLayer } from './overlay-support.ts'
import { BASE, checked, type District, fieldsOf, idsOf, type RunResult } from './support.ts'

interface Before {
  /** By `users/stu1`. */
  readonly records?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** By `users.student 1`. */
  readonly ids?: Readonly<Record<string, string>>
}

const publishedAs = ({ records = {}, ids = {} }: Before): PublishedRecords => ({
  recordOf: (collection, sourcedId) => records[`${collection}/${sourcedId}`],
  idOf: (name, key) => ids[`${name} ${key}`],
})

function run(mapping: CheckedMapping, rows: District['rows'], published?: PublishedRecords): RunResult {
  const compiled = compileMapping(mapping)
  const sources = compiled.sources.map(({ name, keySlot, shape }) => ({
    name,
    keySlot,
    rows: (rows[name] ?? []).map((raw) => coerceRow(shape, raw).row),
  }))
  const input = { rows: memoryRows(sources), settings: {}, today: '2026-10-01' }
  const started = compiled.startRun({ ...input, ...(published && { published }) })
  return { records: [...started.records()].flat(), report: started.report() }
}

/** The records of these rows in a district where that was published before. */
const runAfter = (mapping: CheckedMapping, rows: District['rows'], before: Before) =>
  run(mapping, rows, publishedAs(before))

/** One rule of users that reads students. */
const students = (createOnly: string, fields = '{ username: =lower(name.first) }', id = '="stu" & id') =>
  checked(
    BASE,
    `entities:
  users:
    student:
      from: students
      id: ${id}
      create_only: ${createOnly}
      fields: ${fields}
`,
  )

const ADA = { id: 1, name: { first: 'Ada', last: 'Li' }, born: '2011-02-03' }

describe('a field that is written once', () => {
  const mapping = students(
    '[username, born, role]',
    '{ username: =lower(name.first), born: =born, role: student, grades: =tags }',
  )
  const rows = { students: [{ ...ADA, tags: ['07'] }] }

  it('has the value of its formula in a record that is new', () => {
    const fresh = { username: 'ada', born: '2011-02-03', role: 'student', grades: ['07'] }
    expect(fieldsOf(run(mapping, rows), 'stu1')).toEqual(fresh)
    expect(fieldsOf(runAfter(mapping, rows, {}), 'stu1')).toEqual(fresh)
  })

  it('keeps what was published, a constant too, and leaves the other fields to their formulas', () => {
    const records = { 'users/stu1': { username: 'ada.li', born: '2010-12-31', role: 'aide', grades: ['06'] } }
    expect(fieldsOf(runAfter(mapping, rows, { records }), 'stu1')).toEqual({
      username: 'ada.li',
      born: '2010-12-31',
      role: 'aide',
      grades: ['07'],
    })
  })

  it.each([
    ['blank', { username: '' }],
    ['absent', { givenName: 'Ada' }],
    ['no text', { username: 7 }],
  ])('has the value of its formula where the published one is %s', (_, record) => {
    const result = runAfter(mapping, rows, { records: { 'users/stu1': record } })
    expect(fieldsOf(result, 'stu1')?.username).toBe('ada')
  })

  it('looks at the record of its own collection and id alone', () => {
    const records = { 'users/stu2': { username: 'bo' }, 'orgs/stu1': { username: 'oak' } }
    expect(fieldsOf(runAfter(mapping, rows, { records }), 'stu1')?.username).toBe('ada')
  })

  it('keeps each record to itself, row after row', () => {
    const many = { students: [ADA, { id: 2, name: { first: 'Bo' } }, { id: 3, name: { first: 'Cy' } }] }
    const records = { 'users/stu1': { username: 'a1' }, 'users/stu3': { username: 'c3' } }
    const result = runAfter(mapping, many, { records })
    expect(result.records.map(({ fields }) => fields.username)).toEqual(['a1', 'bo', 'c3'])
  })

  it('is asked for once a record, however many fields are kept', () => {
    const asked: string[] = []
    const published: PublishedRecords = {
      recordOf: (_, sourcedId) => {
        asked.push(sourcedId)
        return undefined
      },
      idOf: () => undefined,
    }
    run(mapping, { students: [ADA, { id: 2 }] }, published)
    expect(asked).toEqual(['stu1', 'stu2'])
  })
})

describe('a required field that is written once', () => {
  const mapping = checked(
    BASE.replace('name: =name', 'name: =name\n      create_only: name'),
    'entities:\n  classes:\n    one:\n      from: students\n      id: ="c" & id\n      fields: { school: { ref: orgs.school, key: =school_id } }\n',
  )
  const rows = { schools: [{ id: 3 }], students: [{ id: 1, school_id: 3 }] }

  it('does not hold the row back when what was published fills it, nor what refers to it', () => {
    const records = { 'orgs/sch3': { name: 'Oak' } }
    const result = runAfter(mapping, rows, { records })
    expect(fieldsOf(result, 'sch3')).toEqual({ name: 'Oak' })
    expect(fieldsOf(result, 'c1')).toEqual({ school: { collection: 'orgs', sourcedId: 'sch3' } })
    expect(result.report.diagnostics).toEqual([])
  })

  it('holds it back when it was blank before, too', () => {
    const result = runAfter(mapping, rows, { records: { 'orgs/sch3': {} } })
    expect(result.records).toEqual([])
    expect(result.report.rules['orgs.school']?.leftOut).toEqual({ 'required-blank': 1 })
  })
})

describe('an id that is written once', () => {
  const text = `entities:
  orgs:
    school:
      from: schools
      id: ="sch" & number
      create_only: [id]
      fields:
        name: =name
        children: { inverse: orgs.annex.parent, order: =it.id }
    annex:
      from: students
      where: =active
      id: ="annex" & id
      fields: { name: =name.first, parent: { ref: orgs.school, key: =school_id } }
  users:
    student:
      from: students
      id: =lower(name.first)
      create_only: [id, username]
      with: { school: { in: orgs.school, key: =school_id } }
      fields:
        username: =lower(name.last)
        org: { ref: orgs.school, key: =school_id }
        orgs: { refs: orgs.school, match: { number: =other_id } }
  classes:
    room:
      from: schools
      id: ="room" & id
      fields: { school: { ref: orgs.school, key: =id } }
  groups:
    all:
      from: students
      one_per: =school_id
      create_only: id
      id: ="g" & school_id
      fields: { orgs: [{ ref: orgs.school, key: =school_id }] }
  seats:
    seat:
      from: students
      id: ="seat" & id
      fields: { group: { ref: groups.all, key: =id } }
`
  const mapping = checked(BASE.slice(0, BASE.indexOf('entities:')) + text)
  const rows = {
    schools: [{ id: 3, name: 'Oak', number: 103 }],
    students: [{ ...ADA, school_id: 3, other_id: 103, active: true }],
  }

  it('is that of the row, and all links lead to it', () => {
    const before = {
      ids: { 'orgs.school 3': 'oak-old', 'users.student 1': 'ada-old', 'groups.all 3': 'g-old' },
      records: { 'users/ada-old': { username: 'first' } },
    }
    const result = runAfter(mapping, rows, before)
    const oak = { collection: 'orgs', sourcedId: 'oak-old' }
    expect(fieldsOf(result, 'oak-old')).toEqual({
      name: 'Oak',
      children: [{ collection: 'orgs', sourcedId: 'annex1' }],
    })
    expect(fieldsOf(result, 'annex1')?.parent).toEqual(oak)
    expect(fieldsOf(result, 'ada-old')).toEqual({ username: 'first', org: oak, orgs: [oak] })
    expect(fieldsOf(result, 'room3')).toEqual({ school: oak })
    expect(fieldsOf(result, 'g-old')).toEqual({ orgs: [oak] })
    expect(fieldsOf(result, 'seat1')).toEqual({ group: { collection: 'groups', sourcedId: 'g-old' } })
  })

  it('is told with what the row is known by, so that it can be kept', () => {
    const known = (result: RunResult) =>
      result.records.map(({ rule: name, sourcedId, rowKey }: MappedRecord) => [name, sourcedId, rowKey])
    expect(known(run(mapping, rows))).toEqual([
      ['orgs.school', 'sch103', 3],
      ['orgs.annex', 'annex1', undefined],
      ['users.student', 'ada', 1],
      ['classes.room', 'room3', undefined],
      ['groups.all', 'g3', 3],
      ['seats.seat', 'seat1', undefined],
    ])
    const ids = { 'users.student 1': 'old' }
    expect(known(runAfter(mapping, rows, { ids })).at(2)).toEqual(['users.student', 'old', 1])
  })

  it('tells a number from a text', () => {
    const byText = checked(
      BASE.replace('key: id\n    fields:\n      id: integer', 'key: id\n    fields:\n      id: text'),
      'entities:\n  users:\n    student:\n      from: students\n      id: ="s" & id\n      create_only: id\n',
    )
    const asked: unknown[] = []
    const published: PublishedRecords = {
      recordOf: () => undefined,
      idOf: (_, key) => {
        asked.push(key)
        return undefined
      },
    }
    run(byText, { students: [{ id: '7' }] }, published)
    run(students('id'), { students: [{ id: '7' }] }, published)
    expect([...new Set(asked)]).toEqual(['7', 7])
  })

  it('makes a row publishable whose formula gives none', () => {
    const noId = students('id', '{ username: =name.last }', '=name.first')
    const nameless = { students: [{ id: 1 }] }
    expect(idsOf(run(noId, nameless))).toEqual([])
    expect(idsOf(runAfter(noId, nameless, { ids: { 'users.student 1': 'kept' } }))).toEqual(['kept'])
  })

  describe('and that two rows come to', () => {
    const [first, second] = [
      { id: 1, name: { first: 'Sam', last: 'A' } },
      { id: 2, name: { first: 'Sam', last: 'B' } },
    ]
    const samples = { schools: rows.schools, students: [first, second].map((row) => ({ ...row, school_id: 3 })) }
    const repeated = { code: 'id-repeated', rule: 'users.student', field: 'id', count: 1 }
    const usernames = ({ records }: RunResult) =>
      records.flatMap(({ collection, fields }) => (collection === 'users' ? [fields.username] : []))

    it('stays with the first of them when both are new', () => {
      const result = run(mapping, samples)
      expect(usernames(result)).toEqual(['a'])
      expect(result.report.diagnostics).toEqual([{ ...repeated, keys: [2] }])
    })

    it.each([
      ['stays with the earlier row that had it before', { 'users.student 1': 'sam' }, ['a'], 2],
      ['stays with the later row that had it before', { 'users.student 2': 'sam' }, ['b'], 1],
      [
        'stays with the first of two that had it before',
        { 'users.student 1': 'sam', 'users.student 2': 'sam' },
        ['a'],
        2,
      ],
    ])('%s', (_, ids, expected, heldBack) => {
      const result = runAfter(mapping, samples, { ids })
      expect(usernames(result)).toEqual(expected)
      expect(result.report.diagnostics).toEqual([{ ...repeated, keys: [heldBack] }])
      expect(result.report.rules['users.student']).toMatchObject({
        read: 2,
        published: 1,
        leftOut: { 'id-repeated': 1 },
      })
    })

    it('is free again once the row that had it has left', () => {
      const gone = { ...samples, students: [first].map((row) => ({ ...row, school_id: 3 })) }
      expect(usernames(runAfter(mapping, gone, { ids: { 'users.student 2': 'sam' } }))).toEqual(['a'])
      const outOfScope = {
        ...samples,
        students: [
          { ...first, school_id: 3 },
          { ...second, school_id: 9 },
        ],
      }
      expect(usernames(runAfter(mapping, outOfScope, { ids: { 'users.student 2': 'sam' } }))).toEqual(['a'])
    })

    it('stays with the row that had it before against a rule that stands above', () => {
      const two = checked(
        BASE,
        `entities:
  users:
    staff: { from: students, where: =not active, id: =name.first, fields: { role: teacher } }
    student: { from: students, where: =active, id: =name.first, create_only: id, fields: { role: student } }
`,
      )
      const both = {
        students: [
          { id: 1, active: false, name: { first: 'x' } },
          { id: 2, active: true, name: { first: 'y' } },
        ],
      }
      const result = runAfter(two, both, { ids: { 'users.student 2': 'x' } })
      expect(result.records.map(({ fields }) => fields.role)).toEqual(['student'])
      expect(result.report.diagnostics).toEqual([
        { code: 'id-repeated', rule: 'users.staff', field: 'id', count: 1, keys: [1] },
      ])
    })
  })

  it('keeps the batches of a run at 200 rows, those that only look for ids too', () => {
    const compiled = compileMapping(students('id'))
    const plan = compiled.sources.find(({ name }) => name === 'students')
    if (plan === undefined) throw new Error('no students')
    const many = Array.from({ length: 450 }, (_, index) => coerceRow(plan.shape, { id: index + 1 }).row)
    const input = {
      rows: memoryRows([{ name: 'students', keySlot: plan.keySlot, rows: many }]),
      settings: {},
      today: '2026-10-01',
    }
    const sizes = [...compiled.startRun({ ...input, published: publishedAs({}) }).records()].map(({ length }) => length)
    expect(sizes).toEqual([0, 0, 0, 200, 200, 50])
  })
})

describe('create_only in a layer', () => {
  const lower = ruleLayer('create_only: username')

  it('adds to what is below, or takes it away', () => {
    const rows = {
      schools: [{ id: 3, name: 'Oak' }],
      students: [{ id: 1, school_id: 3, active: true, name: { first: 'Ada' } }],
    }
    const records = { 'users/stu1': { username: 'old', role: 'aide' } }
    const told = (...layers: string[]) => {
      const fields = fieldsOf(runAfter(layered(...layers), rows, { records }), 'stu1')
      return [fields?.username, fields?.role]
    }
    expect(told()).toEqual(['ada', 'student'])
    expect(told(lower)).toEqual(['old', 'student'])
    expect(told(lower, ruleLayer('create_only: [role]'))).toEqual(['ada', 'aide'])
    expect(told(lower, ruleLayer('create_only: [=inherited, role]'))).toEqual(['old', 'aide'])
    expect(told(ruleLayer('create_only: [username]'), ruleLayer('create_only: [role, =inherited]'))).toEqual([
      'old',
      'aide',
    ])
    expect(told(lower, ruleLayer('create_only: null'))).toEqual(['ada', 'student'])
  })

  it('is told when it takes away a field that is kept', () => {
    expect(layerFaults(lower, ruleLayer('fields: { username: null }'))).toEqual([
      '2.yaml:5:27: name: `users.student.fields.username` is taken away here, and 1.yaml:5:20 needs it. Replace or remove that too, or leave this in.',
    ])
  })

  it('is another version of the mapping', async () => {
    expect(await mappingVersion(layered(lower))).not.toBe(await mappingVersion(layered()))
  })
})
