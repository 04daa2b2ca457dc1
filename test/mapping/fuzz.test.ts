// Mappings changed at random: whatever the text, it gives diagnostics inside its files, or a mapping that runs.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CheckedMapping, checkMapping } from '../../src/mapping/check/check.ts'
import type { TargetModel } from '../../src/mapping/check/target.ts'
import type { Diagnostic } from '../../src/mapping/diagnostic.ts'
import { findLayers } from '../../src/mapping/files/layers.ts'
import type { MappingFile } from '../../src/mapping/files/load.ts'
import { runExamples } from '../../src/mapping/run/examples.ts'
import { TARGET_MODEL } from '../../src/oneroster/target-model.ts'
import { mutate, type Random, randomNumbers } from './fuzz-mutate.ts'
import { FILES, LAYERS } from './fuzz-texts.ts'
import { layerFaults, STUDENTS } from './overlay-support.ts'
import { BASE, faults, MODEL, runMapping } from './support.ts'

const ROWS = {
  schools: [{ id: 3, name: 'Oak', number: 103 }, { id: '4', name: '' }, { id: 99_999 }],
  students: [
    {
      id: 7,
      school_id: 3,
      other_id: 4,
      active: true,
      mark: 2.5,
      born: '2015-02-03',
      name: { first: 'Ada', last: 'Li' },
    },
    { id: 8, school_id: 9, active: 1, races: [{ code: 'A', share: 0.7 }, { code: 'B' }], tags: ['T', ''] },
    { id: 7, races: { code: 'C', share: 'x' } },
    {},
  ],
  kids: [{ id: 1, name: { first: '01' }, school_id: 3, u_kids_x: { gifted: 'true' } }, { id: 2 }],
}

interface Case {
  readonly files: readonly MappingFile[]
  readonly layers: readonly MappingFile[]
  readonly model: TargetModel
}

/** How many mappings had no fault, so that it is known that they were run. */
interface Count {
  sound: number
}

function tryCase({ files, layers, model }: Case, count: Count): void {
  const { mapping, diagnostics } = checkMapping(files, model, layers)
  const texts = new Map([...files, ...layers].map(({ path, text }) => [path, text]))
  for (const found of diagnostics) if (!isInside(found, texts)) throw new Error(`${JSON.stringify(found)} is outside`)
  if ((mapping === undefined) !== diagnostics.length > 0) throw new Error('neither a mapping nor a fault')
  if (mapping === undefined) return
  count.sound++
  runAll(mapping)
}

function runAll(mapping: CheckedMapping): void {
  runMapping(mapping, { rows: ROWS })
  runExamples(mapping)
}

/** At a character of the file, or at the end of one of its lines. */
function isInside({ file, line, column, message }: Diagnostic, texts: ReadonlyMap<string, string>): boolean {
  const text = texts.get(file)?.split('\n')[line - 1]
  return text !== undefined && column >= 1 && column <= text.length + 1 && message !== ''
}

/** Tells the text that failed, so that it can be made a test of its own. */
function repeat(rounds: number, random: Random, next: (random: Random) => Case): Count {
  const count = { sound: 0 }
  for (let round = 0; round < rounds; round++) {
    const made = next(random)
    try {
      tryCase(made, count)
    } catch (error) {
      const texts = [...made.files, ...made.layers].map(({ path, text }) => `${path}: ${JSON.stringify(text)}`)
      throw new Error(`round ${round}\n${texts.slice(-2).join('\n')}`, { cause: error })
    }
  }
  return count
}

