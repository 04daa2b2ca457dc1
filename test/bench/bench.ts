// `npm run bench`: what a sync and its consumers cost, as ratios to bare servers measured in the same run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchMapping } from './bench-mapping.ts'
import { benchReads } from './bench-reads.ts'
import { benchSyncs } from './bench-syncs.ts'
import { printFigures } from './measure.ts'
import { startPowerSchool } from './processes.ts'

const { values } = parseArgs({
  options: {
    students: { type: 'string', default: '65000' },
    enrollments: { type: 'string', default: '7.3' },
    rounds: { type: 'string', default: '3' },
    reads: { type: 'string', default: '7' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(
    'npm run bench -- [--students 65000] [--enrollments 7.3 a student] [--rounds 3 of syncs] [--reads 7 rounds of reads] [--json FILE]',
  )
  process.exit(0)
}

const folder = mkdtempSync(join(tmpdir(), 'bridge-bench-'))
const powerSchool = await startPowerSchool(Number(values.students), Number(values.enrollments))
try {
  console.log(`A district of ${values.students} students (rows of PowerSchool's table; the active ones are published).`)
  const syncs = await benchSyncs({ powerSchool, folder, rounds: Number(values.rounds) })
  printFigures(syncs.figures)
  const mapping = await benchMapping(syncs.dataDir)
  printFigures(mapping)
  const reads = await benchReads({ powerSchool, folder, dataDir: syncs.dataDir, rounds: Number(values.reads) })
  printFigures(reads)
  if (values.json !== undefined) {
    writeFileSync(values.json, JSON.stringify([...syncs.figures, ...mapping, ...reads], null, 2))
  }
} finally {
  powerSchool.stop()
  rmSync(folder, { recursive: true, force: true })
}
