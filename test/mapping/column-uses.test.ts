// Who uses which column of a source.
import { describe, expect, it } from 'vitest'
import { columnUses } from '../../src/mapping/check/column-uses.ts'
import { BASE, checked } from './support.ts'

/** The uses of the columns of a source, without those of BASE. */
function usesIn(entities: string, source = 'students', more = '') {
  const { tree, readers } = checked(BASE, `${more}${entities}`)
  return Object.fromEntries(columnUses(tree, readers).get(source) ?? [])
}

const rule = (lines: string) => `entities:\n  users:\n    kid:\n      from: students\n      id: ="kid" & id\n${lines}`
const field = (line: string) => rule(`      fields:\n        ${line}\n`)
const ID = { id: ['users.kid.id'] }

describe('a column is used', () => {
  it('by fields, metadata, scope and id', () => {
    expect(
      usesIn(
        rule(
          '      where: [=active, =born is not blank]\n      fields: { username: =name.first, score: =mark }\n      metadata: { x: =name.first & name.last }\n',
        ),
      ),
    ).toEqual({
      ...ID,
      active: ['users.kid.where'],
      born: ['users.kid.where'],
      mark: ['users.kid.score'],
      'name.first': ['users.kid.username', 'users.kid.metadata.x'],
      'name.last': ['users.kid.metadata.x'],
    })
  })

  it('by `one_per` and `order`, with its rows', () => {
    expect(
      usesIn(rule('      one_per: =other_id\n      order: =mark\n      fields: { grades: =rows.name.first }\n')),
    ).toEqual({
      ...ID,
      other_id: ['users.kid.one_per'],
      mark: ['users.kid.order'],
      'name.first': ['users.kid.grades'],
    })
  })

  const looking = rule(
    '      with:\n        school: { in: schools, key: =school_id, where: =it.number > mark }\n        same: { all: students, match: { other_id: =id, active: true }, order: =it.born }\n      fields: { username: =school.name, grades: =same.name.last }\n',
  )
  it('by lookups: keys, columns, narrowing, and what is taken of their rows', () => {
    expect(usesIn(looking)).toEqual({
      id: ['users.kid.with.same', 'users.kid.id'],
      school_id: ['users.kid.with.school'],
      mark: ['users.kid.with.school'],
      other_id: ['users.kid.with.same'],
      active: ['users.kid.with.same'],
      born: ['users.kid.with.same'],
      'name.last': ['users.kid.grades'],
    })
    expect(usesIn(looking, 'schools')).toEqual({
      id: ['orgs.school.id', 'users.kid.with.school'],
      name: ['orgs.school.name', 'users.kid.username'],
      number: ['users.kid.with.school'],
    })
  })

  it('by references, inverses and choices', () => {
    const text = field(
      'org: { choose: [{ when: =active, then: { ref: orgs.school, key: =school_id } }, { else: { ref: orgs.school, match: { number: =other_id } } }] }',
    )
    expect(usesIn(text)).toEqual({
      ...ID,
      active: ['users.kid.org'],
      school_id: ['users.kid.org'],
      other_id: ['users.kid.org'],
    })
    expect(usesIn(text, 'schools')).toMatchObject({ number: ['users.kid.org'] })
    const inverse = `${field('agents: { inverse: users.other.agents, where: =it.active, order: =it.born }')}    other:\n      from: students\n      id: ="o" & id\n      fields: { agents: [{ ref: users.kid, key: =other_id }] }\n`
    expect(usesIn(inverse)).toEqual({
      id: ['users.kid.id', 'users.other.id', 'users.other.agents'],
      active: ['users.kid.agents'],
      born: ['users.kid.agents'],
      other_id: ['users.other.agents'],
    })
  })

  it('through the lookups of another rule', () => {
    const text = `${rule('      with:\n        school: { in: schools, key: =school_id }\n')}  groups:\n    g:\n      from: schools\n      id: ="g" & id\n      with: { kids: { all: users.kid, match: { active: true } } }\n      fields: { orgs: { refs: orgs.school, match: { number: =kids.school.number } } }\n`
    expect(usesIn(text, 'schools')).toMatchObject({ number: ['groups.g.orgs'] })
    expect(usesIn(text)).toMatchObject({ active: ['groups.g.with.kids'] })
  })

  it('by a reader whose parent it is', () => {
    const source =
      'sources:\n  marks:\n    key: id\n    fields: { id: integer }\n    rest: { get: "/ws/{students.other_id}/{x}", rows: x }\n'.replace(
        '/{x}',
        '',
      )
    expect(usesIn('', 'students', source)).toEqual({ other_id: ['sources.marks.rest'] })
  })

  it('by the bridge, to find the school year', () => {
    const source =
      'sources:\n  terms:\n    key: id\n    fields: { id: integer, school_id: integer, start_year: integer, portion: integer, start_date: date, end_date: date, name: text }\n    rest: { get: /ws/t, rows: t }\n'
    expect(Object.keys(usesIn('', 'terms', source))).toEqual([
      'school_id',
      'start_year',
      'portion',
      'start_date',
      'end_date',
    ])
  })

  it('not by an example or a rule that is switched off', () => {
    const example = rule('      examples: [{ it: x, row: { id: 1, mark: 2 }, gives: { username: null } }]\n')
    expect(usesIn(example)).toEqual(ID)
    expect(usesIn(rule('      enabled: false\n      where: =active\n'))).toEqual({})
  })
})

describe('a list', () => {
  const all = { 'races.code': ['users.kid.score'], 'races.share': ['users.kid.score'] }

  it('counts by the members that are read', () => {
    expect(usesIn(field('grades: =races.code'))).toEqual({ ...ID, 'races.code': ['users.kid.grades'] })
    expect(usesIn(field('grades: =tags'))).toEqual({ ...ID, tags: ['users.kid.grades'] })
    const each = field('grades: { each: =races, as: r, where: =r.share > 1, value: =r.code }')
    expect(usesIn(each)).toEqual({ ...ID, 'races.share': ['users.kid.grades'], 'races.code': ['users.kid.grades'] })
  })

  it('counts whole where it is read as a whole', () => {
    expect(usesIn(field('score: =count(races)'))).toEqual({ ...ID, ...all })
    const constant = field('grades: { each: =races, as: r, value: x }')
    expect(Object.keys(usesIn(constant))).toEqual(['id', 'races.code', 'races.share'])
  })

  it('counts by what is taken of a lookup that goes through it', () => {
    const lookup = (line: string) =>
      rule(`      with: { shares: { all: =races, where: =it.share > 1 } }\n      fields: { ${line} }\n`)
    expect(usesIn(lookup('grades: =shares.code'))).toEqual({
      ...ID,
      'races.share': ['users.kid.with.shares'],
      'races.code': ['users.kid.grades'],
    })
    expect(usesIn(lookup('username: x'))).toEqual({ ...ID, 'races.share': ['users.kid.with.shares'] })
    expect(usesIn(lookup('score: =count(shares)'))).toEqual({
      ...ID,
      'races.share': ['users.kid.with.shares', 'users.kid.score'],
      'races.code': ['users.kid.score'],
    })
  })
})
