import { describe, expect, it, vi } from 'vitest'
import type { QueryRow } from '../../src/powerschool/query-ports.ts'
import { type QueryReading, readQuery } from '../../src/powerschool/query-read.ts'
import { fakeClient, fakeServer, type Handler, json, numbered, type Seen, streamed } from './fake.ts'

const NAME = 'org.example.sis.roster.students'
const PATH = `/ws/schema/query/${NAME}`
const CALL = { name: NAME, arguments: { start_year: 2025 } }

const textRows = (count: number, from = 1) =>
  numbered(count, from).map(({ id }) => ({ _name: 'students', id: `${id}` }))

/** Keeps what it is given; a key that it has is a repeated one. */
function kept(): QueryReading & { readonly got: QueryRow[]; begun: number } {
  const keys = new Set<unknown>()
  const reading = {
    begun: 0,
    got: [] as QueryRow[],
    begin() {
      reading.begun += 1
      reading.got = []
      keys.clear()
    },
    async rows(rows: readonly QueryRow[]) {
      const before = keys.size
      for (const row of rows) keys.add(row.id)
      reading.got.push(...rows)
      return { repeated: before + rows.length - keys.size }
    },
  }
  return reading
}

interface Answers {
  /** To the nth streamed question. */
  readonly stream?: (nth: number) => Response | Promise<Response>
  readonly count?: (nth: number) => Response
  readonly page?: (page: number, size: number, nth: number) => Response
}

function asked({ stream, count, page }: Answers) {
  const seen: Seen[] = []
  const times = { stream: 0, count: 0, page: 0 }
  const handler: Handler = (request) => {
    const { path, query } = request
    if (!path.startsWith(PATH)) return undefined
    seen.push(request)
    if (path === `${PATH}/count`) return count?.(times.count++)
    const size = Number(query.get('pagesize'))
    return size === 0 ? stream?.(times.stream++) : page?.(Number(query.get('page')), size, times.page++)
  }
  return { seen, server: fakeServer(handler) }
}

function setUp(answers: Answers) {
  const { seen, server } = asked(answers)
  const reading = kept()
  const { client, clock, lines, log } = fakeClient(server, { idleTimeoutMs: 1000 })
  const read = (pageRows?: number) =>
    readQuery(client, CALL, reading, { log, signal: undefined, ...(pageRows === undefined ? {} : { pageRows }) })
  const events = () => lines.map((line) => JSON.parse(line))
  return { seen, server, reading, client, clock, read, events }
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  )

const whole = (rows: readonly object[], count: number | undefined = rows.length) =>
  json({ name: 'students', ...(count === undefined ? {} : { count }), record: rows, '@extensions': '' })
const uncounted = (rows: readonly object[]) => json({ record: rows })
const cutOff = (rows: readonly object[]) =>
  streamed([`{"count":${rows.length},"record":${JSON.stringify(rows).slice(0, -1)}`], {
    failure: new Error('terminated'),
  })
const pageOf = (rows: readonly object[]) => (page: number, size: number) =>
  rows.length === 0 ? json({ '@extensions': '' }) : json({ record: rows.slice((page - 1) * size, page * size) })
const countOf = (count: number) => () => json({ count })

