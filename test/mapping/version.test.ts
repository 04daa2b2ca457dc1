// The version of a mapping follows its meaning and nothing else.
import { describe, expect, it } from 'vitest'
import { mappingVersion } from '../../src/mapping/version.ts'
import { BASE, checked } from './support.ts'

const version = (...texts: readonly string[]) => mappingVersion(checked(...texts))

describe('the version', () => {
  it('is a SHA-256 in hex', async () => {
    expect(await version(BASE)).toMatch(/^[0-9a-f]{64}$/)
  })

  it('does not follow comments, layout, the order of files or examples', async () => {
    const same = await version(BASE)
    expect(await version(`# a comment\n\n${BASE.replaceAll('="sch" & id', '= "sch"  &  id')}`)).toBe(same)
    expect(await version('settings: {}', BASE)).toBe(same)
    expect(await version(`${BASE}      examples: [{ it: x, row: { id: 1 }, gives: nothing }]\n`)).toBe(same)
  })

  const kids = `sources:
  kids:
    key: id
    when: settings.on
    fields: { id: integer, day: date, u_x: { a: text } }
    powerquery:
      core: t
      args: { year: { is: settings.start_year, column: T.Y } }
      sql: select a.dcid id, a.day day from t a where a.y = :year order by a.dcid
      columns: { id: T.DCID, day: T.DAY }
      within: { id: orgs.school.id }
      changed: day
      extend: { u_x: { b: id } }
settings: { on: true, off: true }
`

  it('does not follow the layout of SQL', async () => {
    const block = kids.replace('sql: select a.dcid id, ', 'sql: |\n        select   a.dcid id,\n               ')
    expect(await version(BASE, block)).toBe(await version(BASE, kids))
  })

  it.each([
    ['SQL', 'a.y = :year', 'a.y >= :year'],
    ['an argument', 'settings.start_year', 'settings.first_term_year'],
    ['a column of a query', 'day: T.DAY', 'day: T.Day'],
    ['the scope of a query', 'orgs.school.id', 'orgs.school.number'],
    ['what tells a change', '      changed: day\n', ''],
    ['an extension', 'b: id', 'c: id'],
    ['when a source is read', 'settings.on', 'settings.off'],
  ])('follows %s', async (_, from, to) => {
    expect(await version(BASE, kids.replace(from, to))).not.toBe(await version(BASE, kids))
  })

  it.each([
    ['a formula', '="sch" & id', '="org" & id'],
    ['a setting', 'example.org', 'example.com'],
    ['a code', 'S: student', 'S: aide'],
    ['a column', 'tags: [text]', 'tags: [text]\n      more: text'],
    ['a source', 'from: schools', 'from: schools\n      where: =number = 1'],
  ])('follows %s', async (_, from, to) => {
    expect(await version(BASE.replace(from, to))).not.toBe(await version(BASE))
  })
})
