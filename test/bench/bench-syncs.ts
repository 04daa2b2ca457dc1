// Syncs as ratios to a bare drain of the same PowerSchool pages: fetched, JSON.parse, and nothing else.
import { join } from 'node:path'
import { drain, pagesOf } from './bare-drain.ts'
import { bridgeEnvironment, changesOf, connectBridge, type Sync, secondsOf, tellStages } from './bridge-client.ts'
import { type Figure, median, millisecondsOf, note, ratio } from './measure.ts'
import { type MemoryPeak, type PowerSchoolProcess, startServerProcess } from './processes.ts'

interface SyncBench {
  readonly powerSchool: PowerSchoolProcess
  readonly folder: string
  readonly rounds: number
}

/** First and unchanged syncs, interleaved with the bare drain; the last round's data are kept for the reads. */
export async function benchSyncs({
  powerSchool,
  folder,
  rounds,
}: SyncBench): Promise<{ figures: Figure[]; dataDir: string }> {
  const pages = await pagesOf(powerSchool)
  const times = { bare: [] as number[], first: [] as number[], again: [] as number[] }
  let dataDir = ''
  let first: Sync | undefined
  let again: Sync | undefined
  let memory: MemoryPeak = { heapMb: 0, rssMb: 0 }
  for (let round = 0; round < rounds; round++) {
    times.bare.push((await millisecondsOf(() => drain(powerSchool, pages))) / 1_000)
    dataDir = join(folder, `data-${round}`)
    const bridge = await startServerProcess('bridge-process.ts', bridgeEnvironment(powerSchool, dataDir))
    const client = await connectBridge(bridge.url)
    first = await client.latestSync()
    times.first.push(secondsOf(first))
    memory = await bridge.memory()
    again = await client.sync()
    times.again.push(secondsOf(again))
    await client.close()
    await bridge.stop()
  }
  const bare = median(times.bare)
  return {
    dataDir,
    figures: [
      note('published', describe(first)),
      note('bare drain of the same pages', `${pages.length} pages, ${bare.toFixed(1)} s`),
      note('first sync', `${median(times.first).toFixed(1)} s ${stages(first)}`),
      note('unchanged resync', `${median(times.again).toFixed(1)} s ${stages(again)}`),
      ratio('first sync ÷ bare drain', median(times.first) / bare, { most: 9 }),
      ratio('unchanged resync ÷ bare drain', median(times.again) / bare, { most: 4.5 }),
      ratio('records written by the unchanged resync', again === undefined ? 0 : changesOf(again), { most: 0 }),
      ratio('heap of a sync, MB', memory.heapMb, { most: 250 }),
      note('RSS of a sync, MB', String(memory.rssMb)),
    ],
  }
}

function describe(sync: Sync | undefined): string {
  const { users, enrollments } = sync?.counts ?? {}
  return `${users?.active} users, ${enrollments?.active} enrollments`
}

function stages(sync: Sync | undefined): string {
  return `(${tellStages(sync?.report?.durations ?? {})})`
}
