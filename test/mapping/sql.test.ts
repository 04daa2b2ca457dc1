// The SQL of PowerQueries: what is refused and where, and that what is accepted is SQL.
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { parseSql } from '../../src/mapping/sql/sql-select.ts'
import { madeOf, touchedBy } from '../../src/mapping/sql/sql-tree.ts'

/** The faults of a statement, each with the text at which it points. */
const faultsOf = (sql: string) =>
  parseSql(sql).faults.map(({ offset, message }) => `${/^\w+|./.exec(sql.slice(offset))?.[0] ?? 'end'}: ${message}`)

/** A fault in the select list, in the condition, and after the order. */
const select = (items: string) => `select ${items} from students s order by s.dcid`
const where = (condition: string) => `select s.dcid id from students s where ${condition} order by s.dcid`
const from = (tables: string) => `select s.dcid id from ${tables} order by s.dcid`

const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['another statement', 'delete from students', ['delete: the SQL begins with `select`, found `delete`']],
  ['nothing', '', ['end: the SQL begins with `select`, found the end of the SQL']],
  ['a star', select('*'), ['*: `*` is not used here. Name each column: `alias.column`.']],
  ['a star of a table', select('s.*'), ['*: `*` is not used here. Name each column: `alias.column`.']],
  ['a column without its table', select('dcid id'), ['dcid: `dcid` stands without its table. Write `alias.dcid`.']],
  [
    'a column without a name',
    select('s.dcid'),
    ['from: a name is expected for this column, as in `s.dcid id`, found `from`'],
  ],
  [
    'a name in capitals',
    select('s.dcid Id'),
    ["Id: `Id` can't name a column: at most 30 characters of a-z, 0-9 and _, beginning with a letter"],
  ],
  [
    'a name of 31 characters',
    select(`s.dcid ${'a'.repeat(31)}`),
    [
      `${'a'.repeat(31)}: \`${'a'.repeat(31)}\` can't name a column: at most 30 characters of a-z, 0-9 and _, beginning with a letter`,
    ],
  ],
  [
    'a name that Oracle keeps',
    select('s.dcid number'),
    ['number: `number` is a word of SQL. Name the column otherwise, such as `number_`.'],
  ],
  [
    'a name that stands twice',
    select('s.dcid id, s.id as id'),
    ['id: two columns are named `id`. Give one another name.'],
  ],
  [
    'distinct rows',
    select('distinct s.dcid id'),
    ['distinct: `select distinct` is not used here: each row is one of the core table'],
  ],
  [
    'a condition that is selected',
    select('s.dcid = 1 id'),
    ['s: this is a condition, a value is expected. Write `case when … then 1 else 0 end`.'],
  ],
  [
    'a value as condition',
    where('s.active'),
    ['s: this is a value, a condition is expected. Compare it with something.'],
  ],
  [
    'a value between conditions',
    where('s.a = 1 and not s.b'),
    ['s: this is a value, a condition is expected. Compare it with something.'],
  ],
  ['a condition that is compared', where('(s.a = 1) = s.b'), ['(: a condition is not compared with anything']],
  [
    'a chain of comparisons',
    where('1 < s.a < 3'),
    ['<: a comparison is not compared again: `<`. Join two with `and`.'],
  ],
  ['a condition that is added', where('s.a + (s.b = 1) = 2'), ['+: `+` takes values, not conditions']],
  ['another sign for unequal', where('s.a != 1'), ['!: `!=` is not part of the SQL here. Write `<>`.']],
  [
    'double quotes',
    where('s."a" = 1'),
    [
      '": `"` is not part of the SQL here. Names stand without quotes, texts in single ones.',
      '": `"` is not part of the SQL here. Names stand without quotes, texts in single ones.',
    ],
  ],
  [
    'a text that is not closed',
    where("s.a = 'x"),
    [
      ' : a value is expected, found the end of the SQL',
      "': this text is not closed. It ends with `'`; inside it, write `''` for `'`.",
    ],
  ],
  ['a text in two lines', where("s.a = 'x\ny'"), ["': a text stands in one line"]],
  ['an empty text, which is null in Oracle', where("s.a <> ''"), ["': Oracle takes `''` for null. Ask `is null`."]],
  ['a comment', where('s.a = 1 -- why\n'), ['-: a comment in the SQL. Write it as a YAML comment above `sql:`.']],
  ['a block comment', where('s.a /* x */ = 1'), ['/: a comment in the SQL. Write it as a YAML comment above `sql:`.']],
  ['a semicolon', `${where('s.a = 1')};`, [';: `sql` is one statement, without `;`. Remove it.']],
  [
    'a sign of no SQL',
    where('s.a = 1 # 2'),
    ['#: `#` is not part of the SQL here. Remove it.', '2: `order` is expected or the end of a condition, found `2`'],
  ],
  [
    'a tag of a page',
    where('1 <s.a'),
    ['<: `<` before a letter is a tag of a page to PowerSchool. Leave a blank after it.'],
  ],
  [
    'a tag of a page in a text',
    where("s.a = '~(x)' and s.b = '</a>'"),
    [
      '~: `~` before a bracket is a tag of a page to PowerSchool. Write the text without it.',
      '<: `<` before a letter is a tag of a page to PowerSchool. Leave a blank after it.',
    ],
  ],
  [
    'an unknown function',
    where('nvl(s.a, 1) = 1'),
    ['nvl: Oracle and SQLite share no function `nvl`. Known here: to_char, lower, upper, …'],
  ],
  [
    'a misspelt function',
    where("uper(s.a) = 'A'"),
    ['uper: Oracle and SQLite share no function `uper`. Did you mean `upper`?'],
  ],
  ['too many arguments', where('min(s.a, 1) = 1'), ['min: `min` takes 1 argument, found 2']],
  ['no argument', where('lower() = 1'), ['lower: `lower` takes 1 argument, found 0']],
  ['too few arguments', where('substr(s.a) = 1'), ['substr: `substr` takes 2 to 3 arguments, found 1']],
  [
    'another format of days',
    select("to_char(s.dob, 'MM/DD') id"),
    ["to_char: `to_char` gives days here: write `to_char(…, 'YYYY-MM-DD')`"],
  ],
  [
    'texts and numbers in one row',
    select('s.a || s.b + 1 id'),
    ['s: Oracle and SQLite order `||` and arithmetic differently. Put the arithmetic in brackets.'],
  ],
  [
    'texts and products in one row',
    select('s.a || s.b * 2 id'),
    ['s: Oracle and SQLite order `||` and arithmetic differently. Put the arithmetic in brackets.'],
  ],
  ['an unknown alias', where('t.a = 1'), ['t: there is no table with the alias `t`. Did you mean `s`?']],
  ['a table without alias', from('students'), ['order: `students` needs an alias: `students s`']],
  [
    'a derived table without alias',
    from('students s join (select t.id id from terms t) on t.id = s.id'),
    ['on: a derived table needs an alias: `( select … ) s`'],
  ],
  ['`as` before an alias', from('students as s'), ['as: Oracle takes no `as` before an alias. Leave it out.']],
  ['an alias in capitals', from('students S'), ["S: `S` can't be an alias: at most 30 characters of a-z, 0-9 and _"]],
  [
    'an alias that SQL keeps',
    from('students s join terms date on date.id = s.id'),
    ['date: `date` is a word of SQL. Give the table another alias.'],
  ],
  [
    'an alias that stands twice',
    where('exists (select 1 from cc s where s.id = 2)'),
    ['s: two tables have the alias `s`. Give one another alias.'],
  ],
  ['a schema', from('ps.students s'), ['.: a table stands without its schema']],
  ['tables with a comma', from('students s, schools h'), [',: tables are joined by `join … on`, not by `,`']],
  [
    'a join without `on`',
    from('students s join schools h'),
    ['order: `on` is expected after the table of a `join`, found `order`'],
  ],
  [
    'another join',
    from('students s full join schools h on h.id = s.id'),
    ['full: `full join` is not used here. Write `join` or `left join`.'],
  ],
  [
    'a table that is joined later',
    from('students s join terms t on t.id = h.id join schools h on h.id = t.id'),
    ["h: `h` can't be seen here: an `on` sees the tables before it, a derived table only its own"],
  ],
  [
    'a table of around in a derived table',
    from('students s join (select t.id id from terms t where t.id = s.id) d on d.id = s.id'),
    ["s: `s` can't be seen here: an `on` sees the tables before it, a derived table only its own"],
  ],
  [
    'a column that a derived table has not',
    from('students s join (select t.id term_id from terms t) d on d.trem_id = s.id'),
    ['trem_id: the derived table `d` gives no `trem_id`. Did you mean `term_id`?'],
  ],
  [
    'parts of a union that differ',
    from('students s join (select t.id id from terms t union select u.id id, u.b b from users u) d on d.id = s.id'),
    ['u: the parts of a `union` give the same columns: here 2, in the first 1'],
  ],
  [
    'two columns in a value',
    where('s.id in (select t.id, t.dcid from terms t)'),
    ['select: a select inside a value gives one column'],
  ],
  [
    'an order inside',
    where('s.id in (select t.id from terms t order by t.id)'),
    ['order: `order by` stands once, at the end of the SQL'],
  ],
  ['no order', 'select s.dcid id from students s', ['end: the SQL ends without `order by`. Order it by its key.']],
  [
    'an order by number',
    'select s.dcid id from students s order by 1',
    ['1: columns may be left out, so none is ordered by its number. Name it.'],
  ],
  ['a limit', `${where('s.a = 1')} limit 5`, ['limit: `limit` is not used here: a query gives all its rows']],
  [
    'a union at the top',
    'select s.dcid id from students s union select t.id id from terms t',
    ['union: `union` stands only inside a derived table: `from ( select … ) alias`'],
  ],
  ['what follows the order', `${where('s.a = 1')} )`, ['): the SQL ends after its `order by`, found `)`']],
  ['a bracket that is not closed', where('(s.a = 1'), ['order: `)` is expected, found `order`']],
  ['a value that is missing', where('s.a ='), ['order: a value is expected, found `order`']],
  ['three names', where('ps.s.a = 1'), ['.: a column is `alias.column`, two names and not three']],
  [
    'a long name',
    where(`s.${'a'.repeat(31)} = 1`),
    [`${'a'.repeat(31)}: the name of a column has at most 30 characters`],
  ],
  [
    'deep nesting',
    where(`${'('.repeat(50)}1${')'.repeat(50)} = 1`),
    ['(: the SQL is nested more than 32 deep. Take it apart.'],
  ],
  [
    'a very long text',
    `select ${' '.repeat(20_000)}`,
    [' : the SQL has more than 20000 characters. Make two sources of it.'],
  ],
]

