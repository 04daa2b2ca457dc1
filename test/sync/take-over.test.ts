// Two processes that both believe to hold the lock of syncs, as when the machine slept: what they prepare never mixes.
import { expect, it } from 'vitest'
import { addStudent, deleteRow, renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { isNewMapping } from '../../src/sync/crawl-reuse.ts'
import { runSync } from '../../src/sync/sync.ts'
import { openTestBridge } from '../support/bridge.ts'
import { servedBytes, syncWith, tracesOf, wired } from './probes.ts'

const HOUR = 3_600_000

/** A pause that stands still at its nth call until it is told to go on. */
function stopAt(nth: number) {
  let calls = 0
  const there = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  return {
    there: there.promise,
    goOn: () => goOn.resolve(),
    pause: async () => {
      calls += 1
      if (calls !== nth) return
      there.resolve()
      await goOn.promise
    },
  }
}

/** One stands still; the other takes over and stands still; the first, which has not noticed, ends; then the other does. */
async function afterTakeOver(stops: readonly [first: number, other: number]) {
  const district = createSmallDistrict()
  const options = { district, settings: { GUARD_SHARE: '1' } }
  const open = (name: string, more: object = {}) =>
    openTestBridge({ ...options, ...more, lockOwner: { name, mayBeAlive: () => true } })
  const first = await open('first')
  await first.syncNow()
  const other = await open('other', { sql: first.sql })
  const setClocks = (ms: number) => {
    first.clock.now += ms
    other.clock.now = first.clock.now
  }
  setClocks(HOUR)
  renameStudent(district, 100002, 'Imre', 'Changed')
  addStudent(district, 100)
  deleteRow(district, 'students', 100003)

  const [a, b] = [stopAt(stops[0]), stopAt(stops[1])]
  const running = syncWith(first, 'first', { pause: a.pause })
  await Promise.race([a.there, running])
  setClocks(HOUR / 30)
  const taking = syncWith(other, 'other', { pause: b.pause })
  await Promise.race([b.there, taking])
  a.goOn()
  await running
  b.goOn()
  await taking

  setClocks(HOUR)
  await syncWith(other, 'last')
  const fresh = await openTestBridge(options)
  await fresh.syncNow()
  return { traces: tracesOf(other), served: idsOf(await servedBytes(other)), right: idsOf(await servedBytes(fresh)) }
}

/** The active records by collection, in order. */
function idsOf(served: Record<string, string>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(served).map(([name, text]) => [
      name,
      [...text.matchAll(/"sourcedId":"([^"]+)","status":"active"/g)].map(([, id]) => id ?? ''),
    ]),
  )
}

it.each([1, 17, 33])('whoever stood still at its step %i', async (nth) => {
  for (const other of [12, 16, 20, 24]) {
    const { traces, served, right } = await afterTakeOver([nth, other])
    expect({ other, traces, served }).toEqual({ other, traces: {}, served: right })
  }
})

it('what was mapped from rows that another crawl is changing is not published', async () => {
  const district = createSmallDistrict()
  const open = (name: string, more: object = {}) =>
    openTestBridge({ district, ...more, lockOwner: { name, mayBeAlive: () => true } })
  const first = await open('first')
  await first.syncNow()
  const other = await open('other', { sql: first.sql })
  first.clock.now += HOUR
  renameStudent(district, 100002, 'Imre', 'Changed')
  const a = stopAt(20)
  const running = syncWith(first, 'first', { pause: a.pause })
  await Promise.race([a.there, running])
  // Too old to be mapped: the other process reads PowerSchool anew, and fails half-way.
  other.clock.now = first.clock.now + 7 * HOUR
  let asked = 0
  const failing = wired(other, async (_, pass) => {
    asked += 1
    return asked < 8 ? pass() : new Response('', { status: 403 })
  })
  expect((await syncWith(other, 'other', failing)).status).toBe('error')
  a.goOn()
  expect((await running).error?.code).toBe('sync-running')
  expect(other.sql.all(`select number from generations`)).toHaveLength(1)
})

it('who found nothing to publish does not say that its mapping made what another has published meanwhile', async () => {
  const layer = { path: 'layer.yaml', text: 'extends: default\nentities: { orgs: { school: { metadata: { a: b } } } }' }
  const changed = loadMapping(readMappingFiles(), { layers: [layer], diagnostics: [] })
  const remap = async (nth: number) => {
    const open = (name: string, more: object = {}) =>
      openTestBridge({ district: createSmallDistrict(), ...more, lockOwner: { name, mayBeAlive: () => true } })
    const first = await open('first')
    await first.syncNow()
    const other = await open('other', { sql: first.sql, mapping: changed })
    const [a, isMapOnly] = [stopAt(nth), { isMapOnly: true }]
    let steps = 0
    const pause = () => {
      steps += 1
      return a.pause()
    }
    const { signal } = new AbortController()
    const running = runSync({ ...first.sync, pause }, 'first', signal, isMapOnly)
    await Promise.race([a.there, running])
    first.clock.now += HOUR / 30
    other.clock.now = first.clock.now
    const { status } = await runSync(
      { ...other.sync, politeness: { quietMs: 0, maxWaitMs: 0 } },
      'other',
      signal,
      isMapOnly,
    )
    a.goOn()
    await running
    return { steps, status, isNew: [isNewMapping(first.sync), isNewMapping(other.sync)] }
  }
  const { steps } = await remap(0)
  for (let nth = steps - 5; nth <= steps; nth++) {
    expect({ nth, ...(await remap(nth)) }).toMatchObject({ nth, status: 'success', isNew: [true, false] })
  }
})
