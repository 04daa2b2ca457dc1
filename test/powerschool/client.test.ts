import { afterEach, describe, expect, it, vi } from 'vitest'
import { BridgeError } from '../../src/errors.ts'
import { CLIENT_SECRET, fakeClient, fakeServer, type Handler, json } from './fake.ts'

const PATH = '/ws/v1/district/student'
const html = { 'content-type': 'text/html;charset=UTF-8' }

/** Answers `PATH` with the given answers in turn, the last one for ever. */
function inTurn(...answers: readonly (() => Response | Promise<Response>)[]): Handler {
  return ({ path, nth }) => (path === PATH ? (answers[nth] ?? answers.at(-1))?.() : undefined)
}

const ok = () => json({ students: {} })
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  )

afterEach(() => {
  vi.useRealTimers()
})

describe('a request', () => {
  it('carries the token, asks for JSON, follows no redirect and encodes its query once', async () => {
    const seen: { url: string; init: RequestInit }[] = []
    const server = fakeServer(inTurn(ok))
    const { client } = fakeClient({
      fetch(url, init) {
        seen.push({ url, init })
        return server.fetch(url, init)
      },
    })
    await client.getJson(PATH, { page: 2, q: 'name.last_name==O Day;id=gt=7' })
    const { url, init } = seen[1] ?? { url: '', init: {} }
    expect(url).toBe(`https://sis.example.org${PATH}?page=2&q=name.last_name%3D%3DO%20Day%3Bid%3Dgt%3D7`)
    expect(init.redirect).toBe('manual')
    expect(new Headers(init.headers).get('accept')).toBe('application/json')
    expect(new Headers(init.headers).get('authorization')).toBe('Bearer token-1')
  })

  it('shares one token among fifty at a time', async () => {
    const server = fakeServer(inTurn(ok))
    const { client } = fakeClient(server)
    await Promise.all(Array.from({ length: 50 }, () => client.getJson(PATH)))
    expect(server.tokenRequests).toBe(1)
    expect(client.requests).toBe(50)
  })

  it('never exceeds the concurrency', async () => {
    const server = fakeServer(inTurn(ok))
    const { client } = fakeClient(server, { concurrency: 3 })
    await Promise.all(Array.from({ length: 20 }, () => client.getJson(PATH)))
    expect(server.peak).toBe(3)
  })

  it('keeps the least gap between starts', async () => {
    const starts: number[] = []
    const server = fakeServer(inTurn(ok))
    const { client, clock } = fakeClient(
      {
        fetch(url, init) {
          starts.push(clock.now())
          return server.fetch(url, init)
        },
      },
      { minIntervalMs: 250 },
    )
    await Promise.all(Array.from({ length: 6 }, () => client.getJson(PATH)))
    const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0))
    expect(gaps).toEqual([250, 250, 250, 250, 250, 250])
  })

  it('gives undefined for 204', async () => {
    const { client } = fakeClient(fakeServer(inTurn(() => new Response(null, { status: 204 }))))
    expect(await client.getJson(PATH)).toBeUndefined()
  })
})