describe('a query', () => {
  it('is read in one streamed answer', async () => {
    const { seen, reading, read, events } = setUp({ stream: () => whole(textRows(1300)) })
    expect(await read()).toEqual({ rows: 1300 })
    expect(reading.got).toEqual(textRows(1300))
    expect(reading.begun).toBe(1)
    expect(seen.map(({ method, query, body }) => [method, query.toString(), body])).toEqual([
      ['POST', 'pagesize=0&count=true', { start_year: 2025 }],
    ])
    expect(events()).toEqual([])
  })

  it('may be empty', async () => {
    const { reading, read } = setUp({ stream: () => json({ count: 0, '@extensions': '' }) })
    expect(await read()).toEqual({ rows: 0 })
    expect(reading.begun).toBe(1)
  })

  it('may deliver more rows than it counted: some have come meanwhile', async () => {
    const { read } = setUp({ stream: () => whole(textRows(12), 10) })
    expect(await read()).toEqual({ rows: 12 })
  })

  it.each([
    ['with rows', textRows(7)],
    ['without rows', []],
  ])('that does not count is counted: %s', async (_, rows) => {
    const { seen, read } = setUp({
      stream: () => (rows.length === 0 ? json({ '@extensions': '' }) : uncounted(rows)),
      count: countOf(rows.length),
    })
    expect(await read()).toEqual({ rows: rows.length })
    expect(seen.map(({ path, body }) => [path, body])).toEqual([
      [PATH, { start_year: 2025 }],
      [`${PATH}/count`, { start_year: 2025 }],
    ])
  })

  it.each([
    ['is properly closed in the middle', () => whole(textRows(80), 100), 'rows are missing'],
    [
      'is properly closed in the middle, its count behind',
      () => json({ record: textRows(80), count: 100 }),
      'rows are missing',
    ],
    ['is empty all of a sudden', () => json({ count: 100, '@extensions': '' }), 'rows are missing'],
    ['repeats a row', () => whole([...textRows(100), ...textRows(1)]), 'a row came twice'],
    ['breaks off', () => cutOff(textRows(80)), 'powerschool-broken-answer'],
    [
      'is cut off and closed by a proxy',
      () => streamed(['{"count":100,"record":[{"id":"1"']),
      'powerschool-broken-answer',
    ],
    ['holds an error message', () => json({ message: 'odd' }), 'powerschool-broken-answer'],
    ['fails', () => new Response('', { status: 500 }), 'powerschool-unavailable'],
  ])('whose answer %s is read again from the beginning', async (_, broken, reason) => {
    const { reading, read, events, clock, server } = setUp({
      stream: (nth) => (nth === 0 ? broken() : whole(textRows(100))),
    })
    expect(await read()).toEqual({ rows: 100 })
    expect(reading.got).toEqual(textRows(100))
    expect(reading.begun).toBe(2)
    expect(clock.slept).toHaveLength(1)
    expect(server.log).toHaveLength(2)
    expect(events()).toMatchObject([{ event: 'powerschool-query-again', query: NAME, attempt: 1, reason }])
  })

  it('that does not count and came short is read again', async () => {
    const { reading, read } = setUp({
      stream: (nth) => uncounted(textRows(nth === 0 ? 80 : 100)),
      count: countOf(100),
    })
    expect(await read()).toEqual({ rows: 100 })
    expect(reading.begun).toBe(2)
  })

  it.each([
    ['short', () => whole(textRows(80), 100), /counts 100 rows and delivered 80, read 4 times: rows are missing/],
    ['repeating a row', () => whole([...textRows(2), ...textRows(1)]), /delivered 3, read 4 times: a row came twice/],
  ])('that stays %s is refused after four readings', async (_, broken, message) => {
    const { seen, read } = setUp({ stream: broken })
    expect(await failureOf(read())).toMatchObject({
      code: 'powerschool-incomplete',
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/\w/),
    })
    expect(seen).toHaveLength(4)
  })

  it('asks for no more when a row came twice', async () => {
    let sent = 0
    const endless = () =>
      new Response(
        new ReadableStream<Uint8Array>(
          {
            pull(controller) {
              const rows = JSON.stringify(textRows(500)).slice(1, -1)
              controller.enqueue(new TextEncoder().encode(sent === 0 ? `{"record":[${rows}` : `,${rows}`))
              sent += 1
            },
          },
          { highWaterMark: 0 },
        ),
        { headers: { 'content-type': 'application/json' } },
      )
    const { read } = setUp({ stream: (nth) => (nth === 0 ? endless() : whole(textRows(3))) })
    expect(await read()).toEqual({ rows: 3 })
    expect(sent).toBeLessThan(5)
  })

  it.each([
    ['not installed', 404, { message: 'Query not found' }, 'powerschool-refused'],
    [
      'not granted',
      403,
      { message: 'x', errors: [{ resource: 'q', field: 'students.dob', code: 'No access to the field' }] },
      'powerschool-rights',
    ],
  ])('that is %s is refused at once', async (_, status, body, code) => {
    const { seen, read } = setUp({ stream: () => json(body, { status }) })
    expect(await failureOf(read())).toMatchObject({ code })
    expect(seen).toHaveLength(1)
  })

  it('ends with the failure of who takes its rows', async () => {
    const { seen, client } = setUp({ stream: () => whole(textRows(3)) })
    const failure = new Error('the disk is full')
    const reading: QueryReading = {
      begin() {},
      async rows() {
        throw failure
      },
    }
    const { log } = fakeClient(fakeServer(() => undefined))
    expect(await failureOf(readQuery(client, CALL, reading, { log, signal: undefined }))).toBe(failure)
    expect(seen).toHaveLength(1)
  })

  it('is stopped', async () => {
    const call = new AbortController()
    const { client } = setUp({ stream: () => whole(textRows(1200)) })
    const reading: QueryReading = {
      begin() {},
      async rows() {
        call.abort()
        return { repeated: 0 }
      },
    }
    const { log } = fakeClient(fakeServer(() => undefined))
    const reads = readQuery(client, CALL, reading, { log, signal: call.signal })
    expect(await failureOf(reads)).toMatchObject({ code: 'sync-stopped' })
  })
})

