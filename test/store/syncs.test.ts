// What the records of syncs tell of failures in a row.
import { describe, expect, it } from 'vitest'
import type { Sql } from '../../src/store/sql.ts'
import {
  failureStatus,
  failuresInARow,
  latestEnded,
  latestSuccessMs,
  listSyncs,
  type SyncStatus,
  saveSync,
} from '../../src/store/syncs.ts'
import { openStore } from './support.ts'

/** Saves syncs from the oldest to the newest, a second apart; `sync-running` stands for one that another process kept out. */
function saveAll(sql: Sql, ends: readonly (SyncStatus | 'sync-running')[]): void {
  ends.forEach((end, at) => {
    const isKeptOut = end === 'sync-running'
    saveSync(sql, {
      id: `sync-${at + 1}`,
      status: isKeptOut ? 'error' : end,
      startedMs: at * 1_000,
      finishedMs: end === 'inProgress' ? undefined : at * 1_000 + 500,
      stage: 'crawl',
      progress: undefined,
      report: undefined,
      error: end === 'success' ? undefined : { code: isKeptOut ? 'sync-running' : 'powerschool-unreachable' },
    })
  })
}

interface SeriesCase {
  readonly it: string
  readonly ends: readonly (SyncStatus | 'sync-running')[]
  readonly count: number
  readonly sinceMs?: number
}

const CASES: readonly SeriesCase[] = [
  { it: 'nothing', ends: [], count: 0 },
  { it: 'a success', ends: ['error', 'success'], count: 0 },
  { it: 'a held sync', ends: ['error', 'error', 'validationError'], count: 0 },
  { it: 'a failure after a success', ends: ['error', 'success', 'error'], count: 1 },
  { it: 'a quarantine', ends: ['success', 'error', 'error', 'quarantined', 'quarantined'], count: 4, sinceMs: 3_500 },
  {
    it: 'a new quarantine',
    ends: ['quarantined', 'success', 'error', 'error', 'quarantined'],
    count: 3,
    sinceMs: 4_500,
  },
  { it: 'stopped syncs among failures', ends: ['error', 'paused', 'error', 'paused'], count: 2 },
  { it: 'failures before the one that runs', ends: ['error', 'error', 'inProgress'], count: 2 },
  { it: 'syncs that another process kept out', ends: ['error', 'sync-running', 'sync-running'], count: 1 },
  { it: 'a success before one that was kept out', ends: ['error', 'success', 'sync-running'], count: 0 },
]

describe('the failures in a row', () => {
  it.each(CASES)('after $it are $count', ({ ends, count, sinceMs }) => {
    const sql = openStore()
    saveAll(sql, ends)
    expect(failuresInARow(sql)).toEqual({ count, quarantinedSinceMs: sinceMs })
  })

  it('are counted as far as syncs are kept', () => {
    const sql = openStore()
    saveAll(sql, ['success', ...Array.from({ length: 60 }, () => 'quarantined' as const)])
    expect(failuresInARow(sql)).toEqual({ count: 50, quarantinedSinceMs: 11_500 })
  })
})

describe('the status of a sync that fails', () => {
  it('is quarantined from the third in a row on, its own record not counted twice', () => {
    const sql = openStore()
    const statuses: string[] = []
    const ends: SyncStatus[] = []
    for (let nth = 1; nth <= 4; nth += 1) {
      saveAll(sql, [...ends, 'inProgress'])
      const status = failureStatus(sql, `sync-${nth}`, 'powerschool-unreachable')
      statuses.push(status)
      ends.push(status)
      saveAll(sql, ends)
      expect(failureStatus(sql, `sync-${nth}`)).toBe(status)
    }
    expect(statuses).toEqual(['error', 'error', 'quarantined', 'quarantined'])
  })

  it('is error for one that another process kept out, however many failed', () => {
    const sql = openStore()
    saveAll(sql, ['error', 'error', 'quarantined', 'inProgress'])
    expect(failureStatus(sql, 'sync-4', 'sync-running')).toBe('error')
    expect(failureStatus(sql, 'sync-4', 'rows-unfit')).toBe('error')
    expect(failureStatus(sql, 'sync-4', 'store-failed')).toBe('quarantined')
  })
})

describe('the latest sync that ended', () => {
  it('is not the one that runs', () => {
    const sql = openStore()
    expect(latestEnded(sql)).toBeUndefined()
    saveAll(sql, ['success', 'error', 'inProgress'])
    expect(latestEnded(sql)).toMatchObject({ id: 'sync-2', status: 'error' })
  })
})

describe('the last success', () => {
  it('is known however many syncs have failed or been held since, and 50 syncs are listed', () => {
    const sql = openStore()
    saveAll(sql, ['success', 'success', ...Array.from({ length: 60 }, () => 'validationError' as const)])
    expect(latestSuccessMs(sql)).toBe(1_500)
    expect(listSyncs(sql).map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 'validationError'))
    expect(sql.all(`select count(*) as n from syncs`)).toEqual([{ n: 51 }])
  })

  it('is the one that ended last, also when the clock was set back before it', () => {
    const sql = openStore()
    for (const [id, finishedMs] of Object.entries({ first: 9_000, second: 2_000 })) {
      const nothing = { progress: undefined, report: undefined, error: undefined }
      saveSync(sql, { id, status: 'success', startedMs: finishedMs - 500, finishedMs, stage: 'done', ...nothing })
    }
    expect(latestSuccessMs(sql)).toBe(2_000)
  })
})
