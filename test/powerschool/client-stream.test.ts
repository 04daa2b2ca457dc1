import { afterEach, describe, expect, it, vi } from 'vitest'
import { fakeClient, fakeServer, type Handler, json, type Seen, streamed } from './fake.ts'

const PATH = '/ws/schema/query/org.example.sis.roster.students'

function inTurn(...answers: readonly (() => Response | Promise<Response>)[]): Handler {
  return ({ path, nth }) => (path === PATH ? (answers[nth] ?? answers.at(-1))?.() : undefined)
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  )

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of pieces) text += decoder.decode(piece, { stream: true })
  return text
}

const request = { method: 'POST', body: { start_year: 2025 }, take: textOf } as const
const ok = () => streamed(['{"a":', '1}'])
const turns = async () => {
  for (let turn = 0; turn < 300; turn += 1) await Promise.resolve()
}

/** A body that has sent `pieces` and then nothing more. */
function hanging(...pieces: string[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
    },
  })
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a request with a body', () => {
  it('is sent by its method, as JSON, with the token', async () => {
    const seen: Seen[] = []
    const server = fakeServer((request) => {
      if (request.path !== PATH) return undefined
      seen.push(request)
      return json({ count: 3 })
    })
    const { client } = fakeClient(server)
    const read = (body: unknown) => body
    expect(await client.request(PATH, { method: 'POST', query: { pagesize: 1 }, body: {}, read })).toEqual({ count: 3 })
    expect(seen).toMatchObject([{ method: 'POST', body: {}, token: 'token-1' }])
    expect(server.log).toEqual([`${PATH}?pagesize=1`])
  })

  it('is tried again like any other', async () => {
    const server = fakeServer(
      inTurn(
        () => new Response('', { status: 503 }),
        () => new Response('{"cou'),
        () => new Response('', { status: 401 }),
        () => json({ count: 3 }),
      ),
    )
    const { client } = fakeClient(server)
    expect(await client.request(PATH, { ...request, read: (body) => body })).toEqual({ count: 3 })
    expect(server.log).toHaveLength(4)
    expect(server.tokenRequests).toBe(2)
    expect(client.requests).toBe(4)
  })
})