describe('what may pass', () => {
  const brokenBody = () => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"students":{"student":[{"name":"Ada'))
        controller.error(new Error('terminated'))
      },
    })
    return new Response(stream, { headers: { 'content-type': 'application/json' } })
  }

  it.each([
    ['429', () => new Response('', { status: 429 }), 'powerschool-busy'],
    ['500', () => json({ message: 'Ada Example' }, { status: 500 }), 'powerschool-unavailable'],
    ['503', () => new Response('', { status: 503 }), 'powerschool-unavailable'],
    [
      'a redirect',
      () => new Response('', { status: 302, headers: { location: 'https://message.example.org/?server=sis' } }),
      'powerschool-unavailable',
    ],
    ['a web page', () => new Response('<html>Ada Example</html>', { headers: html }), 'powerschool-unavailable'],
    [
      'XML',
      () => new Response('<students/>', { headers: { 'content-type': 'application/xml' } }),
      'powerschool-unavailable',
    ],
    [
      'JSON that is cut off',
      () => new Response('{"students":{"student":[{"name":"Ada Exa'),
      'powerschool-broken-answer',
    ],
    ['an empty body', () => new Response(''), 'powerschool-broken-answer'],
    ['a body that breaks off', brokenBody, 'powerschool-broken-answer'],
    [
      'no connection',
      () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })),
      'powerschool-unreachable',
    ],
  ] as const)('%s is tried again', async (_, answer, code) => {
    const server = fakeServer(inTurn(answer, answer, ok))
    const { client, clock, lines } = fakeClient(server)
    expect(await client.getJson(PATH)).toEqual({ students: {} })
    expect(server.log).toHaveLength(3)
    expect(clock.slept.length).toBeGreaterThan(0)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'powerschool-retry', path: PATH, code, attempt: 1 },
      { event: 'powerschool-retry', path: PATH, code, attempt: 2 },
    ])
  })

  it.each([
    ['503', () => new Response('', { status: 503 }), 'powerschool-unavailable', 'with 503'],
    [
      'a redirect',
      () => new Response('', { status: 302, headers: { location: 'https://message.example.org/?server=sis' } }),
      'powerschool-unavailable',
      'a redirect (302) to message.example.org',
    ],
    [
      'a web page',
      () => new Response('<html>Ada Example</html>', { headers: html }),
      'powerschool-unavailable',
      'a web page',
    ],
    [
      'JSON that is cut off',
      () => new Response('{"students":{"student":[{"name":"Ada Example'),
      'powerschool-broken-answer',
      'not whole JSON',
    ],
    [
      'no connection',
      () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } })),
      'powerschool-unreachable',
      'ENOTFOUND',
    ],
  ] as const)('%s ends with its code after the last attempt', async (_, answer, code, text) => {
    const server = fakeServer(inTurn(answer))
    const { client } = fakeClient(server, { maxAttempts: 4 })
    const failure = await failureOf(client.getJson(PATH, { q: 'name.last_name==Example' }))
    expect(failure).toBeInstanceOf(BridgeError)
    expect(failure).toMatchObject({
      code,
      message: expect.stringContaining(text),
      remedy: expect.stringMatching(/\w+/),
    })
    expect(`${failure}`).toContain(PATH)
    expect(`${failure}`).toContain('4 times')
    expect(server.log).toHaveLength(4)
  })

  it('backs off exponentially with full jitter', async () => {
    const server = fakeServer(inTurn(() => new Response('', { status: 503 })))
    const { client, clock } = fakeClient(server, { random: () => 0.5 })
    await failureOf(client.getJson(PATH))
    expect(clock.slept).toEqual([250, 500, 1000, 2000, 4000])
  })

  it('asks again when the reader finds the body broken', async () => {
    const server = fakeServer(inTurn(() => json({ errorMessage: { message: 'odd' } }), ok))
    const { client } = fakeClient(server)
    const read = (body: unknown) => {
      if (JSON.stringify(body).includes('odd')) throw new BridgeError('powerschool-broken-answer', 'odd')
      return 'read'
    }
    expect(await client.get(PATH, { read })).toBe('read')
    expect(server.log).toHaveLength(2)
  })

  it('gives up a request that takes too long, even one whose fetch does not listen', async () => {
    vi.useFakeTimers()
    const server = fakeServer(inTurn(() => new Promise<Response>(() => {}), ok))
    const { client } = fakeClient(server, { timeoutMs: 1000 })
    const answer = client.getJson(PATH)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await answer).toEqual({ students: {} })
    expect(server.log).toHaveLength(2)
  })
})

