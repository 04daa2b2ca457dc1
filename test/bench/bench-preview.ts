// A changed mapping: how long it takes to be loaded in a new process, and to be tried on a district that has been read.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Figure, median, note, ratio } from './measure.ts'
import { stackLayers } from './stacked-layers.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const LOADS = 11

const LAYERS = {
  'an e-mail rule of students': 'entities: { users: { student: { fields: { email: =lower(inherited) } } } }',
  'the scope of students, and all that hangs on them':
    'entities: { users: { student: { where: [=inherited, =id > 0] } } }',
  'the scope of schools, and so everything': 'entities: { orgs: { school: { where: [=inherited, =id > 0] } } }',
}

export async function benchPreview(dataDir: string, folder: string): Promise<Figure[]> {
  const loads: number[] = []
  const layer = stackLayers(folder)
  for (let round = 0; round < LOADS; round++) {
    loads.push(Number(await run([join(ROOT, 'test/bench/load-process.ts'), layer], dataDir)))
  }
  const figures = [
    ratio('load, check and compile, default and three layers, new process, ms', median(loads), { most: 150 }),
  ]
  for (const [what, text] of Object.entries(LAYERS)) {
    const path = join(folder, 'tried.layer.yaml')
    writeFileSync(path, `extends: default\n${text}\n`)
    const start = performance.now()
    const told = await run([join(ROOT, 'src/cli.ts'), 'mapping', 'preview', '--mapping', path, '--json'], dataDir)
    const seconds = (performance.now() - start) / 1_000
    const { collections } = JSON.parse(told) as { collections: Record<string, { active: number; isMapped: boolean }> }
    const mapped = Object.values(collections).filter(({ isMapped }) => isMapped)
    const records = mapped.reduce((sum, { active }) => sum + active, 0)
    figures.push(note(`preview of ${what}`, `${seconds.toFixed(1)} s, ${records} records`))
  }
  return figures
}

async function run(words: readonly string[], dataDir: string): Promise<string> {
  const env = { ...process.env, DATA_DIR: dataDir, MAPPING: '' }
  const { stdout } = await promisify(execFile)(process.execPath, words, { env, maxBuffer: 1 << 28 })
  return stdout.trim()
}
