// The small text of a mapping file: means the same, names the same places, and never cuts into a text.
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { loadMapping } from '../../src/load-mapping.ts'
import { slimFile } from '../../src/mapping/files/slim.ts'
import { mappingVersion } from '../../src/mapping/version.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'

const slimText = (lines: readonly string[]) => slimFile({ path: 'a.yaml', text: lines.join('\n') }).text.split('\n')

describe('the default mapping', () => {
  const files = readMappingFiles()
  const slim = files.map(slimFile)

  it('is the same mapping when it is slim', async () => {
    const [whole, small] = await Promise.all([files, slim].map((texts) => mappingVersion(loadMapping(texts).checked)))
    expect(small).toBe(whole)
  })

  it('keeps its lines', () => {
    const linesOf = (texts: typeof files) => texts.map(({ text }) => text.split('\n').length)
    expect(linesOf(slim)).toEqual(linesOf(files))
  })

  it('takes less than half of the room', () => {
    const bytesOf = (texts: typeof files) => gzipSync(texts.map(({ text }) => text).join('')).length
    expect(bytesOf(slim)).toBeLessThan(bytesOf(files) / 2)
  })
})

describe('a slim file', () => {
  it('has no comments and no examples, and every other line where it was', () => {
    const text = [
      '# What this is.',
      'tables:  # of the state',
      '  codes:',
      '    a: b',
      'entities:',
      '  orgs:',
      '    district:',
      '      from: schools',
      '      examples:  # two of them',
      '        - row: { id: 1 }',
      '          # a school',
      '          gives: { sourcedId: "1" }',
      '',
      '      fields:',
      '        name: =name',
    ]
    const small = [...text]
    for (const line of [0, 8, 9, 10, 11]) small[line] = ''
    small[1] = 'tables:'
    expect(slimText(text)).toEqual(small)
  })

  it('keeps a text of several lines that looks like a comment', () => {
    const text = ['tables:', '  notes:', '    a: |', '      one', '      # two', '      three # four', '']
    expect(slimText(text)).toEqual(text)
  })

  it.each([['    a: "one # two"'], ["    a: 'one # two'"], ['    a: one#two']])('keeps %s', (line) => {
    const text = ['tables:', '  notes:', line, '']
    expect(slimText(text)).toEqual(text)
  })

  it.each([[''], ['examples:'], ['tables: [']])('leaves %j as it is', (text) => {
    expect(slimText([text])).toEqual([text])
  })

  it('ends where the whole one ends, with or without a last line end', () => {
    const rule = ['entities:', '  orgs:', '    district:', '      from: schools', '      examples:', '        - row: 1']
    expect(slimText(rule)).toEqual([...rule.slice(0, 4), '', ''])
    expect(slimText([...rule, ''])).toEqual([...rule.slice(0, 4), '', '', ''])
  })
})
