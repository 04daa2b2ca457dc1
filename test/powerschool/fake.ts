// A small PowerSchool, clock and store for the tests of this folder.

import { createLog, type Log } from '../../src/log.ts'
import type { Fetch } from '../../src/powerschool/ask.ts'
import { createPowerSchoolClient, type PowerSchoolClientOptions } from '../../src/powerschool/client.ts'
import type { CrawlStore, ListState, QueryStore, RestSource, ShortReadings } from '../../src/powerschool/crawl-ports.ts'

export const CLIENT_ID = 'client-id-of-the-plugin'
export const CLIENT_SECRET = 'secret-of-the-plugin'

/** Time that passes only while somebody sleeps. */
export function fakeClock(startMs = Date.parse('2026-01-15T08:00:00Z')) {
  let timeMs = startMs
  const slept: number[] = []
  return {
    slept,
    now: () => timeMs,
    advance(ms: number) {
      timeMs += ms
    },
    sleep(ms: number) {
      slept.push(ms)
      const dueMs = timeMs + ms
      return Promise.resolve().then(() => {
        timeMs = Math.max(timeMs, dueMs)
      })
    },
  }
}

/** A repeatable stand-in for randomness (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export function keptLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = []
  return { lines, log: createLog({ level: 'debug', now: () => 0, write: (line) => lines.push(line) }) }
}

export function json(body: unknown, init: ResponseInit = {}): Response {
  const text = JSON.stringify(body)
  return new Response(text, { ...init, headers: { 'content-type': 'application/json', ...init.headers } })
}

export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** What was sent as JSON. */
  readonly body: unknown
  readonly token: string | undefined
  /** How many requests to this path came before. */
  readonly nth: number
}

export type Handler = (seen: Seen) => Response | Promise<Response> | undefined

export interface FakeServer {
  readonly fetch: Fetch
  /** Paths with their query, in the order of arrival; tokens left out. */
  readonly log: string[]
  tokenRequests: number
  /** The most requests under way at one time. */
  peak: number
}

/** Answers tokens, and what `handler` gives; 404 for the rest. Every answer comes a few turns of the event queue later. */
export function fakeServer(handler: Handler): FakeServer {
  const times = new Map<string, number>()
  let running = 0
  const server: FakeServer = {
    log: [],
    tokenRequests: 0,
    peak: 0,
    async fetch(url, init) {
      const { pathname, searchParams, search } = new URL(url)
      running += 1
      server.peak = Math.max(server.peak, running)
      const nth = times.get(pathname) ?? 0
      times.set(pathname, nth + 1)
      try {
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
        const headers = new Headers(init.headers)
        const token = headers.get('authorization')?.replace(/^Bearer /, '')
        const isJson = headers.get('content-type') === 'application/json'
        const body: unknown = isJson ? JSON.parse(String(init.body)) : undefined
        const answer = handler({ method: init.method ?? 'GET', path: pathname, query: searchParams, body, token, nth })
        if (pathname === '/oauth/access_token') server.tokenRequests += 1
        else server.log.push(`${pathname}${search}`)
        if (answer !== undefined) return await answer
        if (pathname === '/oauth/access_token') {
          return json({ access_token: `token-${server.tokenRequests}`, token_type: 'Bearer', expires_in: '2504956' })
        }
        return json({ message: 'not here' }, { status: 404 })
      } finally {
        running -= 1
      }
    },
  }
  return server
}

export function fakeClient(server: { readonly fetch: Fetch }, changes: Partial<PowerSchoolClientOptions> = {}) {
  const clock = fakeClock()
  const { log, lines } = keptLog()
  const client = createPowerSchoolClient({
    fetch: server.fetch,
    url: 'https://sis.example.org/',
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    concurrency: 4,
    minIntervalMs: 0,
    now: clock.now,
    sleep: clock.sleep,
    random: seeded(7),
    log,
    ...changes,
  })
  return { client, clock, lines, log }
}

export interface FakeList {
  readonly wrapper: string
  readonly child: string
  readonly rows: readonly unknown[]
  readonly count?: number | undefined
}

/** A page of a list as `/ws/v1` prints it: one row as an object, none as a missing key. */
export function pageOf({ wrapper, child, rows }: FakeList, query: URLSearchParams): Response {
  const size = Number(query.get('pagesize'))
  const first = (Number(query.get('page')) - 1) * size
  return bodyOf(wrapper, child, rows.slice(first, first + size))
}

export function bodyOf(wrapper: string, child: string, rows: readonly unknown[]): Response {
  if (rows.length === 0) return json({ [wrapper]: { '@expansions': 'demographics' } })
  return json({ [wrapper]: { [child]: rows.length === 1 ? rows[0] : rows } })
}

/** A body that comes in the given pieces, and breaks off after them with `failure`. */
export function streamed(pieces: readonly string[], { failure, init }: { failure?: Error; init?: ResponseInit } = {}) {
  let next = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[next]
        next += 1
        if (piece !== undefined) controller.enqueue(new TextEncoder().encode(piece))
        else if (failure === undefined) controller.close()
        else controller.error(failure)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'content-type': 'application/json' }, ...init })
}

export function countBody(count: number): Response {
  return json({ resource: { count } })
}

export function metadataBody(pageSize: number): Response {
  const names = ['school', 'student', 'staff', 'course', 'section', 'section_enrollment', 'term']
  const sizes = Object.fromEntries(names.map((name) => [`${name}_max_page_size`, pageSize]))
  return json({ metadata: { powerschool_version: '25.9.0.1', district_timezone: 'America/Phoenix', ...sizes } })
}

