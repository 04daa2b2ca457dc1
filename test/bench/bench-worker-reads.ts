// What consumers read of the Worker, beside Node: pages, deltas and single records, and how a cold object begins.
import { setTimeout as wait } from 'node:timers/promises'
import type { SyncedPair, WorkerBench } from './bench-worker.ts'
import { type BridgeClient, bridgeEnvironment, connectBridge } from './bridge-client.ts'
import { type Figure, interleaved, millisecondsOf, note } from './measure.ts'
import { startServerProcess } from './processes.ts'
import { untilIdle } from './store-file.ts'
import { startWorker, tellPeak, type WorkerProcess } from './worker-client.ts'

const PAGE = 5_000
export const LARGEST_PAGE = 10_000
const DELTA = 10
/** workerd ends an object ten seconds after its last request. */
const EVICTED_MS = 13_000

export async function benchWorkerReads(bench: WorkerBench, pair: SyncedPair): Promise<Figure[]> {
  const { powerSchool, reads } = bench
  const { dataDir, template } = pair
  const environment = { ...bridgeEnvironment(powerSchool, dataDir), POWERSCHOOL_TEMPLATE: template }
  const bridge = await startServerProcess('bridge-process.ts', environment)
  const node = await connectBridge(bridge.url)
  const cold = await coldStart(bench, pair)
  const { worker, client } = cold
  const published = (await Promise.all([node.latestSync(), client.latestSync()])).map(
    ({ report }) => report?.publishedAt,
  )
  await untilIdle(dataDir)
  await powerSchool.sql(
    `update students set first_name = first_name || 'e', transaction_date = datetime() where dcid in
     (select dcid from students where enroll_status = 0 order by dcid limit ${DELTA})`,
  )
  await node.sync()
  await client.sync()
  await untilIdle(dataDir)
  await worker.idle()

  const [nodeDelta, workerDelta] = published.map(
    (time) => `/users?filter=${encodeURIComponent(`dateLastModified>'${time}'`)}`,
  )
  const [user] = JSON.parse(String(await client.get('/users?limit=1'))).users as { sourcedId: string }[]
  const lists = {
    [`page of ${PAGE} enrollments`]: [`/enrollments?limit=${PAGE}`, `/enrollments?limit=${PAGE}`],
    [`page of ${LARGEST_PAGE} enrollments`]: [
      `/enrollments?limit=${LARGEST_PAGE}`,
      `/enrollments?limit=${LARGEST_PAGE}`,
    ],
    [`delta of ${DELTA}`]: [nodeDelta ?? '', workerDelta ?? ''],
    'GET /users/{id}': [`/users/${user?.sourcedId}`, `/users/${user?.sourcedId}`],
  }
  const figures: Figure[] = [...cold.figures]
  await worker.memory()
  for (const [what, [nodePath = '', workerPath = '']] of Object.entries(lists)) {
    const p50 = await interleaved(reads * 3, {
      node: () => node.get(nodePath),
      worker: () => client.get(workerPath),
      nodeGzip: () => getPacked(node, nodePath),
      workerGzip: () => getPacked(client, workerPath),
    })
    figures.push(compare(what, p50.node, p50.worker))
    if (what.startsWith('page')) figures.push(compare(`${what}, gzip`, p50.nodeGzip, p50.workerGzip))
  }
  figures.push(note('workerd while one consumer read', tellPeak(await worker.memory())))
  await Promise.all([node.close(), client.close()])
  await Promise.all([bridge.stop(), worker.stop()])
  return figures
}

/** What is short is not packed. */
async function getPacked(client: BridgeClient, path: string): Promise<unknown> {
  return path.startsWith('/enrollments') ? client.getGzip(path) : undefined
}

function compare(what: string, nodeMs: number, workerMs: number): Figure {
  return note(
    `p50 of a ${what}, workerd ÷ Node`,
    `${(workerMs / nodeMs).toFixed(2)} (${workerMs.toFixed(1)} ms, ${nodeMs.toFixed(1)} ms)`,
  )
}

interface Cold {
  readonly worker: WorkerProcess
  readonly client: BridgeClient
  readonly figures: readonly Figure[]
}

/** A new process over a store that is there, and then an object that workerd has ended for being idle. */
async function coldStart({ powerSchool }: WorkerBench, { bundle, state, template }: SyncedPair): Promise<Cold> {
  const worker = await startWorker({ powerSchool, bundle, state, template })
  const beginMs = await millisecondsOf(() => fetch(`${worker.url}/healthz`).then((answer) => answer.text()))
  let client: BridgeClient | undefined
  const freshMs = await millisecondsOf(async () => {
    client = await connectBridge(worker.url)
    await client.get('/orgs')
  })
  const warmMs = await millisecondsOf(async () => {
    const again = await connectBridge(worker.url)
    await again.get('/orgs')
    await again.close()
  })
  if (client === undefined) throw new Error('no client was connected')
  const connected: BridgeClient = client
  await connected.latestSync()
  await worker.idle()
  await wait(EVICTED_MS)
  const evictedMs = await millisecondsOf(() => connected.get('/orgs'))
  const evictedWarmMs = await millisecondsOf(() => connected.get('/orgs'))
  const ms = (value: number) => `${value.toFixed(0)} ms`
  return {
    worker,
    client: connected,
    figures: [
      note('cold: workerd starts, and its first answer without an object', `${ms(worker.readyMs)}, ${ms(beginMs)}`),
      note('cold: token and first answer of a new object (again)', `${ms(freshMs)} (${ms(warmMs)})`),
      note('cold: first answer of an object that was ended (again)', `${ms(evictedMs)} (${ms(evictedWarmMs)})`),
    ],
  }
}
