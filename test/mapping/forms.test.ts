// Every form of the mapping language, each by itself, from rows to a record.
import { describe, expect, it } from 'vitest'
import { BLANKS, FORMULAS, LOOKUPS, type Made, PATHS } from './form-cases.ts'
import { MORE_SOURCES, ROWS } from './form-rows.ts'
import { GROUPED, INVERSES, LINKS, VALUES } from './form-value-cases.ts'
import { layered, ruleLayer } from './overlay-support.ts'
import { BASE, checked, faults, fieldsOf, idsOf, runMapping } from './support.ts'

const indented = (lines: string) => lines.replace(/^/gm, '      ')

/** A rule of users. */
const rule = (name: string, head: string, lines = '') =>
  `    ${name}:\n${indented(head)}\n${lines === '' ? '' : `${indented(lines)}\n`}`

const run = (...rules: readonly string[]) =>
  runMapping(checked(BASE, MORE_SOURCES, `entities:\n  users:\n${rules.join('')}`), { rows: ROWS })

/** What became of one record, without the keys that it has not. */
function madeOf(result: ReturnType<typeof run>, sourcedId: string): Made | 'nothing' {
  const record = result.records.find((one) => one.sourcedId === sourcedId)
  if (record === undefined) return 'nothing'
  const { fields, metadata } = record
  return { ...(Object.keys(fields).length > 0 && { fields }), ...(metadata && { metadata }) }
}

const STUDENT = 'from: students\nid: ="stu" & id'
const student = (lines: string) => madeOf(run(rule('student', STUDENT, lines)), 'stu1')

describe.each([
  ['a formula', FORMULAS],
  ['what is asked of a row that is not there', BLANKS],
  ['a lookup', LOOKUPS],
  ['a path through lists', PATHS],
  ['a value', VALUES],
  ['a link', LINKS],
])('%s', (_, forms) => {
  it.each(forms)('%s', (_name, lines, made) => {
    expect(student(lines)).toEqual(made)
  })
})

describe('links that lead back', () => {
  const link = 'fields: { agents: [{ ref: users.student, key: =student_id }] }'
  const visit = rule(
    'visit',
    'from: visits\nid: ="v" & id',
    `with: { school: { in: schools, key: =school_id, missing: blank } }\n${link}`,
  )
  const guide = rule('guide', 'from: visits\nid: ="g" & id', `where: =hours = 2\n${link}`)

  it.each(INVERSES)('%s', (_name, lines, made) => {
    expect(madeOf(run(rule('student', STUDENT, lines), visit, guide), 'stu1')).toEqual(made)
  })
})

describe('rows that become one (one_per)', () => {
  const visitor = (lines: string) => rule('visitor', 'from: visits\none_per: =student_id\nid: ="s" & student_id', lines)

  it.each(GROUPED)('%s', (_name, lines, made) => {
    expect(madeOf(run(visitor(lines)), 's1')).toEqual(made)
  })

  it('are led to by each of their keys, once', () => {
    const lines =
      'fields: { agents: [{ ref: users.visitor, key: 2 }, { ref: users.visitor, match: { kind: y } }, { refs: users.visitor, match: {} }] }'
    const agents = ['s1', 's2'].map((sourcedId) => ({ collection: 'users', sourcedId }))
    expect(madeOf(run(rule('student', STUDENT, lines), visitor('')), 'stu1')).toEqual({ fields: { agents } })
  })

  it('may share a column of a group', () => {
    const result = run(rule('family', 'from: students\none_per: =name.last\nid: ="f" & name.last'))
    expect(idsOf(result, 'users')).toEqual(['fLi', 'fOm'])
  })
})