describe('a streamed answer', () => {
  it('comes piece by piece', async () => {
    const server = fakeServer(inTurn(() => streamed(['{"a":', '"ü', '王"}'])))
    const { client } = fakeClient(server)
    const pieces: string[] = []
    await client.stream(PATH, {
      ...request,
      async take(answer) {
        for await (const piece of answer) pieces.push(new TextDecoder().decode(piece))
      },
    })
    expect(pieces).toEqual(['{"a":', '"ü', '王"}'])
    expect(client.requests).toBe(1)
  })

  it('is not read ahead by more than a piece', async () => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          sent += 1
          if (sent > 50) controller.close()
          else controller.enqueue(new TextEncoder().encode('7'))
        },
      },
      { highWaterMark: 0 },
    )
    const server = fakeServer(inTurn(() => new Response(body, { headers: { 'content-type': 'application/json' } })))
    const { client } = fakeClient(server)
    let taken = 0
    await client.stream(PATH, {
      ...request,
      async take(pieces) {
        for await (const _ of pieces) {
          taken += 1
          await turns()
          expect(sent - taken).toBeLessThanOrEqual(1)
        }
      },
    })
    expect(taken).toBe(50)
  })

  it('holds its turn until it has ended', async () => {
    const server = fakeServer(({ path }) => (path === PATH ? ok() : path === '/ws/v1/a' ? json({}) : undefined))
    const { client } = fakeClient(server, { concurrency: 1 })
    const order: string[] = []
    const long = client.stream(PATH, {
      ...request,
      async take(pieces) {
        for await (const _ of pieces) await turns()
        order.push('stream')
      },
    })
    await turns()
    const other = client.getJson('/ws/v1/a').then(() => order.push('other'))
    await Promise.all([long, other])
    expect(order).toEqual(['stream', 'other'])
  })

  it.each([
    ['429', () => new Response('', { status: 429 })],
    ['a text that asks to wait', () => new Response('Too many requests: wait 3 seconds', { status: 403 })],
    ['503 with a wait hint', () => new Response('', { status: 503, headers: { 'retry-after': '5' } })],
    ['a redirect', () => new Response('', { status: 302, headers: { location: 'https://message.example.org/' } })],
    ['a web page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['a web page that does not say so', () => streamed(['\n <!doctype html>', '<html>'])],
    ['XML', () => new Response('<results/>', { headers: { 'content-type': 'application/xml' } })],
    ['401', () => new Response('', { status: 401 })],
    ['no connection', () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }))],
  ] as const)('is asked for again after %s', async (_, answer) => {
    const server = fakeServer(inTurn(answer, ok))
    const { client } = fakeClient(server)
    expect(await client.stream(PATH, request)).toBe('{"a":1}')
    expect(server.log).toHaveLength(2)
  })

  it.each([
    ['500', () => new Response('', { status: 500 }), { code: 'powerschool-unavailable', status: 500 }],
    ['503', () => new Response('', { status: 503 }), { code: 'powerschool-unavailable', status: 503 }],
    ['404', () => json({ message: 'Query not found' }, { status: 404 }), { code: 'powerschool-refused', status: 404 }],
    [
      '400',
      () => json({ message: "Invalid argument 'x'" }, { status: 400 }),
      { code: 'powerschool-refused', status: 400, message: expect.stringContaining('Invalid argument …') },
    ],
    [
      'a refusal whose page breaks off',
      () => streamed(['{"mess'], { failure: new Error('terminated'), init: { status: 405 } }),
      { code: 'powerschool-refused', status: 405 },
    ],
  ] as const)('leaves %s to the caller', async (_, answer, failure) => {
    const server = fakeServer(inTurn(answer))
    const { client } = fakeClient(server)
    expect(await failureOf(client.stream(PATH, request))).toMatchObject(failure)
    expect(server.log).toHaveLength(1)
  })

  it('is not asked for again once it has begun', async () => {
    const server = fakeServer(inTurn(() => streamed(['{"a":'], { failure: new Error('terminated') })))
    const { client } = fakeClient(server)
    expect(await failureOf(client.stream(PATH, request))).toMatchObject({
      code: 'powerschool-broken-answer',
      message: expect.stringContaining('broke off'),
    })
    expect(server.log).toHaveLength(1)
  })

  it('gives its turn and its connection back when its taker fails', async () => {
    let cancelled = 0
    const body = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new TextEncoder().encode('7')),
        cancel() {
          cancelled += 1
        },
      })
    const signals: (AbortSignal | null | undefined)[] = []
    const server = fakeServer(inTurn(() => new Response(body(), { headers: { 'content-type': 'application/json' } })))
    const { client } = fakeClient(
      {
        fetch(url, init) {
          if (url.includes(PATH)) signals.push(init.signal)
          return server.fetch(url, init)
        },
      },
      { concurrency: 1 },
    )
    const failure = new Error('the disk is full')
    for (let round = 0; round < 3; round += 1) {
      const taken = client.stream(PATH, {
        ...request,
        async take(pieces) {
          for await (const _ of pieces) throw failure
        },
      })
      expect(await failureOf(taken)).toBe(failure)
    }
    expect(cancelled).toBe(3)
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true, true])
  })

  it('may take as long as it likes while something comes', async () => {
    vi.useFakeTimers()
    let sent = 0
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 900))
          sent += 1
          if (sent > 20) controller.close()
          else controller.enqueue(new TextEncoder().encode('7'))
        },
      },
      { highWaterMark: 0 },
    )
    const server = fakeServer(inTurn(() => new Response(body, { headers: { 'content-type': 'application/json' } })))
    const { client } = fakeClient(server, { idleTimeoutMs: 1000, timeoutMs: 1000 })
    const answer = client.stream(PATH, request)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(await answer).toBe('7'.repeat(20))
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    ['at the beginning', () => new Promise<Response>(() => {})],
    ['before its first piece', () => hanging()],
    ['in its middle', () => hanging('{"a":')],
    ['in an error', () => new Response(hanging('{"message":').body, { status: 500 })],
  ] as const)('that falls silent %s is given up', async (_, answer) => {
    vi.useFakeTimers()
    const server = fakeServer(inTurn(answer))
    const { client } = fakeClient(server, { idleTimeoutMs: 1000 })
    const failure = failureOf(client.stream(PATH, request))
    await vi.advanceTimersByTimeAsync(999)
    expect(server.log).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await failure).toMatchObject({
      code: 'powerschool-unreachable',
      message: expect.stringContaining('sent nothing of'),
      remedy: expect.stringMatching(/load/),
    })
    expect(server.log).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not given up while its taker is slow', async () => {
    vi.useFakeTimers()
    const server = fakeServer(inTurn(ok))
    const { client } = fakeClient(server, { idleTimeoutMs: 1000 })
    const answer = client.stream(PATH, {
      ...request,
      async take(pieces) {
        let count = 0
        for await (const _ of pieces) {
          await new Promise((resolve) => setTimeout(resolve, 60_000))
          count += 1
        }
        return count
      },
    })
    await vi.advanceTimersByTimeAsync(120_000)
    expect(await answer).toBe(2)
  })

  it.each([
    ['before its headers', () => new Promise<Response>(() => {})],
    ['in its middle', () => hanging('{"a":')],
  ] as const)('is stopped %s', async (_, answer) => {
    const call = new AbortController()
    const server = fakeServer(inTurn(answer))
    const { client } = fakeClient(server, { concurrency: 1 })
    const failure = failureOf(client.stream(PATH, { ...request, signal: call.signal }))
    await turns()
    call.abort()
    expect(await failure).toMatchObject({ code: 'sync-stopped', message: expect.stringContaining(PATH) })
  })
})

