// The mapping by itself: staged rows in memory through the default mapping to records, nothing written.
import { join } from 'node:path'
import { loadMapping } from '../../src/load-mapping.ts'
import type { Row } from '../../src/mapping/coerce.ts'
import type { StagedRows } from '../../src/mapping/ports.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'
import { memoryRows } from '../../src/mapping/run/memory-rows.ts'
import { readLayers, readMappingFiles } from '../../src/node/mapping-files.ts'
import { completeCrawl, readMirror } from '../../src/store/crawls.ts'
import { openNodeSqlite } from '../../src/store/node-sqlite.ts'
import type { Sql } from '../../src/store/sql.ts'
import { crawlSettings } from '../../src/sync/crawl-store.ts'
import { refittedRows } from '../../src/sync/refitted-rows.ts'
import { stagedRows } from '../../src/sync/staged.ts'
import { readPlan, type StagedPlan } from '../../src/sync/staged-plan.ts'
import { todayIn } from '../../src/sync/today.ts'
import { type Figure, median, note, ratio } from './measure.ts'
import { stackLayers } from './stacked-layers.ts'

const ROUNDS = 3

/** Reads the staged rows that the benched syncs left in `dataDir`. */
export async function benchMapping(dataDir: string, folder: string): Promise<Figure[]> {
  const sql = openNodeSqlite(join(dataDir, 'default.sqlite'))
  const crawl = completeCrawl(sql)
  if (crawl === undefined) throw new Error('the benched syncs left no crawl')
  const mapping = loadMapping(readMappingFiles())
  const stored = stagedRows(sql, crawl)
  const names = mapping.sources.map(({ name }) => name)
  const inMemory = inMemoryOf(mapping, stored)
  const rows = names.reduce((sum, name) => sum + stored.count(name), 0)
  const today = todayIn(crawlSettings(crawl).timeZone, Date.now())
  const run = (from: StagedRows, by = mapping) => {
    const start = performance.now()
    let records = 0
    for (const batch of by.startRun({ rows: from, settings: crawl.settings, today }).records()) records += batch.length
    return { ms: performance.now() - start, records }
  }
  // Rows as the layers' mapping has them: the columns that PowerSchool was not asked for are blank.
  const layered = loadMapping(readMappingFiles(), readLayers(stackLayers(folder)))
  const read = planOf(sql)
  const refitted = inMemoryOf(layered, refittedRows(stored, { read, wanted: read, mapping: layered, sql }))
  const times = { memory: [] as number[], layers: [] as number[], store: [] as number[] }
  let records = 0
  for (let round = 0; round < ROUNDS; round++) {
    const mapped = run(inMemory)
    records = mapped.records
    times.memory.push(mapped.ms)
    times.layers.push(run(refitted, layered).ms)
    times.store.push(run(stored).ms)
  }
  sql.close()
  const perMinute = (ms: number) => rows / (ms / 60_000) / 1e6
  return [
    note('mapping: rows → records', `${rows} → ${records}`),
    ratio('mapping alone, M rows a minute (rows in memory)', perMinute(median(times.memory)), { least: 10 }),
    ratio('the same with three layers', perMinute(median(times.layers)), { least: 10 }),
    note('mapping from the store, M rows a minute', perMinute(median(times.store)).toFixed(1)),
  ]
}

function inMemoryOf({ sources }: Mapping, stored: StagedRows): StagedRows {
  return memoryRows(
    sources.map(({ name, keySlot }) => ({
      name,
      keySlot,
      // The crawl writes what `coerceRow` made.
      rows: stored.batch(name, 0, Number.MAX_SAFE_INTEGER).map(({ row }) => row as Row),
    })),
  )
}

function planOf(sql: Sql): StagedPlan {
  const plan = readPlan(readMirror(sql)?.plan ?? '')
  if (plan === undefined) throw new Error('the benched syncs left no plan')
  return plan
}
