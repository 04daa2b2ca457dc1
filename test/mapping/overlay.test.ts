// What layers make of a mapping: maps merge, values are replaced, `null` removes, `inherited` is what was replaced.
import { describe, expect, it } from 'vitest'
import { runExamples } from '../../src/mapping/run/examples.ts'
import { mappingVersion } from '../../src/mapping/version.ts'
import { ada, checkLayers, fieldsLayer, layered, layerFaults, records, ruleLayer } from './overlay-support.ts'

const EMPTY = 'extends: default\n'

/** All of a tree that can be written down, places too, but for examples, which are no part of the layers above. */
const written = (mapping: unknown) =>
  JSON.stringify(mapping, (key, value: unknown) => {
    if (key === 'examples') return []
    return value instanceof Map || value instanceof Set ? [...value] : value
  })

describe('a layer that says nothing', () => {
  it.each([1, 2, 3])('changes nothing, not even a place (%i of them)', async (count) => {
    const layers = new Array<string>(count).fill(EMPTY)
    expect(written(layered(...layers).tree)).toBe(written(layered().tree))
    expect(await mappingVersion(layered(...layers))).toBe(await mappingVersion(layered()))
    expect(records(...layers)).toEqual(records())
  })

  it('is the same with sections that hold nothing', () => {
    const text =
      'extends: default\nsettings: {}\nsources: {}\ntables: {}\nentities: { users: { student: { fields: {} } } }\n'
    expect(written(layered(text).tree)).toBe(written(layered().tree))
  })
})

describe('a layer', () => {
  it('replaces a field, and keeps the others', () => {
    expect(ada(fieldsLayer('username: =upper(name.first)'))).toEqual({ ...ada(), username: 'ADA' })
  })

  it('adds a field and metadata', () => {
    expect(records(ruleLayer('fields: { score: =mark }', 'metadata: { tag: =first(tags) }'))).toContainEqual(
      expect.objectContaining({
        sourcedId: 'stu7',
        fields: { ...ada(), score: 2 },
        metadata: { kind: { group: 'a', note: 'Li' }, tag: 'T' },
      }),
    )
  })

  it('removes a field with null', () => {
    const { role: _, ...others } = ada() ?? {}
    expect(ada(fieldsLayer('role: null'))).toEqual(others)
    expect(ada(fieldsLayer('role: ~'))).toEqual(others)
  })

  it('takes null in quotes for a text', () => {
    expect(ada(fieldsLayer('username: "null"'))).toMatchObject({ username: 'null' })
  })

  it('brings back what a layer below removed', () => {
    expect(ada(fieldsLayer('username: null'), fieldsLayer('username: =name.last'))).toMatchObject({ username: 'Li' })
  })

  it('changes single members of a group', () => {
    const kinds = (...texts: string[]) => records(...texts).find(({ sourcedId }) => sourcedId === 'stu7')?.metadata
    expect(kinds(ruleLayer('metadata: { kind: { note: null, more: b } }'))).toEqual({ kind: { group: 'a', more: 'b' } })
  })

  it('changes single parts of a reference, a lookup or an each that it does not name', () => {
    expect(ada(fieldsLayer('org: { key: =other_id }'))).toMatchObject({ org: { sourcedId: 'sch4' } })
    expect(ada(fieldsLayer('orgs: { value: { key: =other_id } }'))).toMatchObject({ orgs: [{ sourcedId: 'sch4' }] })
    const looked = ada(ruleLayer('with: { school: { key: =other_id } }'))
    expect(looked).toMatchObject({ org: { sourcedId: 'sch3' }, orgs: [{ sourcedId: 'sch4' }] })
  })

  it('replaces a reference that it names as a whole', () => {
    const text = fieldsLayer('org: { ref: orgs.school, match: { number: 104 } }')
    expect(ada(text)).toMatchObject({ org: { sourcedId: 'sch4' } })
  })

  it('replaces a lookup that it names as a whole', () => {
    const text = ruleLayer('with: { school: { in: schools, match: { number: 104 } } }')
    expect(ada(text)).toMatchObject({ orgs: [{ sourcedId: 'sch4' }] })
  })

  it('adds a lookup, which its fields use', () => {
    const text = ruleLayer(
      'with: { other: { in: schools, key: =other_id, missing: blank } }',
      'fields: { username: =other.name }',
    )
    expect(ada(text)).toMatchObject({ username: 'Elm' })
  })

  it('adds columns, settings and tables, and changes codes', () => {
    const text = `extends: default
settings: { suffix: s }
sources:
  students: { fields: { name: { nick: text }, extra: { size: integer } } }
tables: { role: { T: administrator }, size: { 1: small, otherwise: blank } }
entities:
  users:
    student:
      fields:
        username: =first(name.nick, name.first) & settings.suffix
        role: =code("role", first(tags))
        grades: =[code("size", extra.size), code("role", "S")]
`
    expect(ada(text)).toMatchObject({ username: 'Adas', role: 'administrator', grades: ['student'] })
  })

  it('adds a source and a rule, and switches a rule off', () => {
    const text = `extends: default
sources:
  rooms: { key: id, fields: { id: integer, name: text }, rest: { get: /ws/rooms, rows: rooms.room } }
entities:
  classes:
    room: { from: rooms, id: ="r" & id, fields: { title: =name, school: { ref: orgs.school, match: {} } } }
  users:
    student: { enabled: false }
`
    expect([...layered(text).tree.rules.keys()]).toEqual(['orgs.school', 'classes.room'])
    const again = 'extends: default\nentities: { users: { student: { enabled: true } } }\n'
    expect([...layered(text, again).tree.rules.keys()]).toContain('users.student')
  })

  it('removes a rule, a setting and a table that nothing needs', () => {
    const text =
      'extends: default\nsettings: { domain: null }\ntables: { role: null }\nentities: { users: { student: null } }\n'
    const { tree } = layered(text)
    expect([...tree.settings.keys(), ...tree.tables.keys(), ...tree.rules.keys()]).toEqual(['numbers', 'orgs.school'])
  })

  it('goes over the layers below it, and the nearest wins', () => {
    const state = fieldsLayer('username: state', 'score: 1', 'grades: [state]')
    const vendor = fieldsLayer('username: vendor', 'score: 2')
    const district = fieldsLayer('username: district')
    expect(ada(state, vendor, district)).toEqual({ ...ada(), username: 'district', score: 2, grades: ['state'] })
  })
})