describe('a wait hint', () => {
  const busy =
    (headers: Record<string, string>, text = '', status = 429) =>
    () =>
      new Response(text, { status, headers })

  it.each([
    ['Retry-After in seconds', busy({ 'retry-after': '7' }), 7000],
    ['Retry-After as a date', busy({ 'retry-after': 'Thu, 15 Jan 2026 08:00:20 GMT' }), 20_000],
    ['a text with 400', busy({}, 'There were too many requests. Please wait 3 seconds.', 400), 3000],
    ['a message with 403', busy({}, '{"message":"Too many requests: wait at least 12 seconds"}', 403), 12_000],
    ['a text with 503', busy({}, 'Too many requests, try again in 2 minutes', 503), 120_000],
    ['Retry-After with 503', busy({ 'retry-after': '5' }, '', 503), 5000],
    ['a text with 401', busy({}, 'Too many requests, wait 4 seconds', 401), 4000],
  ])('in %s is kept', async (_, answer, waitMs) => {
    const server = fakeServer(inTurn(answer, ok))
    const { client, clock } = fakeClient(server, { random: () => 0 })
    await client.getJson(PATH)
    expect(clock.slept).toEqual([waitMs])
    expect(server.tokenRequests).toBe(1)
  })

  it('holds back the other requests too', async () => {
    const starts: [string, number][] = []
    const server = fakeServer(({ path, nth }) => {
      if (path === PATH && nth === 0) return new Response('', { status: 429, headers: { 'retry-after': '30' } })
      return path.startsWith('/ws/') ? ok() : undefined
    })
    const { client, clock } = fakeClient(
      {
        fetch(url, init) {
          starts.push([new URL(url).pathname, clock.now()])
          return server.fetch(url, init)
        },
      },
      { concurrency: 2, random: () => 0 },
    )
    const startMs = clock.now()
    await Promise.all([PATH, '/ws/v1/a', '/ws/v1/b', '/ws/v1/c', '/ws/v1/d'].map((path) => client.getJson(path)))
    const early = starts.filter(([, ms]) => ms < startMs + 30_000).map(([path]) => path)
    expect(early).toEqual(['/oauth/access_token', PATH, '/ws/v1/a'])
    expect(starts).toHaveLength(7)
  })

  it.each([0, 250])('is not lengthened by a clock that is set back (gap %i)', async (minIntervalMs) => {
    const HOUR_MS = 3_600_000
    const server = fakeServer(
      inTurn(
        ok,
        () => {
          clock.advance(-HOUR_MS)
          return new Response('', { status: 429, headers: { 'retry-after': '30' } })
        },
        ok,
        () => {
          clock.advance(-HOUR_MS)
          return ok()
        },
        ok,
      ),
    )
    const { client, clock } = fakeClient(server, { minIntervalMs, random: () => 0 })
    for (let request = 0; request < 4; request += 1) await client.getJson(PATH)
    expect(server.log).toHaveLength(5)
    expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(30_000 + 6 * 500)
  })

  it('is slept off once, even if the clock is set back meanwhile', async () => {
    const server = fakeServer(inTurn(() => new Response('', { status: 429, headers: { 'retry-after': '30' } }), ok))
    const slept: number[] = []
    const { client, clock } = fakeClient(server, {
      random: () => 0,
      async sleep(ms) {
        slept.push(ms)
        clock.advance(-3_600_000)
      },
    })
    await client.getJson(PATH)
    expect(slept).toEqual([30_000])
  })

  it('longer than ten minutes ends the request, which says how long', async () => {
    const server = fakeServer(inTurn(busy({ 'retry-after': '3600' })))
    const { client } = fakeClient(server)
    expect(await failureOf(client.getJson(PATH))).toMatchObject({ code: 'powerschool-busy', retryAfterMs: 3_600_000 })
    expect(server.log).toHaveLength(1)
  })

  it('of a server with a request interval is learnt from: few requests come too early', async () => {
    let lastMs = Number.NEGATIVE_INFINITY
    let rejections = 0
    const server = fakeServer(inTurn(ok))
    const { client, clock } = fakeClient({
      fetch(url, init) {
        const isEarly = clock.now() - lastMs < 400
        lastMs = clock.now()
        if (!url.endsWith(PATH) || !isEarly) return server.fetch(url, init)
        rejections += 1
        return json({ message: 'Too many requests. Please wait 1 seconds.' }, { status: 403 })
      },
    })
    await Promise.all(Array.from({ length: 400 }, () => client.getJson(PATH)))
    expect(server.log).toHaveLength(400)
    // Each of the few doublings costs those that were under way.
    expect(rejections).toBeLessThan(30)
    expect(clock.slept.reduce((sum, ms) => sum + ms)).toBeLessThan(400 * 1000)
  })
})

