// The Worker in workerd beside Node on the same district: first and unchanged syncs by both templates, and what they take.
import { join } from 'node:path'
import { benchWorkerHeap } from './bench-worker-heap.ts'
import { benchWorkerReads } from './bench-worker-reads.ts'
import {
  type BridgeClient,
  bridgeEnvironment,
  connectBridge,
  type Sync,
  secondsOf,
  tellStages,
} from './bridge-client.ts'
import { type Figure, note, ratio } from './measure.ts'
import { type PowerSchoolProcess, startServerProcess } from './processes.ts'
import { storeSize, untilIdle } from './store-file.ts'
import { bundleInto, startUpMs } from './worker-bundle.ts'
import { databaseBytes, startWorker, tellPeak } from './worker-client.ts'

export interface WorkerBench {
  readonly powerSchool: PowerSchoolProcess
  readonly folder: string
  readonly reads: number
}

/** Both sides of one template, and where they left their stores. */
export interface SyncedPair {
  readonly template: Template
  readonly dataDir: string
  readonly state: string
  readonly bundle: string
}

export type Template = 'rest' | 'powerquery'

interface SyncFigures {
  readonly sync: Sync
  readonly requests: number
  /** The peak of memory, for people. */
  readonly memory: string
  /** Alarms; of the Worker alone. */
  readonly steps?: number
}

interface Side {
  readonly first: SyncFigures
  readonly unchanged: SyncFigures
  readonly bytes: number
}

export async function benchWorker(bench: WorkerBench): Promise<Figure[]> {
  const { folder } = bench
  const { folder: bundle, gzipKib } = await bundleInto(join(folder, 'worker'))
  const figures = [
    note('the Worker as it is uploaded', `${gzipKib} KiB gzip`),
    ratio('what it computes when it starts, ms', await startUpMs(bundle), { most: 400 }),
  ]
  const pairs: SyncedPair[] = []
  for (const template of ['rest', 'powerquery'] as const) {
    const pair = {
      template,
      bundle,
      dataDir: join(folder, `node-${template}`),
      state: join(folder, `worker-${template}`),
    }
    const node = await measureNode(bench, pair)
    const worker = await measureWorker(bench, pair)
    figures.push(...tell(template, node, worker))
    pairs.push(pair)
  }
  const [last] = pairs.slice(-1)
  if (last === undefined) return figures
  return [...figures, ...(await benchWorkerReads(bench, last)), ...(await benchWorkerHeap(bench, last))]
}

async function measureNode({ powerSchool }: WorkerBench, { dataDir, template }: SyncedPair): Promise<Side> {
  const before = await powerSchool.requests()
  const environment = { ...bridgeEnvironment(powerSchool, dataDir), POWERSCHOOL_TEMPLATE: template }
  const bridge = await startServerProcess('bridge-process.ts', environment)
  const client = await connectBridge(bridge.url)
  const measure = async (run: (client: BridgeClient) => Promise<Sync>, asked: number): Promise<SyncFigures> => {
    const sync = await run(client)
    await untilIdle(dataDir)
    const { heapMb, rssMb } = await bridge.memory()
    return { sync, requests: (await powerSchool.requests()) - asked, memory: `heap ${heapMb} MB, RSS ${rssMb} MB` }
  }
  const first = await measure(({ latestSync }) => latestSync(), before)
  const unchanged = await measure(({ sync }) => sync(), await powerSchool.requests())
  await client.close()
  await bridge.stop()
  return { first, unchanged, bytes: storeSize(dataDir).fileBytes }
}

async function measureWorker({ powerSchool }: WorkerBench, { bundle, state, template }: SyncedPair): Promise<Side> {
  const before = await powerSchool.requests()
  const worker = await startWorker({ powerSchool, bundle, state, template })
  const client = await connectBridge(worker.url)
  const measure = async (run: (client: BridgeClient) => Promise<Sync>, asked: number): Promise<SyncFigures> => {
    const sync = await run(client)
    await worker.idle()
    const memory = tellPeak(await worker.memory())
    const { steps } = await worker.log()
    return { sync, requests: (await powerSchool.requests()) - asked, steps, memory }
  }
  const first = await measure(({ latestSync }) => latestSync(), before)
  const unchanged = await measure(({ sync }) => sync(), await powerSchool.requests())
  await client.close()
  await worker.stop()
  return { first, unchanged, bytes: databaseBytes(state) }
}

function tell(template: Template, node: Side, worker: Side): Figure[] {
  const cost = (what: string, { sync, requests, steps, memory }: SyncFigures) => {
    const alarms = steps === undefined ? '' : `, ${steps} alarms`
    const stages = tellStages(sync.report?.durations ?? {})
    return note(
      `${template}: ${what}`,
      `${secondsOf(sync).toFixed(1)} s (${stages}), ${requests} requests${alarms}, ${memory}`,
    )
  }
  const seconds = (of: (side: Side) => number) => (of(worker) / of(node)).toFixed(2)
  const stage = (name: string) => (side: Side) => side.first.sync.report?.durations[name] ?? Number.NaN
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
  return [
    cost('first sync on Node', node.first),
    cost('first sync in workerd', worker.first),
    cost('unchanged sync on Node', node.unchanged),
    cost('unchanged sync in workerd', worker.unchanged),
    note(`${template}: database, Node and workerd`, `${mb(node.bytes)}, ${mb(worker.bytes)}`),
    note(`${template}: crawl, workerd ÷ Node`, seconds(stage('crawlMs'))),
    note(`${template}: mapping, workerd ÷ Node`, seconds(stage('mapMs'))),
    note(
      `${template}: first sync, workerd ÷ Node`,
      seconds(({ first }) => secondsOf(first.sync)),
    ),
    note(
      `${template}: unchanged sync, workerd ÷ Node`,
      seconds(({ unchanged }) => secondsOf(unchanged.sync)),
    ),
    ratio(`${template}: requests of the first sync, workerd ÷ Node`, worker.first.requests / node.first.requests, {
      most: 1.05,
    }),
  ]
}
