// The lock of syncs while it is held: a database that cannot be written for a while must not end the process.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { BridgeError } from '../../src/errors.ts'
import { LEASE_MS } from '../../src/store/locks.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openNodeSqlite } from '../../src/store/node-sqlite.ts'
import type { Sql } from '../../src/store/sql.ts'
import { holdLock } from '../../src/sync/sync-lock.ts'
import { openTestStore } from '../support/runtime.ts'

function openHeld() {
  const sql = openTestStore()
  migrate(sql, [])
  const clock = { now: 1_000_000 }
  const timers: (() => void)[] = []
  const logged: string[] = []
  const note = (event: string) => void logged.push(event)
  const state = { isLocked: false }
  const guarded: Sql = {
    ...sql,
    run(statement, ...parameters) {
      if (state.isLocked) throw new BridgeError('store-failed', 'The database is locked by another process.')
      return sql.run(statement, ...parameters)
    },
  }
  const lock = holdLock({
    sql: guarded,
    lockOwner: { name: 'this process', mayBeAlive: () => true },
    now: () => clock.now,
    after: (ms, call) => {
      timers.push(() => {
        clock.now += ms
        call()
      })
      return () => {}
    },
    log: { debug: note, info: note, warn: note, error: note },
  })
  if (lock === undefined) throw new Error('the lock is not free')
  return { lock, state, logged, fire: () => timers.at(-1)?.() }
}

describe('a held lock', () => {
  it('outlives a renewal that the database cannot take, and is renewed soon', () => {
    const { lock, state, logged, fire } = openHeld()
    fire()
    state.isLocked = true
    fire()
    fire()
    expect([lock.lost.aborted, logged]).toEqual([false, ['lock-not-renewed', 'lock-not-renewed']])
    state.isLocked = false
    fire()
    for (let nth = 0; nth < 10; nth += 1) fire()
    expect([lock.lost.aborted, logged.length]).toEqual([false, 2])
  })

  it('is given up when its lease has passed without a renewal', () => {
    const { lock, state, fire } = openHeld()
    state.isLocked = true
    for (let nth = 0; nth < LEASE_MS / 1_000 && !lock.lost.aborted; nth += 1) fire()
    expect(lock.lost.aborted).toBe(true)
  })
})

describe('a database that another process writes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-lock-'))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('fails a transaction as a fault of the store', () => {
    const path = join(folder, 'locked.sqlite')
    const sql = openNodeSqlite(path, { busyTimeoutMs: 0 })
    sql.run('create table t (x)')
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    try {
      expect(() => sql.transaction(() => sql.run('insert into t values (1)'))).toThrow(
        expect.objectContaining({ code: 'store-failed' }),
      )
    } finally {
      other.exec('rollback')
      other.close()
    }
    sql.transaction(() => sql.run('insert into t values (2)'))
    expect(sql.all('select x from t')).toEqual([{ x: 2 }])
    sql.close()
  })
})
