// `npm run bench`: what a sync and its consumers cost, as ratios to bare servers measured in the same run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchMapping } from './bench-mapping.ts'
import { benchPreview } from './bench-preview.ts'
import { benchReads } from './bench-reads.ts'
import { benchSmallChange } from './bench-small-change.ts'
import { benchSyncReads } from './bench-sync-reads.ts'
import { benchSyncs } from './bench-syncs.ts'
import { benchTemplates } from './bench-templates.ts'
import { benchWorker } from './bench-worker.ts'
import { type Figure, printFigures } from './measure.ts'
import { type PowerSchoolProcess, startPowerSchool } from './processes.ts'
import { syncedStore } from './synced-store.ts'

interface Bench {
  readonly powerSchool: PowerSchoolProcess
  readonly folder: string
  readonly rounds: number
  readonly reads: number
  /** The store that the part `syncs` left, or one that is synced now. */
  dataDir(): Promise<string>
}

const { values } = parseArgs({
  options: {
    students: { type: 'string', default: '65000' },
    enrollments: { type: 'string', default: '7.3' },
    rounds: { type: 'string', default: '3' },
    reads: { type: 'string', default: '7' },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

let benchedStore: Promise<string> | undefined

/** In this order: the later parts change the district. */
const PARTS: Readonly<Record<string, (bench: Bench) => Promise<Figure[]>>> = {
  async syncs(bench) {
    const { figures, dataDir } = await benchSyncs(bench)
    benchedStore = Promise.resolve(dataDir)
    return figures
  },
  mapping: async ({ dataDir, folder }) => benchMapping(await dataDir(), folder),
  preview: async ({ dataDir, folder }) => benchPreview(await dataDir(), folder),
  reads: async (bench) => benchReads({ ...bench, dataDir: await bench.dataDir(), rounds: bench.reads }),
  templates: benchTemplates,
  'small-change': benchSmallChange,
  'sync-reads': async (bench) => benchSyncReads({ ...bench, dataDir: await bench.dataDir() }),
  worker: benchWorker,
}

const USAGE = `npm run bench -- [options]
  --students N (65000)  --enrollments N (7.3 a student)  --rounds N (3, of syncs)  --reads N (7, rounds of reads)
  --only PART (all; more than once for several): ${Object.keys(PARTS).join(', ')}
  --json FILE also writes the figures there`

if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const unknown = values.only?.find((name) => !Object.hasOwn(PARTS, name))
if (unknown !== undefined) {
  console.error(`--only is '${unknown}'; write one of ${Object.keys(PARTS).join(', ')}.`)
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'bridge-bench-'))
const powerSchool = await startPowerSchool(Number(values.students), Number(values.enrollments))
const bench: Bench = {
  powerSchool,
  folder,
  rounds: Number(values.rounds),
  reads: Number(values.reads),
  dataDir() {
    benchedStore ??= syncedStore({ powerSchool, folder })
    return benchedStore
  },
}
try {
  console.log(`A district of ${values.students} students (rows of PowerSchool's table; the active ones are published).`)
  const figures: Figure[] = []
  for (const [name, run] of Object.entries(PARTS)) {
    if (values.only !== undefined && !values.only.includes(name)) continue
    const found = await run(bench)
    printFigures(found)
    figures.push(...found)
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(figures, null, 2))
} finally {
  await powerSchool.stop()
  rmSync(folder, { recursive: true, force: true })
}
