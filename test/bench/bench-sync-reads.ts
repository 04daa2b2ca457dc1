// Reads during a sync beside reads without one, and how long the bridge's event loop is held meanwhile.
import { setTimeout as wait } from 'node:timers/promises'
import { drain, pagesOf } from './bare-drain.ts'
import {
  type BridgeClient,
  bridgeEnvironment,
  changesOf,
  connectBridge,
  type Sync,
  secondsOf,
} from './bridge-client.ts'
import type { Holds, LoopHolds } from './loop-watch.ts'
import { type Figure, median, note, percentile, ratio } from './measure.ts'
import { type BenchProcess, type PowerSchoolProcess, startProcess, startServerProcess } from './processes.ts'
import type { ReadTimes } from './reader-process.ts'
import { untilIdle } from './store-file.ts'

const LIMIT = 5_000
/** How long a round of each kind lasts at least; a sync that has begun is read through to its end. */
const ROUND_MS = 5_000
const CODINGS = ['plain', 'gzip'] as const
type Coding = (typeof CODINGS)[number]

interface SyncReadsBench {
  readonly powerSchool: PowerSchoolProcess
  /** Holds a store that was synced. */
  readonly dataDir: string
  readonly rounds: number
}

/** What goes on while pages are read. */
interface Kind {
  readonly name: string
  readonly isSync: boolean
  /** Goes before, unread. */
  readonly prepare?: () => Promise<void>
  /** Answers the sync that it was. */
  readonly run: () => Promise<Sync | undefined>
}

const QUIET = 'without a sync'

interface Reading {
  readonly times: ReadTimes
  readonly holds: LoopHolds
  readonly sync: Sync | undefined
}

