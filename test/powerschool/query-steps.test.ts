// A long query that is cut short, by the server or by the end of a step, and gone on with from what is stored.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BridgeError } from '../../src/errors.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { crawl } from '../../src/powerschool/crawl.ts'
import type { QuerySource } from '../../src/powerschool/crawl-ports.ts'
import { STEP_ENDED } from '../../src/powerschool/stop.ts'
import { openCrawlProgress } from '../../src/store/crawl-progress.ts'
import { beginCrawl, type Crawl, finishCrawl, takeOverCrawl, unfinishedCrawl } from '../../src/store/crawls.ts'
import type { Sql } from '../../src/store/sql.ts'
import { openCrawlStore } from '../../src/sync/crawl-store.ts'
import { openStore } from '../store/support.ts'
import { fakeClient, fakeServer, type Handler, json, metadataBody, pause } from './fake.ts'

const MAPPING = loadMapping(readMappingFiles())
const SOURCE: QuerySource = { kind: 'powerquery', name: 'student_races', rows: { name: 'races_1', settings: {} } }
const PATH = '/ws/schema/query/races_1'
const ROWS = 12_000

const row = (id: number) => ({ id: `${id}`, student_id: `${id % 4_000}`, race_code: 'W' })
const rowsFrom = (count: number, from = 1) => Array.from({ length: count }, (_, index) => row(from + index))

type End = (controller: ReadableStreamDefaultController) => void | Promise<void>

/** A body of which so many rows come, and then nothing; `end` decides how it goes on. */
function partOf(rows: readonly object[], sent: number, end: End) {
  const text = `{"count":${rows.length},"record":${JSON.stringify(rows.slice(0, sent)).slice(0, -1)},`
  let isSent = false
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (isSent) return end(controller)
        isSent = true
        controller.enqueue(new TextEncoder().encode(text))
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}
const breaksOff: End = (controller) => controller.error(new Error('terminated'))
const hangs: End = () => new Promise<void>(() => {})

interface Server {
  rows: readonly object[]
  /** To the stream. */
  stream: () => Response
}

function serverOf(rows = rowsFrom(ROWS)) {
  const server: Server = { rows, stream: () => json({ count: server.rows.length, record: server.rows }) }
  let delivered = 0
  const handler: Handler = ({ path, query }) => {
    if (path === '/ws/v1/metadata') return metadataBody(100)
    if (path === `${PATH}/count`) return json({ count: server.rows.length })
    if (path !== PATH) return undefined
    const size = Number(query.get('pagesize'))
    if (size === 0) return server.stream()
    const first = (Number(query.get('page')) - 1) * size
    const page = server.rows.slice(first, first + size)
    delivered += page.length
    return json(page.length === 0 ? {} : { record: page })
  }
  const fake = fakeServer(handler)
  return Object.assign(server, {
    fake,
    streams: () => fake.log.filter((url) => url.includes('pagesize=0')).length,
    inPages: () => delivered,
  })
}

const START = {
  plan: 'plan',
  template: 'powerquery' as const,
  settings: {},
  sources: ['student_races'],
  indexes: [],
  isFull: true,
  isServing: false,
  now: 1,
}

/** One process's work at the crawl that is under way. */
async function step(sql: Sql, { fake }: { fake: ReturnType<typeof fakeServer> }, signal?: AbortSignal): Promise<Crawl> {
  const { client, clock, log } = fakeClient(fake)
  const known = unfinishedCrawl(sql)
  const begun = known === undefined ? beginCrawl(sql, START) : takeOverCrawl(sql, known)
  const after = () => () => {}
  const progress = await openCrawlProgress({ sql, crawl: begun, now: clock.now, pause, after, requests: () => 0 })
  try {
    await crawl([SOURCE], openCrawlStore({ sql, mapping: MAPPING, crawl: begun, progress, pause }), client, {
      log,
      pause,
      signal,
    })
  } finally {
    progress.flush()
  }
  return finishCrawl(sql, begun, { tally: progress.tally(), now: clock.now() })
}

const keysIn = (sql: Sql) =>
  sql.all<{ key: number }>(`select key from staged_student_races order by key`).map(({ key }) => key)
const keysOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => Number(id))

async function stopped(promise: Promise<unknown>): Promise<void> {
  const failure = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(failure).toBeInstanceOf(BridgeError)
  expect(failure).toMatchObject({ code: 'sync-stopped' })
}

