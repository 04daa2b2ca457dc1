// The server as a real process: how it starts, ends, is killed and comes back.
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { createRandom, type Random } from '../../fixtures/powerschool/random.ts'
import { BASE } from '../support/known.ts'
import { differences, drain } from '../support/roster.ts'
import { admin, consumerOf, endOf, syncToEnd } from './consumer.ts'
import { type RunningPowerSchool, startPowerSchool } from './powerschool.ts'
import { dataDir, linesOf, type Server, spawnNode, startServer, untilReady } from './processes.ts'

/** As many pages as are under way at a time may be cut short, and so be asked for twice, and the counts of their lists. */
const CONCURRENCY = 4

/** Every request from the nth on waits until it is released. */
function holdFrom(powerSchool: RunningPowerSchool, nth: number) {
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  powerSchool.onRequest = (count) => {
    if (count < nth) return
    reached.resolve()
    return released.promise
  }
  return {
    reached: reached.promise,
    release: () => {
      powerSchool.onRequest = () => {}
      released.resolve()
    },
  }
}

const rowRequests = ({ requests }: RunningPowerSchool) =>
  requests.all.map(({ path, search }) => path + search).filter((path) => /^\/ws\/v1\/(?!metadata)/.test(path))

function expectLittleTwice(powerSchool: RunningPowerSchool): void {
  const asked = rowRequests(powerSchool)
  const twice = asked.filter((path, place) => asked.indexOf(path) !== place)
  expect(twice.filter((path) => !path.includes('/count')).length).toBeLessThanOrEqual(CONCURRENCY)
  expect(twice.filter((path) => path.includes('/count')).length).toBeLessThanOrEqual(CONCURRENCY)
}

async function expectWhole(powerSchool: RunningPowerSchool, server: { readonly url: string }): Promise<void> {
  expect(differences(expectedRoster(powerSchool.district), await drain(await consumerOf(server)))).toEqual([])
}

