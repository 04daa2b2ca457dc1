// The clients against a bridge that runs as a process of its own, with the real clock, on a port of this machine.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../fixtures/powerschool/random.ts'
import { syncToEnd } from '../e2e/consumer.ts'
import { CONSUMER, startPowerSchool } from '../e2e/powerschool.ts'
import { dataDir, type Server, startServer, until, untilReady } from '../e2e/processes.ts'
import { CLASSLINK_ENDPOINTS, pullExactly } from './classlink.ts'
import { addConsumer } from './consumers.ts'
import { liveOn } from './district-life.ts'
import { startClassroom } from './google-classroom.ts'
import { LIBRARIES, sign, signingClient } from './oauth1.ts'
import { linksAt, recordsOf } from './read.ts'
import { applyDelta, inOrder, startSds } from './sds.ts'
import { SDS_RESOURCES } from './sds-contract.ts'
import { bearer, fetchToken } from './tokens.ts'
import { type Wire, wireTo } from './wire.ts'

const PUBLIC_URL = 'https://roster.example.org'
/** The bridge's clock is the real one, and publishes are stamped behind it. */
const now = () => Date.now()

async function startBridge(settings: Readonly<Record<string, string>> = {}) {
  const powerSchool = await startPowerSchool({ students: 120 })
  const folder = dataDir()
  const environment = { ...powerSchool.environment(folder), PUBLIC_URL, PUBLISH_QUIET: 'PT0S', ...settings }
  const server = await startServer(environment)
  await untilReady(server)
  return { powerSchool, environment, server, wire: wireOf(server) }
}

function wireOf({ url }: Server): Wire {
  return wireTo({ port: Number(new URL(url).port), publicUrl: PUBLIC_URL })
}

const started = (wire: Wire) => startSds(wire, { credentials: CONSUMER })