describe('a query that cannot be streamed', () => {
  const rows = textRows(95)
  const pages = { count: countOf(95), page: pageOf(rows) }

  it.each([
    ['breaks off twice', () => cutOff(rows), 2, 'powerschool-broken-answer'],
    ['fails twice', () => new Response('', { status: 502 }), 2, 'powerschool-unavailable'],
    ['is refused with 400', () => json({ message: 'illegal' }, { status: 400 }), 1, 'powerschool-refused'],
  ])('because it %s is read in pages', async (_, broken, times, reason) => {
    const { seen, reading, read, events } = setUp({ stream: broken, ...pages })
    expect(await read(40)).toEqual({ rows: 95 })
    expect(reading.got).toEqual(rows)
    expect(reading.begun).toBe(times + 1)
    expect(events().at(-1)).toMatchObject({ level: 'warn', event: 'powerschool-query-paged', query: NAME, reason })
    const questions = seen.slice(times).map(({ path, query, body }) => [path, query.toString(), body])
    expect(questions).toEqual([
      [`${PATH}/count`, '', { start_year: 2025 }],
      [PATH, 'page=1&pagesize=40', { start_year: 2025 }],
      [PATH, 'page=2&pagesize=39', { start_year: 2025 }],
      [PATH, 'page=3&pagesize=38', { start_year: 2025 }],
    ])
  })

  it('because it falls silent twice is read in pages', async () => {
    vi.useFakeTimers()
    try {
      const { read, events } = setUp({ stream: () => new Promise<Response>(() => {}), ...pages })
      const result = read(40)
      await vi.advanceTimersByTimeAsync(2000)
      expect(await result).toEqual({ rows: 95 })
      expect(events().at(-1)).toMatchObject({ event: 'powerschool-query-paged', reason: 'powerschool-unreachable' })
    } finally {
      vi.useRealTimers()
    }
  })

  it('because of its arguments is refused with the reason', async () => {
    const refusal = () => json({ message: 'Invalid argument start_year' }, { status: 400 })
    const { read } = setUp({ stream: refusal, count: refusal, page: refusal })
    expect(await failureOf(read())).toMatchObject({ status: 400, message: expect.stringContaining('start_year') })
  })

  it('is not given up for pages when PowerSchool is away', async () => {
    const { read, seen } = setUp({ stream: () => new Response('', { status: 302 }), ...pages })
    expect(await failureOf(read())).toMatchObject({ code: 'powerschool-unavailable' })
    expect(seen.every(({ query }) => query.get('pagesize') === '0')).toBe(true)
  })
})

