// A hundred thousand random requests: none is answered above 499, none throws, and none shows a record of another school.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createRandom, itemAt } from '../../fixtures/powerschool/random.ts'
import { openSyncedBridge } from '../http/support.ts'
import { CONSUMER, PUBLIC_URL } from '../support/known.ts'
import { addConsumer } from './consumers.ts'
import { liveOn } from './district-life.ts'
import { createFuzz, type FuzzRequest } from './fuzz.ts'
import { watchFor } from './leaks.ts'
import { type SdsData, startSds } from './sds.ts'
import { SDS_RESOURCES } from './sds-contract.ts'
import { fetchToken } from './tokens.ts'
import { serve } from './wire.ts'

const IN_PROCESS = 100_000
const BY_WIRE = 3_000
const TIME_LIMIT_MS = 300_000
/** Servers, proxies and clients bound headers, and Link repeats the address four times. */
const LONGEST_ON_WIRE = 12_000

const bridge = await openSyncedBridge({
  district: createDistrict({ students: 60, seed: 36, perStudentEnrollments: 3, today: '2026-11-18' }),
})
const wire = await serve(bridge)
const schools = [...(await (await startSds(wire)).fullPull()).orgs.values()].filter(({ type }) => type === 'school')
const narrowed = (place: number) =>
  addConsumer(wire, { name: `school ${place}`, schools: [schools[place]?.sourcedId ?? ''] })
// The whole one asks in between, so that whatever is kept for it would show if it were given to another.
const consumers = [CONSUMER, await narrowed(0), await narrowed(1)]
await bridge.syncNow()
const pull = () => Promise.all(consumers.map(async (credentials) => (await startSds(wire, { credentials })).fullPull()))
const views: (readonly SdsData[])[] = [await pull()]
for (let run = 0; run < 2; run += 1) {
  // People move, so that there are tombstones in every view.
  bridge.clock.now += 60_000
  liveOn(bridge.district, createRandom(run))
  await bridge.syncNow()
  views.push(await pull())
}
const seenBy = (place: number) => views.map((view) => itemAt(view, place))
const watches = consumers.map((_, place) => watchFor(seenBy(0), seenBy(place)))
const material = {
  consumers: await Promise.all(
    consumers.map(async (credentials) => ({ credentials, token: await fetchToken(wire, { credentials }) })),
  ),
  ids: SDS_RESOURCES.flatMap((list) => [...itemAt(seenBy(0), 2)[list].keys()]),
  nowMs: bridge.clock.now,
  publicUrl: PUBLIC_URL,
}

describe('random requests', () => {
  test('have something to find that must not be shown', () => {
    expect(watches.map(({ hidden }) => hidden.size > 100)).toEqual([false, true, true])
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
        const { status, headers, text } = await unpacked(await bridge.app.fetch(request))
        statuses[status] = (statuses[status] ?? 0) + 1
        const fault = itemAt(watches, asked.who).faultOf({ status, total: headers.get('x-total-count'), text })
        if (fault !== undefined) faults.push(`${fault}: ${told(asked)}`)
      } catch (error) {
        faults.push(`threw ${error}: ${told(asked)}`)
      }
    }
    console.log(`${tried} random requests: ${JSON.stringify(statuses)}`)
    expect(faults).toEqual([])
    // Enough are good enough to be answered, so that there is something to leak.
    expect(statuses[200]).toBeGreaterThan(IN_PROCESS / 10)
  })

  test(`${BY_WIRE} as raw HTTP, some GETs with a body`, { timeout: TIME_LIMIT_MS }, async () => {
    const random = createRandom(2027)
    const next = createFuzz(random, material)
    const faults: string[] = []
    for (let tried = 0; tried < BY_WIRE && faults.length < 10; tried += 1) {
      const asked = next()
      if (asked.path.length > LONGEST_ON_WIRE) continue
      const body = asked.body ?? (random.chance(0.1) ? '{"a":' : undefined)
      const method = asked.method.toUpperCase()
      const { status, headers, text } = await wire.send(`${PUBLIC_URL}${asked.path}`, {
        // A method that HTTP's parser knows.
        method: method === 'FOO' ? 'SEARCH' : method,
        headers: asked.headers,
        ...(body === undefined ? {} : { body }),
      })
      const total = String(headers['x-total-count'] ?? '')
      const fault = itemAt(watches, asked.who).faultOf({ status, total, text })
      if (fault !== undefined) faults.push(`${fault}: ${told(asked)}`)
    }
    expect(faults).toEqual([])
  })
})

/** The text of an answer, which may have come as gzip. */
async function unpacked(answer: Response) {
  const { status, headers, body } = answer
  const isPacked = headers.get('content-encoding') === 'gzip' && body !== null
  const text = await (isPacked ? new Response(body.pipeThrough(new DecompressionStream('gzip'))) : answer).text()
  return { status, headers, text }
}

function requestOf({ path, method, headers, body }: FuzzRequest): Request | undefined {
  try {
    return new Request(`${PUBLIC_URL}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  } catch {
    // The Request constructor refuses what fetch could not send.
    return undefined
  }
}

function told({ who, path, method, headers, body = '' }: FuzzRequest): string {
  const { authorization = '', ...others } = headers
  const isGood = authorization === `Bearer ${material.consumers[who]?.token}`
  const shown = isGood ? `the good token of consumer ${who}` : authorization.slice(0, 200)
  return `${method} ${path} ${JSON.stringify(others)} ${shown} ${body}`.slice(0, 600)
}
