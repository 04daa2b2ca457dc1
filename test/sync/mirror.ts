// Crawls of a simulated district into stores of their own, and what they leave in them.

import { crawlProblems } from '../../src/store/crawl-progress.ts'
import { migrate } from '../../src/store/migrations.ts'
import type { Sql } from '../../src/store/sql.ts'
import { type CrawlResult, crawlDistrict } from '../../src/sync/crawl-stage.ts'
import { stagedRows } from '../../src/sync/staged.ts'
import type { TestBridge } from '../support/bridge.ts'
import { openTestStore, type TestStore } from '../support/runtime.ts'

export function openMirror(): TestStore {
  const sql = openTestStore()
  migrate(sql, [])
  return sql
}

/** One crawl of the bridge's district, by a process of its own. */
export function crawlInto(
  bridge: TestBridge,
  sql: Sql,
  change: Partial<Parameters<typeof crawlDistrict>[0]> = {},
): Promise<CrawlResult> {
  const { signal } = new AbortController()
  return crawlDistrict({ ...bridge.sync, onProgress: () => {}, signal, ...change, sql })
}

/** Every row that the mapping would see, by source and key, and the problems that the report would tell. */
export function mirrorOf(bridge: TestBridge, sql: Sql, { crawl }: CrawlResult) {
  const rows = stagedRows(sql, crawl)
  const sources = bridge.sync.mapping.sources.map(({ name, keySlot }) => {
    const batch = rows.batch(name, 0, Number.MAX_SAFE_INTEGER).map(({ row }) => [String(row[keySlot]), row] as const)
    const found = Object.fromEntries(batch)
    if (rows.count(name) !== Object.keys(found).length || batch.length !== rows.count(name)) {
      throw new Error(`${name} counts ${rows.count(name)} rows and shows ${batch.length}`)
    }
    return [name, found]
  })
  return { sources: Object.fromEntries(sources), problems: crawlProblems(sql, crawl) }
}

/** What a crawl into an empty store finds at this moment. */
export async function freshMirror(bridge: TestBridge) {
  const sql = openMirror()
  try {
    return mirrorOf(bridge, sql, await crawlInto(bridge, sql))
  } finally {
    sql.close()
  }
}

/** A store whose process dies at the nth statement or commit from now, before or after it; it is never used again. */
export function dyingAt(sql: Sql, nth: number): Sql & { readonly isDead: () => boolean } {
  let steps = 0
  const step = () => {
    steps += 1
    if (steps >= nth) throw new Error('killed')
  }
  return {
    isDead: () => steps >= nth,
    all(statement, ...parameters) {
      if (steps >= nth) throw new Error('killed')
      return sql.all(statement, ...parameters)
    },
    run(statement, ...parameters) {
      step()
      return sql.run(statement, ...parameters)
    },
    transaction(work) {
      step()
      const result = sql.transaction(work)
      step()
      return result
    },
    bytes: sql.bytes,
  }
}
