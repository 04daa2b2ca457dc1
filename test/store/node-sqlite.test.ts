// The database file and the world: what a full disk does, and how much is remembered.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type NodeSqlite, openNodeSqlite } from '../../src/store/node-sqlite.ts'

describe('a full disk', () => {
  it('is told as such, and leaves the database as it was', () => {
    const sql = openNodeSqlite(':memory:')
    sql.run(`create table notes (text text)`)
    sql.run(`insert into notes values ('kept')`)
    const [size] = sql.all<{ page_count: number }>(`pragma page_count`)
    sql.all(`pragma max_page_count = ${(size?.page_count ?? 0) + 2}`)
    const fill = () =>
      sql.transaction(() => {
        for (let row = 0; row < 100; row++) sql.run(`insert into notes values (?)`, 'x'.repeat(10_000))
      })
    expect(fill).toThrow(expect.objectContaining({ code: 'store-failed', message: 'The disk is full.' }))
    expect(sql.all(`select text from notes`)).toEqual([{ text: 'kept' }])
    sql.close()
  })
})

describe('a transaction', () => {
  it('that fails takes back what was done in it, also through nested ones', () => {
    const sql = openNodeSqlite(':memory:')
    sql.run(`create table notes (text text)`)
    const work = () =>
      sql.transaction(() => {
        sql.transaction(() => sql.run(`insert into notes values ('lost')`))
        throw new Error('no')
      })
    expect(work).toThrow('no')
    expect(sql.all(`select * from notes`)).toEqual([])
    sql.close()
  })
})

describe('statements', () => {
  it('of ever new shapes go on working when the older ones are forgotten', () => {
    const sql = openNodeSqlite(':memory:')
    for (let shape = 0; shape < 1_200; shape++) expect(sql.all(`select ${shape} as n`)).toEqual([{ n: shape }])
    expect(sql.all(`select 0 as n`)).toEqual([{ n: 0 }])
    sql.close()
  })
})

describe('a checkpoint thread', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })
  const newFile = () => {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-sqlite-'))
    folders.push(folder)
    return join(folder, 'test.sqlite')
  }
  const MB = 1 << 20
  /** About so many MB. */
  const fill = (sql: NodeSqlite, megabytes: number) =>
    sql.transaction(() => {
      for (let row = 0; row < megabytes * 100; row++) sql.run(`insert into notes values (?)`, 'x'.repeat(10_000))
    })
  const logPages = (sql: NodeSqlite) => sql.all<{ log: number }>(`pragma wal_checkpoint(noop)`)[0]?.log ?? 0

  it('copies what was committed into the database file, while the file is open', async () => {
    const path = newFile()
    const sql = openNodeSqlite(path, { hasCheckpointThread: true })
    sql.run(`create table notes (text text)`)
    fill(sql, 24)
    await vi.waitFor(() => expect(statSync(path).size).toBeGreaterThan(20 * MB), { timeout: 10_000, interval: 20 })
    sql.close()
  })

  it('begins the log anew itself, which must wait for the disk, so that nobody who answers requests does', async () => {
    const sql = openNodeSqlite(newFile(), { hasCheckpointThread: true })
    sql.run(`create table notes (text text)`)
    fill(sql, 24)
    await vi.waitFor(() => expect(logPages(sql)).toBeLessThan(10), { timeout: 10_000, interval: 20 })
    sql.close()
  })

  it('does not spare who begins a log that wait: a power cut could mix old pages into the file', () => {
    const sql = openNodeSqlite(newFile(), { hasCheckpointThread: true })
    expect(sql.all(`pragma synchronous`)).toEqual([{ synchronous: 1 }])
    sql.close()
  })

  it('lets who writes go on while a reader keeps the log from ending', async () => {
    const path = newFile()
    const sql = openNodeSqlite(path, { hasCheckpointThread: true })
    sql.run(`create table notes (text text)`)
    const reader = new DatabaseSync(path)
    reader.exec('begin')
    reader.prepare('select * from notes').all()
    fill(sql, 100)
    let writes = 0
    // The thread looks ten times a second.
    for (const endMs = performance.now() + 500; performance.now() < endMs; writes++) {
      fill(sql, 0.01)
      await sql.whenLogIsShort()
      await wait(10)
    }
    expect(sql.all(`select count(*) as n from notes`)).toEqual([{ n: 10_000 + writes }])
    reader.close()
    sql.close()
  })

  it('has ended when the database is closed, and has lost nothing', () => {
    const path = newFile()
    const sql = openNodeSqlite(path, { hasCheckpointThread: true })
    sql.run(`create table notes (text text)`)
    for (let row = 0; row < 50; row++) sql.run(`insert into notes values ('kept')`)
    sql.close()
    expect(existsSync(`${path}-wal`)).toBe(false)
    const again = openNodeSqlite(path)
    expect(again.all(`select count(*) as n from notes`)).toEqual([{ n: 50 }])
    again.close()
  })
})
