// The queries that a mapping asks PowerSchool: executed in SQLite, and no more columns than are in use.
import { constants, DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { coerceRow } from '../../src/mapping/coerce.ts'
import type { NamedQuery, PowerqueryReader } from '../../src/mapping/query/powerquery-plan.ts'
import { queryRowReader } from '../../src/mapping/query/query-row.ts'
import { compileMapping, type SourcePlan } from '../../src/mapping/run/compile.ts'
import { BASE, checked, fieldsOf, runMapping } from './support.ts'

const KIDS = `settings: { extras: true }
sources:
  kids:
    key: id
    when: settings.extras
    fields:
      id: integer
      name: { first: text, last: text }
      school_id: integer
      course: text
      changed_at: date
      places: { place: [{ room: text, floor: integer }] }
      kids_ext: { gifted: boolean, since: date, note: text }
    powerquery:
      core: Students
      sql: |
        select s.dcid id, s.first_name first, s.last_name last,
               h.dcid school_id,
               (select max(k.course_name)
                from courses k
                where k.id = s.courseid) course,
               to_char(s.transaction_date, 'YYYY-MM-DD') changed_at,
               s.room room, case when s.floor = :ground then 0 else s.floor end floor
        from students s
        left join schools h on h.school_number = s.schoolid
        where s.year = :start_year
        order by s.dcid
      args:
        start_year: { is: settings.start_year, column: STUDENTS.YEAR }
        ground: { is: settings.domain, column: STUDENTS.FLOOR }
      columns:
        id: STUDENTS.DCID
        name.first: STUDENTS.FIRST_NAME
        name.last: STUDENTS.LAST_NAME
        school_id: SCHOOLS.DCID
        course: COURSES.COURSE_NAME
        changed_at: STUDENTS.TRANSACTION_DATE
        places.place.room: STUDENTS.ROOM
        places.place.floor: STUDENTS.FLOOR
      within: { school_id: orgs.school.id }
      changed: changed_at
`

const rule = (fields: string, more = '') =>
  `entities:\n  users:\n    kid:\n      from: kids\n      id: ="kid" & id\n${more}      fields:\n${fields}`

const FIRST = rule('        username: =name.first\n')

function planOf(...texts: readonly string[]): SourcePlan & { readonly powerquery: PowerqueryReader } {
  const plan = compileMapping(checked(BASE, ...texts)).sources.find(({ name }) => name === 'kids')
  if (plan?.powerquery === undefined) throw new Error('no reader of kids')
  return { ...plan, powerquery: plan.powerquery }
}

function database(): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  db.function('to_char', (text, _format) => (text === null ? null : String(text).slice(0, 10)))
  db.exec(`
    create table students (dcid, first_name, last_name, schoolid, courseid, transaction_date, room, floor, year);
    create table schools (dcid, school_number);
    create table courses (id, course_name);
    create table kids_ext (kidsdcid, gifted, since, note);
    insert into schools values (3, 103);
    insert into courses values (7, 'Art'), (7, 'Band');
    insert into students values
      (2, 'Ada', 'Li', 103, 7, '2026-09-30 12:00:00', 'R1', 2, 36), (1, 'Bo', 'Ek', 999, null, null, null, null, 36),
      (4, 'Cy', null, 103, 8, '2026-01-01 00:00:00', ' ', null, 36), (9, 'Old', 'Year', 103, 7, null, null, null, 35);
    insert into kids_ext values (2, '1', '2026-02-03 04:05:06', 'x'), (5, '0', null, null)`)
  return db
}

const VALUES: Readonly<Record<string, string | number>> = { start_year: 36, ground: 2, since: 20260901 }

/** What the query gives, and every TABLE.COLUMN that SQLite saw it read. */
function execute({ sql, arguments: args }: NamedQuery, given: typeof VALUES = {}) {
  const db = database()
  const read = new Set<string>()
  db.setAuthorizer((action, table, column) => {
    if (action === constants.SQLITE_READ && table && column) read.add(`${table}.${column}`.toUpperCase())
    return constants.SQLITE_OK
  })
  const statement = db.prepare(sql)
  db.setAuthorizer(null)
  const rows = statement.all(Object.fromEntries(args.map(({ name }) => [name, given[name] ?? VALUES[name] ?? null])))
  return { rows: rows as Record<string, unknown>[], read: [...read].sort() }
}

