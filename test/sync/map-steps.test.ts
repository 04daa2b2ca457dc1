// Mapping in steps: however often a step ends or its object is ended, the same generation and the same report as in one go.
import { afterEach, describe, expect, it } from 'vitest'
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'
import { addStudent, deleteRow, enroll, renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { addClient } from '../../src/auth/clients.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { describeNarrowing, listRosters, ownStorages } from '../../src/store/rosters.ts'
import { currentSnapshot } from '../../src/store/snapshots.ts'
import { findSync, listSyncs } from '../../src/store/syncs.ts'
import { openTestStore, seedsHere, type TestStore } from '../support/runtime.ts'
import { openStepping, type Stepping } from './stepping.ts'

const TODAY = '2026-11-18'
/** A step ends wherever it can. */
const AT_ONCE = 0
/** Longer than any of these syncs, by a clock that stands still while the bridge computes. */
const NEVER = 1_000

interface Opened extends Stepping {
  readonly sql: TestStore
  readonly district: District
}

const stores: TestStore[] = []
afterEach(() => {
  for (const sql of stores.splice(0)) sql.close()
})

async function open(computeMs: number, mapping?: Mapping): Promise<Opened> {
  const sql = openTestStore()
  stores.push(sql)
  const district = createDistrict({ students: 150, seed: 7, today: TODAY, perStudentEnrollments: 4 })
  const stepping = await openStepping({ district, sql, requests: 1_000, computeMs, hasPlugin: true })
  if (mapping !== undefined) await stepping.evict(mapping)
  for (const schools of [['100'], ['200', '300']]) {
    const narrowed = { name: `of ${schools.join(', ')}`, schools }
    const keys = { sealingKey: new Uint8Array(32).fill(7), newId: () => `narrowed-${schools.join('-')}` }
    const added = await addClient(narrowed, { sql, now: () => stepping.clock.now, ...keys })
    if (!added.ok) throw new Error(JSON.stringify(added))
  }
  return { ...stepping, sql, district }
}

/** What the snapshot holds with its links, and what the narrowed rosters show of it. */
function versionsOf({ sql }: Opened): Readonly<Record<string, unknown>> {
  const linksOf = (name: string) =>
    `(select json_group_array(l.field || ' ' || l.target) from (select field, target from links_${name} where seq = r.seq order by 1, 2) l) as links`
  const { generation = 0 } = currentSnapshot(sql) ?? {}
  const whole = STORAGE.map(({ name }) => [
    name,
    sql.all(
      `select sourcedId, born, status, body, body_v1p2, ${linksOf(name)} from records_${name} r
       where born <= ${generation} and died > ${generation} order by sourcedId`,
    ),
    sql.all(`select count(*) as unseen from records_${name} where born > ${generation}`),
    sql.all(`select count(*) as left_over from changed_${name}`),
  ])
  const narrowed = listRosters(sql).flatMap((roster) =>
    ownStorages(roster, STORAGE).map(({ name }, place) => [
      `${describeNarrowing(roster.narrowing)} ${place}`,
      sql.all(
        `select sourcedId, body, body_v1p2, ${linksOf(name)} from records_${name} r
         where born <= ${generation} and died > ${generation} and status = 'active' order by sourcedId`,
      ),
    ]),
  )
  return Object.fromEntries([...whole, ...narrowed.toSorted()].map(([name, ...rows]) => [name, rows]))
}

/** Reports of all syncs, but for how long they took and when. */
function reportsOf({ sql }: Opened): unknown {
  return listSyncs(sql).map(({ status, report }) => {
    const { durations: _, publishedAt: __, crawl: ___, ...rest } = report as Record<string, unknown>
    return { status, ...rest }
  })
}

function changeALot(district: District): void {
  const { db } = district
  const students = db
    .prepare('select dcid, schoolid from students where enroll_status = 0 order by dcid')
    .all()
    .map(({ dcid, schoolid }) => ({ dcid: Number(dcid), school: Number(schoolid) }))
  for (const [place, { dcid }] of students.entries()) {
    if (place % 9 === 0) renameStudent(district, dcid, `Ada ${place}`, 'Example')
    if (place % 11 === 0) deleteRow(district, 'students', dcid)
  }
  const { school = 100 } = students[0] ?? {}
  const added = addStudent(district, school)
  const section = db.prepare('select dcid from sections where schoolid = ? order by dcid').get(school)
  enroll(district, added, Number(section?.dcid))
}

/** Both syncs of a district's life, by whatever brings them about. */
async function live(opened: Opened, settle: (opened: Opened) => Promise<void>): Promise<void> {
  await settle(opened)
  changeALot(opened.district)
  opened.bridge().schedule.request()
  await settle(opened)
}

interface Outcome {
  readonly versions: unknown
  readonly reports: unknown
}

const outcomeOf = (opened: Opened): Outcome => ({ versions: versionsOf(opened), reports: reportsOf(opened) })

let known: Promise<Outcome> | undefined

/** Of that life without a step's end. */
function inOneGo(): Promise<Outcome> {
  known ??= open(NEVER).then(async (whole) => {
    await live(whole, async ({ settle }) => void (await settle()))
    return outcomeOf(whole)
  })
  return known
}

/** 0 ≤ n < 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const ended = ({ sql }: Opened) => listSyncs(sql).every(({ status }) => status !== 'inProgress')

describe('mapping in steps', () => {
  it('makes what it makes in one go, over many alarms', async () => {
    const parted = await open(AT_ONCE)
    const alarms: number[] = []
    await live(parted, async ({ settle }) => void alarms.push(await settle()))
    for (const count of alarms) expect(count).toBeGreaterThan(20)
    expect(outcomeOf(parted)).toEqual(await inOneGo())
    expect(parted.sql.all('select * from stage_state')).toEqual([])
  })

  it.each(Array.from({ length: seedsHere(5, 1) }, (_, place) => place + 1))(
    'makes it also when objects are ended at any moment (seed %i)',
    async (seed) => {
      const torn = await open(AT_ONCE)
      const chance = generator(seed)
      let evictions = 0
      await live(torn, async (opened) => {
        for (let alarms = 0; !ended(opened) || opened.alarmMs() === opened.clock.now; alarms += 1) {
          expect(alarms).toBeLessThan(2_000)
          const alarm = opened.alarm()
          if (chance() < 0.3) {
            const turns = Math.floor(chance() * 60)
            for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
            await opened.evict()
            evictions += 1
          } else {
            await alarm
          }
        }
      })
      expect(evictions).toBeGreaterThan(5)
      expect(outcomeOf(torn)).toEqual(await inOneGo())
    },
  )

  it('begins anew by a mapping that came between two steps', async () => {
    const text =
      'extends: default\nentities:\n  users:\n    student:\n      fields:\n        middleName: =upper(name.middle_name)\n'
    const other = loadMapping(readMappingFiles(), { layers: [{ path: 'layer.yaml', text }], diagnostics: [] })
    const whole = await open(NEVER, other)
    await whole.settle()
    const changed = await open(AT_ONCE)
    for (let alarms = 0; alarms < 40; alarms += 1) await changed.alarm()
    expect(changed.sql.all('select part from stage_state').length).toBeGreaterThan(0)
    expect(currentSnapshot(changed.sql)).toBeUndefined()
    await changed.evict(other)
    await changed.settle()
    expect(listSyncs(changed.sql)).toMatchObject([{ status: 'success' }])
    expect(versionsOf(changed)).toEqual(versionsOf(whole))
  })

  it('is torn ten times in a row only where a step gets nowhere', async () => {
    const torn = await open(AT_ONCE)
    for (let steps = 0; !ended(torn) || steps === 0; steps += 1) {
      expect(steps).toBeLessThan(2_000)
      await torn.alarm()
      // Every second step is ended in its middle.
      void torn.alarm()
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
      await torn.evict()
    }
    expect(listSyncs(torn.sql).map(({ id }) => findSync(torn.sql, id)?.status)).toEqual(['success'])
  })
})