describe('inherited', () => {
  it.each([
    ['a formula', 'username: =inherited & "!"', { username: 'ada!' }],
    ['a constant', 'role: =if(id = 8, "teacher", inherited)', { role: 'student' }],
    ['a list', 'grades: =[inherited, "z"]', { grades: ['Li', 'x', 'z'] }],
    ['a list, item by item', 'grades: [a, =inherited, =upper(name.last)]', { grades: ['a', 'Li', 'x', 'LI'] }],
    ['what is named twice', 'username: =if(inherited = "ada", inherited & inherited)', { username: 'adaada' }],
    ['the whole value', 'username: =inherited', { username: 'ada' }],
    [
      'a list of groups',
      'userIds: [=inherited, { type: X, identifier: y }]',
      {
        userIds: [
          { type: 'Local', identifier: '7' },
          { type: 'X', identifier: 'y' },
        ],
      },
    ],
    [
      'an each, as an item of a list',
      'orgs: [=inherited, { ref: orgs.school, key: =other_id }]',
      { orgs: [{ sourcedId: 'sch3' }, { sourcedId: 'sch4' }] },
    ],
    [
      'a reference, in a choose',
      'org: { choose: [{ when: =mark = 2, then: { ref: orgs.school, key: =other_id } }, { else: =inherited }] }',
      { org: { sourcedId: 'sch4' } },
    ],
  ])('is %s', (_, line, expected) => {
    expect(ada(fieldsLayer(line))).toMatchObject(expected)
  })

  it('is the value of the next layer below, whose own is that of the one below it', () => {
    const mark = (sign: string) => fieldsLayer(`username: =inherited & "${sign}"`)
    expect(ada(mark('1'), mark('2'), mark('3'))).toMatchObject({ username: 'ada123' })
    expect(ada(mark('1'), EMPTY, mark('3'))).toMatchObject({ username: 'ada13' })
  })

  it('is a choose, as a formula', () => {
    const choose =
      'username: { choose: [{ when: =id = 7, then: =name.last }, { when: =id = 8, then: b }, { else: c }] }'
    const more = fieldsLayer('username: =lower(inherited)')
    expect(ada(fieldsLayer(choose), more)).toMatchObject({ username: 'li' })
    expect(ada(fieldsLayer(choose.replace('id = 7', 'id = 9')), more)).toMatchObject({ username: 'c' })
  })

  it('is all conditions of a where', () => {
    const ids = (...texts: string[]) => records(...texts).map(({ sourcedId }) => sourcedId)
    expect(ids()).toEqual(['sch3', 'sch4', 'stu7', 'stu8'])
    const narrowed = ruleLayer('where: [=active, =school_id = 4]')
    expect(ids(narrowed)).toEqual(['sch3', 'sch4', 'stu8'])
    expect(ids(narrowed, ruleLayer('where: =not inherited'))).toEqual(['sch3', 'sch4', 'stu7'])
    expect(ids(narrowed, ruleLayer('where: =inherited or id = 7'))).toEqual(['sch3', 'sch4', 'stu7', 'stu8'])
    expect(ids(narrowed, ruleLayer('where: [=inherited, =id = 7]'))).toEqual(['sch3', 'sch4'])
  })

  it('sees the lookups as the layer has them', () => {
    const text = ruleLayer(
      'with: { school: { key: =other_id } }',
      'fields: { orgs: { where: =place = 4 }, username: =inherited & school.name }',
    )
    expect(ada(text)).toMatchObject({ username: 'adaElm', orgs: [{ sourcedId: 'sch4' }] })
  })

  it('is part of a list of words and of a setting too', () => {
    const text = 'extends: default\nsettings: { numbers: [=inherited, 3] }\n'
    expect(layered(text).tree.settings.get('numbers')?.value).toEqual([1, 2, 3])
  })

  it('makes another version of the mapping, as what it means does', async () => {
    const plain = await mappingVersion(layered(fieldsLayer('username: =lower(name.first) & "!"')))
    expect(await mappingVersion(layered(fieldsLayer('username: =inherited & "!"')))).toBe(plain)
    expect(await mappingVersion(layered())).not.toBe(plain)
  })
})

