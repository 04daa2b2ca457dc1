// The sheet that a district signs off.
import { describe, expect, it } from 'vitest'
import { mappingSheet } from '../../src/mapping/explain/sheet.ts'
import { sheetCsv, sheetMarkdown } from '../../src/mapping/explain/sheet-text.ts'
import { fieldsLayer, layered, ruleLayer } from './overlay-support.ts'
import { BASE, checked } from './support.ts'

const rule = (lines: string) => `entities:\n  users:\n    kid:\n      from: students\n      id: ="kid" & id\n${lines}`

/** What the sheet says in plain words of a field. */
function wordsFor(lines: string, target: string, more = '') {
  return mappingSheet(checked(BASE, rule(`${more}      fields:\n        ${lines}\n`))).rows.find(
    (row) => row.rule === 'users.kid' && row.target === target,
  )?.what
}

describe('the sheet', () => {
  it('has one row for the scope, each lookup, the id and each field, with columns, formula, place and what a layer replaces', () => {
    const rows = mappingSheet(layered(fieldsLayer('username: =upper(inherited)'))).rows.filter(
      ({ rule: name }) => name === 'users.student',
    )
    expect(rows.map(({ target, kind }) => `${kind} ${target}`)).toEqual([
      'scope users',
      'lookup school',
      'id users.sourcedId',
      ...['username', 'role', 'grades', 'userIds', 'org', 'orgs'].map((name) => `field users.${name}`),
      'metadata users.metadata.kind',
    ])
    expect(rows[3]).toEqual({
      kind: 'field',
      target: 'users.username',
      rule: 'users.student',
      what: 'students.name.first, by lower( ), by upper( )',
      columns: ['students.name.first'],
      formula: '=upper(inherited)',
      powerSchool: ['name.first of /ws/students'],
      place: { file: '1.yaml', line: 6, column: 19 },
      places: [{ file: '1.yaml', line: 6, column: 19 }],
      replaces: [{ formula: '=lower(name.first)', place: { file: 'students.yaml', line: 9, column: 19 } }],
    })
    expect(rows[0]).toMatchObject({
      what: 'rows of students, whose school is found, for which this holds',
      formula: '=active',
    })
  })

  it('tells what a layer changes in a lookup, and which row of several counts', () => {
    const rows = (text: string) => mappingSheet(layered(text)).rows.filter((row) => row.rule === 'users.student')
    const narrowed = rows(ruleLayer('with: { school: { where: "=it.number > 5", missing: blank } }'))
    expect(narrowed.find(({ kind }) => kind === 'lookup')).toMatchObject({
      kind: 'lookup',
      target: 'school',
      rule: 'users.student',
      what: 'one row of orgs.school',
      columns: ['schools.id', 'students.school_id', 'schools.number'],
      formula: '{ in: orgs.school, key: =school_id, where: =it.number > 5, missing: blank }',
      places: [{ file: 'students.yaml' }, { file: '1.yaml', line: 5 }],
      replaces: [{ formula: '{ in: orgs.school, key: =school_id }', place: { file: 'students.yaml', line: 6 } }],
    })
    const [scope] = rows(ruleLayer('one_per: =other_id', 'order: =-id'))
    expect(scope?.what).toMatch(/^rows of students, those with one other_id together \(the first by -id counts\), /)
  })

  const WORDS: readonly (readonly [field: string, target: string, words: string])[] = [
    ['role: student', 'users.role', 'always "student"'],
    ['enabledUser: true', 'users.enabledUser', 'always true'],
    ['username: =name.first', 'users.username', 'students.name.first'],
    ['username: =settings.domain', 'users.username', 'the setting domain'],
    ['role: =code("role", name.first)', 'users.role', 'students.name.first, by the table role'],
    [
      'username: =first(name.first, "x")',
      'users.username',
      'the first that is not blank: students.name.first; always "x"',
    ],
    ['org: { ref: orgs.school, key: =school_id }', 'users.org', 'reference to orgs.school'],
    ['orgs: { refs: orgs.school, match: {} }', 'users.orgs', 'references to orgs.school'],
    ['username: =if(active, name.first, name.last)', 'users.username', ''],
  ]
  it.each(WORDS)('says of %s in plain words what it is', (field, target, words) => {
    expect(wordsFor(field, target)).toBe(words)
  })

  it('says that a field is kept', () => {
    const words = wordsFor('username: =name.first', 'users.username', '      create_only: [username]\n')
    expect(words).toBe('students.name.first; kept from the first publication on')
    const untold = wordsFor('username: =if(active, name.first)', 'users.username', '      create_only: [username]\n')
    expect(untold).toBe('kept from the first publication on')
  })

  it('has the settings with the values that count, and the code tables', () => {
    const sheet = mappingSheet(checked(BASE), { domain: 'other.example.org' })
    expect(sheet.settings.map(({ name, value }) => [name, value])).toEqual([
      ['domain', 'other.example.org'],
      ['numbers', [1, 2]],
    ])
    expect(sheet.tables).toMatchObject([
      {
        name: 'role',
        codes: [
          { code: 'S', value: 'student', place: { file: 'a.yaml', line: 23, column: 11 }, replaces: [] },
          { code: 'T', value: 'teacher' },
        ],
      },
    ])
  })
})