describe('the refusal of a query', () => {
  const list = (...fields: readonly object[]) => json({ message: 'Validation Failed', errors: fields }, { status: 403 })
  const refused = async (answer: () => Response) =>
    failureOf(fakeClient(fakeServer(inTurn(answer))).client.stream(PATH, request))

  it('names every column that is not granted', async () => {
    const fields = ['students.dob', 'sections.room', 'students.dob', 'U_STUDENTS_EXTENSION.GIFTED']
    const errors = fields.map((field) => ({ resource: 'q', field, code: 'No access to the field' }))
    const failure = await refused(() => list(...errors))
    expect(failure).toMatchObject({
      code: 'powerschool-rights',
      columns: ['SECTIONS.ROOM', 'STUDENTS.DOB', 'U_STUDENTS_EXTENSION.GIFTED'],
      message: 'The plugin may not read SECTIONS.ROOM, STUDENTS.DOB, U_STUDENTS_EXTENSION.GIFTED (query students).',
      remedy: expect.stringMatching(/approve all of its fields.*npm run bridge -- plugin --out/),
    })
  })

  it('names them all, however many there are', async () => {
    const errors = Array.from({ length: 300 }, (_, index) => ({
      resource: 'q',
      field: `students.c${index}`,
      code: 'x',
    }))
    const failure = await refused(() => list(...errors))
    expect((failure as { columns: string[] }).columns).toHaveLength(300)
    expect(`${failure}`).toContain('STUDENTS.C299')
  })

  it('takes table and column apart from each other, too', async () => {
    const failure = await refused(() => list({ resource: 'Log', field: 'SchoolID', code: 'NoAccess' }))
    expect(failure).toMatchObject({ columns: ['LOG.SCHOOLID'] })
  })

  it('with 400 names columns only where access is the reason', async () => {
    const with400 = (code: string) => () =>
      json({ message: 'Validation Failed', errors: [{ resource: 'q', field: 'cc.room', code }] }, { status: 400 })
    expect(await refused(with400('No access to the field'))).toMatchObject({ columns: ['CC.ROOM'] })
    expect(await refused(with400('Invalid field'))).toMatchObject({ code: 'powerschool-refused', status: 400 })
  })

  it.each([
    [404, { message: 'Query not found' }, /Query not found/, /upload.*enable.*older version/],
    [400, { message: 'Invalid argument start_year' }, /Invalid argument start_year/, /arguments/],
    [403, { message: 'Forbidden' }, /Forbidden/, /plugin/],
    [415, {}, /415/, /JSON/],
  ])('%i says what to do', async (status, body, message, remedy) => {
    expect(await refused(() => json(body, { status }))).toMatchObject({
      code: 'powerschool-refused',
      status,
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    })
  })
})
