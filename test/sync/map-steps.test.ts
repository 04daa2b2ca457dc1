// Preparing a generation in steps: however often a step ends or its object is ended, the same as in one go.
import { describe, expect, it } from 'vitest'
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'
import { addStudent, deleteRow, enroll, renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { builtStorages, describeNarrowing, listRosters, type Narrowing, ownStorages } from '../../src/store/rosters.ts'
import type { CollectionStorage } from '../../src/store/schema.ts'
import { activeTotals, countActive, currentSnapshot } from '../../src/store/snapshots.ts'
import { listSyncs } from '../../src/store/syncs.ts'
import { onTestEnd } from '../support/ending.ts'
import { openTestStore, seedsHere, type TestStore } from '../support/runtime.ts'
import { addConsumer, schoolNumbers, shown } from './rosters.ts'
import { openStepping, type Stepping } from './stepping.ts'

const TODAY = '2026-11-18'
/** Longer than any of these syncs. */
const NEVER = 1_000_000

const layered = (text: string) =>
  loadMapping(readMappingFiles(), {
    layers: [{ path: 'layer.yaml', text: `extends: default\n${text}` }],
    diagnostics: [],
  })

const KEEPING = layered(`settings:
  include_contacts: true
entities:
  users:
    student: { create_only: [id, username, email] }
    teacher: { create_only: [id] }
`)

interface Opened extends Stepping {
  readonly sql: TestStore
  readonly district: District
}

interface How {
  readonly keepsIds: boolean
  /** How many consumers are narrowed. */
  readonly narrowed: number
  readonly guardShare?: string
}

function narrowingsIn(district: District): readonly Narrowing[] {
  const [first = '', second = ''] = schoolNumbers(district)
  return [
    { schools: [first], contacts: true },
    { schools: [second], contacts: false },
    { schools: null, contacts: false },
  ]
}

async function open({ keepsIds, narrowed, guardShare = '1' }: How, computeMs: number): Promise<Opened> {
  const sql = openTestStore()
  onTestEnd(() => sql.close())
  const district = createDistrict({ students: 120, seed: 7, today: TODAY, perStudentEnrollments: 4 })
  const stepping = await openStepping({
    district,
    sql,
    requests: 1_000,
    computeMs,
    pauseMs: 1,
    hasPlugin: true,
    settings: { GUARD_SHARE: guardShare, GUARD_MIN: '10' },
    ...(keepsIds && { mapping: KEEPING }),
  })
  for (const [place, narrowing] of narrowingsIn(district).slice(0, narrowed).entries()) {
    addConsumer(sql, `narrowed-${place}`, narrowing)
  }
  return { ...stepping, sql, district }
}

/** Both syncs of a district's life, by whatever brings them about. */
async function live(opened: Opened, settle: (opened: Opened) => Promise<void>): Promise<void> {
  await settle(opened)
  changeALot(opened.district)
  opened.bridge().schedule.request()
  await settle(opened)
}

function changeALot(district: District): void {
  const { db } = district
  const students = db
    .prepare('select dcid, schoolid from students where enroll_status = 0 order by dcid')
    .all()
    .map(({ dcid, schoolid }) => ({ dcid: Number(dcid), school: Number(schoolid) }))
  for (const [place, { dcid }] of students.entries()) {
    if (place % 4 === 0) renameStudent(district, dcid, `Ada ${place}`, 'Example')
    if (place % 5 === 0) {
      const rename = db.prepare('update students set student_web_id = ?, transaction_date = null where dcid = ?')
      rename.run(`login.${place}`, dcid)
    }
    if (place % 7 === 0) deleteRow(district, 'students', dcid)
  }
  const { school = 100 } = students[0] ?? {}
  const section = db.prepare('select dcid from sections where schoolid = ? order by dcid').get(school)
  enroll(district, addStudent(district, school), Number(section?.dcid))
}

/** What the snapshot and the narrowed rosters show, the ids that are kept, and what each sync has told of it. */
function outcomeOf(opened: Opened): Readonly<Record<string, unknown>> {
  const { sql } = opened
  const { generation = 0 } = currentSnapshot(sql) ?? {}
  const of = ({ name }: CollectionStorage) =>
    sql.all(
      `select sourcedId, born, status, body, body_v1p2,
         (select json_group_array(field || ' ' || target) from (select field, target from links_${name} where seq = r.seq order by 1, 2)) as links
       from records_${name} r where born <= ? and died > ? order by sourcedId`,
      generation,
      generation,
    )
  const rosters = new Map(
    listRosters(sql).map((roster) => [describeNarrowing(roster.narrowing), ownStorages(roster, STORAGE).map(of)]),
  )
  return {
    whole: Object.fromEntries(STORAGE.map((storage) => [storage.name, of(storage)])),
    rosters: Object.fromEntries([...rosters.keys()].toSorted().map((name) => [name, rosters.get(name)])),
    keptIds: sql.all('select rule, key, sourcedId, generation from kept_ids order by 1, 2'),
    // But for how long they took and when.
    reports: listSyncs(sql).map(({ status, report }) => {
      const { durations: _, publishedAt: __, crawl: ___, ...told } = report as Record<string, unknown>
      return { status, ...told }
    }),
    leftOver: leftOver(opened),
  }
}

/** What no sync that has ended leaves behind; empty. A held one has its pending generation. */
function leftOver({ sql }: Opened): readonly string[] {
  const { generation = 0 } = currentSnapshot(sql) ?? {}
  const isHeld = listSyncs(sql)[0]?.status === 'validationError'
  const tables = [...STORAGE, ...builtStorages(sql, STORAGE)]
  const totals = activeTotals(sql, generation)
  const count = (statement: string) => sql.all<{ n: number }>(statement)[0]?.n ?? 0
  return [
    ...[...countActive(sql, tables, generation)].flatMap(([name, active]) =>
      totals.get(name) === active ? [] : [`${name} has ${active} records and a total of ${totals.get(name)}`],
    ),
    ...tables.flatMap(({ name }) => {
      const unseen = isHeld ? 0 : count(`select count(*) as n from records_${name} where born > ${generation}`)
      const changed = count(`select count(*) as n from changed_${name}`)
      return unseen + changed === 0 ? [] : [`${name}: ${unseen} unseen, ${changed} changed`]
    }),
    ...sql.all('select part from stage_state').map(() => 'a part of the state of a stage'),
  ]
}

const known = new Map<string, Promise<Readonly<Record<string, unknown>>>>()

/** Of that life without a step's end. */
function inOneGo(how: How): Promise<Readonly<Record<string, unknown>>> {
  const name = JSON.stringify(how)
  const outcome = known.get(name) ?? openInOneGo(how)
  known.set(name, outcome)
  return outcome
}

async function openInOneGo(how: How) {
  const whole = await open(how, NEVER)
  await live(whole, async ({ settle }) => void (await settle()))
  expect(leftOver(whole)).toEqual([])
  return outcomeOf(whole)
}

/** 0 ≤ n < 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed * 7_919
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const hasEnded = ({ sql }: Opened) => listSyncs(sql).every(({ status }) => status !== 'inProgress')
const isDue = (opened: Opened) => (opened.alarmMs() ?? Number.POSITIVE_INFINITY) <= opened.clock.now

describe('a generation that is prepared in steps', () => {
  it.each([
    { keepsIds: false, narrowed: 2 },
    { keepsIds: true, narrowed: 3 },
  ])('is what it is in one go, over many alarms (%o)', async (how) => {
    const parted = await open(how, 0)
    const alarms: number[] = []
    await live(parted, async ({ settle }) => void alarms.push(await settle()))
    for (const count of alarms) expect(count).toBeGreaterThan(20)
    const outcome = await inOneGo(how)
    expect(outcomeOf(parted)).toEqual(outcome)
    const [narrowing] = narrowingsIn(parted.district)
    if (narrowing === undefined) throw new Error('the district has no school')
    expect(shown(parted.sql, narrowing).users?.length).toBeGreaterThan(10)
  })

  it.each(Array.from({ length: seedsHere(10, 2) }, (_, place) => place + 1))(
    'is that also when objects are ended at any of their pauses (seed %i)',
    async (seed) => {
      const chance = generator(seed)
      const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T
      const how = { keepsIds: pick([false, true]), narrowed: pick([0, 1, 3]), guardShare: pick(['0.05', '1']) }
      const computeMs = pick([0, 20, 60, 150, 400])
      const torn = await open(how, computeMs)
      await live(torn, async (opened) => {
        for (let alarms = 0; !hasEnded(opened) || isDue(opened); alarms += 1) {
          expect(alarms).toBeLessThan(5_000)
          if (chance() < 0.4) await opened.alarm()
          else await opened.tornAlarm(Math.floor(chance() * Math.min(computeMs + 30, 150)))
        }
      })
      expect(outcomeOf(torn)).toEqual(await inOneGo(how))
    },
  )

  it('is held by the guard as in one go, at whichever pause of its last steps it is ended', async () => {
    const how = { keepsIds: false, narrowed: 2, guardShare: '0.05' }
    const outcome = await inOneGo(how)
    for (let atPause = 0; atPause < 60; atPause += seedsHere(3, 11)) {
      const torn = await open(how, 60)
      await torn.settle()
      changeALot(torn.district)
      torn.bridge().schedule.request()
      // The first steps end by themselves, and the one that goes from stage to stage is torn.
      for (let alarms = 0; alarms < 2; alarms += 1) await torn.alarm()
      await torn.tornAlarm(atPause)
      await torn.settle()
      expect([atPause, outcomeOf(torn)]).toEqual([atPause, outcome])
    }
  })

  it('is begun anew by a mapping that came between two steps', async () => {
    // Asks for the same columns.
    const text = 'entities:\n  users:\n    student:\n      fields:\n        middleName: =upper(name.middle_name)\n'
    const other = layered(text)
    const how = { keepsIds: false, narrowed: 1 }
    const whole = await open(how, NEVER)
    await whole.evict(other)
    await whole.settle()
    const changed = await open(how, 0)
    while (changed.sql.all('select part from stage_state').length === 0) await changed.alarm()
    for (let alarms = 0; alarms < 10; alarms += 1) await changed.alarm()
    expect(currentSnapshot(changed.sql)).toBeUndefined()
    await changed.evict(other)
    await changed.settle()
    expect(listSyncs(changed.sql)).toMatchObject([{ status: 'success' }])
    expect(outcomeOf(changed)).toEqual(outcomeOf(whole))
  })
})