const touchedBy = ({ touched }: PowerqueryReader) => touched.map(({ table, column }) => `${table}.${column}`).sort()

describe('the query of a source', () => {
  it('selects the columns in use, and what the crawl needs', () => {
    const { rows } = planOf(KIDS, FIRST).powerquery
    expect(rows).toMatchObject({ name: 'kids', core: 'students' })
    expect(rows.sql).toBe(`select s.dcid id,
       s.first_name first,
       h.dcid school_id,
       to_char(s.transaction_date, 'YYYY-MM-DD') changed_at
from students s
left join schools h on h.school_number = s.schoolid
where s.year = :start_year
order by s.dcid`)
    expect(rows.columns).toEqual([
      { alias: 'id', path: 'id', table: 'STUDENTS', column: 'DCID' },
      { alias: 'first', path: 'name.first', table: 'STUDENTS', column: 'FIRST_NAME' },
      { alias: 'school_id', path: 'school_id', table: 'SCHOOLS', column: 'DCID' },
      { alias: 'changed_at', path: 'changed_at', table: 'STUDENTS', column: 'TRANSACTION_DATE' },
    ])
    expect(rows.arguments).toEqual([{ name: 'start_year', setting: 'start_year', table: 'STUDENTS', column: 'YEAR' }])
  })

  it('asks for more as rules use more, their arguments too', () => {
    const { powerquery } = planOf(KIDS, rule('        username: =first(course)\n        grades: =places.place.room\n'))
    expect(powerquery.rows.columns.map(({ path }) => path)).toEqual([
      'id',
      'school_id',
      'course',
      'changed_at',
      'places.place.room',
    ])
    const whole = planOf(KIDS, rule('        score: =count(places.place)\n')).powerquery.rows
    expect(whole.columns.map(({ alias }) => alias)).toEqual(['id', 'school_id', 'changed_at', 'room', 'floor'])
    expect(whole.arguments.map(({ name, setting }) => [name, setting])).toEqual([
      ['start_year', 'start_year'],
      ['ground', 'domain'],
    ])
  })

  it('asks for nothing that only a rule that is switched off uses', () => {
    const off = FIRST.replace('from: kids', 'from: kids\n      enabled: false')
    expect(planOf(KIDS, off).powerquery.rows.columns.map(({ alias }) => alias)).toEqual([
      'id',
      'school_id',
      'changed_at',
    ])
  })

  it.each([
    ['a name', FIRST],
    ['all of a list', rule('        score: =count(places.place)\n')],
    ['a column of a select inside', rule('        username: =course\n')],
    ['an extension', rule('        username: =kids_ext.note\n')],
  ])('touches what SQLite reads, for %s', (_, entities) => {
    const extended = entities.includes('kids_ext')
      ? KIDS.replace('      changed:', '      extend: { kids_ext: { kidsdcid: id } }\n      changed:')
      : KIDS
    const { powerquery } = planOf(extended, entities)
    expect(execute(powerquery.rows).read).toEqual(touchedBy(powerquery))
    for (const query of [powerquery.incremental?.keys, powerquery.incremental?.changes]) {
      if (query) expect(touchedBy(powerquery)).toEqual(expect.arrayContaining(execute(query).read))
    }
  })

  it('tells where each column is read, and for what', () => {
    const { touched } = planOf(KIDS, FIRST).powerquery
    const told = touched.map(({ table, column, place, uses }) => [`${table}.${column}`, place.line, place.column, uses])
    expect(told).toEqual([
      ['STUDENTS.DCID', 17, 16, ['users.kid.id']],
      ['STUDENTS.FIRST_NAME', 17, 27, ['users.kid.username']],
      ['SCHOOLS.DCID', 18, 16, ['sources.kids.within']],
      ['STUDENTS.TRANSACTION_DATE', 22, 24, ['sources.kids.changed']],
      ['SCHOOLS.SCHOOL_NUMBER', 25, 32, []],
      ['STUDENTS.SCHOOLID', 25, 50, []],
      ['STUDENTS.YEAR', 26, 15, []],
    ])
  })

  it('is left out of the plan where a source has none', () => {
    const plans = compileMapping(checked(BASE, KIDS, FIRST)).sources
    expect(plans.find(({ name }) => name === 'students')).not.toHaveProperty('powerquery')
    expect(planOf(KIDS, FIRST)).toMatchObject({ when: 'extras' })
    expect(planOf(KIDS, FIRST).powerquery.within).toEqual({
      path: 'school_id',
      parent: { of: 'rule', name: 'orgs.school', column: 'id' },
    })
  })
})