describe('a statement with a fault', () => {
  it.each(CASES)('points at %s', (_, sql, expected) => {
    expect(faultsOf(sql)).toEqual(expected)
    expect(parseSql(sql).statement).toBeUndefined()
  })

  it('has all its faults told', () => {
    expect(faultsOf("select S.dcid id, name from students s where foo(x.y) = 'a<b' order by s.dcid").length).toBe(5)
  })
})

/** All that may be written, over tables that `database` has. */
const GOOD = `select s.dcid id, S.First_Name first_name, h.dcid school_id, d.name as course,
       to_char(s.transaction_date, 'YYYY-MM-DD') changed_at, 'it''s' fixed, null absent,
       case when s.id = -1 then lower(s.first_name) || '-' || trim(h.name) else upper('x') end a1,
       case s.grade when 1 then 'one' when 2 then null end a2,
       (select max(x.id) from cc x where x.studentid = s.id and x.id between 1 and 2.5) last_cc,
       coalesce(nullif(s.grade, 0), abs(s.id) * (2 + length(s.first_name)) / 3, 1) n,
       replace(substr(s.first_name, 1, 3), '-', '') short
from students s
left outer join schools h on h.school_number = s.schoolid
inner join (
  select c.studentid sid, min(k.course_name) name, count(c.id) n, sum(c.id) total
  from cc c
  join courses k on lower(k.course_number) = lower(c.course_number)
  group by c.studentid
  having count(c.id) > 0
  union all
  select y.id sid, 'none' name, 0 n, 0 total from students y where not exists (select z.id from cc z where z.studentid = y.id)
) d on d.sid = s.id and (d.n >= 0 or d.total is not null)
where s.grade in (0, -1, :grade) and s.first_name not like '%x' and s.id is not null and not (s.dcid <> s.dcid)
order by s.dcid desc nulls last, s.id`

