// What an author meant: slips that are read as something else, and what is said of each.
import { describe, expect, it } from 'vitest'
import { checkMapping } from '../../src/mapping/check/check.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import { field, rule } from './diagnostic-cases.ts'
import { fieldsLayer, layerFaults, ruleLayer, STUDENTS } from './overlay-support.ts'
import { BASE, faults, MODEL } from './support.ts'

type Cases = readonly (readonly [slip: string, text: string, said: readonly string[]])[]

const inBase = (cases: Cases) =>
  it.each(cases)('points at %s', (_, text, said) => {
    expect(faults(BASE, text)).toEqual(said.map((line) => `b.yaml:${line}`))
  })

const inLayer = (cases: Cases) =>
  it.each(cases)('points at %s', (_, text, said) => {
    expect(layerFaults(text)).toEqual(said.map((line) => `1.yaml:${line}`))
  })

const sources = (lines: string) => `sources:\n  kids:\n    key: id\n    rest: { get: /ws/kids, rows: kids }\n${lines}`

describe('an extension table', () => {
  const declared = (more: string, name = 'u_kids_x') =>
    `sources:\n  kids:\n    key: id\n    fields: { id: integer, ${name}: { gifted: boolean } }\n    rest: { get: /ws/kids, rows: kids${more} }\n`
  inBase([
    ['none that is read', declared(', extend: [u_kids_x]'), []],
    [
      'capital letters',
      sources('    fields: { id: integer, U_KIDS_X: { Gifted: boolean } }\n').replace(
        'kids }',
        'kids, extend: U_KIDS_X }',
      ),
      [
        '4:48: name: write extension tables and their columns in small letters: `u_kids_x`',
        '5:28: name: write extension tables and their columns in small letters: `u_kids_x`',
        '5:40: name: write extension tables and their columns in small letters: `gifted`',
      ],
    ],
    [
      'capital letters of a table of another name',
      declared(', extend: [KidsCore]', 'KidsCore'),
      [
        '4:28: name: write extension tables and their columns in small letters: `kidscore`',
        '5:49: name: write extension tables and their columns in small letters: `kidscore`',
      ],
    ],
    [
      'one that nothing reads',
      declared(''),
      ['4:28: path: nothing reads `u_kids_x`: name it in `rest: { extend: [u_kids_x] }`, or leave it out'],
    ],
    [
      'one that neither reader reads',
      `${declared('')}    powerquery:\n      core: students\n      sql: select s.dcid id from students s order by s.dcid\n      columns: { id: STUDENTS.DCID }\n`,
      [
        '4:28: path: nothing reads `u_kids_x`: name it in `rest: { extend: [u_kids_x] }`, for PowerQuery in `powerquery: { extend: { u_kids_x: { …: id } } }`, or leave it out',
      ],
    ],
    [
      'capital letters by PowerQuery',
      `${declared('')}    powerquery:\n      core: students\n      sql: select s.dcid id from students s order by s.dcid\n      columns: { id: STUDENTS.DCID }\n      extend: { U_KIDS_X: { KidsDcid: id } }\n`,
      [
        '10:17: name: write extension tables and their columns in small letters: `u_kids_x`',
        '10:29: name: write extension tables and their columns in small letters: `kidsdcid`',
      ],
    ],
  ])

  it('that a query delivers by itself is read', () => {
    const text = `${declared('')}    powerquery:\n      core: students\n      sql: select s.dcid id, x.gifted gifted from students s join kids_x x on x.dcid = s.dcid order by s.dcid\n      columns: { id: STUDENTS.DCID, u_kids_x.gifted: KIDS_X.GIFTED }\n`
    expect(faults(BASE, text).filter((line) => line.includes('nothing reads'))).toEqual([])
  })

  inLayer([
    [
      'the place where a layer stops to read it',
      'extends: default\nsources:\n  students:\n    fields: { s_x: { a: text } }\n    rest: { extend: null }\n',
      [
        '5:13: extends: there is no `extend` here to remove. Known here: get, rows.',
        '4:15: path: nothing reads `s_x`: name it in `rest: { extend: [s_x] }`, or leave it out',
      ].toSorted(),
    ],
  ])
})

