// The sheet that a district signs off.
import { describe, expect, it } from 'vitest'
import { mappingSheet } from '../../src/mapping/explain/sheet.ts'
import { sheetCsv, sheetMarkdown } from '../../src/mapping/explain/sheet-text.ts'
import { fieldsLayer, layered } from './overlay-support.ts'
import { BASE, checked } from './support.ts'

const rule = (lines: string) => `entities:\n  users:\n    kid:\n      from: students\n      id: ="kid" & id\n${lines}`

/** What the sheet says in plain words of a field. */
function wordsFor(lines: string, target: string, more = '') {
  return mappingSheet(checked(BASE, rule(`${more}      fields:\n        ${lines}\n`))).rows.find(
    (row) => row.rule === 'users.kid' && row.target === target,
  )?.what
}

describe('the sheet', () => {
  it('has one row for the scope, the id and each field, with columns, formula, place and what a layer replaces', () => {
    const rows = mappingSheet(layered(fieldsLayer('username: =upper(inherited)'))).rows.filter(
      ({ rule: name }) => name === 'users.student',
    )
    expect(rows.map(({ target, kind }) => `${kind} ${target}`)).toEqual([
      'scope users',
      'id users.sourcedId',
      ...['username', 'role', 'grades', 'userIds', 'org', 'orgs'].map((name) => `field users.${name}`),
      'metadata users.metadata.kind',
    ])
    expect(rows[2]).toEqual({
      kind: 'field',
      target: 'users.username',
      rule: 'users.student',
      what: 'students.name.first, by lower( ), by upper( )',
      columns: ['students.name.first'],
      formula: '=upper(inherited)',
      place: { file: '1.yaml', line: 6, column: 19 },
      replaces: [{ formula: '=lower(name.first)', place: { file: 'students.yaml', line: 9, column: 19 } }],
    })
    expect(rows[0]).toMatchObject({
      what: 'rows of students, whose school is found, for which this holds',
      formula: '=active',
    })
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
          ['S', 'student'],
          ['T', 'teacher'],
        ],
      },
    ])
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
      expect([4, 3, 7]).toContain(bars)
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
    expect(headings).toEqual(['Target', 'Rule', 'What it is', 'Source columns', 'Formula', 'Where', 'Replaces'])
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([headings.length]))
    expect(rows.find(([target]) => target === 'users.username')?.[4]).toBe('\'=join("|", name.first, "`*_")')
    expect(rows.at(-1)?.slice(0, 3)).toEqual(['table role: any other', '', 'blank, and reported'])
  })

  it('has no cell that a spreadsheet would take for a formula', () => {
    const settings = { domain: '=1+1', numbers: ['@x', '-1', '+1'] }
    const odd = BASE.replace('{ S: student, T: teacher }', '{ "=S": "-1", "@T": "+1" }')
    const text = sheetCsv(mappingSheet(checked(odd, rule(NASTY)), settings))
    for (const cell of parseCsv(text).flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
  })
})
