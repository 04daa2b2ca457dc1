// The mapping by itself: staged rows in memory through the default mapping to records, nothing written.
import { join } from 'node:path'
import { loadMapping } from '../../src/load-mapping.ts'
import type { StagedRow, StagedRows } from '../../src/mapping/ports.ts'
import { readMappingFiles } from '../../src/node.ts'
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
    stored,
    mapping.sources.map(({ name, keySlot }) => [name, keySlot]),
    mapping.indexes,
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

/** All rows in arrays, with the key and the matched columns in maps. */
function memoryRows(
  stored: StagedRows,
  sources: readonly (readonly [string, number])[],
  indexes: readonly { readonly source: string; readonly slots: readonly number[] }[],
): StagedRows {
  const all = new Map(sources.map(([name]) => [name, stored.batch(name, 0, Number.MAX_SAFE_INTEGER)]))
  const ordinals = new Map([...all].map(([name, rows]) => [name, new Map(rows.map((row) => [row.ordinal, row]))]))
  const keys = new Map(
    sources.map(([name, slot]) => [name, new Map((all.get(name) ?? []).map((row) => [row.row[slot], row]))]),
  )
  const matches = new Map(
    indexes.map(({ source, slots }) => {
      const found = new Map<string, StagedRow[]>()
      for (const row of all.get(source) ?? []) {
        const key = JSON.stringify(slots.map((slot) => row.row[slot]))
        const group = found.get(key)
        if (group === undefined) found.set(key, [row])
        else group.push(row)
      }
      return [`${source} ${slots.join(' ')}`, found]
    }),
  )
  return {
    count: (source) => all.get(source)?.length ?? 0,
    batch(source, after, limit) {
      const rows = all.get(source) ?? []
      let low = 0
      let high = rows.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((rows[middle]?.ordinal ?? 0) > after) high = middle
        else low = middle + 1
      }
      return rows.slice(low, low + limit)
    },
    byOrdinal: (source, ordinal) => ordinals.get(source)?.get(ordinal),
    byKey: (source, key) => keys.get(source)?.get(key),
    byMatch: (source, slots, values) => matches.get(`${source} ${slots.join(' ')}`)?.get(JSON.stringify(values)) ?? [],
  }
}
