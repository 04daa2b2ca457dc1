// Slips that authors make in YAML and in formulas, and what is said of them.
import { field, rule } from './diagnostic-cases.ts'

/** Slip, second file, what is printed after its name. */
export const SLIPS: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'an unquoted list formula inside [ ]',
    field('grades: [=[name.first, name.last]]'),
    ["7:19: yaml: a formula with commas or brackets stands inside { } or [ ]. Put the whole formula in '…' quotes."],
  ],
  [
    'an unquoted list formula inside { }',
    field('userIds: [{ type: =[name.first, name.last], identifier: x }]'),
    ["7:28: yaml: a formula with commas or brackets stands inside { } or [ ]. Put the whole formula in '…' quotes."],
  ],
  [
    'a formula with quoted texts after a comma inside { }',
    field('userIds: [{ type: =join("-", name.first, "z"), identifier: x }]'),
    ["7:53: yaml: a formula with commas or brackets stands inside { } or [ ]. Put the whole formula in '…' quotes."],
  ],
  [
    'a key without a blank after its colon',
    field('role:student\n        username: x'),
    ['7:9: yaml: a key is followed by `:` and a blank: write `key: value`'],
  ],
  [
    'only a key without a blank after its colon',
    field('username:x'),
    ['7:9: shape: `fields` is a map of keys and values. Write a blank after the `:`.'],
  ],
  [
    'a colon in a text',
    field('username: Note: this'),
    ["7:19: yaml: `: ` inside a text starts a map. Put the whole text in '…' quotes."],
  ],
  [
    'a line that stands too far in',
    field('username: a\n         role: student'),
    ['7:19: yaml: the lines below stand further in, but this key has a value already. Align them with the key.'],
  ],
  ['a tab', field('username: x\n\t\trole: student'), ['8:1: yaml: indent with blanks, not with tabs']],
  ['two documents', rule('---\n'), ['6:1: yaml: one file is one document: remove the `---`']],
  [
    'a value that begins as a text of several lines does',
    field('username: >=5'),
    ["7:20: yaml: a value that begins with > or | is a text of several lines. Put it in '…' quotes."],
  ],
  [
    'a formula that goes on in a line of its own',
    field('username: =if(active,\n        name.first)'),
    [
      '8:9: yaml: this line is no `key: value`. A formula of several lines stands after `>-`, each line further in than its key.',
    ],
  ],
  ['a quote that is not closed', field('username: "a'), ['8:1: yaml: a quote that was opened above is not closed']],
  ['a bracket that is not closed', field('grades: [a'), ['8:1: yaml: a { or [ that was opened above is not closed']],
  [
    'values in [ ] without a comma between them',
    field('grades: [a, "b" c]'),
    [
      "7:25: yaml: values in { } or [ ] are separated by commas; a value with , : [ ] { } or quotes in it stands in '…' quotes",
    ],
  ],
  [
    'a value that begins with a character of YAML',
    field('username: @x'),
    ["7:19: yaml: a value can't begin with this character. Put it in '…' quotes."],
  ],
  [
    'a backslash in double quotes',
    field('username: "\\q"'),
    ['7:20: yaml: in "…" a backslash begins a code such as \\n. Write it twice, or use \'…\' quotes.'],
  ],
  [
    'text after a closing quote',
    field("username: '=lower('a')'"),
    [
      "7:28: yaml: text follows the closing quote. Put the whole formula in '…' quotes, or begin it with = and not with a quote.",
    ],
  ],
  ['a key that is a list', field('[a]: b'), ['7:9: yaml: a key must be a plain word']],
  [
    'double quotes of a word processor',
    field('username: =“a” & name.first'),
    ['7:20: formula: `“` is not part of a formula. A text stands in double quotes: "…".'],
  ],
  [
    'single quotes in a formula',
    field("username: =lower('a')"),
    ['7:26: formula: `\'` is not part of a formula. A text stands in double quotes: "…".'],
  ],
  [
    'two equals signs',
    field('enabledUser: =name.first == "a"'),
    ['7:34: formula: `==` is not part of a formula. Use `=`.'],
  ],
  ['an exclamation mark', field('enabledUser: =!active'), ['7:23: formula: `!` is not part of a formula. Use `not`.']],
  [
    'two ampersands',
    field('enabledUser: =active && active'),
    ['7:30: formula: `&&` is not part of a formula. Use `and`.'],
  ],
  [
    'two bars',
    field('enabledUser: =active || active'),
    ['7:30: formula: `||` is not part of a formula. Use `or`, or `&` to put texts together.'],
  ],
  [
    'null',
    field('username: =null'),
    ['7:20: formula: `null` is not a value. Write `is blank` or `is not blank` after a value.'],
  ],
  [
    'a sum of texts',
    field('username: =name.first + name.last'),
    [
      '7:20: type: `+` takes number (texts are joined with &), this gives text. Wrap it in number( ).',
      '7:33: type: `+` takes number (texts are joined with &), this gives text. Wrap it in number( ).',
    ],
  ],
  [
    'if without parentheses',
    field('username: =if active then name.first else "x"'),
    ['7:20: formula: `if` is a function, its values stand in parentheses. Use if(condition, value, other).'],
  ],
  [
    'then',
    field('username: =if(active) then "x"'),
    ['7:31: formula: `then` is not expected here. Use if(condition, value, other).'],
  ],
  [
    'a formula of very many operators',
    field(`username: =${'1&'.repeat(700)}1`),
    [
      '7:620: formula: the formula has more than 600 operators in a row. Take it apart: a code table, `choose:` or a lookup under `with:` may say it more simply.',
    ],
  ],
]
