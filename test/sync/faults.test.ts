// What goes wrong while PowerSchool is read: passing faults are ridden out, lasting ones change nothing and say what to do.
import { describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import type { FaultKind } from '../../fixtures/powerschool/faults.ts'
import { addStudent, renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import type { ErrorCode } from '../../src/errors.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { differences, drain } from '../support/roster.ts'
import { casesHere } from '../support/runtime.ts'
import { type Ended, servedBytes, syncWith, wired } from './probes.ts'

/** One row a page, so that every list of the tiny district has a second page, and waiting that takes no time. */
const SIMULATOR = { pageSize: 1, sleep: async () => {} }

/** Waits are long by the clock, and the tests' own token must outlive them. */
const LONG_LIVED = { TOKEN_LIFETIME: 'P30D' }

const RESOURCES: Readonly<Record<string, string | RegExp>> = {
  token: '/oauth/access_token',
  metadata: '/ws/v1/metadata',
  district: '/ws/v1/district',
  'count of schools': '/ws/v1/district/school/count',
  schools: '/ws/v1/district/school',
  terms: '/ws/v1/school/*/term',
  courses: '/ws/v1/school/*/course',
  staff: '/ws/v1/school/*/staff',
  students: '/ws/v1/district/student',
  sections: '/ws/v1/school/*/section',
  'section enrollments': '/ws/v1/section/*/section_enrollment',
}
const PAGED = Object.keys(RESOURCES).slice(4)
const RESOURCE_NAMES = Object.keys(RESOURCES)

interface FaultCase {
  readonly kind: FaultKind
  readonly resources: readonly string[]
  /** What a sync ends with when the fault stays; left out where it does no harm. */
  readonly code?: ErrorCode
  readonly remedy?: RegExp
}

const NOT_TOKEN = RESOURCE_NAMES.filter((name) => name !== 'token')
const WAIT_OR_ADDRESS = /Wait if PowerSchool is in maintenance; else check that POWERSCHOOL_URL/
const SLOW_DOWN = /POWERSCHOOL_MIN_INTERVAL_MS/
const INCOMPLETE = /Sync again when fewer people work in PowerSchool/
const IF_IT_PASSES = /Nothing, if it passes/

const CASES: readonly FaultCase[] = [
  { kind: 'token-revoked', resources: NOT_TOKEN, code: 'powerschool-credentials', remedy: /plugin is enabled/ },
  { kind: 'busy', resources: RESOURCE_NAMES, code: 'powerschool-busy', remedy: SLOW_DOWN },
  { kind: 'busy-hint', resources: RESOURCE_NAMES, code: 'powerschool-busy', remedy: SLOW_DOWN },
  { kind: 'error-500', resources: RESOURCE_NAMES, code: 'powerschool-unavailable', remedy: WAIT_OR_ADDRESS },
  { kind: 'error-503', resources: RESOURCE_NAMES, code: 'powerschool-unavailable', remedy: WAIT_OR_ADDRESS },
  { kind: 'maintenance', resources: RESOURCE_NAMES, code: 'powerschool-unavailable', remedy: WAIT_OR_ADDRESS },
  { kind: 'html', resources: RESOURCE_NAMES, code: 'powerschool-unavailable', remedy: WAIT_OR_ADDRESS },
  { kind: 'cut-off', resources: RESOURCE_NAMES, code: 'powerschool-broken-answer', remedy: IF_IT_PASSES },
  { kind: 'broken-json', resources: RESOURCE_NAMES, code: 'powerschool-broken-answer', remedy: IF_IT_PASSES },
  { kind: 'refused', resources: RESOURCE_NAMES, code: 'powerschool-unreachable', remedy: /name server, the firewall/ },
  { kind: 'short-page', resources: PAGED, code: 'powerschool-incomplete', remedy: INCOMPLETE },
  { kind: 'repeated-row', resources: PAGED, code: 'powerschool-incomplete', remedy: INCOMPLETE },
  { kind: 'slow', resources: RESOURCE_NAMES },
]

async function openSmall(settings: Readonly<Record<string, string>> = {}): Promise<TestBridge> {
  return openTestBridge({
    district: createSmallDistrict(),
    simulator: SIMULATOR,
    settings: { ...LONG_LIVED, ...settings },
  })
}

/** A published snapshot, and then a district that is no longer the same. */
async function openPublished(): Promise<TestBridge> {
  const bridge = await openSmall()
  expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
  renameStudent(bridge.district, 100001, 'Zora', 'Núñezal')
  addStudent(bridge.district, 100)
  transferStudent(bridge.district, 100005, null)
  bridge.clock.now += 60_000
  bridge.powerSchool.requests.clear()
  return bridge
}

async function expectWhole(bridge: TestBridge): Promise<void> {
  expect(differences(expectedRoster(bridge.district), await drain(bridge))).toEqual([])
}

/** So that the next sync has something to publish, and a smaller or older answer would be noticed. */
function changeSomething({ district, clock }: TestBridge, nth: number): void {
  renameStudent(district, 100001, `Zora ${nth}`, 'Núñezal')
  clock.now += 60_000
}

describe('a fault that passes', () => {
  it.each(CASES)('is ridden out wherever it strikes ($kind)', async ({ kind, resources }) => {
    const bridge = await openSmall()
    const { faults } = bridge.powerSchool
    for (const [nth, resource] of casesHere(resources, 4).entries()) {
      changeSomething(bridge, nth)
      faults.clear()
      if (resource === 'token') faults.add({ kind: 'token-revoked', path: RESOURCES.metadata ?? '' })
      // A second 401 for the same request would mean more than an old token.
      faults.add({ kind, path: RESOURCES[resource] ?? '', times: kind === 'token-revoked' ? 1 : 2 })
      expect(await bridge.syncNow(), resource).toMatchObject({
        status: 'success',
        error: undefined,
        report: { generation: nth + 1 },
      })
      expect(faults.struck(kind), resource).toBeGreaterThan(0)
      await expectWhole(bridge)
    }
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is ridden out in the company of others (seed %i)', async (seed) => {
    const bridge = await openTestBridge({
      district: createSmallDistrict(),
      simulator: { ...SIMULATOR, seed },
      settings: LONG_LIVED,
    })
    for (const { kind } of CASES.slice(1)) {
      bridge.powerSchool.faults.add({ kind, probability: 0.02, path: /^\/ws\/v1\/[ds]/ })
    }
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(bridge.powerSchool.faults.struck()).toBeGreaterThan(5)
    await expectWhole(bridge)
  })
})

describe('a fault that lasts', () => {
  it.each(CASES.filter(({ code }) => code !== undefined))(
    'ends the sync with $code, and the old snapshot is served on ($kind)',
    async ({ kind, resources, code, remedy }) => {
      const bridge = await openPublished()
      const { faults } = bridge.powerSchool
      for (const [nth, resource] of casesHere(resources, 4).entries()) {
        changeSomething(bridge, nth)
        const before = await servedBytes(bridge)
        // The bridge holds a good token: PowerSchool must forget it before another one is asked for.
        if (resource === 'token') faults.add({ kind: 'token-revoked', path: RESOURCES.metadata ?? '' })
        faults.add({ kind, path: RESOURCES[resource] ?? '', times: Number.POSITIVE_INFINITY })
        const ended = await syncWith(bridge, `${kind} of ${resource}`)
        expect(ended, resource).toMatchObject({ status: 'error', report: undefined, error: { code } })
        expect(ended.error?.remedy, resource).toMatch(remedy ?? /./)
        expect(await servedBytes(bridge), resource).toEqual(before)

        faults.clear()
        expect(await bridge.syncNow(), resource).toMatchObject({ status: 'success', report: { generation: nth + 2 } })
        await expectWhole(bridge)
      }
    },
  )

  it('leaves a bridge without any snapshot answering 503', async () => {
    const bridge = await openSmall()
    bridge.powerSchool.faults.add({
      kind: 'error-500',
      path: RESOURCES.sections ?? '',
      times: Number.POSITIVE_INFINITY,
    })
    expect(await syncWith(bridge, 'first')).toMatchObject({ status: 'error' })
    const answer = await bridge.get('/users')
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('says nothing of people and secrets in the log', async () => {
    const bridge = await openPublished()
    for (const { kind } of CASES) {
      bridge.powerSchool.faults.clear()
      bridge.powerSchool.faults.add({ kind, path: RESOURCES.students ?? '', times: Number.POSITIVE_INFINITY })
      await syncWith(bridge, `with ${kind}`)
    }
    const log = bridge.logged.join('\n')
    for (const word of ['Zora', 'Núñezal', 'Amberley', '@', bridge.powerSchool.credentials.clientSecret]) {
      expect(log).not.toContain(word)
    }
  })
})

describe('a server that asks for patience', () => {
  it.each(['busy', 'busy-hint'] as const)('waits as long as it is told to (%s)', async (kind) => {
    const bridge = await openSmall()
    const times: { path: string; now: number }[] = []
    const { client } = wired(bridge, (request, pass) => {
      times.push({ path: new URL(request.url).pathname, now: bridge.clock.now })
      return pass()
    })
    bridge.powerSchool.faults.add({ kind, path: '/ws/v1/district/student/count', waitSeconds: 7 })
    const startedMs = bridge.clock.now
    expect(await syncWith(bridge, 'patient', { client })).toMatchObject({ status: 'success' })
    const [refused, again] = times.filter(({ path }) => path === '/ws/v1/district/student/count')
    expect((again?.now ?? 0) - (refused?.now ?? 0)).toBeGreaterThanOrEqual(7_000)
    // Nothing else was asked in the meantime.
    const between = times.filter(({ now }) => now > (refused?.now ?? 0) && now < (refused?.now ?? 0) + 7_000)
    expect(between).toEqual([])
    expect(bridge.clock.now - startedMs).toBeLessThan(20_000)
  })

  it('gives up at once where the wait is longer than a sync should last', async () => {
    const bridge = await openSmall()
    bridge.powerSchool.faults.add({ kind: 'busy', path: '/ws/v1/district', waitSeconds: 3_600 })
    const startedMs = bridge.clock.now
    expect(await syncWith(bridge, 'impatient')).toMatchObject({ status: 'error', error: { code: 'powerschool-busy' } })
    expect(bridge.clock.now - startedMs).toBeLessThan(60_000)
  })
})

describe('the rights and the credentials', () => {
  const whole = (ended: Ended) => `${ended.error?.message} ${ended.error?.remedy}`

  it('renews a token that is no longer good, once for all requests under way', async () => {
    const bridge = await openSmall()
    bridge.powerSchool.faults.add({ kind: 'token-revoked', path: '/ws/v1/section/*/section_enrollment' })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(bridge.powerSchool.requests.count('/oauth/access_token')).toBe(2)
  })

  it('names the missing right and its remedy, and does not ask again', async () => {
    const bridge = await openPublished()
    const before = await servedBytes(bridge)
    bridge.powerSchool.settings.v1Level = 'NONE'
    const ended = await syncWith(bridge, 'without rights')
    expect(ended).toMatchObject({ status: 'error', error: { code: 'powerschool-rights' } })
    expect(whole(ended)).toMatch(/accessLevelV1Api READ/)
    expect(whole(ended)).toMatch(/System > Plugin Management > the plugin > Data Provider Configuration/)
    expect(bridge.powerSchool.requests.count(/^\/ws\/v1\/(?!metadata)/)).toBe(1)
    expect(bridge.powerSchool.requests.count('/oauth/access_token')).toBe(0)
    expect(await servedBytes(bridge)).toEqual(before)
    bridge.powerSchool.settings.v1Level = 'READ'
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    await expectWhole(bridge)
  })

  it('ends a crawl that loses its rights half-way', async () => {
    const bridge = await openPublished()
    const before = await servedBytes(bridge)
    const { client } = wired(bridge, (request, pass) => {
      if (request.url.includes('/section_enrollment')) bridge.powerSchool.settings.v1Level = 'NONE'
      return pass()
    })
    expect(await syncWith(bridge, 'half-way', { client })).toMatchObject({
      status: 'error',
      error: { code: 'powerschool-rights' },
    })
    expect(await servedBytes(bridge)).toEqual(before)
  })

  it('does not go on trying wrong credentials', async () => {
    const bridge = await openSmall({ POWERSCHOOL_CLIENT_SECRET: 'regenerated-since' })
    const ended = await syncWith(bridge, 'refused')
    expect(ended).toMatchObject({ status: 'error', error: { code: 'powerschool-credentials' } })
    expect(whole(ended)).toMatch(/Compare POWERSCHOOL_CLIENT_ID and POWERSCHOOL_CLIENT_SECRET/)
    expect(bridge.powerSchool.requests.count()).toBe(1)
  })

  it('tells a server that cannot be reached', async () => {
    const bridge = await openSmall()
    bridge.powerSchool.faults.add({ kind: 'refused', times: Number.POSITIVE_INFINITY })
    const ended = await syncWith(bridge, 'nobody there')
    expect(ended).toMatchObject({ status: 'error', error: { code: 'powerschool-unreachable' } })
    expect(whole(ended)).toMatch(/ECONNREFUSED.*Check POWERSCHOOL_URL/s)
  })
})

describe('an answer that is empty', () => {
  const EMPTY: readonly (readonly [what: string, body: string])[] = [
    ['an empty object', '{}'],
    ['an empty text', '""'],
    ['null', 'null'],
    ['an empty list', '[]'],
    ['an empty wrapper', '{"schools":"","district":""}'],
    ['no body', ''],
  ]
  const PATHS = ['/ws/v1/district', '/ws/v1/district/school', '/ws/v1/district/school/count', '/ws/v1/metadata']

  it.each(PATHS)('at %s never becomes an empty roster', async (path) => {
    const bridge = await openPublished()
    const before = await servedBytes(bridge)
    for (const [what, body] of EMPTY) {
      const { client } = wired(bridge, async (request, pass) =>
        new URL(request.url).pathname === path
          ? new Response(body, { headers: { 'content-type': 'application/json' } })
          : pass(),
      )
      // The third of them is quarantined.
      expect(await syncWith(bridge, what, { client }), what).toMatchObject({
        status: expect.stringMatching(/^(?:error|quarantined)$/),
      })
      expect(await servedBytes(bridge), what).toEqual(before)
    }
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    await expectWhole(bridge)
  })

  it('is refused when PowerSchool really shows no school', async () => {
    const bridge = await openPublished()
    const before = await servedBytes(bridge)
    bridge.district.db.exec('delete from schools')
    expect(await syncWith(bridge, 'no school')).toMatchObject({ status: 'error', error: { code: 'scope-empty' } })
    expect(await servedBytes(bridge)).toEqual(before)
  })

  it('is refused when the setting names no school that is there', async () => {
    const bridge = await openSmall({ SCHOOLS: '300' })
    const ended = await syncWith(bridge, 'no school')
    expect(ended).toMatchObject({ status: 'error', error: { code: 'scope-empty' } })
    expect(ended.error?.remedy).toMatch(/SCHOOLS/)
  })

  it('is refused when no school year is near', async () => {
    const bridge = await openSmall()
    bridge.district.db.exec('delete from terms')
    const ended = await syncWith(bridge, 'no year')
    expect(ended).toMatchObject({ status: 'error', error: { code: 'scope-empty' } })
    expect(ended.error?.remedy).toMatch(/SCHOOL_YEAR/)
  })
})