/** The rows of users.student, by target. */
const studentRows = (...texts: readonly string[]) =>
  new Map(
    mappingSheet(layered(...texts))
      .rows.filter((row) => row.rule === 'users.student')
      .map((row) => [row.target, row]),
  )

describe('what layers did', () => {
  const BEFORE = { formula: '=lower(name.first)', place: { file: 'students.yaml', line: 9, column: 19 } }

  it('is told where they replace a field without inheriting it, each value once', () => {
    const rows = studentRows(fieldsLayer('username: =name.last'), fieldsLayer('role: teacher'))
    expect(rows.get('users.username')?.replaces).toEqual([BEFORE])
    expect(rows.get('users.role')?.replaces).toMatchObject([{ formula: 'student' }])
    expect(rows.get('users.grades')?.replaces).toEqual([])
  })

  it('has a row for a field that is taken away, with what stood there', () => {
    const rows = studentRows(
      fieldsLayer('username: =upper(inherited)'),
      ruleLayer('fields: { username: null }', 'metadata: { kind: null }'),
    )
    expect(rows.get('users.username')).toMatchObject({
      kind: 'removed',
      what: 'not published: taken away',
      formula: '',
      place: { file: '2.yaml', line: 5, column: 27 },
      replaces: [{ formula: '=upper(inherited)', place: { file: '1.yaml' } }, BEFORE],
    })
    expect(rows.get('users.metadata.kind')).toMatchObject({ kind: 'removed', place: { file: '2.yaml', line: 6 } })
  })

  it('has a row for a rule that is taken away or switched off', () => {
    for (const [lines, words] of [
      ['student: null', 'not published: the rule is taken away'],
      ['student: { enabled: false }', 'not published: the rule is switched off'],
    ] as const) {
      const { rows } = mappingSheet(layered(`extends: default\nentities:\n  users:\n    ${lines}\n`))
      expect(rows.filter(({ rule }) => rule === 'users.student')).toMatchObject([
        { kind: 'removed', target: 'users', what: words, place: { file: '1.yaml', line: 4 } },
      ])
    }
  })

  it('names every file that conditions and codes stand in, and the settings and codes before', () => {
    const where = studentRows(ruleLayer('where: [=inherited, =mark > 1]')).get('users')
    expect(where?.places.map(({ file }) => file)).toEqual(['students.yaml', '1.yaml'])
    expect(where?.replaces).toMatchObject([{ formula: '=active', place: { file: 'students.yaml', line: 5 } }])
    const layer =
      'extends: default\nsettings: { domain: x.org }\ntables: { role: { T: aide, X: aide, S: null, otherwise: same } }\n'
    const { settings, tables } = mappingSheet(layered(layer))
    expect(settings[0]).toMatchObject({
      value: 'x.org',
      place: { file: '1.yaml', line: 2 },
      replaces: [{ formula: '"example.org"', place: { file: 'base.yaml', line: 2 } }],
    })
    const [table] = tables
    expect(table?.places.map(({ file }) => file)).toEqual(['base.yaml', '1.yaml'])
    expect(table?.codes.map(({ code, place: { file }, replaces }) => [code, file, replaces[0]?.formula])).toEqual([
      ['T', '1.yaml', 'teacher'],
      ['X', '1.yaml', undefined],
      ['S', '1.yaml', 'student'],
    ])
    expect(table?.otherwise).toMatchObject({ value: 'the code itself', replaces: [{ formula: 'blank, and reported' }] })
    const markdown = sheetMarkdown(mappingSheet(layered(layer)))
    expect(markdown).toContain('| domain | `"x.org"` | 1.yaml:2 | `"example.org" (base.yaml:2)` |')
    expect(markdown).toContain('| S | taken away: as any other | 1.yaml:3 | student (base.yaml:23) |')
  })
})

