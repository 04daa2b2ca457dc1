// Every YAML block of docs/mapping.md: whole layers are checked as they stand, fragments in the place that they are of.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { testFiles } from '../../src/load-mapping.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import { findLayers } from '../../src/mapping/files/layers.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { fieldsLayer, layerFaults } from './overlay-support.ts'

const DOCS = 'docs/mapping.md'
const STUDENT = 'entities:\n  users:\n    student:\n'
/** The extension table that the fragments read. */
const EXTENSION = `sources:
  students:
    fields: { u_students_extension: { district_email: text, card: text } }
    rest: { extend: [u_students_extension] }
`

interface Block {
  readonly name: string
  readonly text: string
}

const blocks: readonly Block[] = [
  ...readFileSync(DOCS, 'utf8').matchAll(/^(?<indent> *)```yaml\n(?<text>[\s\S]*?)^ *```$/gm),
].map(({ index, input, groups: { indent = '', text = '' } = {} }) => ({
  name: `${DOCS}:${input.slice(0, index).split('\n').length + 1}`,
  text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
}))

const isLayer = ({ text }: Block) => /^extends:/m.test(text)
const isComment = ({ text }: Block) => /^(?:#[^\n]*\n)+$/.test(text)

/** The layer that those over other layers extend. */
const STATE = `extends: default
${STUDENT}      fields: { identifier: '=first(state_province_id, inherited)' }
      metadata: { state.id: =state_province_id }
`

/** What is said of a layer, and of those of its examples that do not hold. */
function faultsOf(text: string): readonly string[] {
  const found = findLayers('doc.yaml', (path) => (path === 'doc.yaml' ? text : STATE))
  const { diagnostics, examples } = testFiles(readMappingFiles(), found)
  const failed = examples.filter(({ ok, file }) => !ok && file === 'doc.yaml')
  return [
    ...diagnostics.map((one) => formatDiagnostic(one, text)),
    ...failed.map(({ it, differences }) => `${it}: ${differences.join(', ')}`),
  ]
}

/** How a fragment begins, and what it is checked as. */
const FRAGMENTS: readonly (readonly [begins: RegExp, faults: (text: string) => readonly string[]])[] = [
  [/^ {8}\w/, (text) => faultsOf(`extends: default\n${EXTENSION}${STUDENT}      fields:\n${text}`)],
  [/^examples:/, (text) => faultsOf(`extends: default\n${STUDENT}${text.replaceAll(/^/gm, '      ')}`)],
  // Over the district of the other tests, whose columns it names.
  [/^grades:/, (text) => layerFaults(fieldsLayer(text.trim()))],
  // A source of its own: its SQL has other columns than that of the default mapping.
  [/^sources:\n {2}section_enrollments:/, (text) => faultsOf(`extends: default\n${text.replace('section_', 'ours_')}`)],
  [
    /^(?:sources|tables|entities):/,
    (text) => faultsOf(`extends: default\n${text.replace('=…', '=id').replace(/^ *examples: …\n/m, '')}`),
  ],
]

describe('the layers in docs/mapping.md', () => {
  const layers = blocks.filter(isLayer)

  it.each(layers.map(({ name, text }) => [name, text]))('have no mistake, and their examples hold: %s', (_, text) => {
    expect(faultsOf(text)).toEqual([])
  })

  it('are many', () => {
    expect(layers.length).toBeGreaterThanOrEqual(10)
  })
})

describe('the fragments in docs/mapping.md', () => {
  const fragments = blocks.filter((block) => !isLayer(block) && !isComment(block))

  it.each(fragments.map(({ name, text }) => [name, text]))('have no mistake in their place: %s', (_, text) => {
    const [, faults] = FRAGMENTS.find(([begins]) => begins.test(text)) ?? []
    expect(faults?.(text) ?? ['no place is known for it: add one to FRAGMENTS']).toEqual([])
  })

  it('are several', () => {
    expect(fragments.length).toBeGreaterThanOrEqual(6)
  })
})
