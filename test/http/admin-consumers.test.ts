// The consumers of the admin API: added, shown, changed, rotated and removed as JSON.
import { describe, expect, test } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { DEFAULT_SCOPES } from '../../src/auth/scopes.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN, CONSUMER, PUBLIC_URL } from '../support/known.ts'
import type { Json } from './admin-client.ts'
import { bearer, openSyncedBridge, request } from './support.ts'

const open = () => openTestBridge({ district: createSmallDistrict() })

async function send(bridge: TestBridge, method: string, path = '', body?: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await request(bridge, `/admin/consumers${path}`, {
    method,
    headers: bearer(ADMIN_TOKEN),
    ...(text === undefined ? {} : { body: text }),
  })
  const said = await answer.text()
  return { status: answer.status, headers: answer.headers, body: (said === '' ? {} : JSON.parse(said)) as Json }
}

async function add(bridge: TestBridge, body: Json = { name: 'A vendor' }) {
  const { status, body: added } = await send(bridge, 'POST', '', body)
  if (status !== 201) throw new Error(JSON.stringify(added))
  return { ...added, id: String(added.id), secret: String(added.secret) }
}

async function tokenStatus(bridge: TestBridge, { id, secret }: { id: string; secret: string }): Promise<number> {
  const headers = { authorization: `Basic ${btoa(`${id}:${secret}`)}` }
  return (await request(bridge, '/oauth/token', { method: 'POST', headers })).status
}

const PLAIN = {
  name: 'A vendor',
  source: 'command',
  scopes: DEFAULT_SCOPES,
  schools: null,
  withheld: [],
  switches: [],
  requestsPerMinute: null,
  createdAt: '2025-10-15T18:00:00.000Z',
  rotatedAt: null,
  previousSecretUntil: null,
  expiresAt: null,
}

describe('without the admin token', () => {
  test.each([
    ['GET', '/admin/consumers'],
    ['POST', '/admin/consumers'],
    ['GET', `/admin/consumers/${CONSUMER.id}`],
    ['PATCH', `/admin/consumers/${CONSUMER.id}`],
    ['DELETE', `/admin/consumers/${CONSUMER.id}`],
    ['POST', `/admin/consumers/${CONSUMER.id}/rotate`],
  ])('%s %s does not exist', async (method, path) => {
    const bridge = await open()
    for (const token of ['x', await bridge.token()]) {
      const body = method === 'GET' ? {} : { body: '{"name":"A vendor"}' }
      expect((await request(bridge, path, { method, headers: bearer(token), ...body })).status).toBe(404)
    }
    expect((await send(bridge, 'GET')).body).toMatchObject({ consumers: [{ id: CONSUMER.id }] })
  })
})

