// What has changed in a member is read in slices: each change once and in order, be it little or much.
import { expect, it } from 'vitest'
import { sliceOf } from '../../src/groups/member-records.ts'
import { createPresenters, tombstoneOf } from '../../src/oneroster/present.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { openSnapshotWriter } from '../../src/store/snapshot-writer.ts'
import { publishGeneration } from '../../src/store/snapshots.ts'
import type { Sql } from '../../src/store/sql.ts'
import { openStore } from './town.ts'

const PEOPLE = 12_000
const present = createPresenters().demographics
const storage = STORAGE.filter(({ name }) => name === 'demographics')

/** Everybody whose number the second one takes has changed since the first; the last hundred have left. */
function publish(sql: Sql, generation: number, hasChanged: (number: number) => boolean): void {
  const writer = openSnapshotWriter(sql, { collections: storage, sync: `s${generation}`, tombstoneOf })
  const people = Array.from({ length: PEOPLE - 100 * (generation - 1) }, (_, number) => {
    const sex = hasChanged(number) ? 'male' : 'female'
    const sourcedId = `nstu${String(number).padStart(6, '0')}`
    return { sourcedId, ...present({ sourcedId, fields: { sex } }) }
  })
  writer.write('demographics', people)
  for (const _ of writer.removeUnseen());
  for (const _ of writer.place());
  const totals = () => new Map([['demographics', people.length]])
  publishGeneration(sql, { generation, sync: `s${generation}`, totals, now: () => generation, servedMs: () => 0 })
}

it.each([
  ['little', (number: number) => number % 100 === 0],
  ['much', (number: number) => number % 100 !== 0],
])('reads %s that has changed', (_, hasChanged) => {
  const sql = openStore()
  publish(sql, 1, () => false)
  publish(sql, 2, hasChanged)
  const [table] = storage
  if (table === undefined) throw new Error('there are no demographics')
  const read: string[] = []
  for (let last: number | undefined; last !== 0; ) {
    const slice = sliceOf(sql, table, { generation: 2, since: 1, after: read.at(-1) ?? '', limit: 997 })
    read.push(...slice.map(({ sourcedId }) => sourcedId))
    last = slice.length
  }
  const changed = Array.from({ length: PEOPLE }, (_, number) => number).filter(
    (number) => number >= PEOPLE - 100 || hasChanged(number),
  )
  expect(read).toEqual(changed.map((number) => `nstu${String(number).padStart(6, '0')}`))
})
