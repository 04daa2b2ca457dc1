// A store that a newer version of the bridge has made.
import { expect, it } from 'vitest'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openTestStore } from '../support/runtime.ts'

it('is refused with what to do, and not touched', () => {
  const sql = openTestStore()
  migrate(sql, STORAGE)
  migrate(sql, STORAGE)
  const [newest] = sql.all<{ n: number }>(`select max(number) as n from migrations`)
  sql.run(`insert into migrations (number) values (?)`, Number(newest?.n) + 1)
  sql.run(`drop table syncs`)
  expect(() => migrate(sql, STORAGE)).toThrow(
    expect.objectContaining({
      code: 'store-failed',
      message: expect.stringMatching(/newer version/),
      remedy: expect.any(String),
    }),
  )
  expect(sql.all(`select name from sqlite_master where name = 'syncs'`)).toEqual([])
  sql.close()
})