const broken = () => json({ message: 'illegal' }, { status: 400 })

describe('a query in pages', () => {
  it.each([0, 1, 9, 10, 11, 18, 19, 20, 24, 25])('of 10 rows is whole with %i rows', async (count) => {
    const rows = textRows(count)
    const { reading, read } = setUp({ stream: broken, count: countOf(count), page: pageOf(rows) })
    expect(await read(10)).toEqual({ rows: count })
    expect(reading.got).toEqual(rows)
  })

  it('goes on behind the count: rows have come meanwhile', async () => {
    const rows = textRows(33)
    const { reading, read } = setUp({ stream: broken, count: countOf(30), page: pageOf(rows) })
    expect(await read(20)).toEqual({ rows: 33 })
    expect(reading.got).toEqual(rows)
  })

  it.each([
    ['goes and another comes behind', (rows: object[]) => [...rows.slice(1), { id: '999' }]],
    ['goes', (rows: object[]) => rows.slice(1)],
    ['comes', (rows: object[]) => [{ id: '0' }, ...rows]],
    ['of the page before goes', (rows: object[]) => [...rows.slice(0, 18), ...rows.slice(19), { id: '999' }]],
  ])('is read again when a row %s between two pages', async (_, change) => {
    const before: object[] = textRows(55)
    const after = change(before)
    let count = before.length
    const { reading, read, events } = setUp({
      stream: broken,
      count: () => json({ count }),
      page(page, size, nth) {
        if (nth === 1) count = after.length
        return pageOf(nth === 0 ? before : after)(page, size)
      },
    })
    expect(await read(20)).toEqual({ rows: after.length })
    expect(reading.got).toEqual(after)
    expect(events()).toContainEqual(expect.objectContaining({ event: 'powerschool-query-again', attempt: 1 }))
  })

  it.each([
    ['ends short', (page: number, size: number) => pageOf(textRows(40))(page, size), /rows are missing/],
    ['repeats its first page', (_: number, size: number) => pageOf(textRows(55))(1, size), /rows moved/],
    ['repeats a row', (page: number, size: number) => pageOf([...textRows(30), ...textRows(25)])(page, size), /twice/],
    ['takes no page size', () => json({ record: textRows(55) }), /more rows than were asked for/],
    ['is empty', () => json({ '@extensions': '' }), /rows are missing/],
  ])('that always %s is refused after four readings', async (_, page, message) => {
    const { reading, read } = setUp({ stream: broken, count: countOf(55), page })
    expect(await failureOf(read(20))).toMatchObject({
      code: 'powerschool-incomplete',
      message: expect.stringMatching(message),
    })
    // The last time to leave nothing that another process would go on with.
    expect(reading.begun).toBe(6)
  })

  it('asks again for a page that fails, and only for that one', async () => {
    const { seen, read } = setUp({
      stream: broken,
      count: countOf(50),
      page: (page, size, nth) => (nth === 1 ? new Response('{"rec') : pageOf(textRows(50))(page, size)),
    })
    expect(await read(20)).toEqual({ rows: 50 })
    expect(seen.map(({ query }) => query.get('page'))).toEqual([null, null, '1', '2', '2', '3'])
  })

  it('reaches as far as its pages overlap, and says so', async () => {
    const rows = textRows(40)
    const { read } = setUp({ stream: broken, count: countOf(40), page: pageOf(rows) })
    expect(await failureOf(read(4))).toMatchObject({
      code: 'powerschool-incomplete',
      message: expect.stringContaining('does not end'),
    })
  })
})
