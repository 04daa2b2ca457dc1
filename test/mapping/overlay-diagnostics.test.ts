// What is said of a layer that cannot be applied, and at which line and column of which file.
import { describe, expect, it } from 'vitest'
import { field } from './diagnostic-cases.ts'
import { checkLayers, fieldsLayer, layerFaults, ruleLayer } from './overlay-support.ts'
import { BASE, faults } from './support.ts'

const NEEDS = (what: string, where: string) =>
  `\`${what}\` is taken away here, and ${where} needs it. Replace or remove that too, or leave this in.`

const NO_FORMULA = 'which no formula can hold. Write `=inherited` alone: as an item of a list, or in a `choose:`.'

describe('a layer with a fault', () => {
  it.each<readonly [string, string, readonly string[]]>([
    [
      'a field that was never there to remove',
      fieldsLayer('rol: null'),
      ['1.yaml:6:9: extends: there is no `rol` here to remove. Did you mean `role`?'],
    ],
    [
      'a column that was never there to remove',
      'extends: default\nsources: { students: { fields: { name: { firstname: null } } } }\n',
      ['1.yaml:2:42: extends: there is no `firstname` here to remove. Did you mean `first`?'],
    ],
    [
      'a rule that was never there to remove',
      'extends: default\nentities: { users: { studnet: null } }\n',
      ['1.yaml:2:22: extends: there is no `studnet` here to remove. Did you mean `student`?'],
    ],
    [
      'null in a rule of its own',
      'extends: default\nentities: { users: { other: { from: students, id: =id, where: null } } }\n',
      [
        '1.yaml:2:56: extends: there is no `where` here to remove. Known here: from, id.',
        '1.yaml:2:51: type: `id` takes text, this gives integer. Wrap it in text( ).',
      ].toSorted(),
    ],
    [
      'a key with nothing after it',
      fieldsLayer('role:'),
      ['1.yaml:6:14: extends: nothing stands here. Write a value, or `null` to remove `role`.'],
    ],
    [
      'examples to remove',
      ruleLayer('examples: null'),
      [
        '1.yaml:5:7: extends: `examples` are not inherited, so there are none to remove: those of a layer below are run against it alone',
      ],
    ],
    [
      'a single value for a setting that is a list below',
      'extends: default\nsettings: { numbers: 7 }\n',
      ['1.yaml:2:22: type: `settings.numbers` is a list. Write `[7]`.'],
    ],
    [
      'a list for a setting that is a single value below',
      'extends: default\nsettings: { domain: [a, b] }\n',
      ['1.yaml:2:21: type: `settings.domain` is text, not a list. Write it without the brackets.'],
    ],
    [
      'a setting of another kind than below',
      'extends: default\nsettings: { domain: 7 }\n',
      ['1.yaml:2:21: type: `settings.domain` is text, not `7`. Put it in quotes.'],
    ],
    ['a required key that it removes', ruleLayer('from: null'), ['1.yaml:5:13: key: a rule needs `from:`']],
    [
      'a required field that it removes',
      'extends: default\nentities: { orgs: { school: { fields: { name: null } } } }\n',
      ['1.yaml:2:47: required: `orgs.school` fills no `name`, which every record of orgs needs'],
    ],
    [
      'the key of a source that it removes',
      'extends: default\nsources: { students: { key: null } }\n',
      ['1.yaml:2:29: key: a source needs `key:`'],
    ],
    [
      'a column that it removes and a rule below uses',
      'extends: default\nsources: { schools: { fields: { name: null } } }\n',
      [`1.yaml:2:39: name: ${NEEDS('schools.fields.name', 'base.yaml:30:16')}`],
    ],
    [
      'a rule that it removes and another below refers to',
      'extends: default\nentities: { orgs: { school: null } }\n',
      ['students.yaml:14:21', 'students.yaml:18:25', 'students.yaml:6:29'].map(
        (where) => `1.yaml:2:29: ref: ${NEEDS('orgs.school', where)}`,
      ),
    ],
    [
      'a rule that it switches off and another below refers to',
      'extends: default\nentities: { orgs: { school: { enabled: false } } }\n',
      ['students.yaml:14:21', 'students.yaml:18:25', 'students.yaml:6:29'].map(
        (where) => `1.yaml:2:40: ref: ${NEEDS('orgs.school', where)}`,
      ),
    ],
    [
      'a lookup that it removes and a field below uses',
      ruleLayer('with: { school: null }'),
      [`1.yaml:5:23: name: ${NEEDS('users.student.with.school', 'students.yaml:16:19')}`],
    ],
    [
      'a source that it removes and a rule below reads',
      'extends: default\nsources: { students: null }\n',
      [`1.yaml:2:22: name: ${NEEDS('students', 'students.yaml:4:13')}`],
    ],
    [
      'what it uses itself and nobody has',
      'extends: default\nsources: { schools: { fields: { number: null } } }\nentities:\n  orgs:\n    school:\n      where: =number = 1\n',
      ['1.yaml:6:15: name: `orgs.school` knows no `number`. Columns: id, name. Also: settings.'],
    ],
    [
      'an unknown name in its formula',
      fieldsLayer('username: =first(nme.first, inherited)'),
      ['1.yaml:6:26: name: `users.student` knows no `nme`. Did you mean `name`?'],
    ],
    [
      'a formula below that it makes wrong',
      'extends: default\nsources: { students: { fields: { name: { first: integer } } } }\n',
      ['students.yaml:9:26: type: `lower` takes text, this gives integer. Wrap it in text( ).'],
    ],
    [
      'what it inherits by a formula that does not fit it',
      fieldsLayer('username: =first(mark, inherited)'),
      ['1.yaml:6:32: type: `first` gives one type: this is text, what stands before it number.'],
    ],
    [
      'an inherited text that the vocabulary of another field lacks',
      fieldsLayer('role: =if(active, "pupil", inherited)'),
      ['1.yaml:6:27: value: `users.role` can\'t be "pupil". Known here: administrator, aide, guardian, …'],
    ],
    [
      'a map where a map is merged and none stands',
      ruleLayer('fields: [username]'),
      ['1.yaml:5:15: shape: `fields` is a map of keys and values'],
    ],
    [
      'text where a rule is merged',
      'extends: default\nentities: { users: { student: off } }\n',
      ['1.yaml:2:31: shape: `student` is a map of keys and values'],
    ],
    [
      'an unknown key of a rule',
      ruleLayer('feilds: {}'),
      ['1.yaml:5:7: key: a rule has no key `feilds`. Did you mean `fields`?'],
    ],
    [
      'an unknown section',
      'extends: default\nentites: {}\n',
      ['1.yaml:2:1: key: a mapping file has no key `entites`. Did you mean `entities`?'],
    ],
  ])('points at %s', (_, text, expected) => {
    expect(layerFaults(text).toSorted()).toEqual([...expected].toSorted())
  })
})

