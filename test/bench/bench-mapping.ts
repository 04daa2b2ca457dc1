// The mapping by itself: staged rows in memory through the default mapping to records, nothing written.
import { join } from 'node:path'
import { loadMapping } from '../../src/load-mapping.ts'
import type { Row } from '../../src/mapping/coerce.ts'
import { memoryRows } from '../../src/mapping/memory-rows.ts'
import type { StagedRows } from '../../src/mapping/ports.ts'
import { readMappingFiles } from '../../src/mapping-files.ts'
import { completeCrawl } from '../../src/store/crawls.ts'
import { openNodeSqlite } from '../../src/store/node-sqlite.ts'
import { crawlSettings } from '../../src/sync/crawl-store.ts'
import { stagedRows } from '../../src/sync/staged.ts'
import { todayIn } from '../../src/sync/today.ts'
import { type Figure, median, note, ratio } from './measure.ts'

const ROUNDS = 3

/** Reads the staged rows that the benched syncs left in `dataDir`. */
export async function benchMapping(dataDir: string): Promise<Figure[]> {
  const sql = openNodeSqlite(join(dataDir, 'default.sqlite'))
  const crawl = completeCrawl(sql)
  if (crawl === undefined) throw new Error('the benched syncs left no crawl')
  const loading = performance.now()
  const mapping = loadMapping(readMappingFiles())
  const loadMs = performance.now() - loading
  const stored = stagedRows(sql, crawl)
  const names = mapping.sources.map(({ name }) => name)
  const inMemory = memoryRows(
    mapping.sources.map(({ name, keySlot }) => ({
      name,
      keySlot,
      // The crawl writes what `coerceRow` made.
      rows: stored.batch(name, 0, Number.MAX_SAFE_INTEGER).map(({ row }) => row as Row),
    })),
  )
  const rows = names.reduce((sum, name) => sum + stored.count(name), 0)
  const today = todayIn(crawlSettings(crawl).timeZone, Date.now())
  const run = (from: StagedRows) => {
    const start = performance.now()
    let records = 0
    for (const batch of mapping.startRun({ rows: from, settings: crawl.settings, today }).records())
      records += batch.length
    return { ms: performance.now() - start, records }
  }
  const times = { memory: [] as number[], store: [] as number[] }
  let records = 0
  for (let round = 0; round < ROUNDS; round++) {
    const mapped = run(inMemory)
    records = mapped.records
    times.memory.push(mapped.ms)
    times.store.push(run(stored).ms)
  }
  sql.close()
  const perMinute = (ms: number) => rows / (ms / 60_000) / 1e6
  return [
    note('mapping: load and check', `${loadMs.toFixed(0)} ms`),
    note('mapping: rows → records', `${rows} → ${records}`),
    ratio('mapping alone, M rows a minute (rows in memory)', perMinute(median(times.memory)), { least: 10 }),
    note('mapping from the store, M rows a minute', perMinute(median(times.store)).toFixed(1)),
  ]
}
