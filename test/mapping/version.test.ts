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
