// Every diagnostic of a `powerquery` reader, `when` and several inverses: what is said, and where.
import { describe, expect, it } from 'vitest'
import { BASE, check, faults } from './support.ts'

/** A source whose reader has no fault; the SQL begins in line 14. */
const GOOD = `settings: { extras: false }
sources:
  kids:
    key: id
    fields:
      id: integer
      name: { first: text, last: text }
      school_id: integer
      changed_at: date
      places: { place: [{ room: text }] }
      kids_ext: { gifted: boolean }
    powerquery:
      core: students
      sql: |
        select s.dcid id, s.first_name first,
               h.dcid school_id,
               to_char(s.transaction_date, 'YYYY-MM-DD') changed_at
        from students s
        left join schools h on h.school_number = s.schoolid

        where s.year = :start_year
        order by s.dcid
      args:
        start_year: { is: settings.start_year, column: STUDENTS.YEAR }
      columns:
        id: STUDENTS.DCID
        name.first: STUDENTS.FIRST_NAME
        school_id: SCHOOLS.DCID
        changed_at: STUDENTS.TRANSACTION_DATE
      within: { school_id: orgs.school.id }
      changed: changed_at
    when: settings.extras
`

const CASES: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'an unknown key',
    'changed: changed_at',
    'changes: changed_at',
    ['31:7: key: `powerquery` has no key `changes`. Did you mean `changed`?'],
  ],
  ['no core', '      core: students\n', '', ['12:5: key: `powerquery` needs `core:`']],
  [
    'a core that the SQL has not',
    'core: students',
    'core: student',
    ['13:13: sql: `core` is a table of the SQL, there is no `student`. Did you mean `students`?'],
  ],
  [
    'a fault in the SQL',
    's.first_name first',
    'first_name first',
    ['15:27: sql: `first_name` stands without its table. Write `alias.first_name`.'],
  ],
  [
    'a fault in an indented line of the SQL',
    'h.dcid school_id',
    'g.dcid school_id',
    ['16:16: sql: there is no table with the alias `g`. Did you mean `s`?'],
  ],
  [
    'a fault after an empty line of the SQL',
    's.year =',
    's.year ==',
    ['21:22: sql: `==` is not part of the SQL here. Write `=`.'],
  ],
  ['no order', '        order by s.dcid\n', '', ['21:35: sql: the SQL ends without `order by`. Order it by its key.']],
  [
    'an order without the key',
    'order by s.dcid',
    'order by s.year',
    [
      '22:9: sql: the order of the rows must name their key, or pages of them repeat and miss some. Write `order by s.dcid`.',
    ],
  ],
  ['a SQL that is folded', 'sql: |', 'sql: >', []],
  [
    'a fault in a SQL that is folded',
    'sql: |\n        select s.dcid id,',
    'sql: >\n        select s.dcid Id,',
    ["15:23: sql: `Id` can't name a column: at most 30 characters of a-z, 0-9 and _, beginning with a letter"],
  ],
  [
    'a column less than is selected',
    '        school_id: SCHOOLS.DCID\n',
    '',
    [
      '16:16: sql: the SQL selects 4 columns, `columns` names 3: `h.dcid school_id` is missing there',
      '29:17: path: `within` takes a column that the query delivers, not `school_id`. Known here: id, name.first, changed_at.',
    ],
  ],
  [
    'the last column left out',
    '        changed_at: STUDENTS.TRANSACTION_DATE\n',
    '',
    [
      "17:16: sql: the SQL selects 4 columns, `columns` names 3: `… saction_date, 'YYYY-MM-DD') changed_at` is missing there",
      '30:16: path: `changed` takes a column that the query delivers, not `changed_at`. Known here: id, name.first, school_id.',
    ],
  ],
  [
    'a column that is not selected',
    'name.first: STUDENTS.FIRST_NAME',
    'name.last: STUDENTS.LAST_NAME\n        name.first: STUDENTS.FIRST_NAME',
    ['27:9: sql: the SQL selects 4 columns, `columns` names 5: `name.last` is not selected'],
  ],
  [
    'a path that is not declared',
    'name.first:',
    'name.frist:',
    ['27:9: path: `kids` has no column `name.frist`. Did you mean `name.first`?'],
  ],
  ['a path to a group', 'name.first:', 'name:', ['27:9: type: `kids.name` is a group: name one of its members']],
  [
    'a path to a list',
    'name.first:',
    'places.place:',
    ['27:9: type: `kids.places.place` is a list: name one of its members'],
  ],
  ['a path into a list', 'name.first:', 'places.place.room:', []],
  [
    'a column of another form',
    'STUDENTS.FIRST_NAME',
    'first_name',
    ['27:21: shape: a column of PowerSchool is written TABLE.COLUMN, found `first_name`'],
  ],
  [
    'a long name',
    'STUDENTS.FIRST_NAME',
    `STUDENTS.${'F'.repeat(31)}`,
    [
      '27:21: shape: the names of tables and columns have at most 30 characters',
      `27:21: sql: \`s.first_name first\` does not read STUDENTS.${'F'.repeat(31)}. Known here: STUDENTS.FIRST_NAME.`,
    ],
  ],
  [
    'a column of another item',
    'STUDENTS.FIRST_NAME',
    'STUDENTS.DCID',
    ['27:21: sql: `s.first_name first` does not read STUDENTS.DCID. Known here: STUDENTS.FIRST_NAME.'],
  ],
  [
    'a misspelt column',
    'STUDENTS.FIRST_NAME',
    'STUDENTS.FRIST_NAME',
    ['27:21: sql: `s.first_name first` does not read STUDENTS.FRIST_NAME. Did you mean `STUDENTS.FIRST_NAME`?'],
  ],
  [
    'a literal with a column that the SQL reads',
    's.first_name first',
    "'x' first",
    [
      '27:21: sql: the SQL does not read STUDENTS.FIRST_NAME. Known here: STUDENTS.DCID, SCHOOLS.DCID, STUDENTS.TRANSACTION_DATE, …',
    ],
  ],
  ['a column in small letters', 'STUDENTS.FIRST_NAME', 'students.first_name', []],
  [
    'a key that is not delivered',
    '        id: STUDENTS.DCID\n',
    '        name.last: STUDENTS.DCID\n',
    ['12:5: key: `columns` does not deliver `id`, the key of `kids`'],
  ],
  [
    'an argument that is not declared',
    ':start_year',
    ':start_yaer',
    [
      '21:24: sql: `args` declares no `:start_yaer`. Did you mean `start_year`?',
      '24:9: sql: the SQL does not use `:start_year`. Remove the argument.',
    ],
  ],
  [
    'no arguments',
    '      args:\n        start_year: { is: settings.start_year, column: STUDENTS.YEAR }\n',
    '',
    [
      '21:24: sql: `args` declares no `:start_year`. Write `args: { start_year: { is: settings.…, column: TABLE.COLUMN } }`.',
    ],
  ],
  [
    'an argument that the SQL has not',
    '= :start_year',
    '= 1',
    ['24:9: sql: the SQL does not use `:start_year`. Remove the argument.'],
  ],
  [
    'an argument of an unknown setting',
    'is: settings.start_year',
    'is: settings.start_yaer',
    ['24:27: name: `is` takes a setting, there is no `settings.start_yaer`. Did you mean `settings.start_year`?'],
  ],
  [
    'an argument that is no setting',
    'is: settings.start_year',
    'is: 2026',
    [
      '24:27: name: `is` takes a setting, there is no `2026`. Known here: settings.domain, settings.numbers, settings.extras, …',
    ],
  ],
  [
    'an argument that is a list',
    'is: settings.start_year',
    'is: settings.term_years',
    ['24:27: type: an argument is text or an integer, `settings.term_years` is list'],
  ],
  [
    'an argument without its column',
    ', column: STUDENTS.YEAR',
    '',
    [
      '21:24: sql: `args` declares no `:start_year`. Write `args: { start_year: { is: settings.…, column: TABLE.COLUMN } }`.',
      '24:9: key: an argument needs `column:`',
    ],
  ],
  [
    'an argument with a column that the SQL has not',
    'column: STUDENTS.YEAR',
    'column: TERMS.YEARID',
    ['24:56: sql: the SQL does not read TERMS.YEARID. Known here: STUDENTS.DCID, STUDENTS.FIRST_NAME, SCHOOLS.DCID, …'],
  ],
  [
    'an argument named by a word of Oracle',
    'start_year: {',
    'level: {',
    [
      '21:24: sql: `args` declares no `:start_year`. Known here: level.',
      '24:9: name: `level` is a word of SQL. Give the argument another name.',
      '24:9: sql: the SQL does not use `:level`. Remove the argument.',
    ],
  ],
  [
    'the argument of the bridge',
    'start_year: {',
    'since: {',
    [
      '21:24: sql: `args` declares no `:start_year`. Known here: since.',
      '24:9: name: `since` is the argument of queries made for `changed`. Give this one another name.',
      '24:9: sql: the SQL does not use `:since`. Remove the argument.',
    ],
  ],
  [
    'an unknown parent',
    'orgs.school.id',
    'orgs.scool.id',
    [
      '30:28: name: a parent is a source or a rule and its column, there is no `orgs.scool`. Did you mean `orgs.school`?',
    ],
  ],
  [
    'an unknown column of a parent',
    'orgs.school.id',
    'orgs.school.idd',
    ['30:40: path: `schools` has no column `idd`. Did you mean `id`?'],
  ],
  [
    'a parent of another type',
    'orgs.school.id',
    'orgs.school.name',
    ['30:28: type: `kids.school_id` is integer, `orgs.school.name` is text: they are never equal'],
  ],
  [
    'two columns within',
    '{ school_id: orgs.school.id }',
    '{ school_id: orgs.school.id, id: orgs.school.id }',
    ['30:44: shape: `within` names one column and its parent: `school_id: orgs.school.id`'],
  ],
  [
    'within a list',
    '{ school_id: orgs',
    '{ places.place.room: orgs',
    [
      '30:17: path: `within` takes a column that the query delivers, not `places.place.room`. Known here: id, name.first, school_id, changed_at.',
      '30:36: type: `kids.places.place.room` is text, `orgs.school.id` is integer: they are never equal',
    ],
  ],
  [
    'a change that is not delivered',
    'changed: changed_at',
    'changed: changed',
    ['31:16: path: `changed` takes a column that the query delivers, not `changed`. Did you mean `changed_at`?'],
  ],
  [
    'a change that is no date',
    'changed: changed_at',
    'changed: school_id',
    ['31:16: type: `changed` takes a date column, `kids.school_id` is none'],
  ],
  [
    'a setting that is not there',
    'when: settings.extras',
    'when: settings.extra',
    ['32:11: name: `when` takes a setting, there is no `settings.extra`. Did you mean `settings.extras`?'],
  ],
  [
    'a setting that is not true or false',
    'when: settings.extras',
    'when: settings.domain',
    ['32:11: type: `when` takes a setting that is true or false, `settings.domain` is text'],
  ],
  [
    'a formula as a setting',
    'when: settings.extras',
    'when: =settings.extras',
    ['32:11: shape: `when` is plain text, found a formula'],
  ],
  [
    'a source that nothing reads',
    GOOD.slice(GOOD.indexOf('    powerquery:'), GOOD.indexOf('    when:')),
    '',
    ['3:3: key: `kids` has neither `rest:` nor `powerquery:`, so nothing reads it'],
  ],
  [
    'a name that no query has',
    '  kids:',
    '  Kids:',
    ["3:3: name: `Kids` can't name a query: at most 60 characters of a-z, 0-9 and _"],
  ],
  [
    'a list as a query',
    'sql: |',
    'sql: []\n      sq: |',
    ['14:12: shape: `sql` is plain text, found a list', '15:7: key: `powerquery` has no key `sq`. Did you mean `sql`?'],
  ],
  ['an extension', '      changed: changed_at', '      extend: { kids_ext: { kidsdcid: id } }', []],
  [
    'an extension that is not declared',
    '      changed: changed_at',
    '      extend: { u_kids_y: { kidsdcid: id } }',
    ['31:17: path: declare the columns of `u_kids_y` in `fields`: `u_kids_y: { … }`'],
  ],
  [
    'an extension by a column that is not delivered',
    '      changed: changed_at',
    '      extend: { kids_ext: { kidsdcid: idd } }',
    ['31:39: path: `extend` takes a column that the query delivers, not `idd`. Did you mean `id`?'],
  ],
  [
    'an extension by two columns',
    '      changed: changed_at',
    '      extend: { kids_ext: { kidsdcid: id, x: id } }',
    ['31:43: shape: an extension is joined by one column of its table to one of the row: `{ studentsdcid: id }`'],
  ],
  [
    'a list of extensions',
    '      changed: changed_at',
    '      extend: [kids_ext]',
    ['31:15: shape: `extend` of a `powerquery` is a map of keys and values'],
  ],
  [
    'an extension whose columns are selected',
    '      changed: changed_at',
    '      extend: { kids_ext: { kidsdcid: id } }',
    [],
  ],
  [
    'a column of an extension among the columns',
    '        school_id: SCHOOLS.DCID\n        changed_at: STUDENTS.TRANSACTION_DATE\n      within: { school_id: orgs.school.id }\n      changed: changed_at\n',
    '        kids_ext.gifted: SCHOOLS.DCID\n        changed_at: STUDENTS.TRANSACTION_DATE\n      within: { school_id: orgs.school.id }\n      changed: changed_at\n      extend: { kids_ext: { studentsdcid: id } }\n',
    [
      '28:9: shape: `kids_ext.gifted` comes from the table of `extend`. Leave it out here.',
      '30:17: path: `within` takes a column that the query delivers, not `school_id`. Known here: id, name.first, kids_ext.gifted, changed_at.',
    ],
  ],
  [
    'an argument whose name is not one',
    'start_year: { is',
    'Start-Year: { is',
    [
      '21:24: sql: `args` declares no `:start_year`. Did you mean `Start-Year`?',
      "24:9: name: `Start-Year` can't name an argument: at most 30 characters of a-z, 0-9 and _",
      '24:9: sql: the SQL does not use `:Start-Year`. Remove the argument.',
    ],
  ],
  [
    'an extension whose name is not one',
    '      changed: changed_at\n',
    '      changed: changed_at\n      extend: { U-KIDS: { studentsdcid: id } }\n',
    ["32:17: name: `U-KIDS` can't name an extension table: at most 30 characters of a-z, 0-9 and _"],
  ],
  [
    'an extension with a list',
    '      changed: changed_at\n',
    '      changed: changed_at\n      extend: { places: { studentsdcid: id } }\n',
    ['32:17: type: the columns of `places` are single values, not groups or lists'],
  ],
  [
    'an extension joined by what names no column',
    '      changed: changed_at\n',
    '      changed: changed_at\n      extend: { kids_ext: { 1st: id } }\n',
    ["32:29: shape: `1st` can't name a column of `kids_ext`"],
  ],
  [
    'no column after a dot',
    'select s.dcid id,',
    'select s. , s.dcid id,',
    ['15:19: sql: a column is expected after `.`, found `,`'],
  ],
  [
    'a case without an end',
    'select s.dcid id,',
    'select case when s.x = 1 then 2 id,',
    ['15:41: sql: `end` is expected at the end of `case`, found `id`'],
  ],
  [
    'a call that is not closed',
    "'YYYY-MM-DD') changed_at",
    "'YYYY-MM-DD' changed_at",
    ['17:57: sql: `)` is expected after the arguments of `to_char`, found `changed_at`'],
  ],
  ['no table after from', 'from students s\n', 'from\n', ['19:9: sql: a table is expected, found `left`']],
  [
    'a derived table that is not closed',
    'from students s\n',
    'from (select a.dcid from students a s\n',
    [
      '18:29: sql: a name is expected for this column, as in `s.dcid id`, found `from`',
      '18:45: sql: `)` is expected after a derived table, found `s`',
    ],
  ],
  [
    'a table with a long name',
    'left join schools h',
    'left join schoolsschoolsschoolsschoolsschools h',
    ['19:19: sql: the name of a table has at most 30 characters'],
  ],
  [
    'names in brackets',
    'select s.dcid id,',
    'select [dcid] id,',
    [
      '15:16: sql: `[` is not part of the SQL here. Names stand without brackets.',
      '15:17: sql: `dcid` stands without its table. Write `alias.dcid`.',
      '15:21: sql: `]` is not part of the SQL here. Remove it.',
    ],
  ],
  [
    'an argument as a placeholder',
    '= :start_year',
    '= {start_year}',
    [
      '21:24: sql: `{` is not part of the SQL here. An argument is written `:name` and declared in `args`.',
      '21:25: sql: `start_year` stands without its table. Write `alias.start_year`.',
      '21:35: sql: `}` is not part of the SQL here. Remove it.',
    ],
  ],
  [
    'an argument as a question mark',
    '= :start_year',
    '= ?',
    [
      '21:24: sql: `?` is not part of the SQL here. An argument is written `:name` and declared in `args`.',
      '22:9: sql: a value is expected, found `order`',
    ],
  ],
  [
    'no from',
    'from students s\n',
    'frm students s\n',
    ['18:9: sql: `from` is expected after the columns, found `frm`'],
  ],
  [
    'a list column within',
    '        school_id: SCHOOLS.DCID\n        changed_at: STUDENTS.TRANSACTION_DATE\n      within: { school_id: orgs.school.id }\n',
    '        places.place.room: SCHOOLS.DCID\n        changed_at: STUDENTS.TRANSACTION_DATE\n      within: { places.place.room: orgs.school.id }\n',
    [
      '30:17: type: `within` takes a single column, `places.place.room` stands in a list',
      '30:36: type: `kids.places.place.room` is text, `orgs.school.id` is integer: they are never equal',
    ],
  ],
]

