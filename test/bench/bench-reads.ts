// Reads as ratios to a bare node:http server that sends the same bytes from memory.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Pool } from 'undici'
import { benchQueries } from './bench-queries.ts'
import { type BridgeClient, bridgeEnvironment, connectBridge } from './bridge-client.ts'
import { type Figure, interleaved, median, millisecondsOf, note, ratio } from './measure.ts'
import { type PowerSchoolProcess, startServerProcess } from './processes.ts'
import { untilIdle } from './store-file.ts'

const LIMIT = 5_000
const ACTIVE = encodeURIComponent(`status='active'`)
const SINGLE_READS = 4_000
const CONNECTIONS = 8
const DELTA = 10

interface ReadBench {
  readonly powerSchool: PowerSchoolProcess
  readonly folder: string
  readonly dataDir: string
  readonly rounds: number
}

export async function benchReads({ powerSchool, folder, dataDir, rounds }: ReadBench): Promise<Figure[]> {
  const bridge = await startServerProcess('bridge-process.ts', bridgeEnvironment(powerSchool, dataDir))
  const client = await connectBridge(bridge.url)
  const before = (await client.latestSync()).report
  // Ten students get another name, so that there is a delta to ask for.
  await powerSchool.sql(
    `update students set first_name = first_name || 'a' where dcid in
     (select dcid from students where enroll_status = 0 order by dcid limit ${DELTA})`,
  )
  const after = (await client.sync()).counts
  await untilIdle(dataDir)
  const total = {
    users: after?.users?.active ?? 0,
    enrollments: after?.enrollments?.active ?? 0,
  }

  const pages = (['users', 'enrollments'] as const).flatMap((name) =>
    Array.from({ length: Math.ceil(total[name] / LIMIT) }, (_, page) => pagePath(name, page * LIMIT)),
  )
  const deltaPath = `/users?filter=${encodeURIComponent(`dateLastModified>'${before?.publishedAt}'`)}`
  const ids = await someUsers(client)

  const files = join(folder, 'bare')
  mkdirSync(files)
  let bytes = 0
  for (const [index, path] of [...pages, deltaPath, `/users/${ids[0]}`].entries()) {
    const body = await client.get(path)
    if (index < pages.length) {
      bytes += body.length
      writeFileSync(join(files, `${index}.gz`), gzipSync(body))
    }
    writeFileSync(join(files, String(index)), body)
  }
  const bare = await startServerProcess('bare-process.ts', {}, [files])
  const bareClient = new Pool(bare.url, { connections: 1, pipelining: 1 })
  const bareGet = async (index: number | string) => {
    const answer = await bareClient.request({ method: 'GET', path: `/${index}` })
    return Buffer.from(await answer.body.arrayBuffer())
  }

  await bridge.memory()
  const drains = await interleaved(rounds, {
    bridge: async () => {
      for (const path of pages) await client.get(path)
    },
    bare: async () => {
      for (const index of pages.keys()) await bareGet(index)
    },
  })
  const memory = await bridge.memory()

  const gzipDrains = await interleaved(rounds, {
    bridge: async () => {
      for (const path of pages) await client.getGzip(path)
    },
    bare: async () => {
      for (const index of pages.keys()) await bareGet(`${index}.gz`)
    },
  })

  const lastOffset = Math.floor((total.enrollments - LIMIT) / 1) > 0 ? total.enrollments - LIMIT : 0
  await client.get(pagePath('enrollments', lastOffset))
  const depth = await interleaved(rounds * 5, {
    first: () => client.get(pagePath('enrollments', 0)),
    last: () => client.get(pagePath('enrollments', lastOffset)),
    firstGzip: () => client.getGzip(pagePath('enrollments', 0)),
    lastGzip: () => client.getGzip(pagePath('enrollments', lastOffset)),
  })
  const cold = median(
    await Promise.all(
      [1, 2, 3].map((step) => millisecondsOf(() => client.get(pagePath('enrollments', lastOffset - step * 7)))),
    ),
  )
  const delta = await interleaved(rounds * 20, {
    bridge: () => client.get(deltaPath),
    bare: () => bareGet(pages.length),
  })

  const parallel = await connectBridge(bridge.url, CONNECTIONS)
  const bareParallel = new Pool(bare.url, { connections: CONNECTIONS, pipelining: 1 })
  const singles = await interleaved(rounds, {
    bridge: () => inParallel((index) => parallel.get(`/users/${ids[index % ids.length]}`)),
    bare: () =>
      inParallel(async () => {
        const answer = await bareParallel.request({ method: 'GET', path: `/${pages.length + 1}` })
        await answer.body.arrayBuffer()
      }),
  })
  const queries = await benchQueries({ client, rounds: rounds * 5 })
  await Promise.all([parallel.close(), bareParallel.close(), client.close(), bareClient.close()])
  await Promise.all([bridge.stop(), bare.stop()])

  const rows = total.users + total.enrollments
  const rate = (ms: number) => `${Math.round(rows / (ms / 1_000)).toLocaleString('en')} rows/s`
  return [
    note(
      'drain of users + enrollments',
      `${(drains.bridge / 1_000).toFixed(2)} s, ${(bytes / 1e6).toFixed(0)} MB, ${rate(drains.bridge)}`,
    ),
    note('the bare server', `${(drains.bare / 1_000).toFixed(2)} s, ${rate(drains.bare)}`),
    ratio('drain: bare time ÷ bridge time', drains.bare / drains.bridge, { least: 0.25 }),
    note('gzip drain', `${(gzipDrains.bridge / 1_000).toFixed(2)} s, ${rate(gzipDrains.bridge)}`),
    note('the bare server with ready gzip', `${(gzipDrains.bare / 1_000).toFixed(2)} s`),
    ratio('gzip drain: bare time ÷ bridge time', gzipDrains.bare / gzipDrains.bridge, { least: 0.33 }),
    ratio('gzip page at the last offset ÷ first page', depth.lastGzip / depth.firstGzip, { most: 1.15 }),
    ratio('page at the last offset ÷ first page', depth.last / depth.first, { most: 1.15 }),
    note('page at an offset never visited before', `${cold.toFixed(1)} ms (first page ${depth.first.toFixed(1)} ms)`),
    ratio(`delta of ${DELTA} ÷ the bare answer`, delta.bridge / delta.bare, { most: 4 }),
    ratio('GET /users/{id}: requests/s ÷ bare', singles.bare / singles.bridge, { least: 0.25 }),
    note('GET /users/{id}', `${Math.round(SINGLE_READS / (singles.bridge / 1_000)).toLocaleString('en')} requests/s`),
    ratio('heap of a drain, MB', memory.heapMb, { most: 250 }),
    note('RSS of a drain, MB', String(memory.rssMb)),
    ...queries,
  ]
}

function pagePath(collection: string, offset: number): string {
  return `/${collection}?limit=${LIMIT}&offset=${offset}&filter=${ACTIVE}`
}

async function someUsers(client: BridgeClient): Promise<string[]> {
  const body = JSON.parse(String(await client.get('/users?limit=1000&fields=sourcedId'))) as {
    users: { sourcedId: string }[]
  }
  return body.users.map(({ sourcedId }) => sourcedId)
}

async function inParallel(ask: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const work = async () => {
    while (next < SINGLE_READS) await ask(next++)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
}