/** One reader asks for page after page of enrollments, in interleaved rounds of all kinds. */
export async function benchSyncReads({ powerSchool, dataDir, rounds }: SyncReadsBench): Promise<Figure[]> {
  const bridge = await startServerProcess('bridge-process.ts', bridgeEnvironment(powerSchool, dataDir))
  const client = await connectBridge(bridge.url)
  const { counts } = await client.latestSync()
  await untilIdle(dataDir)
  const whole = Math.max(1, Math.floor((counts?.enrollments?.active ?? 0) / LIMIT))
  const pages = Array.from({ length: whole }, (_, page) => `/enrollments?limit=${LIMIT}&offset=${page * LIMIT}`)
  const reader = await startProcess('reader-process.ts', {}, [bridge.url, ...pages])
  const kinds = await kindsOf({ client, powerSchool, dataDir, users: counts?.users?.active ?? 0 })
  await readDuring(reader, () => wait(ROUND_MS))

  const readings = new Map<Kind, Reading[]>(kinds.map((kind) => [kind, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [kind, ofKind] of readings) {
      const until = performance.now() + ROUND_MS
      do {
        await kind.prepare?.()
        await bridge.loop()
        const { times, result } = await readDuring(reader, kind.run)
        ofKind.push({ times, holds: await bridge.loop(), sync: result })
      } while (performance.now() < until)
    }
  }
  await client.close()
  await Promise.all([reader.stop(), bridge.stop()])
  return figuresOf(readings)
}

interface Doings {
  readonly client: BridgeClient
  readonly powerSchool: PowerSchoolProcess
  readonly dataDir: string
  readonly users: number
}

async function kindsOf({ client, powerSchool, dataDir, users }: Doings): Promise<Kind[]> {
  const crawled = await pagesOf(powerSchool)
  let salt = 0
  const sync = (name: string, changes: number): Kind => ({
    name,
    isSync: true,
    prepare: () => powerSchool.change(changes, ++salt),
    run: async () => {
      const ended = await client.sync()
      await untilIdle(dataDir)
      return ended
    },
  })
  // A small district has not as much to change.
  const many = Math.min(5_000, Math.floor(users / 4))
  return [
    { name: QUIET, isSync: false, run: () => wait(ROUND_MS) },
    {
      // PowerSchool's stand-in takes a core that the real one leaves alone: what is due to that, and not to the sync.
      name: `${QUIET}, PowerSchool drained`,
      isSync: false,
      run: async () => {
        const until = performance.now() + ROUND_MS
        while (performance.now() < until) await drain(powerSchool, crawled, () => performance.now() >= until)
        return undefined
      },
    },
    sync('unchanged sync', 0),
    sync('sync of 50 changes', 50),
    sync(`sync of ${many} changes`, many),
  ]
}

async function readDuring<T>(reader: BenchProcess, work: () => Promise<T>): Promise<{ times: ReadTimes; result: T }> {
  await reader.ask('start')
  const result = await work()
  return { times: (await reader.ask('stop')) as ReadTimes, result }
}

function figuresOf(readings: ReadonlyMap<Kind, readonly Reading[]>): Figure[] {
  const kinds = [...readings].map(([kind, ofKind]) => ({ ...kind, ofKind }))
  const syncs = kinds.filter(({ isSync }) => isSync)
  const times = (ofKind: readonly Reading[], coding: Coding) => ofKind.flatMap((reading) => reading.times[coding])
  const quiet = kinds.find(({ name }) => name === QUIET)?.ofKind ?? []
  const quietP99 = (coding: Coding) => percentile(times(quiet, coding), 0.99)
  return [
    ...syncs.map(({ name, ofKind }) => note(name, describe(ofKind))),
    ...kinds.flatMap(({ name, ofKind }) =>
      CODINGS.map((coding) => note(`${coding} page, ${name}: p50, p99`, spread(times(ofKind, coding)))),
    ),
    ...syncs.flatMap(({ name, ofKind }) =>
      CODINGS.map((coding) =>
        ratio(
          `${coding} page, ${name}: p99 ÷ p99 ${QUIET}`,
          percentile(times(ofKind, coding), 0.99) / quietP99(coding),
          { most: 2 },
        ),
      ),
    ),
    ...kinds.flatMap(({ name, isSync, ofKind }) =>
      holdFigures(
        `event loop held, ${name}`,
        ofKind.map(({ holds }) => holds),
        isSync,
      ),
    ),
  ]
}

const WAYS = [
  { way: 'byClock', what: 'by the clock' },
  { way: 'own', what: 'without waits for a core' },
  { way: 'onCore', what: 'on a core alone' },
] as const

/**
 * By the clock a machine with too few cores for all of the bench's processes adds to every hold. The aim is for the two that
 * leave that out, where the system tells them: with what the thread itself waits for, such as the disk, and without.
 */
function holdFigures(name: string, readings: readonly LoopHolds[], isSync: boolean): Figure[] {
  const found = WAYS.flatMap(({ way, what }) => {
    const ofWay = readings.flatMap((reading) => reading[way] ?? [])
    return ofWay.length === 0 ? [] : [{ what, holds: together(ofWay) }]
  })
  const aimed = !isSync ? [] : found.length === 1 ? found : found.slice(1)
  return [
    ...found.map(({ what, holds }) => note(`${name}, ${what}: p99, p99.9, longest`, tellHolds(holds))),
    ...aimed.map(({ what, holds }) => ratio(`${name}, ${what}: longest, ms`, holds.longestMs, { most: 50 })),
  ]
}

function together(holds: readonly Holds[]): Holds {
  return {
    p99Ms: median(holds.map(({ p99Ms }) => p99Ms)),
    p999Ms: median(holds.map(({ p999Ms }) => p999Ms)),
    longestMs: Math.max(...holds.map(({ longestMs }) => longestMs)),
  }
}

function tellHolds({ p99Ms, p999Ms, longestMs }: Holds): string {
  return `${[p99Ms, p999Ms, longestMs].map((ms) => ms.toFixed(1)).join(', ')} ms`
}

function spread(times: readonly number[]): string {
  return `${percentile(times, 0.5).toFixed(1)}, ${percentile(times, 0.99).toFixed(1)} ms (of ${times.length})`
}

function describe(readings: readonly Reading[]): string {
  const syncs = readings.flatMap(({ sync }) => (sync === undefined ? [] : [sync]))
  return `${syncs.length} times, ${median(syncs.map(secondsOf)).toFixed(1)} s, ${median(syncs.map(changesOf))} records changed`
}