describe('plain words that are the path of a column or lookup', () => {
  const withSchool = (line: string) =>
    `${rule('      with: { school: { in: schools, key: =school_id } }\n')}      ${line}\n`
  inBase([
    [
      'a column in a field',
      field('username: school_id'),
      [
        '7:19: value: `school_id` is a column of students. If you mean its value, write `=school_id`; if you mean these words, quote them.',
      ],
    ],
    [
      'a column of a group, in a list',
      field('grades: [name.first]'),
      [
        '7:18: value: `name.first` is a column of students. If you mean its value, write `=name.first`; if you mean these words, quote them.',
      ],
    ],
    [
      'a column in the metadata',
      rule('      metadata: { a: born }\n'),
      [
        '6:22: value: `born` is a column of students. If you mean its value, write `=born`; if you mean these words, quote them.',
      ],
    ],
    [
      'a column as the id',
      'entities:\n  users:\n    student: { from: students, id: mark }\n',
      [
        '3:36: value: `mark` is a column of students. If you mean its value, write `=mark`; if you mean these words, quote them.',
      ],
    ],
    [
      'a lookup',
      withSchool('fields: { username: school }'),
      [
        '7:27: value: `school` is a lookup of `users.student`. If you mean a value of it, write `=school.…`; if you mean these words, quote them.',
      ],
    ],
    [
      'a column of a lookup',
      withSchool('fields: { username: school.name }'),
      [
        '7:27: value: `school.name` is a column of the lookup `school`. If you mean its value, write `=school.name`; if you mean these words, quote them.',
      ],
    ],
    [
      'a column where true or false belongs',
      field('enabledUser: active'),
      [
        '7:22: value: `active` is a column of students. If you mean its value, write `=active`; if you mean these words, quote them.',
      ],
    ],
    ['nothing where they are quoted', field('username: "school_id"'), []],
    ['nothing where they are other words', field('username: school_idd'), []],
    ['nothing where a group is named', field('username: name'), []],
  ])

  it('are meant where the vocabulary has them', () => {
    const text =
      'sources:\n  kids:\n    key: id\n    fields: { id: integer, student: text }\n    rest: { get: /k, rows: k }\n'
    const users = 'entities:\n  users:\n    kid: { from: kids, id: ="k" & id, fields: { role: student } }\n'
    expect(faults(BASE, `${text}${users}`)).toEqual([])
  })
})

describe('a setting of a layer', () => {
  const layer = (settings: string) => `extends: default\nsettings: { ${settings} }\n`
  inLayer([
    [
      'a slip of one that is read',
      `${layer('domian: x')}entities: { users: { student: { where: =settings.domain = "x" } } }\n`,
      ['2:13: name: nothing reads `settings.domian`. Did you mean `domain`?'],
    ],
    [
      'a slip of one of the engine',
      layer('start_yaer: 2026'),
      ['2:13: name: nothing reads `settings.start_yaer`. Did you mean `start_year`?'],
    ],
    [
      'nothing where it is read',
      `${layer('start_yaer: 7')}entities: { users: { student: { where: =settings.start_yaer > 1 } } }\n`,
      [],
    ],
    ['nothing where no likely one is read', layer('motto: x, year_of_start: 7'), []],
    ['nothing of a name that is longer by a word', layer('domain_of_staff: x'), []],
    ['nothing where it stands below, too', layer('domain: x'), []],
    [
      'members of another kind than below',
      layer('numbers: ["1", 2, "x"]'),
      ['2:23: type: `settings.numbers` holds numbers: write [1, 2, …], without quotes'],
    ],
  ])

  const lower = (where: string) => [
    {
      path: 'base.yaml',
      text: BASE.replace('settings:\n', 'settings:\n  chosen: []\n  flags: [true]\n  words: [a]\n'),
    },
    { path: 'students.yaml', text: STUDENTS.replace('where: =active', `where: ${where}`) },
  ]
  const above = (where: string, settings: string) =>
    checkMapping(lower(where), MODEL, [{ path: '1.yaml', text: layer(settings) }]).diagnostics.map((found) =>
      formatDiagnostic(found),
    )

  it.each([
    [
      'texts, which are numbers to the formula',
      '=school_id in settings.chosen',
      'chosen: ["1020", "x"]',
      '1.yaml:2:22: type: `settings.chosen` holds numbers: write [1020, …], without quotes (students.yaml:5 compares them)',
    ],
    [
      'numbers, which are texts to the formula',
      '=name.first in settings.chosen',
      'chosen: [7, 8]',
      '1.yaml:2:22: type: `settings.chosen` holds texts: write ["7", "8"], with quotes (students.yaml:5 compares them)',
    ],
    [
      'members that no function takes',
      '=has(settings.chosen, name.first)',
      'chosen: [true]',
      '1.yaml:2:22: type: `settings.chosen` does not fit students.yaml:5: `has` takes a list of texts, this gives list of boolean. Wrap it in text( ).',
    ],
    [
      'members of other kinds than below',
      '=active',
      'flags: ["true", 1], words: [b, 7]',
      '1.yaml:2:21: type: `settings.flags` holds true and false: write [true, …], without quotes\n1.yaml:2:44: type: `settings.words` holds texts: write ["b", "7"], with quotes',
    ],
    ['members that fit', '=school_id in settings.chosen', 'chosen: [1020]', ''],
  ])('is told its %s', (_, where, settings, said) => {
    expect(above(where, settings).join('\n')).toBe(said)
  })

  it('is right where the formula of a layer above it is wrong', () => {
    const upper = ruleLayer('where: =name.first in settings.numbers')
    expect(layerFaults(layer('numbers: [3]'), upper)).toEqual([
      "2.yaml:5:29: type: a text can't be compared with an integer. Wrap one in text( ) or number( ).",
    ])
  })
})

