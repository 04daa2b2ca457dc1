// The reference made from the tables of the checker, and what keeps docs/mapping.md up to date with it.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DIAGNOSTIC_CODES } from '../../src/mapping/diagnostic.ts'
import { referenceData, referenceParts, referenceText } from '../../src/mapping/editor/reference.ts'
import { renewParts } from '../../src/mapping/editor/reference-marks.ts'
import { FUNCTIONS } from '../../src/mapping/functions.ts'
import { GRAMMAR } from '../../src/mapping/schema/grammar.ts'
import { readMappingFiles, readProfileMapping } from '../../src/node/mapping-files.ts'

const files = readMappingFiles()
const parts = referenceParts(files)

describe('the reference', () => {
  it('has every function with its signature, its line and its example', () => {
    const { functions } = referenceData(files)
    expect(functions.map(({ name }) => name).toSorted()).toEqual(Object.keys(FUNCTIONS).toSorted())
    expect(parts.functions).toContain(
      '| `code(table, value)` | What a code table makes of the value; its `otherwise` decides about codes that it does not list. | `code("grade", 0) → "KG"` |',
    )
  })

  it('has every key of every kind of map, and which ones are needed', () => {
    const { kinds } = referenceData(files)
    expect(kinds.map(({ name }) => name)).toEqual(Object.keys(GRAMMAR))
    expect(kinds.find(({ name }) => name === 'rule')?.keys.find(({ key }) => key === 'from')?.required).toBe(true)
    expect(parts.keys).toContain('| `from`, needed | text | The source; at most one record is made of a row. |')
    expect(parts.keys).toContain('| `take` | `first` or `last` |')
  })

  it('has every code of a mistake', () => {
    for (const code of Object.keys(DIAGNOSTIC_CODES)) expect(parts.codes).toContain(`| \`${code}\` | `)
  })

  it('has every setting of the default mapping with its value and what its comment says', () => {
    const { settings } = referenceData(files)
    const { settings: declared } = readProfileMapping(undefined).checked.tree
    expect(settings.map(({ name }) => name)).toEqual([...declared.keys()])
    for (const { name, oneOf } of settings) expect(oneOf).toEqual(declared.get(name)?.oneOf)
    expect(parts.settings).toMatch(/^\| `include_contacts` \| `false` \| +\| read and publish parents/m)
    expect(parts.settings).toMatch(/^\| `country_code` \| `"1"` \|/m)
  })

  it('keeps a sign of Markdown in a cell what it is', () => {
    for (const line of referenceText(files)
      .split('\n')
      .filter((row) => row.startsWith('|'))) {
      expect(line, line).toMatch(/^\|.*\|$/)
      const columns = line.replaceAll('\\|', '').split('|').length
      expect([4, 5, 6], line).toContain(columns)
    }
  })
})

describe('the generated parts of a document', () => {
  const document = (inside: string) => `before\n<!-- generated: codes -->${inside}<!-- end -->\nafter\n`

  it('are renewed between their marks, and nothing else is', () => {
    const { text, unknown, open } = renewParts(document('\nold\n'), { codes: 'new' })
    expect(text).toBe(document('\n\nnew\n\n'))
    expect([unknown, open]).toEqual([[], []])
    expect(renewParts(text, { codes: 'new' }).text).toBe(text)
  })

  it('may hold any sign', () => {
    expect(renewParts(document('\n'), { codes: "$& $1 $' \\" }).text).toBe(document("\n\n$& $1 $' \\\n\n"))
  })

  it('are told when there is no such part, or no end', () => {
    expect(renewParts(document('\n'), { keys: 'x' })).toMatchObject({ text: document('\n'), unknown: ['codes'] })
    const cut = `<!-- generated: keys -->\nmine\n${document('\n')}`
    expect(renewParts(cut, { keys: 'x', codes: 'y' })).toMatchObject({ open: ['keys'], unknown: [] })
    expect(renewParts(cut, { keys: 'x', codes: 'y' }).text).toContain('mine')
  })

  it('are as they are made in docs/mapping.md', () => {
    const written = readFileSync(new URL('../../docs/mapping.md', import.meta.url), 'utf8')
    const { text, unknown, open } = renewParts(written, parts)
    expect(written === text, 'Run `npm run docs`.').toBe(true)
    expect([unknown, open]).toEqual([[], []])
  })
})