describe('a powerquery with a fault', () => {
  it('has none as it stands', () => {
    expect(faults(BASE, GOOD)).toEqual([])
  })

  it.each(CASES)('points at %s', (_, written, instead, expected) => {
    const text = GOOD.replace(written, () => instead)
    expect(text).not.toBe(GOOD)
    expect(faults(BASE, text)).toEqual(expected.map((line) => `b.yaml:${line}`))
  })

  it('is told all its faults in one run', () => {
    const text = GOOD.replace('s.year', 'year').replace('name.first:', 'nam.first:').replace('extras\n', 'extra\n')
    expect(check(BASE, text).diagnostics.map(({ line, code }) => `${line} ${code}`)).toEqual([
      '21 sql',
      '27 path',
      '32 name',
    ])
  })
})

describe('the names of the queries that are made', () => {
  it('are not those of other sources', () => {
    const [other = ''] = / {2}kids:[\s\S]*/.exec(GOOD) ?? []
    const text = GOOD + other.replace('  kids:', '  kids_keys:').replace('      changed: changed_at\n', '')
    expect(faults(BASE, text)).toEqual([
      'b.yaml:31:16: name: `changed` makes a query `kids_keys`, which is a source already. Rename that source.',
    ])
  })
})

describe('sources that wait for each other', () => {
  const source = (name: string, rest: string, within: string) =>
    `  ${name}:\n    key: id\n    fields: { id: integer }\n    rest: { get: "/ws/${rest}", rows: x }\n    powerquery:\n      core: t\n      sql: select a.dcid id from t a order by a.dcid\n      columns: { id: T.DCID }\n${within}`

  it('are refused where both readers together make a ring', () => {
    const text = `sources:\n${source('x', '{y.id}', '')}${source('y', 'y', '      within: { id: x.id }\n')}`
    expect(faults(BASE, text)).toEqual(['b.yaml:5:18: cycle: reading `x` waits for `y`, which waits for `x`'])
    const other = `sources:\n${source('y', 'y', '      within: { id: x.id }\n')}${source('x', '{y.id}', '')}`
    expect(faults(BASE, other)).toEqual(['b.yaml:10:21: cycle: reading `y` waits for `x`, which waits for `y`'])
  })

  it('are refused where a rule needs the rows that it narrows', () => {
    const text = `sources:\n${source('x', 'x', '      within: { id: users.x.id }\n')}entities:\n  users:\n    x: { from: x, id: =text(id) }\n`
    expect(faults(BASE, text)).toEqual(['b.yaml:10:21: cycle: reading `x` waits for `x`'])
  })

  it('are read in one order that suits both', () => {
    const text = `sources:\n${source('x', 'x', '      within: { id: y.id }\n')}${source('y', '{orgs.school.id}', '')}`
    expect(check(BASE, text).mapping?.readers.order).toEqual(['schools', 'students', 'y', 'x'])
  })

  it('wait for the terms to ask by the school year, which terms cannot', () => {
    const asking = (name: string) =>
      source(name, name, '      args: { start_year: { is: settings.start_year, column: T.Y } }\n').replace(
        ' order',
        ' where a.y = :start_year order',
      )
    expect(check(BASE, `sources:\n${asking('x')}${source('terms', 't', '')}`).mapping?.readers.order).toEqual([
      'schools',
      'students',
      'terms',
      'x',
    ])
    expect(faults(BASE, `sources:\n${asking('terms')}`)).toEqual([
      'b.yaml:10:33: cycle: `terms` tell the start year, so they are asked for by `settings.first_term_year` and `last_term_year`',
    ])
  })
})