describe('`=inherited` where nothing is below', () => {
  inLayer([
    [
      'a create_only of a layer',
      ruleLayer('create_only: [=inherited, username]'),
      [
        '5:21: extends: no layer below has a `create_only`, so there is nothing to inherit: write `create_only: [username]`',
      ],
    ],
    [
      'a create_only with nothing else',
      ruleLayer('create_only: =inherited'),
      ['5:20: extends: no layer below has a `create_only`, so there is nothing to inherit'],
    ],
    [
      'another list of words',
      'extends: default\nsources: { students: { rest: { expand: [=inherited, a] } } }\n',
      ['2:41: extends: no layer below has anything here, so `expand` has nothing to inherit'],
    ],
  ])
})

describe('a name that is no column', () => {
  const kids = (reader: string) =>
    `sources:\n  pupils:\n    key: id\n    fields: { id: integer, name: { first_name: text }, grade: { grade_level: integer }, local_id: text, a: text, b: text, c: text }\n${reader}`
  const query = `    powerquery:\n      core: students\n      sql: select s.dcid id, s.student_number local_id, h.school_number a from students s join schools h on h.dcid = s.schoolid order by s.dcid\n      columns:\n        id: STUDENTS.DCID\n        local_id: STUDENTS.STUDENT_NUMBER\n        a: SCHOOLS.SCHOOL_NUMBER\n`
  const username = (formula: string) =>
    `entities:\n  users:\n    pupil: { from: pupils, id: ="p" & id, fields: { username: '${formula}' } }\n`
  const said = (formula: string, reader = query) => faults(BASE, `${username(formula)}${kids(reader)}`)

  it.each([
    ['=student_number', "`users.pupil` knows no `student_number`. PowerSchool's STUDENT_NUMBER is `local_id` here."],
    ['=School_Number', "`users.pupil` knows no `School_Number`. PowerSchool's SCHOOL_NUMBER is `a` here."],
    ['=grade_level', '`users.pupil` knows no `grade_level`. Did you mean `grade.grade_level`?'],
    ['=first_nam', '`users.pupil` knows no `first_nam`. Did you mean `name.first_name`?'],
    ['=locl_id', '`users.pupil` knows no `locl_id`. Did you mean `local_id`?'],
    [
      '=zebra',
      '`users.pupil` knows no `zebra`. Columns: id, name, grade, … (all: `bridge mapping explain pupils`) Also: settings.',
    ],
    [
      '=u_pupils.bus',
      '`users.pupil` knows no `u_pupils`. Declare the extension table at `sources.pupils.fields`, and name it in `powerquery.extend`.',
    ],
  ])('is told where to find %s', (formula, message) => {
    expect(said(formula)).toEqual([`b.yaml:3:65: name: ${message}`])
  })

  it('is told both ways to read an extension table', () => {
    const both = `    rest: { get: /ws/pupils, rows: pupils }\n${query}`
    expect(said('=S_PUPILS_X.bus', both)).toEqual([
      'b.yaml:3:65: name: `users.pupil` knows no `S_PUPILS_X`. Declare the extension table at `sources.pupils.fields`, and name it in `rest.extend` and `powerquery.extend`.',
    ])
  })
})