describe('npm start', () => {
  it('is alive at once, ready after the first sync, and answers 503 until then', async () => {
    const powerSchool = await startPowerSchool()
    const hold = holdFrom(powerSchool, 1)
    const server = await startServer(powerSchool.environment(dataDir()))
    expect(new URL(server.url).port).not.toBe('0')
    await hold.reached

    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    const waiting = await fetch(`${server.url}/readyz`)
    expect(waiting.status).toBe(503)
    expect(waiting.headers.get('retry-after')).toMatch(/^\d+$/)
    const consumer = await consumerOf(server)
    for (const path of ['/users', '/orgs/x', '/nothing']) {
      const answer = await consumer.get(path)
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
    }

    hold.release()
    await untilReady(server)
    await expectWhole(powerSchool, server)
    const first = await consumer.get('/users?limit=1')
    expect(await first.json()).toMatchObject({
      users: [{ orgs: [{ href: expect.stringContaining(`${server.url}${BASE}/orgs/`) }] }],
    })

    const { code, stdout, stderr } = await server.terminate()
    expect(code).toBe(0)
    expect(stderr).toBe('')
    for (const line of linesOf(stdout)) {
      expect(line).toMatchObject({
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        level: expect.any(String),
        event: expect.any(String),
      })
    }
    expect(linesOf(stdout).map(({ event }) => event)).toEqual(
      expect.arrayContaining(['listening', 'sync-started', 'sync-ended', 'request', 'stopping', 'stopped']),
    )
    expect(stdout).not.toContain(consumer.token)
    expect(stdout).not.toContain(powerSchool.credentials.clientSecret)
  })

  it('ends cleanly on SIGTERM in the middle of a crawl, and goes on from there', async () => {
    const powerSchool = await startPowerSchool()
    const environment = powerSchool.environment(dataDir())
    const hold = holdFrom(powerSchool, 40)
    const server = await startServer(environment)
    await hold.reached
    const { code, stdout } = await server.terminate()
    expect(code).toBe(0)
    expect(linesOf(stdout).at(-1)).toMatchObject({ event: 'stopped' })

    hold.release()
    const again = await startServer(environment)
    await untilReady(again)
    expectLittleTwice(powerSchool)
    expect(again.events().map(({ event }) => event)).toContain('crawl-resumed')
    await expectWhole(powerSchool, again)
  })

  it('ends cleanly on SIGTERM while consumers read', async () => {
    const powerSchool = await startPowerSchool()
    const server = await startServer(powerSchool.environment(dataDir()))
    await untilReady(server)
    const consumer = await consumerOf(server)
    const answers = Array.from({ length: 20 }, async () => (await consumer.get('/enrollments?limit=5000')).status)
    await Promise.race(answers)
    const { code } = await server.terminate()
    expect(code).toBe(0)
    // Connections that consumers keep open are no reason to wait out the whole time to drain.
    const at = (event: string) => Date.parse(String(server.events().find((line) => line.event === event)?.time))
    expect(at('stopped') - at('stopping')).toBeLessThan(4_000)
    const settled = await Promise.allSettled(answers)
    for (const answer of settled) if (answer.status === 'fulfilled') expect(answer.value).toBe(200)
  })

  it('goes on after kill -9 in the middle of a crawl', async () => {
    const powerSchool = await startPowerSchool()
    const environment = powerSchool.environment(dataDir())
    const hold = holdFrom(powerSchool, 60)
    const server = await startServer(environment)
    await hold.reached
    expect((await server.kill()).signal).toBe('SIGKILL')
    const before = rowRequests(powerSchool).length

    hold.release()
    const again = await startServer(environment)
    await untilReady(again)
    expect(before).toBeGreaterThan(50)
    expectLittleTwice(powerSchool)
    await expectWhole(powerSchool, again)
    const { syncs } = (await admin(again, '/syncs')) as unknown as { syncs: { status: string }[] }
    expect(syncs.map(({ status }) => status)).toEqual(['success', 'paused'])
  })

  it('serves the last snapshot at once after kill -9, also while PowerSchool is down', async () => {
    const powerSchool = await startPowerSchool()
    const environment = { ...powerSchool.environment(dataDir()), PUBLIC_URL: 'https://roster.example.org' }
    const server = await startServer(environment)
    await untilReady(server)
    const { token, get } = await consumerOf(server)
    const paths = [
      '/users?limit=7&offset=3',
      '/enrollments?limit=10000',
      '/orgs',
      '/schools',
      "/users?filter=role='teacher'",
    ]
    const read = async (ask: typeof get) =>
      Promise.all(
        paths.map(async (path) => {
          const answer = await ask(path)
          const headers = ['link', 'x-total-count', 'content-type'].map((name) => answer.headers.get(name))
          return [answer.status, ...headers, await answer.text()]
        }),
      )
    const before = await read(get)
    await server.kill()
    await powerSchool.close()

    const again = await startServer(environment)
    expect((await fetch(`${again.url}/readyz`)).status).toBe(200)
    expect(await read((await consumerOf(again, token)).get)).toEqual(before)
    expect(before.every(([status]) => status === 200)).toBe(true)
  })

  it.each([1, 2, 3])('comes back whole from kill -9 at any instant (seed %i)', async (seed) => {
    const random = createRandom(seed)
    const powerSchool = await startPowerSchool({ seed })
    const environment = powerSchool.environment(dataDir())
    const first = await startServer(environment)
    await untilReady(first)
    await first.terminate()
    const requestsOfSync = powerSchool.requests.count()
    const published = `select dcid from students where enroll_status = 0 and last_name is not null
      and schoolid not in (0, 999999)`
    const students = powerSchool.district.db.prepare(published).all()

    const old = expectedRoster(powerSchool.district)
    for (const { dcid } of students.slice(0, 10)) renameStudent(powerSchool.district, Number(dcid), 'Nadia', 'Renamed')
    const now = expectedRoster(powerSchool.district)
    for (let kills = 0; kills < 4; kills += 1) {
      powerSchool.requests.clear()
      const server = await startServer(environment)
      await randomInstant(random, powerSchool, requestsOfSync, server)
      await server.kill()
    }
    // Whatever has happened: a whole snapshot, and one of the two.
    const hold = holdFrom(powerSchool, 0)
    const last = await startServer(environment)
    const roster = await drain(await consumerOf(last))
    expect([differences(old, roster), differences(now, roster)]).toContainEqual([])
    hold.release()
    expect(await syncToEnd(last)).toMatchObject({ status: 'success' })
    await expectWhole(powerSchool, last)
  })
})