describe('several inverses with a fault', () => {
  const users = (inverse: string) => `entities:
  users:
    a:
      from: students
      id: ="a" & id
      fields:
        agents: { inverse: ${inverse} }
    b:
      from: students
      id: ="b" & id
      fields:
        agents: [{ ref: users.a, key: =other_id }]
    c:
      from: schools
      id: ="c" & id
      fields:
        agents: { refs: users.a, match: { school_id: =id } }
`

  it.each([
    ['users.b.agents', []],
    ['[users.b.agents, users.c.agents]', []],
    ['[users.b.agnets, users.c.agents]', ['7:29: ref: `users.b` fills no `agnets`. Did you mean `agents`?']],
    ['[users.b.agents, users.d.agents]', ['7:45: ref: there is no rule `users.d`. Did you mean `users.a`?']],
    ['[users.b.agents, users.b.agents]', ['7:45: duplicate: `users.b.agents` stands in this `inverse` twice']],
    [
      '[users.b.agents, users.a.agents]',
      ['7:45: ref: `users.a.agents` does not refer to users, so it has no inverse here'],
    ],
    ['[]', ['7:28: shape: `inverse` names a field of a rule']],
    [
      '[users.b.agents, users.c.agents], where: =it.born is blank',
      ['7:73: path: `it` has no `born`. Columns: id, name, number.'],
    ],
  ])('%s', (inverse, expected) => {
    expect(faults(BASE, users(inverse))).toEqual(expected.map((line) => `b.yaml:${line}`))
  })
})