describe('a rule', () => {
  it.each([
    ['by a formula', '="s" & id', ['s1', 's2', 's3']],
    ['by a column of a lookup', '=school.name & id', ['Oak1', 'Oak2', 'Elm3']],
    [
      'chosen',
      '\n  choose:\n    - { when: =active, then: =name.first }\n    - { else: ="s" & id }',
      ['Ada', 's2', 'Cy'],
    ],
    ['constant', 'only', ['only']],
  ])('has its id %s', (_, id, expected) => {
    const head = `from: students\nwith: { school: { in: schools, key: =school_id } }\nid: ${id}`
    expect(idsOf(run(rule('student', head)), 'users')).toEqual(expected)
  })

  it.each([
    ['where no condition stands', '', ['stu1', 'stu2', 'stu3']],
    ['where an empty list stands', 'where: []', ['stu1', 'stu2', 'stu3']],
    ['by one condition', 'where: =active', ['stu1', 'stu3']],
    ['by all conditions', 'where: [=active, =id > 1]', ['stu3']],
    ['by a constant condition', 'where: =false', []],
    ['by a setting', 'where: =id in settings.numbers', ['stu1', 'stu2']],
    ['by a lookup', 'with: { school: { in: schools, key: =school_id } }\nwhere: =school.number = 104', ['stu3']],
    [
      'by a list of what was looked up',
      'with: { v: { all: visits, match: { student_id: =id } } }\nwhere: =v is not blank',
      ['stu1', 'stu2'],
    ],
  ])('has its scope %s', (_, lines, expected) => {
    expect(idsOf(run(rule('student', STUDENT, lines)), 'users')).toEqual(expected)
  })

  it('is switched off', () => {
    expect(
      idsOf(run(rule('student', STUDENT, 'enabled: false'), rule('other', 'from: schools\nid: ="o" & id')), 'users'),
    ).toEqual(['o3', 'o4', 'o5'])
    expect(idsOf(run(rule('student', STUDENT, 'enabled: true')), 'users')).toHaveLength(3)
  })
})

describe('a scoping filter of Entra ID has its formula', () => {
  it.each([
    ['EQUALS', '=name.first = "Ada"', ['stu1']],
    ['EQUALS is case-sensitive', '=name.first = "ada"', []],
    ['NOT EQUALS, blank ones left out', '=name.last != "Li"', ['stu3']],
    ['NOT EQUALS, blank ones too', '=not name.last = "Li"', ['stu2', 'stu3']],
    ['IS TRUE', '=active', ['stu1', 'stu3']],
    ['IS FALSE', '=active = false', ['stu2']],
    ['IS NULL', '=name.last is blank', ['stu2']],
    ['IS NOT NULL', '=name.last is not blank', ['stu1', 'stu3']],
    ['IS NULL of a list', '=tags is blank', ['stu2']],
    ['REGEX MATCH ^(Ad|Cy)', '=starts(name.first, "Ad", "Cy")', ['stu1', 'stu3']],
    ['REGEX MATCH ^.y$', '=like(name.first, "?y")', ['stu3']],
    ['NOT REGEX MATCH ^A.*a$', '=not like(name.first, "A*a")', ['stu2', 'stu3']],
    ['GREATER_THAN', '=mark > 0', ['stu1']],
    ['GREATER_THAN_OR_EQUALS', '=mark >= 0', ['stu1', 'stu3']],
    ['GREATER_THAN of a text', '=number(text(id)) > 2', ['stu3']],
    ['INCLUDES', '=contains(name.first, "d")', ['stu1']],
    ['one of several values', '=name.first in ["Ada", "Bo"]', ['stu1', 'stu2']],
    ['Any of a multivalued attribute', '="a" in tags', ['stu1']],
    ['All of a multivalued attribute', '=join(",", distinct(tags)) = "c"', ['stu3']],
    ['None of a multivalued attribute', '=tags is not blank and not "b" in tags', ['stu3']],
    ['clauses of a group: AND', '[=active, =mark > 1, =name.last is not blank]', ['stu1']],
    ['groups: OR', '=(active and mark > 1) or (not active and name.last is blank)', ['stu1', 'stu2']],
    ['groups of an overlay: AND of ORs', '[=active or id = 2, =mark = 0 or name.last is blank]', ['stu2', 'stu3']],
  ])('%s', (_, where, expected) => {
    expect(idsOf(run(rule('student', STUDENT, `where: ${where}`)), 'users')).toEqual(expected)
  })
})