export function numbered(count: number, from = 1): { readonly id: number }[] {
  return Array.from({ length: count }, (_, index) => ({ id: from + index }))
}

interface MemoryList {
  total: number | undefined
  isDone: boolean
  readonly pages: Map<number, readonly unknown[]>
  isCounted: boolean
  uncounted: number
  readonly pageSize: number | undefined
}

export interface MemoryStore extends CrawlStore {
  readonly lists: Map<string, MemoryList>
  readonly sourcesDone: Set<string>
  /** Every call that changes something, in order. */
  readonly calls: string[]
  /** Rows that an earlier crawl has proved, by `source|list`. */
  readonly proved: Map<string, readonly unknown[]>
  /** The ids kept for a source, sorted. */
  ids(source: string): number[]
}

const none = (): never => {
  throw new Error('this plan has no PowerQuery')
}
const NO_QUERIES: QueryStore = {
  changedSince: none,
  rowsBefore: none,
  beginRows: none,
  saveRows: none,
  finishRows: none,
  beginUpdate: none,
  beginChanges: none,
  saveChanges: none,
  beginKeys: none,
  saveKeys: none,
  finishUpdate: none,
}

/** Keeps rows by list and page; `parentValues('schools.id')` are the ids kept for the source `schools`. */
export function memoryStore(settings: Readonly<Record<string, unknown>> = {}, startedMs?: number): MemoryStore {
  const lists = new Map<string, MemoryList>()
  const sourcesDone = new Set<string>()
  const calls: string[] = []
  const proved = new Map<string, readonly unknown[]>()
  const short = new Map<string, ShortReadings>()
  const begun = (total: number | undefined, pageSize?: number): MemoryList => ({
    total,
    isDone: false,
    pages: new Map(),
    isCounted: true,
    uncounted: 0,
    pageSize,
  })
  const keyOf = (row: unknown) => (typeof row === 'object' && row !== null && 'id' in row ? row.id : undefined)
  const isKeyed = (row: unknown) => keyOf(row) !== undefined && keyOf(row) !== null
  const open = (source: string, list: string): MemoryList => {
    const found = lists.get(`${source}|${list}`)
    if (found === undefined) throw new Error(`${source} ${list} was not begun`)
    return found
  }
  const rowsOf = (source: string) =>
    [...lists].filter(([key]) => key.startsWith(`${source}|`)).flatMap(([, list]) => [...list.pages.values()].flat())
  const store: MemoryStore = {
    lists,
    sourcesDone,
    calls,
    proved,
    ids: (source) =>
      rowsOf(source)
        .map(keyOf)
        .map(Number)
        .sort((a, b) => a - b),
    parentValues: async (placeholder) => store.ids(placeholder.split('.')[0] ?? ''),
    setting: (name) => settings[name],
    listState(source, list): ListState | undefined {
      const found = lists.get(`${source}|${list}`)
      if (found === undefined) return undefined
      const { pages, ...known } = found
      const rows = [...pages.values()].flat().length
      const sizes = new Map([...pages].map(([page, kept]) => [page, kept.length] as const))
      const started = startedMs === undefined ? {} : { startedMs }
      return { ...known, rows, sizes, pages: new Set(pages.keys()), ...started }
    },
    mayBeUnchanged: (source, list, pageSize) => (proved.get(`${source}|${list}`)?.length ?? pageSize) < pageSize,
    async finishUnchanged(source, list, rows) {
      if (JSON.stringify(rows) !== JSON.stringify(proved.get(`${source}|${list}`))) return false
      calls.push(`unchanged ${source} ${list}`)
      lists.set(`${source}|${list}`, { ...begun(rows.length), isDone: true, pages: new Map([[1, rows]]) })
      return true
    },
    beginList(source, list, total, options) {
      calls.push(`begin ${source} ${list} ${total}`)
      lists.set(`${source}|${list}`, begun(total, options?.pageSize))
    },
    openList(source, list, pageSize) {
      calls.push(`open ${source} ${list}`)
      lists.set(`${source}|${list}`, { ...begun(undefined, pageSize), isCounted: false })
    },
    countList(source, list, total) {
      calls.push(`count ${source} ${list} ${total}`)
      Object.assign(open(source, list), { total, isCounted: true })
    },
    async savePage(source, list, page, rows, uncounted = 0) {
      calls.push(`save ${source} ${list} ${page}`)
      const kept = open(source, list)
      const { pages } = kept
      const others = new Set([...pages].filter(([number]) => number !== page).flatMap(([, kept]) => kept.map(keyOf)))
      pages.set(page, rows)
      kept.uncounted += uncounted
      return { repeated: rows.filter((row) => isKeyed(row) && others.has(keyOf(row))).length }
    },
    restartList(source, list, again) {
      calls.push(`restart ${source} ${list}`)
      lists.delete(`${source}|${list}`)
      if (again === undefined) short.delete(`${source}|${list}`)
      else short.set(`${source}|${list}`, again)
    },
    shortReadings: (source, list) => short.get(`${source}|${list}`),
    async finishList(source, list) {
      calls.push(`finish ${source} ${list}`)
      open(source, list).isDone = true
    },
    isSourceDone: (source) => sourcesDone.has(source),
    async finishSource(source) {
      calls.push(`finishSource ${source}`)
      sourcesDone.add(source)
    },
    queries: NO_QUERIES,
  }
  return store
}

/** Where nothing is long enough to let others in. */
export const pause = async (): Promise<void> => {}

export function source(name: string, get: string, rows: string, more: Partial<RestSource> = {}): RestSource {
  return { kind: 'rest', name, get, rows, expand: [], extend: [], keyPath: 'id', isSingle: false, ...more }
}