describe('a consumer', () => {
  test('is added with 201, tells its secret this once, and can ask at once', async () => {
    const bridge = await open()
    bridge.clock.now += 1_000
    const { status, headers, body } = await send(bridge, 'POST', '', { name: 'A vendor' })
    const created = { id: expect.stringMatching(/^or-/), createdAt: '2025-10-15T18:00:01.000Z' }
    expect([status, body]).toEqual([201, { ...PLAIN, ...created, secret: expect.any(String), notes: [] }])
    expect(headers.get('location')).toBe(`${PUBLIC_URL}/admin/consumers/${body.id}`)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(await tokenStatus(bridge, { id: String(body.id), secret: String(body.secret) })).toBe(200)

    const { secret: _secret, notes: _notes, ...shown } = body
    expect((await send(bridge, 'GET', `/${body.id}`)).body).toEqual(shown)
    const list = await send(bridge, 'GET')
    expect(list).toMatchObject({ status: 200, body: { consumers: [{ id: CONSUMER.id }, shown] } })
    expect(list.headers.get('cache-control')).toBe('no-store')
    const told = JSON.stringify([list.body, bridge.logged])
    for (const hidden of [String(body.secret), CONSUMER.secret, 'pbkdf2', 'aes-256']) expect(told).not.toContain(hidden)
    expect(bridge.logged.some((line) => line.includes('"event":"consumer-added"'))).toBe(true)
  })

  test('is given what is asked', async () => {
    const bridge = await openSyncedBridge({ district: createSmallDistrict() })
    const [school] = await schoolNumbers(bridge)
    const added = await add(bridge, {
      name: 'A vendor',
      scopes: ['v1p2/roster.readonly'],
      schools: [school],
      withheld: ['contacts'],
      switches: ['noOAuth1'],
      requestsPerMinute: 60,
      expiresAt: '2026-06-30',
    })
    expect(added).toMatchObject({
      scopes: ['https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly'],
      schools: [school],
      withheld: ['contacts'],
      switches: ['noOAuth1'],
      requestsPerMinute: 60,
      expiresAt: '2026-07-01T00:00:00.000Z',
      notes: [],
    })
  })

  test('is narrowed to schools that nobody can check before the first snapshot, and the answer says so', async () => {
    expect(await add(await open(), { name: 'A vendor', schools: ['100'] })).toMatchObject({
      schools: ['100'],
      notes: [expect.stringContaining('could not be checked')],
    })
  })

  test('is changed in what is sent, null taking a limit away', async () => {
    const bridge = await open()
    const { id, secret } = await add(bridge, { name: 'A vendor', switches: ['nativeBooleans'] })
    const change = {
      name: 'Another',
      requestsPerMinute: 5,
      expiresAt: '2025-10-15T18:00:01Z',
      withheld: ['demographics'],
    }
    const { status, body } = await send(bridge, 'PATCH', `/${id}`, change)
    const changed = { ...PLAIN, ...change, id, switches: ['nativeBooleans'], expiresAt: '2025-10-15T18:00:01.000Z' }
    expect([status, body]).toEqual([200, changed])
    bridge.clock.now += 1_000
    expect(await tokenStatus(bridge, { id, secret })).toBe(401)
    const freed = await send(bridge, 'PATCH', `/${id}`, { requestsPerMinute: null, expiresAt: null })
    expect(freed.body).toEqual({ ...changed, requestsPerMinute: null, expiresAt: null })
    expect(await tokenStatus(bridge, { id, secret })).toBe(200)
    expect((await send(bridge, 'PATCH', `/${id}`, {})).body).toEqual(freed.body)
  })

  test('that came from the settings is changed, but neither rotated nor removed', async () => {
    const bridge = await open()
    const change = await send(bridge, 'PATCH', `/${CONSUMER.id}`, { requestsPerMinute: 600 })
    expect(change).toMatchObject({ status: 200, body: { source: 'environment', requestsPerMinute: 600 } })
    const refusal = {
      status: 409,
      body: { error: 'from-settings', messages: [expect.stringContaining('ONEROSTER_CLIENT_')] },
    }
    expect(await send(bridge, 'POST', `/${CONSUMER.id}/rotate`)).toMatchObject(refusal)
    expect(await send(bridge, 'DELETE', `/${CONSUMER.id}`)).toMatchObject(refusal)
    expect(await tokenStatus(bridge, CONSUMER)).toBe(200)
  })

  test('is rotated with an overlap of a day, or of what is sent', async () => {
    const bridge = await open()
    const { id, secret: first } = await add(bridge)
    const { status, body } = await send(bridge, 'POST', `/${id}/rotate`)
    expect([status, body]).toEqual([
      200,
      {
        ...PLAIN,
        id,
        rotatedAt: '2025-10-15T18:00:00.000Z',
        previousSecretUntil: '2025-10-16T18:00:00.000Z',
        secret: expect.any(String),
        notes: [],
      },
    ])
    const second = String(body.secret)
    for (const secret of [first, second]) expect(await tokenStatus(bridge, { id, secret })).toBe(200)
    const again = await send(bridge, 'POST', `/${id}/rotate`, { overlapSeconds: 0 })
    expect(again.body).toMatchObject({ previousSecretUntil: null })
    for (const secret of [first, second]) expect(await tokenStatus(bridge, { id, secret })).toBe(401)
    expect(await tokenStatus(bridge, { id, secret: String(again.body.secret) })).toBe(200)
  })

  test('is gone with 204', async () => {
    const bridge = await open()
    const { id, secret } = await add(bridge)
    expect(await send(bridge, 'DELETE', `/${id}`)).toMatchObject({ status: 204, body: {} })
    expect(await tokenStatus(bridge, { id, secret })).toBe(401)
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/rotate'],
    ] as const) {
      const body = method === 'PATCH' ? { name: 'Another' } : undefined
      expect(await send(bridge, method, `/${id}${path}`, body)).toMatchObject({
        status: 404,
        body: { error: 'not-found', messages: [expect.stringContaining('No consumer has this id')] },
      })
    }
  })
})

