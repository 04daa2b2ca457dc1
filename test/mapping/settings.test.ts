// Settings that say what they take: their declaration, layers over them, and formulas that compare them.
import { describe, expect, it } from 'vitest'
import { mappingVersion } from '../../src/mapping/version.ts'
import { checkLayers, layered, layerFaults } from './overlay-support.ts'
import { BASE, checked, faults, fieldsOf, runMapping } from './support.ts'

const DECLARED = `settings:
  by: { is: login, one_of: [login, number, email] }
  roles: { is: [S], one_of: [S, T] }
  level: { is: 1, one_of: [1, 2] }
`
/** A formula as the username of a rule; it begins in line 12, column 19. */
const using = (formula: string) => `${DECLARED}
entities:
  users:
    student:
      from: students
      id: ="stu" & id
      fields:
        username: ${formula}
`
const layer = (lines: string) => `extends: default\nsettings:\n  ${lines}\n`

describe('a setting with `one_of`', () => {
  it('has the value alone for its value', () => {
    const { settings } = checked(BASE, DECLARED).tree
    expect(settings.get('by')).toMatchObject({ value: 'login', oneOf: ['login', 'number', 'email'] })
    expect(settings.get('roles')).toMatchObject({ value: ['S'], oneOf: ['S', 'T'] })
    expect(settings.get('level')).toMatchObject({ value: 1, oneOf: [1, 2] })
    expect(settings.get('domain')).not.toHaveProperty('oneOf')
  })

  it('may say its value alone in a map too', () => {
    expect(checked(BASE, 'settings: { by: { is: login } }').tree.settings.get('by')?.value).toBe('login')
  })

  it.each<[name: string, text: string, expected: string[]]>([
    [
      'a value that is not among them',
      'settings: { by: { is: logn, one_of: [login, number] } }',
      ['1:23: value: `settings.by` can\'t be "logn". Did you mean `login`?'],
    ],
    [
      'a member that is not among them',
      'settings: { by: { is: [login, x], one_of: [login, number] } }',
      ['1:31: value: `settings.by` can\'t be "x". Known here: login, number.'],
    ],
    [
      'text where numbers are listed',
      'settings: { by: { is: "1", one_of: [1, 2] } }',
      ['1:23: value: `settings.by` can\'t be "1". Known here: 1, 2.'],
    ],
    ['no value', 'settings: { by: { one_of: [a] } }', ['1:13: key: a setting needs `is:`']],
    [
      'an unknown key beside it',
      'settings: { by: { is: a, oneof: [a] } }',
      ['1:26: key: a setting has no key `oneof`. Did you mean `one_of`?'],
    ],
    [
      'words that are no list',
      'settings: { by: { is: a, one_of: a } }',
      ['1:34: shape: `one_of` is a list of the values that the setting can have'],
    ],
    [
      'an empty list of words',
      'settings: { by: { is: a, one_of: [] } }',
      ['1:34: shape: `one_of` is a list of the values that the setting can have'],
    ],
    ['a word twice', 'settings: { by: { is: a, one_of: [a, a] } }', ['1:38: value: `one_of` has "a" already']],
    [
      'words of two types',
      'settings: { by: { is: a, one_of: [a, 2] } }',
      ['1:38: type: `one_of` holds one type: this is a number, before it "a". Put texts in quotes.'],
    ],
    [
      'a list among the words',
      'settings: { by: { is: a, one_of: [a, [b]] } }',
      ['1:38: shape: `one_of` lists plain texts, or numbers'],
    ],
    [
      'a formula for a value',
      'settings: { by: =1 + 1 }',
      ['1:17: shape: a setting is text, a number, true, false, a list of them, or a map with `is`, not a formula'],
    ],
    [
      'a formula for a declared value',
      'settings: { by: { is: =today(), one_of: [a] } }',
      ['1:23: shape: a setting is text, a number, true, false, a list of them, or a map with `is`, not a formula'],
    ],
    [
      'a map in a list',
      'settings: { by: [{ a: 1 }] }',
      ['1:18: shape: a setting is text, a number, true, false, a list of them, or a map with `is`, not a map'],
    ],
  ])('points at %s', (_, text, expected) => {
    expect(faults(BASE, text)).toEqual(expected.map((line) => `b.yaml:${line}`))
  })
})

