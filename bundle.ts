// Bundles the Worker: one script that answers consumers, and scripts beside it that are loaded when a sync, a check or an
// explanation first needs them.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type OutputChunk, type Plugin, type RolldownOutput, rolldown } from 'rolldown'
import { describeParts, describeSize } from './bundle-sizes.ts'
import { slimFile } from './src/mapping/files/slim.ts'

const ROOT = import.meta.dirname
const ENTRY = join(ROOT, 'src/worker.ts')
const OUT_DIR = join(ROOT, 'dist/worker')

export interface Script {
  readonly name: string
  /** Loaded when the Worker starts; the others when they are first needed. */
  readonly isEager: boolean
  readonly code: string
  /** What it imports that is not bundled: modules of the runtime. */
  readonly runtimeModules: readonly string[]
  /** By the file that it came from, relative to the project, the characters that are left of it. */
  readonly parts: ReadonlyMap<string, number>
}

/** Writes the scripts, `worker.js` among them, into the folder, and removes what else is there. */
export async function bundleWorker({ entry = ENTRY, outDir = OUT_DIR } = {}): Promise<Script[]> {
  const bundle = await rolldown({
    input: { worker: entry },
    external: /^(?:node|cloudflare):/,
    platform: 'neutral',
    moduleTypes: { '.yaml': 'text' },
    resolve: { mainFields: ['module', 'main'], conditionNames: ['workerd', 'worker', 'browser', 'import', 'default'] },
    plugins: [SLIM_TEXTS],
  })
  try {
    const { output } = await bundle.generate({
      dir: outDir,
      format: 'esm',
      minify: true,
      sourcemap: true,
      chunkFileNames: '[name].js',
    })
    writeInto(outDir, output)
    return describeScripts(output.filter((file) => file.type === 'chunk'))
  } finally {
    await bundle.close()
  }
}

/** File by file as a whole: another process may be reading what an earlier one has made. */
function writeInto(folder: string, files: RolldownOutput['output']): void {
  mkdirSync(folder, { recursive: true })
  const names = new Set(files.map(({ fileName }) => fileName))
  for (const file of files) {
    const unfinished = join(folder, `${file.fileName}.${process.pid}`)
    writeFileSync(unfinished, file.type === 'chunk' ? file.code : file.source)
    renameSync(unfinished, join(folder, file.fileName))
  }
  for (const name of readdirSync(folder)) {
    if (!names.has(name) && /\.js(?:\.map)?$/.test(name)) rmSync(join(folder, name))
  }
}

const MAPPING_DIGEST = join(ROOT, 'src/worker/mapping-digest.ts')

/** Of several files what is used: of package.json the version, of a mapping what a server reads, of all mappings a digest. */
const SLIM_TEXTS: Plugin = {
  name: 'slim-texts',
  load(id) {
    if (id.endsWith('.yaml')) {
      const file = { path: relative(ROOT, id), text: readFileSync(id, 'utf8') }
      return { code: slimFile(file).text, moduleType: 'text' }
    }
    if (id === MAPPING_DIGEST) {
      return { code: `export const mappingDigest = async () => '${mappingDigest()}'`, moduleType: 'js' }
    }
    if (id !== join(ROOT, 'package.json')) return null
    const { version } = JSON.parse(readFileSync(id, 'utf8'))
    return { code: JSON.stringify({ version }), moduleType: 'json' }
  },
}

/** Of the default mapping and of all that reads it: an object keeps it, to know later whether both are as they were. */
function mappingDigest(): string {
  const digest = createHash('sha256')
  for (const folder of ['mappings', 'src/mapping', 'src/oneroster', 'src/sync']) {
    const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    for (const name of names.filter((file) => /\.(?:ts|yaml)$/.test(file)).sort()) {
      digest.update(`${folder}/${name}\n`).update(readFileSync(join(ROOT, folder, name)))
    }
  }
  return digest.digest('hex')
}

function describeScripts(chunks: readonly OutputChunk[]): Script[] {
  const eager = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName))
  // A set grows while it is walked.
  for (const name of eager) {
    for (const needed of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) eager.add(needed)
  }
  const names = new Set(chunks.map(({ fileName }) => fileName))
  return chunks.map(({ fileName, code, imports, dynamicImports, modules }) => ({
    name: fileName,
    isEager: eager.has(fileName),
    code,
    runtimeModules: [...imports, ...dynamicImports].filter((name) => !names.has(name)),
    parts: new Map(Object.entries(modules).map(([id, { renderedLength }]) => [relative(ROOT, id), renderedLength])),
  }))
}

if (import.meta.main) {
  const scripts = await bundleWorker()
  if (process.argv.includes('--sizes')) console.log(`${describeParts(scripts)}\n`)
  console.log(describeSize(scripts))
}