describe('401', () => {
  const expired = () =>
    new Response('', {
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="invalid_token",realm="PowerSchool"' },
    })

  it('leads to one fresh token, and no wait', async () => {
    const server = fakeServer(({ path, token }) =>
      path === PATH ? (token === 'token-1' ? expired() : ok()) : undefined,
    )
    const { client, clock } = fakeClient(server)
    await Promise.all(Array.from({ length: 8 }, () => client.getJson(PATH)))
    expect(server.tokenRequests).toBe(2)
    expect(clock.slept).toEqual([])
  })

  it('again with the fresh token is a matter of credentials', async () => {
    const server = fakeServer(inTurn(expired))
    const { client } = fakeClient(server)
    expect(await failureOf(client.getJson(PATH))).toMatchObject({ code: 'powerschool-credentials' })
    expect(server.log).toHaveLength(2)
    expect(server.tokenRequests).toBe(2)
  })

  it('for a missing right is told with its remedy and not tried again', async () => {
    const body = { errorMessage: { message: 'Plugin is missing required accessLevelV1Api READ permission' } }
    const server = fakeServer(inTurn(() => json(body, { status: 401 })))
    const { client } = fakeClient(server)
    expect(await failureOf(client.getJson(PATH))).toMatchObject({
      code: 'powerschool-rights',
      remedy: expect.stringMatching(/Plugin Management.*Data Provider Configuration.*READ/),
    })
    expect(server.log).toHaveLength(1)
    expect(server.tokenRequests).toBe(1)
  })

  it('of the token endpoint is not tried again', async () => {
    const server = fakeServer(({ path }) =>
      path === '/oauth/access_token' ? json({ error: 'invalid_client' }, { status: 401 }) : undefined,
    )
    const { client } = fakeClient(server)
    expect(await failureOf(client.getJson(PATH))).toMatchObject({ code: 'powerschool-credentials' })
    expect(server.tokenRequests).toBe(1)
  })
})

describe('a refusal', () => {
  it.each([
    [
      'the message of a schema error',
      400,
      { message: 'Invalid field specified: foo is not valid column for table: Students' },
      'foo is not valid column',
    ],
    ['the message of a v1 error', 404, { errorMessage: { message: 'Resource not found' } }, 'Resource not found'],
    [
      'the fields',
      403,
      {
        message: 'Validation Failed',
        errors: [{ resource: 'q', field: 'students.dob', code: 'No access to the field' }],
      },
      'students.dob: No access to the field',
    ],
    ['nothing but the status of another body', 405, ['Ada'], 'with 405'],
  ])('is told with %s, at once', async (_, status, body, text) => {
    const server = fakeServer(inTurn(() => json(body, { status })))
    const { client } = fakeClient(server)
    const failure = await failureOf(client.getJson(PATH))
    expect(failure).toMatchObject({
      code: 'powerschool-refused',
      message: expect.stringContaining(text),
      remedy: expect.stringMatching(/\w+/),
    })
    expect(`${failure}`).toContain(PATH)
    expect(server.log).toHaveLength(1)
  })

  it.each([
    "Invalid number 'Lovelace' passed for comparison",
    'Lovelace is no number',
    'Student Lovelace with ada@example.org or 20090102 or 2009-01-02 not found',
    `Bad value "Lovelace" ${'x'.repeat(5000)}`,
  ])('tells nothing about a person: %s', async (message) => {
    const { client } = fakeClient(fakeServer(inTurn(() => json({ message }, { status: 400 }))))
    const failure = await failureOf(client.getJson(PATH, { q: 'enroll_status==A;name.last_name==(Lovelace,Byron)' }))
    expect(`${failure}`).not.toMatch(/Lovelace|ada@|2009/)
    expect(`${failure}`.length).toBeLessThan(400)
  })
})

