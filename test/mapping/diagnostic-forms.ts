// Forms of the language that are used wrongly, and what is said of them.
import { field, rule } from './diagnostic-cases.ts'

/** Fault, second file, what is printed after its name. */
export const FORMS: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'an unknown setting of an example',
    rule('      examples:\n        - { it: a, row: { id: 1 }, given: { settings: { domian: x } }, gives: nothing }\n'),
    ['7:57: name: there is no setting `domian`. Did you mean `domain`?'],
  ],
  [
    'a setting of an example that can never be so',
    `${rule('      examples:\n        - { it: a, row: { id: 1 }, given: { settings: { mode: slow } }, gives: nothing }\n')}settings: { mode: { is: fast, one_of: [fast, sure] } }\n`,
    ['7:63: value: `settings.mode` can\'t be "slow". Known here: fast, sure.'],
  ],
  [
    'a day of an example that is none',
    rule('      examples:\n        - { it: a, row: { id: 1 }, given: { today: tomorrow }, gives: nothing }\n'),
    ['7:52: type: `today` is a day such as 2026-10-01, not "tomorrow"'],
  ],
  [
    'two parents',
    'sources:\n  kids: { key: id, fields: { id: integer, list: [{ a: text }] }, rest: { get: "/a/{orgs.school.id}/{students.id}", rows: x } }\n',
    ['2:101: shape: `get` names one parent at most'],
  ],
  [
    'an id among the fields',
    field('sourcedId: x'),
    ['7:9: key: users have no field `sourcedId`. It is the `id:` of the rule.'],
  ],
  [
    'metadata among the fields',
    field('metadata: { a: b }'),
    ['7:9: key: users have no field `metadata`. It stands beside `fields:`, not in it.'],
  ],
  [
    'a status among the fields',
    field('status: active'),
    ['7:9: key: users have no field `status`. The engine keeps it.'],
  ],
  [
    'a lookup named as a word of the language',
    rule('      with: { it: { in: schools, key: =school_id } }\n'),
    ['6:15: name: `it` is a word of the language. Give the lookup another name.'],
  ],
  [
    'a lookup of all of one value',
    rule('      with: { x: { all: =name.first } }\n'),
    ['6:25: type: `all` takes a list, this gives text'],
  ],
  [
    'a match with a list column',
    rule('      with: { x: { in: students, match: { tags: T } } }\n'),
    ['6:43: type: `match` compares single values, `students.tags` is a list'],
  ],
  [
    'a key that is a list',
    rule('      with: { x: { in: schools, key: =tags } }\n'),
    [
      "6:38: type: a text can't be compared with an integer. Wrap one in text( ) or number( ).",
      '6:38: type: `key` is one value, this gives a list. Write `match:` to find by any of its members.',
    ],
  ],
  [
    'a key that is many integers',
    rule('      with: { x: { in: schools, key: "=[id, school_id]" } }\n'),
    ['6:38: type: `key` is one value, this gives a list. Write `match:` to find by any of its members.'],
  ],
  [
    'a match with a map',
    rule('      with: { x: { in: schools, match: { id: { a: b } } } }\n'),
    ['6:46: shape: a formula or a constant belongs here, not a group'],
  ],
  [
    'an order by a list',
    rule('      with: { x: { all: students, match: {}, order: =it.tags } }\n'),
    ['6:53: type: `order` takes a single value, this gives list of text'],
  ],
  [
    'a list where one value belongs',
    field('username: [a, b]'),
    ['7:19: type: `users.username` takes one text, not a list'],
  ],
  [
    'a constant where a list belongs',
    field('grades: a'),
    ['7:17: type: `users.grades` takes a list: write it as an item, `- …`'],
  ],
  [
    'a formula of one value where a list belongs',
    field('grades: =name.first'),
    ['7:17: type: `users.grades` takes a list, this gives text: write it as an item, `- …`'],
  ],
  [
    'a reference in the metadata',
    rule('      metadata:\n        a: { ref: orgs.school, key: =school_id }\n'),
    ['7:12: type: `metadata.a` is metadata and takes plain values, not a reference'],
  ],
  ['a constant where a reference belongs', field('org: a'), ['7:14: type: `users.org` takes a reference, this is "a"']],
  [
    'a formula where a reference belongs',
    field('org: =school_id'),
    ['7:14: type: `users.org` takes a reference, this gives integer. Write { ref: …, key: … }.'],
  ],
  [
    'a formula where a group belongs',
    field('userIds: [=name.first]'),
    ['7:19: type: `users.userIds` takes a group, this gives text. Write a map of its members.'],
  ],
  [
    'a row where a value belongs',
    rule('      with: { x: { in: schools, key: =school_id } }\n      fields: { username: =x }\n'),
    ['7:27: type: `users.username` takes text, this gives a row: name one of its columns'],
  ],
  ['a map where text belongs', field('username: { a: b }'), ['7:19: type: `users.username` takes text, not a map']],
  [
    'not of a text',
    field('enabledUser: =not name.first'),
    ['7:27: type: `not` takes boolean, this gives text. Compare it with something.'],
  ],
  [
    'in with a list on its left',
    field('enabledUser: =tags in ["a"]'),
    ['7:23: type: `in` asks for one value on its left, this gives a list'],
  ],
  [
    'in with a text on its right',
    field('enabledUser: =name.first in name.last'),
    ['7:37: type: `in` takes a list on its right, this gives text. Write = to compare.'],
  ],
  [
    'a list put together with a text',
    field('username: =tags & "x"'),
    ['7:20: type: `&` takes text or number, this gives list of text. Wrap it in first( ).'],
  ],
  [
    'a text put together with a truth',
    field('username: ="x" & active'),
    ['7:26: type: `&` takes text or number, this gives boolean. Wrap it in text( ).'],
  ],
  [
    'a day with a number added',
    field('born: =born + 1'),
    ['7:16: type: `+` takes number (days are added with add_days), this gives date.'],
  ],
  [
    'a row that is compared',
    rule('      with: { x: { in: schools, key: =school_id } }\n      where: =x = 1\n'),
    ['7:19: type: `=` compares single values, this is a row: name one of its columns'],
  ],
  ['an order of truths', rule('      where: =active < true\n'), ['6:24: type: booleans have no order']],
  [
    'a day compared with a text',
    rule('      where: =born > "2015-01-01"\n'),
    ["6:22: type: a date can't be compared with a text. Wrap the text in date( ) with its format."],
  ],
  [
    'a source that is nothing',
    'sources:\n  kids:\n',
    ['2:8: shape: a source is a map of keys and values, nothing stands here'],
  ],
  ['enabled of another kind', rule('      enabled: maybe\n'), ['6:16: type: `enabled` is `true` or `false`']],
  ['examples that are no list', rule('      examples: { it: a }\n'), ['6:17: shape: `examples` is a list']],
  [
    'columns that are no map',
    'sources:\n  kids: { key: id, fields: [id], rest: { get: /x, rows: x } }\n',
    ['2:28: shape: `fields` of a source is a map of keys and values'],
  ],
  [
    'a list column of two types',
    'sources:\n  kids: { key: id, fields: { id: integer, a: [text, integer] }, rest: { get: /x, rows: x } }\n',
    ['2:46: shape: a list column names the type of its members once: `[text]` or `[{ … }]`'],
  ],
  [
    'a code that is a map',
    'tables:\n  a: { b: { c: d }, e: f }\n',
    ["2:11: shape: a code table's value is plain text, found a map"],
  ],
  ['a field without a value', field('username:'), ['7:18: shape: a value is missing here']],
  [
    'a case after else',
    field('role: { choose: [{ else: student }, { when: =active, then: aide }] }'),
    ['7:45: shape: nothing may follow the `else` of a `choose`'],
  ],
  [
    'else beside when',
    field('role: { choose: [{ when: =active, then: student, else: aide }] }'),
    ['7:64: shape: `else` stands in a case of its own, the last one'],
  ],
  [
    'in beside all',
    rule('      with: { x: { in: schools, all: students, match: {} } }\n'),
    ['6:20: shape: a lookup takes `in` (one row) or `all` (a list), not both'],
  ],
  [
    'a key of the list of a formula',
    rule('      with: { x: { all: =races, key: =id } }\n'),
    ['6:33: key: the list of a formula takes no `key`, only `where`, `order`, `take`'],
  ],
  [
    'settings as a value',
    field('username: =settings'),
    ['7:20: path: `settings` is a group: name one of its members, such as `settings.domain`'],
  ],
  [
    'a formula too long',
    field(`username: ="${'x'.repeat(4000)}"`),
    [
      '7:4020: formula: the formula has more than 4000 characters. Take it apart: a code table, `choose:` or a lookup under `with:` may say it more simply.',
    ],
  ],
]
