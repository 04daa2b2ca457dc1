// Memory: eight consumers who read the largest pages at once, and whether a first sync and they get by in a heap that is held small.
import { join } from 'node:path'
import type { SyncedPair, WorkerBench } from './bench-worker.ts'
import { LARGEST_PAGE } from './bench-worker-reads.ts'
import { connectBridge } from './bridge-client.ts'
import { type Figure, note } from './measure.ts'
import { startWorker, tellPeak, type WorkerOptions, type WorkerProcess } from './worker-client.ts'

const CONSUMERS = 8
const PAGES = 4
/** An isolate of the platform has 128 MB, with what it holds outside of V8's heap. */
const HEAPS_MB = [112, 64]

export async function benchWorkerHeap({ powerSchool, folder }: WorkerBench, pair: SyncedPair): Promise<Figure[]> {
  const { bundle, template } = pair
  const figures = [await readersWithin({ powerSchool, bundle, template, state: pair.state }, 'any heap')]
  for (const mb of HEAPS_MB) {
    const limited = { powerSchool, bundle, template, v8Flags: `--max-old-space-size=${mb}` }
    figures.push(await syncWithin({ ...limited, state: join(folder, `worker-heap-${mb}`) }, `a heap of ${mb} MB`))
    figures.push(await readersWithin({ ...limited, state: pair.state }, `a heap of ${mb} MB`))
  }
  return figures
}

function syncWithin(options: WorkerOptions, where: string): Promise<Figure> {
  return within(options, `first sync in ${where}`, async ({ url }) => {
    const client = await connectBridge(url)
    await client.latestSync()
    await client.close()
  })
}

function readersWithin(options: WorkerOptions, where: string): Promise<Figure> {
  return within(options, `${CONSUMERS} consumers of pages of ${LARGEST_PAGE} in ${where}`, async ({ url }) => {
    const read = async (consumer: number) => {
      const client = await connectBridge(url)
      for (let page = 0; page < PAGES; page++) {
        const path = `/enrollments?limit=${LARGEST_PAGE}&offset=${((consumer + page) % CONSUMERS) * LARGEST_PAGE}`
        await (consumer % 2 === 0 ? client.get(path) : client.getGzip(path))
      }
      await client.close()
    }
    await Promise.all(Array.from({ length: CONSUMERS }, (_, consumer) => read(consumer)))
  })
}

/** workerd ends when V8 has no room left, and whoever asks it fails. */
async function within(
  options: WorkerOptions,
  what: string,
  work: (worker: WorkerProcess) => Promise<void>,
): Promise<Figure> {
  const worker = await startWorker(options)
  try {
    await work(worker)
    await worker.idle()
    return note(what, tellPeak(await worker.memory()))
  } catch (error) {
    return note(what, `FAILS: ${error instanceof Error ? error.message : error}`)
  } finally {
    await worker.stop()
  }
}