describe('the examples', () => {
  const example = (gives: string) =>
    `examples: [{ it: own, row: { id: 7, school_id: 3, active: true, name: { first: Ada } }, given: { schools: [{ id: 3, name: Oak }] }, gives: ${gives} }]`

  it('of a layer below are not run against what the layer changes', () => {
    expect(runExamples(layered()).map(({ it: name }) => name)).toEqual(['maps a student'])
    expect(runExamples(layered(fieldsLayer('username: changed')))).toEqual([])
  })

  it('of a layer stand in its file, and are run against it', () => {
    const text = ruleLayer('fields: { username: changed }', example('{ username: changed }'))
    expect(runExamples(layered(text))).toMatchObject([{ it: 'own', file: '1.yaml', line: 6, ok: true }])
  })

  it('of a layer below may use columns that this one removes', () => {
    expect(layerFaults(ruleLayer('fields: { username: a, role: null }'))).toEqual([])
  })
})

describe('layers made at random', () => {
  const PIECES = [
    'extends: default\n',
    'entities:\n',
    '  users:\n',
    '    student:\n',
    '      fields:\n',
    '        username: =inherited & "!"\n',
    '        grades: [=inherited, =inherited]\n',
    '        orgs: [=inherited]\n',
    '        org: =inherited\n',
    '        role: null\n',
    '        userIds: { a: =inherited }\n',
    '        username: { choose: [{ when: =inherited, then: =inherited }, { else: =inherited }] }\n',
    '      where: [=inherited, =inherited and active]\n',
    '      with: { school: null }\n',
    '      with: { school: { where: =inherited } }\n',
    '      id: =inherited\n',
    '      from: null\n',
    '      examples: null\n',
    'sources: { students: { fields: { name: null } } }\n',
    'sources: { students: { fields: { name: { first: [text] } } } }\n',
    'sources: null\n',
    'tables: { role: { S: null } }\n',
    'settings: { domain: =inherited }\n',
    ': ',
    'inherited',
    'null',
    '{',
    '=',
  ]

  it('give diagnostics or records, and never throw', () => {
    let seed = 11
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648
      return Math.floor((seed / 2147483648) * below)
    }
    const layer = () => Array.from({ length: 3 + random(9) }, () => PIECES[random(PIECES.length)]).join('')
    const ordered = () => `extends: default\nentities:\n  users:\n    student:\n      fields:\n${PIECES[5 + random(7)]}`
    let good = 0
    for (let round = 0; round < 1000; round++) {
      const texts = Array.from({ length: 1 + random(3) }, () => (random(2) === 0 ? layer() : ordered()))
      const { mapping, diagnostics } = checkLayers(...texts)
      expect(mapping === undefined).toBe(diagnostics.length > 0)
      if (mapping === undefined) continue
      good++
      expect(() => records(...texts)).not.toThrow()
    }
    expect(good).toBeGreaterThan(100)
  })

  it('cannot grow beyond measure', () => {
    const doubling = fieldsLayer(`grades: [${new Array(60).fill('=inherited').join(', ')}]`)
    expect(layerFaults(doubling, doubling, doubling)).toEqual([
      '3.yaml:6:17: extends: with what it inherits this grows too large. Write `inherited` fewer times.',
    ])
    const named = fieldsLayer(`username: =join("", ${new Array(60).fill('inherited').join(', ')})`)
    expect(layerFaults(named, named, named)).toEqual([
      '3.yaml:6:19: extends: with what it inherits this grows too large. Write `inherited` fewer times.',
    ])
  })
})