function database(): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  db.function('to_char', (text, _format) => text)
  db.exec(`create table students (dcid, id, first_name, transaction_date, grade, schoolid);
    create table schools (dcid, name, school_number);
    create table cc (id, studentid, course_number);
    create table courses (course_number, course_name)`)
  return db
}

describe('a statement', () => {
  it('may use all of the subset', () => {
    expect(faultsOf(GOOD)).toEqual([])
    expect(() => database().prepare(GOOD)).not.toThrow()
  })

  it('tells what each item is made of, through derived tables and their unions', () => {
    const { statement } = parseSql(GOOD)
    const made = Object.fromEntries(statement?.select.items.map(({ alias, part }) => [alias, [...madeOf(part)]]) ?? [])
    expect(made).toMatchObject({
      id: ['STUDENTS.DCID'],
      course: ['COURSES.COURSE_NAME'],
      fixed: [],
      last_cc: ['CC.ID', 'CC.STUDENTID', 'STUDENTS.ID'],
      a1: ['STUDENTS.ID', 'STUDENTS.FIRST_NAME', 'SCHOOLS.NAME'],
    })
    const rest = new Set(statement && touchedBy(statement.select.rest).map(({ table, column }) => `${table}.${column}`))
    expect(rest).toContain('COURSES.COURSE_NUMBER')
    expect(rest).not.toContain('STUDENTS.TRANSACTION_DATE')
  })

  it('is read in bounded time where tables are made of tables', () => {
    const wide = (depth: number): string =>
      depth === 0
        ? 'select s0.dcid a from students s0'
        : `select s${depth}.a || s${depth}.a a from (${wide(depth - 1)}) s${depth}`
    const { statement, faults } = parseSql(`${wide(12)} order by s12.a`)
    expect(faults).toEqual([])
    const [item] = statement?.select.items ?? []
    expect(item && [...madeOf(item.part)]).toEqual(['STUDENTS.DCID'])
  })
})

