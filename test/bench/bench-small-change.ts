// A sync in which 50 records changed, and one in which none did, beside the first sync of the same district.
import { join } from 'node:path'
import { bridgeEnvironment, connectBridge, type Sync, tellStages } from './bridge-client.ts'
import { type Figure, note, ratio } from './measure.ts'
import { type PowerSchoolProcess, startServerProcess } from './processes.ts'
import { firstSyncCost, medianCost, type SyncCost, syncCost } from './sync-cost.ts'

const CHANGES = 50
/** Apart from those of other parts of the bench, so that no student gets the same name again. */
const SALT = 1_000

interface SmallChangeBench {
  readonly powerSchool: PowerSchoolProcess
  readonly folder: string
  readonly rounds: number
}

/** One first sync into an empty store, then unchanged and changed ones, interleaved. */
export async function benchSmallChange({ powerSchool, folder, rounds }: SmallChangeBench): Promise<Figure[]> {
  const dataDir = join(folder, 'small-change')
  const before = { startedMs: performance.now(), requests: await powerSchool.requests() }
  const bridge = await startServerProcess('bridge-process.ts', bridgeEnvironment(powerSchool, dataDir))
  const client = await connectBridge(bridge.url)
  const measured = { bridge, client, powerSchool, dataDir }
  const first = await firstSyncCost(measured, before)
  const unchanged: SyncCost[] = []
  const changed: SyncCost[] = []
  for (let round = 0; round < rounds; round++) {
    unchanged.push(await syncCost(measured))
    await powerSchool.change(CHANGES, SALT + round)
    changed.push(await syncCost(measured))
  }
  await client.close()
  await bridge.stop()
  return compare({ first, unchanged: medianCost(unchanged), changed: medianCost(changed) })
}

const COLUMNS = { first: 'first sync', unchanged: 'nothing changed', changed: `${CHANGES} changes` } as const
type Costs = Readonly<Record<keyof typeof COLUMNS, SyncCost>>

const LINES: readonly { readonly what: string; readonly tell: (cost: SyncCost) => string }[] = [
  { what: 'time', tell: ({ seconds, durations }) => `${seconds.toFixed(1)} s (${tellStages(durations)})` },
  { what: 'time with what follows', tell: ({ wholeSeconds }) => `${wholeSeconds.toFixed(1)} s` },
  { what: 'bytes written, to disk', tell: ({ calledBytes, diskBytes }) => `${mb(calledBytes)}, ${mb(diskBytes)}` },
  { what: 'database, log: growth', tell: ({ fileGrown, logGrown }) => `${mb(fileGrown)}, ${mb(logGrown)}` },
  {
    what: 'changes; versions added, left',
    tell: ({ changes, added, grown }) => [changes, added, grown].map(String).join(', '),
  },
  { what: 'PowerSchool requests', tell: ({ requests }) => String(requests) },
  { what: 'crawl', tell: ({ sync }) => tellCrawl(sync) },
]

function tellCrawl({ report }: Sync): string {
  const { crawl } = report ?? {}
  if (crawl === undefined) return 'not told'
  return `${crawl.isFull ? 'full' : 'incremental'}, ${crawl.rows} rows, ${crawl.changedRows} changed`
}

function compare(costs: Costs): Figure[] {
  const { first, unchanged, changed } = costs
  // The keys of COLUMNS are its names, each once.
  const names = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]
  const shareOf = (cost: SyncCost, name: keyof typeof COLUMNS): Figure[] => [
    ratio(`${COLUMNS[name]} ÷ first sync: bytes written`, cost.calledBytes / first.calledBytes, { most: 0.01 }),
    ratio(`${COLUMNS[name]} ÷ first sync: bytes to disk`, cost.diskBytes / first.diskBytes, { most: 0.01 }),
  ]
  // What the changes alone take: a crawl that finds nothing is behind both.
  const surplus = (changed.wholeSeconds - unchanged.wholeSeconds) / first.wholeSeconds
  const perRecord = (changed.calledBytes - unchanged.calledBytes) / changed.changes
  return [
    ...names.flatMap((name) => LINES.map(({ what, tell }) => note(`${COLUMNS[name]}: ${what}`, tell(costs[name])))),
    ratio('nothing changed ÷ first sync: time', unchanged.seconds / first.seconds, { most: 0.5 }),
    ratio('nothing changed ÷ first sync: PowerSchool requests', unchanged.requests / first.requests, { most: 0.6 }),
    ...shareOf(unchanged, 'unchanged'),
    ratio('nothing changed: versions added', unchanged.added, { most: 0 }),
    ratio(`(${CHANGES} changes − nothing changed) ÷ first sync: time`, surplus, { most: 0.05 }),
    ...shareOf(changed, 'changed'),
    note(`${CHANGES} changes − nothing changed: bytes written per record`, mb(perRecord)),
    ratio(`${CHANGES} changes: versions added ÷ records changed`, changed.added / changed.changes, { most: 1 }),
  ]
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1)} MB`
}
