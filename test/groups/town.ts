// A small invented district whose records change by a seed, and its published snapshots: a member of a group in the tests.
import { createMemberApi, type PageSizes } from '../../src/groups/member-api.ts'
import type { MemberHandle } from '../../src/groups/member-reader.ts'
import type { Collection } from '../../src/oneroster/model.ts'
import { createPresenters, type RosterRecord, tombstoneOf } from '../../src/oneroster/present.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { cleanUp } from '../../src/store/clean-up.ts'
import { migrate } from '../../src/store/migrations.ts'
import { type NodeSqlite, openNodeSqlite } from '../../src/store/node-sqlite.ts'
import { openSnapshotWriter } from '../../src/store/snapshot-writer.ts'
import { currentSnapshot, expireTombstones, publishGeneration } from '../../src/store/snapshots.ts'
import type { Random } from '../oneroster/random.ts'
import { onTestEnd } from '../support/ending.ts'
import type { Clock } from '../support/test-runtime.ts'

interface Student {
  readonly number: number
  name: string
  school: number
}

/** What the district has, by number. */
export interface Town {
  readonly students: Map<number, Student>
  readonly schools: Set<number>
  hasDistrict: boolean
}

export interface Member extends MemberHandle {
  readonly id: string
  readonly prefix: string
  readonly town: Town
  sql: NodeSqlite
  /** Publishes the town as it is. */
  publish(): void
  /** Everything that was published is gone, as after a lost disk. */
  lose(): void
  /** Forgets the tombstones, and the versions that nobody is pinned to. */
  forgetTombstones(): void
  /** What the next answers are instead of the true ones; undefined for true ones. */
  broken: ((answer: Response, request: Request) => Response | Promise<Response>) | undefined
  /** Paths that were asked for. */
  readonly asked: string[]
}

export function openStore(): NodeSqlite {
  const sql = openNodeSqlite(':memory:')
  onTestEnd(() => sql.close())
  migrate(sql, STORAGE)
  return sql
}

export interface MemberOptions {
  readonly id: string
  readonly prefix?: string
  readonly clock: Clock
  readonly students?: number
  readonly isGroup?: boolean
  readonly sizes?: Partial<PageSizes>
}

/** Nothing is published yet. */
export function openMember({
  id,
  prefix = id,
  clock,
  students = 6,
  isGroup = false,
  sizes = {},
}: MemberOptions): Member {
  const town: Town = { students: new Map(), schools: new Set([1, 2]), hasDistrict: true }
  for (let number = 1; number <= students; number++) addStudent(town, number, (number % 2) + 1)
  let api = apiOf(openStore())
  function apiOf(sql: NodeSqlite) {
    const answer = createMemberApi({
      sql,
      now: () => clock.now,
      pinLifetimeMs: 3_600_000,
      idPrefix: prefix,
      isGroup,
      collections: STORAGE,
      pause: async () => {},
      sizes,
    })
    return { sql, answer }
  }
  const member: Member = {
    id,
    prefix,
    town,
    get sql() {
      return api.sql
    },
    set sql(sql) {
      api = apiOf(sql)
    },
    broken: undefined,
    asked: [],
    publish: () => publishTown(api.sql, town, { prefix, clock }),
    lose: () => {
      api = apiOf(openStore())
    },
    forgetTombstones() {
      const pending = (currentSnapshot(api.sql)?.generation ?? 0) + 1
      for (const _ of expireTombstones(api.sql, STORAGE, { generation: pending, before: clock.now }));
      publishTown(api.sql, town, { prefix, clock })
      const remembered = new Set<string>()
      const lifetimes = { now: () => clock.now, lifetimeMs: 3_600_000, tombstoneLifetimeMs: 0 }
      for (const _ of cleanUp(api.sql, STORAGE, { ...lifetimes, remembered }));
    },
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      member.asked.push(pathname + search)
      const answer = api.answer(request) ?? new Response(null, { status: 404 })
      return member.broken === undefined ? answer : member.broken(answer, request)
    },
  }
  return member
}

export function addStudent({ students }: Town, number: number, school: number): void {
  students.set(number, { number, name: `Student ${number}`, school })
}