describe('400 tells what is wrong', () => {
  test.each<[unknown, RegExp]>([
    [undefined, /The body is not JSON/],
    ['', /The body is not JSON/],
    ['{"name"', /The body is not JSON/],
    ['[]', /expected object/],
    ['null', /expected object/],
    [{}, /^name: .*expected string/],
    [{ name: 7 }, /^name: /],
    [{ name: ' ' }, /^A consumer needs a name/],
    [{ name: 'A', scopes: 'roster.readonly' }, /^scopes: .*expected array/],
    [{ name: 'A', scopes: [1] }, /^scopes\.0: /],
    [{ name: 'A', scopes: ['roster.readonyl'] }, /Did you mean `roster\.readonly`\?/],
    [{ name: 'A', withheld: ['contact'] }, /Did you mean `contacts`\?/],
    [{ name: 'A', switches: ['nativeBoolean'] }, /Did you mean `nativeBooleans`\?/],
    [{ name: 'A', requestsPerMinute: '60' }, /^requestsPerMinute: /],
    [{ name: 'A', requestsPerMinute: 0 }, /whole number of requests/],
    [{ name: 'A', expiresAt: 'soon' }, /^expiresAt is neither a day/],
    [{ name: 'A', expiresAt: '2025-10-14' }, /has passed already/],
    [{ name: 'A', schools: [] }, /list of schools is empty/],
    [{ name: 'A', expires: '2026-06-30' }, /Unrecognized key: "expires"/],
  ])('%j', async (body, message) => {
    const bridge = await open()
    expect(await send(bridge, 'POST', '', body)).toMatchObject({
      status: 400,
      body: { error: 'request-invalid', messages: [expect.stringMatching(message)] },
    })
    expect((await send(bridge, 'GET')).body).toMatchObject({ consumers: { length: 1 } })
  })

  test('all of it at once, of shape and of content', async () => {
    const bridge = await openSyncedBridge({ district: createSmallDistrict() })
    const wrong = {
      name: 7,
      scopes: ['nope'],
      withheld: ['x', 'y'],
      switches: 'z',
      requestsPerMinute: -1,
      expiresAt: 'soon',
      schools: ['no-such-school'],
      colour: 'red',
    }
    const { status, body } = await send(bridge, 'POST', '', wrong)
    expect([status, body.messages]).toEqual([400, expect.objectContaining({ length: 9 })])
    expect(String(body.messages)).toMatch(/no school `no-such-school`\. Its schools are \d/)
  })

  test('also where a consumer is changed or rotated', async () => {
    const bridge = await open()
    const { id } = await add(bridge, { name: 'A vendor', schools: ['100'] })
    const change = { name: '', schools: ['200'], withheld: ['contacts'] }
    const lasting = await send(bridge, 'PATCH', `/${id}`, { ...change, name: 'Another' })
    expect(lasting).toMatchObject({
      status: 400,
      body: {
        error: 'request-invalid',
        messages: [expect.stringContaining('schools'), expect.stringContaining('contacts')],
      },
    })
    expect((await send(bridge, 'PATCH', `/${id}`, change)).status).toBe(400)
    for (const body of [{ overlapSeconds: -1 }, { overlapSeconds: '1' }, { overlap: 'PT1H' }, '[', '7']) {
      expect((await send(bridge, 'POST', `/${id}/rotate`, body)).status).toBe(400)
    }
    expect((await send(bridge, 'GET', `/${id}`)).body).toMatchObject({ ...PLAIN, schools: ['100'] })
  })

  test('and 413 where the body is too long', async () => {
    const bridge = await open()
    const { status } = await send(bridge, 'POST', '', { name: 'A vendor', scopes: ['x'.repeat(70_000)] })
    expect(status).toBe(413)
  })
})

async function schoolNumbers(bridge: TestBridge): Promise<readonly string[]> {
  const { orgs } = (await (await bridge.get('/schools')).json()) as { orgs: readonly { identifier: string }[] }
  return orgs.map(({ identifier }) => identifier)
}
