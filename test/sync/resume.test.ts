// Syncs that end half-way: the next one goes on where the crawl was, and nothing of an unfinished one is ever seen.
import { beforeAll, describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'
import { renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import type { LoggedRequest, RequestLog } from '../../fixtures/powerschool/simulator.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { listSyncs } from '../../src/store/syncs.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { BASE } from '../support/known.ts'
import { differences, drain } from '../support/roster.ts'
import { servedBytes, syncWith, tracesOf, wired } from './probes.ts'

const TODAY = '2026-11-18'
const SIMULATOR = { pageSize: 10 }
/** As many pages as are under way at a time may be cut short, and so be asked for twice, and the counts of their lists. */
const CONCURRENCY = 4
const SETTINGS = { TOKEN_LIFETIME: 'P30D' }

const smallDistrict = (): District => createDistrict({ students: 60, seed: 5, today: TODAY, perStudentEnrollments: 3 })

async function open(district: District, options: Partial<Parameters<typeof openTestBridge>[0]> = {}) {
  return openTestBridge({ district, simulator: SIMULATOR, settings: SETTINGS, ...options })
}

/** A new process on what the old one left. */
async function reopen(bridge: TestBridge, settings: Readonly<Record<string, string>> = {}): Promise<TestBridge> {
  const again = await open(bridge.district, { sql: bridge.sql, settings: { ...SETTINGS, ...settings } })
  again.clock.now = bridge.clock.now + 60_000
  return again
}

/** Stops the sync in the middle of its nth request to a resource. */
async function stopAtRequest(bridge: TestBridge, nth: number) {
  const stopper = new AbortController()
  let sent = 0
  const { client } = wired(bridge, (_, pass) => {
    sent += 1
    if (sent === nth) stopper.abort()
    return pass()
  })
  return syncWith(bridge, `stopped at request ${nth}`, { client }, stopper.signal)
}

/** Stops the sync at its nth pause, which is between two pieces of the mapping, the comparison or the placing. */
async function stopAtPause(bridge: TestBridge, nth: number) {
  const stopper = new AbortController()
  let pauses = 0
  const pause = async () => {
    pauses += 1
    if (pauses === nth) stopper.abort()
  }
  return { ended: await syncWith(bridge, `stopped at pause ${nth}`, { pause }, stopper.signal), pauses }
}

const name = ({ path, search }: LoggedRequest) => path + search
const rowRequests = ({ all }: RequestLog) => all.map(name).filter((path) => /^\/ws\/v1\/(?!metadata)/.test(path))

function askedTwice(...logs: readonly RequestLog[]): { pages: string[]; counts: string[] } {
  const asked = logs.flatMap(rowRequests)
  const twice = asked.filter((path, place) => asked.indexOf(path) !== place)
  const isCount = (path: string) => path.includes('/count')
  return { pages: twice.filter((path) => !isCount(path)), counts: twice.filter(isCount) }
}

function expectLittleTwice(stops: number, ...logs: readonly RequestLog[]): void {
  const { pages, counts } = askedTwice(...logs)
  expect(pages.length).toBeLessThanOrEqual(CONCURRENCY * stops)
  expect(counts.length).toBeLessThanOrEqual(CONCURRENCY * stops)
}

async function expectWhole(bridge: TestBridge): Promise<void> {
  expect(differences(expectedRoster(bridge.district), await drain(bridge))).toEqual([])
  expect(tracesOf(bridge)).toEqual({})
}

/** How many requests a sync of the district takes from start to end. */
let wholeSync = 0
beforeAll(async () => {
  const bridge = await open(smallDistrict())
  await bridge.syncNow()
  expect(askedTwice(bridge.powerSchool.requests)).toEqual({ pages: [], counts: [] })
  wholeSync = bridge.powerSchool.requests.count()
})

describe('a crawl that is stopped', () => {
  it.each([0.02, 0.1, 0.25, 0.5, 0.75, 0.98])(
    'goes on in a new process where it was (at %f of its requests)',
    async (share) => {
      const bridge = await open(smallDistrict())
      const nth = Math.max(1, Math.round(wholeSync * share))
      expect(await stopAtRequest(bridge, nth)).toMatchObject({ status: 'paused', error: { code: 'sync-stopped' } })
      expect((await bridge.get('/users')).status).toBe(503)

      const again = await reopen(bridge)
      expect(await again.syncNow()).toMatchObject({ status: 'success', report: { generation: 1 } })
      expectLittleTwice(1, bridge.powerSchool.requests, again.powerSchool.requests)
      await expectWhole(again)
    },
  )

  it('goes on after many stops, with no request sent twice but those under way', async () => {
    let bridge = await open(smallDistrict())
    const logs = [bridge.powerSchool.requests]
    let stops = 0
    while ((await stopAtRequest(bridge, 20)).status !== 'success') {
      stops += 1
      bridge = await reopen(bridge)
      logs.push(bridge.powerSchool.requests)
    }
    expect(stops).toBeGreaterThan(5)
    expectLittleTwice(stops, ...logs)
    await expectWhole(bridge)
  })

  it.each(['/ws/v1/district/student', '/ws/v1/school/*/section', '/ws/v1/section/*/section_enrollment'])(
    'goes on after a fault that lasted at %s',
    async (path) => {
      const bridge = await open(smallDistrict())
      bridge.powerSchool.faults.add({ kind: 'error-503', path, after: 2, times: Number.POSITIVE_INFINITY })
      expect(await syncWith(bridge, 'failing')).toMatchObject({
        status: 'error',
        error: { code: 'powerschool-unavailable' },
      })
      const refused = bridge.powerSchool.faults.struck()

      const again = await reopen(bridge)
      expect(await again.syncNow()).toMatchObject({ status: 'success' })
      const { pages } = askedTwice(bridge.powerSchool.requests, again.powerSchool.requests)
      expect(pages.length).toBeLessThanOrEqual(refused + CONCURRENCY)
      await expectWhole(again)
    },
  )

  it('reads a list that stayed incomplete anew, and nothing else', async () => {
    const bridge = await open(smallDistrict())
    const path = '/ws/v1/school/*/section'
    bridge.powerSchool.faults.add({ kind: 'short-page', path, times: Number.POSITIVE_INFINITY })
    expect(await syncWith(bridge, 'failing')).toMatchObject({
      status: 'error',
      error: { code: 'powerschool-incomplete' },
    })
    const again = await reopen(bridge)
    expect(await again.syncNow()).toMatchObject({ status: 'success' })
    expect(again.powerSchool.requests.count(/\/(student|staff|term|course)\b/)).toBe(0)
    await expectWhole(again)
  })

  it('is begun anew when other schools are asked for', async () => {
    const bridge = await open(smallDistrict())
    await stopAtRequest(bridge, Math.round(wholeSync * 0.75))
    const [school] = bridge.district.db
      .prepare('select school_number from schools where school_number between 1 and 999998')
      .all()
    const number = Number(school?.school_number)

    const again = await reopen(bridge, { SCHOOLS: String(number) })
    expect(await again.syncNow()).toMatchObject({ status: 'success' })
    expect(again.powerSchool.requests.count('/ws/v1/district/student')).toBeGreaterThan(0)
    expect(differences(expectedRoster(bridge.district, { schools: [number] }), await drain(again))).toEqual([])
    expect(tracesOf(again)).toEqual({})
  })

  it('is gone on with when a setting has another value that decides nothing about reading, and mapped by that', async () => {
    const bridge = await open(smallDistrict())
    await stopAtRequest(bridge, Math.round(wholeSync * 0.75))
    const files = readMappingFiles().map(({ path, text }) => ({
      path,
      text: text.replace('country_code: "1"', 'country_code: "44"'),
    }))
    const again = await open(bridge.district, { sql: bridge.sql, mapping: loadMapping(files) })
    expect(await again.syncNow()).toMatchObject({ status: 'success' })
    expect(again.powerSchool.requests.count()).toBeLessThan(wholeSync)
    const users = [...((await drain(again)).users?.values() ?? [])]
    expect(users.some(({ phone }) => typeof phone === 'string' && phone.startsWith('+44'))).toBe(true)
  })

  it.each([
    { change: 'a column is read as another type', from: 'grade_level: integer', to: 'grade_level: number' },
    {
      change: 'a list has another member',
      from: 'federal_race_code_category: text',
      to: 'federal_race_code_category: text, district_race_code: text',
    },
  ])('is begun anew when $change', async ({ from, to }) => {
    const bridge = await open(smallDistrict())
    await stopAtRequest(bridge, Math.round(wholeSync * 0.75))
    const files = readMappingFiles().map(({ path, text }) => ({ path, text: text.replace(from, to) }))
    const again = await open(bridge.district, { sql: bridge.sql, mapping: loadMapping(files) })
    expect(await again.syncNow()).toMatchObject({ status: 'success' })
    expect(again.powerSchool.requests.count()).toBe(wholeSync)
    expect(tracesOf(again)).toEqual({})
  })

  it('is begun anew after six hours', async () => {
    const bridge = await open(smallDistrict())
    await stopAtRequest(bridge, Math.round(wholeSync * 0.75))
    const again = await reopen(bridge)
    again.clock.now += 6 * 3_600_000
    expect(await again.syncNow()).toMatchObject({ status: 'success' })
    expect(again.powerSchool.requests.count()).toBe(wholeSync)
    await expectWhole(again)
  })

  it('that was abandoned lends nothing to the one after the next', async () => {
    const bridge = await open(smallDistrict())
    await stopAtRequest(bridge, Math.round(wholeSync * 0.75))
    const refused = await reopen(bridge)
    refused.clock.now += 7 * 3_600_000
    const calm = refused.powerSchool.settings.v1Level
    refused.powerSchool.settings.v1Level = 'NONE'
    expect(await syncWith(refused, 'refused')).toMatchObject({ status: 'error', error: { code: 'powerschool-rights' } })
    refused.powerSchool.settings.v1Level = calm
    expect(await refused.syncNow()).toMatchObject({ status: 'success' })
    await expectWhole(refused)
  })

  it('that was whole when the process was stopped is mapped without asking PowerSchool again', async () => {
    const bridge = await open(smallDistrict())
    const stopper = new AbortController()
    const pause = async () => stopper.abort()
    expect(await syncWith(bridge, 'mapping', { pause }, stopper.signal)).toMatchObject({ status: 'paused' })
    const again = await reopen(bridge)
    expect(await again.syncNow()).toMatchObject({ status: 'success' })
    expect(again.powerSchool.requests.count()).toBe(0)
    await expectWhole(again)
    await again.syncNow()
    expect(again.powerSchool.requests.count('/ws/v1/district/student')).toBeGreaterThan(0)
  })

  it('leaves what is served as it was', async () => {
    const bridge = await open(smallDistrict())
    await bridge.syncNow()
    const before = await servedBytes(bridge)
    renameStudent(bridge.district, someStudent(bridge.district), 'Nadia', 'Renamed')
    expect(await stopAtRequest(bridge, 40)).toMatchObject({ status: 'paused' })
    const again = await reopen(bridge)
    expect(await servedBytes(again)).toEqual(before)
    expect(await again.syncNow()).toMatchObject({ status: 'success', report: { generation: 2 } })
    await expectWhole(again)
  })

  it('is told as paused, and its interrupted record too when the process was killed', async () => {
    const bridge = await open(smallDistrict())
    const never = new Promise<Response>(() => {})
    const { client } = wired(bridge, (request, pass) => (request.url.includes('/section') ? never : pass()))
    const hung = new Promise<void>((resolve) => {
      const killed = syncWith(bridge, 'killed', {
        client,
        onProgress: ({ source }) => {
          if (source === 'sections') resolve()
        },
      })
      // Its request is given up when the store is closed already.
      killed.catch(() => {})
    })
    await hung
    expect(listSyncs(bridge.sql).map(({ id, status }) => [id, status])).toEqual([['killed', 'inProgress']])
    const again = await reopen(bridge)
    expect(await again.syncNow()).toMatchObject({ status: 'success' })
    expect(listSyncs(bridge.sql).map(({ id, status }) => [id, status])).toEqual([
      ['id-1', 'success'],
      ['killed', 'paused'],
    ])
    await expectWhole(again)
  })
})

describe('a sync that is stopped after its crawl', () => {
  const namesOf = ({ sql }: TestBridge) =>
    sql.all(`select name from sqlite_master where name not like 'staged%' and name not like 'sqlite%' order by name`)

  it('never shows anything of a first snapshot, wherever it is stopped', async () => {
    const whole = await open(createSmallDistrict())
    const { pauses } = await stopAtPause(whole, Number.POSITIVE_INFINITY)
    expect(pauses).toBeGreaterThan(15)
    // From the end, where the records are put in place and their indexes are gone, backwards.
    for (let nth = pauses; nth > 0; nth -= nth > pauses - 8 ? 1 : 5) {
      const bridge = await open(createSmallDistrict())
      const { ended } = await stopAtPause(bridge, nth)
      if (ended.status !== 'success') {
        expect(ended, `at pause ${nth}`).toMatchObject({ status: 'paused', error: { code: 'sync-stopped' } })
        expect((await bridge.app.request(`${BASE}/users`)).status).toBe(503)
        const again = await reopen(bridge)
        expect(await again.syncNow()).toMatchObject({ status: 'success', report: { generation: 1 } })
        expect(namesOf(again), `at pause ${nth}`).toEqual(namesOf(whole))
      }
      await expectWhole(bridge)
    }
  })

  it('keeps the old snapshot, wherever it is stopped, and the next sync is as if nothing had been', async () => {
    const bridge = await open(smallDistrict())
    await bridge.syncNow()
    const students = studentsOf(bridge.district)
    let stops = 0
    for (let nth = 1; ; nth += nth < 40 ? 4 : 1) {
      const [renamed = 0, left = 0] = students.splice(0, 2)
      renameStudent(bridge.district, renamed, `Nadia ${nth}`, 'Renamed')
      transferStudent(bridge.district, left, null)
      bridge.clock.now += 60_000
      const before = await servedBytes(bridge)
      const { ended } = await stopAtPause(bridge, nth)
      if (ended.status === 'success') break
      stops += 1
      expect(ended, `at pause ${nth}`).toMatchObject({ status: 'paused', error: { code: 'sync-stopped' } })
      expect(await servedBytes(bridge), `at pause ${nth}`).toEqual(before)
      expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: stops + 1 } })
      await expectWhole(bridge)
    }
    expect(stops).toBeGreaterThan(5)
  })
})

function studentsOf({ db }: District): number[] {
  const published = `select dcid from students where enroll_status = 0 and first_name is not null and last_name is not null
    and schoolid not in (0, 999999) order by dcid`
  return db
    .prepare(published)
    .all()
    .map(({ dcid }) => Number(dcid))
}

function someStudent(district: District): number {
  return studentsOf(district)[0] ?? 0
}