describe('a layer over a form', () => {
  const over = (below: string, above: string) => {
    const lower = ruleLayer('where: =id = 1', ...below.split('\n'))
    return fieldsOf(runMapping(layered(lower, ruleLayer(...above.split('\n'))), { rows: ROWS }), 'stu1')
  }

  it.each([
    ['a formula that gives a list', '=tags', ['a', 'b', 'a', 'x']],
    ['a list', '[=name.last, y]', ['Li', 'y', 'x']],
    ['an each', '{ each: =tags, as: t, value: =upper(t) }', ['A', 'B', 'A', 'x']],
    ['a choose of lists', '{ choose: [{ when: =active, then: [a, b] }] }', ['a', 'b', 'x']],
    ['a choose of formulas', '{ choose: [{ when: =active, then: =tags }] }', ['a', 'b', 'a', 'x']],
  ])('adds to %s', (_, below, expected) => {
    expect(over(`fields:\n  grades: ${below}`, 'fields: { grades: [=inherited, x] }')?.grades).toEqual(expected)
  })

  it.each([
    ['007', '007-x'],
    ['12345678901234567890', '12345678901234567890-x'],
    ['7', '7-x'],
    ['ada', 'ada-x'],
  ])('takes the constant %s as it is written', (constant, expected) => {
    expect(over(`fields: { username: ${constant} }`, 'fields: { username: =inherited & "-x" }')?.username).toBe(
      expected,
    )
  })
})

describe('a form that has no meaning is refused', () => {
  it.each([
    [
      'a list of a formula with `in`',
      'with: { v: { in: =tags } }',
      '6:24: shape: `in` names a source or a rule. The members of a list are found with `all`.',
    ],
    [
      'a variable that no formula can name',
      'fields: { grades: { each: =tags, as: 1t, value: x } }',
      "6:44: name: `1t` can't name the variable of an `each`: use letters, digits and _, not beginning with a digit",
    ],
    [
      'a day that no calendar has',
      'fields: { born: 2011-02-29 }',
      '6:23: type: `users.born` takes date, this is "2011-02-29"',
    ],
    [
      'a choose without a case',
      'fields: { username: { choose: [] } }',
      '6:37: shape: `choose` is a list of `when` and `then`, with `else` last',
    ],
    [
      'a `when` that is no condition',
      'fields: { username: { choose: [{ when: =name.first, then: x }] } }',
      '6:46: type: `when` takes boolean, this gives text. Compare it with something, or ask `is not blank`.',
    ],
    [
      'a `when` that is a list',
      'fields: { username: { choose: [{ when: =tags, then: x }] } }',
      '6:46: type: `when` takes boolean, this gives list of text. Ask for count( ) > 0.',
    ],
    [
      'a list in a list that takes texts, of numbers',
      'fields: { grades: [[=id]] }',
      '6:27: type: `users.grades` takes text, this gives integer. Wrap it in text( ).',
    ],
    [
      'numbers of a formula in a list that takes texts',
      'fields: { grades: [=races.share] }',
      '6:26: type: `users.grades` takes text, this gives number. Wrap it in text( ).',
    ],
  ])('%s', (_, lines, expected) => {
    expect(faults(BASE, `entities:\n  users:\n${rule('student', STUDENT, lines)}`)).toEqual([`b.yaml:${expected}`])
  })

  it('a required field that is nothing, and an id that is', () => {
    const orgsRule = 'entities:\n  orgs:\n    x: { from: schools, id: "", fields: { name: "" } }\n'
    expect(faults(BASE, orgsRule)).toEqual([
      "b.yaml:3:29: required: `id` can't be empty, every record needs it",
      "b.yaml:3:49: required: `name` can't be empty, every record needs it",
    ])
  })
})
