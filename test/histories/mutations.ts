// What happens in the district of a history, one event at a time, at any instant.
import { addDays } from '../../fixtures/powerschool/calendar.ts'
import type { District } from '../../fixtures/powerschool/district.ts'
import {
  addStudent,
  deleteRow,
  drop,
  enroll,
  renameStudent,
  transferStudent,
} from '../../fixtures/powerschool/mutations.ts'
import type { Random } from '../../fixtures/powerschool/random.ts'
import { numbers, schoolNumbers } from './district.ts'

type Event = (district: District, random: Random) => void

const ACTIVE = 'select dcid from students where enroll_status = 0 and last_name is not null'
const OPEN_SECTIONS = `select n.dcid from sections n join terms t on t.id = n.termid and t.schoolid = n.schoolid`

/** Does it with one of these, if there is any. */
function withOne(district: District, random: Random, sql: string, work: (found: number) => void): void {
  const found = numbers(district.db, sql)
  if (found.length > 0) work(random.pick(found))
}

function enrollSomewhere(district: District, random: Random, student: number): void {
  const { today } = district
  const sql = `${OPEN_SECTIONS} join students s on s.schoolid = n.schoolid
    where s.dcid = ${student} and t.firstday <= '${today}' and t.lastday > '${today}'`
  withOne(district, random, sql, (section) => enroll(district, student, section))
}

/** Moves the rows' day of change, as PowerSchool does. */
function change({ db, today }: District, sql: string, ...parameters: readonly (string | number | null)[]): void {
  db.prepare(sql.replace(/^update (\w+) set /, `update $1 set transaction_date = '${today} 12:00:00', `)).run(
    ...parameters,
  )
}

/** Each with how often it happens beside the others. */
const EVENTS: Readonly<Record<string, readonly [weight: number, Event]>> = {
  rename: [
    8,
    (district, random) =>
      withOne(district, random, ACTIVE, (one) => renameStudent(district, one, 'Imre', `Changed${random.int(1, 9999)}`)),
  ],
  /** And back: the record says what it said two publishes ago. */
  renameTwice: [
    2,
    (district, random) =>
      withOne(district, random, ACTIVE, (one) => renameStudent(district, one, 'Imre', `Twin${random.int(1, 2)}`)),
  ],
  newcomer: [
    4,
    (district, random) => {
      const name = `Newcomb${random.int(1, 9999)}`
      const one = addStudent(district, random.pick(schoolNumbers(district)), { last_name: name, gender: 'F' })
      enrollSomewhere(district, random, one)
    },
  ],
  join: [6, (district, random) => withOne(district, random, ACTIVE, (one) => enrollSomewhere(district, random, one))],
  drop: [
    6,
    (district, random) => {
      const current = `select dcid from cc where sectionid > 0 and dateleft > '${district.today}'`
      withOne(district, random, current, (one) => drop(district, one))
    },
  ],
  /** The drop is taken back: the same row, the same record. */
  rejoin: [
    3,
    (district, random) =>
      withOne(district, random, 'select dcid from cc where sectionid < 0', (one) => {
        const left = addDays(district.today, random.int(60, 90))
        const back = 'update cc set sectionid = abs(sectionid), termid = abs(termid), dateleft = ? where dcid = ?'
        change(district, back, left, one)
      }),
  ],
  move: [
    2,
    (district, random) =>
      withOne(district, random, ACTIVE, (one) => transferStudent(district, one, random.pick(schoolNumbers(district)))),
  ],
  leave: [3, (district, random) => withOne(district, random, ACTIVE, (one) => transferStudent(district, one, null))],
  /** The same student comes back. */
  return: [
    4,
    (district, random) => {
      const gone = `select dcid from students where enroll_status = 2 and schoolid in (${schoolNumbers(district).join()})`
      withOne(district, random, gone, (one) => {
        const exit = addDays(district.today, 200)
        change(district, 'update students set enroll_status = 0, exitdate = ? where dcid = ?', exit, one)
        enrollSomewhere(district, random, one)
      })
    },
  ],
  erase: [1, (district, random) => withOne(district, random, ACTIVE, (one) => deleteRow(district, 'students', one))],
  sex: [
    2,
    (district, random) =>
      withOne(district, random, ACTIVE, (one) =>
        change(district, 'update students set gender = ? where dcid = ?', random.pick(['F', 'M', null]), one),
      ),
  ],
  teacher: [
    3,
    (district, random) =>
      withOne(district, random, 'select id from sections', (section) => {
        const here = `select p.id from schoolstaff p join sections n on n.schoolid = p.schoolid
          where n.id = ${section} and p.status = 1 and p.staffstatus = 1`
        withOne(district, random, here, (place) => {
          change(district, 'update sections set teacher = ? where id = ?', place, section)
          const lead = 'update sectionteacher set teacherid = ? where sectionid = ? and priorityorder = 1'
          change(district, lead, place, section)
        })
      }),
  ],
  staffName: [
    2,
    (district, random) =>
      withOne(district, random, 'select dcid from users', (one) =>
        change(district, 'update users set first_name = ? where dcid = ?', `Ada${random.int(1, 99)}`, one),
      ),
  ],
  staffLeaves: [
    1,
    (district, random) =>
      withOne(district, random, 'select dcid from schoolstaff where status = 1', (one) =>
        change(district, 'update schoolstaff set status = 2 where dcid = ?', one),
      ),
  ],
  staffReturns: [
    1,
    (district, random) =>
      withOne(district, random, 'select dcid from schoolstaff where status = 2', (one) =>
        change(district, 'update schoolstaff set status = 1 where dcid = ?', one),
      ),
  ],
  closeSection: [
    1,
    (district, random) =>
      withOne(district, random, 'select dcid from sections', (one) => deleteRow(district, 'sections', one)),
  ],
  period: [
    2,
    (district, random) =>
      withOne(district, random, 'select dcid from sections', (one) =>
        change(
          district,
          'update sections set room = ?, expression = ? where dcid = ?',
          '12',
          `${random.int(1, 8)}(A)`,
          one,
        ),
      ),
  ],
  courseName: [
    2,
    (district, random) =>
      withOne(district, random, 'select dcid from courses', (one) =>
        change(district, 'update courses set course_name = ? where dcid = ?', `Renamed ${random.int(1, 99)}`, one),
      ),
  ],
  term: [
    1,
    (district, random) =>
      withOne(district, random, 'select dcid from terms where portion > 1', (one) => {
        const [name, days] = [`Part ${random.int(1, 9)}`, random.int(-2, 2)]
        change(district, `update terms set name = ?, lastday = date(lastday, '${days} days') where dcid = ?`, name, one)
      }),
  ],
  schoolName: [
    1,
    (district, random) =>
      change(
        district,
        'update schools set name = ? where school_number = ?',
        `School ${random.int(1, 99)}`,
        random.pick(schoolNumbers(district)),
      ),
  ],
}

const LOTS: readonly string[] = Object.entries(EVENTS).flatMap(([name, [weight]]) => Array(weight).fill(name))

/** One event; answers its name. */
export function liveOn(district: District, random: Random): string {
  const name = random.pick(LOTS)
  EVENTS[name]?.[1](district, random)
  return name
}

/** Most students are gone at once, as when somebody closes the year by mistake; answers how to take it back. */
export function emptySchools(district: District, random: Random): () => void {
  const gone = numbers(district.db, ACTIVE).filter(() => random.chance(0.8))
  const list = JSON.stringify(gone)
  const status = 'update students set enroll_status = ? where dcid in (select value from json_each(?))'
  change(district, status, 2, list)
  return () => change(district, status, 0, list)
}