/** Stops when the stream has given its rows. */
async function stopIn(sql: Sql, server: ReturnType<typeof serverOf>, sent: number): Promise<void> {
  const stopper = new AbortController()
  server.stream = () =>
    partOf(server.rows, sent, () => {
      stopper.abort()
    })
  await stopped(step(sql, server, stopper.signal))
}

describe('a long query', () => {
  it('whose stream breaks off is gone on with in pages, from what has come', async () => {
    const sql = openStore()
    const server = serverOf()
    server.stream = () => partOf(server.rows, 7_000, breaksOff)
    await step(sql, server)
    expect(keysIn(sql)).toEqual(keysOf(rowsFrom(ROWS)))
    expect(server.streams()).toBe(1)
    // All but the last rows of what was cut off in the middle of a run have been taken.
    expect(server.inPages()).toBeLessThan(ROWS - 7_000 + 600)
  })

  it('that a process did not bring to its end is gone on with by another one', async () => {
    const sql = openStore()
    const server = serverOf()
    await stopIn(sql, server, 9_000)
    const had = keysIn(sql).length
    expect(had).toBeGreaterThan(8_400)
    await step(sql, server)
    expect(keysIn(sql)).toEqual(keysOf(rowsFrom(ROWS)))
    expect(server.streams()).toBe(1)
    expect(server.inPages()).toBeLessThan(ROWS - had + 20)
  })

  it('is begun anew where little of it has come', async () => {
    const sql = openStore()
    const server = serverOf()
    await stopIn(sql, server, 1_200)
    server.stream = () => json({ count: ROWS, record: server.rows })
    await step(sql, server)
    expect(keysIn(sql)).toEqual(keysOf(rowsFrom(ROWS)))
    expect([server.streams(), server.inPages()]).toEqual([2, 0])
  })

  it('forgets, at its end, the rows of an earlier crawl that none of its processes has met', async () => {
    const sql = openStore()
    const server = serverOf()
    await step(sql, server)
    server.rows = rowsFrom(ROWS).filter((_, index) => index % 10 !== 3)
    await stopIn(sql, server, 8_000)
    await step(sql, server)
    expect(keysIn(sql)).toEqual(keysOf(rowsFrom(ROWS)).filter((id) => id % 10 !== 4))
  })

  it.each([
    ['a row has gone', (rows: object[]) => rows.filter((_, index) => index !== 5)],
    ['a row has come', (rows: object[]) => [row(0), ...rows]],
  ])('is read from its beginning where %s meanwhile', async (_, change) => {
    const sql = openStore()
    const server = serverOf()
    await stopIn(sql, server, 8_000)
    const changed = change(rowsFrom(ROWS)) as ReturnType<typeof rowsFrom>
    server.rows = changed
    server.stream = () => json({ count: changed.length, record: changed })
    await step(sql, server)
    expect(keysIn(sql)).toEqual(keysOf(changed))
  })
})

describe('at the end of a step a stream', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('that ends soon is read to its end', async () => {
    const sql = openStore()
    const server = serverOf()
    const stopper = new AbortController()
    server.stream = () =>
      partOf(server.rows, 6_000, (controller) => {
        stopper.abort(STEP_ENDED)
        controller.enqueue(new TextEncoder().encode(`${JSON.stringify(server.rows.slice(6_000)).slice(1)}}`))
        controller.close()
      })
    await step(sql, server, stopper.signal)
    expect(keysIn(sql)).toEqual(keysOf(rowsFrom(ROWS)))
  })

  it('that does not is cut after ten seconds, and the next step goes on behind it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const sql = openStore()
    const server = serverOf()
    const stopper = new AbortController()
    const asked = Promise.withResolvers<void>()
    server.stream = () =>
      partOf(server.rows, 9_000, (controller) => {
        asked.resolve()
        return hangs(controller)
      })
    const first = stopped(step(sql, server, stopper.signal))
    await asked.promise
    stopper.abort(STEP_ENDED)
    await vi.advanceTimersByTimeAsync(9_999)
    expect(unfinishedCrawl(sql)).toBeDefined()
    let isOver = false
    void first.then(() => {
      isOver = true
    })
    await vi.advanceTimersByTimeAsync(0)
    expect(isOver).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await first
    await step(sql, server)
    expect(keysIn(sql)).toEqual(keysOf(rowsFrom(ROWS)))
    expect(server.streams()).toBe(1)
  })
})