describe('incremental queries', () => {
  const { incremental } = planOf(KIDS, FIRST).powerquery

  it('list the key, the day of change and the scope of every row', () => {
    expect(incremental?.changed).toBe('changed_at')
    expect(incremental && execute(incremental.keys).rows).toEqual([
      { id: 1, school_id: null, changed_at: null },
      { id: 2, school_id: 3, changed_at: '2026-09-30' },
      { id: 4, school_id: 3, changed_at: '2026-01-01' },
    ])
    expect(incremental?.keys).toMatchObject({ name: 'kids_keys', core: 'students' })
    expect(incremental?.keys.arguments.map(({ name }) => name)).toEqual(['start_year'])
  })

  it('give what has changed since a day, or at no known time', () => {
    expect(incremental && execute(incremental.changes).rows.map(({ id, first }) => [id, first])).toEqual([
      [1, 'Bo'],
      [2, 'Ada'],
    ])
    expect(incremental?.changes).toMatchObject({
      name: 'kids_changes',
      columns: planOf(KIDS, FIRST).powerquery.rows.columns,
      arguments: [
        { name: 'start_year', setting: 'start_year' },
        { name: 'since', setting: undefined, table: 'STUDENTS', column: 'DCID' },
      ],
    })
    expect(incremental?.changes.sql).toBe(`select b.id id,
       b.first first,
       b.school_id school_id,
       b.changed_at changed_at
from (
  select s.dcid id,
         s.first_name first,
         h.dcid school_id,
         to_char(s.transaction_date, 'YYYY-MM-DD') changed_at
  from students s
  left join schools h on h.school_number = s.schoolid
  where s.year = :start_year
) b
where (substr(b.changed_at, 1, 4) || substr(b.changed_at, 6, 2) || substr(b.changed_at, 9, 2)) + 0 >= :since + 0 or b.changed_at is null
order by b.id`)
  })

  it('compare days whether the server binds a number or its text', () => {
    const ids = (since: number | string) =>
      incremental && execute(incremental.changes, { since }).rows.map(({ id }) => id)
    for (const since of [20260930, '20260930']) expect(ids(since)).toEqual([1, 2])
    for (const since of [20261001, '20261001']) expect(ids(since)).toEqual([1])
  })

  it('are not there without `changed`', () => {
    const { powerquery } = planOf(KIDS.replace('      changed: changed_at\n', ''), FIRST)
    expect(powerquery).not.toHaveProperty('incremental')
    expect(powerquery.rows.columns.map(({ alias }) => alias)).toEqual(['id', 'first', 'school_id'])
  })

  it('take another alias where the SQL has theirs', () => {
    const text = KIDS.replaceAll(/\bh(?= on|\.)/g, 'b')
    const { incremental: made } = planOf(text, FIRST).powerquery
    expect(made?.keys.sql).toContain(') b1\norder by b1.id')
    expect(made && execute(made.keys).rows.length).toBe(3)
  })
})