describe('a function of another language', () => {
  it.each([
    ['concat("a", "b")', 'Texts are put together with `&`, or join( ).'],
    ['CONCATENATE("a", "b")', 'Texts are put together with `&`, or join( ).'],
    ['TEXTJOIN("a", "b")', 'Use join( ).'],
    ['IIF(active, "a", "b")', 'Use if(condition, value, other).'],
    ['COALESCE("a", "b")', 'Use first( ).'],
    ['SUBSTITUTE("a", "b", "c")', 'Use replace( ).'],
    ['LEN("a")', 'Use length( ).'],
    ['SUBSTR("a", 1)', 'Use mid( ), left( ) or right( ).'],
    ['IsNullOrEmpty("a")', 'Write `is blank` or `is not blank` after a value.'],
    ['AND(active, active)', 'Write it between its values: `a and b`, `a or b`, `not a`.'],
    ['VLOOKUP("a")', 'Use code("table", value), with a table of `tables:`.'],
    ['to_lower("a")', 'Use lower( ).'],
    ['IF(active, "a")', 'Names are in small letters: `if`.'],
  ])('is told what to write instead of %s', (call, hint) => {
    const name = call.slice(0, call.indexOf('('))
    expect(faults(BASE, field(`username: =${call}`))).toEqual([
      `b.yaml:7:20: name: there is no function \`${name}\`. ${hint}`,
    ])
  })
})

describe('a name that no rule has', () => {
  inLayer([
    [
      'a rule',
      'extends: default\nentities:\n  users:\n    students: { fields: { username: x } }\n',
      [
        '4:5: key: there is no rule `users.students` yet, and a new one needs `from:` and `id:`. Did you mean `student`?',
      ],
    ],
    [
      'a rule that is switched off',
      'extends: default\nentities:\n  users:\n    studnet: { enabled: false }\n',
      ['4:5: key: there is no rule `users.studnet` to switch off. Did you mean `student`?'],
    ],
    [
      'a collection, by a rule that another has',
      'extends: default\nentities:\n  people:\n    student: { fields: { username: x } }\n',
      ['3:3: name: there is no collection `people`. Did you mean `users`?'],
    ],
    [
      'a collection',
      'extends: default\nentities:\n  people:\n    anyone: { fields: { username: x } }\n',
      ['3:3: name: there is no collection `people`. Known here: orgs, users, classes, …'],
    ],
  ])
})

describe('keys that stand at another depth', () => {
  inLayer([
    [
      'a key beside the rule',
      'extends: default\nentities:\n  users:\n    student:\n    fields:\n      username: x\n',
      ['5:5: shape: `fields` is a key of a rule: put it two blanks further right, below `student:`'],
    ],
    [
      'keys beside the rule',
      'extends: default\nentities:\n  users:\n    create_only: [username]\n    where: =active\n    student: { fields: { role: null } }\n',
      ['4:5: shape: `create_only`, `where` are keys of a rule: put them two blanks further right, below `student:`'],
    ],
    [
      'a key below a collection without a rule',
      'extends: default\nentities:\n  users:\n    fields: { username: x }\n',
      [
        '4:5: shape: `fields` is a key of a rule: the name of a collection and that of the rule stand above it: entities, users, student, fields',
      ],
    ],
    [
      'a key of the rule among the fields',
      fieldsLayer('create_only: [username]'),
      [
        '6:9: key: users have no field `create_only`. It is a key of the rule: put it two blanks further left, beside `fields:`.',
      ],
    ],
    [
      'a key of a rule at the top',
      'extends: default\ncreate_only: [username]\n',
      [
        '2:1: key: a mapping file has no key `create_only`. It is a key of a rule: entities, users, student, create_only.',
      ],
    ],
    [
      'examples among the tables',
      'extends: default\ntables:\n  examples:\n    - it: x\n',
      ['3:3: shape: examples stand in a rule, beside its fields: entities, users, student, examples'],
    ],
  ])

  it('are names of rules where rules have them', () => {
    const text =
      'entities:\n  users:\n    order: { from: students, id: ="o" & id }\n    where: { enabled: false, from: students, id: ="w" & id }\n'
    expect(faults(BASE, text)).toEqual([])
    expect(faults(BASE, rule(''))).toEqual([])
  })
})
