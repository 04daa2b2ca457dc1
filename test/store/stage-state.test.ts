// What a stage of a sync holds in memory comes back as it was, however large.
import { afterEach, expect, it } from 'vitest'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { migrate } from '../../src/store/migrations.ts'
import { forgetStageState, keepStageState, readStageState } from '../../src/store/stage-state.ts'
import { openTestStore, type TestStore } from '../support/runtime.ts'

const stores: TestStore[] = []
afterEach(() => {
  for (const sql of stores.splice(0)) sql.close()
})

function open(): TestStore {
  const sql = openTestStore()
  stores.push(sql)
  migrate(sql, STORAGE)
  return sql
}

/** Bytes that are no run of one value. */
const bytes = (length: number) => Uint8Array.from({ length }, (_, place) => (place * 31 + (place >> 8)) & 0xff)
const words = (length: number) => Uint32Array.from({ length }, (_, place) => Math.imul(place, 0x9e3779b1) >>> 0)

it('comes back with its numbers, texts and lists', () => {
  const sql = open()
  const state = {
    place: { rule: 'users.student', after: 412 },
    nothing: null,
    none: [],
    packed: { kind: 'a name that the store uses itself', bytes: 3 },
    // A person's key.
    named: [['__proto__', 'Ünïcödé 👩‍🏫']],
    seen: [bytes(5), words(3), new Uint8Array(0), new Uint32Array(0)],
    isNew: true,
  }
  keepStageState(sql, { ...state, left: undefined })
  expect(readStageState(sql)).toEqual(state)
})

it('comes back from parts that the platform holds', () => {
  const sql = open()
  const state = {
    small: bytes(7),
    large: bytes((1 << 21) + 3),
    numbers: words((1 << 18) + 1),
    text: 'x'.repeat(1 << 20),
  }
  keepStageState(sql, state)
  const parts = sql.all<{ length: number }>('select length(bytes) as length from stage_state order by part')
  expect(parts.length).toBeGreaterThan(4)
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(1 << 20)
  expect(readStageState(sql)).toEqual(state)
})

it('is a copy: what is written into afterwards is kept as it was', () => {
  const sql = open()
  const seen = bytes(40)
  const part = seen.subarray(8, 24)
  keepStageState(sql, { part })
  const kept = part.slice()
  seen.fill(0)
  expect(readStageState(sql)).toEqual({ part: kept })
})

it('is replaced as a whole, and forgotten', () => {
  const sql = open()
  keepStageState(sql, { large: bytes(3 << 20) })
  keepStageState(sql, { small: 1 })
  expect(readStageState(sql)).toEqual({ small: 1 })
  forgetStageState(sql)
  expect(readStageState(sql)).toBeUndefined()
})

it.each([
  ['nothing', []],
  ['a length and no more', [Uint8Array.of(0, 0, 1, 0)]],
  ['no JSON', [Uint8Array.of(0, 0, 0, 2, 0x7b, 0x7b)]],
  ['less than one byte of a length', [Uint8Array.of(0)]],
])('is not there where another version has kept %s', (_, parts) => {
  const sql = open()
  for (const [part, kept] of parts.entries()) sql.run('insert into stage_state (part, bytes) values (?, ?)', part, kept)
  expect(readStageState(sql)).toBeUndefined()
})
