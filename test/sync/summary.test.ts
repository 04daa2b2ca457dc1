// How the command line tells what a sync has read.
import { describe, expect, it } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { summarizeSync } from '../../src/cli/sync-summary.ts'
import { listSyncs } from '../../src/store/syncs.ts'
import { openTestBridge } from '../support/bridge.ts'

describe('the summary of a sync', () => {
  it('tells what was left unread, by the way in which the district was read', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const { report } = await bridge.syncNow()
    const [record] = listSyncs(bridge.sql)
    if (record === undefined) throw new Error('the sync left no record')
    const told = (template: 'rest' | 'powerquery', isFull: boolean) =>
      summarizeSync({ ...record, report: { ...report, crawl: { ...report.crawl, template, isFull } } })
    expect(told('powerquery', true)).toContain('Read PowerSchool, every list with its count: ')
    expect(told('powerquery', false)).toContain('Read PowerSchool, what has changed, and all keys: ')
    expect(told('rest', false)).toContain('Read PowerSchool, short lists that stayed the same without their count: ')
  })
})