describe('a layer over a setting with `one_of`', () => {
  const below = `extends: default\n${DECLARED}`
  const settingsOf = (...texts: string[]) => layered(below, ...texts).tree.settings

  it('says the value alone, and the declaration stays', () => {
    expect(settingsOf(layer('by: email')).get('by')).toMatchObject({
      value: 'email',
      oneOf: ['login', 'number', 'email'],
    })
    const twice = settingsOf(layer('by: email'), layer('by: number'))
    expect(twice.get('by')).toMatchObject({ value: 'number', oneOf: ['login', 'number', 'email'] })
  })

  it('adds to a list by what it inherits', () => {
    expect(settingsOf(layer('roles: [=inherited, T]')).get('roles')?.value).toEqual(['S', 'T'])
    expect(settingsOf(layer('by: =inherited')).get('by')?.value).toBe('login')
  })

  it('replaces the whole map, and may add to its words by what it inherits', () => {
    const { by } = Object.fromEntries(settingsOf(layer('by: { is: upn, one_of: [=inherited, upn] }')))
    expect(by).toMatchObject({ value: 'upn', oneOf: ['login', 'number', 'email', 'upn'] })
  })

  it('removes it as any other', () => {
    expect(settingsOf(layer('by: null')).has('by')).toBe(false)
  })

  it.each<[name: string, text: string, expected: string[]]>([
    [
      'a word that is none',
      layer('by: emial'),
      ['2.yaml:3:7: value: `settings.by` can\'t be "emial". Did you mean `email`?'],
    ],
    [
      'a word of another kind',
      layer('by: 7'),
      ["2.yaml:3:7: value: `settings.by` can't be 7. Known here: login, number, email."],
    ],
    [
      'a member that is none',
      layer('roles: [=inherited, X]'),
      ['2.yaml:3:23: value: `settings.roles` can\'t be "X". Did you mean `S`?'],
    ],
    ['a map without a value', layer('by: { one_of: [login] }'), ['2.yaml:3:3: key: a setting needs `is:`']],
  ])('is told of %s', (_, text, expected) => {
    expect(layerFaults(below, text)).toEqual(expected)
  })

  it('is told of another kind where no words are listed', () => {
    const plain = 'extends: default\nsettings: { by: { is: login } }\n'
    expect(layerFaults(plain, layer('by: 7'))).toEqual([
      '2.yaml:3:7: type: `settings.by` is text, not `7`. Put it in quotes.',
    ])
    expect(layerFaults(plain.replace('login', '7'), layer('by: login'))).toEqual([
      '2.yaml:3:7: type: `settings.by` is a number, not `login`. Write digits, without quotes.',
    ])
    expect(layerFaults(plain, layer('by: { is: 7 }'))).toEqual([
      '2.yaml:3:13: type: `settings.by` is text, not `7`. Put it in quotes.',
    ])
  })

  it('is told when it takes away a word that a formula below compares', () => {
    const rule = 'extends: default\nentities: { users: { student: { where: [=settings.by = "email"] } } }\n'
    const texts = [below, rule, layer('by: { is: login, one_of: [login] }')]
    expect(layerFaults(...texts)).toEqual([
      '3.yaml:3:7: value: `by.one_of.email` is taken away here, and 2.yaml:2:56 needs it. Replace or remove that too, or leave this in.',
    ])
    expect(checkLayers(...texts, layer('by: { is: login, one_of: [=inherited, email] }')).diagnostics).toEqual([])
  })
})