describe('a rule that a setting switches off', () => {
  const mapping = checked(
    BASE,
    rule('      where: "=active and settings.domain = \'x\'"\n').replaceAll("'x'", '\\"x\\"'),
  )
  const whyOff = (settings = {}) => mappingSheet(mapping, settings).rows.find((row) => row.rule === 'users.kid')?.off

  it('is marked so, by the settings as they count', () => {
    expect(whyOff()).toBe('settings.domain = "x" does not hold')
    expect(whyOff({ domain: 'x' })).toBeUndefined()
    expect(sheetMarkdown(mappingSheet(mapping))).toMatch(/^## users\.kid \(off\)$/m)
    expect(sheetCsv(mappingSheet(mapping))).toMatch(/^users\.sourcedId,users\.kid,"off now \(settings\.domain/m)
  })
})

const NASTY =
  "      fields:\n        username: =join(\"|\", name.first, \"`*_\")\n        grades: ['=lower(\n          name.last)', '-1', '@x']\n"

describe('as Markdown', () => {
  it('is tables whose cells hold no pipe, line break or mark of their own', () => {
    const text = sheetMarkdown(mappingSheet(checked(BASE, rule(NASTY))))
    const rows = text.split('\n').filter((line) => line.startsWith('|'))
    for (const row of rows) {
      const bars = row.replace(/\\./g, '').match(/\|/g)?.length ?? 0
      expect([5, 8]).toContain(bars)
    }
    expect(text).toContain('`` =join("\\|", name.first, "`*_") ``')
    expect(text).toContain('| users.grades |')
  })

  it('begins with a heading for each rule, and ends with the tables', () => {
    const headings = sheetMarkdown(mappingSheet(checked(BASE))).match(/^#.*$/gm)
    expect(headings).toEqual(['# Mapping', '## orgs.school', '## Settings', '## Table role'])
  })
})

/** RFC 4180, as strictly as it says. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  let row: string[] = []
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text)
    if (found === null) throw new Error('not CSV')
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

describe('as CSV', () => {
  it('reads back cell by cell, each row as long as the headings', () => {
    const sheet = mappingSheet(checked(BASE, rule(NASTY)))
    const [headings = [], ...rows] = parseCsv(sheetCsv(sheet))
    expect(headings).toEqual([
      'Target',
      'Rule',
      'What it is',
      'Source columns',
      'PowerSchool',
      'Formula',
      'Where',
      'Replaces',
    ])
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([headings.length]))
    expect(rows.find(([target]) => target === 'users.username')?.[5]).toBe('\'=join("|", name.first, "`*_")')
    expect(rows.at(-1)?.slice(0, 3)).toEqual(['table role: any other', '', 'blank, and reported'])
  })

  it('has no cell that a spreadsheet would take for a formula', () => {
    const settings = { domain: '=1+1', numbers: ['@x', '-1', '+1'] }
    const odd = BASE.replace('{ S: student, T: teacher }', '{ "=S": "-1", "@T": "+1" }')
    const text = sheetCsv(mappingSheet(checked(odd, rule(NASTY)), settings))
    for (const cell of parseCsv(text).flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
  })
})
