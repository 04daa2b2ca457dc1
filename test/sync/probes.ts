// How the sync tests look at a bridge: what it serves byte for byte, syncs that are stopped half-way, and a fetch in between.
import { COLLECTIONS } from '../../fixtures/expected.ts'
import { createPowerSchoolClient } from '../../src/powerschool/client.ts'
import type { SyncRecord } from '../../src/store/syncs.ts'
import type { SyncContext } from '../../src/sync/context.ts'
import type { SyncReport } from '../../src/sync/report.ts'
import { runSync } from '../../src/sync/sync.ts'
import type { TestBridge } from '../support/bridge.ts'

export type Ended = SyncRecord & {
  readonly report: SyncReport | undefined
  readonly error: { readonly code: string; readonly message: string; readonly remedy?: string } | undefined
}

/** Every collection as it is served, tombstones too, as text. */
export async function servedBytes(bridge: Pick<TestBridge, 'get'>): Promise<Record<string, string>> {
  const served: Record<string, string> = {}
  for (const collection of COLLECTIONS) {
    // With this filter deleted records come too.
    const answer = await bridge.get(`/${collection}?limit=10000&filter=dateLastModified>'2000-01-01'`)
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${collection} answered ${answer.status}: ${text}`)
    served[collection] = `${answer.headers.get('x-total-count')} ${text}`
  }
  return served
}

/** One sync with parts of its context replaced. */
export async function syncWith(
  bridge: TestBridge,
  id: string,
  change: Partial<SyncContext> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Ended> {
  // `runSync` saves what `syncReport` and `errorReport` make.
  return (await runSync({ ...bridge.sync, ...change }, id, signal)) as Ended
}

export type Wire = (request: Request, pass: () => Promise<Response>) => Promise<Response>

/** A client of the bridge's simulator with `wire` in between. */
export function wired(bridge: TestBridge, wire: Wire): Pick<SyncContext, 'client'> {
  const { clock, powerSchool } = bridge
  return {
    client: createPowerSchoolClient({
      ...powerSchool.credentials,
      url: 'https://powerschool.example.org',
      fetch: (url, init) => wire(new Request(url, init), () => powerSchool.fetch(url, init)),
      concurrency: 4,
      minIntervalMs: 0,
      now: () => clock.now,
      sleep: async (ms) => {
        clock.now += ms
      },
      random: () => 0.5,
      log: bridge.sync.log,
    }),
  }
}

/** Versions that no published snapshot knows, and changes that were never put in place; all 0 in a clean store. */
export function tracesOf({ sql }: TestBridge): Record<string, number> {
  const count = (statement: string) => sql.all<{ n: number }>(statement)[0]?.n ?? 0
  const newest = count('select max(number) as n from generations')
  const traces = COLLECTIONS.flatMap((name) => [
    [`born later in ${name}`, count(`select count(*) as n from records_${name} where born > ${newest}`)],
    [
      `died later in ${name}`,
      count(`select count(*) as n from records_${name} where died > ${newest} and died < ${Number.MAX_SAFE_INTEGER}`),
    ],
    [
      `alive twice in ${name}`,
      count(
        `select count(*) - count(distinct sourcedId) as n from records_${name} where died = ${Number.MAX_SAFE_INTEGER}`,
      ),
    ],
    [
      `links of nothing in ${name}`,
      count(`select count(*) as n from links_${name} where seq not in (select seq from records_${name})`),
    ],
    [`changes of ${name}`, count(`select count(*) as n from changed_${name}`)],
  ])
  return Object.fromEntries(traces.filter(([, n]) => n !== 0))
}
