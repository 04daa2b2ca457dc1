// The time of a publish, which every delta relies on: later than whatever a reader of the generation before can have noted.
import { describe, expect, it } from 'vitest'
import { openServed } from '../../src/store/served.ts'
import { currentSnapshot, newestSnapshot, type PublishOptions, publishGeneration } from '../../src/store/snapshots.ts'
import type { Sql } from '../../src/store/sql.ts'
import { openStore, prepare, user } from './support.ts'

const AT = Date.parse('2026-03-02T09:00:00Z')
const MINUTE = 60_000

function publishAt(sql: Sql, now: number, change: Partial<PublishOptions> = {}) {
  const { generation } = prepare(sql, [user('stu1', `Name${now}`)])
  const fixed = { generation, sync: 'sync', totals: () => new Map(), now: () => now, servedMs: () => 0 }
  return publishGeneration(sql, { ...fixed, ...change })
}

/** What a second process does when this one commits its announcement. */
function withRival(sql: Sql, rival: () => void): Sql {
  return {
    ...sql,
    run(statement, ...parameters) {
      const result = sql.run(statement, ...parameters)
      if (statement.includes('into publishing')) rival()
      return result
    },
  }
}

describe('the time of a publish', () => {
  it('is later than the clock, the publish before, and the last moment at which a consumer was served', () => {
    const sql = openStore()
    expect(publishAt(sql, AT).timeMs).toBe(AT + 1)
    expect(publishAt(sql, AT - MINUTE).timeMs).toBe(AT + 2)
    expect(publishAt(sql, AT - MINUTE, { servedMs: () => AT + MINUTE }).timeMs).toBe(AT + MINUTE + 1)
  })

  it('is taken after a reader of another process has begun with the generation before', () => {
    const sql = openStore()
    publishAt(sql, AT)
    let clock = AT + MINUTE
    const noted: { t: number; generation: number | undefined }[] = []
    const rival = () => {
      if (noted.length > 3) return
      noted.push({ t: clock, generation: newestSnapshot(sql)?.generation })
      clock += 10
    }
    const { timeMs, generation } = publishAt(withRival(sql, rival), 0, { now: () => clock })
    expect(noted.map((note) => note.generation)).toEqual([1, 1, 1, 1])
    expect(generation).toBe(2)
    expect(timeMs).toBeGreaterThan(Math.max(...noted.map(({ t }) => t)))
  })

  it('leaves everything as it was, announcement too, when a check refuses it', () => {
    const sql = openStore()
    publishAt(sql, AT)
    const check = () => {
      throw new Error('another has taken over')
    }
    expect(() => publishAt(sql, AT + MINUTE, { check })).toThrow('taken over')
    expect(currentSnapshot(sql)?.generation).toBe(1)
    expect(sql.all(`select * from publishing`)).toEqual([])
    expect(sql.all(`select * from pending`)).toHaveLength(1)
  })

  it('is not waited for in vain when its process was killed after the announcement', () => {
    const sql = openStore()
    publishAt(sql, AT)
    sql.run(`insert into publishing (id) values ('killed')`)
    expect(newestSnapshot(sql)?.generation).toBe(1)
    expect(sql.all(`select * from publishing`)).toEqual([])
  })
})

describe('the last moment at which a consumer was served', () => {
  it('is exact where it was noted, and never earlier to others', () => {
    const sql = openStore()
    const clock = { now: AT }
    const here = openServed(sql, () => clock.now)
    const there = openServed(sql, () => clock.now)
    for (const step of [0, 1, 300, 699, 1, 5_000, 1_000, 1_001, -MINUTE, 10, 3_000]) {
      clock.now += step
      const highest = Math.max(here.latestMs(), clock.now)
      here.note()
      expect(here.latestMs()).toBe(highest)
      expect(here.quietMs()).toBe(0)
      expect(there.latestMs()).toBeGreaterThanOrEqual(highest)
      expect(there.latestMs()).toBeLessThanOrEqual(highest + 1_000)
      expect(there.quietMs()).toBe(0)
    }
    clock.now += 90_000
    expect(here.quietMs()).toBe(90_000)
    expect(there.quietMs()).toBeGreaterThanOrEqual(89_000)
  })

  it('is written once a second at most', () => {
    const sql = openStore()
    let transactions = 0
    const watched: Sql = {
      ...sql,
      transaction(work) {
        transactions += 1
        return sql.transaction(work)
      },
    }
    const clock = { now: AT }
    const served = openServed(watched, () => clock.now)
    for (let request = 0; request < 1_000; request += 1) {
      clock.now += 2
      served.note()
    }
    expect(transactions).toBeLessThanOrEqual(3)
  })
})
