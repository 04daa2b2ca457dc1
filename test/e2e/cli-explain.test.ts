// `bridge mapping explain` and `mapping table` as real processes.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { startPowerSchool } from './powerschool.ts'
import { dataDir, type Environment, runCli } from './processes.ts'

const explain = (words: readonly string[], environment?: Environment) =>
  runCli(['mapping', 'explain', ...words], environment)

describe('mapping explain', () => {
  it('tells why a record is as it is, why another is not there, and what a layer would make of it', async () => {
    const powerSchool = await startPowerSchool()
    const environment = { ...powerSchool.environment(dataDir()), PUBLIC_URL: 'https://roster.example.org' }
    const early = await explain(['users/stu1'], environment)
    expect([early.code, early.stdout]).toEqual([1, ''])
    expect(early.stderr).toMatch(/^There are no rows to explain: no crawl has ended yet.*\nRun `bridge sync`/)

    const students = powerSchool.district.db.prepare('select dcid from students where enroll_status = 0').all()
    const [there, gone] = students.map(({ dcid }) => Number(dcid))
    transferStudent(powerSchool.district, Number(gone), null)
    expect((await runCli(['sync'], environment)).code).toBe(0)

    const folder = dataDir()
    const layer = join(folder, 'layer.yaml')
    const fields = '      fields:\n        identifier: =lower(inherited)\n'
    writeFileSync(layer, `extends: default\nentities:\n  users:\n    student:\n      where: =id != ${there}\n${fields}`)
    const [whole, field, absent, other, masked] = await Promise.all([
      explain([`users/stu${there}`], environment),
      explain([`users/stu${there}`, 'identifier', '--json'], environment),
      explain([`users/stu${gone}`], environment),
      explain([`users/stu${there}`, '--mapping', layer], environment),
      explain([`users.student/${there}`, 'identifier', '--redact'], environment),
    ])
    expect(whole.code).toBe(0)
    expect(whole.stdout).toMatch(new RegExp(`^users/stu${there} is made by users\\.student of students ${there}\\.\n`))
    expect(whole.stdout).toMatch(/^ {2}role +.*mappings\/users\.yaml:\d+$/m)
    expect(whole.stdout).toMatch(/The current snapshot \(generation 1, .*\) says the same/)
    const { record, snapshot } = JSON.parse(field.stdout)
    expect(record.fields).toMatchObject([{ name: 'identifier', place: { file: 'mappings/users.yaml' } }])
    expect(snapshot).toMatchObject({ agrees: true })
    expect([absent.code, absent.stdout.split('\n')[0]]).toEqual([
      1,
      `users/stu${gone} is not published: the mapping makes no such record of the rows of the last crawl.`,
    ])
    expect(other.code).toBe(1)
    expect(other.stdout).toContain(`  users.student: students ${there} is left out: this condition does not hold.`)
    expect(other.stdout).toContain(`    ${layer}:5  =id != ${there}\n      id = ${there}   (students ${there})`)
    expect(other.stdout).toMatch(/The current snapshot .* still has it/)
    const [found, rule, orgs, unknown] = await Promise.all([
      explain([`students.id=${there}`], environment),
      explain(['users.student', '--mapping', layer, '--json'], environment),
      explain(['orgs'], environment),
      explain(['students.local_id=none'], environment),
    ])
    expect(found.stdout).toContain(`\n  students ${there}\n    users.student         published as stu${there}\n`)
    expect(JSON.parse(rule.stdout).rules).toMatchObject([
      { outOfScope: 1, conditions: [{ text: `id != ${there}`, count: 1, place: { file: layer } }] },
    ])
    expect(orgs.stdout).toMatch(/^ {2}orgs\/sch\d+ +\S.* identifier \S/m)
    expect([found.code, rule.code, orgs.code, unknown.code]).toEqual([0, 0, 0, 1])
    writeFileSync(layer, `extends: default\nentities:\n  users:\n    student:\n      fields: { identifier: null }\n`)
    const removed = await explain([`users/stu${there}`, 'identifier', '--mapping', layer], environment)
    expect(removed.code).toBe(0)
    expect(removed.stdout).toContain(`identifier is taken away in ${layer}:5 (before: mappings/users.yaml:`)
    expect(removed.stdout).toMatch(/^ {2}identifier is published as "/m)
    const without = await explain([`users/stu${there}`, '--mapping', layer, '--json'], environment)
    expect(JSON.parse(without.stdout).snapshot).toMatchObject({ agrees: false, differing: [{ field: 'identifier' }] })
    expect(masked.stdout.split('\n')[0]).toMatch(/ identifier = "[x9-]+"$/)
  })

  it('tells who reads a column, without a crawl', async () => {
    const { code, stdout } = await explain(['students.school_enrollment.grade_level'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^students\.school_enrollment\.grade_level \(integer; by REST and by PowerQuery STUDENTS\.\w+\)\n/,
    )
    expect(stdout).toMatch(/^ {2}users\.student\.grades +mappings\/users\.yaml:\d+$/m)
    const json = await explain(['students', '--json'])
    expect(JSON.parse(json.stdout).columns.length).toBeGreaterThan(10)
  })

  it.each([
    { words: [], code: 2, says: 'bridge mapping explain COLLECTION/ID [FIELD]' },
    { words: ['a', 'b', 'c'], code: 2, says: 'bridge mapping explain COLLECTION/ID [FIELD]' },
    { words: ['users/stu1', '--mapping', ''], code: 2, says: '--mapping is empty.' },
    { words: ['usres/stu1'], code: 1, says: 'The mapping makes no `usres`. Did you mean `users`?' },
    { words: ['users.student', 'email'], code: 1, says: 'A field is asked of one record, not of `users.student`.' },
    { words: ['students.local_id=1', 'email'], code: 1, says: 'A field is asked of one record' },
    { words: ['stu100007'], code: 1, says: 'Did you mean `users/stu100007`?' },
    { words: ['users.studnet/1'], code: 1, says: 'Did you mean `users.student`?' },
    { words: ['students.nmae'], code: 1, says: '`students` has no column `nmae`.' },
    { words: ['users/stu1', 'emial'], code: 1, says: '`users` has no field `emial`. Did you mean `email`?' },
    { words: ['users/stu1', '--mapping', 'no/such.yaml'], code: 1, says: 'there is no such file.' },
  ])('refuses $words', async ({ words, code, says }) => {
    const ended = await explain(words)
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr).toContain(says)
  })
})

describe('mapping table', () => {
  it('prints Markdown, CSV or data, of a layer too', async () => {
    const out = join(dataDir(), 'sheet.csv')
    const greenfield = 'mappings/districts/greenfield.yaml'
    const [markdown, csv, json, help] = await Promise.all([
      runCli(['mapping', 'table']),
      runCli(['mapping', 'table', '--mapping', greenfield, '--format', 'csv', '--out', out]),
      runCli(['mapping', 'table', '--json'], { MAPPING: greenfield }),
      runCli(['mapping', 'table', '--help']),
    ])
    expect(markdown.stdout).toMatch(/^# Mapping\n\n## \w+\.\w+\n\n\| Target \| What it is \|/)
    expect([csv.stdout, csv.code]).toEqual(['', 0])
    expect(csv.stderr).toMatch(/^\d+ rows written to /)
    expect(readFileSync(out, 'utf8')).toMatch(/^users\.metadata\.microsoft\.userFlags,users\.student,/m)
    const { rows } = JSON.parse(json.stdout)
    const email = rows.find(
      (row: { rule: string; target: string }) => row.rule === 'users.student' && row.target === 'users.email',
    )
    expect(email).toMatchObject({ place: { file: greenfield }, replaces: [{ place: { file: 'mappings/users.yaml' } }] })
    expect(help.stdout).toMatch(/^\S.*\.\n\nbridge mapping table/)
  })

  it.each([
    { words: ['--format', 'pdf'], says: '--format is markdown or csv, not "pdf".' },
    { words: ['--out', 'sheet.xlsx'], says: 'sheet.xlsx does not end as markdown does' },
    { words: ['--out', 'sheet.csv'], says: 'Write `--format csv`.' },
    { words: ['--out', 'sheet.md', '--json'], says: 'sheet.md does not end as json does' },
    { words: ['--out', ''], says: '--out is empty.' },
  ])('refuses $words', async ({ words, says }) => {
    const ended = await runCli(['mapping', 'table', ...words])
    expect([ended.code, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toContain(says)
  })
})
