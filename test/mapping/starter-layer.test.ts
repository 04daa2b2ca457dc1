// The layer that `mapping init` writes: each piece taken out of its comments alone has no mistake.
import { describe, expect, it } from 'vitest'
import { starterLayer } from '../../src/cli/starter-layer.ts'
import { checkFiles, testFiles } from '../../src/load-mapping.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import { settingDocs } from '../../src/mapping/editor/setting-docs.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'

const files = readMappingFiles()
const STARTER = starterLayer('mappings/mapping.schema.json', settingDocs(files))
const lines = STARTER.split('\n')
const HEAD = lines.slice(0, lines.indexOf('extends: default') + 1)

/** A line below the head without its comment sign. */
interface Line {
  readonly text: string
  readonly indent: number
}

const body: readonly Line[] = lines
  .slice(HEAD.length)
  .filter((line) => line !== '' && line !== '#')
  .map((line) => {
    const text = line.slice('# '.length)
    return { text, indent: text.search(/\S/) }
  })

const isProse = ({ text }: Line) => text.trimStart().startsWith('#')

/** The keys that a line stands under. */
function above(at: number): Line[] {
  const found: Line[] = []
  for (let index = at - 1, indent = body[at]?.indent ?? 0; index >= 0; index--) {
    const line = body[index]
    if (line === undefined || isProse(line) || line.indent >= indent) continue
    found.unshift(line)
    indent = line.indent
  }
  return found
}

interface Piece {
  readonly name: string
  readonly above: readonly Line[]
  readonly lines: readonly Line[]
}

/** Each setting, and each change with what stands under or beside it up to the next comment. */
const pieces: readonly Piece[] = body.flatMap((line, at) => {
  const isSetting = line.indent === 2 && !isProse(line) && above(at)[0]?.text === 'settings:'
  if (isSetting) return [{ name: line.text.trim(), above: above(at), lines: [line] }]
  const before = body[at - 1]
  if (isProse(line) || !before || !isProse(before) || above(at)[0]?.text === 'settings:') return []
  const end = body.findIndex((other, index) => index > at && (isProse(other) || other.indent < line.indent))
  return [{ name: line.text.trim(), above: above(at), lines: body.slice(at, end < 0 ? undefined : end) }]
})

const EXTENSION = 'u_students_extension'

/** What comes out of the comments: the pieces, each key above them once. */
function uncommented(taken: readonly Piece[]): string {
  const wanted = new Set(taken.flatMap((piece) => [...piece.above, ...piece.lines]))
  return [...HEAD, ...body.filter((line) => wanted.has(line)).map(({ text }) => text), ''].join('\n')
}

const layersOf = (text: string) => ({ layers: [{ path: 'mapping.yaml', text }], diagnostics: [] })

const faultsOf = (text: string) =>
  checkFiles(files, layersOf(text)).diagnostics.map((found) => formatDiagnostic(found, text))

describe('the layer to begin with', () => {
  it('changes nothing, and names the schema in its first line', () => {
    expect(HEAD[0]).toBe('# yaml-language-server: $schema=mappings/mapping.schema.json')
    expect(lines.slice(HEAD.length).every((line) => line === '' || line.startsWith('#'))).toBe(true)
    expect(faultsOf(STARTER)).toEqual([])
  })

  it('has every setting, and each usual change', () => {
    const names = settingDocs(files).map(({ name }) => name)
    expect(pieces.flatMap(({ name }) => names.find((known) => name.startsWith(`${known}:`)) ?? [])).toEqual(names)
    expect(pieces.slice(names.length).map(({ name }) => name.replace(/:.*/, ''))).toEqual([
      'fields',
      '14',
      'where',
      'identifier',
      'email',
      'middleName',
      'district.studentNumber',
      'district.busRoute',
      'examples',
      'enabled',
    ])
  })

  it.each(pieces.map((piece) => [piece.name, piece] as const))('has no mistake with `%s` alone', (_name, piece) => {
    const needs = piece.name.includes(EXTENSION)
      ? pieces.filter(({ lines: [first] }) => first?.text.includes(EXTENSION))
      : [piece]
    const text = uncommented(needs)
    expect(text).toContain(`\n${piece.lines[0]?.text}\n`)
    expect(faultsOf(text)).toEqual([])
  })

  it('has no mistake with all of it, and its example holds', () => {
    const { examples, diagnostics } = testFiles(files, layersOf(uncommented(pieces)))
    expect(diagnostics).toEqual([])
    expect(examples.filter(({ ok }) => !ok)).toEqual([])
    expect(examples.filter(({ file }) => file === 'mapping.yaml')).toHaveLength(1)
  })
})
