// Loading without examples: the same tree, at the same places, without the larger half of the text being read.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkMapping } from '../../src/mapping/check/check.ts'
import { cutExamples } from '../../src/mapping/files/cut-examples.ts'
import { loadFile } from '../../src/mapping/files/load.ts'
import { withoutExamples } from '../../src/mapping/files/overlay.ts'
import type { MapNode, Node } from '../../src/mapping/files/tree.ts'
import { STUDENTS } from './overlay-support.ts'
import { BASE, MODEL } from './support.ts'

const MAPPINGS = join(import.meta.dirname, '../../mappings')
const shipped = readdirSync(MAPPINGS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => [name, readFileSync(join(MAPPINGS, name), 'utf8')] as const)

/** All of a tree that can be seen of it: names, values, the place of each character. */
function seen(node: Node | undefined): unknown {
  if (node === undefined) return undefined
  if (node.kind === 'list') return { at: node.place, items: node.items.map(seen) }
  if (node.kind === 'map')
    return { at: node.place, entries: node.entries.map(({ key, value }) => [seen(key), seen(value)]) }
  const { place, value, text, quoted, cut } = node
  const places = [0, 1, 7, text.length].filter((offset) => offset <= text.length).map((offset) => node.placeAt(offset))
  return { at: place, value, text, quoted, cut, places }
}

function load(text: string, examples: boolean): MapNode | undefined {
  const faults: string[] = []
  const root = loadFile({ path: 'a.yaml', text }, (_, __, message) => faults.push(message), { examples })
  expect(faults).toEqual([])
  return root
}

const both = (text: string) => {
  const [cut, whole] = [load(text, false), load(text, true)]
  return [seen(cut && withoutExamples(cut)), seen(whole && withoutExamples(whole))]
}

describe('a file without its examples', () => {
  it.each(shipped)('is the rest of %s, every character at its place', (_, text) => {
    for (const written of [text, text.replaceAll('\n', '\r\n'), text.trimEnd()]) {
      const [cut, rest] = both(written)
      expect(cut).toEqual(rest)
    }
  })

  it('leaves out most of the text', () => {
    const users = shipped.find(([name]) => name === 'users.yaml')?.[1] ?? ''
    expect(cutExamples(users)?.text.length).toBeLessThan(users.length / 2)
  })

  const RULE = 'entities:\n  users:\n    a:\n      from: x\n'
  it.each([
    ['items no further in than the key', `${RULE}      examples:\n      - it: a\n      - it: b\n      id: y\n`],
    [
      'comments and empty lines among them',
      `${RULE}      examples: # mine\n\n# here\n        - it: a\n# there\n\n      id: y\n`,
    ],
    ['a text that looks like a key', `${RULE}      id: |\n        examples:\n          - a\n      where: =x\n`],
    ['a column of that name', `sources:\n  a:\n    fields:\n      examples:\n        - text\n      b: text\n${RULE}`],
    ['a rule of that name', 'entities:\n  users:\n    examples:\n      - a\n    b:\n      from: x\n'],
    ['examples in one line', `${RULE}      examples: [{ it: a }]\n      id: y\n`],
    ['examples that are no list', `${RULE}      examples:\n        it: a\n      id: y\n`],
  ])('is the rest where there is %s', (_, text) => {
    const [cut, rest] = both(text)
    expect(cut).toEqual(rest)
  })

  it('has the faults of the whole file where the rest has any', () => {
    const text = `${STUDENTS}      where: =x\n      wher: [\n`
    const faults = [true, false].map((examples) => {
      const found: unknown[] = []
      loadFile({ path: 'a.yaml', text }, (...fault) => found.push(fault), { examples })
      return found
    })
    expect(faults[0]).toHaveLength(1)
    expect(faults[1]).toEqual(faults[0])
  })

  it('is asked for by a check that runs no examples, which then tells nothing of them', () => {
    const files = [
      { path: 'base.yaml', text: BASE },
      { path: 'students.yaml', text: STUDENTS.replace('row: {', 'rwo: {') },
    ]
    expect(checkMapping(files, MODEL).diagnostics.map(({ line }) => line)).toEqual([22, 23])
    const { mapping } = checkMapping(files, MODEL, [], { examples: false })
    expect(mapping?.tree.rules.get('users.student')?.examples).toEqual([])
  })
})

describe('a file that is loaded again', () => {
  it('tells its faults again', () => {
    const files = [{ path: 'a.yaml', text: `${BASE}extra: 1\n` }]
    const first = checkMapping(files, MODEL).diagnostics
    expect(first).toHaveLength(1)
    expect(checkMapping(files, MODEL).diagnostics).toEqual(first)
  })
})