const pick = <T>(items: readonly T[], random: Random): T => {
  const item = items[random(items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

const base: MappingFile = { path: 'base.yaml', text: BASE }
const students: MappingFile = { path: 'students.yaml', text: STUDENTS }
const layers = LAYERS.map((text, index): MappingFile => ({ path: `layer${index}.yaml`, text }))
const asMutant = (text: string, random: Random): MappingFile => ({ path: 'mutant.yaml', text: mutate(text, random) })

describe('the texts that are changed', () => {
  it('have no fault', () => {
    for (const text of FILES)
      tryCase({ files: [base, { path: 'file.yaml', text }], layers: [], model: MODEL }, { sound: 0 })
    for (const text of FILES) expect(faults(BASE, text)).toEqual([])
    for (const text of LAYERS) expect(layerFaults(text)).toEqual([])
  })
})

describe('a mapping with something changed at random', { timeout: 300_000 }, () => {
  it('gives only diagnostics or runs: a rule of a few lines', () => {
    const small = FILES.filter(({ length }) => length < 300)
    const { sound } = repeat(68_000, randomNumbers(1), (random) => ({
      files: [base, asMutant(pick(small, random), random)],
      layers: [],
      model: MODEL,
    }))
    expect(sound).toBeGreaterThan(3000)
  })

  it('gives only diagnostics or runs: a file with every form', () => {
    const { sound } = repeat(10_000, randomNumbers(2), (random) => ({
      files: [base, asMutant(pick(FILES, random), random)],
      layers: [],
      model: MODEL,
    }))
    expect(sound).toBeGreaterThan(500)
  })

  it('gives only diagnostics or runs: the file that others build on', () => {
    const { sound } = repeat(4000, randomNumbers(3), (random) => ({
      files: [asMutant(BASE, random), students],
      layers: random(2) === 0 ? [] : [pick(layers, random)],
      model: MODEL,
    }))
    expect(sound).toBeGreaterThan(100)
  })

  it('gives only diagnostics or runs: a layer, alone, above and below another', () => {
    const { sound } = repeat(18_000, randomNumbers(4), (random) => {
      const mutant = asMutant(pick(LAYERS, random), random)
      const other = pick(layers, random)
      const stack = [[mutant], [mutant, other], [other, mutant]][random(3)] ?? []
      return { files: [base, students], layers: stack, model: MODEL }
    })
    expect(sound).toBeGreaterThan(1000)
  })
})

const MAPPINGS = join(import.meta.dirname, '../../mappings')
const shipped = readdirSync(MAPPINGS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .map((name): MappingFile => ({ path: name, text: readFileSync(join(MAPPINGS, name), 'utf8') }))
const defaults = shipped.filter(({ path }) => !path.startsWith('districts'))
const districts = shipped.filter(({ path }) => path.startsWith('districts'))

describe('the shipped mapping with something changed at random', { timeout: 300_000 }, () => {
  it('gives only diagnostics or runs: one of its files', () => {
    repeat(120, randomNumbers(5), (random) => {
      const mutant = pick(defaults, random)
      const changed = { path: mutant.path, text: mutate(mutant.text, random) }
      return { files: defaults.map((file) => (file === mutant ? changed : file)), layers: [], model: TARGET_MODEL }
    })
  })

  it('gives only diagnostics or runs: a layer of a district', () => {
    const { sound } = repeat(400, randomNumbers(6), (random) => ({
      files: defaults,
      layers: [asMutant(pick(districts, random).text, random)],
      model: TARGET_MODEL,
    }))
    expect(sound).toBeGreaterThan(5)
  })
})

describe('the search for layers', () => {
  it('never throws, whatever they say that they extend', () => {
    const random = randomNumbers(7)
    for (let round = 0; round < 3000; round++) {
      const texts = new Map(['a.yaml', 'b.yaml', 'folder/c.yaml'].map((path) => [path, ''] as [string, string]))
      for (const path of texts.keys()) {
        const to = pick(['default', 'b.yaml', './a.yaml', '../a.yaml', 'folder/c.yaml', '../../x', '', '[a]'], random)
        texts.set(path, random(3) === 0 ? mutate(`extends: ${to}\n`, random) : `extends: ${to}\n`)
      }
      const { layers: found, diagnostics } = findLayers('a.yaml', (path) => texts.get(path))
      for (const one of diagnostics)
        expect(isInside(one, new Map([...texts, [one.file, texts.get(one.file) ?? '']]))).toBe(true)
      expect(found.length).toBeLessThanOrEqual(10)
    }
  })
})
