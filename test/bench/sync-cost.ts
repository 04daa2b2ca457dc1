// What one sync costs: its time, what the bridge's process writes, what its store gains, and what PowerSchool is asked.
import { type BridgeClient, changesOf, type Sync, secondsOf } from './bridge-client.ts'
import { median } from './measure.ts'
import type { PowerSchoolProcess, ServerProcess } from './processes.ts'
import { type StoreSize, storeSize, untilIdle, versionsSince } from './store-file.ts'
import { type WrittenBytes, writtenBytes } from './written-bytes.ts'

export interface SyncCost {
  readonly sync: Sync
  readonly seconds: number
  /** Milliseconds by stage. */
  readonly durations: Readonly<Record<string, number>>
  /** With what follows the sync: lists deflated, store tidied. */
  readonly wholeSeconds: number
  /** Both not numbers where the system does not tell. */
  readonly calledBytes: number
  readonly diskBytes: number
  /** Records added, changed or removed, as the sync's report says. */
  readonly changes: number
  /** Versions that the store has gained, and how many more there are once it is tidied. */
  readonly added: number
  readonly grown: number
  readonly fileGrown: number
  readonly logGrown: number
  readonly requests: number
}

export interface MeasuredBridge {
  readonly bridge: ServerProcess
  readonly client: BridgeClient
  readonly powerSchool: PowerSchoolProcess
  readonly dataDir: string
}

const NOTHING: StoreSize = { versions: 0, last: new Map(), fileBytes: 0, logBytes: 0 }

/** Of the first sync, which begins as the process does; `startedMs` and `requests` are from before that. */
export async function firstSyncCost(
  measured: MeasuredBridge,
  { startedMs, requests }: { startedMs: number; requests: number },
): Promise<SyncCost> {
  const sync = await measured.client.latestSync()
  return costOf(measured, sync, { startedMs, requests, written: { called: 0, toDisk: 0 }, size: NOTHING })
}

export async function syncCost(measured: MeasuredBridge): Promise<SyncCost> {
  const { bridge, client, powerSchool, dataDir } = measured
  const before = {
    requests: await powerSchool.requests(),
    written: writtenBytes(bridge.pid),
    size: storeSize(dataDir),
    startedMs: performance.now(),
  }
  return costOf(measured, await client.sync(), before)
}

interface Before {
  readonly requests: number
  readonly written: WrittenBytes | undefined
  readonly size: StoreSize
  readonly startedMs: number
}

async function costOf({ bridge, powerSchool, dataDir }: MeasuredBridge, sync: Sync, before: Before): Promise<SyncCost> {
  await untilIdle(dataDir)
  const wholeSeconds = (performance.now() - before.startedMs) / 1_000
  const written = writtenBytes(bridge.pid)
  const size = storeSize(dataDir)
  return {
    sync,
    seconds: secondsOf(sync),
    durations: sync.report?.durations ?? {},
    wholeSeconds,
    calledBytes: (written?.called ?? Number.NaN) - (before.written?.called ?? Number.NaN),
    diskBytes: (written?.toDisk ?? Number.NaN) - (before.written?.toDisk ?? Number.NaN),
    changes: changesOf(sync),
    added: versionsSince(dataDir, before.size),
    grown: size.versions - before.size.versions,
    fileGrown: size.fileBytes - before.size.fileBytes,
    logGrown: size.logBytes - before.size.logBytes,
    requests: (await powerSchool.requests()) - before.requests,
  }
}

/** Figure by figure the median; the sync of the last. */
export function medianCost(costs: readonly SyncCost[]): SyncCost {
  const [last] = costs.slice(-1)
  if (last === undefined) throw new RangeError('no sync was measured')
  const of = (figure: (cost: SyncCost) => number) => median(costs.map(figure))
  return {
    sync: last.sync,
    seconds: of(({ seconds }) => seconds),
    durations: Object.fromEntries(
      Object.keys(last.durations).map((stage) => [stage, of(({ durations }) => durations[stage] ?? 0)]),
    ),
    wholeSeconds: of(({ wholeSeconds }) => wholeSeconds),
    calledBytes: of(({ calledBytes }) => calledBytes),
    diskBytes: of(({ diskBytes }) => diskBytes),
    changes: of(({ changes }) => changes),
    added: of(({ added }) => added),
    grown: of(({ grown }) => grown),
    fileGrown: of(({ fileGrown }) => fileGrown),
    logGrown: of(({ logGrown }) => logGrown),
    requests: of(({ requests }) => requests),
  }
}