/** Resolves at a random request of the crawl, or somewhere in the mapping and publishing behind it. */
async function randomInstant(
  random: Random,
  powerSchool: RunningPowerSchool,
  requestsOfSync: number,
  server: Server,
): Promise<void> {
  // A crawl that goes on where another one was has fewer requests, and may have read its last source.
  const isOver = server.printed(/"source":"section_enrollments"|"event":"sync-ended"/)
  if (random.chance(0.5)) {
    const wanted = random.int(1, requestsOfSync)
    const reached = Promise.withResolvers<void>()
    powerSchool.onRequest = () => {
      if (powerSchool.requests.count() >= wanted) reached.resolve()
    }
    await Promise.race([isOver, reached.promise])
    return
  }
  await isOver
  const turns = random.int(0, 30)
  for (let turn = 0; turn < turns; turn += 1) await fetch(`${server.url}/healthz`)
}

describe('npm start with what it cannot use', () => {
  it('tells every wrong setting with its remedy, and ends with code 1', async () => {
    const { code, stdout, stderr } = await spawnNode('src/node.ts', [], {
      POWERSCHOOL_CLIENT_ID: 'plugin',
      POWERSCHOOL_CLIENT_SECRET: 'hush-hush-secret',
      PORT: '99999',
      SYNC_INTERVAL: '1 hour',
      ONEROSTER_CLIENT_ID: 'alone',
      LOG_LEVEL: 'chatty',
      POWERSCHOOL_TEMPLAT: 'rest',
    }).ended
    expect(code).toBe(1)
    expect(stdout).toBe('')
    const faults = [
      'POWERSCHOOL_URL',
      'PORT',
      'SYNC_INTERVAL',
      'ONEROSTER_CLIENT_SECRET',
      'LOG_LEVEL',
      'POWERSCHOOL_TEMPLAT',
    ]
    expect(stderr).toMatch(/^6 settings are wrong:/)
    for (const name of faults) expect(stderr).toMatch(new RegExp(`^ {2}${name} .+\n {4}\\S.+$`, 'm'))
    expect(stderr).toMatch(/PORT is not a whole number from 0 to 65535 \(found: 99999\)\n {4}Give a free port/)
    expect(stderr).toMatch(/did you mean POWERSCHOOL_TEMPLATE\?/)
    expect(stderr).not.toContain('hush-hush')
    expect(stderr).not.toMatch(/\bat .*\.ts:/)
  })

  it('tells that its port is taken, and ends with code 1', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? String(address.port) : ''
    const powerSchool = await startPowerSchool()
    const { code, stderr } = await spawnNode('src/node.ts', [], { ...powerSchool.environment(dataDir()), PORT: port })
      .ended
    taken.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`Cannot listen on 127.0.0.1:${port} (EADDRINUSE).`)
    expect(stderr).toContain('Choose another PORT or HOST, or stop what listens there.')
    expect(powerSchool.requests.count()).toBe(0)
  })

  it('goes on answering, and tells the remedy, when the first sync fails', async () => {
    const powerSchool = await startPowerSchool({}, { v1Level: 'NONE' })
    const server = await startServer(powerSchool.environment(dataDir()))
    const { id } = await admin(server, '/syncs/latest')
    expect(await endOf(server, id)).toMatchObject({
      status: 'error',
      error: { code: 'powerschool-rights', remedy: expect.stringContaining('v1 API access to READ') },
    })
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    powerSchool.settings.v1Level = 'READ'
    expect(await syncToEnd(server)).toMatchObject({ status: 'success' })
    await expectWhole(powerSchool, server)
  })
})