describe('an extension of a source', () => {
  const extended = KIDS.replace('      within:', '      extend: { kids_ext: { kidsdcid: id } }\n      within:')

  it('is joined around the query, with its columns in use', () => {
    const entities = rule('        enabledUser: =kids_ext.gifted\n        born: =kids_ext.since\n')
    const { powerquery } = planOf(extended, entities)
    expect(powerquery.rows.sql).toBe(`select b.id id,
       b.school_id school_id,
       b.changed_at changed_at,
       x1.gifted gifted,
       to_char(x1.since, 'YYYY-MM-DD') since
from (
  select s.dcid id,
         h.dcid school_id,
         to_char(s.transaction_date, 'YYYY-MM-DD') changed_at
  from students s
  left join schools h on h.school_number = s.schoolid
  where s.year = :start_year
) b
left join kids_ext x1 on x1.kidsdcid = b.id
order by b.id`)
    expect(powerquery.rows.columns.slice(3)).toEqual([
      { alias: 'gifted', path: 'kids_ext.gifted', table: 'KIDS_EXT', column: 'GIFTED' },
      { alias: 'since', path: 'kids_ext.since', table: 'KIDS_EXT', column: 'SINCE' },
    ])
    expect(powerquery).not.toHaveProperty('incremental')
    expect(execute(powerquery.rows).rows.map(({ id, gifted, since }) => [id, gifted, since])).toEqual([
      [1, null, null],
      [2, '1', '2026-02-03'],
      [4, null, null],
    ])
  })

  it('is not joined where nothing of it is used', () => {
    expect(planOf(extended, FIRST).powerquery).toEqual(
      expect.objectContaining({ rows: planOf(KIDS, FIRST).powerquery.rows, incremental: expect.anything() }),
    )
  })

  it('has other aliases where its columns are called as the row’s', () => {
    const text = extended.replace('gifted: boolean', 'first: text').replace('since: date', 'number: text')
    const entities = rule('        username: =join(" ", name.first, kids_ext.first, kids_ext.number)\n')
    const { columns } = planOf(text, entities).powerquery.rows
    expect(columns.filter(({ table }) => table === 'KIDS_EXT').map(({ alias }) => alias)).toEqual([
      'first_x1_1',
      'number_x1_1',
    ])
  })
})

describe('a row of an answer', () => {
  it('becomes the row that the source declares', () => {
    const entities = rule('        username: =name.first\n        score: =count(places.place)\n')
    const { shape, powerquery } = planOf(KIDS, entities)
    const read = queryRowReader(powerquery.rows.columns)
    const rows = execute(powerquery.rows).rows.map((row) => coerceRow(shape, read(row)).row)
    const slot = shape.paths.indexOf('places.place')
    expect(rows.map((row) => row[slot])).toEqual([null, [{ room: 'R1', floor: 0 }], null])
    expect(rows.map((row) => row[shape.paths.indexOf('name.first')])).toEqual(['Bo', 'Ada', 'Cy'])
  })

  it('has no group where all of it is blank', () => {
    const columns = ['id', 'a.b.c', 'a.b.d', 'a.e', 'f.g'].map((path, index) => ({ path, alias: `c${index}` }))
    const read = queryRowReader(columns)
    expect(read({ c0: '1' })).toEqual({ id: '1' })
    expect(read({ c0: '1', c1: null, c2: ' ', c3: 'x', c4: '' })).toEqual({ id: '1', a: { e: 'x' } })
    expect(read({ c0: 1, c2: 0 })).toEqual({ id: 1, a: { b: { d: 0 } } })
  })

  it('goes through the rules as one of rest does', () => {
    const mapping = checked(BASE, KIDS, rule('        username: =name.first\n        grades: =places.place.room\n'))
    const { powerquery } = planOf(KIDS, rule('        username: =name.first\n        grades: =places.place.room\n'))
    const rows = execute(powerquery.rows).rows.map(queryRowReader(powerquery.rows.columns))
    const result = runMapping(mapping, { rows: { kids: rows } })
    expect(fieldsOf(result, 'kid2')).toEqual({ username: 'Ada', grades: ['R1'] })
    expect(fieldsOf(result, 'kid1')).toEqual({ username: 'Bo' })
  })
})
