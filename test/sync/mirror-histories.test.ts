// Random lives of a district, its server and the bridge's process: after each complete crawl the mirror is what a first crawl finds.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import type { FaultKind } from '../../fixtures/powerschool/faults.ts'
import type { Sql } from '../../src/store/sql.ts'
import type { CrawlResult } from '../../src/sync/crawl-stage.ts'
import { seeded } from '../powerschool/fake.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { crawlInto, dyingAt, freshMirror, mirrorOf, openMirror } from './mirror.ts'
import { changeAtRandom } from './mirror-changes.ts'

const SEEDS = 12
const ROUNDS = 6
/** All that the crawl can see through. A page that is short by just the rows that are new looks unchanged until the next full crawl. */
const FAULTS: readonly FaultKind[] = ['error-503', 'cut-off', 'broken-json', 'busy', 'html', 'refused', 'repeated-row']
const HOUR_MS = 3_600_000

/** What becomes of an attempt → how often so far. */
type Lived = Record<'full' | 'incremental' | 'killed' | 'stopped' | 'refused' | 'failed', number>

/** One crawl through what may happen to it; undefined where it was not completed. */
async function attempt(
  bridge: TestBridge,
  sql: Sql,
  random: () => number,
  lived: Lived,
): Promise<CrawlResult | undefined> {
  const { faults, settings } = bridge.powerSchool
  for (const kind of FAULTS) if (random() < 0.2) faults.add({ kind, probability: random() * 0.05 })
  const lot = random()
  const nth = Math.ceil(random() * 300)
  const stopper = new AbortController()
  let steps = 0
  const onProgress = () => {
    steps += 1
    if (steps !== nth) return
    if (lot < 0.15) stopper.abort()
    else if (lot < 0.25) settings.v1Level = 'NONE'
    else if (lot < 0.35) faults.add({ kind: 'error-503', probability: 1 })
  }
  const store = lot > 0.6 ? dyingAt(sql, nth) : sql
  try {
    const result = await crawlInto(bridge, store, { signal: stopper.signal, onProgress })
    lived[result.crawl.isFull ? 'full' : 'incremental'] += 1
    return result
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const code = 'code' in error ? error.code : undefined
    if (code === undefined && error.message !== 'killed') throw error
    if (code === undefined) lived.killed += 1
    else if (code === 'sync-stopped') lived.stopped += 1
    else if (code === 'powerschool-rights') lived.refused += 1
    else lived.failed += 1
    return undefined
  } finally {
    faults.clear()
    settings.v1Level = 'READ'
  }
}

async function crawlThrough(bridge: TestBridge, sql: Sql, random: () => number, lived: Lived): Promise<CrawlResult> {
  for (;;) {
    const result = await attempt(bridge, sql, random, lived)
    if (result !== undefined) return result
    if (random() < 0.3) {
      // Later than an interrupted crawl is gone on with: the district may be another by then.
      bridge.clock.now += 7 * HOUR_MS
      changeAtRandom(bridge.district, random, 3)
    } else bridge.clock.now += random() * 10 * 60_000
  }
}

/** One district's life, from an empty store on. */
async function live(seed: number, lived: Lived): Promise<void> {
  const random = seeded(seed)
  const district = createDistrict({ students: 40, seed, today: '2026-11-18', perStudentEnrollments: 3 })
  const bridge = await openTestBridge({ district, simulator: { pageSize: 10, seed } })
  const sql = openMirror()
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const changes = changeAtRandom(district, random, 6)
      const result = await crawlThrough(bridge, sql, random, lived)
      const when = `seed ${seed}, round ${round}, after ${changes}`
      expect(mirrorOf(bridge, sql, result), when).toEqual(await freshMirror(bridge))
      // As a sync does that has mapped it: the next one crawls again.
      sql.run(`update crawls set mapped_ms = 1`)
      bridge.clock.now += (1 + random() * 7) * HOUR_MS
    }
  } finally {
    sql.close()
  }
}

describe('the mirror of a district', () => {
  it('is what a first crawl finds, whatever happened before', { timeout: 180_000 }, async () => {
    const lived = { full: 0, incremental: 0, killed: 0, stopped: 0, refused: 0, failed: 0 }
    for (let seed = 1; seed <= SEEDS; seed += 1) await live(seed, lived)
    for (const [what, times] of Object.entries(lived)) expect(times, what).toBeGreaterThan(0)
  })
})