describe('`inherited`', () => {
  const NOTHING =
    'extends: nothing is replaced here, so nothing is `inherited`. No layer below has a value in this place.'

  it.each<readonly [string, string, readonly string[]]>([
    ['in a new field', fieldsLayer('born: =inherited'), [`1.yaml:6:16: ${NOTHING}`]],
    ['further on in a formula', fieldsLayer('score: =first(mark, inherited)'), [`1.yaml:6:29: ${NOTHING}`]],
    [
      'in a new rule',
      `${ruleLayer('order: =inherited')}`,
      [`1.yaml:5:15: ${NOTHING}`, '1.yaml:5:7: key: `order` sorts the rows of a `one_per`, which this rule has not'],
    ],
    [
      'as a group',
      ruleLayer('metadata: { kind: =upper(inherited) }'),
      [`1.yaml:5:32: extends: \`inherited\` is a map here (students.yaml:20), ${NO_FORMULA}`],
    ],
    [
      'as a reference',
      fieldsLayer('org: =first(inherited)'),
      [`1.yaml:6:21: extends: \`inherited\` is a map here (students.yaml:14), ${NO_FORMULA}`],
    ],
    [
      'as a list with a reference in it',
      fieldsLayer('userIds: =[inherited]'),
      [`1.yaml:6:20: extends: \`inherited\` is a map here (students.yaml:13), ${NO_FORMULA}`],
    ],
    [
      'with a part',
      fieldsLayer('username: =inherited.first'),
      ['1.yaml:6:20: path: `inherited` is the value that is replaced, and has no `first`'],
    ],
    [
      'in a list of another type',
      fieldsLayer('grades: =[inherited, 1]'),
      ['1.yaml:6:30: type: a list holds one type: this is integer, before it text'],
    ],
  ])('%s', (_, text, expected) => {
    expect(layerFaults(text).toSorted()).toEqual([...expected].toSorted())
  })

  it('is nothing after a layer removed it', () => {
    expect(layerFaults(fieldsLayer('username: null'), fieldsLayer('username: =inherited & "!"'))).toEqual([
      `2.yaml:6:20: ${NOTHING}`,
    ])
  })

  it('is nothing in the lowest mapping', () => {
    expect(faults(BASE, field('username: =inherited'))).toEqual([`b.yaml:7:20: ${NOTHING}`])
  })

  it('points at the layer in the middle whose text is wrong', () => {
    const middle = fieldsLayer('username: =inherited & nick')
    expect(layerFaults(middle, fieldsLayer('username: =upper(inherited)'))).toEqual([
      '1.yaml:6:32: name: `users.student` knows no `nick`. Columns: id, school_id, other_id, … (all: `bridge mapping explain students`) Also: school, settings.',
    ])
    expect(layerFaults(fieldsLayer('role: pupil'), fieldsLayer('role: =first("student", inherited)'))).toEqual([
      '1.yaml:6:15: value: `users.role` can\'t be "pupil". Known here: administrator, aide, guardian, …',
    ])
  })
})

describe('what layers make of each other', () => {
  it('is told when a formula grows beyond what can be worked out', () => {
    const longer = fieldsLayer(`username: =inherited${' & "x"'.repeat(120)}`)
    expect(layerFaults(...Array.from({ length: 6 }, () => longer))).toEqual([
      '5.yaml:6:19: extends: with what it inherits this formula grows too large. Write it out.',
    ])
  })

  it('is told when a formula inherits a choice of very many cases', () => {
    const many = fieldsLayer(`role: { choose: [${'{ when: =active, then: aide }, '.repeat(200)}{ else: student }] }`)
    expect(layerFaults(many, fieldsLayer('role: =if(active, inherited)'))).toEqual([
      '2.yaml:6:27: extends: `inherited` is a `choose` of 201 cases here, a formula can hold 200. Use a code table.',
    ])
  })

  it('is told when a number is replaced by a text', () => {
    expect(
      layerFaults('extends: default\nsettings: { count: 1 }\n', 'extends: default\nsettings: { count: one }\n'),
    ).toEqual(['2.yaml:2:20: type: `settings.count` is a number, not `one`. Write digits, without quotes.'])
  })
})

describe('three layers with a fault each', () => {
  it('are told in one run, each in its file', () => {
    const found = checkLayers(fieldsLayer('rle: null'), fieldsLayer('role: pupil'), fieldsLayer('username: =nme'))
    expect(found.mapping).toBeUndefined()
    expect(found.diagnostics.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)).toEqual([
      '1.yaml:6:9 extends',
      '2.yaml:6:15 value',
      '3.yaml:6:20 name',
    ])
  })
})