describe('a formula that compares a setting with a word that it can never be', () => {
  it.each<[formula: string, expected: string[]]>([
    ['=if(settings.by = "emial", "a")', ['12:38: value: `settings.by` is never "emial". Did you mean `email`?']],
    ['=if("x" != settings.by, "a")', ['12:24: value: `settings.by` is never "x". Known here: login, number, email.']],
    [
      '=if(settings.by in ["login", "x"], "a")',
      ['12:49: value: `settings.by` is never "x". Known here: login, number, email.'],
    ],
    ['=if("X" in settings.roles, "a")', ['12:24: value: `settings.roles` is never "X". Did you mean `S`?']],
    ['=if(settings.level = 3, "a")', ['12:41: value: `settings.level` is never 3. Known here: 1, 2.']],
    [
      '=switch(settings.by, "login", "a", "nubmer", "b", "email")',
      ['12:55: value: `settings.by` is never "nubmer". Did you mean `number`?'],
    ],
  ])('%s', (formula, expected) => {
    expect(faults(BASE, using(`'${formula}'`))).toEqual(expected.map((line) => `b.yaml:${line}`))
  })

  it('is told once, and not of words that it can be or of settings that do not say', () => {
    const fine = [
      '=switch(settings.by, "login", "x", "email", "y", "z")',
      '=if(settings.by in ["login", "email"] and "T" in settings.roles, "a")',
      '=if(settings.domain = "whatever" or 7 in settings.numbers, "a")',
      '=if(settings.level = 2 and settings.by != name.last, "a")',
    ]
    for (const formula of fine) expect(faults(BASE, using(`'${formula}'`)), formula).toEqual([])
  })
})

describe('what a setting decides', () => {
  const rows = { students: [{ id: 7, name: { first: 'Ada', last: 'Li' } }] }
  const choose = using(
    `'=switch(settings.by, "login", name.first, "number", text(id), "email", if("T" in settings.roles, "t", name.last))'`,
  )
  const username = (settings: Record<string, unknown>) =>
    fieldsOf(runMapping(checked(BASE, choose), { rows, settings }), 'stu7')?.username

  it('follows the settings of the run, those of the mapping where it says nothing', () => {
    expect(username({})).toBe('Ada')
    expect(username({ by: 'number' })).toBe('7')
    expect(username({ by: 'email' })).toBe('Li')
    expect(username({ by: 'email', roles: ['T'] })).toBe('t')
    expect(username({ by: 'none of them' })).toBeUndefined()
  })

  it('is worked out by the taken branch alone: the others report nothing', () => {
    const text = (by: string) => using(`'=switch(${by}, "login", name.first, "email", email(name.last), name.first)'`)
    for (const by of ['settings.by', 'if(id = 7, "login", "email")']) {
      const { report } = runMapping(checked(BASE, text(by)), { rows })
      expect(report.diagnostics, by).toEqual([])
    }
    const { report } = runMapping(checked(BASE, text('settings.by')), { rows, settings: { by: 'email' } })
    expect(report.diagnostics).toMatchObject([{ code: 'value-unusable', count: 1 }])
  })

  it('counts in the version by its value alone', async () => {
    const version = (settings: string) => mappingVersion(checked(BASE, settings))
    const same = await version('settings: { by: login }')
    expect(await version('settings: { by: { is: login } }')).toBe(same)
    expect(await version('settings: { by: { is: login, one_of: [login, email] } }')).toBe(same)
    expect(await version('settings: { by: { is: email, one_of: [login, email] } }')).not.toBe(same)
  })

  it('has a type where it is an empty list, by what its members could be', () => {
    const text = using(`'=if(1 in settings.roles, "a")'`).replace('is: [S]', 'is: []')
    expect(faults(BASE, text)).toEqual([
      'b.yaml:12:24: value: `settings.roles` is never 1. Known here: S, T.',
      "b.yaml:12:29: type: an integer can't be compared with a text. Wrap one in text( ) or number( ).",
    ])
  })
})
