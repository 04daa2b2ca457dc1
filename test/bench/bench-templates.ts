// The two ways to read a district, side by side: requests, bytes, time and memory of a first, an unchanged and a changed sync.
import { join } from 'node:path'
import { drain, pagesOf } from './bare-drain.ts'
import { bridgeEnvironment, connectBridge, tellStages } from './bridge-client.ts'
import { bulkQueries, drainBulk } from './bulk-drain.ts'
import { type Figure, median, millisecondsOf, note, ratio } from './measure.ts'
import { type MemoryPeak, type PowerSchoolProcess, startServerProcess } from './processes.ts'
import { firstSyncCost, type SyncCost, syncCost } from './sync-cost.ts'

const CHANGES = 50
/** Apart from those of other parts of the bench, so that no student gets the same name again. */
const SALT = 2_000

interface TemplateBench {
  readonly powerSchool: PowerSchoolProcess
  readonly folder: string
  readonly rounds: number
}

interface Measured {
  readonly first: SyncCost
  readonly unchanged: SyncCost
  readonly changed: SyncCost
  /** Of the first sync, and of those that followed. */
  readonly memory: { readonly first: MemoryPeak; readonly later: MemoryPeak }
}

export async function benchTemplates({ powerSchool, folder, rounds }: TemplateBench): Promise<Figure[]> {
  const pages = await pagesOf(powerSchool)
  const queries = await bulkQueries(powerSchool)
  let bytes = { rest: 0, powerquery: 0 }
  const bare = { rest: [] as number[], powerquery: [] as number[] }
  for (let round = 0; round < Math.max(3, rounds); round++) {
    const restMs = await millisecondsOf(async () => {
      bytes = { ...bytes, rest: await drain(powerSchool, pages) }
    })
    const bulkMs = await millisecondsOf(async () => {
      bytes = { ...bytes, powerquery: await drainBulk(powerSchool, queries) }
    })
    bare.rest.push(restMs / 1_000)
    bare.powerquery.push(bulkMs / 1_000)
  }
  const rest = await measure(powerSchool, join(folder, 'rest'), 'rest', SALT)
  const bulk = await measure(powerSchool, join(folder, 'powerquery'), 'powerquery', SALT + 1)
  const drained = { rest: median(bare.rest), powerquery: median(bare.powerquery) }
  return [
    ...tell('rest', rest, { bytes: bytes.rest, bareSeconds: drained.rest, bareRequests: pages.length }),
    ...tell('powerquery', bulk, {
      bytes: bytes.powerquery,
      bareSeconds: drained.powerquery,
      bareRequests: queries.length,
    }),
    ratio('powerquery: requests of the first sync', bulk.first.requests, { most: 15 }),
    ratio('powerquery: peak RSS of the first sync, MB', bulk.memory.first.rssMb, { most: 400 }),
    ratio('powerquery: peak RSS of later syncs, MB', bulk.memory.later.rssMb, { most: 400 }),
    ratio('powerquery: crawl of the first sync ÷ bare streaming drain', crawlSeconds(bulk.first) / drained.powerquery, {
      most: 1.5,
    }),
    ratio('powerquery: whole first sync ÷ bare streaming drain', bulk.first.seconds / drained.powerquery, {
      most: 1.5,
    }),
    note(
      'rest ÷ powerquery: crawl of the first sync',
      (crawlSeconds(rest.first) / crawlSeconds(bulk.first)).toFixed(2),
    ),
  ]
}

async function measure(
  powerSchool: PowerSchoolProcess,
  dataDir: string,
  template: 'rest' | 'powerquery',
  salt: number,
): Promise<Measured> {
  const before = { startedMs: performance.now(), requests: await powerSchool.requests() }
  const environment = { ...bridgeEnvironment(powerSchool, dataDir), POWERSCHOOL_TEMPLATE: template }
  const bridge = await startServerProcess('bridge-process.ts', environment)
  const client = await connectBridge(bridge.url)
  const measured = { bridge, client, powerSchool, dataDir }
  const first = await firstSyncCost(measured, before)
  const firstMemory = await bridge.memory()
  const unchanged = await syncCost(measured)
  await powerSchool.change(CHANGES, salt)
  const changed = await syncCost(measured)
  const laterMemory = await bridge.memory()
  await client.close()
  await bridge.stop()
  return { first, unchanged, changed, memory: { first: firstMemory, later: laterMemory } }
}

const crawlSeconds = ({ durations }: SyncCost) => (durations.crawlMs ?? Number.NaN) / 1_000

interface Bare {
  readonly bytes: number
  readonly bareSeconds: number
  readonly bareRequests: number
}

function tell(name: string, { first, unchanged, changed, memory }: Measured, bare: Bare): Figure[] {
  const cost = (what: string, { seconds, durations, requests }: SyncCost) =>
    note(`${name}: ${what}`, `${seconds.toFixed(1)} s (${tellStages(durations)}), ${requests} requests`)
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  return [
    note(`${name}: bare drain`, `${bare.bareSeconds.toFixed(1)} s, ${bare.bareRequests} requests, ${mb(bare.bytes)}`),
    cost('first sync', first),
    cost('nothing changed', unchanged),
    cost(`${CHANGES} changes`, changed),
    note(
      `${name}: peak RSS first, later; heap`,
      `${memory.first.rssMb}, ${memory.later.rssMb}; ${memory.first.heapMb} MB`,
    ),
  ]
}
