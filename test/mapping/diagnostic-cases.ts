// A fault in a mapping, and what is said of it.

/** A rule of users that reads students; `lines` begin in line 6. */
export const rule = (lines: string) =>
  `entities:\n  users:\n    student:\n      from: students\n      id: ="stu" & id\n${lines}`

/** The same with one field, in line 7, beginning at column 9. */
export const field = (line: string) => rule(`      fields:\n        ${line}\n`)

/** Fault, second file, what is printed after its name. */
export const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'a member that a group has not',
    field('username: =name.firstname'),
    ['7:25: path: `students.name` has no `firstname`. Did you mean `first`?'],
  ],
  [
    'an integer where text belongs',
    field('username: =id'),
    ['7:19: type: `users.username` takes text, this gives integer. Wrap it in text( ).'],
  ],
  [
    'a token that the vocabulary has not',
    field('role: pupil'),
    ['7:15: value: `users.role` can\'t be "pupil". Known here: administrator, aide, guardian, …'],
  ],
  [
    'a misspelt token',
    field('role: studnet'),
    ['7:15: value: `users.role` can\'t be "studnet". Did you mean `student`?'],
  ],
  [
    'a formula that a comma cuts inside { }',
    field('userIds: [{ type: =first("a", name.last), identifier: x }]'),
    [
      '7:37: formula: a `)` is missing: the `(` after `first` is not closed. Inside { } or [ ], quote a formula that has commas.',
    ],
  ],
  [
    'a formula that ` #` cuts',
    field('username: =join(" #", name.first)'),
    [
      "7:25: formula: the formula ends too early: `\"`. A ` #` begins a comment in YAML: put the whole formula in '…' quotes.",
    ],
  ],
  [
    'a formula that `: ` cuts',
    field('username: =join(": ", name.first)'),
    ["7:19: yaml: `: ` inside a plain value starts a map. Put the whole formula in '…' quotes."],
  ],
  [
    'a reference to a rule of another collection',
    rule(`      fields:\n        org: { ref: users.student, key: =id }\n`),
    ['7:21: ref: `users.org` refers to orgs, but `users.student` makes users'],
  ],
  [
    'a reference to an unknown rule',
    field('org: { ref: orgs.scool, key: =school_id }'),
    ['7:21: ref: there is no rule `orgs.scool`. Did you mean `orgs.school`?'],
  ],
  [
    'a reference that names a source',
    field('org: { ref: schools, key: =school_id }'),
    ['7:21: ref: a reference names a rule, such as orgs.school; `schools` is a source'],
  ],
  [
    'an unknown name',
    field('username: =nme.first'),
    ['7:20: name: `users.student` knows no `nme`. Did you mean `name`?'],
  ],
  [
    'an unknown function',
    field('username: =uper(name.first)'),
    ['7:20: name: there is no function `uper`. Did you mean `upper`?'],
  ],
  ['an unknown table', field('role: =code("rol", "S")'), ['7:21: name: there is no table `rol`. Did you mean `role`?']],
  [
    'an unknown setting',
    field('username: =settings.domian'),
    ['7:29: path: `settings` has no `domian`. Did you mean `domain`?'],
  ],
  [
    'a group where a value belongs',
    field('username: =name'),
    ['7:20: path: `students.name` is a group: name one of its members, such as `first`'],
  ],
  ['a member of a single value', field('username: =id.x'), ['7:23: path: `id` is a single value and has no `x`']],
  [
    'an integer compared with a text',
    rule('      where: =id = name.first\n'),
    ["6:20: type: an integer can't be compared with a text. Wrap one in text( ) or number( )."],
  ],
  [
    'a scope that is not boolean',
    rule('      where: =id\n'),
    ['6:14: type: `where` takes boolean, this gives integer. Compare it with something, or ask `is not blank`.'],
  ],
  [
    'a scope without =',
    rule('      where: active\n'),
    ['6:14: shape: `where` is a formula, it begins with `=`. Write `=active`.'],
  ],
  [
    'texts that are added',
    field('username: =name.first + "x"'),
    [
      '7:20: type: `+` takes number (texts are joined with &), this gives text. Wrap it in number( ).',
      '7:33: type: `+` takes number (texts are joined with &), this gives text. Wrap it in number( ).',
    ],
  ],
  [
    'one value where a list belongs',
    field('grades: =name.first'),
    ['7:17: type: `users.grades` takes a list, this gives text: write it as an item, `- …`'],
  ],
  [
    'a list where one value belongs',
    field('username: =races.code'),
    ['7:19: type: `users.username` takes text, this gives a list. Wrap it in first( ) or join( ).'],
  ],
  [
    'text where a boolean belongs',
    field('enabledUser: "yes"'),
    ['7:22: type: `users.enabledUser` takes boolean, this is "yes"'],
  ],
  ['a day that is none', field('born: 2026-13-01'), ['7:15: type: `users.born` takes date, this is "2026-13-01"']],
  [
    'text where a date belongs',
    field('born: =name.first'),
    ['7:15: type: `users.born` takes date, this gives text. Wrap it in date( ) with its format.'],
  ],
  [
    'a value where a reference belongs',
    field('org: =school_id'),
    ['7:14: type: `users.org` takes a reference, this gives integer. Write { ref: …, key: … }.'],
  ],
  [
    'a reference where text belongs',
    field('username: { ref: orgs.school, key: =school_id }'),
    ['7:19: type: `users.username` takes text, not a reference'],
  ],
  [
    'a key of another type',
    field('org: { ref: orgs.school, key: =name.first }'),
    ["7:39: type: a text can't be compared with an integer. Wrap one in text( ) or number( )."],
  ],
  [
    'an unknown column in match',
    field('org: { ref: orgs.school, match: { nmae: =name.first } }'),
    ['7:43: path: `schools` has no column `nmae`. Did you mean `name`?'],
  ],
  [
    'key and match at once',
    field('org: { ref: orgs.school, key: =id, match: {} }'),
    ['7:14: key: `ref` needs `key:` or `match:`, not both'],
  ],
  ['neither key nor match', field('org: { ref: orgs.school }'), ['7:14: key: `ref` needs `key:` or `match:`']],
  ['an unknown field', field('userName: x'), ['7:9: key: users have no field `userName`. Did you mean `username`?']],
  [
    'a field that the engine owns',
    field('status: active'),
    ['7:9: key: users have no field `status`. The engine keeps it.'],
  ],
  [
    'an unknown key of a rule',
    rule('      wehre: =active\n'),
    ['6:7: key: a rule has no key `wehre`. Did you mean `where`?'],
  ],
  [
    'an unknown collection',
    `entities:\n  user:\n    student:\n      from: students\n      id: x\n`,
    ['2:3: name: there is no collection `user`. Did you mean `users`?'],
  ],
  [
    'an unknown source',
    `entities:\n  users:\n    student:\n      from: studens\n      id: ="x" & id\n`,
    ['4:13: name: there is no source `studens`. Did you mean `students`?'],
  ],
  ['a rule without a source', `entities:\n  users:\n    student:\n      id: x\n`, ['3:5: key: a rule needs `from:`']],
  [
    'a required field that is not filled',
    `entities:\n  classes:\n    section:\n      from: students\n      id: ="x" & id\n      fields: { title: x }\n`,
    ['3:5: required: `classes.section` fills no `school`, which every record of classes needs'],
  ],
  [
    'a key twice in a map',
    rule('      where: =active\n      where: =active\n'),
    ['7:7: duplicate: `where` stands here twice, first in line 6'],
  ],
  [
    'a rule in two files',
    `entities:\n  orgs:\n    school:\n      from: schools\n      id: ="sch" & id\n      fields: { name: =name }\n`,
    ['3:5: duplicate: `entities.orgs.school` stands in two files of one layer, first in a.yaml:26'],
  ],
  [
    'a lookup that names one below it',
    rule('      with:\n        a: { in: orgs.school, key: =b.id }\n        b: { in: schools, key: =school_id }\n'),
    ['7:37: name: the lookup `b` stands further down: a lookup sees only those above it'],
  ],
  [
    'a lookup that hides a column',
    rule('      with:\n        born: { in: schools, key: =school_id }\n'),
    ['7:9: name: the lookup `born` hides the column of that name. Give it another name.'],
  ],
  [
    'a list lookup with missing',
    rule('      with:\n        a: { all: schools, match: {}, missing: skip }\n'),
    ['7:48: shape: `all` gives a list, which may be empty: it takes no `missing`'],
  ],
  [
    'it outside of a selection',
    rule('      where: =it.id = 1\n'),
    ['6:15: name: `it` is there only in the `where` and `order` of a lookup, a reference or an inverse'],
  ],
  [
    'rows without one_per',
    rule('      where: =count(rows) > 1\n'),
    ['6:21: name: `rows` is there only in a rule with `one_per`'],
  ],
  [
    'one_per of something computed',
    rule('      one_per: =id + 1\n'),
    ['6:16: shape: `one_per` is a column of the row, such as `=users_dcid`'],
  ],
  [
    'order without one_per',
    rule('      order: =id\n'),
    ['6:7: key: `order` sorts the rows of a `one_per`, which this rule has not'],
  ],
  [
    'each over a single value',
    field('grades: { each: =name.first, as: x, value: =x }'),
    ['7:25: type: `each` takes a list, this gives text'],
  ],
  [
    'an each variable that hides a column',
    field('grades: { each: =tags, as: born, value: =born }'),
    ['7:36: name: `born` has a meaning here already. Give it another name.'],
  ],
  [
    'a choose case without then',
    field('username: { choose: [{ when: =active }] }'),
    ['7:30: key: a case of `choose` needs `then:`'],
  ],
  [
    'a `then` beside the `else` of a `choose`',
    field('username: { choose: [{ else: x, then: y }] }'),
    ['7:41: shape: `else` stands in a case of its own, the last one'],
  ],
  [
    'an unknown member of a group',
    field('userIds: [{ typ: a, identifier: b }]'),
    ['7:21: key: `users.userIds` has no `typ`. Did you mean `type`?'],
  ],
  [
    'a group without its required member',
    field('userIds: [{ type: a }]'),
    ['7:19: required: `users.userIds` needs `identifier`'],
  ],
  [
    'an inverse of an unknown field',
    field('agents: { inverse: users.student.agnts }'),
    ['7:28: ref: `users.student` fills no `agnts`. Did you mean `agents`?'],
  ],
  [
    'an inverse of a field that is not filled',
    field('agents: { inverse: users.student.username }'),
    ['7:28: ref: `users.student` fills no `username`. Known here: agents.'],
  ],
  [
    'a token inside a formula',
    field('role: =if(active, "student", "pupil")'),
    ['7:38: value: `users.role` can\'t be "pupil". Known here: administrator, aide, guardian, …'],
  ],
  [
    'a token that a table gives',
    `tables:\n  kind: { S: student, P: pupil }\n${field('role: =code("kind", name.first)')}`,
    [
      '9:16: value: `users.role` can\'t be "pupil". Known here: administrator, aide, guardian, … Table `kind` gives it.',
    ],
  ],
  [
    'a rule that waits for itself',
    rule('      with:\n        friend: { in: users.student, key: =school_id }\n'),
    [
      '7:23: cycle: the scope of `users.student` needs `users.student`. A lookup with `missing: blank` that only optional fields use, or `in:` a source, breaks the ring.',
    ],
  ],
  [
    'an unclosed parenthesis',
    field('username: =lower(name.first'),
    ['7:36: formula: a `)` is missing: the `(` after `lower` is not closed'],
  ],
  [
    'an operator of another language',
    field('username: =if(id == 1, "a")'),
    ['7:26: formula: `==` is not part of a formula. Use `=`.'],
  ],
  [
    'anchors and aliases',
    'settings:\n  a: &x 1\n  b: *x\n',
    [
      '2:9: yaml: anchors (`&x`) are not used in mappings. Remove it.',
      '3:6: yaml: aliases (`*x`) are not used in mappings. Write the value out.',
    ],
  ],
  [
    'tags and merge keys',
    'settings:\n  a: !!str 1\n  <<: {}\n',
    [
      '2:12: yaml: tags (`!!str`) are not used in mappings. Remove it.',
      '3:3: yaml: merge keys (`<<`) are not used in mappings. Write the keys out.',
    ],
  ],
  ['tabs', 'settings:\n\ta: 1\n', ['2:1: yaml: indent with blanks, not with tabs']],
  [
    'a layer among the files that layers extend',
    'extends: default\n',
    [
      '1:1: extends: this file is a part of the mapping that layers extend. Keep a layer in a folder of its own, and name it in the setting MAPPING or after --mapping.',
    ],
  ],
  [
    'a file that is a list',
    '- a\n',
    ['1:1: shape: a mapping file is a map of `settings`, `sources`, `tables`, `entities`'],
  ],
  ['an empty file', '', ['1:1: shape: a mapping file is a map of `settings`, `sources`, `tables`, `entities`']],
  [
    'deep nesting',
    `a: ${'['.repeat(60)}${']'.repeat(60)}`,
    [
      '1:1: key: a mapping file has no key `a`. Known here: extends, settings, sources, tables, entities.',
      '1:44: yaml: the file is nested too deeply',
    ],
  ],
  ['nesting that would overflow the stack', `a: ${'['.repeat(100000)}`, ['1:1: yaml: the file is nested too deeply']],
  [
    'an unknown column type',
    'sources:\n  x:\n    key: id\n    fields: { id: int }\n',
    ["4:19: type: a column's type can't be `int`. Did you mean `integer`?"],
  ],
  [
    'an unknown key column',
    'sources:\n  x:\n    key: idd\n    fields: { id: integer }\n',
    ['3:10: path: `x` has no column `idd` for its key. Did you mean `id`?'],
  ],
  [
    'an unknown parent',
    'sources:\n  x:\n    key: id\n    fields: { id: integer }\n    rest: { get: "/ws/{school.id}/x", rows: x }\n',
    ['5:24: name: a parent is a source or a rule and its column, there is no `school`. Did you mean `schools`?'],
  ],
  [
    'a parent that is switched off',
    'sources:\n  x:\n    key: id\n    fields: { id: integer }\n    rest: { get: "/ws/{users.off.id}/x", rows: x }\nentities:\n  users:\n    off: { from: students, id: x, enabled: false }\n',
    ['5:24: ref: `users.off` is switched off (`enabled: false`)'],
  ],
  [
    'a comma inside [ ]',
    field('grades: [=first(name.first, name.last), b]'),
    [
      '7:35: formula: a `)` is missing: the `(` after `first` is not closed. Inside { } or [ ], quote a formula that has commas.',
    ],
  ],
  [
    'a member of a group that every object has',
    field('userIds: [{ constructor: a, identifier: b }]'),
    ['7:21: key: `users.userIds` has no `constructor`. Known here: type, identifier.'],
  ],
  [
    'an unknown column of a parent',
    'sources:\n  x:\n    key: id\n    fields: { id: integer }\n    rest: { get: "/ws/{orgs.school.idd}/x", rows: x }\n',
    ['5:36: path: `schools` has no column `idd`. Did you mean `id`?'],
  ],
  [
    'an unknown setting in q',
    'sources:\n  x:\n    key: id\n    fields: { id: integer }\n    rest: { get: /ws/x, q: "y=={settings.yer}", rows: x }\n',
    [
      '5:33: name: `q` knows no `{settings.yer}`, it takes settings. Known here: settings.domain, settings.numbers, settings.start_year, …',
    ],
  ],
  [
    'sources that wait for each other',
    'sources:\n  x:\n    key: id\n    fields: { id: integer }\n    rest: { get: "/ws/{y.id}/x", rows: x }\n  y:\n    key: id\n    fields: { id: integer }\n    rest: { get: "/ws/{x.id}/y", rows: y }\n',
    ['5:18: cycle: reading `x` waits for `y`, which waits for `x`'],
  ],
  [
    'an extension that is not declared',
    'sources:\n  x:\n    key: id\n    fields: { id: integer, u_x: { a: text } }\n    rest: { get: /ws/x, extend: [u_x, u_y], rows: x }\n',
    ['5:39: path: declare the columns of `u_y` in `fields`: `u_y: { … }`'],
  ],
  [
    'unknown names in an example',
    rule(
      '      examples:\n        - it: x\n          row: { id: 1, nam: { first: x } }\n          given: { school: [] }\n          gives: { usrname: x }\n',
    ),
    [
      '8:25: path: `students` has no `nam`. Did you mean `name`?',
      '9:20: name: there is no source `school`. Did you mean `schools`?',
      '10:20: key: users have no field `usrname`. Did you mean `username`?',
    ],
  ],
  [
    'an example that gives a word',
    rule('      examples:\n        - it: x\n          row: { id: 1 }\n          gives: none\n'),
    ['9:18: shape: `gives` is a map of fields, or the word `nothing`'],
  ],
  [
    'a rule that is switched off',
    `entities:\n  users:\n    off: { from: students, id: x, enabled: false }\n    student:\n      from: students\n      id: ="stu" & id\n      with: { a: { in: users.off, key: =id } }\n`,
    ['7:24: ref: `users.off` is switched off (`enabled: false`)'],
  ],
  [
    'a fault in a block of several lines',
    field('username: >-\n          =first(\n            name.fist)'),
    ['9:18: path: `students.name` has no `fist`. Did you mean `first`?'],
  ],
  [
    'faults after escapes in double quotes',
    field(`username: "=name.fist & \\"x\\" & nme"`),
    [
      '7:26: path: `students.name` has no `fist`. Did you mean `first`?',
      '7:41: name: `users.student` knows no `nme`. Did you mean `name`?',
    ],
  ],
  [
    'a fault in single quotes',
    field(`username: '=name.first & "x" & nme'`),
    ['7:40: name: `users.student` knows no `nme`. Did you mean `name`?'],
  ],
  [
    'a fault in a folded plain value',
    field(`username: =name.first &\n          nme`),
    ['8:11: name: `users.student` knows no `nme`. Did you mean `name`?'],
  ],
  [
    'an empty code table',
    'tables:\n  t: { otherwise: blank }\n',
    ['2:3: shape: a code table lists codes, `t` has none'],
  ],
  [
    'a setting that is a map',
    'settings:\n  t: { otherwise: blank }\n',
    ['2:6: shape: a setting is text, a number, true, false, a list of them, or a map with `is`'],
  ],
  [
    'a name that formulas cannot say',
    'tables:\n  t-x: { a: b }\n',
    ["2:3: name: `t-x` can't name a table: use letters, digits and _, not beginning with a digit"],
  ],
]
