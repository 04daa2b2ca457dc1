// What the report of a sync tells: rows that could not be read, and how long it took.
import { describe, expect, it } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { listSyncs } from '../../src/store/syncs.ts'
import { openTestBridge } from '../support/bridge.ts'
import { syncWith, wired } from './probes.ts'

describe('the report of a sync', () => {
  it('counts cells that are of another type than the mapping declares, with the keys of their rows', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const { client } = wired(bridge, async (request, pass) => {
      const answer = await pass()
      if (!/\/course$/.test(new URL(request.url).pathname)) return answer
      const text = await answer.text()
      return new Response(text.replaceAll(/"course_name":"[^"]*"/g, '"course_name":{"was":"a text"}'), answer)
    })
    const { report } = await syncWith(bridge, 'odd cells', { client })
    const [rowType] = report?.rowTypes ?? []
    expect(rowType).toMatchObject({ source: 'courses', path: 'course_name' })
    expect(report?.diagnostics).toContainEqual({
      code: 'row-type',
      rule: 'courses',
      field: 'course_name',
      count: rowType?.count,
      keys: rowType?.keys,
    })
    expect(rowType?.keys.length).toBeGreaterThan(0)
    expect(JSON.stringify(report)).not.toContain('a text')
  })

  it('tells the time of each stage, and what the crawl asked for', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const { report } = await bridge.syncNow()
    expect(report.durations).toEqual({
      crawlMs: expect.any(Number),
      mapMs: expect.any(Number),
      waitMs: expect.any(Number),
      publishMs: expect.any(Number),
    })
    expect(report.crawl).toEqual({
      template: 'rest',
      isFull: true,
      isReused: false,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      requests: expect.any(Number),
      rows: expect.any(Number),
      changedRows: expect.any(Number),
    })
  })

  it('is kept for the last 50 syncs', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    for (let nth = 1; nth <= 52; nth += 1) await bridge.syncNow()
    const kept = listSyncs(bridge.sql)
    expect(kept).toHaveLength(50)
    expect(kept.every(({ report }) => report !== undefined)).toBe(true)
  })
})
