// A hundred thousand random requests: none is answered above 499, none throws, and none shows a record of another school.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createRandom } from '../../fixtures/powerschool/random.ts'
import { openSyncedBridge } from '../http/support.ts'
import { ADMIN_TOKEN, PUBLIC_URL } from '../support/bridge.ts'
import { addConsumer } from './consumers.ts'
import { liveOn } from './district-life.ts'
import { createFuzz, type FuzzRequest } from './fuzz.ts'
import type { Entity } from './read.ts'
import { type SdsData, startSds } from './sds.ts'
import { fetchToken } from './tokens.ts'
import { serve } from './wire.ts'

const IN_PROCESS = 100_000
const BY_WIRE = 3_000
const TIME_LIMIT_MS = 300_000

const bridge = await openSyncedBridge({
  district: createDistrict({ students: 60, seed: 36, perStudentEnrollments: 3, today: '2026-11-18' }),
})
const wire = await serve(bridge)
const whole = await startSds(wire)
const [school] = [...(await whole.fullPull()).orgs.values()].filter(({ type }) => type === 'school')
const narrowed = await addConsumer(wire, { name: 'one school', schools: [school?.sourcedId ?? ''] })
await bridge.syncNow()
// People move, so that there are tombstones in both views.
const seen: SdsData[] = []
for (let run = 0; run < 2; run += 1) {
  seen.push(await (await startSds(wire, { credentials: narrowed })).fullPull())
  bridge.clock.now += 60_000
  liveOn(bridge.district, createRandom(run))
  await bridge.syncNow()
}
seen.push(await (await startSds(wire, { credentials: narrowed })).fullPull())
const everything = await whole.fullPull()

const records = (views: readonly SdsData[]) =>
  views.flatMap((view) => Object.values(view)).flatMap((list: ReadonlyMap<string, Entity>) => [...list.values()])
/** Every text of a record but its time, which tombstones and the state of the bridge have too. */
const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => (name === 'dateLastModified' ? [] : textsOf(member)))
}
/** What only records that the consumer never could see hold: their ids, names, addresses, numbers. */
const seenTexts = new Set(records(seen).flatMap(textsOf))
const secrets = new Set(
  records([everything])
    .flatMap(textsOf)
    .filter((text) => text.length > 3 && !seenTexts.has(text)),
)
const most = new Map(
  Object.keys(everything).map((list) => [
    list,
    new Set(
      records(seen.map((view) => ({ [list]: view[list as keyof SdsData] }) as unknown as SdsData)).map(
        ({ sourcedId }) => sourcedId,
      ),
    ).size,
  ]),
)
const material = {
  tokens: [await fetchToken(wire, { credentials: narrowed })],
  credentials: narrowed,
  ids: records([everything]).map(({ sourcedId }) => sourcedId),
  nowMs: bridge.clock.now,
  publicUrl: PUBLIC_URL,
}

/** What is wrong with an answer; undefined when nothing is. */
function faultOf(status: number, total: string | null | undefined, text: string): string | undefined {
  if (status > 499) return `answered ${status}`
  if (
    text.includes(ADMIN_TOKEN) ||
    /SQLITE|no such (?:column|table)|unrecognized token|node:internal|\.ts:\d/i.test(text)
  )
    return 'shows our insides'
  if (status !== 200) return undefined
  for (const [, written = ''] of text.matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
    if (secrets.has(written)) return `shows ${written}`
  }
  const [, list = ''] = /^\{"(\w+)":\[/.exec(text) ?? []
  const limit = most.get(list)
  return limit !== undefined && Number(total) > limit ? `counts ${total} ${list} of ${limit}` : undefined
}

function told({ path, method, headers, body = '' }: FuzzRequest): string {
  const { authorization = '', ...others } = headers
  const isWhole = material.tokens.some((token) => authorization === `Bearer ${token}`)
  const shown = isWhole ? 'a good token' : authorization.slice(0, 200)
  return `${method} ${path} ${JSON.stringify(others)} ${shown} ${body}`.slice(0, 600)
}

describe('random requests', () => {
  test('there is something that must not be shown', () => {
    expect(secrets.size).toBeGreaterThan(100)
    expect(most.get('users')).toBeLessThan(everything.users.size)
  })

  test(`${IN_PROCESS} in one process`, { timeout: TIME_LIMIT_MS }, async () => {
    const next = createFuzz(createRandom(2026), material)
    const faults: string[] = []
    const statuses: Record<number, number> = {}
    let tried = 0
    while (tried < IN_PROCESS && faults.length < 10) {
      const asked = next()
      const request = requestOf(asked)
      // The platform itself refuses a few: they cannot be sent.
      if (request === undefined) continue
      tried += 1
      try {
        const answer = await bridge.app.fetch(request)
        const fault = faultOf(answer.status, answer.headers.get('x-total-count'), await answer.text())
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
        if (fault !== undefined) faults.push(`${fault}: ${told(asked)}`)
      } catch (error) {
        faults.push(`threw ${error}: ${told(asked)}`)
      }
    }
    console.log(`${tried} random requests: ${JSON.stringify(statuses)}`)
    expect(faults).toEqual([])
    // Most are good enough to be answered, so that there is something to leak.
    expect(statuses[200]).toBeGreaterThan(IN_PROCESS / 10)
  })

  test(`${BY_WIRE} as raw HTTP, some GETs with a body`, { timeout: TIME_LIMIT_MS }, async () => {
    const random = createRandom(2027)
    const next = createFuzz(random, material)
    const faults: string[] = []
    for (let tried = 0; tried < BY_WIRE && faults.length < 10; tried += 1) {
      const asked = next()
      const body = asked.body ?? (random.chance(0.1) ? '{"a":' : undefined)
      const method = asked.method.toUpperCase()
      const { status, headers, text } = await wire.send(`${PUBLIC_URL}${asked.path}`, {
        method: /^(?:FOO)$/.test(method) ? 'SEARCH' : method,
        headers: asked.headers,
        ...(body === undefined ? {} : { body }),
      })
      const fault = faultOf(status, String(headers['x-total-count']), text)
      if (fault !== undefined) faults.push(`${fault}: ${told(asked)}`)
    }
    expect(faults).toEqual([])
  })
})

function requestOf({ path, method, headers, body }: FuzzRequest): Request | undefined {
  try {
    return new Request(`${PUBLIC_URL}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  } catch {
    // The Request constructor refuses what fetch could not send.
    return undefined
  }
}