describe('a stop', () => {
  it('ends a request under way, a waiting one and one that backs off', async () => {
    const whole = new AbortController()
    const hanging = fakeServer(inTurn(() => new Promise<Response>(() => {})))
    const { client } = fakeClient(hanging, { concurrency: 1, signal: whole.signal })
    const both = [client.getJson(PATH), client.getJson(PATH)].map(failureOf)
    const failing = fakeServer(inTurn(() => new Response('', { status: 503 })))
    const { client: other } = fakeClient(failing, { signal: whole.signal, sleep: () => new Promise(() => {}) })
    both.push(failureOf(other.getJson(PATH)))
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
    whole.abort()
    for (const failure of await Promise.all(both)) {
      expect(failure).toMatchObject({ code: 'sync-stopped', message: expect.stringContaining(PATH) })
    }
  })

  it('ends requests that wait for a hint to pass', async () => {
    const call = new AbortController()
    const server = fakeServer(inTurn(() => new Response('', { status: 429, headers: { 'retry-after': '60' } })))
    const { client } = fakeClient(server, { sleep: () => new Promise(() => {}) })
    const failure = failureOf(client.getJson(PATH, {}, call.signal))
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
    call.abort()
    expect(await failure).toMatchObject({ code: 'sync-stopped' })
  })

  it('leaves nothing under way: no sleep, no request for a token', async () => {
    const call = new AbortController()
    const sleeps: (AbortSignal | undefined)[] = []
    const requests: (AbortSignal | null | undefined)[] = []
    const busy = fakeServer(({ path }) =>
      path.startsWith('/ws/') ? new Response('', { status: 429, headers: { 'retry-after': '60' } }) : undefined,
    )
    const { client } = fakeClient(busy, {
      sleep: (_, signal) => {
        sleeps.push(signal)
        return new Promise(() => {})
      },
    })
    const { client: signingIn } = fakeClient({
      fetch(_, init) {
        requests.push(init.signal)
        return new Promise<Response>(() => {})
      },
    })
    const failures = [
      client.getJson(PATH, {}, call.signal),
      client.metadata(call.signal),
      signingIn.metadata(call.signal),
      signingIn.getJson(PATH, {}, call.signal),
    ].map(failureOf)
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
    expect(sleeps.map((signal) => signal?.aborted)).toEqual([false])
    call.abort()
    for (const failure of await Promise.all(failures)) expect(failure).toMatchObject({ code: 'sync-stopped' })
    expect(sleeps.map((signal) => signal?.aborted)).toEqual([true])
    expect(requests.map((signal) => signal?.aborted)).toEqual([true])
  })

  it('of one call leaves the others their wait and their token', async () => {
    const call = new AbortController()
    const server = fakeServer(({ path, nth }) => {
      if (path === PATH && nth === 0) return new Response('', { status: 429, headers: { 'retry-after': '60' } })
      return path === PATH || path === '/ws/v1/a' ? ok() : undefined
    })
    const wake: (() => void)[] = []
    const { client, clock } = fakeClient(server, {
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
          wake.push(() => {
            clock.advance(ms)
            resolve()
          })
        }),
    })
    const turns = async () => {
      for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
    }
    const stopped = failureOf(client.getJson(PATH, {}, call.signal))
    await turns()
    const other = client.getJson('/ws/v1/a')
    await turns()
    call.abort()
    expect(await stopped).toMatchObject({ code: 'sync-stopped' })
    expect(wake).toHaveLength(1)
    wake[0]?.()
    expect(await other).toEqual({ students: {} })
  })

  it('that empties the line does not spoil the wait of a request that comes later', async () => {
    const call = new AbortController()
    const server = fakeServer(inTurn(() => new Response('', { status: 429, headers: { 'retry-after': '60' } }), ok))
    const { client, clock } = fakeClient(server, {
      sleep: (ms, signal) =>
        clock.slept.length === 0
          ? new Promise((_, reject) => {
              clock.slept.push(ms)
              signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
            })
          : clock.sleep(ms),
    })
    const stopped = failureOf(client.getJson(PATH, {}, call.signal))
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
    call.abort()
    await stopped
    expect(await client.getJson(PATH)).toEqual({ students: {} })
    expect(clock.slept).toEqual([60_000, 60_000])
  })

  it('before the start sends nothing', async () => {
    const server = fakeServer(inTurn(ok))
    const { client } = fakeClient(server, { signal: AbortSignal.abort() })
    expect(await failureOf(client.getJson(PATH))).toMatchObject({ code: 'sync-stopped' })
    expect(server.log).toEqual([])
  })
})

describe('secrets and persons', () => {
  it('are in no error, no cause and no log line', async () => {
    const bodies = [
      () => json({ message: "Student 'Ada Lovelace' is odd" }, { status: 500 }),
      () => new Response('{"students":{"student":[{"name":"Ada Lovelace"'),
      () => new Response('<html>Ada Lovelace</html>', { headers: html }),
      () => json({ message: 'Ada Lovelace' }, { status: 429 }),
      () => json({ message: "no 'Ada Lovelace' here" }, { status: 404 }),
    ]
    const { client, lines } = fakeClient(fakeServer(inTurn(...bodies)))
    const told: string[] = []
    let failure = await failureOf(client.getJson(PATH, { q: 'name.last_name==Lovelace' }))
    while (failure instanceof Error) {
      told.push(failure.message, failure.stack ?? '', JSON.stringify(failure))
      failure = failure.cause
    }
    expect(lines).toHaveLength(4)
    expect([...told, ...lines].join('\n')).not.toMatch(new RegExp(`Lovelace|token-\\d|${CLIENT_SECRET}`))
  })
})