describe('a statement with something changed', () => {
  it('gives faults inside the text or is SQL, and never throws', () => {
    let seed = 20_261
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((seed / 2_147_483_648) * below)
    }
    const words = GOOD.match(/\w+|'[^']*'|[^\s\w]/g) ?? []
    const odd = [
      ...words,
      '*',
      ';',
      '--',
      '/*',
      "'",
      '"',
      '<a',
      '~[',
      ':x',
      '((',
      '))',
      'union',
      'é',
      '\n',
      '😀',
      'limit',
    ]
    const db = database()
    let accepted = 0
    for (let round = 0; round < 20_000; round++) {
      let sql = GOOD
      for (let change = random(3); change >= 0; change--) {
        const start = random(sql.length)
        const insert = random(3) === 0 ? '' : ` ${odd[random(odd.length)]} `
        sql = sql.slice(0, start) + insert + sql.slice(start + random(insert === '' ? 12 : 6))
      }
      const { statement, faults } = parseSql(sql)
      if (faults.some(({ offset }) => offset < 0 || offset > sql.length)) throw new Error(`a fault outside of ${sql}`)
      if (statement === undefined) {
        if (faults.length === 0) throw new Error(`refused without a fault: ${sql}`)
        continue
      }
      accepted++
      try {
        db.prepare(sql)
      } catch (error) {
        // Tables and columns are PowerSchool's to know.
        const known = /no such (?:column|table)|misuse of aggregate|aggregate functions are not allowed/
        if (!(error instanceof Error) || !known.test(error.message)) throw new Error(`${error}: ${sql}`)
      }
    }
    expect(accepted).toBeGreaterThan(500)
  })

  it('is read in time that grows as the text does', () => {
    const many = Array.from({ length: 900 }, (_, index) => `s.c${index} c${index}`).join(', ')
    const started = performance.now()
    parseSql(select(many))
    for (const text of ['('.repeat(19_000), `'${"''".repeat(9_000)}`, '/*'.repeat(9_000), 'case when '.repeat(1_900)]) {
      expect(faultsOf(select(text)).length).toBeGreaterThan(0)
    }
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