/** One day in the life of a town. */
export function live(town: Town, random: Random): void {
  for (let change = random.below(5); change > 0; change--) {
    const number = 1 + random.below(12)
    const student = town.students.get(number)
    const school = random.pick([...town.schools])
    if (student === undefined) addStudent(town, number, school)
    else if (random.chance(0.4) && town.students.size > 2) town.students.delete(number)
    else if (random.chance(0.5)) student.name = `Student ${number} of ${random.below(100)}`
    else student.school = school
  }
  if (!random.chance(0.15)) return
  const number = 1 + random.below(4)
  if (!town.schools.has(number)) town.schools.add(number)
  else if (![...town.students.values()].some(({ school }) => school === number)) town.schools.delete(number)
}

type Records = readonly (readonly [Collection, readonly RosterRecord[]])[]

/** The town's records as they stand, in the order of collections. */
export function recordsOf({ students, schools, hasDistrict }: Town, prefix: string): Records {
  const ref = (id: string) => ({ sourcedId: prefix + id })
  const numbers = [...schools].sort()
  const school = (number: number): RosterRecord => ({
    sourcedId: `${prefix}sch${number}`,
    fields: {
      name: `School ${number}`,
      type: 'school',
      identifier: `${number}00`,
      ...(hasDistrict ? { parent: ref('dist1') } : {}),
    },
    metadata: { grades: '01-05' },
  })
  const district: RosterRecord = {
    sourcedId: `${prefix}dist1`,
    fields: { name: 'Town', type: 'district', identifier: '1', children: numbers.map((number) => ref(`sch${number}`)) },
  }
  const people = [...students.values()]
  return [
    [
      'academicSessions',
      [
        {
          sourcedId: `${prefix}trm1`,
          fields: {
            title: 'Year',
            startDate: '2026-08-01',
            endDate: '2027-06-01',
            type: 'schoolYear',
            schoolYear: '2027',
          },
        },
      ],
    ],
    ['orgs', [...(hasDistrict ? [district] : []), ...numbers.map(school)]],
    [
      'courses',
      [
        {
          sourcedId: `${prefix}crs1`,
          fields: { title: 'Art', courseCode: 'ART', org: ref(hasDistrict ? 'dist1' : `sch${numbers[0]}`) },
        },
      ],
    ],
    [
      'classes',
      numbers.map((number) => ({
        sourcedId: `${prefix}sec${number}`,
        fields: {
          title: `Art ${number}`,
          classType: 'scheduled',
          course: ref('crs1'),
          school: ref(`sch${number}`),
          terms: [ref('trm1')],
        },
      })),
    ],
    [
      'users',
      people.map(({ number, name, school: at }) => ({
        sourcedId: `${prefix}stu${number}`,
        fields: {
          username: `${prefix}${number}`,
          enabledUser: 'true',
          givenName: name,
          familyName: 'Marlowen',
          role: 'student',
          orgs: [ref(`sch${at}`)],
        },
      })),
    ],
    [
      'enrollments',
      people.map(({ number, school: at }) => ({
        sourcedId: `${prefix}cc${number}`,
        fields: { user: ref(`stu${number}`), class: ref(`sec${at}`), school: ref(`sch${at}`), role: 'student' },
      })),
    ],
    ['demographics', people.map(({ number }) => ({ sourcedId: `${prefix}stu${number}`, fields: { sex: 'female' } }))],
  ]
}

function publishTown(sql: NodeSqlite, town: Town, { prefix, clock }: { prefix: string; clock: Clock }): void {
  const sync = `sync-${clock.now}-${Math.trunc(currentSnapshot(sql)?.generation ?? 0)}`
  const writer = openSnapshotWriter(sql, { collections: STORAGE, sync, tombstoneOf })
  const present = createPresenters()
  for (const [collection, records] of recordsOf(town, prefix)) {
    writer.write(
      collection,
      records.map((record) => ({ sourcedId: record.sourcedId, ...present[collection](record) })),
    )
  }
  for (const _ of writer.removeUnseen());
  for (const _ of writer.place());
  publishGeneration(sql, {
    generation: writer.generation,
    sync,
    totals: () => new Map([...writer.changes()].map(([name, { active }]) => [name, active])),
    now: () => clock.now,
    servedMs: () => 0,
  })
}