describe('a running bridge', () => {
  it('serves School Data Sync by OAuth 2: a full pull, and deltas that amount to the next one', async () => {
    const { powerSchool, server, wire } = await startBridge()
    const random = createRandom(21)
    const sds = await started(wire)
    let since = new Date(now()).toISOString()
    let held = await sds.fullPull()
    expect(inOrder(await sds.fullPull(101))).toEqual(inOrder(held))
    let tombstones = 0
    for (let run = 0; run < 2; run += 1) {
      liveOn(powerSchool.district, random)
      expect(await syncToEnd(server)).toMatchObject({ status: 'success' })
      const next = new Date(now()).toISOString()
      const later = await started(wire)
      const delta = await later.deltaPull(since, run === 0 ? 'link' : 'total')
      tombstones += Object.values(delta)
        .flat()
        .filter(({ status }) => status === 'tobedeleted').length
      held = applyDelta(held, delta)
      expect(inOrder(held)).toEqual(inOrder(await later.fullPull()))
      since = next
    }
    expect(tombstones).toBeGreaterThan(3)
  })

  it('serves signers with SHA-1 and SHA-256, and refuses a nonce again after kill -9', async () => {
    const { server, wire, environment } = await startBridge()
    const pulled = inOrder(await (await started(wire)).fullPull())
    for (const library of [LIBRARIES.sds, LIBRARIES.ruby, LIBRARIES.node]) {
      const client = signingClient(wire, library, { now, credentials: CONSUMER })
      for (const endpoint of CLASSLINK_ENDPOINTS) {
        expect(await pullExactly(client, endpoint, 1000)).toHaveLength(pulled[endpoint]?.length ?? 0)
      }
      const filtered = await client.get('/users', { filter: "role='student' AND familyName!='O'Brien (A)'" })
      expect(recordsOf(filtered, 'users').length).toBeGreaterThan(0)
    }

    const address = `${PUBLIC_URL}/ims/oneroster/v1p1/orgs`
    const request = sign(LIBRARIES.python, address, [], { credentials: CONSUMER, nowMs: now(), nonce: 'before-kill' })
    const send = (on: Wire) => on.send(request.address, { headers: { authorization: request.authorization } })
    expect((await send(wire)).status).toBe(200)
    await server.kill()
    const again = wireOf(await startServer(environment))
    expect((await send(again)).status).toBe(401)
    const fresh = sign(LIBRARIES.python, address, [], { credentials: CONSUMER, nowMs: now(), nonce: 'after-kill' })
    expect((await again.send(fresh.address, { headers: { authorization: fresh.authorization } })).status).toBe(200)
  })

  it('serves Google Classroom over 1.2, whose reads carry a body', async () => {
    const { wire } = await startBridge()
    const pulled = await (await started(wire)).fullPull()
    const teachers = new Set(
      [...pulled.enrollments.values()]
        .filter(({ role }) => role === 'teacher')
        .map((one) => linksAt(one, 'user')[0]?.sourcedId),
    )
    const [teacher] = [...pulled.users.values()].filter(
      ({ sourcedId, email }) => teachers.has(sourcedId) && typeof email === 'string',
    )
    const classroom = await startClassroom(wire, '1.2', CONSUMER)
    const { classes } = await classroom.connectTeacher(String(teacher?.email))
    expect(classes.length).toBeGreaterThan(0)
    expect(classes.flatMap(({ students }) => students).length).toBeGreaterThan(0)
  })

  it('answers every client while it syncs', async () => {
    const { powerSchool, server, wire } = await startBridge()
    const random = createRandom(22)
    const held = await (await started(wire)).fullPull()
    const since = new Date(now()).toISOString()
    liveOn(powerSchool.district, random)
    const syncing = { isOver: false }
    const sync = syncToEnd(server).finally(() => {
      syncing.isOver = true
    })
    let pulls = 0
    const read = async (encoding: string) => {
      while (!syncing.isOver) {
        const sds = await startSds(wire, { credentials: CONSUMER, encoding })
        // A page alone, because a publish may come between two of them.
        for (const resource of SDS_RESOURCES) await sds.get(`/${resource}?limit=5000&filter=status='active'`)
        await sds.get(`/users?filter=dateLastModified>'${since}'`)
        pulls += 1
      }
    }
    await Promise.all([read('gzip'), read('identity'), sync])
    expect(await sync).toMatchObject({ status: 'success' })
    expect(pulls).toBeGreaterThan(1)
    const sds = await started(wire)
    const applied = applyDelta(held, await sds.deltaPull(since, 'total'))
    expect(inOrder(applied)).toEqual(inOrder(await sds.fullPull()))
  })

  it('prepares the roster of a new consumer at its first request, without a sync', async () => {
    const { wire } = await startBridge()
    const whole = await (await started(wire)).fullPull()
    const [school] = [...whole.orgs.values()].filter(({ type }) => type === 'school')
    const credentials = await addConsumer(wire, { name: 'at once', schools: [String(school?.sourcedId)] })
    const token = await fetchToken(wire, { credentials })
    const statuses: number[] = []
    const answer = await until(async () => {
      const asked = await wire.send(`${PUBLIC_URL}/ims/oneroster/v1p1/classes?limit=5000`, { headers: bearer(token) })
      if (asked.status === 503) expect(asked.headers['retry-after']).toMatch(/^\d+$/)
      statuses.push(asked.status)
      return asked.status !== 503 && asked
    })
    const own = [...whole.classes.values()].filter((one) => linksAt(one, 'school')[0]?.sourcedId === school?.sourcedId)
    expect(recordsOf(answer, 'classes')).toHaveLength(own.length)
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([])
  })

  it('takes a consumer in while it runs, and narrows it to its school', async () => {
    const { server, wire } = await startBridge()
    const whole = await (await started(wire)).fullPull()
    const [school] = [...whole.orgs.values()].filter(({ type }) => type === 'school')
    const credentials = await addConsumer(wire, { name: 'late', schools: [String(school?.identifier)] })
    expect(await syncToEnd(server)).toMatchObject({ status: 'success' })
    const sds = await startSds(wire, { credentials })
    const seen = await sds.fullPull()
    for (const resource of SDS_RESOURCES) expect(seen[resource].size).toBeGreaterThan(0)
    expect(seen.enrollments.size).toBeLessThan(whole.enrollments.size)
    const places = [...seen.enrollments.values()].map((record) => linksAt(record, 'school')[0]?.sourcedId)
    expect(new Set(places)).toEqual(new Set([school?.sourcedId]))
  })
})
